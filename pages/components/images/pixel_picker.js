const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

const mark = (figure, { image, rows, columns, square: [row, column, side], words }) => {
  const map = figure.querySelector(".map")
  map.style.backgroundImage = `url(${image})`
  map.setAttribute("aria-label", words)
  Object.assign(map.querySelector(".square").style, {
    top: `${(100 * row) / rows}%`,
    left: `${(100 * column) / columns}%`,
    height: `${(100 * side) / rows}%`,
    width: `${(100 * side) / columns}%`,
  })
  figure.querySelector("figcaption").textContent = words
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".picker")
  mark(root.querySelector(".before"), data.before)
  mark(root.querySelector(".after"), data.after)
  const map = root.querySelector("button.map")
  const { rows, columns } = data.after
  const pick = (row, column) => {
    if (row < 0 || column < 0 || row >= rows || column >= columns) return
    map.at = [row, column] // several keys may be pressed before the page has answered
    setTriggerValue("picked", map.at)
  }
  map.at = data.after.square.slice(0, 2)
  map.onclick = (event) => {
    if (!event.detail) return // a key
    const box = map.getBoundingClientRect()
    const share = (at, from, length, count) => Math.min(Math.max(Math.floor(((at - from) / length) * count), 0), count - 1)
    pick(share(event.clientY, box.top, box.height, rows), share(event.clientX, box.left, box.width, columns))
  }
  map.onkeydown = (event) => {
    const move = MOVES[event.key]
    if (!move) return
    event.preventDefault()
    pick(map.at[0] + move[0], map.at[1] + move[1])
  }
}
