let removals = 0 // counted, because a drawing that was removed may come again
const SIDE = 42 // pixels, one and a half times the image's

export default function ({ data, parentElement, setStateValue }) {
  const list = parentElement.querySelector("ul")
  list.setAttribute("aria-label", data.name)
  while (list.children.length > data.words.length) list.lastElementChild.remove()
  while (list.children.length < data.words.length) {
    const item = document.createElement("li")
    item.innerHTML = '<span class="image" role="img"></span><span class="words" aria-hidden="true"></span>'
    list.append(item)
  }
  for (const [place, item] of [...list.children].entries()) {
    const [image, words] = item.children
    image.style.mask = `url(${data.image}) -${place * SIDE}px 0 / auto ${SIDE}px no-repeat`
    image.setAttribute("aria-label", data.said[place])
    words.textContent = data.words[place]
    item.classList.toggle("wrong", data.marks[place] === false)
    item.classList.toggle("right", data.marks[place] === true)
    const key = data.removable[place]
    if (!key) continue
    let button = item.querySelector("button")
    if (!button) {
      button = document.createElement("button")
      button.textContent = "×"
      item.append(button)
    }
    button.setAttribute("aria-label", `Remove: ${data.said[place]}`)
    button.onclick = () => setStateValue("removed", [key, ++removals])
  }
}
