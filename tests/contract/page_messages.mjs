// @ts-check
// What the widget's modules send and read, for Python to compare: ``node page_messages.mjs sent``, or ``ink`` with updates on
// standard input, one a line.

import { createInterface } from "node:readline";

import { pass, reset } from "../web/clock.mjs";
import { asNode, board, frames, point } from "../web/dom.mjs";
import { KernelBoard } from "../../relay/web/board/kernel_board.js";
import { Editor } from "../../relay/web/editing/editor.js";
import { Channel, VERSION } from "../../ipysketch/widget/static/channel.js";
import { RemoteStrokes } from "../../relay/web/board/remote_strokes.js";

const INK = { color: "#1f77b4", width: 4, fill: "", dash: "", opacity: 0 };
const NAMED = "Delete Backspace ArrowLeft ArrowRight ArrowUp ArrowDown Escape Enter PageUp";
const KEYS = [
  ...[..."vphlaroteyxk][g0+-", ...NAMED.split(" ")].map((key) => ({ key })),
  ...["d", "a", "z", "y", "g"].map((key) => ({ key, ctrlKey: true })),
  { key: "z", metaKey: true, shiftKey: true },
];

/** A channel over a model that nobody sees, and what it sends. */
function createChannel() {
  /** @type {any[]} */
  const sent = [];
  /** @type {any} */
  const state = {
    ...{ input_model: "m", tool: "pen", ink: INK, cursors: [], lasers: [], pages: [["", ""]], page: "", following: "" },
    ...{ people: [{ peer: "a", me: true }, { peer: "b" }], can_draw: true, can_clear: true, size: [1280, 720] },
    ...{ view_box: null, author: "", room: "" },
  };
  const model = {
    get: (/** @type {string} */ name) => state[name],
    on: () => {},
    off: () => {},
    widget_manager: {
      get_model: async () => ({
        send: (/** @type {object} */ content) => {
          sent.push(content);
        },
      }),
    },
  };
  return { channel: new Channel(/** @type {any} */ (model), new AbortController().signal), sent };
}

/** An editor over a channel, with an element that the kernel has. @param {Channel} channel @param {any} overlay */
function createEditor(channel, overlay) {
  const board = new KernelBoard(channel);
  const chosen = (/** @type {any} */ choice) => channel.choose(choice);
  const editor = new Editor({
    board,
    el: asNode(overlay),
    view: "907-11-3",
    paper: () => ({ show: () => {} }),
    chosen,
  });
  return { board, editor };
}

/** Draw, straighten, cancel, press with a pen, select and drag, hover and leave. @param {Channel} channel */
async function usePointers(channel) {
  reset();
  const { overlay } = board();
  const { board: drawing, editor } = createEditor(channel, overlay);
  await frames();
  point(overlay, "pointerdown", { clientX: 10, clientY: 20 });
  point(overlay, "pointermove", { clientX: 12, clientY: 20 });
  await frames();
  point(overlay, "pointermove", { clientX: 14, clientY: 24, shiftKey: true });
  point(overlay, "pointerup", { clientX: 15, clientY: 24, shiftKey: true });
  await frames();
  point(overlay, "pointerdown", { pointerType: "pen", pressure: 0.5 });
  point(overlay, "pointercancel", { pointerType: "touch" });
  editor.choose({ tool: "select" });
  point(overlay, "pointerdown", { clientX: 12, clientY: 22 });
  point(overlay, "pointermove", { clientX: 30, clientY: 40 });
  point(overlay, "pointerup", { clientX: 30, clientY: 40 });
  editor.choose({ color: "#d62728", fill: "#f3bebe" });
  point(overlay, "pointermove", { clientX: 32, clientY: 40 });
  await pass(100);
  point(overlay, "pointerleave", {});
  drawing.undo();
  drawing.clear();
  editor.act("none");
  return editor;
}

async function sent() {
  const { channel, sent: messages } = createChannel();
  const editor = await usePointers(channel);
  const target = { matches: () => false, closest: () => null };
  for (const event of KEYS) {
    const whole = { target, code: "", preventDefault: () => {}, stopPropagation: () => {}, ...event };
    editor.key(/** @type {any} */ (whole));
  }
  channel.choose({ width: 8, dash: "dashed", opacity: 50 });
  channel.send("view", { view: "907-11-3", ratio: 2, visible: true, version: VERSION });
  channel.send("look", { view: null });
  channel.send("lost");
  await new Promise(setImmediate);
  console.log(JSON.stringify(messages));
}

async function ink() {
  const strokes = new RemoteStrokes();
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify([strokes.receive(JSON.parse(line)), strokes.entries()]));
  }
}

await (process.argv[2] === "ink" ? ink() : sent());
