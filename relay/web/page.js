// @ts-check
// The page of a room: a board for whoever has no notebook. What the hands do goes to `Hands`, what the room says is shown.
//
// Rules of this file: texts of people only ever go through textContent; nothing is asked of any other place.

import { element } from "./controls.js";
import { Hands } from "./hands.js";
import { Sketch } from "./ipysketch.js";
import { Pages } from "./pages.js";
import { Layer } from "./painter.js";
import { SWATCHES, TOOLS } from "./palette.js";
import { createPen } from "./pen.js";
import { People } from "./people.js";
import { DRAWS, Toolbar } from "./toolbar.js";
import { typist } from "./typist.js";
import { BOARD } from "./wet.js";

const COLOR = /^#[0-9a-f]{6}$/i;
const TOKENS = ["token", "token-expired", "token-revoked"];
const NAMES = ["bad-name", "bad-color"];
const MODERATORS = ["moderator", "owner"];
const MOST_PIXELS = 3840;
const SHARPEN_AFTER = 120;  // milliseconds after the last step of a zoom
const TRAIL = 40;
const COUNTDOWN = / in \d+ s\b/;

/** @param {string} selector */
const find = (selector) => /** @type {any} */ (document.querySelector(selector));

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

/** Ask for what is missing; null when it was waved away. @param {string} question @param {string} why @param {string} act
 * @param {string[]} what */
async function ask(question, why, act, what) {
  const dialog = find("dialog.ask");
  if (dialog.open) return null;
  find("#question").textContent = question;
  find(".why").textContent = why;
  find(".ask button").textContent = act;
  const fields = dialog.querySelector("form").elements;
  for (const name of ["name", "color", "token"]) fields[name].closest("label").hidden = !what.includes(name);
  // Not from the memory: a browser may have none, and a screen is called otherwise than the person.
  fields.name.value = name;
  fields.color.value = color || SWATCHES[Math.floor(Math.random() * SWATCHES.length)][0];
  fields.token.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  const given = { name: fields.name.value.trim(), color: fields.color.value, token: fields.token.value.trim() };
  return dialog.returnValue === "" ? null : given;
}

/** Ask how the others shall see me. @param {string} why @param {string} act */
async function introduce(why, act) {
  const given = await ask(`Room ${room}`, why, act, ["name", "color"]);
  if (!given) return;
  name = given.name || "guest";
  color = given.color;
  if (watching) return;  // It is the screen's name, not the person's.
  memory.set("name", name);
  memory.set("color", color);
}

let name = watching ? "screen" : memory.get("name");
let color = COLOR.test(memory.get("color")) ? memory.get("color") : "";
if (!name) await introduce("How shall the others see you?", "Join");
name ||= "guest";
color ||= "#1f77b4";
const sketch = new Sketch(null, { room, name, color, token });

// --- the board ----------------------------------------------------------------------------------------------------------

const overlay = find(".ipysketch-overlay");
const desk = find(".ipysketch-desk");
const paper = new Layer(find(".ipysketch-paper"), BOARD.width);
const above = new Layer(find(".live"), BOARD.width);
const pages = new Pages(find(".pages"), sketch, () => {
  pen.cancelAll();
  showPeople();
  show();
});
const toolbar = new Toolbar(find(".tools"), color, {
  undo: () => sketch.undo(),
  redo: () => sketch.redo(),
  clear: () => sketch.clear(pages.key),
  changed: () => { board.dataset.tool = toolbar.tool; },
});
/** Pointers whose ink is in the drawing, or came to nothing. @type {number[]} */
let done = [];

const hands = new Hands(sketch, {
  page: () => pages.key,
  mayErase: ({ author }) => MODERATORS.includes(sketch.role) || author === sketch.author,
  changed: () => show(),
  spared: () => notice("Only a moderator may erase what others drew."),
  finished: (pointer) => {
    done.push(pointer);
    show();
  },
});
const canDraw = () => sketch.canDraw && !watching;

const pen = createPen({
  el: overlay,
  view: "page",
  say: (kind, content = {}) => {
    if (kind === "pen") {
      if (content.phase === "begin") notice("");
      hands.take(content);
      const last = content.samples.at(-1);
      if (last) sketch.presence({ cursor: [Math.round(8 * last[0]), Math.round(8 * last[1])] });
    } else if (kind === "cursor" && !watching) {
      const { x, y } = content;
      sketch.presence({ cursor: x === undefined ? null : [Math.round(8 * x), Math.round(8 * y)] });
    }
  },
  // Without the right to draw a hand holds nothing, not even a light: nobody else would see it.
  state: () => ({
    tool: canDraw() ? toolbar.tool : "", style: toolbar.style, canDraw: canDraw(), others: sketch.people.length > 1,
  }),
  type: (x, y, place) => typist(overlay, toolbar.style, place, (text) => hands.type(x, y, text, toolbar.style)),
  zoomed: (zoom) => {
    magnified = zoom;
    clearTimeout(sharpening);
    sharpening = setTimeout(fit, SHARPEN_AFTER);
  },
  signal: new AbortController().signal,
});
let magnified = 1;
/** @type {any} */
let sharpening = 0;

function fit() {
  const wide = Math.min(MOST_PIXELS, Math.round(desk.clientWidth * devicePixelRatio * magnified));
  const high = Math.round((wide * BOARD.height) / BOARD.width);
  if (!wide) return;
  paper.resize(wide, high);
  above.resize(wide, high);
}
new ResizeObserver(fit).observe(desk);
addEventListener("resize", fit);
fit();

let asked = 0;
function show() {
  asked ||= requestAnimationFrame(() => {
    asked = 0;
    pages.show();
    const there = sketch.elementsOf(pages.key);
    paper.show(hands.hidden.size ? there.filter(({ key }) => !hands.hidden.has(key)) : there);
    above.show(pages.here(sketch.live));
    if (done.length) pen.dry(done.splice(0).map((pointer) => `page/${pointer}`), true);
    toolbar.show({
      draw: canDraw(), clear: MODERATORS.includes(sketch.role), undo: sketch.canUndo, redo: sketch.canRedo,
    });
  });
}

function light() {
  pen.lasers(
    pages.here(sketch.lasers).map(({ name, color, points }) => [
      name, color, points.length / 2,
      ...points.slice(-2 * TRAIL).map((value, i) => value / 8 / (i % 2 ? BOARD.height : BOARD.width)),
    ]),
  );
}

// --- who is here, and how it is -----------------------------------------------------------------------------------------

const cursors = element("div", "cursors", { "aria-hidden": "true" });
overlay.append(cursors);
const people = new People(find(".people"), cursors, async () => {
  await introduce("How shall the others see you?", "Change");
  sketch.presence({ name, color });
});
const showPeople = () => people.show(sketch.people, pages.key);

/** @param {string} words */
function notice(words) {
  if (sketch.notice === words) return;
  sketch.notice = words;
  showStatus();
}

/** Say something only when it is new: a screen reader reads it aloud. @param {string} selector @param {string} words */
function say(selector, words) {
  const said = find(selector);
  if (said.textContent !== words) said.textContent = words;
}

function showStatus() {
  say(".status", sketch.status);
  say(".spoken", sketch.status.replace(COUNTDOWN, ""));
  say(".notice", sketch.notice);
  board.dataset.connection = sketch.connection;
  board.dataset.mode = canDraw() ? "drawing" : "watching";
  find(".again").hidden = sketch.connection !== "ended";
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
  watching
    ? "Shared drawing"
    : `Shared drawing board. ${DRAWS.map((kind) => `${TOOLS[kind][1].toUpperCase()} ${kind}`).join(", ")}. ` +
      "Ctrl+Z undo, Escape cancel, + and - zoom, 0 whole board.",
);
document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.matches("textarea, input, dialog *") || event.altKey) return;
  const letter = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (letter === "z" && event.shiftKey) toolbar.redo();
    else if (letter === "z") toolbar.undo();
    else if (letter === "y") toolbar.redo();
    else return;
    event.preventDefault();
  } else if (letter === "escape") pen.cancelAll();
  else if (letter === "0") pen.look(1, 0, 0);
  else if (letter === "+" || letter === "=") pen.zoomBy(1.25);
  else if (letter === "-") pen.zoomBy(0.8);
  else if (letter === "pageup") pages.step(-1);
  else if (letter === "pagedown") pages.step(1);
  else toolbar.key(letter);
});
addEventListener("blur", () => pen.endAll());
// What the relay does not have yet would be gone with the page.
addEventListener("beforeunload", (event) => { if (sketch.pending) event.preventDefault(); });
addEventListener("pagehide", () => void sketch.leave());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// --- in ----------------------------------------------------------------------------------------------------------------

/** Go in, and ask for what the relay asks for. @param {Promise<void>} trying */
async function enter(trying) {
  for (;;) {
    try {
      return await trying;
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      showStatus();
      if (TOKENS.includes(code)) {
        const given = await ask("This room asks for a token", message, "Join", ["token"]);
        if (!given?.token) return;
        token = given.token;
      } else if (NAMES.includes(code) && !watching) {
        const before = name + color;
        await introduce(message, "Join");
        if (before === name + color) return;
        sketch.presence({ name, color });
      } else return;
      trying = sketch.rejoin(token);
    }
  }
}

find(".again").addEventListener("click", () => enter(sketch.rejoin(token)));
board.dataset.tool = toolbar.tool;
showPeople();
showStatus();
await enter(sketch.settled);
