const PROJECTOR = "p"
// Each key does what clicking the first of these that there is, and that can be clicked, does.
const SHORTCUTS = [
  { key: "u", says: "Undo the last stroke", clicks: [".st-key-undo button"] },
  { key: "c", says: "Clear the board", clicks: [".st-key-clear button"] },
  { key: "d", says: "Go to Draw", clicks: ["[data-testid$=NavLink][href$='/']"] },
  { key: "t", says: "Train; elsewhere: go to Train", clicks: [".st-key-train button", "[data-testid$=NavLink][href$='/train']"] },
  { key: "s", says: "Stop the run that is shown", clicks: [".st-key-stop button"] },
  { key: PROJECTOR, says: "Projector mode on Draw, on and off" }, // its button lies folded away, out of reach
]
const LIST = "?"
const OFF = "inkling_shortcuts_off" // single keys can disturb who speaks to the computer, so they can be switched off
const TYPED = "textarea, select, [contenteditable]:not([contenteditable=false]), [role=textbox], [role=combobox], [role=searchbox], [role=spinbutton]"
const UNTYPED = ["button", "checkbox", "radio", "submit", "reset", "file", "image"] // inputs that take no letters

const isTyping = (target) =>
  target instanceof Element &&
  (target.closest(TYPED) || (target.matches("input") && !UNTYPED.includes(target.type)))

export default function ({ parentElement, setTriggerValue }) {
  parentElement.leave?.() // Streamlit may call this anew, and what it returns only at the very end
  const find = (selector) => parentElement.querySelector(selector)
  const dialog = find("dialog")
  const use = find("input")
  find("dl").replaceChildren(
    ...[...SHORTCUTS, { key: LIST, says: "This list" }].map(({ key, says }) => {
      const row = document.createElement("div")
      row.innerHTML = "<dt><kbd></kbd></dt><dd></dd>"
      row.querySelector("kbd").textContent = key
      row.querySelector("dd").textContent = says
      return row
    }),
  )
  use.checked = !localStorage.getItem(OFF)
  use.onchange = () => (use.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes"))
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
    const there = clicks.map((selector) => document.querySelector(selector)).find((element) => element && !element.disabled)
    if (!there) return
    event.preventDefault()
    there.click()
  }
  document.addEventListener("keydown", press)
  return (parentElement.leave = () => document.removeEventListener("keydown", press))
}
