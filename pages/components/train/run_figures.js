const NAVIGATION = 64 // pixels of the page that it covers
const scrolledTo = new Set()

export default function ({ data, parentElement }) {
  const list = parentElement.querySelector("dl")
  if (list.children.length !== data.figures.length) {
    list.replaceChildren()
    for (const _ of data.figures) list.append(create("div", "", create("dt"), create("dd")))
  }
  for (const [index, { label, value }] of data.figures.entries()) {
    const [term, detail] = list.children[index].children
    term.textContent = label
    detail.textContent = value
    detail.classList.toggle("none", value === "–")
  }
  const percent = Math.round(100 * data.share)
  const track = parentElement.querySelector(".track")
  track.setAttribute("aria-valuenow", percent)
  track.setAttribute("aria-valuetext", data.status)
  track.firstElementChild.style.width = `${100 * data.share}%`
  parentElement.querySelector("p").textContent = data.status

  // This may still be drawn when the visitor has gone to another page, which begins at its top.
  if (!data.scroll_to || scrolledTo.has(data.scroll_to) || !location.pathname.endsWith("/train")) return
  scrolledTo.add(data.scroll_to)
  const head = parentElement.host.closest(".st-key-run") ?? parentElement.host
  const { top } = head.getBoundingClientRect()
  if (top >= NAVIGATION && top < innerHeight / 2) return
  head.style.scrollMarginTop = `${NAVIGATION}px`
  head.scrollIntoView({ block: "start" })
}
