// @ts-check
// Work that is done once a display frame.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FrameTimer } from "../../relay/web/client/frame_timer.js";
import { pass, reset, time } from "./clock.mjs";
import "./dom.mjs";

beforeEach(reset);

/** A timer that counts its work. */
function counting() {
  const count = { runs: 0 };
  return { count, timer: new FrameTimer(() => count.runs++) };
}

test("however often it is requested, the work is done once a frame", async () => {
  const { count, timer } = counting();
  for (let i = 0; i < 5; i++) timer.request();
  assert.equal(count.runs, 0);
  await pass(20);
  assert.equal(count.runs, 1);
  await pass(500);
  assert.equal(count.runs, 1);
  timer.request();
  await pass(20);
  assert.equal(count.runs, 2);
});

test("a request in the work is for the next frame", async () => {
  /** @type {number[]} */
  const runs = [];
  const timer = new FrameTimer(() => {
    runs.push(time());
    if (runs.length < 3) timer.request();
  });
  timer.request();
  await pass(100);
  assert.deepEqual([runs.length, runs[1] - runs[0], runs[2] - runs[1]], [3, 16, 16]);
});

test("where no frames are displayed, a timer does the work", async () => {
  const { count, timer } = counting();
  Object.assign(document, { hidden: true });
  try {
    timer.request();
    await pass(16);
    assert.equal(count.runs, 1);
  } finally {
    Object.assign(document, { hidden: false });
  }
});

test("when the frames stop without a word, the work is late, but done", async () => {
  const { count, timer } = counting();
  const { requestAnimationFrame } = globalThis;
  globalThis.requestAnimationFrame = () => 1;
  try {
    timer.request();
    await pass(159);
    assert.equal(count.runs, 0);
    await pass(1);
    assert.equal(count.runs, 1);
  } finally {
    globalThis.requestAnimationFrame = requestAnimationFrame;
  }
});

test("work that is wanted at once is done when the code that asks has ended, and then once a frame", async () => {
  const { count, timer } = counting();
  for (let i = 0; i < 5; i++) timer.requestNow();
  assert.equal(count.runs, 0, "the code that asks may have more to say");
  await pass(0);
  assert.equal(count.runs, 1);
  for (let i = 0; i < 5; i++) timer.requestNow();
  await pass(0);
  assert.equal(count.runs, 1, "not twice in a frame");
  await pass(16);
  assert.equal(count.runs, 2);
  timer.requestNow();
  await pass(0);
  assert.equal(count.runs, 2, "nor beside what a frame did");
  await pass(16);
  assert.equal(count.runs, 3);
  await pass(100);
  assert.equal(count.runs, 3);
  timer.requestNow();
  await pass(0);
  assert.equal(count.runs, 4, "after a rest it is at once again");
});

test("what was to be done in the next frame is done then, also where it is wanted at once afterwards", async () => {
  const { count, timer } = counting();
  timer.request();
  timer.requestNow();
  await pass(0);
  assert.equal(count.runs, 0);
  await pass(16);
  assert.equal(count.runs, 1);
});
