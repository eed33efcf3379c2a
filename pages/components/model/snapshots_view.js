const SVG = "http://www.w3.org/2000/svg"
const MAX_PLAY = 12000 // milliseconds that playing all snapshots takes at most
const [FASTEST, SLOWEST] = [120, 700] // milliseconds from one snapshot to the next

const createSvg = (tag, attributes) => {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}

// Squares in the text colour, whose opacity is the weight: this fits the light and the dark theme.
const filterItems = ([count, height, width]) =>
  Array.from({ length: count }, (_, filter) => {
    const svg = createSvg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img",
      "shape-rendering": "crispEdges", "aria-label": `Filter ${filter + 1}` })
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) svg.append(createSvg("rect", { x, y, width: 1, height: 1, fill: "currentColor" }))
    return create("li", "", svg)
  })

const sampleItems = ({ labels, samples }) =>
  labels.map((label, sample) => {
    const item = create("li")
    item.innerHTML = '<span class="digit" role="img"></span><span class="read" aria-hidden="true"></span>'
    item.firstChild.style.mask = `url(${samples}) -${sample * 28}px 0 / auto 28px no-repeat`
    return item
  })

const layerRows = ({ layers, sizes }) =>
  layers.map((name, layer) => {
    const row = create("tr")
    row.innerHTML = '<th scope="row"></th><td></td><td></td><td></td><td></td><td></td><td class="curve"></td>'
    row.firstChild.textContent = name
    const step = 120 / Math.max(sizes[layer].length - 1, 1)
    const points = sizes[layer].map((size, index) => `${(index * step).toFixed(1)},${(17 - 16 * size).toFixed(1)}`)
    const svg = createSvg("svg", { viewBox: "0 0 120 18", "aria-hidden": true })
    svg.append(createSvg("polyline", { points: points.join(" ") }), createSvg("circle", { r: 3 }))
    row.lastChild.append(svg)
    return row
  })

export default function ({ data, parentElement }) {
  const view = parentElement.querySelector(".snapshots")
  const find = (selector) => view.querySelector(selector)
  const [play, slider, kernels] = [find(".play"), find("input"), find(".kernels")]
  const last = data.names.length - 1
  const shades = Uint8Array.from(atob(data.shades), (letter) => letter.charCodeAt(0))
  const size = data.shape.reduce((product, side) => product * side, 1)
  kernels.hidden = !size
  find(".kernels ul").classList.toggle("few", data.shape[0] <= 6)
  find(".kernels ul").replaceChildren(...filterItems(data.shape))
  find(".strip ul").replaceChildren(...sampleItems(data))
  find("tbody").replaceChildren(...layerRows(data))
  slider.max = last

  const show = (index) => {
    slider.value = index
    slider.setAttribute("aria-valuetext", data.names[index])
    find("output").textContent = data.names[index]
    find(".sentence").textContent = data.sentences[index]
    kernels.querySelector("figcaption").textContent = size
      ? `${data.filters[index]} The stronger a square, the larger its weight; half strength is zero.` : ""
    const squares = kernels.querySelectorAll("rect")
    for (let square = 0; square < size; square++)
      squares[square].style.opacity = (shades[index * size + square] / 255).toFixed(2)
    for (const [sample, item] of [...find(".strip ul").children].entries()) {
      const [label, answer] = [data.labels[sample], data.answers[index][sample]]
      const reading = answer === label ? "read right" : `wrongly read as ${answer}`
      item.lastChild.textContent = answer
      item.classList.toggle("wrong", answer !== label)
      item.firstChild.setAttribute("aria-label", `${data.sample_names[sample]}, ${reading}`)
    }
    for (const [layer, row] of [...find("tbody").children].entries()) {
      for (const [column, words] of data.statistics[index][layer].entries()) {
        const cell = row.children[column + 1]
        cell.textContent = words
        cell.className = column < 4 ? "" : words === "0" ? "none" : "bad"
      }
      const dot = row.querySelector("circle")
      dot.setAttribute("cx", (index * 120) / Math.max(last, 1))
      dot.setAttribute("cy", 17 - 16 * data.sizes[layer][index])
    }
  }

  const stop = () => {
    clearInterval(view.timer)
    view.timer = undefined
    play.textContent = "Play"
  }
  play.onclick = () => {
    if (view.timer !== undefined) return stop()
    if (Number(slider.value) === last) show(0)
    play.textContent = "Pause"
    view.timer = setInterval(() => {
      if (!view.isConnected || Number(slider.value) >= last) return stop()
      show(Number(slider.value) + 1)
      if (Number(slider.value) === last) stop()
    }, Math.min(SLOWEST, Math.max(FASTEST, MAX_PLAY / (last + 1))))
  }
  slider.oninput = () => {
    stop()
    show(Number(slider.value))
  }
  // A rerun of the page brings the same snapshots again: the slider stays where it is.
  const known = `${data.names.length} ${data.sentences[last]}`
  const stays = view.dataset.known === known
  view.dataset.known = known
  if (!stays) stop()
  play.hidden = !last
  slider.disabled = !last
  show(stays ? Math.min(Number(slider.value), last) : last)
}
