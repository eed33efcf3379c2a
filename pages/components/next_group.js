// A new page is a new session: nothing of the last group's can be forgotten here.
export default function ({ parentElement }) {
  parentElement.querySelector("button").onclick = () => location.reload()
}
