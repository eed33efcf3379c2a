const linked = (links) =>
  links.flatMap(({ label, href }, index) => {
    const link = create("a", "", label)
    link.href = href
    return index ? [", ", link] : [link]
  })

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".reader")
  const find = (selector) => root.querySelector(selector)
  const [lines, panel] = [find(".lines"), find(".panel")]

  const choose = (line) => {
    for (const other of lines.querySelectorAll(".line")) {
      other.removeAttribute("aria-current")
      other.tabIndex = -1 // the Tab key leaves the script; arrow keys move within it
    }
    line.setAttribute("aria-current", "true")
    line.tabIndex = 0
    line.after(panel) // in one column the explanation stands below its line; in two columns this makes no difference
    const { code, explanation, terms, chapters } = data.lines[line.dataset.index]
    find(".panel code").textContent = code.trim()
    find(".explanation").textContent = explanation
    find(".links").replaceChildren("Look up: ", ...linked(terms), ...(chapters.length ? [". Chapter: ", ...linked(chapters)] : []), ".")
  }

  const content = JSON.stringify(data)
  if (root.dataset.content !== content) {
    root.dataset.content = content
    root.append(panel)
    lines.replaceChildren(
      ...data.lines.map(({ code }, index) => {
        const line = create(code ? "button" : "span", code ? "line" : "gap", code)
        line.type = "button"
        line.dataset.index = index
        return line
      }),
    )
    choose(lines.querySelector(".line"))
  }
  lines.onkeydown = (event) => {
    const all = [...lines.querySelectorAll(".line")]
    const index = all.indexOf(event.target)
    const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: all.length - 1 }[event.key]
    if (index < 0 || next === undefined) return
    event.preventDefault()
    if (!all[next]) return
    choose(all[next])
    all[next].focus()
  }
  root.onclick = (event) => {
    const [line, link] = [event.target.closest?.(".line"), event.target.closest?.("a")]
    if (line) choose(line)
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return // a key held opens another tab or window
    event.preventDefault()
    setTriggerValue("followed", link.getAttribute("href"))
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
  }
}
