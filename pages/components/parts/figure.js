export default function ({ data, parentElement }) {
  parentElement.querySelector("dt").textContent = data.label
  parentElement.querySelector("dd").textContent = data.value
}
