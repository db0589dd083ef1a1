// @ts-check
// Joining, back-off, resume and ends of a page's connection, with a relay that is the test.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { deflateSync } from "node:zlib";

import { relayAddress } from "../../relay/web/client/connection.js";
import { breathe, pass } from "./clock.mjs";
import {
  COMMIT,
  DOT,
  Sketch,
  WELCOME,
  begin,
  joined,
  latestSocket,
  peer,
  reconnected,
  sockets,
} from "./fake_relay.mjs";

beforeEach(begin);

test("a token is in the first message, and not in the address", async () => {
  new Sketch("https://relay/sub/?token=never#never", { room: "r", token: "secret" });
  assert.equal(sockets[0].url, "wss://relay/sub/?room=r");
  assert.deepEqual(sockets[0].protocols, ["ipysketch"]);
  await sockets[0].open();
  const [join] = sockets[0].sent;
  assert.equal(join.token, "secret");
  assert.equal(join.secret.length, 64);
});

test("the room is in the address, unless no room can be called so", () => {
  new Sketch("ws://relay", { room: "a b&c=ü+/?#" });
  assert.equal(sockets[0].url, `ws://relay/?room=${encodeURIComponent("a b&c=ü+/?#")}`);
  for (const room of ["a\nb", "\ud800", "x".repeat(257)]) new Sketch("ws://relay", { room });
  assert.deepEqual(
    sockets.slice(1).map((socket) => socket.url),
    Array(3).fill("ws://relay/"),
  );
});

test("the back-off doubles up to 15 s with full jitter, and begins anew after a join", async () => {
  const { socket } = await joined();
  await socket.shut(1006);
  for (const most of [500, 1000, 2000, 4000, 8000, 15_000, 15_000]) {
    assert.ok(Math.abs((await reconnected()) - most) <= 1);
    await latestSocket().shut(1006);
  }
  Math.random = () => 0;
  await pass(15_000);
  const again = latestSocket();
  await again.open();
  await again.receive({ ...WELCOME });
  Math.random = () => 1;
  await again.shut(1006);
  assert.ok((await reconnected()) <= 501);
});

test("a relay that restarts says when to come back", async () => {
  const { sketch, socket } = await joined();
  await socket.receive({ type: "goodbye", reason: "the relay is restarting", retry: 3 });
  await socket.shut(1012);
  assert.match(sketch.status, /^the relay is restarting; reconnecting in 4 s$/);
  assert.ok(Math.abs((await reconnected()) - 3500) <= 1);
});

test("a relay that does not answer the join within 10 s is given up", async () => {
  const sketch = new Sketch("ws://relay", { room: "r" });
  await sockets[0].open();
  await pass(10_001);
  assert.match(sketch.status, /^ws:\/\/relay\/ does not answer; reconnecting/);
  await sketch.settled;
});

for (const [code, words] of /** @type {[number, RegExp][]} */ ([
  [4001, /another connection/],
  [4002, /do not understand/],
  [4003, /did not let this page in/],
  [4004, /expired/],
  [4005, /taken back/],
  [4006, /a moderator/],
  [4007, /deleted/],
])) {
  test(`after close code ${code} it does not reconnect`, async () => {
    const { sketch, socket } = await joined();
    sketch.stroke([[1, 1]]);
    await socket.shut(code);
    assert.equal(sketch.connection, "ended");
    assert.match(sketch.status, words);
    assert.match(sketch.status, /; 1 stroke waiting$/);
    await pass(60_000);
    assert.equal(sockets.length, 1);
  });
}

test("a refused join rejects with the words of the relay", async () => {
  const sketch = new Sketch("ws://relay", { room: "r" });
  await sockets[0].open();
  await sockets[0].receive({ type: "error", code: "token", reason: "the token is wrong", fatal: true });
  await sockets[0].shut(4003, "cut sho");
  await assert.rejects(sketch.settled, { name: "SketchError", code: "token", message: "the token is wrong" });
});

test("an unknown message is skipped, and a gap in the log makes it resume", async () => {
  const { sketch, socket } = await joined();
  await socket.receive({ type: "from-the-future" }, { ...COMMIT, changes: [], seq: 1 });
  await socket.receive({ ...COMMIT, changes: [], seq: 3 });
  assert.match(sketch.status, /^the relay skipped something: entry 3 came after 1; reconnecting/);
  await reconnected();
  await latestSocket().open();
  assert.deepEqual([latestSocket().sent[0].seq, latestSocket().sent[0].client], [1, "client"]);
});

test("a silent network is noticed", async () => {
  const { sketch, socket } = await joined();
  await pass(5_000);
  assert.deepEqual(socket.take("presence"), [{ type: "presence", state: {} }]);
  await socket.receive(peer("me"));
  await pass(3_900);
  assert.equal(sketch.connection, "connected");
  let status = "";
  sketch.addEventListener("status", () => (status ||= sketch.status));
  await pass(4_200);
  assert.equal(socket.take("presence").length, 1);
  assert.equal(socket.readyState, 3);
  assert.match(status, /^ws:\/\/relay\/ does not answer any more; reconnecting in 1 s$/);
});

test("a relay that says nothing but empty frames is there", async () => {
  const { sketch, socket } = await joined();
  for (let i = 0; i < 10; i++) {
    await pass(3_000);
    await socket.receive();
  }
  assert.deepEqual(socket.take("presence"), []);
  assert.equal(sketch.connection, "connected");
});

test("commits wait until the snapshot before them is unpacked", async () => {
  const { sketch, socket } = await joined({}, { seq: 5 });
  const entry = { key: "a", first: [1, 0], author: "x", at: 1, page: "", fields: DOT, versions: {} };
  const stream = deflateSync(JSON.stringify([entry]));
  socket.receive({ type: "snapshot", seq: 5, mark: 1, size: stream.length, count: 1, last: 0 });
  socket.receiveBytes(stream.subarray(0, 10));
  assert.equal(sketch.status, `loading room r · ${Math.round(1000 / stream.length)} %`);
  socket.receiveBytes(stream.subarray(10));
  socket.receive({ ...COMMIT, seq: 6, changes: [{ type: "create", key: "b", fields: DOT }] });
  await sketch.settled;
  for (let i = 0; i < 1000 && sketch.elements.length < 2; i++) await breathe();
  assert.deepEqual(
    sketch.elements.map(({ key }) => key),
    ["a", "b"],
  );
});

test("a snapshot that is no zlib stream makes it resume", async () => {
  const { sketch, socket } = await joined({}, { seq: 5 });
  await socket.receive({ type: "snapshot", seq: 5, mark: 1, size: 4, count: 1, last: 0 });
  await socket.receiveBytes(new Uint8Array([1, 2, 3, 4]));
  for (let i = 0; i < 1000 && sketch.connection === "connected"; i++) await breathe();
  assert.match(sketch.status, /^what the relay sent could not be unpacked/);
});

test("the address of a relay is that of its websocket", () => {
  assert.equal(relayAddress("http://relay:8765/x/?a#b"), "ws://relay:8765/x/");
  assert.equal(relayAddress("https://relay"), "wss://relay/");
  assert.equal(relayAddress("no address"), "no address");
  assert.equal(new URL(relayAddress()).pathname, new URL("../../relay/web/", import.meta.url).pathname);
});

test("the network's return ends the back-off", async () => {
  /** @type {Map<string, () => void>} */
  const listeners = new Map();
  const before = globalThis.addEventListener;
  Object.assign(globalThis, {
    addEventListener: (/** @type {string} */ name, /** @type {() => void} */ listener) => listeners.set(name, listener),
  });
  try {
    const { socket } = await joined();
    await socket.shut(1006);
    listeners.get("online")?.();
    assert.equal(sockets.length, 2);
  } finally {
    globalThis.addEventListener = before;
  }
});

/** @param {number} times */
const words = (times) => "words ".repeat(times);

test("a relay for which a frame was too large is sent smaller ones, and what cannot be cut holds up nothing", async () => {
  const { sketch, socket } = await joined();
  sketch.operate(["a", "b"].map((key) => ({ type: "create", key, fields: { ...DOT, text: words(20_000) }, page: "" })));
  sketch.create({ ...DOT, text: words(70_000) }, { key: "large" });
  sketch.create(DOT, { key: "small" });
  await breathe();
  assert.deepEqual(
    socket.take("operate").map(({ op }) => op),
    [1, 2, 3],
  );
  await socket.shut(1009);
  await reconnected();
  await latestSocket().open();
  await latestSocket().receive({ ...WELCOME }, peer("me"));
  const again = latestSocket()
    .take("operate")
    .map(({ op, actions }) => [op, ...actions.map((/** @type {any} */ { key }) => key)]);
  assert.deepEqual(again, [
    [1, "a", "b"],
    [2, "small"],
  ]);
  assert.deepEqual(
    sketch.lost.map(({ code, actions }) => [code, actions.length]),
    [["too-large", 1]],
  );
  assert.match(sketch.notice, /^A stroke was refused: one element of \d+ bytes is larger than the relay takes/);
});

test("an operation is cut at what the relay tells", async () => {
  const { sketch, socket } = await joined({}, { max_message: 4000, max_actions: 3 });
  sketch.operate([1, 2, 3, 4].map((n) => ({ type: "create", key: `k${n}`, fields: DOT, page: "" })));
  assert.throws(() => sketch.create({ ...DOT, text: words(1000) }), /larger than the relay takes/);
  assert.throws(() => sketch.emit("event", words(1000)), /more than the relay takes/);
  assert.throws(() => sketch.presence({ note: words(1000) }), /more than the relay takes/);
  await breathe();
  assert.deepEqual(
    socket.take("operate").map(({ actions }) => actions.length),
    [3, 1],
  );
  assert.equal(sketch.elements.length, 4);
  sketch.undo();
  assert.equal(sketch.elements.length, 0);
  assert.equal(sketch.canUndo, false);
});

test("what many refusals ask to send again is sent again once, and refusals of parts are told together", async () => {
  const { sketch, socket } = await joined({}, { max_actions: 2 });
  sketch.operate([1, 2, 3, 4].map((n) => ({ type: "create", key: `k${n}`, fields: DOT, page: "" })));
  await breathe();
  socket.take("operate");
  const refused = { type: "refused", code: "store", reason: "the disk is full", final: false };
  await socket.receive({ ...refused, op: 1 }, { ...refused, op: 2 });
  await pass(2500);
  assert.equal(socket.take("operate").length, 2);
  const final = { ...refused, code: "board-full", final: true };
  await socket.receive({ ...final, op: 1 }, { ...final, op: 2 });
  assert.equal(sketch.notice, "4 elements were refused: the disk is full.");
  assert.equal(sketch.canUndo, false);
});

test("a relay that breaks the protocol three times is given up in words", async () => {
  const { sketch } = await joined();
  for (let times = 1; times <= 3; times++) {
    await latestSocket().receive({ type: "snapshot", seq: 1, mark: 1, size: 2 ** 40, count: 1, last: 0 });
    if (times === 3) break;
    await reconnected();
    await latestSocket().open();
    await latestSocket().receive({ ...WELCOME }, peer("me"));
  }
  assert.equal(sketch.connection, "ended");
  assert.match(sketch.status, /more than this page can open; the relay is broken, ask who runs it/);
  const before = sockets.length;
  await pass(60_000);
  assert.equal(sockets.length, before);
});

test("a frame that would take too much decoded is not decoded", async () => {
  const { sketch } = await joined();
  const lists = `[${"[],".repeat(1 << 20)}0]`;
  latestSocket().onmessage({ data: `[{"type":"peer","peer":"x","author":"a","state":{"x":${lists}}}]` });
  await breathe();
  assert.match(sketch.status, /more at once than this page takes/);
});

test("a page that came encrypted says that its relay must be too", async () => {
  const { WebSocket } = globalThis;
  Object.assign(globalThis, {
    WebSocket: class {
      constructor() {
        throw new DOMException("mixed content", "SecurityError");
      }
    },
  });
  try {
    const sketch = new Sketch("ws://relay", { room: "r" });
    await assert.rejects(
      sketch.settled,
      /came encrypted, so its relay must be too: ws:\/\/relay\/ should begin with wss/,
    );
    assert.equal(sketch.connection, "ended");
  } finally {
    Object.assign(globalThis, { WebSocket });
  }
});
