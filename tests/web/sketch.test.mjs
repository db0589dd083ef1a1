// @ts-check
// The public face: events, notices, verdicts.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { pass } from "./clock.mjs";
import { COMMIT, DOT, STYLE, WELCOME, begin, joined, latestSocket, peer, reconnected } from "./fake_relay.mjs";

beforeEach(begin);

test("changes are told once a frame", async () => {
  const { sketch, socket } = await joined();
  /** @type {string[]} */
  const events = [];
  for (const name of ["change", "status", "people", "live"]) sketch.addEventListener(name, () => events.push(name));
  for (let i = 0; i < 10; i++) sketch.stroke([[i, i]]);
  await socket.receive(peer("other"), peer("third"));
  await pass(20);
  assert.deepEqual(events.sort(), ["change", "live", "people", "status"]);
});

test("others are seen as they were until a relay tells of them, and not longer than that takes", async () => {
  const { sketch, socket } = await joined();
  const grace = { ...peer("other"), state: { name: "Grace", color: "#000000", cursor: [8, 8] } };
  const ink = { type: "ink", key: "k", start: 0, points: [8, 8, 16, 16], fields: STYLE };
  const seen = () => [
    sketch.people.filter(({ me }) => !me).map(({ peer, state }) => [peer, state.cursor]),
    sketch.live.map(({ key, peer }) => `${peer}/${key}`),
  ];
  await socket.receive(grace, { ...ink, peer: "other" }, { ...ink, peer: "other", key: "l" });
  const before = seen();
  assert.deepEqual(before, [[["other", [8, 8]]], ["other/k", "other/l"]]);
  await socket.shut(1012, "this relay restarts");
  assert.deepEqual(seen(), before);
  await reconnected();
  await latestSocket().open();
  assert.deepEqual(seen(), before);
  const { state } = peer("Grace");
  await latestSocket().receive({ ...WELCOME, peer: "me2" }, peer("me2"), { ...grace, peer: "new", state });
  assert.deepEqual(seen(), [[["new", [8, 8]]], ["new/k", "new/l"]]);
  await latestSocket().receive({ ...COMMIT, seq: 1, changes: [{ type: "create", key: "k", fields: DOT }] });
  await latestSocket().receive({ ...COMMIT, seq: 2, op: 2, changes: [{ type: "delete", keys: ["k"] }] });
  assert.deepEqual(seen()[1], ["new/l"], "what was drawn and erased is not ink again");
  await pass(20);
  let told = 0;
  sketch.addEventListener("live", () => told++);
  await pass(3_000);
  assert.deepEqual(seen(), [[["new", undefined]], []]);
  assert.equal(told, 1, "who paints it is told");
  await latestSocket().receive({ ...grace, peer: "new" });
  await sketch.leave();
  assert.deepEqual(seen(), [[], []]);
});

test("a token is said without the blanks and newlines that were pasted with it", async () => {
  const { sketch, socket } = await joined({ token: " a.b.c\n" });
  assert.equal(socket.take("join")[0].token, "a.b.c");
  await socket.shut(4004, "the token has expired");
  sketch.rejoin("\td.e.f ");
  await pass(1);
  await latestSocket().open();
  assert.equal(latestSocket().take("join")[0].token, "d.e.f");
});

test("an error that answers a request is not this page's notice", async () => {
  const { sketch, socket } = await joined();
  await socket.receive({ type: "error", code: "role", reason: "a viewer may not do that", re: 7 });
  assert.equal(sketch.notice, "");
  await socket.receive({ type: "error", code: "too-fast", reason: "too much at once" });
  assert.equal(sketch.notice, "too much at once");
});

test("that the relay cannot save is a notice until it has saved", async () => {
  const { sketch, socket } = await joined();
  sketch.create(DOT, { key: "a" });
  await pass(1);
  await socket.receive({ type: "error", code: "store", reason: "it cannot save at the moment" });
  await socket.receive(peer("other"));
  assert.equal(sketch.notice, "it cannot save at the moment");
  await socket.receive({ ...COMMIT, seq: 1, client: "client", changes: [{ type: "create", key: "a", fields: DOT }] });
  assert.equal(sketch.notice, "");
});

test("a final refusal takes the stroke off the drawing; another is sent again after a second", async () => {
  const { sketch, socket } = await joined();
  sketch.create(DOT, { key: "a" });
  sketch.create(DOT, { key: "b" });
  await pass(1);
  assert.equal(socket.take("operate").length, 2);
  await socket.receive(
    { type: "refused", op: 1, code: "role", reason: "a viewer may not draw", final: true },
    { type: "refused", op: 2, code: "store", reason: "the disk is full", final: false },
  );
  assert.deepEqual(
    sketch.elements.map(({ key }) => key),
    ["b"],
  );
  assert.deepEqual(
    sketch.lost.map(({ code }) => code),
    ["role"],
  );
  assert.match(sketch.notice, /^Not saved yet: the disk is full/);
  await pass(1000);
  assert.deepEqual(
    socket.take("operate").map(({ op }) => op),
    [2],
  );
  assert.equal(sketch.notice, "");
});

test("a lock ends the previews of those who may no longer draw", async () => {
  const { sketch, socket } = await joined({}, { role: "editor" });
  sketch.preview("k", 0, [8, 8], DOT);
  await pass(20);
  await socket.receive({ type: "room", locked: true });
  assert.deepEqual(socket.take("cancel"), [{ type: "cancel", key: "k" }]);
  assert.deepEqual([sketch.canDraw, sketch.mode], [false, "locked by a moderator"]);
  sketch.preview("late", 0, [8, 8], DOT);
  await pass(20);
  assert.deepEqual(
    socket.take("preview").map(({ key }) => key),
    ["k"],
  );
});

test("who has a pen draws in a locked room", async () => {
  const { sketch, socket } = await joined({}, { role: "editor" });
  await socket.receive({ type: "room", locked: true, pens: ["me", "other"] });
  assert.deepEqual([sketch.canDraw, sketch.locked, sketch.pens], [true, true, ["me", "other"]]);
  await socket.receive({ type: "room", locked: true, pens: ["other"] });
  assert.deepEqual([sketch.canDraw, sketch.mode], [false, "locked by a moderator"]);
  sketch.lock(true, ["other"]);
  await pass(20);
  assert.deepEqual(
    socket.take("lock").map(({ locked, pens }) => [locked, pens]),
    [[true, ["other"]]],
  );
});

test("one listener's mistake reaches neither the others nor the connection", async () => {
  const { sketch, socket } = await joined();
  /** @type {any[]} */
  const events = [];
  const { error } = console;
  console.error = () => {};
  try {
    sketch.on("hello", () => {
      throw new TypeError("a mistake, for the test");
    });
    sketch.on("hello", (data, peer) => events.push([data, peer]));
    await socket.receive({ type: "heard", peer: "other", name: "hello", data: 5 });
  } finally {
    console.error = error;
  }
  assert.deepEqual(events, [[5, "other"]]);
  assert.equal(sketch.connection, "connected");
});

test("leaving waits for the verdicts of pending operations", async () => {
  const { sketch, socket } = await joined();
  sketch.create(DOT, { key: "a" });
  const left = sketch.leave();
  await pass(500);
  assert.deepEqual(socket.take("leave"), []);
  await socket.receive({ ...COMMIT, seq: 1, client: "client", changes: [{ type: "create", key: "a", fields: DOT }] });
  await pass(5);
  await left;
  assert.equal(socket.take("leave").length, 1);
  assert.deepEqual([sketch.pending, sketch.status], [0, "not connected: you left the room"]);
});

test("leaving waits a second at most", async () => {
  const { sketch, socket } = await joined();
  sketch.create(DOT, { key: "a" });
  const left = sketch.leave();
  await pass(990);
  assert.deepEqual(socket.take("leave"), []);
  await pass(20);
  await left;
  assert.equal(socket.take("leave").length, 1);
  assert.equal(sketch.status, "not connected: you left the room; 1 stroke waiting");
});
