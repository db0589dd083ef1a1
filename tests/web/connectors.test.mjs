// What becomes of connectors while hands draw, move, copy and delete: relay/web/editing/connectors.js.

import assert from "node:assert/strict";
import test from "node:test";

import { commandActions } from "../../relay/web/editing/commands.js";
import { anchorAt, connected, loosened, withConnectors } from "../../relay/web/editing/connectors.js";
import { following } from "../../relay/web/model/connector.js";
import { decode } from "../../relay/web/model/elements.js";

const BOX = { kind: "rectangle", box: [800, 800, 800, 400], color: "#1a1a1a", width: 16 };
const FAR = { ...BOX, kind: "ellipse", box: [4000, 800, 800, 400] };
const LINE = { kind: "arrow", points: [0, 0, 80, 80], color: "#1a1a1a", width: 16 };
const BOUND = { ...LINE, from: ["a", 500, 500], to: ["b", 500, 500] };

/** A page of elements by key. @param {Record<string, any>} all @param {string[]} [others] keys that are somebody else's */
function page(all, others = []) {
  const raw = new Map(Object.entries(all).map(([key, fields]) => [key, /** @type {any} */ (decode(key, fields, key))]));
  const elements = [...raw].map(([key, element]) => following(element, all[key], (other) => raw.get(other)));
  let made = 0;
  return {
    elements: () => elements,
    entry: (/** @type {string} */ key) => (all[key] ? { fields: all[key], place: 1, author: key } : undefined),
    mayChange: (/** @type {{author: string}} */ { author }) => !others.includes(author),
    newKey: () => `new ${++made}`,
    page: () => "",
    canDraw: () => true,
    grid: () => 0,
  };
}

test("a line is bound to the smallest element that it ends in, near the middle to the middle", () => {
  const { elements } = page({ a: BOX, small: { ...BOX, box: [1000, 900, 80, 80] }, line: LINE });
  assert.deepEqual(anchorAt(elements(), 160, 130), ["a", 500, 500]);
  assert.deepEqual(anchorAt(elements(), 102, 101), ["a", 20, 20]);
  assert.equal(anchorAt(elements(), 130, 117)?.[0], "small");
  assert.equal(anchorAt(elements(), 96, 120)?.[0], "a", "a little beside it");
  assert.equal(anchorAt(elements(), 5, 5), null, "lines are bound to no lines");
});

test("a line within one element is not bound to it", () => {
  const { elements } = page({ a: BOX, b: FAR });
  assert.equal(connected(LINE, ["a", 0, 0], ["a", 1000, 1000], elements()), LINE);
  assert.equal(connected(LINE, null, null, elements()), LINE);
  assert.deepEqual(connected(LINE, null, ["b", 500, 500], elements()).to, ["b", 500, 500]);
});

test("who moves an element writes the points of the lines anew that may be changed", () => {
  const move = [{ type: /** @type {const} */ ("patch"), key: "b", fields: { offset: [0, 4000] } }];
  const [, patch, ...more] = /** @type {any[]} */ (withConnectors(move, page({ a: BOX, b: FAR, c: BOUND })));
  assert.deepEqual(more, []);
  assert.equal(patch.key, "c");
  assert.ok(patch.fields.points[1] + patch.fields.points[3] > 3000);
  assert.equal(withConnectors(move, page({ a: BOX, b: FAR, c: BOUND }, ["c"])), move, "another's stays");
  assert.equal(withConnectors(move, page({ a: BOX, b: FAR, c: LINE })), move, "it is not bound");
});

test("a line that loses what it is bound to stays where it was", () => {
  const context = page({ a: BOX, b: FAR, c: BOUND });
  const done = commandActions("delete", ["b"], context);
  const [, patch] = /** @type {any[]} */ (withConnectors(done?.actions ?? [], context));
  assert.equal(patch.fields.to, null);
  assert.equal(patch.fields.from, undefined);
  const seen = context.elements()[2];
  const left = /** @type {any} */ (decode("c", { ...BOUND, ...patch.fields }));
  assert.deepEqual(left.points.slice(2), seen.points?.slice(2));
  assert.equal(withConnectors([{ type: "delete", keys: ["b", "c"] }], context).length, 1, "it goes too");
});

test("a line that is dragged lets go of what is not", () => {
  const line = page({ a: BOX, b: FAR, c: BOUND }).elements()[2];
  const alone = loosened(line, BOUND, new Set(["a", "c"]));
  assert.deepEqual([alone.from, alone.to], [BOUND.from, null]);
  assert.deepEqual(loosened(line, BOUND, new Set(["a", "b", "c"])).to, BOUND.to);
});

test("copies of lines are bound to copies", () => {
  const context = page({ a: BOX, b: FAR, c: BOUND });
  const { actions = [] } = commandActions("duplicate", ["a", "c"], context) ?? {};
  const [box, line] = /** @type {any[]} */ (actions);
  assert.deepEqual(line.fields.from, [box.key, 500, 500]);
  assert.equal(line.fields.to, undefined, "there is no copy of that");
  assert.equal("key" in line.fields, false);
});
