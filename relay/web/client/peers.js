// @ts-check
// The peers of a room: their presence, and the ink under their hands.
//
// Rules of this file: pure. Ink comes in previews (`docs/reference/elements.md`, "Live") and is shown until its commit,
// refusal or cancel, or until its peer leaves; a preview that comes after that is late, and ignored. What is seen of others
// outlives a connection that is lost: `Ghosts`.

import { decode } from "../model/elements.js";
import { Ghosts } from "./ghosts.js";

/**
 * @typedef {import("../model/messages.js").ServerMessage} ServerMessage
 * @typedef {Extract<ServerMessage, {type: "peer"}>} PeerState
 * @typedef {Extract<ServerMessage, {type: "ink"}>} PeerPreview
 * @typedef {import("../model/messages.js").Fields} Fields
 * @typedef {{fields: Fields, points: number[], element: any, decoded: boolean}} Ink
 */

const REMEMBERED_ENDS = 256;
/** What is added to times in place of pressures: a reader that knows of pressures alone takes such numbers for none. */
export const TIMED = 256;

export class Peers {
  /** This page's own peer id; its ink is left out. */
  me = "";
  /** @type {Map<string, PeerState>} */
  all = new Map();
  /** Grows with every change of the ink. */
  version = 0;
  /** Ink by peer and key. @type {Map<string, Map<string, Ink>>} */
  #ink = new Map();
  /** The latest keys of each peer whose previews ended. @type {Map<string, Set<string>>} */
  #ended = new Map();
  #ghosts = new Ghosts();

  /** Forget all peers: presence and previews end with the connection. */
  forget() {
    this.#ghosts.clear();
    this.#drop();
  }

  #drop() {
    this.all.clear();
    this.#ink.clear();
    this.#ended.clear();
    this.version++;
  }

  /** Keep what is known of the others for a while: the connection is lost at `now`, on the clock of `expire`.
   * @param {number} now in milliseconds */
  lose(now) {
    this.#ghosts.expire(now);
    const others = [...this.all.values()].filter(({ peer }) => peer !== this.me);
    this.#ghosts.lose(others, this.#ink, now);
    this.#drop();
  }

  /** Forget whom nobody has seen again in time; returns whether that is anybody, or anything of theirs. @param {number} now */
  expire(now) {
    const any = this.#ghosts.expire(now);
    if (any) this.version++;
    return any;
  }

  /** When to call `expire`; Infinity when there is no need. */
  get due() {
    return this.#ghosts.due;
  }

  /** Everybody as people see them: those in the room, and others who were there until the connection was lost.
   * @returns {PeerState[]} */
  get seen() {
    const here = [...this.all.values()];
    return this.#ghosts.isEmpty ? here : [...here.map((state) => this.#ghosts.lend(state)), ...this.#ghosts.people];
  }

  /** One of `seen`. @param {string} peer */
  of(peer) {
    const state = this.all.get(peer);
    return state ? this.#ghosts.lend(state) : this.#ghosts.state(peer);
  }

  /** Forget the ink that became elements of a drawing while the connection was lost. @param {{has(key: string): boolean}} entries */
  dry(entries) {
    if (this.#ghosts.isEmpty) return;
    this.#ghosts.dry(entries);
    this.version++;
  }

  /** Handle a message about a peer; returns whether it was one.
   * @param {ServerMessage} message */
  receive(message) {
    switch (message.type) {
      case "peer":
        this.all.set(message.peer, message);
        if (!this.#ghosts.isEmpty && message.peer !== this.me) {
          this.#ghosts.arrive(message);
          this.version++;
        }
        return true;
      case "left":
        this.all.delete(message.peer);
        this.#ended.delete(message.peer);
        if (!this.#ghosts.isEmpty) {
          this.#ghosts.leave(message.peer);
          this.version++;
        }
        if (this.#ink.delete(message.peer)) this.version++;
        return true;
      case "ink":
        if (message.peer !== this.me) this.#grow(message);
        return true;
      case "ink-end":
        this.#end(message.peer, message.key);
        return true;
      default:
        return false;
    }
  }

  /** End the previews that became elements. @param {import("../model/messages.js").Change[]} changes */
  committed(changes) {
    if (!this.#ink.size && this.#ghosts.isEmpty) return;
    for (const change of changes) {
      if (change.type !== "create") continue;
      this.#ghosts.end(change.key);
      for (const [peer, inks] of this.#ink) if (inks.has(change.key)) this.#end(peer, change.key);
    }
  }

  /** @param {string} peer @param {string} key */
  #end(peer, key) {
    this.#ghosts.end(key);
    let ended = this.#ended.get(peer);
    if (!ended) this.#ended.set(peer, (ended = new Set()));
    ended.add(key);
    for (const old of ended) {
      if (ended.size <= REMEMBERED_ENDS) break;
      ended.delete(old);
    }
    const inks = this.#ink.get(peer);
    if (!inks?.delete(key)) return;
    if (!inks.size) this.#ink.delete(peer);
    this.version++;
  }

  /** Whether there is ink of that key under a hand of `peer`. @param {string} peer @param {string} key */
  has(peer, key) {
    return this.#ink.get(peer)?.has(key) ?? false;
  }

  /** All ink that is shown. @returns {{peer: string, key: string, ink: Ink}[]} */
  get #shown() {
    const shown = this.#ghosts.ink;
    for (const [peer, inks] of this.#ink) for (const [key, ink] of inks) shown.push({ peer, key, ink });
    return shown;
  }

  /** @param {PeerPreview} preview */
  #grow({ peer, key, start, points, fields }) {
    if (this.#ended.get(peer)?.has(key)) return;
    let inks = this.#ink.get(peer);
    if (!inks) this.#ink.set(peer, (inks = new Map()));
    if (start === 0) {
      this.#ghosts.end(key);
      inks.set(key, { fields: fields ?? {}, points: [], element: null, decoded: false });
    }
    const ink = inks.get(key);
    if (!ink || start !== ink.points.length) return;
    for (const number of points) ink.points.push(number);
    ink.decoded = false;
    this.version++;
  }

  /**
   * Return others' ink that is not in `entries` yet: elements, each with its `peer`. One that did not grow stays the
   * same object.
   * @param {{has(key: string): boolean}} entries
   */
  ink(entries) {
    const elements = [];
    for (const { peer, key, ink } of this.#shown) {
      if (entries.has(key)) continue;
      if (!ink.decoded) {
        const author = this.of(peer)?.author ?? "";
        const fields = previewFields(ink.fields, ink.points);
        const element = fields && decode(key, fields, author, 0);
        ink.element = element ? withPeer(element, peer) : null;
        ink.decoded = true;
      }
      if (ink.element) elements.push(ink.element);
    }
    return elements;
  }

  /** Return the trails of others' laser pointers: a name, a colour, and flat absolute eighths since each began. */
  lasers() {
    const lasers = this.#shown.filter(({ ink }) => ink.fields.kind === "laser");
    return lasers.map(({ peer, key, ink: { fields, points } }) => ({
      peer,
      name: `${peer}/${key}`,
      color: String(fields.color),
      points,
    }));
  }
}

/** @param {any} element @param {string} peer */
function withPeer(element, peer) {
  if (Object.isExtensible(element)) return Object.assign(element, { peer });
  return Object.freeze(Object.assign(Object.create(Object.getPrototypeOf(element)), element, { peer }));
}

/**
 * Return the fields of the element that a preview will be, or null while it has too few points.
 * @param {Fields} style of the preview
 * @param {number[]} points flat and absolute
 * @returns {Fields | null}
 */
export function previewFields(style, points) {
  const { stride: numbers, points: _, ...fields } = style;
  switch (fields.kind) {
    case "stroke":
    case "highlighter": {
      const stride = fields.kind === "stroke" && numbers === 3 ? 3 : 2;
      const count = Math.floor(points.length / stride);
      if (!count) return null;
      const places = [];
      const thirds = [];
      for (let i = 0; i < count; i++) {
        places.push(points[i * stride], points[i * stride + 1]);
        if (stride === 3) thirds.push(points[i * stride + 2]);
      }
      if (stride === 2) return { ...fields, points: deltas(places) };
      if (thirds[0] < TIMED) return { ...fields, points: deltas(places), pressure: thirds };
      return { ...fields, points: deltas(places), times: thirds.map((value) => value - TIMED) };
    }
    case "line":
    case "arrow":
      return points.length < 4 ? null : { ...fields, points: deltas(points.slice(0, points.length & ~1)) };
    case "rectangle":
    case "ellipse": {
      if (points.length !== 4) return null;
      const [x0, y0, x1, y1] = points;
      return { ...fields, box: [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)] };
    }
    default:
      return null;
  }
}

/**
 * Return flat absolute x, y as the first point followed by steps, as the fields of elements have them.
 * @param {number[]} points
 * @returns {number[]}
 */
export function deltas(points) {
  return points.map((value, i) => (i < 2 ? value : value - points[i - 2]));
}
