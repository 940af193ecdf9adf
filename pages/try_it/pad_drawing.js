// A drawing of grey levels or colours, exactly as the model sees it: strokes, undo, and display. pad.py puts this file before pad.js; Pad
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

  /** Starts a new drawing of `side` by `side` black pixels of one (grey) or three (colour) levels each. */
  resize(side, channels) {
    this.side = this.canvas.width = this.canvas.height = side;
    this.channels = channels;
    this.pixels = new Uint8Array(side * side * channels);
    this.ground = this.pixels.slice(); // what the eraser brings back
    this.find(".grey").hidden = channels > 1;
    this.find(".coloured").hidden = channels === 1;
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
    const erasing = this.tool === "eraser";
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
        for (let channel = 0; channel < this.channels; channel++) {
          const place = at * this.channels + channel;
          const level = erasing ? this.ground[place] : this.levels[channel];
          this.pixels[place] = Math.round(stroke.before[place] + (level - stroke.before[place]) * cover);
        }
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
      if (!this.erasesToPhoto) this.base = "";
      this.replace(this.ground.slice());
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
    const level = this.find(".level").valueAsNumber;
    const hex = parseInt(this.find(".colour").value.slice(1), 16);
    this.levels = this.channels === 1 ? [level] : [hex >> 16, (hex >> 8) & 255, hex & 255];
    this.find(".size-says").textContent = this.size;
    this.find(".level-says").textContent = level;
    this.root.style.setProperty("--level", `rgb(${level} ${level} ${level})`);
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
    const { pixels, channels, ground } = this;
    let painted = 0;
    for (let at = 0; at < this.side ** 2; at++) {
      let changed = false;
      for (let part = 0; part < 3; part++) {
        const place = at * channels + (channels === 1 ? 0 : part);
        image.data[4 * at + part] = pixels[place];
        changed ||= pixels[place] !== ground[place];
      }
      image.data[4 * at + 3] = 255;
      painted += changed;
    }
    this.context.putImageData(image, 0, 0);
    const share = Math.round((100 * painted) / this.side ** 2);
    this.canvas.setAttribute("aria-label", `Drawing pad, ${this.side} by ${this.side} pixels, ${share} % painted`);
    for (const [act, possible] of [["undo", this.done.length], ["redo", this.undone.length], ["clear", painted]])
      this.find(`[data-act=${act}]`).disabled = !possible;
  }

  say(words) {
    this.find(".said").textContent = words;
  }
}
