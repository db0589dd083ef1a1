// @ts-check
// The words of the status line.

import assert from "node:assert/strict";
import { test } from "node:test";

import { describeMode, describeStatus } from "../../relay/web/client/status.js";

const PARTS = { room: "r", pending: 0, progress: null, here: 2, mode: "", now: 1000 };

test("each state of the connection has its words", () => {
  assert.equal(describeStatus({ ...PARTS, state: { kind: "connecting" } }), "connecting · room r");
  const connected = /** @type {const} */ ({ kind: "connected" });
  assert.equal(describeStatus({ ...PARTS, state: connected }), "connected · room r · 2 here");
  assert.equal(describeStatus({ ...PARTS, here: 0, state: connected }), "connected · room r · 1 here");
  assert.equal(
    describeStatus({ ...PARTS, mode: "you are watching", state: connected }),
    "connected · room r · 2 here · you are watching",
  );
  assert.equal(describeStatus({ ...PARTS, progress: 0.256, state: connected }), "loading room r · 26 %");
  const waiting = /** @type {const} */ ({ kind: "waiting", until: 3100, reason: "it is gone" });
  assert.equal(
    describeStatus({ ...PARTS, pending: 1, state: waiting }),
    "it is gone; reconnecting in 3 s; 1 stroke waiting",
  );
  assert.equal(describeStatus({ ...PARTS, now: 9000, state: waiting }), "it is gone; reconnecting in 1 s");
  const ended = /** @type {const} */ ({ kind: "ended", reason: "you left", code: "" });
  assert.equal(describeStatus({ ...PARTS, pending: 2, state: ended }), "not connected: you left; 2 strokes waiting");
});

test("who may not draw is told why", () => {
  assert.equal(describeMode("viewer", false), "you are watching");
  assert.equal(describeMode("editor", true), "locked by a moderator");
  for (const role of ["moderator", "owner"]) assert.equal(describeMode(role, true), "");
  assert.equal(describeMode("editor", false), "");
});
