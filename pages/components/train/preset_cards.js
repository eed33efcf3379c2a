let clicks = 0

export default function ({ data, parentElement, setStateValue }) {
  const group = parentElement.querySelector("fieldset")
  if (group.querySelectorAll("label").length !== data.cards.length) {
    group.querySelectorAll("label").forEach((label) => label.remove())
    for (const card of data.cards) {
      const label = document.createElement("label")
      label.innerHTML = '<input type="radio" name="preset"><span class="name"></span><span class="expect"></span><span class="line"></span>'
      label.querySelector("input").value = card.preset
      label.querySelector(".line").textContent = card.line
      group.append(label)
    }
  }
  for (const [place, label] of [...group.querySelectorAll("label")].entries()) {
    const card = data.cards[place]
    const input = label.querySelector("input")
    input.checked = card.preset === data.chosen
    // A second click on a card counts too: it brings back what was changed.
    input.onclick = () => setStateValue("clicked", [card.preset, ++clicks])
    label.querySelector(".name").textContent = card.name + (input.checked && data.changed ? ", changed" : "")
    label.querySelector(".expect").textContent = card.expect
  }
}
