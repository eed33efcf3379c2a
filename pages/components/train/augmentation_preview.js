export default function ({ data, parentElement }) {
  const grid = parentElement.querySelector("[role=img]")
  const count = data.rows.length * data.columns
  grid.setAttribute("aria-label", data.said)
  grid.style.gridTemplateColumns = `1.25fr repeat(${data.columns - 1}, 1fr)`
  if (grid.children.length !== count) {
    grid.replaceChildren()
    for (let place = 0; place < count; place++) {
      const cell = document.createElement("div")
      cell.innerHTML = '<div class="digit"></div>'
      if (place % data.columns === 0) {
        cell.className = "original"
        cell.insertAdjacentHTML("beforeend", '<div class="source"></div>')
      }
      grid.append(cell)
    }
  }
  for (const [place, cell] of [...grid.children].entries()) {
    // One image beside the other in a strip, of which each cell shows its own part.
    cell.firstElementChild.style.mask = `url(${data.image}) ${(100 * place) / (count - 1)}% 0 / ${100 * count}% 100% no-repeat`
    const source = cell.querySelector(".source")
    if (source) source.textContent = data.rows[place / data.columns]
  }
}
