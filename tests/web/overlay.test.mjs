// @ts-check
// The widget's board and hands, over a kernel that is far.

import assert from "node:assert/strict";
import { test } from "node:test";

import { pass, reset } from "./clock.mjs";
import { asNode, board, frames, point } from "./dom.mjs";
import { Channel } from "../../ipysketch/widget/static/channel.js";
import { createOverlay } from "../../ipysketch/widget/static/overlay.js";

const INK = { color: "#1f77b4", width: 4, fill: "", dash: "", opacity: 0, even: false };
/** Milliseconds to the kernel, and as many back. */
const FAR = 100;

Object.assign(globalThis, {
  navigator: { languages: ["en"], language: "en" },
  IntersectionObserver: class {
    observe() {}
    disconnect() {}
  },
});

/** A board whose kernel takes every choice and says it again, and what is drawn on it. */
async function create() {
  reset();
  /** @type {any} */
  const state = {
    ...{ input_model: "m", tool: "pen", ink: INK, choices: {}, cursors: [], lasers: [], pages: [["", ""]], page: "" },
    ...{ following: "", people: [], can_draw: true, can_clear: true, size: [1280, 720], view_box: null, author: "" },
    ...{ room: "", chooser: "", tabs: {} },
  };
  /** @type {[string, () => void][]} */
  const listeners = [];
  /** @param {any} changes */
  const update = (changes) => {
    Object.assign(state, changes);
    for (const [event, callback] of listeners) {
      if (Object.keys(changes).some((name) => event === `change:${name}`)) callback();
    }
  };
  let answered = 0;
  /** @param {any} content */
  const send = ({ ipysketch, view, number, tool = state.tool, ...style }) => {
    if (ipysketch !== "choose") return;
    setTimeout(() => {
      // What the kernel has by then is on its way back when the next choice comes.
      const ink = { ...state.kernel, ...style };
      state.kernel = ink;
      setTimeout(() => {
        answered += 1;
        update({ tool, ink, choices: { ...state.choices, [view]: number } });
      }, FAR);
    }, FAR);
  };
  state.kernel = INK;
  const model = {
    get: (/** @type {string} */ name) => state[name],
    on: (/** @type {string} */ event, /** @type {() => void} */ callback) => listeners.push([event, callback]),
    off: () => {},
    widget_manager: { get_model: async () => ({ send: (/** @type {any} */ content) => send(content) }) },
  };
  const { overlay } = board();
  const { signal } = new AbortController();
  const made = createOverlay(new Channel(/** @type {any} */ (model), signal), asNode(overlay), signal);
  /** @type {any[]} */
  const drawn = [];
  made.board.submit = (/** @type {any} */ actions) =>
    drawn.push(...actions.map((/** @type {any} */ each) => each.fields));
  await frames();
  return { ...made, overlay, drawn, answered: () => answered };
}

test("ink has what was chosen last, also while the kernel's answers to earlier choices come in", async () => {
  const { editor, overlay, drawn, answered } = await create();
  const wanted = [];
  for (let n = 0; n < 14; n++) {
    const [color, width, dash] = [`#00000${n % 10}`, 2 + n, /** @type {const} */ (["", "dashed", "dotted"])[n % 3]];
    editor.choose({ tool: "line" });
    await pass(30);
    editor.choose({ color });
    await pass(50);
    editor.choose({ width });
    await pass(10 * (n % 7));
    editor.choose({ dash });
    await pass(30 * (n % 9));
    point(overlay, "pointerdown", { clientX: 10, clientY: 10 + n });
    point(overlay, "pointermove", { clientX: 100, clientY: 10 + n });
    await pass(40);
    point(overlay, "pointerup", { clientX: 200, clientY: 10 + n });
    wanted.push([color, 8 * width, dash]);
  }
  assert.deepEqual(
    drawn.map(({ color, width, dash = "" }) => [color, width, dash]),
    wanted,
  );
  await pass(1000);
  assert.equal(answered(), 4 * 14, "all of it was said to the kernel, and it answered");
  assert.equal(editor.style.width, 15);
});
