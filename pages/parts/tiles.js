// Draws the tiles that Python sends and reports the number of an opened tile. Called again on each rerun.
// The Tab key stops once at the shelf; arrow keys, Home and End move on it (a roving tabindex).
export default function ({ data, parentElement, setTriggerValue }) {
  let shelf = parentElement.querySelector(".shelf");
  if (!shelf) {
    shelf = document.createElement("div");
    shelf.setAttribute("role", "group");
    shelf.addEventListener("keydown", (event) => walk(shelf, event));
    shelf.addEventListener("focusin", (event) => enter(shelf, event.target.closest("button")));
    parentElement.appendChild(shelf);
  }
  shelf.className = data.cards ? "shelf cards" : "shelf";
  shelf.setAttribute("aria-label", data.label);
  const content = JSON.stringify(data.tiles);
  if (shelf.content !== content) {
    // A focused tile hands the focus to the tile that replaces it.
    const buttons = [...shelf.children];
    const focused = buttons.indexOf(shelf.getRootNode().activeElement);
    shelf.content = content;
    shelf.replaceChildren(...data.tiles.map(draw));
    const first = shelf.children[Math.max(0, Math.min(focused, shelf.children.length - 1))];
    if (first) enter(shelf, first);
    if (first && focused >= 0) first.focus();
  }
  for (const button of shelf.children) {
    button.onclick = () => {
      enter(shelf, button);
      comeBack(shelf);
      setTriggerValue("open", Number(button.dataset.number));
    };
  }
}

function draw(tile) {
  const button = document.createElement("button");
  if (!tile.more) button.setAttribute("aria-label", tile.name); // a card's words are its name
  button.title = tile.name;
  button.dataset.number = tile.number;
  const pictures = document.createElement("span");
  pictures.className = "pictures";
  for (const src of [tile.src, tile.second]) {
    if (!src) continue;
    const image = document.createElement("img");
    image.src = src;
    image.alt = "";
    pictures.append(image);
  }
  const line = document.createElement("span");
  line.className = "line";
  const score = document.createElement("span");
  score.textContent = tile.score;
  line.append(score);
  if (tile.sign) {
    const sign = document.createElement("span");
    sign.className = `sign ${tile.tone}`;
    sign.textContent = tile.sign;
    line.append(sign);
  }
  button.append(pictures, line);
  if (tile.note) {
    const note = document.createElement("span");
    note.className = "note";
    note.textContent = tile.note;
    button.append(note);
  }
  if (tile.more) {
    const more = document.createElement("span");
    more.className = "more";
    more.textContent = ` ${tile.more}`;
    button.append(more);
  }
  return button;
}

// A dialog that closes leaves no element focused: give the focus back to the tile.
function comeBack(shelf) {
  let open = false;
  let left = 10; // checks after the dialog has closed: for a moment the focus may be on an element about to go
  clearInterval(shelf.watch);
  shelf.watch = setInterval(() => {
    const dialog = document.querySelector("[role=dialog]");
    const lost = document.activeElement === document.body;
    if (open && !dialog && lost) {
      [...shelf.children].find((button) => button.tabIndex === 0)?.focus({ preventScroll: true });
    }
    if (open && !dialog) left -= 1;
    if (!shelf.isConnected || left <= 0 || (open && !dialog && lost)) clearInterval(shelf.watch);
    open ||= Boolean(dialog);
  }, 150);
}

// Makes this tile the only tile that Tab reaches.
function enter(shelf, button) {
  for (const other of shelf.children) other.tabIndex = other === button ? 0 : -1;
}

function walk(shelf, event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const buttons = [...shelf.children];
  const at = buttons.indexOf(event.target.closest("button"));
  const top = buttons[0]?.offsetTop;
  const across = buttons.filter((button) => button.offsetTop === top).length; // tiles in a row
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, Home: -at, End: buttons.length - 1 - at };
  if (at < 0 || !(event.key in steps)) return;
  // Keep the page from scrolling or using the same keys.
  event.preventDefault();
  event.stopPropagation();
  const next = buttons[at + steps[event.key]];
  if (next) {
    enter(shelf, next);
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
}
