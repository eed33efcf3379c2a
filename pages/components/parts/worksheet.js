const made = (tag, className, ...content) => {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.append(...content)
  return element
}

const part = (table) => {
  const element = made("table", `${table.heads.length ? "headed" : ""} ${table.prose ? "prose" : ""}`, made("caption", "", table.caption))
  if (table.heads.some(Boolean)) {
    const heads = table.heads.map((words) => {
      const head = made("th", "", words)
      head.scope = "col"
      return head
    })
    element.append(made("thead", "", made("tr", "", ...heads)))
  }
  const body = made("tbody", "")
  table.cells.forEach((cells, row) => {
    const line = made("tr", row === table.marked ? "marked" : "")
    cells.forEach((text, column) => {
      const cell = made("td", "", text)
      const shade = table.shades[row]?.[column] ?? 0
      cell.style.setProperty("--shade", Math.abs(shade))
      cell.classList.toggle("below", shade < 0)
      line.append(cell)
    })
    body.append(line)
  })
  element.append(body)
  const whole = made("div", "part")
  if (table.sign) whole.append(made("span", "sign", table.sign))
  whole.append(made("div", "wide", element))
  return whole
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".sheet")
  const shown = JSON.stringify(data)
  if (root.shown === shown) return
  root.shown = shown
  root.replaceChildren(...data.tables.map(part))
}
