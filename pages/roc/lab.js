// The threshold lab. Python sends the sorted scores once and the threshold in force. This script counts and draws
// everything that moves, and tells Python when the pointer or the key is released. The function is called again on each
// rerun with the same node, so lasting state is kept on the node.

const STEP = 0.0005; // of an arrow key
const LAST = 1000; // redraw times that are kept

class Lab extends Drawing {
  constructor(root) {
    super();
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.figures = Object.fromEntries([...root.querySelectorAll("[data-figure]")].map((e) => [e.dataset.figure, e]));
    this.roc = this.find(".roc");
    this.histogram = this.find(".histogram");
    this.slider = this.find(".slider");
    this.exact = this.find(".exact");
    this.tip = this.find(".tip");
    this.serial = 0; // of the last release that was sent
    this.held = false; // a pointer or a key is down
    this.moved = false; // since the last release
    this.redraws = root.redraws = []; // milliseconds from the event's handler to the finished layout
    this.listen();
    new ResizeObserver(() => this.resized()).observe(root);
  }

  // From Python --------------------------------------------------------------------------------------------------------

  receive(data) {
    const other = data.id !== this.data?.id;
    const anew = data.session !== this.data?.session;
    this.data = data;
    if (other) {
      this.normal = numbers(data.normal);
      this.anomaly = numbers(data.anomaly);
      this.count();
      this.held = this.moved = false;
    }
    // A rerun may answer an older release while newer releases are on their way. Take Python's threshold only when
    // Python has received all of them and no pointer or key is held.
    if (anew) this.serial = data.serial;
    if (other || (data.serial >= this.serial && !this.held && !this.moved)) this.limit = data.threshold;
    this.serial = Math.max(this.serial, data.serial);
    if (other || !this.width) this.resized(true);
    else this.update();
  }

  /** Computes the curve: a point where nothing is flagged, then every distinct score as threshold, strictest first. */
  count() {
    const { normal, anomaly } = this;
    const distinct = Float64Array.from(new Set([...normal, ...anomaly])).sort().reverse();
    this.thresholds = Float64Array.of(Infinity, ...distinct);
    this.fpr = this.thresholds.map((limit) => (normal.length - below(normal, limit)) / normal.length);
    this.tpr = this.thresholds.map((limit) => (anomaly.length - below(anomaly, limit)) / anomaly.length); // nan without any
    const [least, most] = [distinct[distinct.length - 1], distinct[0]];
    this.high = Math.min(this.data.largest, Math.floor(most * 100 + 1) / 100);
    this.low = Math.max(0, Math.min(Math.floor(least * 100) / 100, this.high - 0.01));
    this.slider.min = this.low;
    this.slider.max = this.high;
  }

  // To Python ----------------------------------------------------------------------------------------------------------

  release() {
    this.held = false;
    if (!this.moved) return;
    this.moved = false;
    this.serial += 1;
    this.find(".said").textContent = this.slider.getAttribute("aria-valuetext");
    this.send({ threshold: this.limit, serial: this.serial });
  }

  move(limit) {
    limit = Math.min(Math.max(limit, 0), this.data.largest);
    if (limit === this.limit) return;
    this.limit = limit;
    this.moved = true;
    this.drawn = false;
    this.update();
  }

  /** Runs a handler; if it moved the threshold, keeps the time that it took, layout included. */
  timed(work) {
    const start = performance.now();
    this.drawn = true;
    work();
    if (this.drawn) return;
    this.root.getBoundingClientRect();
    this.redraws.push(performance.now() - start);
    if (this.redraws.length > LAST) this.redraws.shift();
  }

  // Pointer and keys ---------------------------------------------------------------------------------------------------

  listen() {
    this.draggable(this.roc, (event) => this.onCurve(event));
    this.draggable(this.histogram, (event) => this.onScores(event));
    this.slider.addEventListener("pointerdown", () => (this.held = true));
    this.slider.addEventListener("input", () =>
      this.timed(() => this.move(Number(this.slider.valueAsNumber.toFixed(4)))),
    );
    this.slider.addEventListener("change", () => this.release());
    for (const end of ["pointerup", "pointercancel", "keyup", "blur"])
      this.slider.addEventListener(end, () => this.release());
    this.slider.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 20, PageDown: -20 }[event.key];
      const end = { Home: this.low, End: this.high }[event.key];
      if (steps === undefined && end === undefined) return;
      event.preventDefault();
      this.held = true;
      this.timed(() => this.move(end ?? this.stepped(steps)));
    });
    this.exact.addEventListener("change", () => this.typed());
    this.exact.addEventListener("keydown", (event) => event.key === "Enter" && this.typed());
    this.find(".log").addEventListener("change", () => this.resized(true));
    for (const button of this.root.querySelectorAll("[data-save]"))
      button.addEventListener("click", () => this.save(button.dataset.save));
  }

  /** Returns the threshold moved by a whole number of steps on the grid of STEP. */
  stepped(steps) {
    const place = this.limit / STEP;
    const near = Math.round(place);
    const from = Math.abs(place - near) < 1e-6 ? near : steps > 0 ? Math.floor(place) : Math.ceil(place);
    return Number(((from + steps) * STEP).toFixed(4));
  }

  draggable(drawing, at) {
    const follow = (event) =>
      this.timed(() => {
        const target = at(event);
        if (this.held && drawing.hasPointerCapture(event.pointerId)) this.move(target.limit);
        this.hover(event, target);
      });
    drawing.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      this.slider.focus({ preventScroll: true }); // keys continue where the pointer stopped
      drawing.setPointerCapture(event.pointerId);
      this.held = true;
      follow(event);
    });
    drawing.addEventListener("pointermove", (event) => follow(event));
    for (const end of ["pointerup", "pointercancel"]) drawing.addEventListener(end, () => this.release());
    drawing.addEventListener("pointerleave", () => this.hover(null, null));
  }

  /** Returns the point of the curve nearest to the pointer on the screen. */
  onCurve(event) {
    const box = this.roc.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = 0;
    let least = Infinity;
    for (let i = 0; i < this.curveX.length; i++) {
      const distance = (this.curveX[i] - x) ** 2 + (this.curveY[i] - y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    const [upper, lower] = [Math.min(this.thresholds[best], this.high), this.thresholds[best + 1] ?? -1];
    return { limit: shortest(lower, upper), x: this.curveX[best], y: this.curveY[best] };
  }

  onScores(event) {
    const box = this.histogram.getBoundingClientRect();
    const share = (event.clientX - box.left - this.left) / (box.width - this.left - this.right);
    const limit = this.low + Math.min(Math.max(share, 0), 1) * (this.high - this.low);
    return { limit: Number(limit.toFixed(4)) };
  }

  typed() {
    const text = this.exact.value.trim().replace(",", ".");
    if (text === short(this.limit)) return this.update(); // the digits that are shown of the exact one
    const value = text === "" ? NaN : Number(text);
    const wrong = !(value >= 0 && value <= this.data.largest);
    this.exact.setAttribute("aria-invalid", wrong);
    this.find(".wrong").textContent = wrong ? `a number from 0 to ${this.data.largest}` : "";
    if (wrong) return;
    this.move(value);
    this.release();
  }

  // Take away ----------------------------------------------------------------------------------------------------------

  /** Returns the drawings as one SVG that needs no style sheet. */
  picture() {
    const gap = 32;
    const drawings = (this.curved ? [this.roc, this.histogram] : [this.histogram]).map((drawing) => ({
      drawing, width: drawing.clientWidth, height: drawing.clientHeight,
    }));
    const width = drawings.reduce((sum, each) => sum + each.width + gap, 40 - gap);
    const height = Math.max(...drawings.map(({ height }) => height)) + 100;
    const style = getComputedStyle(this.root);
    const ground = style.getPropertyValue("--st-background-color").trim() || "#fff";
    const out = svg("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` });
    const write = (y, text, size) =>
      svg("text", { x: 20, y, fill: style.color, "font-family": "sans-serif", "font-size": size }, out, text);
    svg("rect", { width, height, fill: ground }, out);
    const now = this.figuresAt(this.limit);
    const caught = this.curved ? `TPR ${percent(now.tpr)}, ` : "";
    const { stakes } = this.data;
    const precise = this.curved && stakes ? `, precision ${percent(now.precision)} where ${percent(stakes.prevalence)} are anomalies` : "";
    write(30, `${this.data.model}, normal: ${this.data.normal_name}, threshold ${short(this.limit)}`, 16);
    write(52, `${caught}FPR ${percent(now.fpr)}${precise}`, 13);
    let x = 20;
    for (const each of drawings) {
      svg("g", { transform: `translate(${x} 76)` }, out).append(...plainly(each.drawing).childNodes);
      x += each.width + gap;
    }
    return { text: new XMLSerializer().serializeToString(out), width, height };
  }

  async save(kind) {
    const { text, width, height } = this.picture();
    let blob = new Blob([text], { type: "image/svg+xml" });
    if (kind === "png") {
      const image = new Image();
      image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    }
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${this.data.file}.${kind}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}

/** Returns a copy of a drawing with its styles as attributes. */
function plainly(drawing) {
  const copy = drawing.cloneNode(true);
  const [from, to] = [drawing, copy].map((root) => [...root.querySelectorAll("*")]);
  const wanted = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font-size", "font-family", "text-anchor", "visibility"];
  from.forEach((element, i) => {
    const computed = getComputedStyle(element);
    for (const name of wanted) to[i].setAttribute(name, computed.getPropertyValue(name).replaceAll('"', "'"));
    to[i].removeAttribute("class");
  });
  return copy;
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".lab");
  root.lab ??= new Lab(root);
  root.lab.send = (release) => setStateValue("release", release);
  root.lab.receive(data);
}
