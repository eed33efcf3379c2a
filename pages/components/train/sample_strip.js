export default function ({ data, parentElement }) {
  const list = parentElement.querySelector("ul")
  if (list.children.length !== data.count) {
    list.replaceChildren()
    for (let place = 0; place < data.count; place++) {
      const item = document.createElement("li")
      item.innerHTML = '<span class="digit" role="img"></span><span class="read" aria-hidden="true"></span>'
      list.append(item)
    }
  }
  for (const [place, item] of [...list.children].entries()) {
    const [image, read] = item.children
    const label = data.labels[place]
    const answer = data.answers[place]
    const isWrong = label !== undefined && answer !== undefined && answer !== label
    const mask = data.image ? `url(${data.image}) -${place * 28}px 0 / auto 28px no-repeat` : ""
    if (image.dataset.mask !== mask) { image.dataset.mask = mask; image.style.mask = mask }
    image.classList.toggle("empty", !data.image)
    const said = answer === undefined ? "not read yet" : isWrong ? `wrongly read as ${answer}` : "read right"
    image.setAttribute("aria-label", label === undefined ? "A test image" : `A ${label}, ${said}`)
    read.textContent = answer ?? "\u00a0"
    item.classList.toggle("wrong", isWrong)
  }
}
