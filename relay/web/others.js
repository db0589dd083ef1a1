// @ts-check
// The other peers of a room: who they are, and what is under their hands while it grows.
//
// Rules of this file: pure. What is under a hand is told by previews (`docs/elements.md`, "Live") and shown until its
// commit, refusal, cancel or its peer's leaving; a preview that comes after that is late, and ignored.

import { decode } from "./elements.js";

/**
 * @typedef {import("./messages.js").Message} Message
 * @typedef {import("./messages.js").Fields} Fields
 * @typedef {{fields: Fields, points: number[], element: any, decoded: boolean}} Ink
 */

const REMEMBERED_ENDS = 256;

export class Others {
  /** This page's own peer, left out of the ink. */
  me = "";
  /** @type {Map<string, Message>} */
  peers = new Map();
  /** Grows with every change of the ink. */
  version = 0;
  /** Their ink, by peer and key. @type {Map<string, Map<string, Ink>>} */
  #ink = new Map();
  /** @type {Map<string, Set<string>>} */
  #ended = new Map();

  /** The connection is gone, and with it all that only the connection told. */
  forget() {
    this.peers.clear();
    this.#ink.clear();
    this.#ended.clear();
    this.version++;
  }

  /** Take one message of the relay about a peer; whether it was of a kind that is known here.
   * @param {Message} message */
  receive(message) {
    switch (message.type) {
      case "peer":
        this.peers.set(message.peer, message);
        return true;
      case "left":
        this.peers.delete(message.peer);
        this.#ended.delete(message.peer);
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

  /** These keys became elements: their ink is dry. @param {Iterable<string>} keys */
  committed(keys) {
    if (!this.#ink.size) return;
    for (const key of keys) for (const [peer, inks] of this.#ink) if (inks.has(key)) this.#end(peer, key);
  }

  /** @param {string} peer @param {string} key */
  #end(peer, key) {
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

  /** @param {Message} preview */
  #grow({ peer, key, start, points, fields }) {
    if (this.#ended.get(peer)?.has(key)) return;
    let inks = this.#ink.get(peer);
    if (!inks) this.#ink.set(peer, (inks = new Map()));
    if (start === 0) inks.set(key, { fields: fields ?? {}, points: [], element: null, decoded: false });
    const ink = inks.get(key);
    if (!ink || start !== ink.points.length) return;
    for (const number of points) ink.points.push(number);
    ink.decoded = false;
    this.version++;
  }

  /**
   * What is under others' hands and not in `entries` yet: elements, each with its `peer`. One that did not grow stays
   * the same object.
   * @param {{has(key: string): boolean}} entries
   */
  ink(entries) {
    const elements = [];
    for (const [peer, inks] of this.#ink) {
      for (const [key, ink] of inks) {
        if (entries.has(key)) continue;
        if (!ink.decoded) {
          const author = this.peers.get(peer)?.author ?? "";
          const fields = liveFields(ink.fields, ink.points);
          const element = fields && decode(key, fields, author, 0);
          ink.element = element ? withPeer(element, peer) : null;
          ink.decoded = true;
        }
        if (ink.element) elements.push(ink.element);
      }
    }
    return elements;
  }

  /** The trails of others' laser pointers: a name, a colour, and flat absolute eighths since each began. */
  lasers() {
    const found = [];
    for (const [peer, inks] of this.#ink) {
      for (const [key, { fields, points }] of inks) {
        if (fields.kind === "laser") found.push({ peer, name: `${peer}/${key}`, color: String(fields.color), points });
      }
    }
    return found;
  }
}

/** @param {any} element @param {string} peer */
function withPeer(element, peer) {
  if (Object.isExtensible(element)) return Object.assign(element, { peer });
  return Object.freeze(Object.assign(Object.create(Object.getPrototypeOf(element)), element, { peer }));
}

/**
 * The fields of the element that a preview will be, or null when there is nothing to see of it yet.
 * @param {Fields} style of the preview
 * @param {number[]} points flat and absolute
 * @returns {Fields | null}
 */
export function liveFields(style, points) {
  const { stride: given, points: _, ...fields } = style;
  switch (fields.kind) {
    case "stroke":
    case "highlighter": {
      const stride = fields.kind === "stroke" && given === 3 ? 3 : 2;
      const count = Math.floor(points.length / stride);
      if (!count) return null;
      const places = [];
      const pressure = [];
      for (let i = 0; i < count; i++) {
        places.push(points[i * stride], points[i * stride + 1]);
        if (stride === 3) pressure.push(points[i * stride + 2]);
      }
      return { ...fields, points: steps(places), ...(stride === 3 && { pressure }) };
    }
    case "line":
    case "arrow":
      return points.length < 4 ? null : { ...fields, points: steps(points.slice(0, points.length & ~1)) };
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
 * Flat absolute x, y as the first point followed by steps, the way elements keep them.
 * @param {number[]} points
 * @returns {number[]}
 */
export function steps(points) {
  return points.map((value, i) => (i < 2 ? value : value - points[i - 2]));
}
