const PROJECTOR = "p"
// A key clicks the first of these elements that exists and is not disabled.
const SHORTCUTS = [
  { key: "u", does: "Undo the last stroke", clicks: [".st-key-undo button"] },
  { key: "c", does: "Clear the board", clicks: [".st-key-clear button"] },
  { key: "d", does: "Go to Draw", clicks: ["[data-testid$=NavLink][href$='/']"] },
  { key: "t", does: "Train; elsewhere: go to Train", clicks: [".st-key-train button", "[data-testid$=NavLink][href$='/train']"] },
  { key: "s", does: "Stop the run that is shown", clicks: [".st-key-stop button"] },
  { key: PROJECTOR, does: "Projector mode on Draw, on and off" }, // its button is in a dialog that is closed
]
const LIST = "?"
const OFF = "inkling_shortcuts_off" // for those who control the computer by voice, which single keys disturb
const TEXT_INPUTS = "textarea, select, [contenteditable]:not([contenteditable=false]), [role=textbox], [role=combobox], [role=searchbox], [role=spinbutton]"
const OTHER_INPUTS = ["button", "checkbox", "radio", "submit", "reset", "file", "image"]

const isTyping = (target) =>
  target instanceof Element &&
  (target.closest(TEXT_INPUTS) || (target.matches("input") && !OTHER_INPUTS.includes(target.type)))

export default function ({ parentElement, setTriggerValue }) {
  parentElement.leave?.() // Streamlit may call this function again, and what it returns only when the page is left
  const find = (selector) => parentElement.querySelector(selector)
  const dialog = find("dialog")
  const isOn = find("input")
  find("dl").replaceChildren(
    ...[...SHORTCUTS, { key: LIST, does: "This list" }].map(({ key, does }) => {
      const row = document.createElement("div")
      row.innerHTML = "<dt><kbd></kbd></dt><dd></dd>"
      row.querySelector("kbd").textContent = key
      row.querySelector("dd").textContent = does
      return row
    }),
  )
  isOn.checked = !localStorage.getItem(OFF)
  isOn.onchange = () => (isOn.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes"))
  find(".open").onclick = () => dialog.showModal()

  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return
    if (isTyping(event.composedPath()[0]) || (localStorage.getItem(OFF) && !dialog.open)) return
    if (event.key === LIST) {
      event.preventDefault()
      return dialog.open ? dialog.close() : dialog.showModal()
    }
    if (dialog.open || document.querySelector("[data-testid=stDialog]")) return
    if (event.key.toLowerCase() === PROJECTOR && document.querySelector(".st-key-board"))
      return setTriggerValue("projector", true)
    const clicks = SHORTCUTS.find(({ key }) => key === event.key.toLowerCase())?.clicks ?? []
    const target = clicks.map((selector) => document.querySelector(selector)).find((element) => element && !element.disabled)
    if (!target) return
    event.preventDefault()
    target.click()
  }
  document.addEventListener("keydown", press)
  return (parentElement.leave = () => document.removeEventListener("keydown", press))
}
