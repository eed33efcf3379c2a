export default function ({ data, parentElement }) {
  const table = parentElement.querySelector("table")
  table.setAttribute("aria-label", data.name)
  const line = (cells, kind) => {
    const row = document.createElement("tr")
    row.setAttribute("role", "row") // the folded table is a grid, which would lose its roles
    for (const [place, text] of cells.entries()) {
      const heads = kind === "columnheader" ? "col" : place === 0 ? "row" : ""
      const cell = document.createElement(heads ? "th" : "td")
      if (heads) cell.scope = heads
      cell.setAttribute("role", heads === "col" ? kind : heads ? "rowheader" : "cell")
      cell.dataset.column = data.head[place]
      cell.textContent = text
      cell.classList.toggle("number", data.numbers.includes(place))
      row.append(cell)
    }
    return row
  }
  const head = document.createElement("thead"), body = document.createElement("tbody")
  head.append(line(data.head, "columnheader"))
  body.append(...data.rows.map((cells) => line(cells, "cell")))
  table.replaceChildren(head, body)
}
