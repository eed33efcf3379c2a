const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

const header = (text, scope, className = "") => {
  const cell = document.createElement("th")
  cell.textContent = text
  if (scope) cell.scope = scope
  if (className) cell.className = className
  return cell
}

export default function ({ data, parentElement, setStateValue }) {
  const table = parentElement.querySelector("table")
  const digits = data.counts.map((_, digit) => digit)
  if (!table.querySelector("button")) {
    const head = document.createElement("tr")
    head.append(header("", "", "corner"), ...digits.map((digit) => header(digit, "col")))
    table.tHead.append(head)
    for (const digit of digits) {
      const row = document.createElement("tr")
      row.append(header(digit, "row"))
      for (const answer of digits) {
        const cell = document.createElement("td")
        const button = document.createElement("button")
        button.type = "button"
        button.dataset.cell = `${digit} ${answer}`
        cell.append(button)
        row.append(cell)
      }
      table.tBodies[0].append(row)
    }
  }
  table.caption.textContent = data.caption
  const at = (digit, answer) => table.querySelector(`[data-cell="${digit} ${answer}"]`)
  // One stop for the Tab key; from there the arrow keys lead on.
  const reach = (chosen) => {
    for (const button of table.querySelectorAll("button")) button.tabIndex = button === chosen ? 0 : -1
  }
  const most = Math.max(1, ...digits.flatMap((digit) => digits.map((answer) => (digit === answer ? 0 : data.counts[digit][answer]))))
  for (const digit of digits)
    for (const answer of digits) {
      const [button, count] = [at(digit, answer), data.counts[digit][answer]]
      button.textContent = count || "·"
      button.className = digit === answer ? "right" : count ? "wrong" : "none"
      button.style.setProperty("--share", digit === answer ? 0 : Math.sqrt(count / most))
      button.setAttribute("aria-label", `${digit} read as ${answer}: ${count}`)
      button.setAttribute("aria-pressed", digit === data.chosen[0] && answer === data.chosen[1])
    }
  if (!table.contains(parentElement.getRootNode().activeElement)) reach(at(...data.chosen))
  table.onclick = (event) => {
    const button = event.target.closest("button")
    if (!button) return
    reach(button)
    setStateValue("cell", button.dataset.cell.split(" ").map(Number))
  }
  table.onkeydown = (event) => {
    const step = STEPS[event.key]
    if (!step || !event.target.dataset.cell) return
    const [digit, answer] = event.target.dataset.cell.split(" ").map(Number)
    const next = at(digit + step[0], answer + step[1])
    event.preventDefault()
    if (next) reach(next), next.focus()
  }
}
