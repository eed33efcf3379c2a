let taps = 0 // counted, because a second tap on a digit is one too

export default function ({ data, parentElement, setStateValue }) {
  parentElement.querySelector("p").textContent = data.words
  const row = parentElement.querySelector(".digits")
  if (!row.children.length)
    for (let digit = 0; digit < 10; digit++) {
      const button = document.createElement("button")
      button.textContent = digit
      row.append(button)
    }
  for (const [digit, button] of [...row.children].entries()) {
    button.setAttribute("aria-pressed", digit === data.chosen)
    button.onclick = () => setStateValue("tapped", [digit, ++taps])
  }
}
