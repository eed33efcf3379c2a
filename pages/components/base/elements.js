// What the scripts of all components may use; `register` puts it before each of them.
const create = (tag, className, ...content) => {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.append(...content)
  return element
}
