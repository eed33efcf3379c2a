const linked = (term) => {
  const link = create("a", "", term.title)
  link.href = term.href
  return create("p", "chapter", "See it at work: ", link)
}

const entry = (term) => [
  create("h2", "", term.name),
  create("p", "", term.meaning),
  create("p", "analogy", `Picture it: ${term.analogy[0].toLowerCase()}${term.analogy.slice(1)}`),
  ...(term.title ? [linked(term)] : []),
]

const letter = (term) => term.name[0].toUpperCase()

// How well a term matches, 0 best, -1 not at all.
const rank = (term, text) => {
  const words = [term.name, ...term.synonyms].map((word) => word.toLowerCase())
  return [
    words.includes(text),
    words[0].startsWith(text),
    words.some((word) => word.startsWith(text)),
    words.some((word) => word.includes(text)),
    term.meaning.toLowerCase().includes(text),
  ].indexOf(true)
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".glossary")
  const find = (selector) => root.querySelector(selector)
  const [first, entries, input] = [find(".first"), find(".entries"), find("input")]

  const list = () => {
    const text = input.value.trim().toLowerCase()
    const found = data.terms.map((term) => ({ term, rank: text ? rank(term, text) : 0 })).filter((one) => one.rank >= 0)
    found.sort((one, other) => one.rank - other.rank) // stable: equals stay in alphabetical order
    entries.replaceChildren(...found.map(({ term }) => create("article", letter(term), ...entry(term))))
    find("nav").hidden = Boolean(text)
    find(".count").textContent = found.length ? `${found.length} of ${data.terms.length} words` : "No such word. Clear the field to see all words."
  }

  const content = JSON.stringify(data)
  if (root.dataset.content !== content) {
    root.dataset.content = content
    input.value = ""
    const term = data.terms.find((term) => term.key === data.first)
    first.hidden = !term
    first.replaceChildren(...(term ? entry(term) : []))
    find("nav").replaceChildren(
      ...[...new Set(data.terms.map(letter))].map((text) => {
        const button = create("button", "", text)
        button.type = "button"
        button.onclick = () => entries.querySelector(`.${text}`).scrollIntoView({ block: "start" })
        return button
      }),
    )
    list()
  }
  input.oninput = list
  root.onclick = (event) => {
    const link = event.target.closest?.("a")
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return // a key held opens another tab or window
    event.preventDefault()
    setTriggerValue("followed", link.getAttribute("href"))
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
  }
}
