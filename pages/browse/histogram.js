// Draws the histogram above the score range: one SVG over the whole width. Called again on each rerun.
export default function ({ data, parentElement }) {
  const { normals, anomalies, range, largest, threshold, colours, label } = data;
  const high = 40;
  const bins = normals.length;
  const wide = largest / bins;
  // The height is the square root of the count, so that small counts can be seen.
  const tallest = Math.max(1, ...normals.map((count, bin) => Math.sqrt(count + anomalies[bin])));
  const bars = normals.map((count, bin) => {
    const all = count + anomalies[bin];
    if (!all) return "";
    const height = (high * Math.sqrt(all)) / tallest;
    const part = (height * count) / all;
    const outside = (bin + 1) * wide <= range[0] || bin * wide >= range[1];
    return (
      `<g opacity="${outside ? 0.25 : 1}">` +
      `<rect x="${bin}" y="${high - height}" width=".85" height="${Math.max(0, height - part)}" fill="${colours.anomaly}"/>` +
      `<rect x="${bin}" y="${high - part}" width=".85" height="${part}" fill="${colours.normal}"/></g>`
    );
  });
  const at = (bins * threshold) / largest;
  const svg = parentElement.querySelector("svg");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("viewBox", `0 0 ${bins} ${high}`);
  svg.innerHTML =
    bars.join("") +
    `<path d="M${at} 0V${high}" stroke="currentColor" stroke-width="1.5" stroke-dasharray="4 3" vector-effect="non-scaling-stroke"/>`;
}
