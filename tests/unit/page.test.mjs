// A sketch with a relay that is these tests, and a clock that goes by hand.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { deflateSync } from "node:zlib";

const breathe = () => new Promise((resolve) => setImmediate(resolve));

// --- the clock ----------------------------------------------------------------------------------------------------

let now = 0;
let timers = [];
let made = 0;

function later(work, delay = 0, every = 0) {
  timers.push({ id: ++made, at: now + delay, work, every });
  return made;
}
globalThis.setTimeout = (work, delay) => later(work, delay);
globalThis.setInterval = (work, delay) => later(work, delay, delay);
globalThis.clearTimeout = globalThis.clearInterval = (id) => (timers = timers.filter((timer) => timer.id !== id));
performance.now = () => now;

/** Let `milliseconds` pass. */
async function pass(milliseconds) {
  const end = now + milliseconds;
  for (;;) {
    await breathe();
    const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.id - b.id);
    if (!next) break;
    now = Math.max(now, next.at);
    if (next.every) next.at += next.every;
    else clearTimeout(next.id);
    next.work();
  }
  now = end;
}

// --- the relay ----------------------------------------------------------------------------------------------------

/** @type {FakeSocket[]} */
let sockets = [];

class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  sent = [];

  constructor(url, protocols) {
    Object.assign(this, { url, protocols });
    sockets.push(this);
  }

  send(frame) {
    this.sent.push(...JSON.parse(frame));
  }

  close() {
    this.readyState = 3;
  }

  /** What was sent of one kind since the last time. */
  take(...types) {
    const found = this.sent.filter(({ type }) => types.includes(type));
    this.sent = this.sent.filter((message) => !found.includes(message));
    return found;
  }

  async say(...messages) {
    this.onmessage({ data: JSON.stringify(messages) });
    await breathe();
  }

  async bytes(data) {
    this.onmessage({ data: data.buffer.slice(data.byteOffset, data.byteOffset + data.length) });
    await breathe();
  }

  async open() {
    this.readyState = 1;
    this.onopen();
    await breathe();
  }

  async shut(code, reason = "") {
    this.readyState = 3;
    this.onclose({ code, reason });
    await breathe();
  }
}

const WELCOME = {
  type: "welcome",
  version: 1,
  room: "r",
  peer: "me",
  client: "client",
  resume_key: "key",
  author: "author",
  epoch: "e",
  seq: 0,
  last: 0,
  reset: false,
  width: 1280,
  height: 720,
};
const peer = (name) => ({ type: "peer", peer: name, author: `author of ${name}`, state: { name, color: "#000000" } });

globalThis.WebSocket = FakeSocket;
globalThis.addEventListener = globalThis.removeEventListener = () => {};
const { Sketch, strokes } = await import("../../relay/web/ipysketch.js");
const { liveFields } = await import("../../relay/web/others.js");

beforeEach(() => {
  timers = [];
  sockets = [];
  Math.random = () => 1;
});

/** A sketch that has joined, and its socket. */
async function joined(options = {}, welcome = {}) {
  const sketch = new Sketch("http://relay/", { room: "r", name: "Ada", ...options });
  const [socket] = sockets.slice(-1);
  await socket.open();
  await socket.say({ ...WELCOME, ...welcome }, peer("me"));
  await pass(20);
  return { sketch, socket };
}

/** How long the sketch waits until it opens another socket. */
async function waited() {
  const before = sockets.length;
  const since = now;
  while (sockets.length === before) {
    assert.ok(now - since < 100_000, "it does not come back");
    await pass(1);
  }
  return now - since;
}

// --- coming back --------------------------------------------------------------------------------------------------

test("a token is in the first message, and not in the address", async () => {
  new Sketch("https://relay/sub/?token=never#never", { room: "r", token: "secret" });
  assert.equal(sockets[0].url, "wss://relay/sub/");
  assert.deepEqual(sockets[0].protocols, ["ipysketch"]);
  await sockets[0].open();
  const [join] = sockets[0].sent;
  assert.equal(join.token, "secret");
  assert.equal(join.secret.length, 64);
});

test("the back-off doubles up to 15 s with full jitter, and begins anew after a join", async () => {
  const { socket } = await joined();
  await socket.shut(1006);
  for (const most of [500, 1000, 2000, 4000, 8000, 15_000, 15_000]) {
    assert.ok(Math.abs((await waited()) - most) <= 1);
    await sockets.at(-1).shut(1006);
  }
  Math.random = () => 0;
  await pass(15_000);
  const again = sockets.at(-1);
  await again.open();
  await again.say({ ...WELCOME });
  Math.random = () => 1;
  await again.shut(1006);
  assert.ok((await waited()) <= 501);
});

test("a relay that restarts says when to come back", async () => {
  const { sketch, socket } = await joined();
  await socket.say({ type: "goodbye", reason: "the relay is restarting", retry: 3 });
  await socket.shut(1012);
  assert.match(sketch.status, /^the relay is restarting; reconnecting in 4 s$/);
  assert.ok(Math.abs((await waited()) - 3500) <= 1);
});

test("who does not let in within 10 s is given up", async () => {
  const sketch = new Sketch("ws://relay", { room: "r" });
  await sockets[0].open();
  await pass(10_001);
  assert.match(sketch.status, /^ws:\/\/relay\/ does not answer; reconnecting/);
  await sketch.settled;
});

for (const [code, words] of [
  [4001, /another connection/],
  [4002, /do not understand/],
  [4003, /did not let this page in/],
  [4004, /expired/],
  [4005, /taken back/],
  [4006, /a moderator/],
  [4007, /deleted/],
]) {
  test(`after ${code} it stays away`, async () => {
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

test("a refusal at the door rejects with the relay's words", async () => {
  const sketch = new Sketch("ws://relay", { room: "r" });
  await sockets[0].open();
  await sockets[0].say({ type: "error", code: "token", reason: "the token is wrong", fatal: true });
  await sockets[0].shut(4003, "cut sho");
  await assert.rejects(sketch.settled, { name: "SketchError", code: "token", message: "the token is wrong" });
});

test("what the relay does not know is skipped, and a gap asks anew", async () => {
  const { sketch, socket } = await joined();
  const commit = { type: "commit", mark: 1, at: 1, client: "other", op: 1, author: "x", changes: [] };
  await socket.say({ type: "from-the-future" }, { ...commit, seq: 1 });
  await socket.say({ ...commit, seq: 3 });
  assert.match(sketch.status, /^the relay skipped something: entry 3 came after 1; reconnecting/);
  await waited();
  await sockets.at(-1).open();
  assert.deepEqual([sockets.at(-1).sent[0].seq, sockets.at(-1).sent[0].client], [1, "client"]);
});

test("a silent network is noticed", async () => {
  const { sketch, socket } = await joined();
  await pass(26_000);
  assert.deepEqual(socket.take("presence"), [{ type: "presence", state: {} }]);
  await socket.say(peer("me"));
  await pass(19_000);
  assert.equal(sketch.connection, "connected");
  let status = "";
  sketch.addEventListener("status", () => (status ||= sketch.status));
  await pass(45_000);
  assert.equal(socket.take("presence").length, 1);
  assert.equal(socket.readyState, 3);
  assert.match(status, /^ws:\/\/relay\/ does not answer any more; reconnecting in 1 s$/);
});

test("commits wait until the snapshot before them is unpacked", async () => {
  const { sketch, socket } = await joined({}, { seq: 5 });
  const entry = { key: "a", first: [1, 0], author: "x", at: 1, page: "", fields: DOT, versions: {} };
  const stream = deflateSync(JSON.stringify([entry]));
  const commit = { type: "commit", mark: 1, at: 1, client: "other", op: 1, author: "x" };
  socket.say({ type: "snapshot", seq: 5, mark: 1, size: stream.length, count: 1, last: 0 });
  socket.bytes(stream.subarray(0, 10));
  assert.equal(sketch.status, `loading room r · ${Math.round(1000 / stream.length)} %`);
  socket.bytes(stream.subarray(10));
  socket.say({ ...commit, seq: 6, changes: [{ type: "create", key: "b", fields: DOT }] });
  await sketch.settled;
  for (let i = 0; i < 1000 && sketch.elements.length < 2; i++) await breathe();
  assert.deepEqual(
    sketch.elements.map(({ key }) => key),
    ["a", "b"],
  );
});

test("what is no zlib stream is asked for anew", async () => {
  const { sketch, socket } = await joined({}, { seq: 5 });
  await socket.say({ type: "snapshot", seq: 5, mark: 1, size: 4, count: 1, last: 0 });
  await socket.bytes(new Uint8Array([1, 2, 3, 4]));
  for (let i = 0; i < 1000 && sketch.connection === "connected"; i++) await breathe();
  assert.match(sketch.status, /^what the relay sent could not be unpacked/);
});

// --- live ---------------------------------------------------------------------------------------------------------

const STYLE = { kind: "stroke", color: "#112233", width: 32 };
const DOT = { ...STYLE, points: [8, 8] };

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
  await waited();
  const again = sockets.at(-1);
  await again.open();
  await again.say({ ...WELCOME, peer: "me2" }, peer("me2"));
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
  await socket.say(peer("other"));
  for (let i = 0; i < 250; i++) {
    sketch.presence({ cursor: [i, i] });
    await pass(4);
  }
  await pass(200);
  const told = socket.take("presence");
  assert.ok(told.length >= 10 && told.length <= 17, `${told.length} times`);
  assert.deepEqual(told.at(-1).state, { cursor: [249, 249] });
});

test("ink of others is seen until it is over, and what comes late is not", async () => {
  const { sketch, socket } = await joined();
  const ink = (key, start, points) => ({ type: "ink", peer: "other", key, start, points, fields: start ? null : STYLE });
  await socket.say(peer("other"), ink("a", 0, [8, 8]), ink("b", 0, [8, 8]), ink("c", 0, [8, 8]));
  const [a, b] = sketch.live;
  assert.deepEqual([a.key, a.peer], ["a", "other"]);
  await socket.say(ink("a", 2, [16, 16]));
  assert.notEqual(sketch.live[0], a);
  assert.equal(sketch.live[1], b);
  const commit = { type: "commit", seq: 1, mark: 1, at: 1, client: "x", op: 1, author: "x" };
  await socket.say(
    { ...commit, changes: [{ type: "create", key: "a", fields: DOT }] },
    { type: "ink-end", peer: "other", key: "b" },
  );
  assert.deepEqual(
    sketch.live.map(({ key }) => key),
    ["c"],
  );
  await socket.say(
    { ...commit, seq: 2, op: 2, changes: [{ type: "delete", keys: ["a"] }] },
    ink("a", 0, [8, 8]),
    ink("b", 0, [8, 8]),
  );
  assert.deepEqual(
    sketch.live.map(({ key }) => key),
    ["c"],
  );
  await socket.say({ type: "left", peer: "other" });
  assert.deepEqual(sketch.live, []);
});

test("previews become fields", () => {
  assert.deepEqual(liveFields({ ...STYLE, stride: 3 }, [8, 8, 100, 16, 8, 255, 3]), {
    ...STYLE,
    points: [8, 8, 8, 0],
    pressure: [100, 255],
  });
  assert.deepEqual(liveFields({ kind: "line", color: "#000000", width: 8 }, [8, 8, 0, 4]).points, [8, 8, -8, -4]);
  assert.deepEqual(liveFields({ kind: "ellipse", color: "#000000", width: 8 }, [80, 8, 0, 40]).box, [0, 8, 80, 32]);
  assert.equal(liveFields({ kind: "line", color: "#000000", width: 8 }, [8, 8]), null);
  assert.equal(liveFields({ kind: "text" }, [8, 8, 0, 4]), null);
  assert.equal(liveFields(STYLE, []), null);
});

// --- strokes ------------------------------------------------------------------------------------------------------

test("a long stroke goes on as a second element", () => {
  const points = Array.from({ length: 4001 }, (_, i) => [i / 8, 0]);
  const pressure = points.map((_, i) => (i % 2 ? 2 : -1));
  const times = points.map((_, i) => i / 1000);
  const parts = strokes(points, { color: "#000000", width: 0.01, pressure, times });
  assert.deepEqual(
    parts.map(({ points, pressure, times }) => [points.length, pressure.length, times.length]),
    [
      [8000, 4000, 4000],
      [4, 2, 2],
    ],
  );
  assert.deepEqual(parts[1].points, [3999, 0, 1, 0]);
  assert.deepEqual(parts[1].pressure, [255, 0]);
  assert.deepEqual([parts[0].times[0], parts[0].times[1], parts[1].times], [0, 1, [0, 1]]);
  assert.equal(parts[0].width, 1);
  assert.equal(strokes([1, 2], {}).length, 1);
  for (const wrong of [[], [1], [1, NaN], [[1, 2], [3]]]) assert.throws(() => strokes(wrong, {}), TypeError);
});

test("changes are told once a frame", async () => {
  const { sketch, socket } = await joined();
  const told = [];
  for (const name of ["change", "status", "people", "live"]) sketch.addEventListener(name, () => told.push(name));
  for (let i = 0; i < 10; i++) sketch.stroke([[i, i]]);
  await socket.say(peer("other"), peer("third"));
  await pass(20);
  assert.deepEqual(told.sort(), ["change", "live", "people", "status"]);
});
