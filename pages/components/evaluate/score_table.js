const cell = (tag, text, scope) => {
  const made = document.createElement(tag)
  made.textContent = text
  if (scope) made.scope = scope
  return made
}

export default function ({ data, parentElement }) {
  const table = parentElement.querySelector("table")
  table.setAttribute("aria-label", data.name)
  table.tHead.rows[0].replaceChildren(...data.columns.map((name) => cell("th", name, "col")))
  table.tBodies[0].replaceChildren(
    ...data.rows.map((row, place) => {
      const line = document.createElement("tr")
      line.append(...row.map((text, column) => (column ? cell("td", text) : cell("th", text, "row"))))
      data.low.forEach((lowest, column) => lowest === place && line.children[column].classList.add("low"))
      return line
    }),
  )
}
