// Draws the curve, the distributions, and everything that moves with the threshold. lab.py puts svg.js and packed.js before this file and
// lab.js after it; Lab in lab.js extends Drawing with events and counts. Without anomalies in the test there is no curve.

const BINS = 60;
const THUMB = 20; // pixels, as in lab.css: the centre of a native thumb stays half of this away from either end

/** Returns the number with the fewest decimals in (low, high]: every threshold in that range flags the same images. */
function shortest(low, high) {
  for (let digits = 3; digits < 16; digits++) {
    const value = Math.floor(high * 10 ** digits) / 10 ** digits;
    if (value > low && value <= high) return value;
  }
  return high;
}

/** Writes a threshold with four significant digits; the link and Python keep every digit. */
function short(limit) {
  return String(Number(limit.toPrecision(4)));
}

class Drawing {
  /** Whether there is a curve: there is none without anomalies. */
  get curved() {
    return this.anomaly.length > 0;
  }

  resized(anyway = false) {
    const width = this.root.clientWidth;
    if (!this.data || !width || (!anyway && width === this.width)) return;
    this.width = width;
    this.root.classList.toggle("narrow", width < 640);
    this.root.classList.toggle("normals-only", !this.curved);
    if (this.curved) this.drawCurve();
    this.drawScores();
    this.update();
  }

  frame(svg, height, title) {
    svg.replaceChildren();
    const width = svg.clientWidth;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.style.height = `${height}px`;
    svg.setAttribute("aria-label", title);
    return width;
  }

  drawCurve() {
    const height = Math.round(Math.min(Math.max(this.roc.clientWidth, 280), 430));
    const { colours, model, auroc } = this.data;
    const width = this.frame(this.roc, height, `ROC curve of ${model}, test images. AUROC ${auroc.toFixed(3)}.`);
    const log = this.find(".log").checked;
    const [left, right, top, bottom] = [38, 10, 24, 40];
    const least = 0.5 / this.normal.length; // a false alarm rate of 0 has no logarithm: it is drawn at the left edge
    const across = log ? (v) => Math.log(Math.max(v, least) / least) / Math.log(1 / least) : (v) => v;
    this.atFpr = (v) => left + across(v) * (width - left - right);
    this.atTpr = (v) => height - bottom - v * (height - top - bottom);
    const add = (name, attributes, text) => svg(name, attributes, this.roc, text);
    const ticks = log ? [0.001, 0.01, 0.1, 1].filter((v) => v > least) : [0, 0.2, 0.4, 0.6, 0.8, 1];
    for (const v of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
      const y = this.atTpr(v);
      add("line", { x1: left, x2: width - right, y1: y, y2: y, class: v ? "axis" : "axis base" });
      add("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, v ? v.toFixed(1) : "0");
    }
    for (const v of log ? [0, ...ticks] : ticks) {
      const x = this.atFpr(v);
      add("line", { x1: x, x2: x, y1: top, y2: height - bottom, class: v ? "axis" : "axis base" });
      add("text", { x, y: height - bottom + 16, "text-anchor": v === 1 ? "end" : "middle" }, String(v));
    }
    add("text", { x: 0, y: 12 }, "Anomalies caught, TPR");
    add("text", { x: width - right, y: height - 6, "text-anchor": "end" }, "False alarms among normal images, FPR");
    const chance = Array.from({ length: 61 }, (_, i) => (log ? least ** (1 - i / 60) : i / 60));
    add("path", { class: "chance", fill: "none", d: through(chance.map((v) => [this.atFpr(v), this.atTpr(v)])) });
    this.curveX = this.fpr.map(this.atFpr);
    this.curveY = this.tpr.map(this.atTpr);
    const kept = [];
    for (let i = 0; i < this.curveX.length; i++) {
      const last = kept[kept.length - 1] ?? 0;
      const far = Math.abs(this.curveX[i] - this.curveX[last]) + Math.abs(this.curveY[i] - this.curveY[last]) > 0.7;
      if (!i || far || i === this.curveX.length - 1) kept.push(i);
    }
    const d = through(kept.map((i) => [this.curveX[i], this.curveY[i]]));
    add("path", { class: "curve", stroke: colours.model, "stroke-dasharray": this.data.dash, d });
    add("text", { x: width - right - 6, y: height - bottom - 10, "text-anchor": "end" }, `${model}: AUROC ${auroc.toFixed(3)}`);
    this.crossX = add("line", { class: "cross", y2: height - bottom });
    this.crossY = add("line", { class: "cross", x1: left });
    this.spot = add("circle", { class: "hover", r: 5, visibility: "hidden" });
    this.point = add("circle", { class: "point", r: 9 });
  }

  drawScores() {
    const height = this.width < 640 ? 190 : 250;
    const { colours, normal_name } = this.data;
    const title = `Distribution of the scores: ${normal_name}${this.curved ? " and anomalies" : ""}, with the threshold.`;
    const width = this.frame(this.histogram, height, title);
    const [top, bottom] = [40, 34];
    [this.left, this.right] = [34, 14];
    const { left, right, low, high } = this;
    const add = (name, attributes, text) => svg(name, attributes, this.histogram, text);
    this.atScore = (v) => left + ((Math.min(Math.max(v, low), high) - low) / (high - low)) * (width - left - right);
    const defs = add("defs");
    const hatch = svg("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, defs);
    svg("rect", { width: 6, height: 6, fill: colours.anomaly, "fill-opacity": 0.35 }, hatch);
    svg("rect", { width: 3, height: 6, fill: colours.anomaly }, hatch);
    this.flagged = svg("rect", { y: 0, height, width }, svg("clipPath", { id: "flagged" }, defs));

    const kinds = [
      { name: normal_name, scores: this.normal, look: { fill: colours.normal, "fill-opacity": 0.75, stroke: colours.normal } },
      { name: "anomalies", scores: this.anomaly, look: { fill: "url(#hatch)", "fill-opacity": 0.85, stroke: colours.anomaly } },
    ].filter(({ scores }) => scores.length);
    for (const kind of kinds) {
      const edges = Array.from({ length: BINS + 1 }, (_, i) => below(kind.scores, low + (i / BINS) * (high - low)));
      edges[BINS] = kind.scores.length; // the last bin includes both of its edges
      kind.shares = edges.slice(1).map((edge, i) => (edge - edges[i]) / kind.scores.length);
    }
    const most = Math.max(...kinds.flatMap(({ shares }) => shares));
    // The square root keeps the tails visible: the threshold decides where the two kinds overlap.
    const up = (v) => height - bottom - Math.sqrt(v / most) * (height - top - bottom);
    let free = Infinity;
    for (const v of [0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.7, 1]) {
      if (v > most || free - up(v) < 14) continue;
      free = up(v);
      add("line", { x1: left, x2: width - right, y1: up(v), y2: up(v), class: v ? "axis" : "axis base" });
      add("text", { x: left - 5, y: up(v) + 4, "text-anchor": "end" }, `${Math.round(100 * v)}`);
    }
    const ticks = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5].find((v) => (high - low) / v < width / 60) ?? 1;
    for (let i = Math.ceil(low / ticks); i * ticks <= high + 1e-9; i++)
      add("text", { x: this.atScore(i * ticks), y: height - bottom + 15, "text-anchor": "middle" }, String(Number((i * ticks).toFixed(3))));
    const bar = (width - left - right) / BINS;
    const outline = (shares) => {
      const steps = shares.map((v, i) => `V${up(v).toFixed(1)}H${(left + (i + 1) * bar).toFixed(1)}`).join("");
      return `M${left},${height - bottom}${steps}V${height - bottom}Z`;
    };
    const pale = add("g", { class: "pale" });
    const full = add("g", { "clip-path": "url(#flagged)" });
    let x = left;
    for (const { name, scores, shares, look } of kinds) {
      for (const group of [pale, full]) svg("path", { d: outline(shares), ...look }, group);
      add("rect", { x, y: 2, width: 14, height: 11, fill: look.fill, stroke: look.stroke });
      const text = add("text", { x: x + 19, y: 12 }, `${name} (${whole(scores.length)})`);
      x += 19 + text.getComputedTextLength() + 16;
    }
    add("text", { x: 0, y: 30 }, "% of each kind, square-root scale; full colour: flagged");
    add("text", { x: width - right, y: height - 3, "text-anchor": "end" }, "Score: how much the model changes the image");
    this.line = add("line", { class: "limit", y1: top - 6, y2: height - bottom });
    this.slider.style.marginLeft = `${left - THUMB / 2}px`;
    this.slider.style.width = `${width - left - right + THUMB}px`;
  }

  /** Redraws everything that moves with the threshold. */
  update() {
    if (!this.line) return;
    const { limit, figures, data } = this;
    const now = this.figuresAt(limit);
    const at = this.atScore(limit);
    const set = (element, attributes) => Object.entries(attributes).forEach(([k, v]) => element.setAttribute(k, v));
    if (this.curved) {
      const [x, y] = [this.atFpr(now.fpr), this.atTpr(now.tpr)];
      set(this.point, { cx: x, cy: y });
      set(this.crossX, { x1: x, x2: x, y1: y });
      set(this.crossY, { x2: x, y1: y, y2: y });
    }
    set(this.line, { x1: at, x2: at });
    this.flagged.setAttribute("x", at);
    figures.caught.textContent = whole(now.caught);
    figures.missed.textContent = whole(this.anomaly.length - now.caught);
    figures.false_alarms.textContent = whole(now.alarms);
    figures.passed.textContent = whole(this.normal.length - now.alarms);
    figures.normal_name.textContent = data.normal_name;
    figures.tpr.textContent = percent(now.tpr);
    figures.fpr.textContent = percent(now.fpr);
    figures.precision.textContent = percent(now.precision);
    figures.cost.textContent = Number.isFinite(now.cost) ? now.cost.toPrecision(3) : "–";
    figures.rarity.textContent = data.stakes ? `at π = ${Number((100 * data.stakes.prevalence).toPrecision(4))} %` : "";
    figures.line.textContent = data.stakes && this.curved ? this.sentence(now) : "";
    this.slider.value = limit;
    const outside = limit < this.low ? ", below every score" : limit > this.high ? ", above every score" : "";
    this.slider.setAttribute("aria-valuetext", `${short(limit)}${outside}: ${this.curved ? `${percent(now.tpr)} of anomalies caught, ` : ""}${percent(now.fpr)} false alarms`);
    this.exact.value = short(limit);
    this.exact.title = `Exactly ${limit}`;
    const rates = this.curved ? `caught ${percent(now.tpr)} · ` : "";
    this.find(".readout").textContent = `threshold ${short(limit)} · ${rates}false alarms ${percent(now.fpr)}`;
    if (this.exact.getAttribute("aria-invalid") === "true") {
      this.exact.setAttribute("aria-invalid", "false");
      this.find(".wrong").textContent = "";
    }
    this.root.dataset.threshold = limit;
  }

  figuresAt(limit) {
    const alarms = this.normal.length - below(this.normal, limit);
    const caught = this.anomaly.length - below(this.anomaly, limit);
    const [fpr, tpr] = [alarms / this.normal.length, caught / this.anomaly.length];
    const { prevalence: rare, missed, alarm } = this.data.stakes ?? { prevalence: NaN, missed: NaN, alarm: NaN };
    const precision = (rare * tpr) / (rare * tpr + (1 - rare) * fpr);
    return { alarms, caught, fpr, tpr, precision, cost: rare * missed * (1 - tpr) + (1 - rare) * alarm * fpr };
  }

  /** Says the rates as counts of items, which are easier to understand than a product of percentages. */
  sentence({ tpr, fpr }) {
    const rare = this.data.stakes.prevalence;
    const items = [1_000, 10_000, 100_000, 1_000_000].find((n) => n * Math.min(rare, 1 - rare) >= 20) ?? 10_000_000;
    const [bad, good] = [Math.round(items * rare), items - Math.round(items * rare)];
    const [caught, alarms] = [Math.round(bad * tpr), Math.round(good * fpr)];
    return `On a line of ${whole(items)} items, ${whole(bad)} are anomalies: ${whole(caught)} caught, ${whole(bad - caught)} missed. Of the ${whole(good)} good ones, ${whole(alarms)} are flagged for nothing.`;
  }

  hover(event, target) {
    this.tip.hidden = !target;
    this.spot.setAttribute("visibility", target?.x === undefined ? "hidden" : "visible");
    if (!target) return;
    const then = this.figuresAt(target.limit);
    if (target.x !== undefined) {
      this.spot.setAttribute("cx", target.x);
      this.spot.setAttribute("cy", target.y);
    }
    const rates = this.curved ? `  TPR ${percent(then.tpr, 2)}` : "";
    const precision = this.curved ? `\nprecision ${percent(then.precision)}` : "";
    this.tip.textContent = `FPR ${percent(then.fpr, 2)}${rates}\nthreshold ${Number(target.limit.toFixed(6))}${precision}`;
    const box = this.root.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    this.tip.style.left = `${Math.max(0, Math.min(x + 16, box.width - this.tip.offsetWidth))}px`;
    this.tip.style.top = `${y > 90 ? y - this.tip.offsetHeight - 14 : y + 22}px`;
  }
}
