// A drawing of grey levels, exactly as the model sees it: strokes, undo, and display. pad.py puts this file before pad.js; Pad
// in pad.js extends Drawing with pointer, keys and messages to Python.

const HISTORY = 200; // drawings that can be undone

class Drawing {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.canvas = this.find("canvas");
    this.context = this.canvas.getContext("2d");
    this.cursor = this.find(".cursor");
    this.tool = "brush";
    this.base = ""; // the origin of the drawing: a sketch's name or a test image's number
  }

  /** Starts a new drawing of `side` by `side` black pixels. */
  resize(side) {
    this.side = this.canvas.width = this.canvas.height = side;
    this.pixels = new Uint8Array(side * side);
    this.undone = [];
    this.done = [];
    this.at = { x: side / 2, y: side / 2 }; // of the brush that the keys move
    this.stroke = null;
  }

  // Strokes ------------------------------------------------------------------------------------------------------------

  begin(x, y) {
    this.stroke = { before: this.pixels.slice(), cover: new Float32Array(this.side ** 2), x, y };
    this.line(x, y);
  }

  /** Draws a line to (x, y), in pixels of the drawing. The stroke covers a pixel by the share that it reaches into it. */
  line(x, y) {
    const { stroke } = this;
    const radius = this.size / 2;
    const level = this.tool === "eraser" ? 0 : this.level;
    const [dx, dy] = [x - stroke.x, y - stroke.y];
    const length = dx * dx + dy * dy;
    for (let row = 0; row < this.side; row++) {
      for (let column = 0; column < this.side; column++) {
        const [px, py] = [column + 0.5 - stroke.x, row + 0.5 - stroke.y];
        const along = length ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
        const distance = Math.hypot(px - along * dx, py - along * dy);
        const cover = Math.min(1, Math.max(0, radius + 0.5 - distance));
        const at = row * this.side + column;
        if (cover <= stroke.cover[at]) continue;
        stroke.cover[at] = cover;
        this.pixels[at] = Math.round(stroke.before[at] + (level - stroke.before[at]) * cover);
      }
    }
    stroke.x = x;
    stroke.y = y;
    this.draw();
    if (this.serial <= this.heard && performance.now() > (this.rest ?? 0)) this.report();
  }

  finish() {
    if (!this.stroke) return;
    const { before } = this.stroke;
    this.stroke = null;
    this.keep(before);
    this.report(true);
    this.draw();
  }

  keep(before) {
    this.done.push(before);
    if (this.done.length > HISTORY) this.done.shift();
    this.undone = [];
  }

  /** Replaces the whole drawing; this can be undone. */
  replace(pixels, undoable = true) {
    if (undoable) this.keep(this.pixels);
    this.pixels = pixels;
    this.draw();
  }

  act(name) {
    this.finish();
    const [from, to] = name === "redo" ? [this.undone, this.done] : [this.done, this.undone];
    if (name === "clear") {
      this.base = "";
      this.replace(new Uint8Array(this.side ** 2));
    } else if (!from.length) return this.say(`Nothing to ${name}.`);
    else {
      to.push(this.pixels);
      this.pixels = from.pop();
      this.draw();
    }
    this.say({ undo: "Undone.", redo: "Redone.", clear: "Cleared." }[name]);
    this.report(true);
  }

  // Display ------------------------------------------------------------------------------------------------------------

  update() {
    this.size = this.find(".size").valueAsNumber;
    this.level = this.find(".level").valueAsNumber;
    this.find(".size-says").textContent = this.size;
    this.find(".level-says").textContent = this.level;
    this.root.style.setProperty("--level", `rgb(${this.level} ${this.level} ${this.level})`);
    this.point(!this.cursor.hidden);
  }

  point(visible) {
    this.cursor.hidden = !visible;
    this.cursor.classList.toggle("down", Boolean(this.stroke));
    const share = 100 / this.side;
    Object.assign(this.cursor.style, {
      left: `${this.at.x * share}%`,
      top: `${this.at.y * share}%`,
      width: `${this.size * share}%`,
      height: `${this.size * share}%`,
    });
  }

  draw() {
    const image = this.context.createImageData(this.side, this.side);
    this.pixels.forEach((value, at) => image.data.set([value, value, value, 255], 4 * at));
    this.context.putImageData(image, 0, 0);
    const painted = this.pixels.reduce((count, value) => count + (value > 0), 0);
    const share = Math.round((100 * painted) / this.pixels.length);
    this.canvas.setAttribute("aria-label", `Drawing pad, ${this.side} by ${this.side} pixels, ${share} % painted`);
    for (const [act, possible] of [["undo", this.done.length], ["redo", this.undone.length], ["clear", painted]])
      this.find(`[data-act=${act}]`).disabled = !possible;
  }

  say(words) {
    this.find(".said").textContent = words;
  }
}
