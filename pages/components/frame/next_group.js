// A new page is a new session: nothing of the last group's can be forgotten here. The address says that it begins anew.
export default function ({ parentElement }) {
  parentElement.querySelector("button").onclick = () => {
    const address = new URL(location)
    address.searchParams.set("anew", "1")
    location.assign(address)
  }
}
