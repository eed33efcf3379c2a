const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

export default function ({ data, parentElement, setTriggerValue }) {
  const all = parentElement.querySelector(".grids")
  while (all.children.length > data.grids.length) all.lastElementChild.remove()
  while (all.children.length < data.grids.length) {
    const figure = document.createElement("figure")
    figure.innerHTML = '<span class="sign" aria-hidden="true"></span><figcaption></figcaption><div class="picture" role="img"></div>'
    all.append(figure)
  }
  const css = getComputedStyle(all)
  const colours = [css.getPropertyValue("--ink").trim(), css.getPropertyValue("--negative").trim(), css.getPropertyValue("--frame").trim()]
  for (const [index, grid] of data.grids.entries()) {
    const figure = all.children[index]
    figure.querySelector(".sign").textContent = grid.sign
    figure.querySelector("figcaption").textContent = grid.title
    const picture = figure.querySelector(".picture")
    picture.setAttribute("aria-label", grid.alt)
    picture.onclick = picture.onkeydown = null
    picture.role = grid.cursor ? "button" : "img"
    picture.classList.toggle("tappable", data.tappable)
    if (grid.numbers) written(picture, grid)
    else drawn(picture, grid, colours)
    if (!data.tappable) continue
    let at = grid.window?.slice(0, 2) // several keys may be pressed before the page has answered
    const tap = (row, column) => {
      if (row < 0 || column < 0 || row >= grid.rows || column >= grid.columns) return
      setTriggerValue("tapped", [index, ...(at = [row, column])])
    }
    picture.onclick = (event) => {
      const box = picture.firstElementChild.getBoundingClientRect()
      const cell = (offset, side, count) => Math.min(count - 1, Math.max(0, Math.floor((offset / side) * count)))
      tap(cell(event.clientY - box.top, box.height, grid.rows), cell(event.clientX - box.left, box.width, grid.columns))
    }
    if (!grid.cursor) continue
    picture.tabIndex = 0
    picture.onkeydown = (event) => {
      const move = MOVES[event.key]
      if (!move) return
      event.preventDefault()
      tap(at[0] + move[0], at[1] + move[1])
    }
  }
}

function written(picture, { rows, columns, shares, numbers, window: frame, done }) {
  const table = document.createElement("div")
  table.className = "numbers"
  table.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 2.25rem))`
  for (const [index, share] of shares.entries()) {
    const cell = document.createElement("span")
    const row = Math.floor(index / columns), column = index % columns
    if (done === null || index < done) {
      cell.textContent = numbers[index]
      cell.style.setProperty("--share", `${Math.round(30 * Math.abs(share))}%`)
      cell.classList.toggle("negative", share < 0)
    }
    if (frame && row >= frame[0] && row < frame[0] + frame[2] && column >= frame[1] && column < frame[1] + frame[3]) cell.classList.add("framed")
    table.append(cell)
  }
  picture.replaceChildren(table)
}

function drawn(picture, { rows, columns, shares, window: frame, done, cell }, [ink, negative, accent]) {
  let canvas = picture.querySelector("canvas")
  if (!canvas) picture.replaceChildren((canvas = document.createElement("canvas")))
  const fine = Math.max(2, Math.ceil((cell * (globalThis.devicePixelRatio || 1)) / 2) * 2) // pixels of the screen for a cell
  canvas.width = columns * fine
  canvas.height = rows * fine
  canvas.style.width = `${columns * cell}px`
  canvas.style.aspectRatio = `${columns} / ${rows}`
  const pen = canvas.getContext("2d")
  for (const [index, share] of shares.entries()) {
    if (done !== null && index >= done) break
    const x = (index % columns) * fine, y = Math.floor(index / columns) * fine
    pen.globalAlpha = Math.abs(share)
    pen.fillStyle = share < 0 ? negative : ink
    if (share < 0) pen.fillRect(x, y + fine / 4, fine, fine / 2)
    else pen.fillRect(x, y, fine, fine)
  }
  if (!frame) return
  pen.globalAlpha = 1
  pen.strokeStyle = accent
  pen.lineWidth = Math.max(2, fine / 4)
  pen.strokeRect(frame[1] * fine, frame[0] * fine, frame[3] * fine, frame[2] * fine)
}
