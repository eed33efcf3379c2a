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
    sheet.toggleAttribute("data-empty", data.empty)
    sheet.querySelector(".upper-canvas")?.setAttribute("aria-label", "Drawing board")
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
