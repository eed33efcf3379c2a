const YEAR = 31536000 // seconds

/*
 * What the cookies may be sent with. Strict: they go to this app from its own pages only. A page that was opened by
 * another site's link still has its workspace, as it is the page itself that opens the connection. In a frame of another
 * site, such as a course's page, browsers store no strict or lax cookie at all: there it is one that only frames of this
 * very site get back (Partitioned), for which they demand HTTPS.
 */
function attributes() {
  if (location.protocol !== "https:") return "SameSite=Strict"
  return isInForeignFrame() ? "SameSite=None; Secure; Partitioned" : "SameSite=Strict; Secure"
}

function isInForeignFrame() {
  try {
    return window.top.location.origin !== location.origin
  } catch {
    return true
  }
}

function read(name) {
  const start = `${name}=`
  return document.cookie.split("; ").find((cookie) => cookie.startsWith(start))?.slice(start.length) ?? ""
}

function write(name, value) {
  document.cookie = `${name}=${value}; Path=/; Max-Age=${value ? YEAR : 0}; ${attributes()}`
}

function keep({ name, token, adopts, formerName, left, mostFormer }) {
  const found = read(name)
  // Another tab was here first, or has taken over another workspace: this one follows.
  if (found && found !== token && !adopts) return found
  write(name, token)
  const former = new Set([...left, ...read(formerName).split(".")].filter((one) => one && one !== token))
  write(formerName, [...former].slice(0, mostFormer).join("."))
}

export default function ({ data, setTriggerValue }) {
  let found
  try {
    found = keep(data)
  } catch {
    // A sandboxed frame may have no cookies: the workspace then lasts as long as the page.
  }
  if (found) setTriggerValue("found", found)
  else if (data.adopts) setTriggerValue("adopted", true)
}
