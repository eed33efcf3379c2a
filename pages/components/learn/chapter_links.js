export default function ({ data, parentElement, setTriggerValue }) {
  const nav = parentElement.querySelector("nav")
  nav.setAttribute("aria-label", data.name)
  nav.className = data.form
  const list = document.createElement(data.form === "list" ? "ol" : "ul")
  list.setAttribute("role", "list")
  for (const { href, label, sentence } of data.links) {
    const item = document.createElement("li")
    const link = document.createElement("a")
    link.href = href
    link.textContent = label
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return // another tab or window, as the browser does it
      event.preventDefault()
      setTriggerValue("followed", href)
      document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
    }
    item.append(link)
    if (sentence) {
      const below = document.createElement("p")
      below.textContent = sentence
      item.append(below)
    }
    list.append(item)
  }
  nav.replaceChildren(list)
}
