// In a narrow window the menu is a drawer over the page. Streamlit closes it after a choice where the browser calls
// itself a phone's, and leaves it open on a tablet and in half a laptop's screen.
export default function ({ parentElement }) {
  parentElement.leave?.() // Streamlit may call this anew, and what it returns only at the very end
  const close = (event) => {
    if (!event.target.closest("[data-testid=stSidebarNavLink]")) return
    setTimeout(() => document.querySelector("[data-testid=stSidebar][data-collapsed=false] [data-testid=stSidebarCollapseButton] button")?.click())
  }
  document.addEventListener("click", close)
  return (parentElement.leave = () => document.removeEventListener("click", close))
}
