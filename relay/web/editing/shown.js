// @ts-check
// Elements as they are seen while hands are on them: moved, turned, dimmed, in pieces.
//
// Rules of this file: pure; one that did not change stays the same object.

import { decode } from "../model/elements.js";

/**
 * @typedef {import("../board/types").Element} Element
 * @typedef {import("./effects.js").Change} Change
 * @typedef {import("./effects.js").Fields} Fields
 */

/** How much of its opacity an element has that is about to be erased. */
const DIMMED = 0.25;

export class ShownElements {
  /** @type {Map<string, {element: Element, change: Change, shown: Element[]}>} */
  #cache = new Map();
  /** @type {{elements: readonly Element[], changes: ReadonlyMap<string, Change>, copies: readonly Fields[], shown: readonly Element[]}} */
  #last = { elements: [], changes: new Map(), copies: [], shown: [] };

  /**
   * @param {readonly Element[]} elements bottom first
   * @param {ReadonlyMap<string, Change>} changes by key
   * @param {readonly Fields[]} copies that are above all others
   * @returns {readonly Element[]}
   */
  of(elements, changes, copies) {
    const last = this.#last;
    const same = copies === last.copies || (!copies.length && !last.copies.length);
    if (elements === last.elements && changes === last.changes && same) return last.shown;
    const shown = changes.size ? elements.flatMap((element) => this.#one(element, changes.get(element.key))) : elements;
    if (!changes.size) this.#cache.clear();
    const more = copies.flatMap((fields, i) => decode(`copy ${i}`, fields) ?? []);
    this.#last = { elements, changes, copies, shown: more.length ? [...shown, ...more] : shown };
    return this.#last.shown;
  }

  /** @param {Element} element @param {Change | undefined} change */
  #one(element, change) {
    if (!change) return element;
    const cached = this.#cache.get(element.key);
    if (cached?.element === element && alike(cached.change, change)) return cached.shown;
    const shown = changed(element, change);
    this.#cache.set(element.key, { element, change, shown });
    return shown;
  }
}

/** @param {Change} a @param {Change} b */
const alike = (a, b) => a.dim === b.dim && a.fields === b.fields && a.pieces === b.pieces;

/** @param {Element} element @param {Change} change @returns {Element[]} */
function changed(element, { fields, dim, pieces }) {
  if (pieces) {
    return pieces.flatMap((piece, i) => decode(`${element.key}~${i}`, piece, element.author, element.seq) ?? []);
  }
  const now = fields ? (decode(element.key, fields, element.author, element.seq) ?? element) : element;
  return [dim ? { ...now, opacity: now.opacity * DIMMED } : now];
}
