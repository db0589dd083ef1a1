// @ts-check
// The widget's way to its kernel: what was chosen here stands until the kernel has handled it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Channel, TAB } from "../../ipysketch/widget/static/channel.js";

const INK = { color: "#1f77b4", width: 4, fill: "", dash: "", opacity: 0 };

/** A channel, what it sends, and `update`, by which a kernel sets the state of its model. */
function create() {
  /** @type {any[]} */
  const sent = [];
  /** @type {any} */
  const state = { input_model: "m", tool: "pen", ink: INK, choices: {} };
  /** @type {[string, () => void][]} */
  const listeners = [];
  const model = {
    get: (/** @type {string} */ name) => state[name],
    on: (/** @type {string} */ event, /** @type {() => void} */ callback) => listeners.push([event, callback]),
    off: () => {},
    widget_manager: { get_model: async () => ({ send: (/** @type {any} */ content) => sent.push(content) }) },
  };
  const channel = new Channel(/** @type {any} */ (model), new AbortController().signal);
  /** As widgets do: every field first, then who listens. @param {any} changes */
  const update = (changes) => {
    Object.assign(state, changes);
    for (const [event, callback] of listeners) {
      if (Object.keys(changes).some((name) => event === `change:${name}`)) callback();
    }
  };
  /** @type {string[]} */
  const shown = [];
  channel.observe(["tool", "ink"], () => shown.push(`${channel.get("tool")} ${channel.get("ink").color}`));
  return { channel, sent, update, shown };
}

test("a choice counts at once, in tool and style", () => {
  const { channel, shown } = create();
  channel.choose({ tool: "laser" });
  channel.choose({ color: "#d62728", fill: "#f3bebe" });
  channel.choose({ width: 8, dash: "dashed", opacity: 50 });
  assert.equal(channel.get("tool"), "laser");
  assert.deepEqual(channel.get("ink"), { color: "#d62728", fill: "#f3bebe", width: 8, dash: "dashed", opacity: 50 });
  assert.equal(shown.at(-1), "laser #d62728");
});

test("each choice of a view has its number", async () => {
  const { channel, sent } = create();
  channel.choose({ tool: "line" });
  channel.choose({ width: 2 });
  await new Promise(setImmediate);
  assert.deepEqual(sent, [
    { ipysketch: "choose", tool: "line", view: channel.view, number: 1 },
    { ipysketch: "choose", width: 2, view: channel.view, number: 2 },
  ]);
});

test("the answer to an older choice takes back no newer one", () => {
  const { channel, update, shown } = create();
  channel.choose({ tool: "line" });
  channel.choose({ tool: "text" });
  channel.choose({ color: "#d62728" });
  update({ tool: "line", choices: { [channel.view]: 1 } });
  assert.equal(channel.get("tool"), "text");
  assert.equal(channel.get("ink").color, "#d62728");
  assert.ok(!shown.slice(3).some((one) => one.startsWith("line")), shown.join(", "));
  update({ tool: "text", ink: { ...INK, color: "#d62728" }, choices: { [channel.view]: 3 } });
  assert.equal(shown.at(-1), "text #d62728");
});

test("once a choice is handled, the kernel's word is the last", () => {
  const { channel, update, shown } = create();
  channel.choose({ tool: "text" });
  // The kernel did not take it: only the number changes.
  update({ choices: { [channel.view]: 1 } });
  assert.equal(shown.at(-1), "pen #1f77b4");
  update({ tool: "eraser" });
  assert.equal(shown.at(-1), "eraser #1f77b4");
  // An older choice of this view is not taken up again by a newer one.
  channel.choose({ color: "#d62728" });
  assert.equal(shown.at(-1), "eraser #d62728");
});

test("other views' choices say nothing of one's own", () => {
  const { channel, update } = create();
  channel.choose({ tool: "text" });
  update({ tool: "line", choices: { other: 7 } });
  assert.equal(channel.get("tool"), "text");
});

/** A signal as JupyterLab has them. */
function createSignal() {
  /** @type {Set<(sender: unknown, value: any) => void>} */
  const slots = new Set();
  return {
    connect: (/** @type {any} */ slot) => void slots.add(slot),
    disconnect: (/** @type {any} */ slot) => void slots.delete(slot),
    emit: (/** @type {any} */ value) => {
      for (const slot of slots) slot(null, value);
    },
    slots,
  };
}

/** A channel that watches a kernel, and what it is told of it. @param {object} [kernelNow] */
async function watching(kernelNow = {}) {
  const [statusChanged, connectionStatusChanged, disposed] = [createSignal(), createSignal(), createSignal()];
  const kernel = { statusChanged, connectionStatusChanged, disposed, ...kernelNow };
  const model = { get: () => "m", on: () => {}, off: () => {} };
  const manager = { get_model: async () => ({ send: () => {}, comm_live: true }), kernel };
  const stop = new AbortController();
  /** @type {string[]} */
  const told = [];
  const channel = new Channel(/** @type {any} */ ({ ...model, widget_manager: manager }), stop.signal);
  await channel.watchKernel((gone) => told.push(gone));
  return { kernel, told, stop };
}

test("a kernel that ended stays gone, also when another one goes on at its place", async () => {
  for (const state of ["dead", "restarting", "autorestarting", "terminating"]) {
    const { kernel, told } = await watching();
    assert.deepEqual(told, [""]);
    kernel.statusChanged.emit("busy");
    kernel.statusChanged.emit(state);
    kernel.statusChanged.emit("idle");
    assert.deepEqual(told, ["", "ended"], "each message makes a kernel busy and idle: that is nothing new");
  }
  const { kernel, told, stop } = await watching();
  kernel.disposed.emit(undefined);
  assert.equal(told.at(-1), "ended");
  stop.abort();
  assert.equal(kernel.statusChanged.slots.size + kernel.disposed.slots.size, 0);
});

test("a connection that is interrupted comes back", async () => {
  const { kernel, told } = await watching();
  kernel.connectionStatusChanged.emit("connecting");
  kernel.connectionStatusChanged.emit("connected");
  assert.deepEqual(told, ["", "interrupted", ""]);
  assert.deepEqual((await watching({ status: "dead" })).told, ["ended"]);
  assert.deepEqual((await watching({ isDisposed: true })).told, ["ended"]);
  assert.deepEqual((await watching({ connectionStatus: "disconnected" })).told, ["interrupted"]);
});

test("a tab undoes what is its own, and knows whose the tool is", () => {
  const { channel, update } = create();
  assert.equal(channel.view.split(".")[0], TAB);
  update({ can_undo: true, can_redo: false, tabs: {}, chooser: "" });
  assert.deepEqual(channel.turns, [true, false]);
  assert.equal(channel.isChosenElsewhere, false);
  update({ tabs: { [TAB]: [false, true], other: [true, false] }, chooser: "other" });
  assert.deepEqual(channel.turns, [false, true]);
  assert.equal(channel.isChosenElsewhere, true);
  update({ chooser: TAB });
  assert.equal(channel.isChosenElsewhere, false);
});
