// In a narrow window the menu is a drawer over the page. After a choice Streamlit closes it on phones, but not on a
// tablet or in half a laptop's screen. And a page that comes quickly would open as far down as the last one was read.
const PATIENCE = 10000 // milliseconds within which the next page must have come

function scrollToTop(last, until) {
  if (location.pathname !== last) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
  else if (performance.now() < until) requestAnimationFrame(() => scrollToTop(last, until))
}

export default function ({ parentElement }) {
  parentElement.leave?.() // Streamlit may call this function again, and what it returns only when the page is left
  const onClick = ({ target }) => {
    if (target.closest("[data-testid$=NavLink]")) scrollToTop(location.pathname, performance.now() + PATIENCE)
    if (!target.closest("[data-testid=stSidebarNavLink]")) return
    setTimeout(() => document.querySelector("[data-testid=stSidebar][data-collapsed=false] [data-testid=stSidebarCollapseButton] button")?.click())
  }
  document.addEventListener("click", onClick)
  // theme.css writes "Menu" on the drawer's button; a screen reader needs the name too. The button comes and goes.
  const setName = () => document.querySelector("[data-testid=stExpandSidebarButton]")?.setAttribute("aria-label", "Menu")
  const observer = new MutationObserver(setName)
  observer.observe(document.querySelector("[data-testid=stHeader]"), { childList: true, subtree: true })
  setName()
  return (parentElement.leave = () => {
    document.removeEventListener("click", onClick)
    observer.disconnect()
  })
}
