const write = (node, text) => {
  if (node.textContent !== text) node.textContent = text
}

function cell(row, kind, name, role) {
  const made = document.createElement(kind)
  made.className = name
  made.setAttribute("role", role) // the folded table is a grid, which would lose its roles
  row.append(made)
  return made
}

function newRow(key, columns) {
  const row = document.createElement("tr")
  row.setAttribute("role", "row")
  row.dataset.key = key
  cell(row, "td", "place", "cell")
  const who = cell(row, "th", "who", "rowheader")
  who.scope = "row"
  for (const name of ["nickname", "you", "recipe", "rest"]) {
    const part = document.createElement("span")
    part.className = name
    who.append(part)
  }
  who.querySelector(".rest").setAttribute("aria-hidden", "true") // says the hidden cells' figures once more
  for (const _ of columns) cell(row, "td", "figure", "cell")
  return row
}

export default function ({ data, parentElement }) {
  const table = parentElement.querySelector("table")
  const head = table.querySelector("thead"), body = table.querySelector("tbody")
  table.setAttribute("aria-label", `Scoreboard, ranked by ${data.columns[data.ranked].toLowerCase()}`)

  const heading = document.createElement("tr")
  heading.setAttribute("role", "row")
  for (const [index, text] of ["Place", "Who", ...data.columns].entries()) {
    const made = cell(heading, "th", index > 1 ? "figure" : index ? "who" : "place", "columnheader")
    made.scope = "col"
    made.textContent = text
    made.classList.toggle("ranked", index === data.ranked + 2)
  }
  head.replaceChildren(heading)

  const before = new Map([...body.children].map((row) => [row.dataset.key, row]))
  const heights = new Map([...before].map(([key, row]) => [key, row.offsetTop]))
  const rows = data.lines.map((line) => {
    const row = before.get(line.key) ?? newRow(line.key, data.columns)
    row.classList.toggle("own", line.is_own)
    row.classList.toggle("first", line.place === "1")
    write(row.querySelector(".place"), line.place)
    write(row.querySelector(".nickname"), line.nickname)
    write(row.querySelector(".you"), line.is_own ? "you" : "")
    write(row.querySelector(".recipe"), line.recipe)
    for (const [index, figure] of row.querySelectorAll(".figure").entries()) {
      write(figure, line.figures[index])
      figure.classList.toggle("ranked", index === data.ranked)
    }
    const rest = data.columns.map((column, index) => `${column} ${line.figures[index]}`.replaceAll(" ", "\u00a0"))
    write(row.querySelector(".rest"), rest.filter((_, index) => index !== data.ranked).join(" \u00b7 "))
    return row
  })
  if (rows.length !== body.children.length || rows.some((row, index) => row !== body.children[index])) {
    body.replaceChildren(...rows)
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
      for (const row of rows) {
        const from = heights.get(row.dataset.key) ?? row.offsetTop
        if (from === row.offsetTop) continue
        row.animate([{ transform: `translateY(${from - row.offsetTop}px)` }, { transform: "none" }], {
          duration: 500,
          easing: "ease-out",
        })
      }
    }
  }
}
