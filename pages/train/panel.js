// Fixed validation images and their reconstructions after each epoch; a slider goes back through time without the server.
// Until somebody moves the slider, it follows the training. Its position is kept on the node.
class Panel {
  constructor(root) {
    this.root = root;
    root.innerHTML = `<div class="bar">
        <button type="button" class="play"></button>
        <label>Epoch <input type="range" min="0" step="1"></label>
        <output></output>
      </div><div class="shelf"></div>`;
    this.slider = root.querySelector("input");
    this.when = root.querySelector("output");
    this.play = root.querySelector(".play");
    this.shelf = root.querySelector(".shelf");
    this.pictures = new Map(); // by address
    this.at = null; // null: the newest
    this.slider.addEventListener("input", () => {
      this.halt();
      const where = Number(this.slider.value);
      this.at = where === this.data.frames.length - 1 ? null : where;
      this.draw();
    });
    this.play.addEventListener("click", () => (this.timer ? this.halt() : this.start()));
    this.halt();
  }

  receive(data) {
    const other = !this.data || this.data.run !== data.run || this.data.originals !== data.originals;
    const frames = data.frames.map((frame) => frame.epoch).join();
    if (!other && frames === this.frames) return;
    const shown = this.at === null || other ? null : this.data.frames[this.at]?.epoch;
    this.data = data;
    this.frames = frames;
    if (other) {
      this.at = null;
      this.pictures.clear();
      this.build();
    } else if (shown !== null) {
      const where = data.frames.findIndex((frame) => frame.epoch === shown);
      this.at = where < 0 ? null : where;
    }
    this.slider.max = data.frames.length - 1;
    this.draw();
  }

  build() {
    this.cells = this.data.names.map((name, at) => {
      const cell = document.createElement("figure");
      cell.className = at < this.data.normals ? "normal" : "anomaly";
      const [before, after] = [0, 1].map(() => {
        const canvas = document.createElement("canvas");
        canvas.setAttribute("role", "img");
        return canvas;
      });
      before.setAttribute("aria-label", `${name}, the image`);
      const caption = document.createElement("figcaption");
      cell.append(before, after, caption);
      return { cell, before, after, caption, name };
    });
    const row = (title, cells) => {
      if (!cells.length) return [];
      const heading = document.createElement("div");
      heading.className = "heading";
      heading.textContent = title;
      const grid = document.createElement("div");
      grid.className = "grid";
      grid.append(...cells.map(({ cell }) => cell));
      return [heading, grid];
    };
    this.shelf.replaceChildren(
      ...row(this.data.titles[0], this.cells.slice(0, this.data.normals)),
      ...row(this.data.titles[1], this.cells.slice(this.data.normals)),
    );
    this.picture(this.data.originals, (image) => {
      // Large images get larger cells, up to twice the width of small ones.
      this.shelf.style.setProperty("--cell", `${Math.max(64, Math.min(image.naturalHeight, 128))}px`);
      this.shelf.classList.toggle("fine", image.naturalHeight >= 64);
      this.cells.forEach(({ before }, at) => paint(before, image, at));
    });
  }

  draw() {
    const last = this.data.frames.length - 1;
    const where = this.at ?? last;
    const frame = this.data.frames[where];
    this.slider.value = where;
    this.slider.disabled = this.play.disabled = last < 1;
    if (!frame) return;
    const when = frame.epoch ? `after epoch ${frame.epoch}` : "before training";
    this.when.textContent = when + (this.at === null ? " (newest)" : "");
    this.slider.setAttribute("aria-valuetext", when);
    this.wanted = frame.src;
    this.picture(frame.src, (image) => {
      if (this.wanted !== frame.src) return; // the slider has moved on
      this.root.dataset.epoch = frame.epoch;
      this.cells.forEach(({ cell, after, caption, name }, at) => {
        paint(after, image, at);
        const score = frame.scores[at].toFixed(3);
        caption.textContent = score;
        after.setAttribute("aria-label", `${name}, reconstructed ${when}, score ${score}`);
        cell.title = `${name}, score ${score}`;
      });
    });
  }

  picture(address, then) {
    if (!this.pictures.has(address)) {
      const image = new Image();
      image.src = address;
      this.pictures.set(address, image.decode().then(() => image));
    }
    this.pictures.get(address).then(then, () => {});
  }

  start() {
    const frames = this.data.frames.length;
    this.at = this.at === null ? 0 : this.at;
    this.play.textContent = "❚❚ Pause";
    this.timer = setInterval(() => {
      if (!this.root.isConnected) return this.halt();
      if (this.at === null || this.at >= this.data.frames.length - 1) {
        this.at = null;
        this.halt();
      } else this.at += 1;
      this.draw();
    }, Math.max(80, Math.min(400, 6000 / frames)));
    this.draw();
  }

  halt() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "▶ Play";
  }
}

/** Draws number `at` of the square images that stand side by side in one picture. */
function paint(canvas, image, at) {
  const side = image.naturalHeight;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  canvas.getContext("2d").drawImage(image, at * side, 0, side, side, 0, 0, side, side);
}

export default function ({ data, parentElement }) {
  let root = parentElement.querySelector(".panel");
  if (!root) {
    root = document.createElement("div");
    root.className = "panel";
    parentElement.appendChild(root);
    root.panel = new Panel(root);
  }
  root.panel.receive(data);
}
