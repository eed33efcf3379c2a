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
  for (const [place, grid] of data.grids.entries()) {
    const figure = all.children[place]
    figure.querySelector(".sign").textContent = grid.sign
    figure.querySelector("figcaption").textContent = grid.title
    const picture = figure.querySelector(".picture")
    picture.setAttribute("aria-label", grid.said)
    picture.onclick = null
    picture.classList.toggle("tappable", data.tappable)
    if (grid.numbers) written(picture, grid)
    else drawn(picture, grid, colours)
    if (data.tappable)
      picture.onclick = (event) => {
        const box = picture.firstElementChild.getBoundingClientRect()
        const at = (offset, side, count) => Math.min(count - 1, Math.max(0, Math.floor((offset / side) * count)))
        setTriggerValue("tapped", [place, at(event.clientY - box.top, box.height, grid.rows), at(event.clientX - box.left, box.width, grid.columns)])
      }
  }
}

function written(picture, { rows, columns, shares, numbers, window: frame, done }) {
  const table = document.createElement("div")
  table.className = "numbers"
  table.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 2.25rem))`
  for (const [place, share] of shares.entries()) {
    const cell = document.createElement("span")
    const row = Math.floor(place / columns), column = place % columns
    if (done === null || place < done) {
      cell.textContent = numbers[place]
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
  for (const [place, share] of shares.entries()) {
    if (done !== null && place >= done) break
    const x = (place % columns) * fine, y = Math.floor(place / columns) * fine
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
