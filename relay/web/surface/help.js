// @ts-check
// What an empty board says, the line about the tool in hand, and the list of all keys.

import { TOOLS } from "../canvas/palette.js";
import { create, setText } from "./nodes.js";

/** How often a tool is explained. */
const USES = 3;

/** Keys and the words for what they do. @type {[keys: string, word: string][]} */
const KEYS = [
  ["Ctrl+Z", "undo"],
  ["Ctrl+Shift+Z", "redo"],
  ["Ctrl+D", "do.duplicate"],
  ["Del", "do.delete"],
  ["Ctrl+A", "do.all"],
  ["]  [", "keys.order"],
  ["← ↑ → ↓", "keys.move"],
  ["Esc", "keys.cancel"],
  ["Shift", "keys.straight"],
  ["+  -  0", "keys.zoom"],
  ["Shift+1", "zoom.all"],
  ["Space", "keys.pan"],
  ["Shift+F10", "keys.menu"],
  ["I", "do.picture"],
  ["PageUp PageDown", "keys.pages"],
  ["G", "grid"],
  ["F", "full"],
  ["?", "keys"],
  ["Enter", "keys.draw"],
];

/** @param {import("./surface.js").Surface} surface */
export function createHints(surface) {
  const { board, editor, say, store, signal } = surface;
  const node = create("div", "hint empty");
  const first = create("div", "first", {}, say("empty", { room: board.room }));
  const keys = create("div", "", {}, say("empty.keys"));
  node.append(first, keys);
  const line = create("div", "hint line");
  const show = () => {
    const empty = board.can.draw && !board.elements.length && !board.live.length && !editor.busy;
    node.hidden = !empty || !["connected", "solo"].includes(board.status.connection) || board.status.progress !== null;
    setText(first, board.status.connection === "solo" ? say("empty.solo") : say("empty", { room: board.room }));
    if (!node.hidden) line.hidden = true;
  };
  for (const kind of ["elements", "live", "status", "can"]) board.addEventListener(kind, show, { signal });
  editor.addEventListener("gesture", show, { signal });

  line.hidden = true;
  /** Said in this page already. @type {string} */
  let said = editor.tool;
  const explain = () => {
    if (said === editor.tool) return;
    said = editor.tool;
    const uses = Number(store.get(`hint.${said}`)) || 0;
    line.hidden = uses >= USES || !node.hidden || !say.has(`hint.${said}`);
    if (line.hidden) return;
    store.set(`hint.${said}`, String(uses + 1));
    setText(line, say(`hint.${said}`));
  };
  editor.addEventListener("tool", explain, { signal });
  editor.addEventListener(
    "gesture",
    () => {
      if (editor.busy) line.hidden = true;
    },
    { signal },
  );
  show();
  return [node, line];
}

/** @param {import("./surface.js").Surface} surface */
export function showKeys({ say, layer }) {
  const dialog = create("dialog", "panel keys", { "aria-label": say("keys") });
  const list = create("dl", "");
  const row = (/** @type {string} */ key, /** @type {string} */ words) =>
    list.append(create("div", "", {}, create("dt", "", {}, create("kbd", "", {}, key)), create("dd", "", {}, words)));
  for (const [tool, [, key]] of Object.entries(TOOLS)) if (key) row(key.toUpperCase(), say(`tool.${tool}`));
  for (const [key, word] of KEYS) row(key, say(word));
  const close = create("button", "primary", { type: "button" }, say("close"));
  close.addEventListener("click", () => dialog.close());
  dialog.append(create("h2", "", {}, say("keys")), list, close);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  layer.append(dialog);
  dialog.showModal();
}
