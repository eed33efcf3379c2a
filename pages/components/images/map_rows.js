const LARGE = 100 // pixels, from which a picture has a line of words and not a number

const [THIN_SPACE, JOINER] = ["\u2009", "\u2060"] // a line may break at the one, and not beside the other

const unbroken = (text) => text.replaceAll(THIN_SPACE, `${JOINER}${THIN_SPACE}${JOINER}`)

const made = (tag, className, ...content) => {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.append(...content)
  return element
}

const picture = ({ image, side }, place) => {
  const element = made("span", "picture")
  Object.assign(element.style, {
    width: `${side}px`,
    height: `${side}px`,
    backgroundImage: `url(${image})`,
    backgroundSize: `auto ${side}px`,
    backgroundPosition: `-${place * side}px 0`,
  })
  return element
}

const section = (row) => {
  const element = made("section", "")
  if (row.title) element.append(made("h2", "", row.title, made("span", "", row.detail)))
  if (row.sentence) element.append(made("p", "", unbroken(row.sentence)))
  if (!row.pictures) return element
  const list = made("ul", row.pictures.side >= LARGE ? "large" : "")
  list.setAttribute("role", "list")
  list.setAttribute("aria-label", row.title || row.sentence)
  row.words.forEach((words, place) => {
    const item = made("li", "")
    const shown = picture(row.pictures, place)
    shown.setAttribute("role", "img")
    shown.setAttribute("aria-label", row.said[place])
    item.append(shown)
    if (row.under) item.append(picture(row.under, place))
    const said = made("span", "words", words)
    if (row.pictures.side < LARGE) said.setAttribute("aria-hidden", "true")
    item.append(said)
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
