export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector("ul")
  list.setAttribute("aria-label", data.name)
  list.className = data.columns ? "grid" : ""
  list.style.setProperty("--columns", data.columns)
  list.style.setProperty("--side", `${data.side}px`)
  while (list.children.length > data.words.length) list.lastElementChild.remove()
  while (list.children.length < data.words.length) {
    const item = create("li", "", create("span", "image"), create("span", "words"))
    item.firstChild.role = "img"
    item.lastChild.ariaHidden = true
    list.append(item)
  }
  for (const [index, item] of [...list.children].entries()) {
    const [image, words] = item.children
    const mask = data.image && `url(${data.image}) -${index * data.side}px 0 / auto ${data.side}px no-repeat`
    if (image.mask !== mask) image.style.mask = image.mask = mask
    image.classList.toggle("empty", !data.image)
    image.setAttribute("aria-label", data.alt[index])
    words.textContent = data.words[index]
    item.classList.toggle("wrong", data.marks[index] === false)
    item.classList.toggle("right", data.marks[index] === true)
    const id = data.removable[index]
    if (!id) continue
    const button = item.querySelector("button") ?? item.appendChild(create("button", "", "×"))
    button.setAttribute("aria-label", `Remove: ${data.alt[index]}`)
    button.onclick = () => setTriggerValue("removed", id)
  }
}
