// @ts-check
// Neat shapes: what is drawn as one is found, however the hand trembled; what is written is none.

import assert from "node:assert/strict";
import { test } from "node:test";

import { neatShape } from "../../relay/web/model/neat.js";

/** A hand that trembles in its own way: numbers from 0 to 1. @param {number} seed */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

/** @param {number[]} flat */
function places(...flat) {
  return Array.from({ length: flat.length / 2 }, (_, i) => flat.slice(2 * i, 2 * i + 2));
}

/** The points of a stroke along a way, in eighths of a unit. @param {number[][]} way in units @param {number} seed
 * @param {number} [wobble] units */
function drawn(way, seed, wobble = 2) {
  const next = numbers(seed);
  const [slow, phase] = [1 + next() * 3, next() * 6];
  const points = [];
  for (let i = 1; i < way.length; i++) {
    const [[ax, ay], [bx, by]] = [way[i - 1], way[i]];
    const steps = Math.max(1, Math.round(Math.hypot(bx - ax, by - ay) / 5));
    for (let k = 0; k < steps; k++) points.push([ax + ((bx - ax) * k) / steps, ay + ((by - ay) * k) / steps]);
  }
  points.push(way[way.length - 1]);
  return points.flatMap(([x, y], i) => {
    const swing = wobble * Math.sin((6.3 * slow * i) / points.length + phase);
    return [Math.round(8 * (x + swing + next() - 0.5)), Math.round(8 * (y - swing + next() - 0.5))];
  });
}

/** @param {number} wide @param {number} high @param {number} [turns] */
const round = (wide, high, turns = 1) =>
  Array.from({ length: 61 }, (_, i) => {
    const angle = 1 + (2 * Math.PI * turns * i) / 60;
    return [300 + wide * Math.cos(angle), 300 + high * Math.sin(angle)];
  });
const ARROW = places(100, 100, 300, 140, 265, 105, 300, 140, 255, 160);

/** What is found of the same way, drawn twenty times. @param {number[][]} way @param {number} [wobble] */
const found = (way, wobble) => Array.from({ length: 20 }, (_, seed) => neatShape(drawn(way, seed + 1, wobble)));

/** @param {number[][]} way @param {string} kind */
function all(way, kind) {
  const shapes = found(way);
  assert.deepEqual([...new Set(shapes.map((shape) => shape?.kind))], [kind]);
  return shapes.map((shape) => (shape ?? { points: [] }).points.map((value) => value / 8));
}

/** @param {number[]} found @param {number[]} wanted @param {number} by */
const near = (found, wanted, by) =>
  assert.ok(found.length === wanted.length && found.every((value, i) => Math.abs(value - wanted[i]) <= by), `${found}`);

test("a line goes from its first point to its last, along an axis where it nearly does", () => {
  for (const points of all(places(100, 100, 300, 220), "line")) near(points, [100, 100, 300, 220], 4);
  for (const [, y0, , y1] of all(places(100, 100, 400, 106), "line")) assert.equal(y0, y1);
  for (const [x0, , x1] of all(places(100, 400, 104, 100), "line")) assert.equal(x0, x1);
});

test("a ring is an ellipse around it, and nearly even it is a circle", () => {
  for (const points of all(round(100, 60), "ellipse")) near(points, [200, 240, 400, 360], 6);
  for (const [x0, y0, x1, y1] of all(round(100, 95), "ellipse")) assert.equal(x1 - x0, y1 - y0);
  for (const turns of [0.93, 1.07]) all(round(100, 60, turns), "ellipse");
});

test("four corners are a rectangle, and nearly even a square", () => {
  const box = (/** @type {number} */ high) => places(100, 100, 300, 102, 301, 100 + high, 99, 101 + high, 100, 103);
  for (const points of all(box(120), "rectangle")) near(points, [100, 100, 300, 220], 6);
  for (const [x0, y0, x1, y1] of all(box(190), "rectangle")) assert.equal(x1 - x0, y1 - y0);
});

test("three corners are a closed line, wherever it began", () => {
  const corners = places(100, 300, 320, 280, 200, 100);
  for (const points of all([...corners, ...places(102, 298)], "line"))
    near(points, [...corners, corners[0]].flat(), 14);
  for (const points of all([[210, 290], ...corners.slice(1), corners[0], [209, 291]], "line")) {
    assert.equal(points.length, 8);
  }
});

test("a shaft with two wings is an arrow to its tip", () => {
  for (const points of all(ARROW, "arrow")) near(points, [100, 100, 300, 140], 6);
});

test("what is no shape is none", () => {
  const none = {
    wave: Array.from({ length: 40 }, (_, i) => [100 + 5 * i, 200 + 40 * Math.sin(i / 4)]),
    corner: places(100, 100, 100, 250, 250, 250),
    zed: places(100, 100, 250, 100, 100, 250, 250, 250),
    tick: places(100, 200, 140, 250, 260, 90),
    spiral: Array.from({ length: 80 }, (_, i) => [300 + 2 * i * Math.cos(i / 6), 300 + 2 * i * Math.sin(i / 6)]),
    eight: Array.from({ length: 61 }, (_, i) => [300 + 60 * Math.sin(i / 4.8), 300 + 110 * Math.sin(i / 9.6)]),
    "two rings": round(100, 60, 2),
    bow: round(100, 60, 0.4),
    "one wing": ARROW.slice(0, 3),
    "wings on one side": [...ARROW.slice(0, 4), [280, 95]],
    kite: places(200, 100, 260, 180, 200, 330, 140, 180, 201, 101),
  };
  for (const [name, way] of Object.entries(none)) {
    assert.deepEqual([...new Set(found(way))], [null], name);
  }
});

test("letters are none: they are small", () => {
  for (const size of [20, 40]) {
    const scale = size / 200;
    for (const way of [round(100, 100), ARROW, places(100, 100, 300, 100)]) {
      const small = way.map(([x, y]) => [x * scale, y * scale]);
      assert.deepEqual([...new Set(found(small, 0.3))], [null]);
    }
  }
});

test("a dot, and a stroke that stays where it was, is none", () => {
  assert.equal(neatShape([]), null);
  assert.equal(neatShape([800, 800]), null);
  assert.equal(neatShape([800, 800, 800, 800]), null);
});
