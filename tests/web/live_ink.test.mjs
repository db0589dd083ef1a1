// @ts-check
// Wet ink: it grows with the samples of a pointer, and becomes the fields of an element.

import assert from "node:assert/strict";
import { test } from "node:test";

import { createWet, growWet, inkFields, straightenWet, wetFields } from "../../relay/web/canvas/live_ink.js";

const STYLE = { color: "#112233", width: 4, fill: "#aabbcc", dash: "dashed", opacity: 50 };
const PLAIN = { color: "#112233", width: 4, fill: "", dash: "", opacity: 0 };

/** Wet ink after some samples. @param {string} tool @param {number[][]} samples */
function grown(tool, samples) {
  const wet = createWet(tool, PLAIN);
  assert.ok(wet);
  for (const sample of samples) growWet(wet, sample);
  return wet;
}

test("each tool takes from the style what its element has", () => {
  const common = { color: "#112233", opacity: 50 };
  assert.deepEqual(inkFields("pen", STYLE), { kind: "stroke", ...common, width: 32, look: "flow" });
  assert.equal(inkFields("pen", { ...STYLE, even: true }).look, "even");
  assert.deepEqual(inkFields("highlighter", STYLE), { kind: "highlighter", ...common, width: 128 });
  assert.deepEqual(inkFields("arrow", STYLE), { kind: "arrow", ...common, width: 32, dash: "dashed" });
  assert.deepEqual(inkFields("ellipse", STYLE), {
    kind: "ellipse",
    ...common,
    width: 32,
    dash: "dashed",
    fill: "#aabbcc",
  });
  assert.deepEqual(inkFields("pen", PLAIN), { kind: "stroke", color: "#112233", width: 32, look: "flow" });
});

test("tools without ink leave none", () => {
  for (const tool of ["eraser", "select", "laser", "text", ""]) assert.equal(createWet(tool, PLAIN), null);
});

test("a stroke is its samples in eighths; one that stays where it was counts once", () => {
  const wet = grown("pen", [
    [1, 1, 0],
    [1, 1, 5],
    [2, 3, 9],
  ]);
  assert.deepEqual(wetFields(wet), {
    kind: "stroke",
    color: "#112233",
    width: 32,
    look: "flow",
    points: [8, 8, 8, 16],
    times: [0, 9],
  });
});

test("a stroke that begins with pressure keeps it: the last one where a sample has none", () => {
  assert.deepEqual(
    wetFields(
      grown("pen", [
        [1, 1, 0, 0.5],
        [2, 1, 9, 1],
      ]),
    ).pressure,
    [128, 255],
  );
  const samples = [
    [1, 1, 0, 0],
    [2, 1, 5, 1],
    [3, 1, 9],
  ];
  assert.deepEqual(wetFields(grown("pen", samples)).pressure, [0, 255, 255]);
  assert.equal("pressure" in wetFields(grown("pen", samples.reverse())), false);
  assert.equal("pressure" in wetFields(grown("highlighter", [[1, 1, 0, 0.5]])), false);
});

test("a line and a box have the first and the latest sample", () => {
  assert.deepEqual(
    wetFields(
      grown("line", [
        [1, 1, 0],
        [9, 9, 1],
        [3, 2, 2],
      ]),
    ).points,
    [8, 8, 16, 8],
  );
  assert.deepEqual(
    wetFields(
      grown("rectangle", [
        [3, 2, 0],
        [9, 9, 1],
        [1, 1, 2],
      ]),
    ).box,
    [8, 8, 16, 8],
  );
});

test("straight: a stroke has two points, a line a multiple of 15°, a box equal sides", () => {
  const stroke = grown("pen", [
    [0, 0, 0, 0.2],
    [5, 5, 1, 0.9],
  ]);
  straightenWet(stroke, [10, 1, 2, 0.4]);
  assert.deepEqual(wetFields(stroke), {
    kind: "stroke",
    color: "#112233",
    width: 32,
    look: "flow",
    points: [0, 0, 80, 8],
    times: [0, 2],
    pressure: [51, 51],
  });
  const line = grown("line", [[0, 0, 0]]);
  straightenWet(line, [10, 1, 2]);
  assert.deepEqual(wetFields(line).points, [0, 0, 80, 0]);
  const box = grown("ellipse", [[10, 10, 0]]);
  straightenWet(box, [4, 12, 2]);
  assert.deepEqual(wetFields(box).box, [32, 80, 48, 48]);
});
