// @ts-check
// Previews and presence: what is sent of them, and when.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { OwnPresence } from "../../relay/web/client/own_presence.js";
import { pass } from "./clock.mjs";
import { DOT, STYLE, WELCOME, begin, joined, latestSocket, peer, reconnected } from "./fake_relay.mjs";

beforeEach(begin);

test("what grows under a hand in one frame is sent together", async () => {
  const { sketch, socket } = await joined();
  for (let i = 0; i < 5; i++) sketch.preview("k", 2 * i, [i, i], i ? undefined : STYLE);
  await pass(20);
  assert.deepEqual(socket.take("preview"), [
    { type: "preview", key: "k", start: 0, points: [0, 0, 1, 1, 2, 2, 3, 3, 4, 4], fields: STYLE },
  ]);
  sketch.preview("k", 10, [5, 5]);
  sketch.preview("k", 99, [5, 5]);
  await pass(20);
  assert.deepEqual(socket.take("preview"), [{ type: "preview", key: "k", start: 10, points: [5, 5] }]);
  sketch.preview("k", 12, [6, 6]);
  sketch.create(DOT, { key: "k" });
  sketch.preview("k", 14, [7, 7]);
  await pass(20);
  assert.deepEqual(socket.take("preview", "cancel"), []);
  assert.equal(socket.take("operate").length, 1);
});

test("live messages wait for a slow network, and are then as few", async () => {
  const { sketch, socket } = await joined();
  socket.bufferedAmount = 1 << 20;
  for (let i = 0; i < 50; i++) {
    sketch.preview("k", 2 * i, [i, i], STYLE);
    await pass(16);
  }
  assert.deepEqual(socket.take("preview"), []);
  socket.bufferedAmount = 0;
  await pass(20);
  assert.deepEqual(
    socket.take("preview").map(({ points }) => points.length),
    [100],
  );
});

test("after a resume the others are told all of it again", async () => {
  const { sketch, socket } = await joined();
  sketch.presence({ page: "p2", cursor: null });
  sketch.preview("k", 0, [1, 1, 2, 2], STYLE);
  await pass(20);
  await socket.shut(1006);
  sketch.preview("k", 4, [3, 3]);
  await reconnected();
  const again = latestSocket();
  await again.open();
  await again.receive({ ...WELCOME, peer: "me2" }, peer("me2"));
  await pass(20);
  assert.deepEqual(again.take("preview", "presence"), [
    { type: "presence", state: { page: "p2" } },
    { type: "preview", key: "k", start: 0, points: [1, 1, 2, 2, 3, 3], fields: STYLE },
  ]);
});

test("a cursor is told 15 times a second at most, where it rests too, and not to nobody", async () => {
  const { sketch, socket } = await joined();
  sketch.presence({ cursor: [1, 1] });
  await pass(1000);
  assert.deepEqual(socket.take("presence"), []);
  await socket.receive(peer("other"));
  for (let i = 0; i < 250; i++) {
    sketch.presence({ cursor: [i, i] });
    await pass(4);
  }
  await pass(200);
  const sent = socket.take("presence");
  assert.ok(sent.length >= 10 && sent.length <= 17, `${sent.length} times`);
  assert.deepEqual(sent.at(-1)?.state, { cursor: [249, 249] });
});

/** Everything that is sent now. @param {OwnPresence} own */
const sent = (own) => own.messages(0, false).messages;

test("null removes a field, and the name and colour are those of the next join", () => {
  const own = new OwnPresence("Ada", "#000000");
  own.update({ name: "Grace", color: "#111111", page: "p" });
  own.update({ page: null });
  assert.deepEqual([own.name, own.color, own.state], ["Grace", "#111111", { name: "Grace", color: "#111111" }]);
  assert.deepEqual(sent(own), [{ type: "presence", state: { name: "Grace", color: "#111111", page: null } }]);
  assert.deepEqual(sent(own), []);
});

test("a preview takes only numbers that follow its last", () => {
  const own = new OwnPresence("Ada", "#000000");
  assert.equal(own.extend("k", 2, [1, 1]), false);
  assert.equal(own.extend("k", 0, [1, 1], STYLE), true);
  assert.equal(own.extend("k", 4, [1, 1]), false);
  assert.equal(own.extend("k", 2, [NaN, 1]), false);
  assert.equal(own.extend("k", 2, new Array(20_000).fill(1)), false);
  assert.equal(own.extend("k", 2, [2.4, 2.6]), true);
  assert.deepEqual(sent(own), [{ type: "preview", key: "k", start: 0, points: [1, 1, 2, 3], fields: STYLE }]);
});

test("a preview that has ended stays ended, and its end says whether anybody saw it", () => {
  const own = new OwnPresence("Ada", "#000000");
  own.extend("unseen", 0, [1, 1], STYLE);
  assert.equal(own.end("unseen"), false);
  own.extend("seen", 0, [1, 1], STYLE);
  sent(own);
  assert.equal(own.end("seen"), true);
  assert.equal(own.extend("seen", 0, [1, 1], STYLE), false);
  for (let i = 0; i < 256; i++) own.end(`other ${i}`);
  assert.equal(own.extend("seen", 0, [1, 1], STYLE), true, "the ends of the latest 256 are remembered");
});

test("who may not draw any more has no previews to send again", () => {
  const own = new OwnPresence("Ada", "#000000");
  own.extend("k", 0, [1, 1], STYLE);
  own.resend(false);
  assert.deepEqual([own.previews, sent(own)], [[], []]);
});
