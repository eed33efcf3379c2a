const made = (tag, className, ...content) => {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.append(...content)
  return element
}

const linkTo = (way, query) => {
  const link = made("a", "", way.name)
  link.href = way.href
  link.wanted = query
  return link
}

const separated = (links) => links.flatMap((link, place) => (place ? [", ", link] : [link]))

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".reader")
  const find = (selector) => root.querySelector(selector)
  const [lines, panel] = [find(".lines"), find(".panel")]

  const choose = (line) => {
    for (const other of lines.querySelectorAll(".line")) {
      other.toggleAttribute("aria-current", false)
      other.tabIndex = -1 // the Tab key goes on to the words; arrow keys go from line to line
    }
    line.setAttribute("aria-current", "true")
    line.tabIndex = 0
    // In one column the words stand below their line; in two, this changes nothing that is seen.
    line.after(panel)
    const { code, says, terms, chapters } = data.lines[line.dataset.place]
    find(".panel code").textContent = code.trim()
    find(".says").textContent = says
    const words = terms.map((term) => linkTo(term, { chapter: "glossary", term: term.term }))
    const chapter = chapters.map((way) => linkTo(way, { chapter: way.chapter }))
    find(".ways").replaceChildren("Look up: ", ...separated(words), ...(chapter.length ? [". Chapter: ", ...chapter] : []), ".")
  }

  const shown = JSON.stringify(data)
  if (root.dataset.shown !== shown) {
    root.dataset.shown = shown
    root.append(panel)
    lines.replaceChildren(
      ...data.lines.map((line, place) => {
        if (!line.code) return made("span", "gap")
        const button = made("button", "line", line.code)
        button.type = "button"
        button.dataset.place = place
        return button
      }),
    )
    choose(lines.querySelector(".line"))
  }
  lines.onclick = (event) => {
    const line = event.target.closest?.(".line")
    if (line) choose(line)
  }
  lines.onkeydown = (event) => {
    const all = [...lines.querySelectorAll(".line")]
    const place = all.indexOf(event.target)
    if (place < 0) return
    const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: all.length - 1 }[event.key]
    if (next === undefined) return
    event.preventDefault()
    if (!all[next]) return
    choose(all[next])
    all[next].focus()
  }
  root.onclick = (event) => {
    const link = event.target.closest?.("a")
    // A click with a key held opens another tab, as links do.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    setTriggerValue("wanted", link.wanted)
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
  }
}
