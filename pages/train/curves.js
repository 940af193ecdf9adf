// Small charts, one for each quantity, all over the same epochs. Python sends the points; only a chart whose points have changed is
// drawn again. Called again on each rerun with the same node, so lasting state is kept on the node. curves.py puts svg.js first.
const WIDE = 190, HIGH = 92, LEFT = 34, RIGHT = 8, TOP = 6, BOTTOM = 16;

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
    for (const moved of ["pointermove", "pointerdown"]) this.canvas.addEventListener(moved, (event) => this.point(event));
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
    const values = chart.series.flatMap(whole).map((point) => point[1]);
    let low = Math.min(...values), high = Math.max(...values);
    if (!values.length) [low, high] = [0, 1];
    const air = (high - low || Math.abs(high) || 1) * 0.08;
    this.low = low - air;
    this.high = high + air;
    this.canvas.replaceChildren();
    for (const value of [low, high]) {
      const y = this.y(value);
      svg("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y, y2: y, class: "grid" }, this.canvas);
    }
    chart.series.forEach((series, tone) => this.draw(series, tone));
    this.label(LEFT - 4, this.y(high) + 3, this.number(high), "end");
    if (high > low) this.label(LEFT - 4, this.y(low) + 3, this.number(low), "end");
    this.label(LEFT, HIGH - 3, `${chart.first}`, "start");
    this.label(WIDE - RIGHT, HIGH - 3, `epoch ${chart.last}`, "end");
    this.cursor = svg("line", { y1: TOP, y2: HIGH - BOTTOM, class: "cursor", visibility: "hidden" }, this.canvas);
    this.canvas.setAttribute("aria-label", chart.alt);
    this.rest();
  }

  draw(series, tone) {
    const points = whole(series).map(([epoch, value]) => [this.x(epoch), this.y(value)]);
    if (points.length > 1) svg("path", { d: through(points), class: `line tone${tone}` }, this.canvas);
    // The last whole epoch is a filled mark, the current epoch a hollow mark.
    if (points.length) mark(this.canvas, points[points.length - 1], tone, series.live ? "hollow" : "");
  }

  label(x, y, text, anchor) {
    svg("text", { x, y, "text-anchor": anchor }, this.canvas, text);
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
      .map((series) => whole(series).at(-1))
      .map((point) => (point ? this.number(point[1]) : "–"))
      .join(" · ");
  }

  point(event) {
    const frame = this.canvas.getBoundingClientRect();
    const at = ((event.clientX - frame.left) / frame.width) * WIDE;
    const { first, last } = this.chart;
    const wanted = first + ((at - LEFT) / (WIDE - LEFT - RIGHT)) * (last - first);
    const near = this.chart.series.map((series) =>
      series.points.reduce((best, p) => (!best || Math.abs(p[0] - wanted) < Math.abs(best[0] - wanted) ? p : best), null),
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

/** Returns the points of a series, the current epoch's point last. */
function whole(series) {
  return series.live ? [...series.points, series.live] : series.points;
}

/** Returns a run's mark: a dot for the first run, a square for the second. */
function mark(parent, [x, y], tone, kind = "") {
  const look = { class: `mark tone${tone} ${kind}` };
  if (tone) svg("rect", { x: x - 3, y: y - 3, width: 6, height: 6, ...look }, parent);
  else svg("circle", { cx: x, cy: y, r: 3.2, ...look }, parent);
}

/** Returns the names of the runs, each beside its line and mark. */
function legend(box, names) {
  const text = JSON.stringify(names);
  if (box.dataset.names === text) return;
  box.dataset.names = text;
  box.replaceChildren(
    ...names.map((name, tone) => {
      const entry = document.createElement("span");
      const key = svg("svg", { viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true" }, entry);
      svg("path", { d: "M1 5L25 5", class: `line tone${tone}` }, key);
      mark(key, [13, 5], tone);
      entry.append(` ${name}`);
      return entry;
    }),
  );
}

export default function ({ data, parentElement }) {
  let shelf = parentElement.querySelector(".curves");
  if (!shelf) {
    const names = document.createElement("div");
    names.className = "legend";
    shelf = document.createElement("div");
    shelf.className = "curves";
    shelf.charts = new Map();
    parentElement.append(names, shelf);
  }
  legend(parentElement.querySelector(".legend"), data.legend);
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
  if (wanted.some((box, at) => shelf.children[at] !== box)) shelf.append(...wanted); // some charts have a value earlier than others
}
