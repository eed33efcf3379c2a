const SVG = "http://www.w3.org/2000/svg"
const LONGEST = 12000 // milliseconds that the whole film takes at most
const [FAST, SLOW] = [120, 700] // milliseconds from frame to frame

const drawn = (tag, attributes) => {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}

// Squares whose opacity is the weight: they take the page's ink by day and its chalk by night.
const filters = (list, [count, height, width]) => {
  list.classList.toggle("few", count <= 6)
  list.replaceChildren(...Array.from({ length: count }, (_, place) => {
    const item = document.createElement("li")
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img",
      "shape-rendering": "crispEdges", "aria-label": `Filter ${place + 1}` })
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) svg.append(drawn("rect", { x, y, width: 1, height: 1, fill: "currentColor" }))
    item.append(svg)
    return item
  }))
}

const strip = (list, data) =>
  list.replaceChildren(...data.labels.map((label, place) => {
    const item = document.createElement("li")
    item.innerHTML = '<span class="digit" role="img"></span><span class="read" aria-hidden="true"></span>'
    item.firstChild.style.mask = `url(${data.samples}) -${place * 28}px 0 / auto 28px no-repeat`
    return item
  }))

const table = (body, data) =>
  body.replaceChildren(...data.layers.map((name, layer) => {
    const row = document.createElement("tr")
    row.innerHTML = '<th scope="row"></th><td></td><td></td><td></td><td></td><td></td><td class="curve"></td>'
    row.firstChild.textContent = name
    const sizes = data.sizes[layer]
    const step = 120 / Math.max(sizes.length - 1, 1)
    const svg = drawn("svg", { viewBox: "0 0 120 18", "aria-hidden": true })
    const points = sizes.map((size, place) => `${(place * step).toFixed(1)},${(17 - 16 * size).toFixed(1)}`)
    svg.append(drawn("polyline", { points: points.join(" ") }), drawn("circle", { r: 3 }))
    row.lastChild.append(svg)
    return row
  }))

export default function ({ data, parentElement }) {
  const film = parentElement.querySelector(".film")
  const find = (selector) => film.querySelector(selector)
  const [play, slider, kernels] = [find(".play"), find("input"), find(".kernels")]
  const last = data.when.length - 1
  const shades = Uint8Array.from(atob(data.shades), (letter) => letter.charCodeAt(0))
  const size = data.shape.reduce((product, side) => product * side, 1)
  kernels.hidden = !size
  filters(kernels.querySelector("ul"), data.shape)
  strip(find(".strip ul"), data)
  table(find("tbody"), data)
  slider.max = last

  const show = (place) => {
    slider.value = place
    slider.setAttribute("aria-valuetext", data.when[place])
    find("output").textContent = data.when[place]
    find(".said").textContent = data.said[place]
    kernels.querySelector("figcaption").textContent = size
      ? `${data.filters[place]} The stronger a square, the larger its weight; half strength is zero.` : ""
    const squares = kernels.querySelectorAll("rect")
    for (let square = 0; square < size; square++)
      squares[square].style.opacity = (shades[place * size + square] / 255).toFixed(2)
    for (const [sample, item] of [...find(".strip ul").children].entries()) {
      const [label, answer] = [data.labels[sample], data.answers[place][sample]]
      item.lastChild.textContent = answer
      item.classList.toggle("wrong", answer !== label)
      item.firstChild.setAttribute("aria-label", `${data.named[sample]}, ${answer === label ? "read right" : `wrongly read as ${answer}`}`)
    }
    for (const [layer, row] of [...find("tbody").children].entries()) {
      for (const [column, words] of data.statistics[place][layer].entries()) {
        const cell = row.children[column + 1]
        cell.textContent = words
        cell.className = column < 4 ? "" : words === "0" ? "none" : "bad"
      }
      const dot = row.querySelector("circle")
      dot.setAttribute("cx", (place * 120) / Math.max(last, 1))
      dot.setAttribute("cy", 17 - 16 * data.sizes[layer][place])
    }
  }

  const stop = () => {
    clearInterval(film.timer)
    film.timer = undefined
    play.textContent = "Play"
  }
  play.onclick = () => {
    if (film.timer !== undefined) return stop()
    if (Number(slider.value) === last) show(0)
    play.textContent = "Pause"
    film.timer = setInterval(() => {
      if (!film.isConnected || Number(slider.value) >= last) return stop()
      show(Number(slider.value) + 1)
      if (Number(slider.value) === last) stop()
    }, Math.min(SLOW, Math.max(FAST, LONGEST / (last + 1))))
  }
  slider.oninput = () => {
    stop()
    show(Number(slider.value))
  }
  // A rerun of the page brings the same film again: it stays where it is.
  const known = `${data.when.length} ${data.said[last]}`
  const stays = film.dataset.known === known
  film.dataset.known = known
  if (!stays) stop()
  play.hidden = !last
  slider.disabled = !last
  show(stays ? Math.min(Number(slider.value), last) : last)
}
