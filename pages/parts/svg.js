// Helpers for every drawing. A component's Python puts this file before its own script.

/** Returns a new SVG element with these attributes, inside `parent` and with this text if there are any. */
function svg(name, attributes = {}, parent = null, text = null) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  parent?.appendChild(element);
  return element;
}

/** Returns the path through points [x, y] in pixels. */
function through(points) {
  return points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
}
