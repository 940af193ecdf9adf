// The line. Python sends batches of items when this script asks for them, and the threshold in force. This script moves the belt,
// judges, counts and draws. The function is called again on each rerun with the same node, so lasting state is kept on the node.

const SPEEDS = [1, 2, 5, 10, 20, 50]; // items a second
const POINTS = 240; // of a curve of what was spent; then every second one is dropped
const FRAMES = 2000; // times of frames that are kept

class Belt extends View {
  constructor(root) {
    super();
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    [this.belt, this.spent, this.slider] = [".belt", ".spent", ".slider"].map(this.find);
    this.cells = {};
    for (const row of root.querySelectorAll("[data-row]"))
      this.cells[row.dataset.row] = ["missed", "alarms", "money"].map((name) => {
        const cell = row.appendChild(document.createElement("td"));
        cell.dataset.figure = name;
        if (name === "missed") cell.className = "of-anomalies";
        return cell;
      });
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.running = !this.still.matches;
    this.serial = 0;
    this.frames = root.frames = []; // milliseconds of each frame's own work
    this.listen();
    this.clear();
    requestAnimationFrame((now) => this.frame(now));
  }

  // From Python --------------------------------------------------------------------------------------------------------

  receive(data) {
    const other = data.name !== this.data?.name;
    const drifted = data.batch.drift !== this.data?.batch.drift;
    const anew = data.session !== this.data?.session;
    this.data = data;
    if (other) {
      this.clear();
      this.normal = numbers(data.validation.normal);
      this.anomaly = numbers(data.validation.anomaly);
      const top = this.anomaly.length ? this.anomaly[this.anomaly.length - 1] : 2 * this.normal[this.normal.length - 1];
      [this.slider.min, this.slider.max] = [0, Math.min(data.largest, Math.max(top, data.threshold, data.other.threshold))];
      this.root.classList.toggle("normals-only", !data.anomalies);
    }
    if (anew) this.serial = data.serial;
    if (other || (data.serial >= this.serial && !this.held)) this.set(data.threshold);
    this.serial = Math.max(this.serial, data.serial);
    if (drifted && !other) this.forget();
    else this.keep(data.batch);
    this.find('[data-row="other"] span').textContent = `At “${data.other.name}”, ${data.other.threshold.toPrecision(4)}`;
    this.find(".key.solid").style.borderColor = data.colours.model;
    this.find('[data-do="other"]').textContent = `Go to “${data.other.name}”`;
    this.belt.setAttribute("aria-label", `Items on the belt: ${data.title}. The table below counts what happens to them.`);
    this.say();
  }

  /** Keeps a batch that this belt has room for; decodes its picture. */
  keep(batch) {
    if (batch.number !== this.batches.length) return this.ask();
    const picture = new Image();
    picture.src = batch.picture;
    this.batches.push({ ...batch, image: picture, first: this.total });
    this.total += batch.scores.length;
    this.asked = null;
  }

  /** Keeps the items that are on the belt, and those of the next two seconds, which an answer may take; asks for others behind them. */
  forget() {
    const onBelt = ((1 - GATE) * this.belt.clientWidth) / PITCH;
    const kept = Math.ceil(Math.max(this.place, 0) + onBelt + 2 * SPEEDS[this.find(".speed").valueAsNumber]);
    while (this.batches.length && this.batches[this.batches.length - 1].first >= kept) this.total = this.batches.pop().first;
    if (this.total > kept) {
      const last = this.batches[this.batches.length - 1];
      last.scores = last.scores.slice(0, kept - last.first);
      this.total = kept;
    }
    this.asked = null;
    this.ask();
  }

  // To Python ----------------------------------------------------------------------------------------------------------

  ask() {
    const number = this.batches.length;
    if (this.asked === number) return;
    this.asked = number;
    // What happens to the line belongs to the question: else the same question twice would be no question.
    this.sendWant({ name: this.data.name, number, drift: this.data.batch.drift, before: this.batches[number - 1]?.scores.length });
  }

  release() {
    this.held = false;
    if (this.limit === this.sent) return;
    this.sent = this.limit;
    this.serial += 1;
    this.sendRelease({ threshold: this.limit, serial: this.serial });
  }

  // The belt -----------------------------------------------------------------------------------------------------------

  clear() {
    this.batches = [];
    this.total = 0; // items that are here
    this.counted = 0; // items that have passed the gate
    this.place = -1; // the number of the item at the gate, with a fraction between two
    this.asked = null;
    this.verdicts = new Map();
    this.sums = { mine: [0, 0], expected: [0, 0], other: [0, 0] }; // [missed, false alarms]
    this.curves = { mine: [], expected: [], other: [] };
    this.every = 1; // items a point of a curve
  }

  item(number) {
    for (let at = this.batches.length - 1; at >= 0; at--) {
      const batch = this.batches[at];
      if (number < batch.first) continue;
      const place = number - batch.first;
      if (place >= batch.scores.length || number < 0) return null;
      return {
        picture: batch.image, side: batch.side, at: place, score: batch.scores[place], anomaly: batch.anomaly[place],
        name: batch.names[place], batch,
      };
    }
    return null;
  }

  /** Moves on by so many items; stops at the last item that is here. */
  advance(items) {
    this.place = Math.min(this.place + items, this.total - 1);
    while (this.counted <= this.place) this.judge(this.counted++);
    if (this.total - this.place < 60) this.ask();
    for (const number of this.verdicts.keys()) if (number < this.place - 40) this.verdicts.delete(number);
  }

  judge(number) {
    const item = this.item(number);
    const { share, other } = this.data;
    const count = (sums, limit) => {
      const flagged = Math.fround(item.score) >= limit;
      if (item.anomaly && !flagged) sums[0]++;
      if (!item.anomaly && flagged) sums[1]++;
      return flagged;
    };
    const flagged = count(this.sums.mine, this.limit);
    count(this.sums.other, other.threshold);
    if (this.anomaly.length) this.sums.expected[0] += (share * below(this.anomaly, this.limit)) / this.anomaly.length;
    this.sums.expected[1] += (1 - share) * (1 - below(this.normal, this.limit) / this.normal.length);
    this.verdicts.set(number, item.anomaly ? (flagged ? "caught" : "missed") : flagged ? "false alarm" : "passed");
    if (number % this.every === 0) {
      for (const name of Object.keys(this.curves)) this.curves[name].push(this.money(name));
      if (this.curves.mine.length > POINTS) {
        for (const name of Object.keys(this.curves)) this.curves[name] = this.curves[name].filter((_, at) => at % 2 === 0);
        this.every *= 2;
      }
    }
    const last = number === item.batch.first + item.batch.scores.length - 1;
    if (last) this.find(".alarm").textContent = item.batch.alarm;
  }

  money(name) {
    const { missed, alarm } = this.data.costs;
    return this.sums[name][0] * missed + this.sums[name][1] * alarm;
  }

  frame(now) {
    requestAnimationFrame((next) => this.frame(next));
    const passed = Math.min((now - (this.before ?? now)) / 1000, 0.25);
    this.before = now;
    if (!this.data || !this.belt.clientWidth) return;
    const start = performance.now();
    const rate = SPEEDS[this.find(".speed").valueAsNumber];
    if (this.running && this.total) {
      this.waiting = (this.waiting ?? 0) + passed * rate;
      // Without motion the belt jumps from item to item, at most once a second.
      const items = this.still.matches ? (this.waiting >= Math.max(rate, 1) ? Math.floor(this.waiting) : 0) : this.waiting;
      if (items) {
        this.waiting -= items;
        this.advance(this.still.matches ? Math.round(this.place + items) - this.place : items);
      }
    }
    this.draw();
    this.frames.push(performance.now() - start);
    if (this.frames.length > FRAMES) this.frames.shift();
  }

  draw() {
    const style = getComputedStyle(this.root);
    const get = (name, other) => style.getPropertyValue(name).trim() || other;
    this.tone = {
      text: style.color, font: get("--st-font", "sans-serif"), border: get("--st-border-color", "#999"),
      ground: get("--st-background-color", "#fff"),
    };
    this.drawBelt();
    const state = `${this.counted} ${this.spent.clientWidth} ${this.total} ${this.running}`;
    if (this.shown === state) return;
    this.shown = state;
    this.drawSpent();
    for (const [name, [missed, alarms, money]] of Object.entries(this.cells)) {
      const digits = name === "expected" ? 1 : 0;
      missed.textContent = this.sums[name][0].toFixed(digits);
      alarms.textContent = this.sums[name][1].toFixed(digits);
      money.textContent = this.money(name).toFixed(1);
    }
    const waits = this.running && this.place >= this.total - 1 ? "; the next ones are on their way" : "";
    this.find("caption").textContent = `${whole(this.counted)} items so far${waits}`;
  }

  // Pointer and keys ---------------------------------------------------------------------------------------------------

  listen() {
    const actions = {
      run: () => this.toggle(),
      step: () => this.step(),
      reset: () => this.reset(),
      other: () => { this.set(this.data.other.threshold); this.release(); },
    };
    for (const button of this.root.querySelectorAll("[data-do]")) button.addEventListener("click", actions[button.dataset.do]);
    this.slider.addEventListener("pointerdown", () => (this.held = true));
    this.slider.addEventListener("input", () => { this.held = true; this.set(Number(this.slider.valueAsNumber.toPrecision(4))); });
    for (const end of ["change", "pointerup", "pointercancel", "keyup", "blur"])
      this.slider.addEventListener(end, () => this.release());
    const speed = this.find(".speed");
    speed.value = 2;
    speed.addEventListener("input", () => this.say());
  }

  set(limit) {
    this.limit = limit;
    if (!this.held) this.sent = limit;
    this.slider.value = limit;
    this.slider.setAttribute("aria-valuetext", `score ${limit.toPrecision(4)}`);
    this.find(".at").textContent = limit.toPrecision(4);
  }

  toggle() {
    this.running = !this.running;
    this.say();
  }

  step() {
    this.running = false;
    this.say();
    const next = Math.floor(this.place) + 1;
    this.advance(next - this.place);
    const item = this.item(Math.round(this.place));
    const verdict = this.verdicts.get(Math.round(this.place));
    if (item) this.find(".said").textContent = `Item ${next + 1}: ${item.name}, score ${item.score.toFixed(3)}, ${verdict}.`;
  }

  reset() {
    const { batches } = this;
    this.clear();
    this.batches = batches; // the same items again
    this.total = batches.reduce((sum, batch) => sum + batch.scores.length, 0);
    this.shown = null;
    this.find(".alarm").textContent = "";
  }

  say() {
    const run = this.find('[data-do="run"]');
    run.textContent = this.running ? "Pause" : "Run";
    run.setAttribute("aria-pressed", this.running);
    const speed = this.find(".speed");
    const rate = SPEEDS[speed.valueAsNumber];
    this.find(".pace").textContent = `${rate} a second`;
    speed.setAttribute("aria-valuetext", `${rate} items a second`);
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".line");
  root.line ??= new Belt(root);
  root.line.sendWant = (want) => setStateValue("want", want);
  root.line.sendRelease = (release) => setStateValue("release", release);
  root.line.receive(data);
}
