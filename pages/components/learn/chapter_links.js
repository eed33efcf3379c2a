export default function ({ data, parentElement, setTriggerValue }) {
  const nav = parentElement.querySelector("nav")
  nav.setAttribute("aria-label", data.name)
  nav.className = data.form
  const list = document.createElement(data.form === "list" ? "ol" : "ul")
  list.setAttribute("role", "list")
  for (const { href, label, sentence } of data.links) {
    const item = document.createElement("li")
    item.innerHTML = sentence ? "<a></a><p></p>" : "<a></a>"
    const [link, below] = item.children
    link.href = href
    link.textContent = label
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return // opens another tab or window
      event.preventDefault()
      setTriggerValue("followed", href)
      document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
    }
    if (sentence) below.textContent = sentence
    list.append(item)
  }
  nav.replaceChildren(list)
}
