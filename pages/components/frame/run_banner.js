const closed = new Set() // runs whose notice has been closed, or shown for long enough

export default function ({ data, parentElement, setTriggerValue }) {
  const find = (selector) => parentElement.querySelector(selector)
  const note = find("aside")
  for (const link of parentElement.querySelectorAll("a")) {
    link.href = data.address
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return // opens another tab
      event.preventDefault() // Streamlit changes the page instead, which keeps the session and its drawing
      closed.add(data.run)
      setTriggerValue("opened", true)
    }
  }
  find("nav").hidden = !data.what
  note.hidden = !data.end || closed.has(data.run)
  if (data.what) {
    find(".name").textContent = data.name
    find(".does").textContent = data.what + (data.rest && ", ")
    find(".rest").textContent = data.rest
    find(".bar").style.width = `${100 * data.share}%`
  }
  if (note.hidden) return
  find(".end").textContent = data.end
  const close = () => { closed.add(data.run); note.hidden = true }
  find("button").onclick = close
  clearTimeout(parentElement.timer)
  parentElement.timer = setTimeout(() => note.matches(":hover, :focus-within") || close(), 1000 * data.seconds)
}
