// @ts-check
// Draw in the rooms of an ipysketch relay from a page: `join` gives a `Sketch`. `docs/javascript.md` tells how to use it.
//
// The way of a stroke: `preview` shows others the ink under the hand, `stroke` or `operate` makes it an operation, which
// is seen here at once and by everybody once the relay has it; what comes back goes to `Sync` and `Others`, and listeners
// are told at most once a display frame. Coordinates in fields, previews and presence are whole eighths of a board unit,
// as in `docs/elements.md`; only `stroke` takes board units.

import { Connection } from "./connection.js";
import { Elements, unpack } from "./document.js";
import { decode } from "./elements.js";
import { MAX_PREVIEW, checkActions, checkValue, decodeEntries } from "./messages.js";
import { Others, steps } from "./others.js";
import { Sync } from "./sync.js";

/**
 * @typedef {import("./messages.js").Fields} Fields
 * @typedef {import("./messages.js").Message} Message
 * @typedef {import("./messages.js").Action} Action
 * @typedef {import("./connection.js").State} State
 * @typedef {{peer: string, name: string, color: string, author: string, me: boolean, state: Fields}} Person
 * @typedef {object} Options
 * @property {string} [room] 1 to 64 letters, digits, spaces, dots, dashes or underscores
 * @property {string} [name] what others call you
 * @property {string} [color] `#rrggbb`, your colour
 * @property {string} [token] what the relay asks for, if it asks
 * @property {number[]} [view] what you look at: `[x, y, width, height]` in eighths, for those who follow
 */

export const EIGHTHS = 8;
const REACH = 1_000_000;
const MAX_WIDTH = 1600;
/** Points of one element; a longer stroke goes on as a second element of the same operation. */
const LONGEST = 4000;
const FRAME = 16;
const CURSOR_INTERVAL = 1000 / 15;
const RETRY_AFTER = 1000;
const LEAVE_WITHIN = 1000;
/** Live messages wait while so many bytes do, so that they do not pile up before a slow network. */
const MAX_WAITING = 64 << 10;
const REMEMBERED_ENDS = 256;
const PALETTE = ["#d1495b", "#1f6fb2", "#2e8b57", "#8e5bb5", "#c46a1b", "#00798c", "#b0307a", "#5b6f1f"];
const SECRET = "ipysketch.secret";

/** What a relay refused for good; `code` is its word for it, as in `docs/protocol.md`. */
export class SketchError extends Error {
  /** @param {string} reason @param {string} code */
  constructor(reason, code) {
    super(reason);
    this.name = "SketchError";
    this.code = code;
  }
}

/**
 * Join a room. Resolves with the drawing there, or, while the relay cannot be reached, with a sketch that draws alone
 * and keeps trying; rejects with a `SketchError` when the relay refuses.
 * @param {string | URL | null} [url] the relay's address (http, https, ws or wss); without it the relay this module is from
 * @param {Options} [options]
 * @returns {Promise<Sketch>}
 */
export async function join(url, options) {
  const sketch = new Sketch(url, options);
  await sketch.settled;
  return sketch;
}

/** One page in one room. Events: "change", "status", "people", "live". */
export class Sketch extends EventTarget {
  /** The room's name. */
  room;
  /** The room's size in board units. */
  width = 1280;
  height = 720;
  /** viewer, editor, moderator or owner. */
  role = "moderator";
  /** Whether only moderators may draw now. */
  locked = false;
  /** What just went otherwise than meant, in words; "" when nothing did. */
  notice = "";
  /** Resolves as `join` does. @type {Promise<void>} */
  settled;

  #name;
  #color;
  #token;
  #sync = new Sync();
  #others = new Others();
  #connection;
  /** @type {State} */
  #state = { kind: "connecting" };
  /** @type {Fields} */
  #presence = {};
  /** @type {Fields} */
  #untold = {};
  #nextCursor = 0;
  /** Own ink under hands. @type {Map<string, {fields: Fields, points: number[], told: number}>} */
  #hands = new Map();
  /** @type {Set<string>} */
  #endedHands = new Set();
  #live = onFrame(() => this.#tellLive());
  #shown = onFrame(() => this.#show());
  /** @type {Set<string>} */
  #news = new Set();
  /** @type {Map<string, Set<(data: any, peer: string) => void>>} */
  #listeners = new Map();
  /** @type {Map<string, {version: number, elements: any[], cache: Elements<any>}>} */
  #pages = new Map();
  #seen = { entries: -1, ink: -1, elements: /** @type {any[]} */ ([]) };
  /** @type {() => void} */
  #resolve = () => {};
  /** @type {(error: SketchError) => void} */
  #reject = () => {};
  /** @type {any} */
  #ticker = 0;
  #catchUp = -1;

  /** @param {string | URL | null} [url] @param {Options} [options] */
  constructor(url, { room = "main", name = "guest", color, token = "", view } = {}) {
    super();
    this.room = room;
    this.#name = name;
    this.#color = color ?? PALETTE[parseInt(secret().slice(0, 2), 16) % PALETTE.length];
    this.#token = token;
    if (view) this.#presence = { view };
    this.settled = this.#unsettled();
    this.#connection = new Connection(address(url), {
      join: () => this.#join(),
      receive: (messages) => this.#receive(messages),
      chunk: (data) => this.#chunk(data),
      knock: () => ({ type: "presence", state: {} }), // The relay tells everybody, so me too.
      state: (state) => this.#turn(state),
    });
    globalThis.addEventListener?.("online", this.#online);
    this.#connection.open();
  }

  // --- what there is ------------------------------------------------------------------------------------------------

  /** The elements of the first page, bottom first, with own pending work; what did not change stays the same object. */
  get elements() {
    return this.elementsOf("");
  }

  /** The elements of `page`, bottom first. @param {string} page */
  elementsOf(page) {
    let known = this.#pages.get(page);
    if (!known) this.#pages.set(page, (known = { version: -1, elements: [], cache: new Elements(decode, page) }));
    if (known.version !== this.#sync.version) {
      known.elements = known.cache.of(this.#sync.entries);
      known.version = this.#sync.version;
    }
    return known.elements;
  }

  /** What is under others' hands: elements, each with its `peer`. */
  get live() {
    const seen = this.#seen;
    if (seen.entries !== this.#sync.version || seen.ink !== this.#others.version) {
      seen.entries = this.#sync.version;
      seen.ink = this.#others.version;
      seen.elements = this.#others.ink(this.#sync.entries);
    }
    return seen.elements;
  }

  /** The trails of others' laser pointers, each with its `peer`, a `name`, a `color` and flat `points` in eighths. */
  get lasers() {
    return this.#others.lasers();
  }

  /** Who is here, this page first. @returns {Person[]} */
  get people() {
    const { me, peers } = this.#others;
    const mine = peers.get(me);
    const state = mine?.state ?? { ...this.#presence, name: this.#name, color: this.#color };
    const people = [person(me, this.#sync.author, state, true)];
    for (const [peer, known] of peers) if (peer !== me) people.push(person(peer, known.author, known.state, false));
    return people;
  }

  /** connecting, connected or ended. @returns {"connecting" | "connected" | "ended"} */
  get connection() {
    return this.#state.kind === "waiting" ? "connecting" : this.#state.kind;
  }

  /** The connection in words. */
  get status() {
    const waiting = this.#sync.pending.size;
    const behind = waiting ? `; ${waiting} ${waiting === 1 ? "stroke" : "strokes"} waiting` : "";
    const state = this.#state;
    switch (state.kind) {
      case "connecting":
        return `connecting · room ${this.room}${behind}`;
      case "connected": {
        const { progress } = this.#sync;
        if (progress !== null) return `loading room ${this.room} · ${Math.round(100 * progress)} %`;
        const here = Math.max(1, this.#others.peers.size);
        return `connected · room ${this.room} · ${here} here${this.mode && ` · ${this.mode}`}`;
      }
      case "waiting": {
        const seconds = Math.max(1, Math.ceil((state.until - performance.now()) / 1000));
        return `${state.reason}; reconnecting in ${seconds} s${behind}`;
      }
      case "ended":
        return `not connected: ${state.reason}${behind}`;
    }
  }

  /** Why the room does not let this page draw, in words; "" when it does. */
  get mode() {
    if (this.role === "viewer") return "you are watching";
    return this.locked && this.role === "editor" ? "locked by a moderator" : "";
  }

  get canDraw() {
    return !this.mode;
  }

  /** This page's peer id; "" before it has joined. */
  get peer() {
    return this.#sync.peer;
  }

  /** The author of what this page draws; "" before it has joined. */
  get author() {
    return this.#sync.author;
  }

  /** How many own operations are not at the relay yet. */
  get pending() {
    return this.#sync.pending.size;
  }

  get canUndo() {
    return this.#sync.canUndo;
  }

  get canRedo() {
    return this.#sync.canRedo;
  }

  /** Own operations that were refused for good: `actions`, and the relay's `code` and `reason`. */
  get lost() {
    return [...this.#sync.lost];
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  /**
   * Do `actions` together, as one operation that one `undo` takes back; gives back its number. Throws when they cannot
   * be sent; what the relay refuses is in `lost`.
   * @param {Action[]} actions
   */
  operate(actions) {
    const checked = checkActions(actions);
    for (const action of checked) if (action.type === "create") this.#endHand(action.key);
    const op = this.#sync.submit(checked);
    this.#sendPending();
    this.#tell("change");
    return op;
  }

  /**
   * A new element; gives back its key.
   * @param {Fields} fields as `docs/elements.md` has them
   * @param {{page?: string, key?: string}} [where]
   */
  create(fields, { page = "", key = newKey() } = {}) {
    this.operate([{ type: "create", key, fields, page }]);
    return key;
  }

  /**
   * A stroke of the pen; gives back its key.
   * @param {ArrayLike<number> | ArrayLike<number>[]} points in board units: x, y after x, y, or pairs
   * @param {object} [style]
   * @param {string} [style.color] `#rrggbb`; without it your colour
   * @param {number} [style.width] in board units
   * @param {number} [style.opacity] 1 to 100 per cent
   * @param {ArrayLike<number>} [style.pressure] 0 to 1, one for each point
   * @param {ArrayLike<number>} [style.times] seconds since the first point, one for each
   * @param {string} [style.kind] stroke or highlighter
   * @param {string} [style.page]
   * @param {string} [style.key]
   */
  stroke(points, { page = "", key = newKey(), ...style } = {}) {
    const fields = { color: this.#color, ...style };
    this.operate(strokes(points, fields).map((fields, i) => ({ type: "create", key: i ? `${key}~${i + 1}` : key, fields, page })));
    return key;
  }

  /** Take elements away. @param {string | Iterable<string>} keys */
  remove(keys) {
    const found = typeof keys === "string" ? [keys] : [...keys];
    if (found.length) this.operate([{ type: "delete", keys: found }]);
  }

  /** Take every element of `page` away. @param {string} [page] */
  clear(page = "") {
    for (const entry of this.#sync.entries.values()) {
      if (entry.page === page) {
        this.operate([{ type: "clear", page }]);
        return;
      }
    }
  }

  /** Take back my own last operation that is not undone; false when there is none. */
  undo() {
    return this.#turned(this.#sync.undo());
  }

  /** Take back my own last undo; false when there is none. */
  redo() {
    return this.#turned(this.#sync.redo());
  }

  /** @param {boolean} done */
  #turned(done) {
    this.#sendPending();
    if (done) this.#tell("change");
    return done;
  }

  #sendPending() {
    this.#connection.send(this.#sync.outgoing());
  }

  // --- what others see meanwhile ------------------------------------------------------------------------------------

  /**
   * Show others what is under the hand: `points` go in at number `start` of what they have, 0 begins anew. Whatever
   * comes in one display frame is sent together. The operation that creates `key`, or `endPreview`, ends it.
   * @param {string} key of the element it will be
   * @param {number} start how many numbers were told before
   * @param {ArrayLike<number>} points flat, absolute, in eighths; in threes with `stride` 3 in `fields`
   * @param {Fields} [fields] the style, with the first part
   */
  preview(key, start, points, fields) {
    if (!this.canDraw || this.#endedHands.has(key)) return;
    let hand = this.#hands.get(key);
    if (start === 0) this.#hands.set(key, (hand = { fields: fields ?? {}, points: [], told: 0 }));
    const more = Array.from(points, Math.round);
    if (!hand || start !== hand.points.length || start + more.length > MAX_PREVIEW) return;
    if (!more.every(Number.isSafeInteger)) return;
    for (const number of more) hand.points.push(number);
    this.#live.ask();
  }

  /** What was under the hand came to nothing. @param {string} key */
  endPreview(key) {
    if (this.#endHand(key)) this.#connection.send([{ type: "cancel", key }]);
  }

  /** Whether others were told of it. @param {string} key */
  #endHand(key) {
    const told = this.#hands.get(key)?.told;
    this.#hands.delete(key);
    this.#endedHands.add(key);
    for (const old of this.#endedHands) {
      if (this.#endedHands.size <= REMEMBERED_ENDS) break;
      this.#endedHands.delete(old);
    }
    return Boolean(told);
  }

  /**
   * New values for some fields of what others know of this page: `cursor`, `page`, `view`, `tool`, `name`, `color`, …;
   * null takes one away.
   * @param {Fields} state
   */
  presence(state) {
    checkValue(state);
    if (typeof state.name === "string") this.#name = state.name;
    if (typeof state.color === "string") this.#color = state.color;
    merge(this.#presence, state);
    Object.assign(this.#untold, state);
    this.#live.ask();
    this.#tell("people");
  }

  /** Send what is new under hands and in my presence, if the network takes it. */
  #tellLive() {
    if (this.#state.kind !== "connected") return;
    if (this.#connection.waiting > MAX_WAITING) {
      this.#live.ask();
      return;
    }
    /** @type {Message[]} */
    const messages = [];
    const { cursor, ...rest } = this.#untold;
    const now = performance.now();
    // A cursor is sent when somebody is there to see it, and its last place in any case.
    if (cursor !== undefined && this.#others.peers.size > 1) {
      if (now >= this.#nextCursor || cursor === null) {
        this.#nextCursor = now + CURSOR_INTERVAL;
        rest.cursor = cursor;
      } else {
        this.#live.ask();
      }
    }
    for (const name of Object.keys(rest)) delete this.#untold[name];
    if (Object.keys(rest).length) messages.push({ type: "presence", state: rest });
    for (const [key, hand] of this.#hands) {
      if (hand.told === hand.points.length) continue;
      const fields = hand.told ? {} : { fields: hand.fields };
      messages.push({ type: "preview", key, start: hand.told, points: hand.points.slice(hand.told), ...fields });
      hand.told = hand.points.length;
    }
    this.#connection.send(messages);
  }

  // --- named events -------------------------------------------------------------------------------------------------

  /**
   * Tell others something that is forwarded and forgotten; dropped while not connected.
   * @param {string} name
   * @param {any} [data]
   * @param {string} [to] `others`, `all`, or a peer
   */
  emit(name, data = null, to = "others") {
    checkValue(data);
    this.#connection.send([{ type: "event", name, data, to }]);
  }

  /** Be told of what others `emit`. @param {string} name @param {(data: any, peer: string) => void} listener */
  on(name, listener) {
    let known = this.#listeners.get(name);
    if (!known) this.#listeners.set(name, (known = new Set()));
    known.add(listener);
    return this;
  }

  /** Be told no more. @param {string} name @param {(data: any, peer: string) => void} listener */
  off(name, listener) {
    this.#listeners.get(name)?.delete(listener);
    return this;
  }

  // --- coming and going ---------------------------------------------------------------------------------------------

  /**
   * After the relay had sent this page away: try again, with another token if there is one. Resolves as `join` does.
   * @param {string} [token]
   */
  rejoin(token = this.#token) {
    this.#token = token;
    if (this.#state.kind === "ended") this.settled = this.#unsettled();
    if (this.#state.kind !== "connected") this.#connection.open();
    return this.settled;
  }

  /** @returns {Promise<void>} */
  #unsettled() {
    const settled = new Promise((resolve, reject) => {
      this.#resolve = () => resolve(undefined);
      this.#reject = reject;
    });
    settled.catch(() => {}); // Who does not wait for it looks at `status`.
    return settled;
  }

  /** Leave for good, after waiting at most a second until the relay has what is pending. */
  async leave() {
    const end = performance.now() + LEAVE_WITHIN;
    while (this.#sync.pending.size && this.#state.kind === "connected" && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    globalThis.removeEventListener?.("online", this.#online);
    this.#connection.close([{ type: "leave" }], "you left the room");
  }

  #online = () => {
    if (this.#state.kind === "waiting") this.#connection.open();
  };

  /** @returns {Message} */
  #join() {
    const who = { room: this.room, name: this.#name, color: this.#color, secret: secret(), token: this.#token };
    return this.#sync.join(who);
  }

  /** @param {State} state */
  #turn(state) {
    this.#state = state;
    clearInterval(this.#ticker);
    if (state.kind !== "connected") {
      this.#others.forget();
      this.#sync.joined = false;
      this.#tell("people", "live");
    }
    if (state.kind === "waiting") {
      this.#resolve();
      this.#ticker = setInterval(() => this.#tell("status"), 500);
    } else if (state.kind === "ended") {
      this.#reject(new SketchError(state.reason, state.code));
    }
    this.#tell("status");
  }

  // --- from the relay -----------------------------------------------------------------------------------------------

  /** @param {Message[]} messages */
  #receive(messages) {
    for (const message of messages) this.#hear(message);
    this.#sendPending();
    this.#caughtUp();
  }

  /** @param {Uint8Array} data */
  async #chunk(data) {
    const stream = this.#sync.chunk(data);
    this.#tell("status");
    if (!stream) return;
    this.#sync.loaded(decodeEntries(await unpack(stream)));
    this.#tell("change", "live", "status");
    this.#sendPending();
    this.#caughtUp();
  }

  #caughtUp() {
    if (this.#catchUp < 0 || this.#sync.document.seq < this.#catchUp) return;
    if (!this.#others.peers.has(this.#others.me)) return; // Who is here comes after what is drawn.
    this.#catchUp = -1;
    this.#resolve();
  }

  /** @param {Message} message */
  #hear(message) {
    switch (message.type) {
      case "commit":
        this.#sync.commit(/** @type {any} */ (message));
        this.#others.committed(message.changes.filter(({ type }) => type === "create").map(({ key }) => key));
        this.#tell("change", "live");
        break;
      case "ink":
      case "ink-end":
        this.#others.receive(message);
        this.#tell("live");
        break;
      case "peer":
      case "left":
        if (this.#others.receive(message) && "cursor" in this.#untold) this.#live.ask();
        this.#tell("people", "live", "status");
        break;
      case "welcome":
        this.#welcome(message);
        break;
      case "snapshot":
        this.#sync.snapshot(message);
        this.#tell("change", "status");
        break;
      case "refused":
        this.#refused(message);
        break;
      case "room":
        this.locked = message.locked;
        if (!this.canDraw) for (const key of [...this.#hands.keys()]) this.endPreview(key);
        this.#tell("status");
        break;
      case "heard":
        this.#heard(message);
        break;
      case "error":
        if (!message.fatal) {
          this.notice = message.reason;
          this.#tell("status");
        }
        break;
    }
  }

  /** @param {Message} message */
  #welcome(message) {
    const replaced = message.reset && message.epoch !== this.#sync.document.epoch;
    this.#sync.welcome(message);
    this.#others.me = message.peer;
    this.role = message.role;
    this.locked = message.locked;
    this.width = message.width;
    this.height = message.height;
    this.notice =
      replaced && this.#sync.previous.length ? "The relay's drawing was replaced by another one; it is shown now." : "";
    this.#catchUp = message.seq;
    // The others know nothing of what this page told before.
    const { name: _, color: __, ...state } = this.#presence;
    this.#untold = { ...state };
    for (const hand of this.#hands.values()) hand.told = 0;
    if (!this.canDraw) this.#hands.clear();
    this.#live.ask();
    this.#tell("change", "live", "people", "status");
  }

  /** @param {Message} message */
  #refused(message) {
    const lost = this.#sync.refused(message);
    if (lost) {
      this.notice = `A stroke was refused: ${message.reason}.`;
    } else if (!message.final) {
      this.notice = `Not saved yet: ${message.reason}; trying again.`;
      setTimeout(() => {
        this.#sync.retry();
        this.notice = "";
        this.#sendPending();
        this.#tell("status");
      }, RETRY_AFTER);
    }
    this.#tell("change", "status");
  }

  /** @param {Message} message */
  #heard({ name, data, peer }) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(data, peer);
      } catch (error) {
        console.error(error); // One listener's mistake is not the others', nor the connection's.
      }
    }
  }

  // --- listeners ----------------------------------------------------------------------------------------------------

  /** @param {string[]} news */
  #tell(...news) {
    for (const name of news) this.#news.add(name);
    this.#shown.ask();
  }

  #show() {
    const news = [...this.#news];
    this.#news.clear();
    for (const name of news) this.dispatchEvent(new Event(name));
  }
}

// --- small things -----------------------------------------------------------------------------------------------------

/**
 * The address of a relay's websocket.
 * @param {string | URL | null} [url]
 */
function address(url) {
  let found;
  try {
    // The directory this module lies in is the relay's, also behind a proxy that put it somewhere.
    found = new URL(url || new URL(".", import.meta.url));
  } catch {
    return String(url); // The connection says in words that it is none.
  }
  if (found.protocol === "http:") found.protocol = "ws:";
  if (found.protocol === "https:") found.protocol = "wss:";
  // A query is written into logs, so nothing is ever sent there.
  found.search = found.hash = "";
  return found.href;
}

let remembered = "";

/** What makes strokes this person's after the page was loaded anew: kept in this browser, shown to nobody. */
function secret() {
  if (remembered) return remembered;
  try {
    remembered = localStorage.getItem(SECRET) ?? "";
  } catch {
    // No storage here, or none that may be used: it lasts as long as the page.
  }
  if (remembered.length >= 32) return remembered;
  remembered = hex(32);
  try {
    localStorage.setItem(SECRET, remembered);
  } catch {
    // As above.
  }
  return remembered;
}

/** @param {number} count of random bytes */
function hex(count) {
  const bytes = crypto.getRandomValues(new Uint8Array(count));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A new element's key. */
export function newKey() {
  return hex(8);
}

/**
 * The fields of a stroke: of more than one element when it is long, each beginning where the one before ends.
 * @param {ArrayLike<number> | ArrayLike<number>[]} points in board units
 * @param {Fields} style as of `Sketch.stroke`
 * @returns {Fields[]}
 */
export function strokes(points, { kind = "stroke", color, width = 4, pressure, times, ...more }) {
  const flat = Array.from(points, (value) => (typeof value === "number" ? value : Array.from(value))).flat();
  const count = flat.length / 2;
  if (!count || count % 1 || !flat.every(Number.isFinite)) throw new TypeError("a stroke needs points: x, y after x, y");
  const eighths = flat.map((value) => Math.max(-REACH, Math.min(REACH, Math.round(value * EIGHTHS))));
  const parts = [];
  for (let from = 0; from === 0 || from < count - 1; from += LONGEST - 1) {
    const to = Math.min(count, from + LONGEST);
    /** @type {Fields} */
    const fields = {
      ...more,
      kind,
      points: steps(eighths.slice(2 * from, 2 * to)),
      color,
      width: Math.max(1, Math.min(MAX_WIDTH, Math.round(width * EIGHTHS))),
    };
    if (pressure?.length === count && kind === "stroke") {
      const hard = (value) => Math.round(255 * Math.max(0, Math.min(1, value)));
      fields.pressure = Array.from(pressure).slice(from, to).map(hard);
    }
    if (times?.length === count) {
      const at = Array.from(times).slice(from, to);
      const since = at.map((time) => Math.round(1000 * (time - at[0])));
      fields.times = since.map((time, i) => Math.max(0, i ? time - since[i - 1] : 0));
    }
    parts.push(fields);
  }
  return parts;
}

/** @param {Fields} into @param {Fields} state */
function merge(into, state) {
  for (const [name, value] of Object.entries(state)) {
    if (value === null) delete into[name];
    else into[name] = value;
  }
}

/** @param {string} peer @param {string} author @param {Fields} state @param {boolean} me @returns {Person} */
function person(peer, author, state, me) {
  const { name, color } = state;
  return {
    peer,
    name: typeof name === "string" && name ? name : "guest",
    color: typeof color === "string" ? color : "#666666",
    author,
    me,
    state,
  };
}

/**
 * Runs `work` once in the next display frame after it was asked for; soon enough where no frames are shown.
 * @param {() => void} work
 */
function onFrame(work) {
  /** @type {any} */
  let timer = 0;
  let frame = 0;
  const run = () => {
    clearTimeout(timer);
    if (frame) cancelAnimationFrame(frame);
    timer = frame = 0;
    work();
  };
  return {
    ask() {
      if (timer) return;
      const shown = typeof requestAnimationFrame === "function" && !document.hidden;
      if (shown) frame = requestAnimationFrame(run);
      timer = setTimeout(run, shown ? 10 * FRAME : FRAME);
    },
  };
}
