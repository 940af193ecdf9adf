// The latent map on a canvas: thousands of points that can be pointed at, walked over with the arrow keys, and opened.
// Python sends coordinates, a kind for each point (its colour and shape) and which points are faint. Called again on each
// rerun.
const SHAPES = {
  circle: (c, r) => c.arc(0, 0, r, 0, 7),
  square: (c, r) => c.rect(-0.85 * r, -0.85 * r, 1.7 * r, 1.7 * r),
  triangle: (c, r) => (c.moveTo(0, -1.15 * r), c.lineTo(1.05 * r, 0.8 * r), c.lineTo(-1.05 * r, 0.8 * r), c.closePath()),
  down: (c, r) => (c.moveTo(0, 1.15 * r), c.lineTo(1.05 * r, -0.8 * r), c.lineTo(-1.05 * r, -0.8 * r), c.closePath()),
  diamond: (c, r) => (c.moveTo(0, -1.25 * r), c.lineTo(1.1 * r, 0), c.lineTo(0, 1.25 * r), c.lineTo(-1.1 * r, 0), c.closePath()),
};
const RADIUS = 3;
const EDGE = 14; // pixels around the outermost points
const REACH = 14; // pixels; how far a pointer may be from a point to choose it

export default function ({ data, parentElement, setTriggerValue }) {
  let map = parentElement.map;
  if (!map) {
    map = parentElement.map = { zoom: 1, left: 0, top: 0, at: -1, root: parentElement.querySelector(".map") };
    for (const name of ["canvas", ".tip", ".bar", ".said"]) map[name.replace(".", "")] = parentElement.querySelector(name);
    listen(map);
    new ResizeObserver(() => draw(map)).observe(map.root);
  }
  map.open = (number) => setTriggerValue("open", number);
  const layout = data.layout + data.id;
  if (map.layout !== layout) Object.assign(map, { layout, zoom: 1, left: 0, top: 0, at: -1 });
  map.data = data;
  map.x = numbers(data.x, Float32Array);
  map.y = numbers(data.y, Float32Array);
  map.numbers = numbers(data.numbers, Uint32Array);
  map.scores = numbers(data.scores, Float32Array);
  map.kinds = numbers(data.kinds, Uint8Array);
  map.classes = numbers(data.classes, Uint8Array);
  map.shown = numbers(data.shown, Uint8Array);
  map.canvas.setAttribute("aria-label", data.label);
  legend(map);
  draw(map);
}

function stamp(kind, ratio) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(RADIUS * 3.4 * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, canvas.width / 2, canvas.height / 2);
  context.beginPath();
  SHAPES[kind.shape](context, RADIUS);
  context.fillStyle = kind.colour;
  context.fill();
  return canvas;
}

function draw(map) {
  const wide = map.root.clientWidth;
  if (!wide || !map.data) return;
  const high = Math.max(320, Math.min(620, Math.round(wide * 0.66)));
  const ratio = window.devicePixelRatio || 1;
  map.size = [wide, high];
  map.canvas.style.height = `${high}px`;
  map.canvas.width = wide * ratio;
  map.canvas.height = high * ratio;
  const context = map.canvas.getContext("2d");
  const stamps = map.data.kindList.map((kind) => stamp(kind, ratio));
  const count = map.x.length;
  map.px = new Float32Array(count);
  map.py = new Float32Array(count);
  for (const shown of [0, 1]) {
    // Faint points first, so that the images that the filters leave are on top.
    context.globalAlpha = shown ? 0.8 : 0.1;
    for (let point = 0; point < count; point++) {
      if (map.shown[point] !== shown) continue;
      const x = (map.px[point] = (EDGE + map.x[point] * (wide - 2 * EDGE)) * map.zoom - map.left);
      const y = (map.py[point] = (EDGE + map.y[point] * (high - 2 * EDGE)) * map.zoom - map.top);
      if (x < -9 || y < -9 || x > wide + 9 || y > high + 9) continue;
      const image = stamps[map.kinds[point]];
      context.drawImage(image, x * ratio - image.width / 2, y * ratio - image.height / 2);
    }
  }
  point(map);
}

// Draws the ring around the chosen point, and its text.
function point(map) {
  const at = map.at;
  const hidden = at < 0 || !map.shown[at];
  map.tip.hidden = hidden;
  if (hidden) return;
  const [wide, high] = map.size;
  const x = map.px[at];
  const y = map.py[at];
  const context = map.canvas.getContext("2d");
  const ratio = window.devicePixelRatio || 1;
  context.globalAlpha = 1;
  context.lineWidth = 2 * ratio;
  context.strokeStyle = getComputedStyle(map.canvas).color;
  context.beginPath();
  context.arc(x * ratio, y * ratio, 7 * ratio, 0, 7);
  context.stroke();
  const number = map.numbers[at];
  const [picture, words] = map.tip.children;
  const { across } = map.data;
  // All test images in one picture, which another component has loaded.
  picture.hidden = !window.misfitSheet;
  if (picture.sheet !== window.misfitSheet) picture.style.backgroundImage = `url(${window.misfitSheet})`;
  picture.sheet = window.misfitSheet;
  picture.style.backgroundSize = `${across * 56}px auto`;
  picture.style.backgroundPosition = `${-56 * (number % across)}px ${-56 * Math.floor(number / across)}px`;
  words.textContent = `Image ${number}: ${map.data.classNames[map.classes[at]]}, score ${map.scores[at].toFixed(4)}`;
  map.tip.style.left = `${Math.max(0, Math.min(x + 12, wide - 265))}px`;
  map.tip.style.top = y > high - 90 ? `${y - 84}px` : `${y + 12}px`;
}

function choose(map, at, aloud) {
  if (at === map.at) return;
  map.at = at;
  draw(map);
  if (aloud && at >= 0) map.said.textContent = `${map.tip.textContent}. Enter opens it.`;
}

function nearest(map, x, y, counts) {
  let best = -1;
  let least = Infinity;
  for (let at = 0; at < map.x.length; at++) {
    if (!map.shown[at]) continue;
    const far = counts(map.px[at] - x, map.py[at] - y);
    if (far < least) [best, least] = [at, far];
  }
  return [best, least];
}

function zoom(map, by, x = map.size[0] / 2, y = map.size[1] / 2) {
  const next = by ? Math.max(1, Math.min(40, map.zoom * by)) : 1;
  const real = next / map.zoom;
  map.zoom = next;
  move(map, (map.left + x) * real - x, (map.top + y) * real - y);
}

function move(map, left, top) {
  const [wide, high] = map.size;
  map.left = Math.max(0, Math.min(left, wide * (map.zoom - 1)));
  map.top = Math.max(0, Math.min(top, high * (map.zoom - 1)));
  draw(map);
}

function listen(map) {
  const canvas = map.canvas;
  const place = (event) => [event.offsetX, event.offsetY];
  const under = (event) => {
    const [at, far] = nearest(map, ...place(event), (dx, dy) => dx * dx + dy * dy);
    return far <= REACH * REACH ? at : -1;
  };
  let from = null;
  canvas.addEventListener("pointerdown", (event) => {
    from = { x: event.offsetX, y: event.offsetY, left: map.left, top: map.top, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return choose(map, under(event));
    const [dx, dy] = [event.offsetX - from.x, event.offsetY - from.y];
    from.moved ||= Math.hypot(dx, dy) > 4;
    if (from.moved && map.zoom > 1) move(map, from.left - dx, from.top - dy);
  });
  canvas.addEventListener("pointerup", (event) => {
    const clicked = from && !from.moved;
    from = null;
    if (!clicked) return;
    const at = under(event);
    choose(map, at);
    if (at >= 0) map.open(map.numbers[at]);
  });
  canvas.addEventListener("pointercancel", () => (from = null));
  canvas.addEventListener("pointerleave", () => !from && choose(map, -1));
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // the page scrolls
    event.preventDefault();
    zoom(map, event.deltaY < 0 ? 1.3 : 1 / 1.3, ...place(event));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const towards = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const by = { "+": 1.5, "=": 1.5, "-": 1 / 1.5, 0: 0 }[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey || (!towards && by === undefined && event.key !== "Enter")) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") {
      if (map.at >= 0) map.open(map.numbers[map.at]);
    } else if (towards) {
      const origin = map.at >= 0 ? [map.px[map.at], map.py[map.at]] : [map.size[0] / 2, map.size[1] / 2];
      // The nearest point ahead; points to the side count as farther away.
      const [at] = nearest(map, ...origin, (dx, dy) => {
        const ahead = dx * towards[0] + dy * towards[1];
        return map.at >= 0 && ahead <= 0.5 ? Infinity : dx * dx + dy * dy + 3 * (dx * towards[1]) ** 2 + 3 * (dy * towards[0]) ** 2;
      });
      if (at >= 0) choose(map, at, true);
      const [x, y] = [map.px[map.at], map.py[map.at]];
      if (x < 0 || y < 0 || x > map.size[0] || y > map.size[1]) move(map, map.left + x - map.size[0] / 2, map.top + y - map.size[1] / 2);
    } else {
      zoom(map, by, ...(map.at >= 0 ? [map.px[map.at], map.py[map.at]] : []));
    }
  });
}

function legend(map) {
  const { kindList, ramp } = map.data;
  const parts = [];
  if (ramp) {
    const bar = document.createElement("span");
    bar.innerHTML = `<i class="ramp" style="background:linear-gradient(90deg,${ramp.colours.join(",")})"></i>`;
    bar.append(ramp.words);
    parts.push(bar);
  }
  for (const kind of kindList.filter((kind) => kind.name)) {
    const entry = document.createElement("span");
    const sample = document.createElement("i");
    sample.append(stamp(kind, 1.6));
    entry.append(sample, kind.name);
    parts.push(entry);
  }
  const buttons = document.createElement("span");
  buttons.className = "zoom";
  for (const [sign, name, by] of [["+", "Zoom in", 1.5], ["−", "Zoom out", 1 / 1.5], ["⤢", "Show all", 0]]) {
    const button = document.createElement("button");
    button.textContent = sign;
    button.title = name;
    button.setAttribute("aria-label", name);
    button.onclick = () => zoom(map, by);
    buttons.append(button);
  }
  map.bar.replaceChildren(...parts, buttons);
}
