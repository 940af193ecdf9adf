// Explains a part of the diagram, below the diagram, when the pointer rests on the part or the keyboard reaches it. The Tab
// key stops once at each drawing; the arrow keys move from part to part.
export default function (component) {
  const root = component.parentElement
  if (root.misfitWired) return
  root.misfitWired = true
  const about = root.querySelector(".about")
  const hint = about.textContent
  // What scrolls by under a resting pointer sends the same events; only a pointer that moves may replace what the keyboard asked for.
  let place = ""
  const moved = (event) => place !== (place = `${event.screenX} ${event.screenY}`)
  for (const drawing of root.querySelectorAll("svg")) {
    const parts = [...drawing.querySelectorAll("g[tabindex]")]
    const explain = (part) => { about.textContent = part ? part.getAttribute("aria-label") : hint }
    const focused = () => parts.find((part) => part === root.activeElement || part.matches(":focus"))
    parts.forEach((part, index) => {
      part.addEventListener("pointerenter", (event) => { if (moved(event)) explain(part) })
      part.addEventListener("pointerleave", (event) => { if (moved(event)) explain(focused()) })
      part.addEventListener("focus", () => {
        parts.forEach((other) => other.setAttribute("tabindex", other === part ? "0" : "-1"))
        explain(part)
      })
      part.addEventListener("blur", () => explain(null))
      part.addEventListener("keydown", (event) => {
        const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key]
        if (!step) return
        event.preventDefault()
        parts[(index + step + parts.length) % parts.length].focus()
      })
    })
  }
}
