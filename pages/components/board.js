export default function ({ data, parentElement, setTriggerValue }) {
  const board = parentElement.host.closest(".st-key-board")
  let frame
  const dress = () => {
    cancelAnimationFrame(frame)
    const hosts = [...board.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
    const canvas = hosts.map((host) => host.shadowRoot).findLast((root) => root?.querySelector(".dc-container"))
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
  // Streamlit does not say when the browser turns from day to night; the next run knows.
  const night = matchMedia("(prefers-color-scheme: dark)")
  const turn = () => setTimeout(() => setTriggerValue("turned", true), 100) // once Streamlit has turned too
  night.addEventListener("change", turn)
  return () => { remounted.disconnect(); cancelAnimationFrame(frame); night.removeEventListener("change", turn) }
}
