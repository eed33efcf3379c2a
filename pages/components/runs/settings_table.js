function row(kinds, texts) {
  const made = document.createElement("tr")
  texts.forEach((text, place) => {
    const cell = document.createElement(kinds(place))
    if (cell.tagName === "TH") cell.scope = place === 0 && kinds(1) === "td" ? "row" : "col"
    cell.textContent = text
    made.append(cell)
  })
  return made
}

export default function ({ data, parentElement }) {
  const sheet = parentElement.querySelector(".sheet")
  sheet.setAttribute("aria-label", data.name)
  sheet.querySelector("thead").replaceChildren(row(() => "th", ["", ...data.heads]))
  sheet.querySelector("tbody").replaceChildren(...data.rows.map((texts) => row((place) => (place ? "td" : "th"), texts)))
}
