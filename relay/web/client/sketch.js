// @ts-check
// Draw in the rooms of an ipysketch relay from a page: `join` resolves with a `Sketch`. `docs/how-to/javascript.md` is its
// manual.
//
// A `Sketch` is the public face of a `Session`: it holds the elements of the pages, and the listeners, which are notified
// at most once a display frame. Coordinates in fields, previews and presence are whole eighths of a board unit, as in
// `docs/reference/elements.md`; only `stroke` takes board units.

import { Scene } from "../model/document.js";
import { following } from "../model/connector.js";
import { decode } from "../model/elements.js";
import { checkActions, checkValue } from "../model/messages.js";
import { relayAddress } from "./connection.js";
import { FrameTimer } from "./frame_timer.js";
import { newKey, personalColor } from "./identity.js";
import { OwnPresence } from "./own_presence.js";
import { Session } from "./session.js";
import { strokes } from "./strokes.js";

export { newKey } from "./identity.js";
export { SketchError } from "./session.js";
export { EIGHTHS, strokes } from "./strokes.js";

/**
 * @typedef {import("../model/messages.js").Fields} Fields
 * @typedef {import("../model/messages.js").Action} Action
 * @typedef {import("../model/elements.js").Element} Element
 * @typedef {import("./session.js").Change} Change
 * @typedef {{peer: string, name: string, color: string, author: string, me: boolean, verified: boolean, role: string, state: Fields}} Person
 *   `verified`: the relay knows who this is, by its Hub for example; other people chose their names
 * @typedef {(data: any, peer: string) => void} EventListener
 * @typedef {object} Options
 * @property {string} [room] 1 to 64 letters, digits, spaces, dots, dashes or underscores
 * @property {string} [name] the name that others see
 * @property {string} [color] `#rrggbb`, your colour
 * @property {string} [token] the token that the relay asks for, if it does
 * @property {number[]} [view] the part of the board you look at: `[x, y, width, height]` in eighths, for those who follow
 */

/**
 * Join a room. Resolves once the drawing is there, or, while the relay cannot be reached, with a sketch that draws alone
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
  #session;
  /** @type {Set<Change>} */
  #changes = new Set();
  #dispatching = new FrameTimer(() => this.#dispatch());
  /** @type {Map<string, Set<EventListener>>} */
  #listeners = new Map();
  /** @type {Map<string, {version: number, elements: Element[], scene: Scene<Element>}>} */
  #pages = new Map();
  #live = { entries: -1, ink: -1, elements: /** @type {any[]} */ ([]) };

  /** @param {string | URL | null} [url] @param {Options} [options] */
  constructor(url, { room = "main", name = "guest", color = personalColor(), token = "", view } = {}) {
    super();
    const own = new OwnPresence(name, color);
    if (view) own.state = { view };
    this.#session = new Session(relayAddress(url), room, token, own, {
      changed: (...changes) => this.#notify(changes),
      event: (name, data, peer) => this.#receive(name, data, peer),
    });
  }

  // --- the drawing and the room -------------------------------------------------------------------------------------

  /** The elements of the first page, bottom first, with own pending work; one that did not change stays the same object. */
  get elements() {
    return this.elementsOf("");
  }

  /** The elements of `page`, bottom first. @param {string} page */
  elementsOf(page) {
    const { sync } = this.#session;
    let cached = this.#pages.get(page);
    if (!cached)
      this.#pages.set(page, (cached = { version: -1, elements: [], scene: new Scene(decode, page, following) }));
    if (cached.version !== sync.version) {
      cached.elements = cached.scene.of(sync.entries);
      cached.version = sync.version;
    }
    return cached.elements;
  }

  /** The fields of an element, its place in the drawing order and whose it is; undefined when there is none of that key.
   * @param {string} key */
  entry(key) {
    const entry = this.#session.sync.entries.get(key);
    if (!entry) return undefined;
    const { place } = entry.fields;
    return { fields: entry.fields, place: typeof place === "number" ? place : entry.first[0], author: entry.author };
  }

  /** The ink under others' hands, on all pages: elements, each with its `peer`. */
  get live() {
    const { sync, peers } = this.#session;
    const cached = this.#live;
    if (cached.entries !== sync.version || cached.ink !== peers.version) {
      this.#live = { entries: sync.version, ink: peers.version, elements: peers.ink(sync.entries) };
    }
    return this.#live.elements;
  }

  /** The trails of others' laser pointers, each with its `peer`, a `name`, a `color` and flat `points` in eighths. */
  get lasers() {
    return this.#session.peers.lasers();
  }

  /** Everybody in the room, this page first. @returns {Person[]} */
  get people() {
    const { own, sync } = this.#session;
    const { me, all, seen } = this.#session.peers;
    const mine = all.get(me)?.state ?? { ...own.state, name: own.name, color: own.color };
    const people = [person(me, sync.author, mine, true, all.get(me)?.verified ?? false, this.role)];
    for (const { peer, author, state, verified, role } of seen)
      if (peer !== me) people.push(person(peer, author, state, false, verified, role));
    return people;
  }

  /** The room's name. */
  get room() {
    return this.#session.room;
  }

  /** The room's width in board units. */
  get width() {
    return this.#session.width;
  }

  /** The room's height in board units. */
  get height() {
    return this.#session.height;
  }

  /** viewer, editor, moderator or owner. */
  get role() {
    return this.#session.role;
  }

  /** Whether only moderators may draw now. */
  get locked() {
    return this.#session.locked;
  }

  /** The peers that may draw while the room is locked. */
  get pens() {
    return this.#session.pens;
  }

  /** Who cleared a page last, or deleted it: the page, the author and the seq. */
  get cleared() {
    return this.#session.sync.cleared;
  }

  /** The pages that the last undo or redo changed, another list each time. */
  get turned() {
    return this.#session.sync.turned;
  }

  /** What went otherwise than meant, in words; "" when nothing did. A page may set it. */
  get notice() {
    return this.#session.notice;
  }

  set notice(words) {
    this.#session.notice = words;
  }

  /** Resolves as `join` does. */
  get settled() {
    return this.#session.settled;
  }

  /** connecting, connected or ended. @returns {"connecting" | "connected" | "ended"} */
  get connection() {
    const { kind } = this.#session.state;
    return kind === "waiting" ? "connecting" : kind;
  }

  /** The connection in words. */
  get status() {
    return this.#session.status;
  }

  /** Why the room does not let this page draw, in words; "" when it does. */
  get mode() {
    return this.#session.mode;
  }

  get canDraw() {
    return !this.mode;
  }

  /** This page's peer id; "" before it has joined. */
  get peer() {
    return this.#session.sync.peer;
  }

  /** The author of what this page draws; "" before it has joined. */
  get author() {
    return this.#session.sync.author;
  }

  /** How many own operations have no verdict yet. */
  get pending() {
    return this.#session.sync.pending.size;
  }

  /** The part of a large drawing that was loaded, 0 to 1; null when nothing is being loaded. */
  get progress() {
    return this.#session.sync.progress;
  }

  get canUndo() {
    return this.#session.sync.canUndo;
  }

  get canRedo() {
    return this.#session.sync.canRedo;
  }

  /** Own operations that were refused for good: `actions`, and the relay's `code` and `reason`. */
  get lost() {
    return [...this.#session.sync.lost];
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  /**
   * Do `actions` together, as one operation that one `undo` takes back; returns its number. Throws when they cannot be
   * sent; operations that the relay refuses are in `lost`.
   * @param {Action[]} actions
   */
  operate(actions) {
    return this.#session.submit(checkActions(actions));
  }

  /**
   * Create an element; returns its key.
   * @param {Fields} fields as in `docs/reference/elements.md`
   * @param {{page?: string, key?: string}} [where]
   */
  create(fields, { page = "", key = newKey() } = {}) {
    this.operate([{ type: "create", key, fields, page }]);
    return key;
  }

  /**
   * Create a stroke of the pen; returns its key.
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
    const parts = strokes(points, { color: this.#session.own.color, ...style });
    this.operate(parts.map((fields, i) => ({ type: "create", key: i ? `${key}~${i + 1}` : key, fields, page })));
    return key;
  }

  /** Delete elements. @param {string | Iterable<string>} keys */
  remove(keys) {
    const list = typeof keys === "string" ? [keys] : [...keys];
    if (list.length) this.operate([{ type: "delete", keys: list }]);
  }

  /** Delete every element of `page`. @param {string} [page] */
  clear(page = "") {
    for (const entry of this.#session.sync.entries.values()) {
      if (entry.page === page) {
        this.operate([{ type: "clear", page }]);
        return;
      }
    }
  }

  /** Take back this page's last operation that is not undone; false when there is none. */
  undo() {
    return this.#session.turnBack("undo");
  }

  /** Take back this page's last undo; false when there is none. */
  redo() {
    return this.#session.turnBack("redo");
  }

  // --- presence -----------------------------------------------------------------------------------------------------

  /**
   * Show others the ink under a hand: `points` go in at number `start` of the preview, 0 begins it anew. All that is
   * added in one display frame is sent together. The operation that creates `key`, or `endPreview`, ends it.
   * @param {string} key of the element it will be
   * @param {number} start how many numbers the preview has before
   * @param {ArrayLike<number>} points flat, absolute, in eighths; in threes with `stride` 3 in `fields`
   * @param {Fields} [fields] the style, with the first part
   */
  preview(key, start, points, fields) {
    this.#session.preview(key, start, points, fields);
  }

  /** End a preview that becomes no element. @param {string} key */
  endPreview(key) {
    this.#session.endPreview(key);
  }

  /**
   * Set fields of this page's presence: `cursor`, `page`, `view`, `tool`, `name`, `color`, …; null removes one.
   * @param {Fields} state
   */
  presence(state) {
    checkValue(state);
    this.#session.updatePresence(state);
  }

  // --- for moderators -----------------------------------------------------------------------------------------------

  /** Let only moderators and the peers with pens draw, or everybody again. @param {boolean} locked
   * @param {string[]} [pens] */
  lock(locked, pens = []) {
    this.#session.request({ type: "lock", locked, pens });
  }

  /** End another peer's connection. @param {string} peer */
  removePeer(peer) {
    this.#session.request({ type: "remove", peer });
  }

  // --- named events -------------------------------------------------------------------------------------------------

  /**
   * Send others an event that is forwarded and never kept; dropped while not connected.
   * @param {string} name
   * @param {any} [data]
   * @param {string} [to] `others`, `all`, or a peer
   */
  emit(name, data = null, to = "others") {
    checkValue(data);
    this.#session.emit(name, data, to);
  }

  /** Subscribe to the events `name` that others `emit`. @param {string} name @param {EventListener} listener */
  on(name, listener) {
    let listeners = this.#listeners.get(name);
    if (!listeners) this.#listeners.set(name, (listeners = new Set()));
    listeners.add(listener);
    return this;
  }

  /** End a subscription. @param {string} name @param {EventListener} listener */
  off(name, listener) {
    this.#listeners.get(name)?.delete(listener);
    return this;
  }

  // --- joining again and leaving ------------------------------------------------------------------------------------

  /**
   * Try again after an end, with another token if there is one. Resolves as `join` does.
   * @param {string} [token]
   */
  rejoin(token) {
    return this.#session.rejoin(token);
  }

  /** Leave for good, after waiting at most a second until the relay has what is pending. */
  leave() {
    return this.#session.leave();
  }

  // --- listeners ----------------------------------------------------------------------------------------------------

  /** @param {Change[]} changes */
  #notify(changes) {
    for (const name of changes) this.#changes.add(name);
    this.#dispatching.requestNow();
  }

  #dispatch() {
    const changes = [...this.#changes];
    this.#changes.clear();
    for (const name of changes) this.dispatchEvent(new Event(name));
  }

  /** @param {string} name @param {any} data @param {string} peer */
  #receive(name, data, peer) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(data, peer);
      } catch (error) {
        console.error(error); // A mistake in one listener must not reach the others or the connection.
      }
    }
  }
}

/** @param {string} peer @param {string} author @param {Fields} state @param {boolean} me @param {boolean} verified
 * @param {string} role @returns {Person} */
function person(peer, author, state, me, verified, role) {
  const { name, color } = state;
  return {
    peer,
    name: typeof name === "string" && name ? name : "guest",
    color: typeof color === "string" ? color : "#666666",
    author,
    me,
    verified,
    role,
    state,
  };
}
