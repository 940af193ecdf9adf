// Draws the belt and what was spent. belt_view.py puts svg-free helpers (packed.js) before this file and belt.js after it; Belt in
// belt.js extends View with time, counts and messages.

const GATE = 0.5; // of the width: where an item is judged
const TALL = 190; // pixels, as in belt.css
const ITEM = 56; // pixels, side of an item on the belt
const PITCH = 76; // pixels between two items

class View {
  /** Fits a canvas to its place on the page and returns its context, in CSS pixels. */
  surface(canvas, height) {
    const scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    if (canvas.width !== Math.round(width * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    return [context, width];
  }

  drawBelt() {
    const [c, width] = this.surface(this.belt, TALL);
    const gate = Math.round(width * GATE);
    const top = 62;
    c.fillStyle = this.tone.border;
    c.fillRect(0, top + ITEM + 6, width, 8);
    c.fillStyle = this.tone.ground;
    const rollers = 26;
    for (let x = -((this.place * PITCH) % rollers); x < width; x += rollers) c.fillRect(x, top + ITEM + 8, 12, 4);
    c.strokeStyle = this.tone.text;
    c.lineWidth = 2;
    c.setLineDash([]);
    c.beginPath();
    c.moveTo(gate, 26);
    c.lineTo(gate, top - 6);
    c.moveTo(gate, top + ITEM + 16);
    c.lineTo(gate, TALL - 26);
    c.stroke();
    c.font = `13px ${this.tone.font}`;
    c.fillStyle = this.tone.text;
    c.textAlign = "center";
    c.fillText(`threshold ${this.limit.toPrecision(4)}`, gate, 18);
    const first = Math.max(0, Math.floor(this.place - gate / PITCH - 1));
    const last = Math.ceil(this.place + (width - gate) / PITCH + 1);
    for (let number = first; number <= last; number++) this.drawItem(c, number, gate + (number - this.place) * PITCH, top);
  }

  /** Draws an item whose centre is at `x`. Behind the gate it shows its verdict; a flagged one is lifted off the belt. */
  drawItem(c, number, x, top) {
    const item = this.item(number);
    if (!item) return;
    const verdict = this.verdicts.get(number);
    const flagged = verdict === "caught" || verdict === "false alarm";
    const lift = flagged ? Math.min(1, (this.place - number) * 1.5) * 34 : 0;
    const left = x - ITEM / 2;
    const y = top - lift;
    const { picture, side, at } = item;
    c.imageSmoothingEnabled = side > ITEM;
    c.drawImage(picture, at * side, 0, side, side, left, y, ITEM, ITEM);
    if (!verdict) return;
    const wrong = verdict === "missed" || verdict === "false alarm";
    c.strokeStyle = flagged ? this.data.colours.anomaly : this.data.colours.normal;
    c.lineWidth = 3;
    c.setLineDash(flagged ? [5, 3] : []);
    c.strokeRect(left - 1, y - 1, ITEM + 2, ITEM + 2);
    c.setLineDash([]);
    c.fillStyle = this.tone.text;
    c.font = `${wrong ? "600 " : ""}12px ${this.tone.font}`;
    c.fillText({ caught: "✓ caught", missed: "✗ missed", "false alarm": "! alarm", passed: "○" }[verdict], x, TALL - 30);
    c.font = `12px ${this.tone.font}`;
    c.fillText(item.score.toFixed(3), x, TALL - 12);
  }

  drawSpent() {
    const height = 130;
    const [c, width] = this.surface(this.spent, height);
    const lines = this.curves;
    const items = lines.mine.length;
    const most = Math.max(lines.mine[items - 1] ?? 0, lines.expected[items - 1] ?? 0, lines.other[items - 1] ?? 0, 1e-9);
    const [left, right, top, bottom] = [12, 12, 24, 12];
    c.font = `12px ${this.tone.font}`;
    c.fillStyle = this.tone.text;
    c.textAlign = "left";
    c.fillText(`Spent, over ${whole(this.counted)} items`, left, 16);
    const draw = (name, dash, colour, thick) => {
      c.strokeStyle = colour;
      c.lineWidth = thick;
      c.setLineDash(dash);
      c.beginPath();
      lines[name].forEach((value, at) => {
        const x = left + (at / Math.max(items - 1, 1)) * (width - left - right);
        const y = height - bottom - (value / most) * (height - top - bottom);
        if (at) c.lineTo(x, y);
        else c.moveTo(x, y);
      });
      c.stroke();
    };
    draw("expected", [2, 4], this.tone.text, 1.5);
    draw("other", [8, 5], this.tone.text, 2);
    draw("mine", [], this.data.colours.model, 3);
    c.setLineDash([]);
    const say = (name) => `${lines[name].length ? lines[name][items - 1].toFixed(1) : 0}`;
    this.spent.setAttribute(
      "aria-label",
      `Spent over ${whole(this.counted)} items: ${say("mine")} at your threshold, ${say("expected")} expected, ${say("other")} at ${this.data.other.name}.`,
    );
  }
}
