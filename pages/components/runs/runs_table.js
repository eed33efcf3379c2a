// A column's class, its heading, and how it is aligned and first sorted: numbers begin with the largest.
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
const order = { column: "", down: false } // outlives the component: the table stays sorted when the page is drawn again

function when(created) {
  if (!created) return "\u2013"
  const date = new Date(created * 1000)
  const year = date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" }
  return date.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", ...year })
}

function sortKey(row) {
  if (order.column === "when") return row.created || null
  const cell = row[order.column]
  return typeof cell === "string" ? cell.toLowerCase() : cell.order
}

function sorted(rows) {
  if (!order.column) return rows
  return [...rows].sort((first, second) => {
    const [a, b] = [sortKey(first), sortKey(second)]
    if (a === null || b === null) return (a === null) - (b === null) // without a number: last, either way
    return (a < b ? -1 : a > b ? 1 : 0) * (order.down ? -1 : 1)
  })
}

function sortBy(column) {
  const isDownFirst = column === "when" || COLUMNS.find(([name]) => name === column)[2] === "number"
  if (order.column !== column) Object.assign(order, { column, down: isDownFirst })
  else if (order.down === isDownFirst) order.down = !isDownFirst
  else order.column = "" // the third click brings back the newest first
}

function newRow(id) {
  const row = document.createElement("tr")
  row.dataset.id = id
  row.innerHTML =
    '<td class="tick"><input type="checkbox"></td><th class="name" scope="row"><button type="button"></button></th>' +
    COLUMNS.slice(1).map(([name, , kind]) => `<td class="${name} ${kind}"></td>`).join("")
  return row
}

function write(row, selector, text) {
  const node = row.querySelector(selector)
  if (node.textContent !== text) node.textContent = text
}

export default function ({ data, parentElement, setStateValue }) {
  const sheet = parentElement.querySelector(".sheet")
  const body = sheet.querySelector("tbody")
  const head = sheet.querySelector("thead tr")
  // The browser is ahead of the server until the server has seen the last click.
  if (sheet.lastClick === undefined || sheet.lastClick === data.seen) sheet.selected = new Set(data.selected)
  if (!head.children.length)
    head.innerHTML =
      '<th class="tick" aria-label="Chosen"></th>' +
      COLUMNS.map(([name, label, kind]) => `<th class="${name} ${kind}" scope="col"><button type="button">${label}</button></th>`).join("")

  const rows = new Map([...body.children].map((row) => [row.dataset.id, row]))
  for (const [id, row] of rows) if (!data.rows.some((one) => one.id === id)) row.remove()
  for (const one of data.rows) {
    if (!rows.has(one.id)) rows.set(one.id, newRow(one.id))
    const row = rows.get(one.id)
    write(row, ".name button", one.name)
    row.querySelector(".name button").title = one.name
    row.querySelector("input").setAttribute("aria-label", `Choose ${one.name}`)
    for (const column of ["test", "drawn", "parameters", "time"]) write(row, `.${column}`, one[column].text)
    for (const column of ["recipe", "state"]) write(row, `.${column}`, one[column])
    write(row, ".when", when(one.created))
  }

  const arrange = () => {
    sorted(data.rows).forEach(({ id }, index) => {
      if (body.children[index] !== rows.get(id)) body.insertBefore(rows.get(id), body.children[index] ?? null)
    })
    COLUMNS.forEach(([name], index) => {
      const heading = head.children[index + 1]
      if (name === order.column) heading.setAttribute("aria-sort", order.down ? "descending" : "ascending")
      else heading.removeAttribute("aria-sort")
    })
  }
  const mark = () => {
    for (const row of body.children) {
      const isSelected = sheet.selected.has(row.dataset.id)
      row.classList.toggle("chosen", isSelected)
      row.querySelector("input").checked = isSelected
    }
  }
  const select = (ids) => {
    sheet.selected = new Set(ids)
    sheet.lastClick = Math.random()
    mark()
    setStateValue("chosen", [sheet.lastClick, [...sheet.selected]])
  }
  head.onclick = ({ target }) => {
    const heading = target.closest("button")?.parentElement
    if (heading) sortBy(heading.classList[0]), arrange()
  }
  body.onclick = ({ target }) => {
    const name = target.closest("button")
    if (name) select([name.closest("tr").dataset.id]) // a click on the name opens that run alone
  }
  body.onchange = ({ target }) => {
    const { id } = target.closest("tr").dataset
    select(target.checked ? [...sheet.selected, id] : [...sheet.selected].filter((other) => other !== id))
  }
  arrange()
  mark()
}
