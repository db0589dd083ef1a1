// @ts-check
// Ink under others' hands: from previews to elements, and its end.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Peers, deltas, previewFields } from "../../relay/web/client/peers.js";
import { COMMIT, DOT, STYLE, begin, joined, peer } from "./fake_relay.mjs";

beforeEach(begin);

test("ink of others is seen until it is over, and what comes late is not", async () => {
  const { sketch, socket } = await joined();
  /** @type {(key: string, start: number, points: number[]) => import("./fake_relay.mjs").Message} */
  const ink = (key, start, points) => ({
    type: "ink",
    peer: "other",
    key,
    start,
    points,
    fields: start ? null : STYLE,
  });
  await socket.receive(peer("other"), ink("a", 0, [8, 8]), ink("b", 0, [8, 8]), ink("c", 0, [8, 8]));
  const [a, b] = sketch.live;
  assert.deepEqual([a.key, a.peer], ["a", "other"]);
  await socket.receive(ink("a", 2, [16, 16]));
  assert.notEqual(sketch.live[0], a);
  assert.equal(sketch.live[1], b);
  await socket.receive(
    { ...COMMIT, seq: 1, changes: [{ type: "create", key: "a", fields: DOT }] },
    { type: "ink-end", peer: "other", key: "b" },
  );
  assert.deepEqual(
    sketch.live.map(({ key }) => key),
    ["c"],
  );
  await socket.receive(
    { ...COMMIT, seq: 2, op: 2, changes: [{ type: "delete", keys: ["a"] }] },
    ink("a", 0, [8, 8]),
    ink("b", 0, [8, 8]),
  );
  assert.deepEqual(
    sketch.live.map(({ key }) => key),
    ["c"],
  );
  await socket.receive({ type: "left", peer: "other" });
  assert.deepEqual(sketch.live, []);
});

test("previews become fields", () => {
  assert.deepEqual(previewFields({ ...STYLE, stride: 3 }, [8, 8, 100, 16, 8, 255, 3]), {
    ...STYLE,
    points: [8, 8, 8, 0],
    pressure: [100, 255],
  });
  assert.deepEqual(previewFields({ kind: "line", color: "#000000", width: 8 }, [8, 8, 0, 4])?.points, [8, 8, -8, -4]);
  assert.deepEqual(previewFields({ kind: "ellipse", color: "#000000", width: 8 }, [80, 8, 0, 40])?.box, [0, 8, 80, 32]);
  assert.equal(previewFields({ kind: "line", color: "#000000", width: 8 }, [8, 8]), null);
  assert.equal(previewFields({ kind: "text" }, [8, 8, 0, 4]), null);
  assert.equal(previewFields(STYLE, []), null);
});

/** @param {string} peer @param {string} key @param {number[]} points @param {Record<string, any>} [fields] */
const preview = (peer, key, points, fields = STYLE) =>
  /** @type {const} */ ({ type: "ink", peer, key, start: 0, points, fields });

const NOTHING = new Map();

test("this page's own ink is not among that of others, and a peer that leaves takes its ink with it", () => {
  const peers = new Peers();
  peers.me = "me";
  peers.receive(preview("me", "a", [8, 8]));
  peers.receive(preview("other", "b", [8, 8]));
  assert.deepEqual(
    peers.ink(NOTHING).map(({ key }) => key),
    ["b"],
  );
  const before = peers.version;
  peers.receive({ type: "left", peer: "other" });
  assert.deepEqual(peers.ink(NOTHING), []);
  assert.notEqual(peers.version, before);
});

test("a part of a preview that does not follow its last is ignored", () => {
  const peers = new Peers();
  peers.receive({ ...preview("other", "a", [8, 8]), start: 2 });
  assert.deepEqual(peers.ink(NOTHING), []);
  peers.receive(preview("other", "a", [8, 8]));
  peers.receive({ ...preview("other", "a", [1, 1]), start: 4, fields: null });
  assert.deepEqual(
    peers.ink(NOTHING).map(({ points }) => points),
    [[1, 1]],
  );
});

test("ink is left out once its element is in the drawing", () => {
  const peers = new Peers();
  peers.receive(preview("other", "a", [8, 8]));
  assert.deepEqual(peers.ink(new Map([["a", 1]])), []);
});

test("laser trails are named by peer and key, and are no elements", () => {
  const peers = new Peers();
  peers.receive(preview("other", "a", [8, 8, 16, 16], { kind: "laser", color: "#ff0000" }));
  assert.deepEqual(peers.lasers(), [{ peer: "other", name: "other/a", color: "#ff0000", points: [8, 8, 16, 16] }]);
  assert.deepEqual(peers.ink(NOTHING), []);
  peers.forget();
  assert.deepEqual(peers.lasers(), []);
});

test("absolute points become steps", () => {
  assert.deepEqual(deltas([5, 6, 7, 9, 7, 8]), [5, 6, 2, 3, 0, -1]);
});

test("of what a broken relay tells little outlives the connection", () => {
  const peers = new Peers();
  /** @type {(key: string, start: number, points: number[]) => any} */
  const ink = (key, start, points) => ({ type: "ink", peer: "p", key, start, points, fields: start ? null : STYLE });
  peers.receive(/** @type {any} */ (peer("p")));
  for (let start = 0; start <= 1 << 18; start += 1 << 14)
    peers.receive(ink("endless", start, new Array(1 << 14).fill(8)));
  for (let i = 0; i < 600; i++) {
    peers.receive(ink(`k${i}`, 0, [8, 8, 16, 16]));
    peers.receive(/** @type {any} */ (peer(`p${i}`)));
  }
  for (let i = 0; i < 3; i++) peers.lose(100);
  const seen = peers.ink({ has: () => false });
  assert.equal(seen.length, 256);
  assert.ok(!seen.some(({ key }) => key === "endless"));
  assert.ok(peers.expire(3_100));
  assert.equal(peers.ink({ has: () => false }).length, 0);
});
