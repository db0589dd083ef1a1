// @ts-check
// Live ink past the kernel: a notebook's board with a companion at the relay, and every change of the road.

import assert from "node:assert/strict";
import { test } from "node:test";

import { breathe, pass } from "./clock.mjs";
import { STYLE, begin, latestSocket, peer, sockets } from "./fake_relay.mjs";

Object.assign(globalThis, { location: { protocol: "http:", hostname: "localhost" } });
const { KernelBoard } = await import("../../relay/web/board/kernel_board.js");
const { reachable } = await import("../../relay/web/client/companion.js");

const NEAR = "ws://127.0.0.1:8765/";
const PROXY = "ws://localhost:8888/ipysketch/";

/** A board, what it sends to its kernel, and a kernel that says things. */
function create() {
  begin();
  /** @type {any[]} */
  const sent = [];
  /** @type {any} */
  const state = {
    ...{ cursors: [], lasers: [], pages: [["", ""]], page: "", following: "", size: [1280, 720], connected: true },
    ...{
      people: [
        { peer: "me", me: true, name: "Ada" },
        { peer: "g", me: false, name: "Grace" },
      ],
      author: "a",
    },
    ...{ can_draw: true, can_clear: true, room: "r", status: "connected", notice: "", pending: 0, progress: null },
  };
  /** @type {Record<string, (() => void)[]>} */
  const listeners = {};
  /** @type {(message: any) => void} */
  let receive = () => {};
  const channel = {
    view: "v",
    turns: [true, true],
    get: (/** @type {string} */ name) => state[name],
    send: (/** @type {string} */ kind, /** @type {any} */ content) => sent.push({ kind, ...content }),
    onChange: (/** @type {string[]} */ names, /** @type {() => void} */ update) => {
      for (const name of names) (listeners[name] ??= []).push(update);
    },
    observe: (/** @type {string[]} */ _, /** @type {() => void} */ update) => update(),
    onMessage: (/** @type {any} */ handle) => {
      receive = handle;
    },
  };
  const board = new KernelBoard(/** @type {any} */ (channel));
  return {
    board,
    /** What was sent to the kernel of some kinds since the last time. @param {...string} kinds */
    take: (...kinds) => {
      const found = sent.filter(({ kind }) => kinds.includes(kind));
      for (const each of found) sent.splice(sent.indexOf(each), 1);
      return found;
    },
    /** @param {any} message */
    kernel: async (message) => {
      receive(message);
      await breathe();
    },
    /** @param {any} changes */
    update: async (changes) => {
      Object.assign(state, changes);
      for (const name of Object.keys(changes)) for (const update of listeners[name] ?? []) update();
      await breathe();
    },
  };
}

const OFFER = { view: "v", room: "r", ticket: "t", addresses: [NEAR, PROXY], why: "" };

/** A board whose road is up. */
async function onTheRoad() {
  const scene = create();
  await scene.kernel({ road: OFFER });
  await latestSocket().open();
  await latestSocket().receive({ type: "accompanied", peer: "me" });
  await latestSocket().receive(peer("me"), peer("g"));
  return { ...scene, socket: latestSocket() };
}

const ink = (/** @type {number} */ start, /** @type {number[]} */ points, key = "k", of = "g") => ({
  ...{ type: "ink", peer: of, key, start, points },
  ...(start ? {} : { fields: STYLE }),
});
const live = (/** @type {any} */ board) => board.live.map((/** @type {any} */ each) => each.points.length / 2);
const update = (/** @type {any} */ more) => ({
  number: 0,
  whole: false,
  more: false,
  page: "",
  entries: [],
  gone: [],
  applied: {},
  ...more,
});
const entry = (/** @type {string} */ key) => [key, "x", 1, 0, { ...STYLE, points: [8, 8, 8, 0] }];

test("a guest is somebody else than the kernel, on each of the two pages", async () => {
  const { board, kernel, update, take } = create();
  await kernel({ road: { ...OFFER, name: "Ada (2)", color: "#2e8b57" } });
  const socket = latestSocket();
  await socket.open();
  assert.deepEqual(socket.take("accompany"), [
    { type: "accompany", room: "r", ticket: "t", version: 1, name: "Ada (2)", color: "#2e8b57" },
  ]);
  await socket.receive({ type: "accompanied", peer: "me", guest: "me+1" });
  await socket.receive({ ...peer("me"), state: { name: "Ada", cursor: [80, 80] } }, peer("g"), peer("me+1"));
  assert.deepEqual(socket.take("presence"), [{ type: "presence", state: { page: null } }]);
  await update({
    people: [
      { peer: "me", me: true, name: "Ada" },
      { peer: "g", me: false, name: "Grace" },
      { peer: "me+1", me: false, name: "Ada (2)" },
    ],
  });
  assert.deepEqual(
    board.people.map(({ name, me, cursor }) => [name, me, cursor]),
    [
      ["Ada (2)", true, null],
      ["Ada", false, [10, 10]],
      ["Grace", false, null],
    ],
  );
  await update({ page: "p" });
  assert.deepEqual(socket.take("presence"), [{ type: "presence", state: { page: "p" } }]);
  board.undo();
  assert.deepEqual(take("undo"), [{ kind: "undo", view: "v" }]);
  // Without the way it is the kernel's person again.
  await socket.shut(1006);
  assert.deepEqual(board.people.map(({ name, me }) => [name, me]).slice(0, 1), [["Ada", true]]);
});

test("a page asks its kernel, opens the first address and says so", async () => {
  const { take, kernel } = create();
  assert.deepEqual(take("road wanted"), [{ kind: "road wanted", view: "v" }]);
  await kernel({ road: { ...OFFER, view: "another" } });
  assert.equal(sockets.length, 0, "an offer is for one view");
  await kernel({ road: OFFER });
  assert.equal(latestSocket().url, `${NEAR}?room=r&companion`);
  await latestSocket().open();
  assert.deepEqual(latestSocket().take("accompany"), [{ type: "accompany", room: "r", ticket: "t", version: 1 }]);
  await latestSocket().receive({ type: "accompanied", peer: "me" });
  assert.deepEqual(take("road"), [], "not before it was told who is there");
  await latestSocket().receive(peer("me"), peer("g"));
  assert.deepEqual(take("road"), [{ kind: "road", view: "v", url: NEAR, why: "" }]);
});

test("what does not answer is passed over, and when nothing does, all goes over the kernel", async () => {
  const { board, take, kernel } = create();
  take("road wanted");
  await kernel({ road: OFFER });
  await latestSocket().shut(1006);
  assert.equal(latestSocket().url, `${PROXY}?room=r&companion`);
  await pass(5_000);
  assert.match(take("road")[0].why, /nothing answers at ws:\/\/localhost/);
  board.preview("k", 0, [8, 8], STYLE);
  await pass(20);
  assert.equal(take("preview").length, 1);
  await pass(3_000);
  assert.equal(take("road wanted").length, 1, "it asks again");
});

test("an address is tried only where it can be the right one", () => {
  const all = [NEAR, "ws://lab.example/", "wss://lab.example/", "nonsense"];
  assert.deepEqual(reachable(all, { protocol: "http:", hostname: "localhost" }), all.slice(0, 3));
  assert.deepEqual(reachable(all, { protocol: "https:", hostname: "lab.example" }), ["wss://lab.example/"]);
});

test("a refused ticket is not tried elsewhere", async () => {
  const { take, kernel } = create();
  await kernel({ road: OFFER });
  await latestSocket().open();
  await latestSocket().receive({ type: "error", code: "ticket", reason: "too late", fatal: true });
  assert.equal(sockets.length, 1);
  assert.deepEqual(take("road"), [{ kind: "road", view: "v", url: "", why: "too late" }]);
});

test("a kernel that has no way to offer is not asked again until it is connected anew", async () => {
  const { take, kernel, update: set } = create();
  take("road wanted");
  await kernel({ road: { ...OFFER, addresses: [], why: "it is off" } });
  await pass(200_000);
  assert.deepEqual([take("road").length, take("road wanted").length], [1, 0]);
  await set({ connected: false });
  await set({ connected: true });
  assert.equal(take("road wanted").length, 1);
});

test("ink and cursors go by the short road, and only operations to the kernel", async () => {
  const { board, socket, take } = await onTheRoad();
  board.preview("k", 0, [8, 8], STYLE);
  board.preview("k", 2, [16, 8]);
  board.presence({ cursor: [80, 80], view: null });
  await pass(20);
  assert.deepEqual(socket.take("preview"), [
    { type: "preview", key: "k", start: 0, points: [8, 8, 16, 8], fields: STYLE },
  ]);
  assert.deepEqual(
    socket.take("presence").map(({ state }) => state),
    [{ cursor: [80, 80], view: null }],
  );
  board.submit([{ type: "create", key: "k", fields: { ...STYLE, points: [8, 8, 8, 0] }, page: "" }]);
  assert.equal(take("submit").length, 1);
  assert.deepEqual(take("preview", "cursor", "look"), []);
});

test("ink and the cursor go together, by either way", async () => {
  const { board, kernel, take } = create();
  board.preview("k", 0, [8, 8], STYLE);
  board.presence({ cursor: [8, 8] });
  await pass(20);
  assert.deepEqual(take("preview", "cursor"), [
    { kind: "preview", view: "v", key: "k", start: 0, points: [8, 8], fields: STYLE, x: 1, y: 1 },
  ]);
  await pass(100);
  board.presence({ cursor: [80, 80], view: [0, 0, 80, 80] });
  await pass(20);
  assert.deepEqual(take("cursor", "look"), [
    { kind: "look", view: [0, 0, 10, 10] },
    { kind: "cursor", x: 10, y: 10 },
  ]);
  board.presence({ cursor: null, view: null });
  await pass(20);
  assert.deepEqual(take("cursor", "look"), [{ kind: "look", view: null }, { kind: "cursor" }]);
  await kernel({ road: OFFER });
  const socket = latestSocket();
  await socket.open();
  await socket.receive({ type: "accompanied", peer: "me" });
  await socket.receive(peer("me"), peer("g"));
  await pass(100);
  socket.take("preview", "presence");
  const { frames } = socket;
  board.preview("k", 2, [16, 8]);
  board.presence({ cursor: [16, 8] });
  await pass(20);
  assert.equal(socket.frames, frames + 1);
});

test("a stroke goes over to the short road whole, and back whole", async () => {
  const scene = create();
  const { board, take, kernel } = scene;
  board.preview("k", 0, [8, 8], STYLE);
  await pass(20);
  assert.deepEqual(
    take("preview").map(({ start, points }) => [start, points]),
    [[0, [8, 8]]],
  );
  await kernel({ road: OFFER });
  const socket = latestSocket();
  await socket.open();
  await socket.receive({ type: "accompanied", peer: "me" });
  board.preview("k", 2, [16, 8]);
  await socket.receive(peer("me"), peer("g"));
  await pass(20);
  assert.deepEqual(
    socket.take("preview").map(({ start, points, fields }) => [start, points, fields]),
    [[0, [8, 8, 16, 8], STYLE]],
  );
  board.preview("k", 4, [24, 8]);
  await pass(20);
  assert.deepEqual(
    socket.take("preview").map(({ start, points }) => [start, points]),
    [[4, [24, 8]]],
  );
  await socket.shut(1006, "gone");
  board.preview("k", 6, [32, 8]);
  await pass(20);
  assert.deepEqual(
    take("preview").map(({ start, points, fields }) => [start, points, fields]),
    [[0, [8, 8, 16, 8, 24, 8, 32, 8], STYLE]],
  );
});

test("others' ink is the relay's, and each is there once", async () => {
  const { board, socket, kernel } = await onTheRoad();
  await socket.receive(ink(0, [8, 8, 16, 8]));
  assert.deepEqual(live(board), [2]);
  await kernel({ live: { number: 0, whole: true, grown: [["g/k", 0, [8, 8], STYLE]], gone: [] } });
  assert.deepEqual(live(board), [2], "the kernel's is the same ink, later");
  board.preview("own", 0, [8, 8], STYLE);
  await socket.receive(ink(0, [8, 8], "own", "me"));
  assert.deepEqual(live(board), [2], "and one's own is under the hand");
  await socket.receive(ink(0, [8, 8], "other view", "me"));
  assert.deepEqual(live(board), [2, 1]);
});

test("ink of another page is not shown, and cursors are those of this one", async () => {
  const { board, socket, update: set } = await onTheRoad();
  const there = { ...peer("g"), state: { name: "Grace", color: "#000000", page: "p", cursor: [80, 40] } };
  await socket.receive(there, ink(0, [8, 8]));
  assert.deepEqual([live(board), board.people[1].cursor], [[], null]);
  await set({ page: "p" });
  assert.deepEqual([live(board), board.people[1].cursor], [[1], [10, 5]]);
});

test("committed ink stays until the scene has it, and not longer", async () => {
  const { board, socket, kernel } = await onTheRoad();
  await kernel({ scene: update({ whole: true }) });
  await socket.receive(ink(0, [8, 8, 16, 8]), ink(0, [8, 8], "l"), ink(0, [8, 8], "m"));
  await socket.receive({ type: "ink-end", peer: "g", key: "k", seq: 4 }, { type: "ink-end", peer: "g", key: "l" });
  assert.deepEqual(live(board), [2, 1], "what was cancelled goes at once");
  await kernel({ scene: update({ number: 1, entries: [entry("other")] }) });
  assert.deepEqual(live(board), [2, 1]);
  await kernel({ scene: update({ number: 2, entries: [entry("k")] }) });
  assert.deepEqual(live(board), [1]);
  await socket.receive({ type: "ink-end", peer: "g", key: "m", seq: 5 });
  await kernel({ scene: update({ number: 3, gone: ["m"] }) });
  assert.deepEqual(live(board), [], "it was erased before the scene had it");
  await kernel({ scene: update({ number: 4, gone: ["k"] }) });
  assert.deepEqual(live(board), [], "and what was erased does not come back as ink");
});

test("what was committed on another page is not ink of this one, when its author turns to it", async () => {
  const { board, socket, kernel } = await onTheRoad();
  await kernel({ scene: update({ whole: true }) });
  const there = (/** @type {string} */ page) => ({ ...peer("g"), state: { name: "Grace", color: "#000000", page } });
  await socket.receive(there("p"), ink(0, [8, 8]));
  await socket.receive({ type: "ink-end", peer: "g", key: "k", seq: 4 });
  await socket.receive(there(""));
  assert.deepEqual(live(board), []);
});

test("who leaves takes away ink, but not what is on its way to the scene", async () => {
  const { board, socket, kernel } = await onTheRoad();
  await kernel({ scene: update({ whole: true }) });
  await socket.receive(ink(0, [8, 8]));
  await socket.receive({ type: "ink-end", peer: "g", key: "k", seq: 4 }, { type: "left", peer: "g" });
  assert.deepEqual(live(board), [1]);
  await kernel({ scene: update({ number: 1, entries: [entry("k")] }) });
  assert.deepEqual(live(board), []);
});

test("when the road is lost, what it brought stays until the kernel's ink is there", async () => {
  const { board, socket, kernel, take } = await onTheRoad();
  await socket.receive(ink(0, [8, 8, 16, 8]));
  await socket.shut(1006, "gone");
  assert.equal(take("road").at(-1).why, "gone");
  assert.deepEqual(live(board), [2]);
  await kernel({ live: { number: 0, whole: true, grown: [["g/k", 0, [8, 8, 16, 8, 24, 8], STYLE]], gone: [] } });
  assert.deepEqual(live(board), [3]);
});

test("when the kernel is not connected either, what the road brought stays until it is told again", async () => {
  for (const first of ["road", "kernel"]) {
    const { board, socket, kernel, update: set } = await onTheRoad();
    await kernel({ scene: update({ whole: true }) });
    const grace = { ...peer("g"), state: { name: "Grace", color: "#000000", cursor: [80, 40] } };
    await socket.receive(grace, ink(0, [8, 8, 16, 8]), ink(0, [8, 8], "l"), ink(0, [8, 8], "m"));
    if (first === "road") await socket.shut(1012, "this relay restarts");
    await set({ connected: false });
    await kernel({ live: { number: 0, whole: true, grown: [], gone: [] } });
    assert.deepEqual(
      [live(board), board.people[1].cursor],
      [
        [2, 1, 1],
        [10, 5],
      ],
      first,
    );
    // The kernel is connected to another relay first, and has all ink from there.
    await set({ connected: true });
    await kernel({ live: { number: 1, whole: false, grown: [["g2/k", 0, [8, 8, 16, 8, 24, 8], STYLE]], gone: [] } });
    assert.deepEqual(live(board), [1, 1, 3], "and nothing is there twice");
    await kernel({ scene: update({ number: 1, entries: [entry("l")] }) });
    await kernel({ scene: update({ number: 2, gone: ["l"] }) });
    assert.deepEqual(live(board), [1, 3]);
    await kernel({ road: OFFER });
    const again = latestSocket();
    await again.open();
    await again.receive({ type: "accompanied", peer: "me2" });
    await again.receive(peer("me2"), { ...grace, peer: "g2" }, ink(0, [8, 8, 16, 8, 24, 8, 32, 8], "k", "g2"));
    assert.deepEqual(live(board), [1, 4]);
    await pass(3_000);
    assert.deepEqual(live(board), [4], "what nobody goes on with is over");
  }
});

test("a road on which nothing is heard is given up", async () => {
  const { take, socket } = await onTheRoad();
  take("road");
  for (let i = 0; i < 5; i++) {
    await pass(3_000);
    await socket.receive();
  }
  assert.deepEqual(take("road"), []);
  await pass(9_000);
  assert.match(take("road")[0].why, /does not answer any more/);
});

test("ink that comes is told at once: who paints it waits for a display frame, and once is enough", async () => {
  const { board, socket, kernel } = await onTheRoad();
  let told = 0;
  board.addEventListener("live", () => told++);
  socket.onmessage({ data: JSON.stringify([ink(0, [8, 8])]) });
  assert.deepEqual([told, live(board)], [1, [1]]);
  await kernel({ live: { number: 1, whole: true, grown: [], gone: [] } });
  assert.equal(told, 2);
});

test("a stroke goes on over a kernel that was away, from its beginning", async () => {
  const { board, take, update: set } = create();
  board.preview("k", 0, [8, 8], STYLE);
  await pass(20);
  assert.equal(take("preview").length, 1);
  await set({ connected: false });
  board.preview("k", 2, [16, 8]);
  await pass(20);
  take("preview");
  await set({ connected: true });
  board.preview("k", 4, [24, 8]);
  await pass(20);
  const [{ start, points, fields }, ...more] = take("preview");
  assert.deepEqual([start, points, fields, more], [0, [8, 8, 16, 8, 24, 8], STYLE, []]);
});

test("a slow network gets less and less often what is live, and nothing piles up", async () => {
  const { board, socket } = await onTheRoad();
  socket.bufferedAmount = 100_000;
  board.preview("k", 0, [8, 8], STYLE);
  for (let i = 1; i < 60; i++) {
    board.preview("k", 2 * i, [8 * i, 8]);
    await pass(16);
  }
  assert.deepEqual(socket.take("preview"), []);
  socket.bufferedAmount = 0;
  await pass(20);
  const [message, ...more] = socket.take("preview");
  assert.deepEqual([message.points.length, more], [120, []]);
});

test("a kernel that is gone takes the road with it", async () => {
  const { board, socket } = await onTheRoad();
  await socket.receive(ink(0, [8, 8]));
  board.setKernelGone("ended");
  await breathe();
  assert.deepEqual([live(board), socket.take("leave").length, socket.readyState], [[], 1, 3]);
});
