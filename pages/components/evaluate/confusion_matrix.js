const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

export default function ({ data, parentElement, setStateValue }) {
  const table = parentElement.querySelector("table")
  const digits = [...data.counts.keys()]
  if (!table.querySelector("button")) {
    const header = (digit, scope) => `<th scope="${scope}">${digit}</th>`
    const cell = (digit, answer) => `<td><button type="button" data-digit="${digit}" data-answer="${answer}"></button></td>`
    table.tHead.rows[0].innerHTML += digits.map((digit) => header(digit, "col")).join("")
    table.tBodies[0].innerHTML = digits
      .map((digit) => `<tr>${header(digit, "row")}${digits.map((answer) => cell(digit, answer)).join("")}</tr>`)
      .join("")
  }
  const buttons = [...table.querySelectorAll("button")]
  const position = (button) => [Number(button.dataset.digit), Number(button.dataset.answer)]
  const at = (digit, answer) => table.querySelector(`[data-digit="${digit}"][data-answer="${answer}"]`)
  // The table is one stop of the Tab key; from there the arrow keys lead on.
  const makeTabStop = (stop) => buttons.forEach((button) => (button.tabIndex = button === stop ? 0 : -1))
  const mistakes = data.counts.flatMap((row, digit) => row.filter((_, answer) => answer !== digit))
  const most = Math.max(1, ...mistakes)
  for (const button of buttons) {
    const [digit, answer] = position(button)
    const count = data.counts[digit][answer]
    button.textContent = count || "·"
    button.className = digit === answer ? "right" : count ? "wrong" : "none"
    button.style.setProperty("--share", Math.sqrt(count / most))
    button.setAttribute("aria-label", `${digit} read as ${answer}: ${count}`)
    button.setAttribute("aria-pressed", digit === data.selected[0] && answer === data.selected[1])
  }
  if (!table.contains(parentElement.getRootNode().activeElement)) makeTabStop(at(...data.selected))
  table.onclick = (event) => {
    const button = event.target.closest("button")
    if (!button) return
    makeTabStop(button)
    setStateValue("cell", position(button))
  }
  table.onkeydown = (event) => {
    const step = STEPS[event.key]
    if (!step || !event.target.dataset.digit) return
    event.preventDefault()
    const [digit, answer] = position(event.target)
    const next = at(digit + step[0], answer + step[1])
    if (next) makeTabStop(next), next.focus()
  }
}
