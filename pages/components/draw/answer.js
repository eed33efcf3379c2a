export default function ({ data, parentElement }) {
  const find = (selector) => parentElement.querySelector(selector)
  const bars = find("ol")
  if (!bars.children.length)
    for (let digit = 0; digit < 10; digit++) {
      const row = document.createElement("li")
      row.innerHTML = `<span>${digit}</span><span class="track"><span class="bar"></span></span><span class="value"></span>`
      bars.append(row)
    }
  for (const [digit, row] of [...bars.children].entries()) {
    const probability = data.probabilities[digit] ?? 0
    row.dataset.probability = probability
    row.querySelector(".bar").style.width = `${100 * probability}%`
    row.querySelector(".value").textContent = data.shares[digit] ?? ""
    row.classList.toggle("leads", digit === data.digit)
    row.classList.toggle("named", digit === data.digit || digit === data.runner_up)
  }
  find(".digit").textContent = data.shown
  find(".sentence").textContent = data.sentence

  find("figure").hidden = !data.image
  const pen = find("canvas").getContext("2d")
  pen.clearRect(0, 0, 28, 28)
  pen.fillStyle = data.ink
  for (const [place, ink] of (data.image ?? []).entries()) {
    pen.globalAlpha = ink / 255
    pen.fillRect(place % 28, Math.floor(place / 28), 1, 1)
  }
}
