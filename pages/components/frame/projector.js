const ROOM = 24 // pixels that are left free on every side

export default function ({ parentElement }) {
  parentElement.leave?.() // Streamlit may call this anew, and what it returns only at the very end
  const stage = document.querySelector(".st-key-stage")
  const fit = () => {
    const { width, height } = { width: stage.offsetWidth, height: stage.offsetHeight }
    const top = stage.getBoundingClientRect().top // stays where it is, as the stage grows from there
    const scale = Math.min((innerWidth - 2 * ROOM) / width, (innerHeight - top - ROOM) / height)
    stage.style.transform = `scale(${Math.max(1, scale)})`
  }
  stage.style.transformOrigin = "top center"
  const watch = new ResizeObserver(fit) // of the stage; its own size does not change with the scale
  watch.observe(stage)
  addEventListener("resize", fit)
  return (parentElement.leave = () => { watch.disconnect(); removeEventListener("resize", fit); stage.style.transform = "" })
}
