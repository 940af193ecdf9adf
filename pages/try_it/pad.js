// The pad between a person and Python: drawing happens in the browser (pad_drawing.js). Python gets the drawing during a
// stroke and at its end, but never before it has answered the last message, so that at most one model call runs. The
// function is called again on each rerun with the same node, so lasting state is kept on the node.

const PAUSE = 120; // milliseconds; the least time from an answer to the next message within a stroke
const PATIENCE = 8000; // milliseconds to wait for an answer; a rerun that was cut off sends none

class Pad extends Drawing {
  constructor(root, send) {
    super(root);
    this.send = send;
    this.serial = 0; // of the last drawing that was sent
    this.heard = 0; // of the last drawing that was answered
    this.latencies = root.latencies = []; // milliseconds from a stroke's end to its score
  }

  // From and to Python -------------------------------------------------------------------------------------------------

  receive(data) {
    const first = this.session === undefined;
    const anew = data.session !== this.session;
    const resized = data.side !== this.side || data.channels !== this.channels;
    if (resized) this.resize(data.side, data.channels);
    if (first) this.listen();
    if (anew) this.serial = this.heard = data.heard;
    this.heard = Math.max(this.heard, data.heard);
    if (anew && !first) {
      this.start = data.start; // the server has restarted and does not have the drawing
      this.wanted = this.pixels.some(Boolean);
    } else if (resized || data.start !== this.start) {
      this.start = data.start;
      this.base = data.base;
      this.stroke = null;
      this.prepare(data);
      this.replace(unpacked(data.pixels), !resized);
    }
    this.session = data.session;
    if (data.sketches.length !== this.find(".start").children.length) this.offer(data.sketches);
    this.find(".score").textContent = data.says;
    const now = performance.now();
    if (this.serial === this.heard && this.serial !== this.answered) {
      this.answered = this.serial;
      this.rest = now + Math.max(PAUSE, now - this.sentAt); // the model is busy at most half of the time
    }
    if (this.ended && this.heard >= this.ended.serial) {
      this.latencies.push(now - this.ended.at);
      this.ended = null;
    }
    if (this.wanted) this.report();
  }

  /** Sends the drawing to Python, now or as soon as Python has answered. */
  report(finished = false) {
    const now = performance.now();
    if (finished) this.endedAt = now;
    if (this.serial > this.heard && now - this.sentAt < PATIENCE) {
      this.wanted = true;
      this.wantedEnd ||= finished;
      return;
    }
    this.serial += 1;
    this.sentAt = now;
    this.root.most = Math.max(this.root.most ?? 0, this.serial - this.heard); // messages that wait for an answer at the same time
    if (finished || this.wantedEnd) this.ended = { serial: this.serial, at: this.endedAt };
    this.wanted = this.wantedEnd = false;
    let letters = "";
    for (const value of this.pixels) letters += String.fromCharCode(value);
    const pixels = btoa(letters);
    this.send({ pixels, serial: this.serial, start: this.start, base: this.base });
  }

  /** Takes what the eraser brings back: the black background, or the photo that was put on the pad. */
  prepare(data) {
    this.erasesToPhoto = data.photo;
    this.ground = data.photo ? unpacked(data.pixels) : new Uint8Array(this.pixels.length);
    this.find("[data-tool=eraser]").title = `Eraser (E): ${data.photo ? "brings back the photo below" : "paints the black background"}`;
    this.find("[data-act=clear]").title = data.photo ? "Clear (Delete): the photo as it was put here" : "Clear (Delete)";
  }

  offer(sketches) {
    this.find(".start").replaceChildren(
      ...sketches.map((sketch) => {
        const button = document.createElement("button");
        const image = document.createElement("img");
        button.type = "button";
        button.title = `Start from: ${sketch.name}`;
        image.src = sketch.src;
        image.alt = "";
        button.append(image, sketch.name);
        button.onclick = () => {
          this.finish();
          this.base = sketch.name;
          this.replace(unpacked(sketch.pixels));
          this.say(`${sketch.name} is on the pad.`);
          this.report(true);
        };
        return button;
      }),
    );
  }

  // Pointer and keys ---------------------------------------------------------------------------------------------------

  listen() {
    const { canvas } = this;
    const where = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * this.side, ((event.clientY - box.top) / box.height) * this.side];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      event.preventDefault(); // no text is selected, and a finger does not scroll
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      this.finish(); // a stroke of the keys, if there is one
      this.byPointer = true;
      this.begin(...where(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      [this.at.x, this.at.y] = where(event);
      if (this.stroke && this.byPointer) {
        const passed = event.getCoalescedEvents?.() ?? [];
        for (const move of passed.length ? passed : [event]) this.line(...where(move));
      }
      this.point(true);
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"])
      canvas.addEventListener(name, () => this.byPointer && this.finish());
    canvas.addEventListener("pointerleave", () => this.point(canvas.matches(":focus-visible")));
    canvas.addEventListener("focus", () => this.point(canvas.matches(":focus-visible")));
    canvas.addEventListener("blur", () => {
      if (!this.byPointer) this.finish();
      this.point(false);
    });
    for (const input of [this.find(".size"), this.find(".level"), this.find(".colour")]) input.addEventListener("input", () => this.update());
    this.root.addEventListener("click", (event) => {
      const { tool, act } = event.target.closest("button")?.dataset ?? {};
      if (tool) this.choose(tool);
      if (act) this.act(act);
    });
    this.root.addEventListener("keydown", (event) => {
      if (this.key(event)) {
        event.preventDefault();
        event.stopPropagation(); // Streamlit has shortcuts of its own
      }
    });
    this.update();
    this.draw();
  }

  /** Handles a key; returns whether the pad uses this key. */
  key(event) {
    const { key } = event;
    const onPad = event.target === this.canvas;
    const lower = key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (lower === "z") this.act(event.shiftKey ? "redo" : "undo");
      else if (lower === "y") this.act("redo");
      else return false;
      return true;
    }
    if (event.altKey) return false;
    const step = event.shiftKey ? 4 : 1;
    const arrows = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (onPad && arrows[key]) this.move(...arrows[key]);
    else if (onPad && key === " ") this.toggle();
    else if (onPad && key === "Enter") {
      if (!this.stroke) this.toggle();
      this.toggle();
    } else if (onPad && key === "Escape" && this.stroke) this.toggle();
    else if (onPad && (key === "Delete" || key === "Backspace")) this.act("clear");
    else if (lower === "b") this.choose("brush");
    else if (lower === "e") this.choose("eraser");
    else if (key === "[" || key === "]") this.nudge(".size", key === "]");
    else if (this.channels === 1 && (key === "-" || key === "+" || key === "=")) this.nudge(".level", key !== "-");
    else return false;
    return true;
  }

  move(dx, dy) {
    const inside = (value) => Math.min(this.side - 0.5, Math.max(0.5, Math.floor(value) + 0.5));
    this.at = { x: inside(this.at.x + dx), y: inside(this.at.y + dy) };
    if (this.stroke) this.line(this.at.x, this.at.y);
    this.point(true);
    this.say(`Column ${Math.ceil(this.at.x)}, row ${Math.ceil(this.at.y)}`);
  }

  toggle() {
    if (this.stroke) this.finish();
    else {
      this.move(0, 0);
      this.byPointer = false;
      this.begin(this.at.x, this.at.y);
    }
    this.say(this.stroke ? "Brush down" : "Brush up");
    this.point(true);
  }

  choose(tool) {
    this.tool = tool;
    for (const button of this.root.querySelectorAll("[data-tool]"))
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    this.say(tool === "brush" ? "Brush" : "Eraser");
  }

  nudge(selector, up) {
    const input = this.find(selector);
    if (up) input.stepUp();
    else input.stepDown();
    this.update();
    this.say(`${selector === ".size" ? "Size" : "Grey level"} ${input.value}`);
  }
}

function unpacked(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".pad");
  root.pad ??= new Pad(root, (message) => root.pad.tell(message));
  root.pad.tell = (message) => setStateValue("drawing", message);
  root.pad.receive(data);
}
