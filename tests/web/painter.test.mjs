// @ts-check
// Display lists on a canvas that records what is painted.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeNode, asNode } from "./dom.mjs";
import { decode } from "../../relay/web/model/elements.js";
import { Layer, paint } from "../../relay/web/canvas/painter.js";

const STYLE = { color: "#112233", width: 32 };

/** @param {Record<string, any>} fields */
function element(fields) {
  const decoded = decode("k", { ...STYLE, ...fields });
  assert.ok(decoded);
  return decoded;
}

const dot = (/** @type {number} */ x, /** @type {number} */ y) => element({ kind: "stroke", points: [8 * x, 8 * y] });

/** Where lines begin. @param {FakeNode} canvas */
const begins = (canvas) => canvas.context.of("moveTo");

test("a dot is a line of an eighth of a unit; a dash ends with its path", () => {
  const { context } = new FakeNode("canvas");
  paint(asNode(/** @type {any} */ (context)), [
    dot(3, 4),
    element({ kind: "line", points: [0, 0, 80, 0], dash: "dotted" }),
  ]);
  assert.deepEqual(context.of("lineTo"), [
    [3.125, 4],
    [10, 0],
  ]);
  assert.deepEqual(context.of("setLineDash"), [[[0, 8]], [[]]]);
});

test("an area is filled by its rule, all contours as one, under the line around it", () => {
  const { context } = new FakeNode("canvas");
  const contours = [
    [0, 0, 80, 0, 0, 80],
    [8, 8, 16, 0, 0, 16],
  ];
  paint(asNode(/** @type {any} */ (context)), [
    element({ kind: "area", contours, fill: "#ffffff", rule: "evenodd" }),
    element({ kind: "area", contours, fill: "#ffffff", width: 0 }),
  ]);
  assert.deepEqual(
    context.calls.map(([name]) => name).filter((name) => ["fill", "stroke", "closePath"].includes(name)),
    ["closePath", "closePath", "fill", "stroke", "stroke", "closePath", "closePath", "fill"],
  );
  assert.deepEqual(context.of("fill"), [["evenodd"], ["nonzero"]]);
});

test("a fill is under its outline", () => {
  const { context } = new FakeNode("canvas");
  paint(asNode(/** @type {any} */ (context)), [element({ kind: "rectangle", box: [0, 0, 80, 80], fill: "#ffffff" })]);
  assert.deepEqual(
    context.calls.map(([name]) => name).filter((name) => ["fill", "stroke"].includes(name)),
    ["fill", "stroke"],
  );
});

test("translucent ink of several lines is put together beside the canvas", () => {
  /** @type {FakeNode[]} */
  const canvases = [];
  class OffscreenCanvas extends FakeNode {
    /** @param {number} width @param {number} height */
    constructor(width, height) {
      super("canvas");
      Object.assign(this, { width, height });
      canvases.push(this);
    }
  }
  Object.assign(globalThis, { OffscreenCanvas });
  const { context } = new FakeNode("canvas");
  paint(asNode(/** @type {any} */ (context)), [element({ kind: "arrow", points: [80, 80, 800, 0], opacity: 50 })]);
  assert.deepEqual(context.of("stroke"), []);
  const [aside] = canvases;
  assert.equal(aside.context.of("stroke").length, 2);
  assert.deepEqual(
    context.of("drawImage").map(([canvas]) => canvas),
    [aside],
  );
  assert.ok(aside.width < 200, "as large as the element, not as the board");
});

test("a layer paints only what was added", () => {
  const canvas = new FakeNode("canvas");
  const layer = new Layer(asNode(canvas), 1280);
  const [a, b] = [dot(10, 10), dot(20, 20)];
  layer.show([a]);
  layer.show([a, b]);
  assert.deepEqual(begins(canvas), [
    [10, 10],
    [20, 20],
  ]);
  assert.deepEqual(canvas.context.of("clearRect"), []);
});

test("where an element changed, all that is there is painted again, and nothing beside it", () => {
  const canvas = new FakeNode("canvas");
  const layer = new Layer(asNode(canvas), 1280);
  const [below, changed, far, above] = [dot(10, 10), dot(11, 11), dot(500, 500), dot(12, 12)];
  layer.show([below, changed, far, above]);
  canvas.context.calls = [];
  layer.show([below, far, above]);
  assert.deepEqual(begins(canvas), [
    [10, 10],
    [12, 12],
  ]);
  const [[left, top, width, height]] = canvas.context.of("clearRect");
  assert.ok(left <= 9 && top <= 9 && left + width >= 13 && top + height >= 13 && width < 20 && height < 20);
});

test("with other pixels everything is painted again, in scale", () => {
  const canvas = new FakeNode("canvas");
  const layer = new Layer(asNode(canvas), 1280);
  layer.show([dot(10, 10), dot(20, 20)]);
  canvas.context.calls = [];
  layer.resize(1280, 720);
  assert.deepEqual(begins(canvas), []);
  layer.resize(2560, 1440);
  assert.deepEqual(begins(canvas), [
    [10, 10],
    [20, 20],
  ]);
  assert.equal(canvas.context.of("clearRect")[0][2], 2564, "all of it, and two pixels on each side");
});

test("a picture is painted once it is decoded, and decoded once", async () => {
  let decoded = 0;
  const bitmap = { width: 2, height: 2 };
  Object.assign(globalThis, {
    createImageBitmap: async () => {
      decoded++;
      return bitmap;
    },
  });
  const picture = element({ kind: "image", box: [0, 0, 80, 40], mime: "image/png", data: "AAAA" });
  const { context } = new FakeNode("canvas");
  const again = new Promise((resolve) => paint(asNode(/** @type {any} */ (context)), [picture], () => resolve(null)));
  assert.deepEqual(context.of("drawImage"), []);
  await again;
  paint(asNode(/** @type {any} */ (context)), [picture]);
  assert.deepEqual(context.of("drawImage"), [[bitmap, 0, 0, 10, 5]]);
  assert.equal(decoded, 1);
});
