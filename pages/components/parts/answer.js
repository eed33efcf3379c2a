export default function ({ data, parentElement }) {
  const find = (selector) => parentElement.querySelector(selector)
  const bars = find("ol")
  if (!bars.children.length)
    for (let digit = 0; digit < 10; digit++) {
      const track = create("span", "track", create("span", "bar"))
      bars.append(create("li", "", create("span", "", digit), track, create("span", "value")))
    }
  for (const [digit, row] of [...bars.children].entries()) {
    const probability = data.probabilities[digit] ?? 0
    row.dataset.probability = probability
    row.querySelector(".bar").style.width = `${100 * probability}%`
    row.querySelector(".value").textContent = data.shares[digit] ?? ""
    row.classList.toggle("leads", digit === data.digit)
    row.classList.toggle("named", digit === data.digit || digit === data.runner_up)
  }
  find("section").ariaLabel = data.name
  const reading = find(".reading")
  reading.role = data.speaks ? "status" : null
  reading.ariaLive = data.speaks ? "polite" : null
  find(".digit").textContent = data.unsure ? "?" : data.digit ?? ""
  find(".sentence").textContent = data.sentence

  find("figure").hidden = !data.image
  const pen = find("canvas").getContext("2d")
  pen.clearRect(0, 0, 28, 28)
  pen.fillStyle = data.ink
  for (const [index, ink] of (data.image ?? []).entries()) {
    pen.globalAlpha = ink / 255
    pen.fillRect(index % 28, Math.floor(index / 28), 1, 1)
  }
}
