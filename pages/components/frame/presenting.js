const MARGIN = 24 // pixels on every side

export default function ({ parentElement }) {
  parentElement.leave?.() // Streamlit may call this function again, and what it returns only when the page is left
  const stage = document.querySelector(".st-key-stage")
  const fit = () => {
    const top = stage.getBoundingClientRect().top // does not move, because the stage grows downwards from it
    const scale = Math.min((innerWidth - 2 * MARGIN) / stage.offsetWidth, (innerHeight - top - MARGIN) / stage.offsetHeight)
    stage.style.transform = `scale(${Math.max(1, scale)})`
  }
  stage.style.transformOrigin = "top center"
  const observer = new ResizeObserver(fit) // offsetWidth and offsetHeight do not change with the scale
  observer.observe(stage)
  addEventListener("resize", fit)
  return (parentElement.leave = () => { observer.disconnect(); removeEventListener("resize", fit); stage.style.transform = "" })
}
