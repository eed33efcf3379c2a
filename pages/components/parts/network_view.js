const PIXELS = 2 // of the diagram, for a pixel of a feature map
const SHEETS = 2.25 // pixels between two sheets of a stack
const SVG = "http://www.w3.org/2000/svg"

const drawn = (tag, attributes, text = "") => {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.textContent = text
  return element
}

const picture = (width, height) =>
  drawn("svg", { viewBox: `0 0 ${width} ${height}`, style: `--wide: ${width}; --high: ${height}`, "aria-hidden": true })

// Feature maps are a stack of sheets: as large as a map, and the thicker the more there are.
const stack = ([height, width, channels]) => {
  const sheets = Math.min(Math.ceil(Math.sqrt(channels)), 16)
  const [tall, wide, depth] = [Math.max(height * PIXELS, 3), Math.max(width * PIXELS, 3), (sheets - 1) * SHEETS]
  const svg = picture(wide + depth + 2, tall + depth + 2)
  for (let sheet = sheets - 1; sheet >= 0; sheet--)
    svg.append(drawn("rect", { x: 1 + sheet * SHEETS, y: 1 + depth - sheet * SHEETS, width: wide, height: tall, rx: 1 }))
  return svg
}

// A row of numbers is a column: ten of them are ten cells, and of many only the order of magnitude can be shown.
const column = ([count]) => {
  const cells = count <= 12 ? count : 1
  const tall = cells > 1 || count === 1 ? 6 : 7 * Math.log2(count)
  const svg = picture(10, cells * tall + 2)
  for (let cell = 0; cell < cells; cell++)
    svg.append(drawn("rect", { x: 1, y: 1 + cell * tall, width: 8, height: tall, rx: 1 }))
  return svg
}

const image = (sides) => {
  const svg = stack(sides)
  svg.append(drawn("text", { x: "50%", y: "50%", "text-anchor": "middle", "dominant-baseline": "central" }, "7"))
  return svg
}

const spoken = (layer) => `${layer.name}, ${layer.kind}, output ${layer.shape}, ${layer.parameters} parameters`

const diagram = (list, data) => {
  const button = (layer, ...content) => {
    const element = create("button", "", ...content)
    element.type = "button"
    element.dataset.layer = layer.name
    element.setAttribute("aria-label", spoken(layer))
    return element
  }
  const label = [create("span", "kind", "Image"), create("span", "shape", data.image.shape)]
  let last = create("li", "", create("span", "picture", image(data.image.sides)), ...label)
  list.replaceChildren(last)
  for (const layer of data.layers) {
    if (layer.rides) {
      last.append(button(layer, create("span", "rider", layer.short)))
      continue
    }
    last = create("li", "")
    const shape = create("span", "shape", layer.shape)
    const svg = layer.sides.length === 3 ? stack(layer.sides) : column(layer.sides)
    last.append(button(layer, create("span", "picture", svg), create("span", "kind", layer.short), shape))
    list.append(last)
  }
}

const table = (body, data) => {
  body.replaceChildren()
  for (const layer of data.layers) {
    const name = create("th", "")
    name.scope = "row"
    const number = layer.name.slice(layer.name.lastIndexOf("_"))
    layer.words.forEach((word, index) => name.append(...(index ? [document.createElement("wbr")] : []), word.toLowerCase()))
    name.append(number)
    const row = create("tr", "", name, ...[layer.shape, layer.parameters, layer.multiply_adds].map((text) => create("td", text === "0" ? "none" : "", text)))
    row.dataset.layer = layer.name
    body.append(row)
  }
}

const code = (block, data) => {
  block.replaceChildren()
  for (const line of data.lines) {
    const element = create("span", "line", `${line.text}\n`)
    if (line.layer) element.dataset.layer = line.layer
    block.append(element)
  }
}

const copy = async (button, text, source) => {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // Browsers give pages without https no clipboard, but still copy what is selected.
    getSelection().selectAllChildren(source)
    document.execCommand("copy")
  }
  button.textContent = "Copied"
  setTimeout(() => (button.textContent = "Copy"), 2000)
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".network")
  const find = (selector) => root.querySelector(selector)
  const shown = JSON.stringify(data)
  if (root.dataset.shown !== shown) {
    root.dataset.shown = shown
    table(find("tbody"), data)
    const totals = [data.parameters, data.multiply_adds, data.trainable, "", data.non_trainable, ""]
    root.querySelectorAll("tfoot td").forEach((cell, index) => (cell.textContent = totals[index]))
    find("figure").hidden = find(".code").hidden = !data.lines
    if (data.lines) {
      diagram(find("ol"), data)
      code(find("code"), data)
    }
    root.pinned = ""
  }
  const caption = find("figcaption")
  const show = (name) => {
    root.toggleAttribute("data-pointing", Boolean(name))
    for (const element of root.querySelectorAll("[data-layer]")) {
      element.classList.toggle("lit", element.dataset.layer === name)
      if (element.tagName === "BUTTON") element.setAttribute("aria-pressed", element.dataset.layer === root.pinned)
    }
    const layer = data.layers.find((layer) => layer.name === name)
    caption.replaceChildren()
    if (layer)
      caption.append(
        create("b", "", layer.name),
        ` ${layer.does} ${layer.parameters} parameters, ${layer.multiply_adds} multiply-adds.`,
      )
    else caption.append("Each block is as large as the feature maps that a layer puts out. Point at one, or tap it.")
  }
  const layerOf = (event) => event.target.closest?.("[data-layer]")?.dataset.layer ?? ""
  root.onpointerover = (event) => event.pointerType === "mouse" && show(layerOf(event) || root.pinned)
  root.onpointerleave = () => show(root.pinned)
  // There is no `onfocusin`; each run of the page comes here again, and one listener is enough.
  if (!root.show) root.addEventListener("focusin", (event) => root.show(layerOf(event) || root.pinned))
  root.show = show
  root.onclick = (event) => {
    const name = layerOf(event)
    if (name) show((root.pinned = root.pinned === name ? "" : name))
  }
  find(".copy").onclick = (event) => copy(event.target, data.code, find("code"))
  show(root.pinned)
}
