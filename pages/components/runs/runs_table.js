const COLUMNS = [
  ["name", "Name", "text"],
  ["recipe", "Recipe", "text"],
  ["test", "Test", "number"],
  ["drawn", "Drawn", "number"],
  ["parameters", "Parameters", "number"],
  ["time", "Time", "number"],
  ["state", "State", "text"],
  ["when", "When", "text"],
]
const order = { column: "", down: false } // kept while the page is open: a table that is drawn anew stays sorted

function when(created) {
  if (!created) return "\u2013"
  const date = new Date(created * 1000)
  const year = date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" }
  return date.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", ...year })
}

function key(line, column) {
  if (column === "when") return line.created || null
  const held = line[column]
  return typeof held === "string" ? held.toLowerCase() : held.order
}

function sorted(lines) {
  if (!order.column) return lines
  return [...lines].sort((first, second) => {
    const [a, b] = [key(first, order.column), key(second, order.column)]
    if (a === null || b === null) return (a === null) - (b === null) // without a number: last, either way
    return (a < b ? -1 : a > b ? 1 : 0) * (order.down ? -1 : 1)
  })
}

function cell(row, kind, name) {
  const made = document.createElement(kind)
  made.className = name
  row.append(made)
  return made
}

function newRow(id, choose) {
  const row = document.createElement("tr")
  row.dataset.id = id
  const tick = document.createElement("input")
  tick.type = "checkbox"
  tick.onchange = () => choose(id, tick.checked)
  cell(row, "td", "tick").append(tick)
  const open = document.createElement("button")
  open.type = "button"
  open.onclick = () => choose(id, null)
  const name = cell(row, "th", "name")
  name.scope = "row"
  name.append(open)
  for (const [column, , sort] of COLUMNS.slice(1)) cell(row, "td", `${column} ${sort}`)
  return row
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text
}

export default function ({ data, parentElement, setStateValue }) {
  const sheet = parentElement.querySelector(".sheet")
  const body = sheet.querySelector("tbody")
  const head = sheet.querySelector("thead tr")
  if (!sheet.chosen || sheet.stamp === undefined || sheet.stamp === data.seen) sheet.chosen = new Set(data.selected)

  const choose = (id, isTicked) => {
    if (isTicked === null) sheet.chosen = new Set([id]) // a click on the name opens that run alone
    else if (isTicked) sheet.chosen.add(id)
    else sheet.chosen.delete(id)
    sheet.stamp = Math.random()
    mark()
    setStateValue("chosen", [sheet.stamp, [...sheet.chosen]])
  }
  const mark = () => {
    for (const row of body.children) {
      const isChosen = sheet.chosen.has(row.dataset.id)
      row.classList.toggle("chosen", isChosen)
      row.querySelector("input").checked = isChosen
    }
  }
  const place = (lines) => {
    sorted(lines).forEach((line, index) => {
      const row = rows.get(line.id)
      if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null)
    })
    for (const [column] of COLUMNS) {
      const heading = head.querySelector(`.${column}`)
      if (column === order.column) heading.setAttribute("aria-sort", order.down ? "descending" : "ascending")
      else heading.removeAttribute("aria-sort")
    }
  }
  sheet.place = () => place(data.lines)

  if (!head.children.length) {
    const tick = cell(head, "th", "tick")
    tick.setAttribute("aria-label", "Chosen")
    for (const [column, label, sort] of COLUMNS) {
      const heading = cell(head, "th", `${column} ${sort}`)
      heading.scope = "col"
      const button = document.createElement("button")
      button.type = "button"
      button.textContent = label
      button.onclick = () => {
        // Numbers and times begin with the largest; a third click brings back the newest first.
        const first = sort === "number" || column === "when"
        if (order.column !== column) Object.assign(order, { column, down: first })
        else if (order.down === first) order.down = !first
        else order.column = ""
        sheet.place()
      }
      heading.append(button)
    }
  }
  const rows = new Map([...body.children].map((row) => [row.dataset.id, row]))
  const ids = new Set(data.lines.map((line) => line.id))
  for (const [id, row] of rows) if (!ids.has(id)) row.remove()
  for (const line of data.lines) {
    if (!rows.has(line.id)) rows.set(line.id, newRow(line.id, (...given) => sheet.choose(...given)))
    const row = rows.get(line.id)
    const button = row.querySelector("th button")
    write(button, line.name)
    button.title = line.name
    row.querySelector("input").setAttribute("aria-label", `Choose ${line.name}`)
    for (const column of ["test", "drawn", "parameters", "time"]) write(row.querySelector(`.${column}`), line[column].text)
    write(row.querySelector(".recipe"), line.recipe)
    write(row.querySelector(".state"), line.state)
    write(row.querySelector(".when"), when(line.created))
  }
  sheet.choose = choose
  place(data.lines)
  mark()
}
