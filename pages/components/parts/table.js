export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector(".table")
  frame.classList.toggle("folds", data.folds)
  frame.setAttribute("aria-label", data.name)
  const line = (cells, bold, scopes) => {
    const row = create("tr")
    row.setAttribute("role", "row") // the folded table is a grid, which would lose its roles
    for (const [index, text] of cells.entries()) {
      const scope = scopes[index ? 1 : 0]
      const cell = create(scope ? "th" : "td", data.numbers.includes(index) ? "number" : "", text)
      if (scope) cell.scope = scope
      cell.setAttribute("role", { col: "columnheader", row: "rowheader" }[scope] ?? "cell")
      cell.dataset.column = data.head[index]
      cell.classList.toggle("bold", Boolean(bold[index]))
      row.append(cell)
    }
    return row
  }
  const head = create("thead"), body = create("tbody")
  if (data.head.some(Boolean)) head.append(line(data.head, [], ["col", "col"]))
  body.append(...data.rows.map((cells, index) => line(cells, data.bold[index], ["row", ""])))
  const table = frame.firstElementChild
  table.setAttribute("role", "table")
  table.setAttribute("aria-label", data.name)
  table.replaceChildren(head, body)
  frame.tabIndex = 0
}
