// @ts-check
// Lines, arrows, rectangles and ellipses: from where the gesture began to where it is.

import { anchorAt, connected } from "../connectors.js";
import { previewFields } from "../../client/peers.js";
import { NO_CHANGES, eighths } from "../effects.js";

/**
 * @typedef {import("../effects.js").Effect} Effect
 * @typedef {import("../effects.js").Tool} Tool
 * @typedef {import("../effects.js").Sample} Sample
 */

/** The angle of a straightened line is a multiple of this. */
const TURN = Math.PI / 12;

/** @implements {Tool} */
export class Shape {
  #style;
  #page;
  #elements;
  #key = "";
  /** Where a line would be bound. @type {[string, number, number] | null} */
  #begin = null;
  /** @type {[string, number, number] | null} */
  #bound = null;
  #from = [0, 0];
  #start = [0, 0];
  #end = [0, 0];

  /** @param {import("../effects.js").Fields} style its fields but for the place @param {string} page
   * @param {() => readonly import("../../board/types").Element[]} elements that a line may be bound to */
  constructor(style, page, elements = () => []) {
    this.#style = style;
    this.#page = page;
    this.#elements = style.kind === "line" || style.kind === "arrow" ? elements : () => [];
  }

  /** The keys of what the line would be bound to. */
  get targets() {
    return [this.#begin?.[0], this.#bound?.[0]].flatMap((key) => key ?? []);
  }

  /** @param {Sample} sample @param {import("../effects.js").Press} press */
  press({ x, y }, { key }) {
    this.#key = key;
    this.#begin = anchorAt(this.#elements(), x, y);
    this.#from = this.#start = this.#end = [eighths(x), eighths(y)];
    return [this.#preview()];
  }

  /** @param {Sample} sample @param {import("../effects.js").Keys} keys @returns {Effect[]} */
  drag({ x, y }, { straight, middle, snap }) {
    if (!this.#key) return [];
    // With Control it is loose.
    this.#bound = snap || middle ? null : anchorAt(this.#elements(), x, y);
    if (snap || middle) this.#begin = null;
    const to = [eighths(x), eighths(y)];
    const end = straight ? this.#straightened(to) : to;
    const [x0, y0] = this.#from;
    const start = middle ? [2 * x0 - end[0], 2 * y0 - end[1]] : this.#from;
    const same = [...start, ...end].every((value, i) => value === [...this.#start, ...this.#end][i]);
    if (same) return [];
    this.#start = start;
    this.#end = end;
    return [this.#preview()];
  }

  /** A line at a multiple of 15°, a square or a circle. @param {number[]} to */
  #straightened([x1, y1]) {
    const [x0, y0] = this.#from;
    const [wide, high] = [x1 - x0, y1 - y0];
    if (this.#style.kind === "line" || this.#style.kind === "arrow") {
      const angle = Math.round(Math.atan2(high, wide) / TURN) * TURN;
      const length = Math.hypot(wide, high);
      return [x0 + Math.round(length * Math.cos(angle)), y0 + Math.round(length * Math.sin(angle))];
    }
    const side = Math.max(Math.abs(wide), Math.abs(high));
    return [x0 + (wide >= 0 ? side : -side), y0 + (high >= 0 ? side : -side)];
  }

  /** A shape without extent is nothing. @returns {Effect[]} */
  lift() {
    const key = this.#key;
    this.#key = "";
    if (!key) return [];
    const points = [...this.#start, ...this.#end];
    const fields = previewFields(this.#style, points);
    if (!fields || (points[0] === points[2] && points[1] === points[3])) return [{ type: "cancel", key }];
    const bound = connected(fields, this.#begin, this.#bound, this.#elements());
    return [{ type: "commit", actions: [{ type: "create", key, fields: bound, page: this.#page }] }];
  }

  /** @returns {Effect[]} */
  discard() {
    const key = this.#key;
    this.#key = "";
    return key ? [{ type: "cancel", key }] : [];
  }

  changes() {
    return NO_CHANGES;
  }

  /** Width and height so far, in board units. */
  get size() {
    return [Math.abs(this.#end[0] - this.#start[0]) / 8, Math.abs(this.#end[1] - this.#start[1]) / 8];
  }

  /** @returns {Effect} */
  #preview() {
    return {
      type: "preview",
      key: this.#key,
      start: 0,
      points: [...this.#start, ...this.#end],
      fields: this.#style,
    };
  }
}
