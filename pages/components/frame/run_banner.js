const told = new Set() // runs whose end has been read, or has been there long enough

export default function ({ data, parentElement, setTriggerValue }) {
  const find = (selector) => parentElement.querySelector(selector)
  const note = find("aside")
  for (const link of parentElement.querySelectorAll("a")) {
    link.href = data.address
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return // into another tab
      event.preventDefault() // in this one the session goes along, and with it the drawing
      told.add(data.run)
      setTriggerValue("opened", true)
    }
  }
  find("nav").hidden = !data.what
  note.hidden = !data.over || told.has(data.run)
  if (data.what) {
    find(".name").textContent = data.name
    find(".does").textContent = data.what + (data.rest && ", ")
    find(".rest").textContent = data.rest
    find(".bar").style.width = `${100 * data.share}%`
  }
  if (note.hidden) return
  find(".over").textContent = data.over
  const close = () => { told.add(data.run); note.hidden = true }
  find("button").onclick = close
  clearTimeout(parentElement.clock)
  parentElement.clock = setTimeout(() => note.matches(":hover, :focus-within") || close(), 1000 * data.seconds)
}
