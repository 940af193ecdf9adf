// What Streamlit's own markup lacks for whoever works by keyboard or with a screen reader, mended after each drawing:
// - The pages' list is one stop of Tab, and so are the buttons of a chart; arrow keys move in them, Home and End too.
// - A "?" beside a control is no stop of its own: F1 on the control shows its text, F1 or Escape goes back. Any other "?" is named after its text.
// - Icons are not read out, nor the stars of bold words in a label.
// - The main column, which only scrolls, is no stop; "Skip to main content" still goes there.
// - A field with an impossible value (pages/train/marks.py) is said to be invalid.
// - Back after a change of page goes to the page before.
// And it brings a part of the page into view, when Python asks for that.

const HELP = '[data-testid="stTooltipIcon"] button:not([data-testid])'; // a button with a tooltip of its own has a test id
const CONTROL = 'input, textarea, [role="combobox"], [role="slider"], [role="radio"], button';
const BOX = '[data-testid="stElementContainer"]';
const NAV = '[data-testid="stSidebarNavLink"]';
const BARS = { [NAV]: '[data-testid="stSidebarNav"]', ".modebar-btn": ".modebar" }; // what is one stop together, and the part that holds it

function control(help) {
  const box = help.closest(BOX);
  return [...(box?.querySelectorAll(CONTROL) ?? [])].find((each) => !each.matches(HELP) && !each.closest("label a") && each.tabIndex >= 0);
}

function nameHelp(help) {
  const now = help.getAttribute("aria-label") ?? "";
  let name = now;
  if (name === "Help" || help.dataset.named) {
    const copy = (help.closest('[data-testid="stMarkdown"], [data-testid="stHeading"], [data-testid="stCaptionContainer"]') ?? help.closest(BOX))?.cloneNode(true);
    copy?.querySelectorAll('button, [data-testid="stIconMaterial"], [role="img"], svg, [data-testid="stHeaderActionElements"]').forEach((each) => each.remove());
    const text = (copy?.textContent ?? "").trim().replace(/\s+/g, " ");
    name = `Help for ${text.length > 60 ? `${text.slice(0, 60).replace(/\s\S*$/, "")}…` : text || "this part"}`;
    help.dataset.named = "yes";
  }
  if (name !== now) help.setAttribute("aria-label", name);
}

function tend() {
  for (const help of document.querySelectorAll(HELP)) {
    nameHelp(help);
    const owner = control(help);
    help.tabIndex = owner ? -1 : 0;
    const told = owner?.closest('[role="radiogroup"]') ?? owner;
    if (told && !told.hasAttribute("aria-description")) told.setAttribute("aria-description", "F1 explains");
  }
  for (const icon of document.querySelectorAll('[data-testid="stIconMaterial"], [role="img"][aria-label$=" icon"]'))
    icon.setAttribute("aria-hidden", "true");
  for (const part of document.querySelectorAll('[aria-label*="**"]'))
    part.setAttribute("aria-label", part.getAttribute("aria-label").replaceAll("**", ""));
  for (const field of document.querySelectorAll('[class*="st-key-field_"] input'))
    field.setAttribute("aria-invalid", field.closest('[class*="st-key-field_"]').querySelector(".st-key-odd_value") !== null);
  document.querySelector('[data-testid="stMain"]')?.setAttribute("tabindex", "-1");
  for (const icon of document.querySelectorAll(".modebar svg, #js-plotly-tester")) icon.setAttribute("aria-hidden", "true");
  for (const [each, holder] of Object.entries(BARS)) for (const bar of document.querySelectorAll(holder)) rove(bar.querySelectorAll(each));
}

// Make one stop of them: the one with the focus, else that of this page, else the first one.
function rove(all) {
  const each = [...all];
  const here = each.find((one) => one === document.activeElement) ?? each.find((one) => one.pathname === location.pathname) ?? each[0];
  for (const one of each) one.tabIndex = one === here ? 0 : -1;
}

// Go to another one of the same bar by a key; say whether it was such a key.
function move(at, key) {
  const [each, holder] = Object.entries(BARS).find(([each]) => at.matches(each)) ?? [];
  if (!each) return false;
  const all = [...at.closest(holder).querySelectorAll(each)];
  const place = all.indexOf(at);
  const to = { ArrowDown: place + 1, ArrowRight: place + 1, ArrowUp: place - 1, ArrowLeft: place - 1, Home: 0, End: all.length - 1 }[key];
  if (to === undefined) return false;
  all[(to + all.length) % all.length].focus();
  rove(all);
  return true;
}

function onKey(event) {
  const at = document.activeElement;
  if (at && move(at, event.key)) event.preventDefault();
  else if (event.key === "F1" && at?.matches(HELP)) {
    event.preventDefault();
    control(at)?.focus();
  } else if (event.key === "Escape" && at?.matches(HELP)) {
    control(at)?.focus();
  } else if (event.key === "F1") {
    const help = at?.closest(BOX)?.querySelector(HELP);
    if (!help) return;
    event.preventDefault();
    help.focus();
  }
}

function bring(key, tries = 10) {
  const part = document.querySelector(`.st-key-${CSS.escape(key)}`);
  if (!part) return tries ? setTimeout(() => bring(key, tries - 1), 300) : undefined; // not drawn yet
  part.tabIndex = -1;
  Object.assign(part.style, { scrollMarginTop: "4rem", outlineOffset: "6px" }); // clear of the page's edge, the frame of the words
  part.focus({ preventScroll: true });
  part.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

// A change of page makes a history entry without parameters, and the page then one with those of its link. Back would stop at the first,
// which means the defaults: so the second takes its place, unless the visitor has done something in between.
function oneEntry() {
  let bare = false; // whether the entry is of a page that has just been changed to
  const push = history.pushState;
  history.pushState = function (state, unused, url) {
    const to = new URL(url ?? location.href, location.href);
    const same = to.pathname === location.pathname;
    (bare && same && !location.search ? history.replaceState : push).call(history, state, unused, url);
    bare = !same && !to.search;
  };
  for (const act of ["pointerdown", "keydown"]) addEventListener(act, () => (bare = false), true);
}

const REACH = (window.misfitReach ??= { serial: 0 });
if (!REACH.observer) {
  oneEntry();
  let due = 0;
  REACH.observer = new MutationObserver(() => (due ||= requestAnimationFrame(() => ((due = 0), tend()))));
  REACH.observer.observe(document.body, { childList: true, subtree: true });
  document.addEventListener("keydown", onKey);
}

export default function ({ data }) {
  tend();
  if (data.serial > 0 && data.serial !== REACH.serial) setTimeout(() => bring(data.bring), 300); // after the page has been drawn
  REACH.serial = data.serial;
}
