const LARGE = 100 // pixels, from which a picture has a line of words and not a number

const [THIN_SPACE, JOINER] = ["\u2009", "\u2060"] // a line may break at the one, and not beside the other

const unbroken = (text) => text.replaceAll(THIN_SPACE, `${JOINER}${THIN_SPACE}${JOINER}`)

const picture = ({ image, side }, index) => {
  const element = create("span", "picture")
  Object.assign(element.style, {
    width: `${side}px`,
    height: `${side}px`,
    backgroundImage: `url(${image})`,
    backgroundSize: `auto ${side}px`,
    backgroundPosition: `-${index * side}px 0`,
  })
  return element
}

const section = (row) => {
  const element = create("section", "")
  if (row.title) element.append(create("h2", "", row.title, create("span", "", row.detail)))
  if (row.sentence) element.append(create("p", "", unbroken(row.sentence)))
  if (!row.pictures) return element
  const list = create("ul", row.pictures.side >= LARGE ? "large" : "")
  list.setAttribute("role", "list")
  list.setAttribute("aria-label", row.title || row.sentence)
  row.words.forEach((words, index) => {
    const item = create("li", "")
    const shown = picture(row.pictures, index)
    shown.setAttribute("role", "img")
    shown.setAttribute("aria-label", row.alt[index])
    item.append(shown)
    if (row.under) item.append(picture(row.under, index))
    const caption = create("span", "words", words)
    if (row.pictures.side < LARGE) caption.setAttribute("aria-hidden", "true")
    item.append(caption)
    list.append(item)
  })
  element.append(list)
  return element
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".rows")
  const shown = JSON.stringify(data)
  if (root.shown === shown) return
  root.shown = shown
  root.replaceChildren(...data.rows.map(section))
}
