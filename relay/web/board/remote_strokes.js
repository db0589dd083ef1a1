// @ts-check
// Ink under others' hands, as a kernel tells of it.
//
// Rules of this file: pure. A stroke is removed when the kernel says so, after it has told the paper to paint it.

import { previewFields } from "../client/peers.js";
import { decode } from "../model/elements.js";

/**
 * @typedef {import("../model/elements.js").Element} Element
 * @typedef {import("./types").LiveInk} LiveInk
 * @typedef {[name: string, start: number, points: number[], fields: Record<string, any> | null]} Growth
 * @typedef {{number: number, whole: boolean, grown: Growth[], gone: string[]}} Update
 * @typedef {{fields: Record<string, any>, points: number[], element: LiveInk | null | undefined}} Stroke its element is
 *   undefined until it is decoded, and null while there is nothing to see of it
 */

/** The strokes by name, "PEER/KEY", as updates tell of them. */
export class RemoteStrokes {
  /** @type {Map<string, Stroke>} */
  #strokes = new Map();
  #last = -1;

  /** Apply an update; false where one before it was missed, and all ink is needed again. @param {Update} update */
  receive({ number, whole, grown, gone }) {
    const follows = number === this.#last + 1;
    this.#last = number;
    if (whole) this.clear();
    else if (!follows) return false;
    for (const name of gone) this.#strokes.delete(name);
    return grown.every((growth) => this.#grow(growth));
  }

  /** @param {Growth} growth */
  #grow([name, start, points, fields]) {
    if (start === 0) this.#strokes.set(name, { fields: fields ?? {}, points: [], element: undefined });
    const stroke = this.#strokes.get(name);
    if (!stroke || start !== stroke.points.length) return false;
    for (const value of points) stroke.points.push(value);
    stroke.element = undefined;
    return true;
  }

  clear() {
    this.#strokes.clear();
  }

  /** What can be seen of them, on `page`, without those of the view `own` and of keys that `isOwn` knows: they went another way.
   * @param {string} [page] @param {string} [own] @param {(key: string) => boolean} [isOwn] @returns {LiveInk[]} */
  elements(page = "", own = "", isOwn = () => false) {
    const elements = [];
    for (const [name, stroke] of this.#strokes) {
      if ((own && name.startsWith(`${own}/`)) || isOwn(name.slice(name.indexOf("/") + 1))) continue;
      if (stroke.element === undefined) {
        const fields = previewFields(stroke.fields, stroke.points);
        const element = fields && decode("", fields);
        stroke.element = element && { ...element, peer: name.slice(0, name.indexOf("/")), page };
      }
      if (stroke.element) elements.push(stroke.element);
    }
    return elements;
  }

  /** The keys of what there is. */
  get keys() {
    return [...this.#strokes.keys()].map((name) => name.slice(name.indexOf("/") + 1));
  }

  /** Name, fields and points of each. @returns {[string, Record<string, any>, number[]][]} */
  entries() {
    return [...this.#strokes].map(([name, { fields, points }]) => [name, fields, points]);
  }
}
