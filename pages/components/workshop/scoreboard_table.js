// Roles are set where the tags imply them, because the table that is folded on a phone is a grid, which loses them.

function newRow(key, columns) {
  const row = document.createElement("tr")
  row.setAttribute("role", "row")
  row.dataset.key = key
  row.innerHTML =
    '<td class="rank" role="cell"></td><th class="who" scope="row" role="rowheader"><span class="nickname"></span>' +
    '<span class="you"></span><span class="recipe"></span><span class="rest" aria-hidden="true"></span></th>' +
    columns.map(() => '<td class="figure" role="cell"></td>').join("")
  return row
}

function fill(row, { rank, nickname, recipe, figures, is_own: isOwn }, { columns, ranked_by: rankedBy }) {
  const write = (selector, text) => {
    const node = row.querySelector(selector)
    if (node.textContent !== text) node.textContent = text
  }
  row.classList.toggle("own", isOwn)
  row.classList.toggle("first", rank === "1")
  write(".rank", rank)
  write(".nickname", nickname)
  write(".you", isOwn ? "you" : "")
  write(".recipe", recipe)
  for (const [index, figure] of row.querySelectorAll(".figure").entries()) {
    figure.textContent = figures[index]
    figure.classList.toggle("ranked", index === rankedBy)
  }
  const rest = columns.map((column, index) => `${column} ${figures[index]}`.replaceAll(" ", "\u00a0"))
  write(".rest", rest.filter((_, index) => index !== rankedBy).join(" \u00b7 ")) // on a phone, for the hidden figures
}

function glide(rows, oldTops) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return
  for (const row of rows) {
    const distance = (oldTops.get(row) ?? row.offsetTop) - row.offsetTop
    if (distance)
      row.animate([{ transform: `translateY(${distance}px)` }, { transform: "none" }], { duration: 500, easing: "ease-out" })
  }
}

export default function ({ data, parentElement }) {
  const table = parentElement.querySelector("table")
  const body = table.tBodies[0]
  table.setAttribute("aria-label", `Scoreboard, ranked by ${data.columns[data.ranked_by].toLowerCase()}`)
  const heading = (text, name) => `<th class="${name}" scope="col" role="columnheader">${text}</th>`
  const figures = data.columns.map((column, index) => heading(column, index === data.ranked_by ? "figure ranked" : "figure"))
  table.tHead.innerHTML = `<tr role="row">${heading("Rank", "rank")}${heading("Who", "who")}${figures.join("")}</tr>`

  const before = [...body.children]
  const oldTops = new Map(before.map((row) => [row, row.offsetTop]))
  const rows = data.rows.map((entry) => {
    const row = before.find(({ dataset }) => dataset.key === entry.key) ?? newRow(entry.key, data.columns)
    fill(row, entry, data)
    return row
  })
  if (rows.length !== before.length || rows.some((row, index) => row !== before[index])) {
    body.replaceChildren(...rows)
    glide(rows, oldTops)
  }
}
