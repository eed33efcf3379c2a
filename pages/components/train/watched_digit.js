export default function ({ data, parentElement }) {
  const bars = parentElement.querySelector("ol")
  if (!bars.children.length)
    for (let digit = 0; digit < 10; digit++) {
      const bar = document.createElement("li")
      bar.innerHTML = `<span class="track"><span class="bar"></span></span><span>${digit}</span>`
      bars.append(bar)
    }
  const highest = Math.max(...data.probabilities)
  for (const [digit, bar] of [...bars.children].entries()) {
    const probability = data.probabilities[digit] ?? 0
    bar.dataset.probability = probability
    bar.querySelector(".bar").style.height = `${100 * probability}%`
    bar.classList.toggle("leads", probability > 0 && probability === highest)
  }
  const image = parentElement.querySelector(".image")
  image.classList.toggle("empty", !data.image)
  if (image.dataset.mask !== data.image) {
    image.dataset.mask = data.image
    image.style.mask = data.image ? `url(${data.image}) 0 0 / 100% no-repeat` : ""
  }
  parentElement.querySelector("p").textContent = data.sentence
}
