// In a narrow window the menu is a drawer over the page. Streamlit closes it after a choice where the browser calls
// itself a phone's, and leaves it open on a tablet and in half a laptop's screen. And where the next page comes quickly,
// it would begin as far down as the last one was read. On the drawer's button stands "Menu" (theme.css); it is called so.
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
  const name = () => document.querySelector("[data-testid=stExpandSidebarButton]")?.setAttribute("aria-label", "Menu")
  const named = new MutationObserver(name) // it comes and goes with the drawer
  named.observe(document.querySelector("[data-testid=stHeader]"), { childList: true, subtree: true })
  name()
  return (parentElement.leave = () => {
    document.removeEventListener("click", choose)
    named.disconnect()
  })
}
