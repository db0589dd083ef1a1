// @ts-check
// One page in one room: it handles the relay's messages, and sends what the page does when the connection takes it.
//
// The path of an operation: `submit` gives it to `Sync`, which shows it at once; it is sent when the relay let this page
// in; its verdict comes back through `#handle`. Changes are reported by the names of the events of `Sketch`.

import { unpack } from "../model/document.js";
import { checkSize } from "../model/cutting.js";
import { decodeEntries } from "../model/messages.js";
import { Connection } from "./connection.js";
import { FrameTimer } from "./frame_timer.js";
import { GhostTimer } from "./ghost_timer.js";
import { personalSecret } from "./identity.js";
import { OwnPresence } from "./own_presence.js";
import { Peers } from "./peers.js";
import { describeMode, describeStatus } from "./status.js";
import { Sync, lostInWords } from "./sync.js";

/**
 * @typedef {import("../model/messages.js").Action} Action
 * @typedef {import("../model/messages.js").ServerMessage} ServerMessage
 * @typedef {import("../model/messages.js").ClientMessage} ClientMessage
 * @typedef {import("./connection.js").State} State
 * @typedef {"change" | "status" | "people" | "live"} Change names an event of `Sketch`
 * @typedef {object} Listener
 * @property {(...changes: Change[]) => void} changed
 * @property {(name: string, data: any, peer: string) => void} event is called with an event of another peer
 */

const RETRY_AFTER = 1000;
const LEAVE_WITHIN = 1000;
/** Live messages wait while so many bytes do, so that they do not pile up before a slow network. */
const MAX_WAITING = 64 << 10;

/** The relay refused for good; `code` is one of those in `docs/protocol.md`. */
export class SketchError extends Error {
  /** @param {string} reason @param {string} code */
  constructor(reason, code) {
    super(reason);
    this.name = "SketchError";
    this.code = code;
  }
}

export class Session {
  room;
  width = 1280;
  height = 720;
  role = "moderator";
  locked = false;
  /** The peers that may draw while it is locked. @type {string[]} */
  pens = [];
  /** What went otherwise than meant, in words; "" when nothing did. */
  notice = "";
  /** Resolves once the drawing is there or the relay cannot be reached; rejects with a `SketchError`.
   * @type {Promise<void>} */
  settled;
  sync = new Sync();
  peers = new Peers();
  own;
  /** @type {State} */
  state = { kind: "connecting" };

  #listener;
  #token;
  #connection;
  #live = new FrameTimer(() => this.#sendLive());
  /** @type {() => void} */
  #resolve = () => {};
  /** @type {(error: SketchError) => void} */
  #reject = () => {};
  /** Brings the countdown of a back-off up to date. @type {any} */
  #ticker = 0;
  /** The seq at which the drawing is there, as far as this connection knew it when it began; -1 after that. */
  #catchUp = -1;
  /** @type {any} */
  #retrying = 0;
  /** The notice that the relay cannot store anything, while something waits for that. */
  #suspended = "";
  #ghosts = new GhostTimer(this.peers, () => this.#listener.changed("people", "live"));

  /**
   * @param {string} url of the relay's websocket
   * @param {string} room
   * @param {string} token
   * @param {OwnPresence} own
   * @param {Listener} listener
   */
  constructor(url, room, token, own, listener) {
    this.room = room;
    this.own = own;
    this.#token = token.trim(); // It was pasted, perhaps with a blank or a newline.
    this.#listener = listener;
    this.settled = this.#unsettled();
    this.#connection = new Connection(url, room, {
      join: () => this.#join(),
      receive: (messages) => this.#receive(messages),
      chunk: (data) => this.#chunk(data),
      ping: () => ({ type: "presence", state: {} }), // The relay sends it to everybody, this page too.
      state: (state) => this.#turn(state),
    });
    globalThis.addEventListener?.("online", this.#online);
    this.#connection.open();
  }

  get status() {
    return describeStatus({
      state: this.state,
      room: this.room,
      pending: this.sync.pending.size,
      progress: this.sync.progress,
      here: this.peers.all.size,
      mode: this.mode,
      now: performance.now(),
    });
  }

  /** Why the room does not let this page draw, in words; "" when it does. */
  get mode() {
    return describeMode(this.role, this.locked && !this.pens.includes(this.peers.me));
  }

  // --- what this page does ------------------------------------------------------------------------------------------

  /** Do `actions` as one operation; returns its number. @param {Action[]} actions */
  submit(actions) {
    const op = this.sync.submit(actions);
    for (const action of actions) if (action.type === "create") this.own.end(action.key);
    this.#sendPending();
    this.#listener.changed("change");
    return op;
  }

  /** @param {"undo" | "redo"} direction */
  turnBack(direction) {
    const done = this.sync[direction]();
    this.#sendPending();
    if (done) this.#listener.changed("change");
    return done;
  }

  /**
   * Show others ink under a hand, as `OwnPresence.extend` has it.
   * @param {string} key
   * @param {number} start
   * @param {ArrayLike<number>} points
   * @param {import("../model/messages.js").Fields} [fields]
   */
  preview(key, start, points, fields) {
    if (!this.mode && this.own.extend(key, start, points, fields)) this.#live.requestNow();
  }

  /** @param {string} key */
  endPreview(key) {
    if (this.own.end(key)) this.#connection.send([{ type: "cancel", key }]);
  }

  /** @param {import("../model/messages.js").Fields} changes */
  updatePresence(changes) {
    checkSize(changes, this.sync.limits);
    this.own.update(changes);
    this.#live.request();
    this.#listener.changed("people");
  }

  /** @param {string} name @param {any} data @param {string} to */
  emit(name, data, to) {
    checkSize({ name, data, to }, this.sync.limits);
    this.#connection.send([{ type: "event", name, data, to }]);
  }

  /** Ask for something that the relay answers or refuses; dropped while not connected.
   * @param {import("../model/message_table.js").Lock | import("../model/message_table.js").Remove} message */
  request(message) {
    if (this.state.kind === "connected") this.#connection.send([message]);
  }

  #sendPending() {
    this.#connection.send(this.sync.outgoing());
  }

  #sendLive() {
    if (this.state.kind !== "connected") return;
    if (this.#connection.waiting > MAX_WAITING) {
      this.#live.request();
      return;
    }
    const { messages, later } = this.own.messages(performance.now(), this.peers.all.size > 1);
    if (later) this.#live.request();
    this.#connection.send(messages);
  }

  // --- joining and leaving ------------------------------------------------------------------------------------------

  /** Try again after an end. @param {string} [token] */
  rejoin(token = this.#token) {
    this.#token = token.trim();
    if (this.state.kind === "ended") this.settled = this.#unsettled();
    if (this.state.kind !== "connected") this.#connection.open();
    return this.settled;
  }

  /** Leave for good, after waiting at most a second until the relay has what is pending. */
  async leave() {
    const end = performance.now() + LEAVE_WITHIN;
    while (this.sync.pending.size && this.state.kind === "connected" && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    globalThis.removeEventListener?.("online", this.#online);
    this.#connection.close([{ type: "leave" }], "you left the room");
  }

  /** @returns {Promise<void>} */
  #unsettled() {
    const settled = new Promise((resolve, reject) => {
      this.#resolve = () => resolve(undefined);
      this.#reject = reject;
    });
    settled.catch(() => {}); // Whoever does not await it reads `status`.
    return settled;
  }

  #online = () => {
    if (this.state.kind === "waiting") this.#connection.open();
  };

  #join() {
    const { name, color } = this.own;
    return this.sync.join({ room: this.room, name, color, secret: personalSecret(), token: this.#token });
  }

  /** @param {State} state */
  #turn(state) {
    this.state = state;
    clearInterval(this.#ticker);
    if (state.kind !== "connected") {
      if (state.kind === "ended") this.peers.forget();
      else this.#ghosts.lose(); // They may be back in a moment, and so may this page.
      this.sync.joined = false;
      this.#listener.changed("people", "live");
    }
    if (state.kind === "waiting") {
      this.#resolve();
      this.#ticker = setInterval(() => this.#listener.changed("status"), 500);
    } else if (state.kind === "ended") {
      this.#reject(new SketchError(state.reason, state.code));
    }
    this.#listener.changed("status");
  }

  #checkCaughtUp() {
    if (this.#catchUp < 0 || this.sync.document.seq < this.#catchUp) return;
    if (!this.peers.all.has(this.peers.me)) return; // The relay sends the peers after the drawing.
    this.#catchUp = -1;
    this.#resolve();
  }

  // --- from the relay -----------------------------------------------------------------------------------------------

  /** @param {ServerMessage[]} messages */
  #receive(messages) {
    for (const message of messages) this.#handle(message);
    if (this.#suspended && !this.sync.pending.size) {
      if (this.notice === this.#suspended) this.notice = "";
      this.#suspended = "";
      this.#listener.changed("status");
    }
    this.#sendPending();
    this.#checkCaughtUp();
  }

  /** @param {Uint8Array} data */
  async #chunk(data) {
    const stream = this.sync.chunk(data);
    this.#listener.changed("status");
    if (!stream) return;
    this.sync.loaded(decodeEntries(await unpack(stream)));
    this.peers.dry(this.sync.document.entries);
    this.#listener.changed("change", "live", "status");
    this.#sendPending();
    this.#checkCaughtUp();
  }

  /** @param {ServerMessage} message */
  #handle(message) {
    switch (message.type) {
      case "commit": {
        const known = this.sync.lost.length;
        this.sync.commit(message);
        if (this.sync.lost.length > known) this.notice = lostInWords(this.sync.lost);
        this.peers.committed(message.changes);
        this.#listener.changed("change", "live");
        break;
      }
      case "ink":
      case "ink-end":
        this.peers.receive(message);
        this.#listener.changed("live");
        break;
      case "peer":
      case "left":
        this.peers.receive(message);
        if (this.own.cursorMoved) this.#live.request();
        this.#listener.changed("people", "live", "status");
        break;
      case "welcome":
        this.#welcome(message);
        break;
      case "snapshot":
        this.sync.snapshot(message);
        this.#listener.changed("change", "status");
        break;
      case "refused":
        this.#refused(message);
        break;
      case "room":
        this.locked = message.locked;
        this.pens = message.pens ?? [];
        if (this.mode) for (const key of this.own.previews) this.endPreview(key);
        this.#listener.changed("status");
        break;
      case "heard":
        this.#listener.event(message.name, message.data, message.peer);
        break;
      case "error":
        // One with `re` answers a request, and its sender alone.
        if (message.fatal || message.re) break;
        this.notice = message.reason;
        this.#suspended = message.code === "store" ? message.reason : "";
        this.#listener.changed("status");
        break;
    }
  }

  /** @param {import("./sync.js").Welcome} message */
  #welcome(message) {
    this.room = message.room || this.room; // A Hub's relay adds the course.
    const replaced = message.reset && message.epoch !== this.sync.document.epoch;
    const givenUp = this.sync.welcome(message);
    this.peers.me = message.peer;
    this.role = message.role;
    this.locked = message.locked;
    this.pens = [];
    this.width = message.width;
    this.height = message.height;
    this.notice =
      replaced && this.sync.previous.length ? "The relay's drawing was replaced by another one; it is shown now." : "";
    if (givenUp.length) this.notice = lostInWords(this.sync.lost);
    this.#catchUp = message.seq;
    this.own.resend(!this.mode);
    this.#live.request();
    this.#listener.changed("change", "live", "people", "status");
  }

  /** @param {import("./sync.js").Refused} message */
  #refused(message) {
    const lost = this.sync.refused(message);
    if (lost) {
      this.notice = lostInWords(this.sync.lost);
    } else if (!message.final) {
      this.notice = `Not saved yet: ${message.reason}; trying again.`;
      this.#retrying ||= setTimeout(() => {
        this.#retrying = 0;
        this.notice = this.sync.retry() ? lostInWords(this.sync.lost) : "";
        this.#sendPending();
        this.#listener.changed("change", "status");
      }, RETRY_AFTER);
    }
    this.#listener.changed("change", "status");
  }
}
