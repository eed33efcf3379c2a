const part = (table) => {
  const element = create("table", `${table.heads.length ? "headed" : ""} ${table.prose ? "prose" : ""}`, create("caption", "", table.caption))
  if (table.heads.some(Boolean)) {
    const heads = table.heads.map((words) => {
      const head = create("th", "", words)
      head.scope = "col"
      return head
    })
    element.append(create("thead", "", create("tr", "", ...heads)))
  }
  const body = create("tbody", "")
  table.cells.forEach((cells, row) => {
    const line = create("tr", row === table.marked ? "marked" : "")
    cells.forEach((text, column) => {
      const cell = create("td", "", text)
      const shade = table.shades[row]?.[column] ?? 0
      cell.style.setProperty("--shade", Math.abs(shade))
      cell.classList.toggle("below", shade < 0)
      line.append(cell)
    })
    body.append(line)
  })
  element.append(body)
  const whole = create("div", "part")
  if (table.sign) whole.append(create("span", "sign", table.sign))
  whole.append(create("div", "wide", element))
  return whole
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".sheet")
  const shown = JSON.stringify(data)
  if (root.shown === shown) return
  root.shown = shown
  root.replaceChildren(...data.tables.map(part))
}
