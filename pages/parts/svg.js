// What every drawing of ours needs. A component's Python puts this file before its own script.

/** A new SVG element with these attributes; inside `parent` and with this text where they are given. */
function svg(name, attributes = {}, parent = null, text = null) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  parent?.appendChild(element);
  return element;
}

/** The path through points [x, y] in pixels. */
function through(points) {
  return points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
}
