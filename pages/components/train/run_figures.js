const NAVIGATION = 64 // pixels of it that lie over the page
const brought = new Set()

export default function ({ data, parentElement }) {
  const list = parentElement.querySelector("dl")
  if (list.children.length !== data.figures.length) {
    list.replaceChildren()
    for (const _ of data.figures) {
      const figure = document.createElement("div")
      figure.innerHTML = "<dt></dt><dd></dd>"
      list.append(figure)
    }
  }
  for (const [place, { label, value }] of data.figures.entries()) {
    const [term, detail] = list.children[place].children
    term.textContent = label
    detail.textContent = value
    detail.classList.toggle("none", value === "–")
  }
  const percent = Math.round(100 * data.share)
  const track = parentElement.querySelector(".track")
  track.setAttribute("aria-valuenow", percent)
  track.setAttribute("aria-valuetext", data.said)
  track.firstElementChild.style.width = `${100 * data.share}%`
  parentElement.querySelector("p").textContent = data.said

  // What Train has left may still be drawn when another page has come, which begins at its top.
  if (!data.bring || brought.has(data.bring) || !location.pathname.endsWith("/train")) return
  brought.add(data.bring)
  const head = parentElement.host.closest(".st-key-run") ?? parentElement.host
  const { top } = head.getBoundingClientRect()
  if (top >= NAVIGATION && top < innerHeight / 2) return
  head.style.scrollMarginTop = `${NAVIGATION}px`
  head.scrollIntoView({ block: "start" })
}
