// In a narrow window the menu is a drawer over the page. Streamlit closes it after a choice where the browser calls
// itself a phone's, and leaves it open on a tablet and in half a laptop's screen. And where the next page comes quickly,
// it would begin as far down as the last one was read.
const PATIENCE = 10000 // milliseconds in which the next page has come

function beginAtTop(last, until) {
  if (location.pathname !== last) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
  else if (performance.now() < until) requestAnimationFrame(() => beginAtTop(last, until))
}

export default function ({ parentElement }) {
  parentElement.leave?.() // Streamlit may call this anew, and what it returns only at the very end
  const choose = (event) => {
    if (event.target.closest("[data-testid$=NavLink]")) beginAtTop(location.pathname, performance.now() + PATIENCE)
    if (!event.target.closest("[data-testid=stSidebarNavLink]")) return
    setTimeout(() => document.querySelector("[data-testid=stSidebar][data-collapsed=false] [data-testid=stSidebarCollapseButton] button")?.click())
  }
  document.addEventListener("click", choose)
  return (parentElement.leave = () => document.removeEventListener("click", choose))
}
