// @ts-check
// Going with a moderator, over the relay's websocket.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RelayBoard } from "../../relay/web/board/relay_board.js";

/** @param {{watching?: boolean}} [options] */
function create(options) {
  /** @type {any[]} */
  const sent = [];
  const sketch = Object.assign(new EventTarget(), {
    room: "lesson",
    role: "editor",
    people: [{ peer: "me", name: "Screen", color: "#000000", me: true, author: "m", role: "editor", state: {} }],
    elementsOf: (/** @type {string} */ page) => (page === "pages" ? [{ key: "two", kind: "page", name: "" }] : []),
    presence: (/** @type {any} */ state) => sent.push(state),
    live: [],
    lasers: [],
    turned: /** @type {string[]} */ ([]),
  });
  const board = new RelayBoard(/** @type {any} */ (sketch), options);
  /** @param {string} role @param {any} state */
  const teacher = (role, state) => {
    sketch.people = [
      sketch.people[0],
      { peer: "t", name: "Ada", color: "#000000", me: false, author: "a", role, state },
    ];
    sketch.dispatchEvent(new Event("people"));
  };
  return { board, sketch, sent, teacher };
}

test("everybody goes with a moderator who leads, has a way out, and is asked again", () => {
  const { board, teacher } = create();
  teacher("moderator", { page: "two" });
  assert.deepEqual([board.following, board.page], ["", ""]);
  teacher("moderator", { page: "two", leading: true });
  assert.deepEqual([board.following, board.page], ["t", "two"]);
  board.follow("");
  teacher("moderator", { page: "", leading: true });
  assert.deepEqual([board.following, board.page], ["", "two"], "who left is not taken along again");
  teacher("moderator", {});
  teacher("moderator", { leading: true });
  assert.equal(board.following, "t");
  teacher("moderator", {});
  assert.equal(board.following, "");
});

test("nobody goes with an editor who claims to lead", () => {
  const { board, teacher } = create();
  teacher("editor", { page: "two", leading: true });
  assert.deepEqual([board.following, board.page], ["", ""]);
});

test("a projector turns pages with the moderator", () => {
  const { board, teacher } = create({ watching: true });
  teacher("owner", { page: "two" });
  assert.deepEqual([board.following, board.page], ["t", "two"]);
});

test("who leads says so in presence", () => {
  const { board, sent } = create();
  board.lead(true);
  board.lead(false);
  assert.deepEqual(sent, [{ leading: true }, { leading: null }]);
});

test("an undo turns to the page that it changes", () => {
  const { board, sketch } = create();
  const undone = (/** @type {string[]} */ turned) => {
    sketch.turned = turned;
    sketch.dispatchEvent(new Event("change"));
    sketch.dispatchEvent(new Event("change"));
    return board.page;
  };
  assert.equal(undone(["two"]), "two");
  board.turn("");
  sketch.dispatchEvent(new Event("change"));
  assert.equal(board.page, "", "once");
  assert.equal(undone(["", "two"]), "", "what is seen here needs no turn");
  assert.equal(undone(["pages"]), "");
});

test("a projector is nobody", () => {
  const { board, teacher } = create();
  teacher("editor", { tool: "projector" });
  assert.deepEqual(
    board.people.map(({ peer }) => peer),
    ["me"],
  );
  assert.deepEqual(board.projectors, [""]);
  teacher("editor", { tool: "projector", page: "two" });
  assert.deepEqual(board.projectors, ["two"]);
  teacher("editor", { tool: "pen" });
  assert.deepEqual(board.projectors, []);
});
