export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.leave?.() // Streamlit calls this again with new data, and what it returns only at the very end
  const board = parentElement.host.closest(".st-key-board")
  const listeners = new AbortController()
  let frame
  const numberOf = (element) => Number(element.className.match(/st-key-board_(\d+)/)?.[1] ?? -1)
  // A new sheet stands beside the old one until Streamlit's run has ended: only the newest is shown, and it stays in place.
  const mounted = () => {
    const sheets = [...board.querySelectorAll("[class*=st-key-board_]")].filter((element) => numberOf(element) >= 0)
    sheets.sort((one, other) => numberOf(other) - numberOf(one))
    for (const [index, element] of sheets.entries()) element.style.display = index ? "none" : ""
    const root = sheets[0]?.querySelector("[data-testid=stBidiComponentIsolated]")?.shadowRoot
    return root?.querySelector(".dc-container") ? root : null
  }
  const dress = () => {
    cancelAnimationFrame(frame)
    const canvas = mounted()
    if (!canvas) return (frame = requestAnimationFrame(dress)) // not mounted yet
    if (!canvas.querySelector("style[data-inkling]")) {
      const style = document.createElement("style")
      style.dataset.inkling = ""
      style.textContent = data.rules
      canvas.append(style)
    }
    const sheet = canvas.querySelector(".dc-container")
    sheet.style.setProperty("--paper", data.paper)
    sheet.toggleAttribute("data-empty", data.empty && !data.picture)
    sheet.toggleAttribute("data-picture", Boolean(data.picture))
    sheet.style.setProperty("--picture", data.picture ? `url(${data.picture})` : "none")
    const paper = sheet.querySelector(".upper-canvas")
    paper?.setAttribute("aria-label", data.picture ? "Drawing board with the picture that is read" : "Drawing board")
    if (!paper) return (frame = requestAnimationFrame(dress)) // on a slow machine it comes later than its sheet
    if (paper.dataset.inkling) return
    paper.dataset.inkling = ""
    // A stroke belongs to the board until the pen is lifted, even over a disabled button, which would swallow its end.
    paper.addEventListener("pointerdown", (event) => paper.setPointerCapture(event.pointerId))
    // The canvas sends a stroke 200 ms after its end; until then undo would take back the one before it as well.
    paper.addEventListener("pointerup", () => {
      const tools = document.querySelector(".st-key-board_tools")
      tools.style.pointerEvents = "none"
      setTimeout(() => (tools.style.pointerEvents = ""), 300)
    })
  }
  const remounted = new MutationObserver(dress) // undo, clear and a change of theme lay a new sheet
  remounted.observe(board, { childList: true, subtree: true })
  dress()
  // Until the new sheet comes, the old one takes no strokes: they would go with it. Clear empties it at once.
  const putAway = (event) => {
    const button = event.target.closest(".st-key-undo, .st-key-clear, .st-key-back_to_drawing")
    const sheet = button && mounted()?.querySelector(".dc-container")
    if (!sheet) return
    sheet.inert = true
    sheet.toggleAttribute("data-cleared", button.matches(".st-key-clear"))
  }
  document.addEventListener("click", putAway, listeners)
  // Streamlit does not say when the browser turns from day to night; the next run knows.
  const turn = () => setTimeout(() => setTriggerValue("turned", true), 100) // once Streamlit has turned too
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", turn, listeners)
  return (parentElement.leave = () => { remounted.disconnect(); cancelAnimationFrame(frame); listeners.abort() })
}
