// Small charts, one a quantity, all over the same epochs. Python sends the points; only a chart whose points have changed is
// drawn again. Called again on each rerun with the same node, so what must last is kept on the node.
const WIDE = 190, HIGH = 92, LEFT = 34, RIGHT = 8, TOP = 6, BOTTOM = 16;

function svg(name, attributes, parent) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.appendChild(element);
  return element;
}

class Chart {
  constructor(shelf) {
    this.box = document.createElement("figure");
    this.caption = document.createElement("figcaption");
    this.title = document.createElement("span");
    this.value = document.createElement("output");
    this.caption.append(this.title, this.value);
    this.canvas = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
    this.box.append(this.caption, this.canvas);
    shelf.appendChild(this.box);
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.rest());
  }

  receive(chart) {
    const text = JSON.stringify(chart);
    if (text === this.text) return;
    this.text = text;
    this.box.dataset.draws = Number(this.box.dataset.draws || 0) + 1;
    this.chart = chart;
    this.title.textContent = chart.title;
    this.title.title = chart.help;
    const all = chart.series.flatMap((one) => (one.live ? [...one.points, one.live] : one.points));
    const values = all.map((point) => point[1]);
    let low = Math.min(...values), high = Math.max(...values);
    if (!all.length) [low, high] = [0, 1];
    const air = (high - low || Math.abs(high) || 1) * 0.08;
    this.low = low - air;
    this.high = high + air;
    this.canvas.replaceChildren();
    for (const value of [low, high]) {
      const y = this.y(value);
      svg("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y, y2: y, class: "grid" }, this.canvas);
    }
    chart.series.forEach((one, which) => this.draw(one, which));
    this.label(LEFT - 4, this.y(high) + 3, this.number(high), "end");
    if (high > low) this.label(LEFT - 4, this.y(low) + 3, this.number(low), "end");
    this.label(LEFT, HIGH - 3, `${chart.first}`, "start");
    this.label(WIDE - RIGHT, HIGH - 3, `epoch ${chart.last}`, "end");
    this.cursor = svg("line", { y1: TOP, y2: HIGH - BOTTOM, class: "cursor", visibility: "hidden" }, this.canvas);
    this.canvas.setAttribute("aria-label", chart.alt);
    this.rest();
  }

  draw(one, which) {
    const tone = `tone${which}`;
    const points = one.live ? [...one.points, one.live] : one.points;
    if (points.length > 1) {
      const d = points.map(([x, y], at) => `${at ? "L" : "M"}${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`).join("");
      svg("path", { d, class: `line ${tone}` }, this.canvas);
    }
    if (!points.length) return;
    const [x, y] = points[points.length - 1];
    // The last whole epoch is a filled mark, the epoch under way a hollow one.
    const kind = `mark ${tone} ${one.live ? "hollow" : ""}`;
    if (which) svg("rect", { x: this.x(x) - 3, y: this.y(y) - 3, width: 6, height: 6, class: kind }, this.canvas);
    else svg("circle", { cx: this.x(x), cy: this.y(y), r: 3.2, class: kind }, this.canvas);
  }

  label(x, y, text, anchor) {
    svg("text", { x, y, "text-anchor": anchor }, this.canvas).textContent = text;
  }

  x(epoch) {
    const { first, last } = this.chart;
    return LEFT + ((epoch - first) / Math.max(last - first, 1e-9)) * (WIDE - LEFT - RIGHT);
  }

  y(value) {
    return TOP + ((this.high - value) / (this.high - this.low)) * (HIGH - TOP - BOTTOM);
  }

  number(value) {
    return value.toFixed(this.chart.digits);
  }

  rest() {
    this.cursor?.setAttribute("visibility", "hidden");
    this.value.textContent = this.chart.series
      .map((one) => one.live ?? one.points[one.points.length - 1])
      .map((point) => (point ? this.number(point[1]) : "–"))
      .join(" · ");
  }

  point(event) {
    const frame = this.canvas.getBoundingClientRect();
    const at = ((event.clientX - frame.left) / frame.width) * WIDE;
    const { first, last } = this.chart;
    const wanted = first + ((at - LEFT) / (WIDE - LEFT - RIGHT)) * (last - first);
    const near = this.chart.series.map((one) =>
      one.points.reduce((best, p) => (!best || Math.abs(p[0] - wanted) < Math.abs(best[0] - wanted) ? p : best), null),
    );
    const shown = near.find((point) => point);
    if (!shown) return;
    const x = this.x(shown[0]);
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    this.cursor.setAttribute("visibility", "visible");
    this.value.textContent = `epoch ${shown[0]}: ${near.map((p) => (p ? this.number(p[1]) : "–")).join(" · ")}`;
  }
}

export default function ({ data, parentElement }) {
  let shelf = parentElement.querySelector(".curves");
  if (!shelf) {
    const legend = document.createElement("div");
    legend.className = "legend";
    shelf = document.createElement("div");
    shelf.className = "curves";
    shelf.charts = new Map();
    parentElement.append(legend, shelf);
  }
  const legend = parentElement.querySelector(".legend");
  const names = JSON.stringify(data.legend);
  if (legend.dataset.names !== names) {
    legend.dataset.names = names;
    legend.replaceChildren(
      ...data.legend.map((name, which) => {
        const entry = document.createElement("span");
        const key = svg("svg", { viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true" }, entry);
        svg("path", { d: "M1 5L25 5", class: `line tone${which}` }, key);
        if (which) svg("rect", { x: 10, y: 2, width: 6, height: 6, class: `mark tone${which}` }, key);
        else svg("circle", { cx: 13, cy: 5, r: 3.2, class: `mark tone${which}` }, key);
        entry.append(` ${name}`);
        return entry;
      }),
    );
  }
  const titles = new Set(data.charts.map((chart) => chart.title));
  for (const [title, chart] of shelf.charts) {
    if (titles.has(title)) continue;
    chart.box.remove();
    shelf.charts.delete(title);
  }
  for (const chart of data.charts) {
    if (!shelf.charts.has(chart.title)) shelf.charts.set(chart.title, new Chart(shelf));
    shelf.charts.get(chart.title).receive(chart);
  }
  const wanted = data.charts.map((chart) => shelf.charts.get(chart.title).box);
  if (wanted.some((box, at) => shelf.children[at] !== box)) shelf.append(...wanted); // some have a value before others
}
