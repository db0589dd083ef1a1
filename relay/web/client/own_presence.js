// @ts-check
// What others are to know of this page while it is connected: its presence, and previews of the ink under its hands.
//
// Rules of this file: pure; the clock is the caller's. It collects changes, and `messages` returns those of one frame.

import { MAX_PREVIEW } from "../model/messages.js";

/**
 * @typedef {import("../model/messages.js").Fields} Fields
 * @typedef {import("../model/messages.js").ClientMessage} ClientMessage
 */

const CURSOR_INTERVAL = 1000 / 15;
const REMEMBERED_ENDS = 256;

export class OwnPresence {
  name;
  color;
  /** All of it, without fields that are null. @type {Fields} */
  state = {};
  /** Changes that were not sent yet. @type {Fields} */
  #unsent = {};
  #nextCursor = 0;
  /** Own ink under hands; `sent` counts numbers of `points`.
   * @type {Map<string, {fields: Fields, points: number[], sent: number}>} */
  #previews = new Map();
  /** @type {Set<string>} */
  #ended = new Set();

  /** @param {string} name @param {string} color */
  constructor(name, color) {
    this.name = name;
    this.color = color;
  }

  /** Set some fields; null removes one. @param {Fields} changes */
  update(changes) {
    if (typeof changes.name === "string") this.name = changes.name;
    if (typeof changes.color === "string") this.color = changes.color;
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) delete this.state[name];
      else this.state[name] = value;
    }
    Object.assign(this.#unsent, changes);
  }

  /** Whether the cursor has moved since it was sent. */
  get cursorMoved() {
    return "cursor" in this.#unsent;
  }

  /** Keys of the previews that have not ended. */
  get previews() {
    return [...this.#previews.keys()];
  }

  /**
   * Put numbers into a preview at `start`; 0 begins it anew. Returns whether they fit.
   * @param {string} key
   * @param {number} start
   * @param {ArrayLike<number>} points
   * @param {Fields} [fields]
   */
  extend(key, start, points, fields) {
    if (this.#ended.has(key)) return false;
    let preview = this.#previews.get(key);
    if (start === 0) this.#previews.set(key, (preview = { fields: fields ?? {}, points: [], sent: 0 }));
    const more = Array.from(points, Math.round);
    if (!preview || start !== preview.points.length || start + more.length > MAX_PREVIEW) return false;
    if (!more.every(Number.isSafeInteger)) return false;
    for (const number of more) preview.points.push(number);
    return true;
  }

  /** End a preview; a later part of it is ignored. Returns whether any of it was sent. @param {string} key */
  end(key) {
    const sent = this.#previews.get(key)?.sent;
    this.#previews.delete(key);
    this.#ended.add(key);
    for (const old of this.#ended) {
      if (this.#ended.size <= REMEMBERED_ENDS) break;
      this.#ended.delete(old);
    }
    return Boolean(sent);
  }

  /** Have everything sent again: after a join the relay knows no more than the name and colour.
   * @param {boolean} canDraw */
  resend(canDraw) {
    const { name: _, color: __, ...state } = this.state;
    this.#unsent = { ...state };
    for (const preview of this.#previews.values()) preview.sent = 0;
    if (!canDraw) this.#previews.clear();
  }

  /**
   * Return what is to be sent now. `later` says that a cursor has to wait: ask again in the next frame.
   * @param {number} now in milliseconds
   * @param {boolean} seen whether somebody else is in the room
   * @returns {{messages: ClientMessage[], later: boolean}}
   */
  messages(now, seen) {
    /** @type {ClientMessage[]} */
    const messages = [];
    let later = false;
    const { cursor, ...changes } = this.#unsent;
    // A cursor is sent when somebody is there to see it, and its last place in any case.
    if (cursor !== undefined && seen) {
      if (now >= this.#nextCursor || cursor === null) {
        this.#nextCursor = now + CURSOR_INTERVAL;
        changes.cursor = cursor;
      } else {
        later = true;
      }
    }
    for (const name of Object.keys(changes)) delete this.#unsent[name];
    if (Object.keys(changes).length) messages.push({ type: "presence", state: changes });
    for (const [key, preview] of this.#previews) {
      const { fields, points, sent } = preview;
      if (sent === points.length) continue;
      messages.push({ type: "preview", key, start: sent, points: points.slice(sent), ...(sent ? {} : { fields }) });
      preview.sent = points.length;
    }
    return { messages, later };
  }
}
