export default function ({ data, setTriggerValue }) {
  const start = `${data.name}=`
  const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(start))?.slice(start.length)
  // Another tab was here first, or has taken over another workspace: this one follows.
  if (found && found !== data.token && !data.adopts) return setTriggerValue("found", found)
  const secure = location.protocol === "https:" ? "; Secure" : ""
  document.cookie = `${data.name}=${data.token}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`
  if (data.adopts) setTriggerValue("adopted", true)
}
