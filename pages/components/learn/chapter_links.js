export default function ({ data, parentElement, setTriggerValue }) {
  const nav = parentElement.querySelector("nav")
  nav.setAttribute("aria-label", data.name)
  nav.className = data.form
  const list = create(data.form === "list" ? "ol" : "ul")
  list.setAttribute("role", "list")
  for (const { href, label, sentence } of data.links) {
    const link = create("a", "", label)
    link.href = href
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return // opens another tab or window
      event.preventDefault()
      setTriggerValue("followed", href)
      document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
    }
    list.append(create("li", "", link, ...(sentence ? [create("p", "", sentence)] : [])))
  }
  nav.replaceChildren(list)
}
