// @ts-check
// Gestures that come to nothing, and say why.

import assert from "node:assert/strict";
import { test } from "node:test";

import { decode } from "../../relay/web/model/elements.js";
import { Gestures } from "../../relay/web/editing/gestures.js";
import { createSay } from "../../relay/web/surface/words/words.js";

/** @type {import("../../relay/web/board/types").Style} */
const STYLE = { color: "#112233", width: 4, fill: "", dash: "", opacity: 0, even: false, size: 25 };
const ENTRIES = new Map(
  Object.entries({
    box: { fields: { kind: "rectangle", box: [800, 800, 800, 800], color: "#112233", width: 32 }, place: 1 },
    stroke: { fields: { kind: "stroke", points: [4000, 800, 0, 1600], color: "#112233", width: 32 }, place: 2 },
  }),
);

/** What a tool comes to that is drawn along a level line. @param {string} tool @param {number} from @param {number} to
 * @param {boolean} mayChange */
function across(tool, from, to, mayChange) {
  const gestures = new Gestures({
    elements: () => [...ENTRIES].flatMap(([key, { fields }]) => decode(key, fields) ?? []),
    entry: (/** @type {string} */ key) => /** @type {any} */ (ENTRIES.get(key)),
    mayChange: () => mayChange,
    newKey: () => "k",
    page: () => "",
    canDraw: () => true,
    grid: () => 0,
  });
  gestures.begin(1, tool, STYLE, { x: from, y: 150, at: 0 });
  gestures.move(1, { x: to, y: 150, at: 10 }, {});
  return gestures.end(1);
}

test("a part eraser that only goes over what cannot be cut says what it is for", () => {
  const [said, ...more] = across("cutter", 50, 250, true);
  assert.equal(said.type, "notice");
  assert.deepEqual(more, []);
  assert.ok(createSay().has(/** @type {any} */ (said).words), "in the reader's language");
  assert.equal(across("cutter", 50, 550, true)[0].type, "commit", "a stroke behind it is cut, without a word");
  assert.deepEqual(across("cutter", 250, 350, true), [], "over nothing there is nothing to say");
});

test("an eraser that meets only what others drew says who may erase it", () => {
  for (const tool of ["eraser", "cutter"]) {
    assert.deepEqual(across(tool, 450, 550, false), [
      { type: "notice", words: "Only a moderator may erase what others drew." },
    ]);
  }
});
