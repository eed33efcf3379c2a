const made = (tag, className, ...content) => {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.append(...content)
  return element
}

const way = (term) => {
  const link = made("a", "", term.title)
  link.href = term.href
  link.dataset.chapter = term.chapter
  return made("p", "way", "See it at work: ", link)
}

const entry = (term) => [
  made("h2", "", term.name),
  made("p", "", term.means),
  made("p", "like", `Picture it: ${term.like}`),
  ...(term.chapter ? [way(term)] : []),
]

const letter = (term) => term.name[0].toUpperCase()

// The better a word fits, the smaller: its own name, its beginning, another name, the middle of one, the explanation.
const fit = (term, wanted) => {
  const [name, others] = [term.name.toLowerCase(), term.others.map((other) => other.toLowerCase())]
  const places = [
    name === wanted || others.includes(wanted),
    name.startsWith(wanted),
    others.some((other) => other.startsWith(wanted)),
    [name, ...others].some((word) => word.includes(wanted)),
    term.means.toLowerCase().includes(wanted),
  ]
  return places.indexOf(true)
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".glossary")
  const find = (selector) => root.querySelector(selector)
  const entries = find(".entries")
  const input = find("input")

  const list = () => {
    const wanted = input.value.trim().toLowerCase()
    const found = data.terms.map((term) => ({ term, fit: wanted ? fit(term, wanted) : 0 })).filter((one) => one.fit >= 0)
    found.sort((one, other) => one.fit - other.fit) // keeps the alphabet among equals
    entries.replaceChildren(
      ...found.map(({ term }) => {
        const article = made("article", "", ...entry(term))
        article.dataset.letter = letter(term)
        return article
      }),
    )
    find("nav").hidden = Boolean(wanted)
    find(".count").textContent = wanted && !found.length ? "No such word here. Empty the field, and all are back." : `${found.length} of ${data.terms.length} words`
  }

  const shown = JSON.stringify(data)
  if (root.dataset.shown !== shown) {
    root.dataset.shown = shown
    input.value = ""
    const asked = data.terms.find((term) => term.key === data.shown)
    find(".shown").hidden = !asked
    find(".shown").replaceChildren(...(asked ? entry(asked) : []))
    const letters = [...new Set(data.terms.map(letter))]
    find("nav").replaceChildren(
      ...letters.map((text) => {
        const button = made("button", "", text)
        button.type = "button"
        button.onclick = () => entries.querySelector(`[data-letter="${text}"]`).scrollIntoView({ block: "start" })
        return button
      }),
    )
    list()
  }
  input.oninput = list
  root.onclick = (event) => {
    const link = event.target.closest?.("a[data-chapter]")
    // A click with a key held, or the middle button, opens another tab as links do.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    setTriggerValue("wanted", { chapter: link.dataset.chapter })
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
  }
}
