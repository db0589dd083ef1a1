// @ts-check
// A board and an editor that record what the surface asks of them, set by the address: ?people=43&selected&empty&dark…

import { createSurface } from "../../../relay/web/surface/surface.js";

const options = new URLSearchParams(location.search);
const number = (/** @type {string} */ name, /** @type {number} */ usual) => Number(options.get(name) ?? usual);
const root = /** @type {HTMLElement} */ (document.querySelector(".ipysketch-board"));
document.body.classList.toggle("dark", options.has("dark"));
const NAMES = ["Ada", "Grace Hopper", "Nora", "Emmy"];
const COLORS = ["#1f6fb2", "#f2d492", "#7b4fc9", "#d1495b"];

/** What was asked, in order. @type {any[][]} */
const asked = [];

/** @param {string} name @param {(...values: any[]) => void} [more] */
const record = (name, more) => ({
  [name]: (/** @type {any[]} */ ...values) => {
    asked.push([name, ...values]);
    more?.(...values);
  },
});

const board = Object.assign(new EventTarget(), {
  room: "demo",
  width: 1280,
  height: 720,
  page: "",
  pages: [{ key: "", name: "" }],
  elements: options.has("empty")
    ? []
    : [{ key: "a", kind: "rectangle", color: "#2a8f3c", author: "of 1", bounds: [500, 200, 700, 300] }],
  live: [],
  lasers: [],
  entry: () => undefined,
  people: Array.from({ length: number("people", 2) }, (_, i) => ({
    peer: `p${i}`,
    name: NAMES[i % 4] + (i > 3 ? ` ${i}` : ""),
    color: COLORS[i % 4],
    me: i === 0,
    page: "",
    cursor: null,
    drawing: i === 1,
    author: `of ${i}`,
  })),
  can: { draw: true, clear: true, moderate: true, undo: true, redo: false },
  mode: "",
  status: { connection: "connected", words: "", notice: "", pending: 0, progress: null },
  author: "of 0",
  following: "",
  followedView: null,
  locked: false,
  leading: false,
  ...record("undo"),
  ...record("redo"),
  ...record("clear"),
  ...record("remove"),
  ...record("lock"),
  ...record("lead"),
  ...record("renamePage"),
  ...record("removePage"),
  ...record("rename"),
  ...record("turn", (key) => set(board, { page: key }, "pages")),
  ...record("follow", (peer) => set(board, { following: peer }, "people")),
  ...record("addPage", () => {
    const key = `page ${board.pages.length}`;
    set(board, { page: key, pages: [...board.pages, { key, name: "" }] }, "pages");
  }),
});

const selected = options.has("selected");
const box = () => root.getBoundingClientRect();
const editor = Object.assign(new EventTarget(), {
  tool: selected ? "select" : "pen",
  style: { color: "#1f77b4", width: 4, fill: "", dash: "", opacity: 0, even: false },
  selection: {
    keys: selected ? ["a"] : [],
    bounds: selected ? { x: 500, y: 200, width: 200, height: 100, angle: 0 } : null,
    style: selected ? { color: "mixed", width: 8, dash: "dotted", opacity: 0 } : {},
    locked: false,
  },
  commands: new Set(["all", ...(selected ? ["delete", "duplicate", "front", "back"] : [])]),
  busy: false,
  hint: "",
  grid: false,
  viewport: {
    zoom: 1,
    home: true,
    box: [0, 0, 1280, 720],
    ...record("zoomBy", (factor) => {
      editor.viewport.zoom *= factor;
      editor.viewport.home = false;
      editor.dispatchEvent(new Event("view"));
    }),
    ...record("fit", () => {
      editor.viewport.zoom = 1;
      editor.viewport.home = true;
      editor.dispatchEvent(new Event("view"));
    }),
    ...record("fitAll"),
    ...record("centre"),
    toPixels: (/** @type {number} */ x, /** @type {number} */ y) => ({
      clientX: box().left + (x * box().width) / 1280,
      clientY: box().top + (y * box().height) / 720,
    }),
  },
  key: () => false,
  ...record("act"),
  ...record("cancel"),
  ...record("startText"),
  ...record("choose", ({ tool, ...style }) => {
    Object.assign(editor.style, style);
    set(editor, tool ? { tool } : {}, ...(tool ? ["tool", "style"] : ["style"]));
  }),
});

/** @param {any} of @param {object} values @param {...string} events */
function set(of, values, ...events) {
  Object.assign(of, values);
  for (const event of events) of.dispatchEvent(new Event(event));
}

const overlay = /** @type {HTMLElement} */ (root.querySelector(".ipysketch-overlay"));
for (const kind of ["pointerdown", "pointermove", "pointerup"]) {
  overlay.addEventListener(kind, (/** @type {any} */ { clientX, clientY, buttons }) => {
    if (kind !== "pointermove" || buttons)
      asked.push([kind, Math.round(clientX - box().left), Math.round(clientY - box().top)]);
  });
}
/** @type {Map<string, string>} */
const stored = new Map();
const host = /** @type {import("../../../relay/web/surface/surface.js").Host} */ ({
  kind: options.get("host") ?? "widget",
  language: options.get("language") ?? "en",
  watching: options.has("watching"),
  store: { get: (name) => stored.get(name) ?? "", set: (name, value) => stored.set(name, value) },
  share: () => "%sketch connect --room demo",
  rename: () => asked.push(["rename"]),
});
const made = createSurface({ root, board: /** @type {any} */ (board), editor: /** @type {any} */ (editor), host });
Object.assign(window, { board, editor, set, asked, surface: made.surface });
