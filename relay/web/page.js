// @ts-check
// The page of a room: a board for whoever has no notebook. What the hands do goes to `Hands`, what the room says is shown.
//
// Rules of this file: texts of people only ever go through textContent; nothing is asked of any other place.

import { Hands } from "./hands.js";
import { Sketch } from "./ipysketch.js";
import { Layer } from "./painter.js";
import { ICONS, SWATCHES, TOOLS, WIDTHS } from "./palette.js";
import { BOARD, createPen } from "./pen.js";
import { typist } from "./typist.js";

const DRAWS = ["pen", "highlighter", "line", "arrow", "rectangle", "ellipse", "text", "eraser", "laser"];
const COLOR = /^#[0-9a-f]{6}$/i;
const TOKENS = ["token", "token-expired", "token-revoked"];
const MOST_PIXELS = 3840;
const TRAIL = 40;

/** @param {string} selector */
const find = (selector) => /** @type {any} */ (document.querySelector(selector));

/** @param {string} tag @param {string} className @param {Record<string, string>} [attributes] @returns {any} */
function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** What this browser remembers; nothing where it may not. */
const memory = {
  /** @param {string} name */
  get: (name) => {
    try {
      return localStorage.getItem(`ipysketch.${name}`) ?? "";
    } catch {
      return "";
    }
  },
  /** @param {string} name @param {string} value */
  set: (name, value) => {
    try {
      localStorage.setItem(`ipysketch.${name}`, value);
    } catch {
      // A private window: it is asked again next time.
    }
  },
};

// --- who, where, with what ---------------------------------------------------------------------------------------------

const room = decodeURIComponent(location.pathname.split("/").at(-1) ?? "") || "main";
const watching = new URLSearchParams(location.search).has("view");
let token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
// Neither in the history nor in a picture of the screen.
if (token) history.replaceState(null, "", location.pathname + location.search);
document.title = `${room} · shared drawing`;
const board = find(".ipysketch-board");
board.classList.toggle("watching", watching);

/** Ask for what is missing. @param {string} question @param {string} why @param {string[]} what */
async function ask(question, why, what) {
  const dialog = find("dialog.ask");
  find("#question").textContent = question;
  find(".why").textContent = why;
  const fields = dialog.querySelector("form").elements;
  for (const name of ["name", "color", "token"]) fields[name].closest("label").hidden = !what.includes(name);
  fields.name.value = memory.get("name");
  fields.color.value = memory.get("color") || SWATCHES[Math.floor(Math.random() * SWATCHES.length)][0];
  fields.token.value = "";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  return { name: fields.name.value.trim(), color: fields.color.value, token: fields.token.value.trim() };
}

let name = watching ? "screen" : memory.get("name");
let color = memory.get("color");
if (!name) {
  ({ name, color } = await ask(`Room ${room}`, "How shall the others see you?", ["name", "color"]));
  name ||= "guest";
  memory.set("name", name);
  memory.set("color", color);
}
const sketch = new Sketch(null, { room, name, color: COLOR.test(color) ? color : undefined, token });

// --- the board ----------------------------------------------------------------------------------------------------------

let page = "";
let tool = "pen";
const style = { color: COLOR.test(color) ? color : "#1f77b4", width: 4, fill: "", dash: "", opacity: 0 };
const overlay = find(".ipysketch-overlay");
const desk = find(".ipysketch-desk");
const paper = new Layer(find(".ipysketch-paper"), BOARD.width);
const above = new Layer(find(".live"), BOARD.width);
/** Pointers whose ink is in the drawing, or came to nothing. @type {number[]} */
let done = [];

const hands = new Hands(sketch, () => page, () => show(), (pointer) => {
  done.push(pointer);
  show();
});
const canDraw = () => sketch.canDraw && !watching;

const pen = createPen({
  el: overlay,
  view: "page",
  say: (kind, content = {}) => {
    if (kind === "pen") {
      hands.take(content);
      const last = /** @type {any} */ (content).samples.at(-1);
      if (last) sketch.presence({ cursor: [Math.round(8 * last[0]), Math.round(8 * last[1])] });
    } else if (kind === "cursor" && !watching) {
      const { x, y } = /** @type {any} */ (content);
      sketch.presence({ cursor: x === undefined ? null : [Math.round(8 * x), Math.round(8 * y)] });
    }
  },
  state: () => ({ tool, style, canDraw: canDraw(), others: sketch.people.length > 1 }),
  type: (x, y, place) => typist(overlay, style, place, (text) => hands.type(x, y, text, style)),
  zoomed: (zoom) => {
    magnified = zoom;
    fit();
  },
  signal: new AbortController().signal,
});
let magnified = 1;

function fit() {
  const wide = Math.min(MOST_PIXELS, Math.round(desk.clientWidth * devicePixelRatio * magnified));
  const high = Math.round((wide * BOARD.height) / BOARD.width);
  if (!wide) return;
  paper.resize(wide, high);
  above.resize(wide, high);
}
new ResizeObserver(fit).observe(desk);
fit();

let asked = 0;
function show() {
  asked ||= requestAnimationFrame(() => {
    asked = 0;
    if (page && !pages().some(([key]) => key === page)) turn("");
    const there = sketch.elementsOf(page);
    paper.show(hands.hidden.size ? there.filter(({ key }) => !hands.hidden.has(key)) : there);
    above.show(sketch.live.filter((/** @type {any} */ ink) => pageOf(ink.peer) === page));
    if (done.length) pen.dry(done.splice(0).map((pointer) => `page/${pointer}`));
    undo.setAttribute("aria-disabled", String(!canDraw() || !sketch.canUndo));
    redo.setAttribute("aria-disabled", String(!canDraw() || !sketch.canRedo));
    showPages();
  });
}

function light() {
  pen.lasers(
    sketch.lasers
      .filter(({ peer }) => pageOf(peer) === page)
      .map(({ name, color, points }) => [
        name, color, points.length / 2,
        ...points.slice(-2 * TRAIL).map((value, i) => value / 8 / (i % 2 ? BOARD.height : BOARD.width)),
      ]),
  );
}

/** @param {string} peer */
const pageOf = (peer) => {
  const found = sketch.people.find((person) => person.peer === peer)?.state.page;
  return typeof found === "string" ? found : "";
};

// --- tools --------------------------------------------------------------------------------------------------------------

const tools = find(".tools");
/** @param {string} label */
const group = (label) => {
  const made = element("div", "group", { role: "group", "aria-label": label });
  tools.append(made);
  return made;
};
/** @param {HTMLElement} parent @param {string} label @param {string} title @param {() => void} act */
const button = (parent, label, title, act) => {
  const made = element("button", "tool", { type: "button", "aria-label": label, title });
  made.addEventListener("click", () => {
    if (made.getAttribute("aria-disabled") !== "true") act();
  });
  parent.append(made);
  return made;
};

/** @type {(() => void)[]} */
const choices = [];
function choose() {
  board.dataset.tool = tool;
  for (const update of choices) update();
}

const kinds = group("Tool");
for (const kind of DRAWS) {
  const [label, letter, more] = /** @type {any} */ (TOOLS)[kind];
  const made = button(kinds, label, `${label}${more ?? ""} (${letter.toUpperCase()})`, () => {
    tool = kind;
    choose();
  });
  made.innerHTML = /** @type {any} */ (ICONS)[kind];
  made.dataset.harmless = kind === "laser";
  choices.push(() => made.setAttribute("aria-pressed", String(tool === kind)));
}
const colors = group("Colour");
/** @param {string} chosen */
const dye = (chosen) => {
  style.color = chosen;
  if (tool === "eraser") tool = "pen";
  choose();
};
for (const [ink, label] of SWATCHES) {
  const made = button(colors, `Colour: ${label}`, label, () => dye(ink));
  made.classList.add("swatch");
  made.style.setProperty("--ink", ink);
  choices.push(() => made.setAttribute("aria-pressed", String(style.color === ink)));
}
const own = element("input", "own", { type: "color", "aria-label": "Another colour", title: "another colour" });
own.addEventListener("change", () => dye(own.value));
colors.append(own);
choices.push(() => (own.value = style.color));
const widths = group("Width");
for (const [width, label] of /** @type {[number, string][]} */ (WIDTHS)) {
  const made = button(widths, `Width: ${label}`, `${label} (${width})`, () => {
    style.width = width;
    choose();
  });
  made.append(element("span", "dot"));
  made.style.setProperty("--size", `${3 + Math.sqrt(width) * 2.6}px`);
  choices.push(() => made.setAttribute("aria-pressed", String(style.width === width)));
}
const past = group("History");
const undo = button(past, "Undo", "Undo my last change (Ctrl+Z)", () => sketch.undo());
const redo = button(past, "Redo", "Redo (Ctrl+Shift+Z)", () => sketch.redo());
const clear = button(past, "Clear the board", "Clear the board (undo brings it back)", () => sketch.clear(page));
undo.innerHTML = ICONS.undo;
redo.innerHTML = ICONS.redo;
clear.innerHTML = ICONS.clear;

// --- pages --------------------------------------------------------------------------------------------------------------

const leaves = find(".pages");
const back = button(leaves, "Previous page", "Previous page (Page Up)", () => step(-1));
const where = element("span", "where");
leaves.append(where);
const forth = button(leaves, "Next page", "Next page (Page Down)", () => step(1));
back.innerHTML = ICONS.previous;
forth.innerHTML = ICONS.next;

/** @returns {string[][]} keys and names */
const pages = () => [
  ["", ""],
  ...sketch.elementsOf("pages").filter(({ kind }) => kind === "page").map(({ key, name }) => [key, name ?? ""]),
];
/** @param {string} key */
function turn(key) {
  page = key;
  pen.cancelAll();
  sketch.presence({ page: key || null });
  show();
}
/** @param {number} by */
function step(by) {
  const all = pages();
  const next = all[all.findIndex(([key]) => key === page) + by];
  if (next) turn(next[0]);
}
function showPages() {
  const all = pages();
  const here = Math.max(0, all.findIndex(([key]) => key === page));
  leaves.hidden = all.length < 2;
  where.textContent = `page ${here + 1} of ${all.length}${all[here][1] && `: ${all[here][1]}`}`;
  back.setAttribute("aria-disabled", String(here === 0));
  forth.setAttribute("aria-disabled", String(here === all.length - 1));
}

// --- who is here, and how it is -----------------------------------------------------------------------------------------

const cursors = element("div", "cursors", { "aria-hidden": "true" });
overlay.append(cursors);
function showPeople() {
  find(".people").replaceChildren(
    ...sketch.people.map(({ name, color, me }) => {
      const person = element("li", "");
      if (COLOR.test(color)) person.style.setProperty("--ink", color);
      const text = element("span", "");
      text.textContent = me ? `${name || "guest"} (you)` : name || "guest";
      person.title = text.textContent;
      person.append(text);
      return person;
    }),
  );
  cursors.replaceChildren(
    ...sketch.people.flatMap(({ name, color, me, state }) => {
      const at = state.cursor;
      if (me || !Array.isArray(at) || at.length !== 2 || (state.page ?? "") !== page) return [];
      const cursor = element("div", "cursor");
      cursor.style.left = `${(100 * at[0]) / 8 / BOARD.width}%`;
      cursor.style.top = `${(100 * at[1]) / 8 / BOARD.height}%`;
      if (COLOR.test(color)) cursor.style.setProperty("--ink", color);
      const label = element("span", "");
      label.textContent = name || "guest";
      cursor.append(label);
      return [cursor];
    }),
  );
}

function showStatus() {
  const said = find(".status");
  // Said anew only when it changed: a screen reader reads it aloud.
  if (said.textContent !== sketch.status) said.textContent = sketch.status;
  const { notice } = sketch;
  if (find(".notice").textContent !== notice) find(".notice").textContent = notice;
  board.dataset.connection = sketch.connection;
  board.dataset.mode = canDraw() ? "drawing" : "watching";
  for (const made of tools.querySelectorAll("button, input")) {
    made.setAttribute("aria-disabled", String(!canDraw() && made.dataset.harmless !== "true"));
  }
  own.disabled = !canDraw();
  if (!["moderator", "owner"].includes(sketch.role)) clear.setAttribute("aria-disabled", "true");
  show();
}

sketch.addEventListener("change", show);
sketch.addEventListener("live", () => {
  show();
  light();
});
sketch.addEventListener("people", () => {
  showPeople();
  show();
});
sketch.addEventListener("status", showStatus);

// --- keys ---------------------------------------------------------------------------------------------------------------

overlay.tabIndex = 0;
overlay.setAttribute("role", "application");
overlay.setAttribute(
  "aria-label",
  `Shared drawing board. ${DRAWS.map((kind) => `${/** @type {any} */ (TOOLS)[kind][1].toUpperCase()} ${kind}`).join(", ")}. ` +
    "Ctrl+Z undo, Escape cancel, + and - zoom, 0 whole board.",
);
const letters = Object.fromEntries(DRAWS.map((kind) => [/** @type {any} */ (TOOLS)[kind][1], kind]));
document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.matches("textarea, input, select, dialog *") || event.altKey) return;
  const letter = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (letter === "z") (event.shiftKey ? redo : undo).click();
    else if (letter === "y") redo.click();
    else return;
    event.preventDefault();
  } else if (letters[letter] && canDraw()) {
    tool = letters[letter];
    choose();
  } else if (letter === "escape") pen.cancelAll();
  else if (letter === "0") pen.look(1, 0, 0);
  else if (letter === "+" || letter === "=") pen.zoomBy(1.25);
  else if (letter === "-") pen.zoomBy(0.8);
  else if (letter === "pageup") step(-1);
  else if (letter === "pagedown") step(1);
});
addEventListener("blur", () => pen.endAll());
addEventListener("pagehide", () => void sketch.leave());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

choose();
showPeople();
showStatus();

// --- in ----------------------------------------------------------------------------------------------------------------

for (;;) {
  try {
    await sketch.settled;
    break;
  } catch (error) {
    const { code, message } = /** @type {any} */ (error);
    showStatus();
    if (!TOKENS.includes(code)) break;
    ({ token } = await ask("This room asks for a token", message, ["token"]));
    if (!token) break;
    sketch.rejoin(token).catch(() => {});
  }
}
