// @ts-check
// Ink that grows under a hand, painted in parts: what a further sample cannot change is shaped once, and is painted again only
// where something near it was cleared. So a display frame costs what is new in it, however long the stroke is.
//
// Rules of this file: together the parts are the ink of the element that the stroke will be, as `decode` shapes it.

import { Hand } from "../model/ink.js";
import { boxOf, through } from "../model/curves.js";
import { decode } from "../model/elements.js";
import { inflate, union } from "../model/geometry.js";
import { TWO_POINT_KINDS, wetFields } from "./live_ink.js";
import { alongChains, alongSmooth, paint } from "./painter.js";

/**
 * @typedef {import("./painter.js").Context} Context
 * @typedef {{bounds: number[], paint: (context: Context) => void}} Part opaque ink and the box around it, in board units
 */

/** Points of a part that is shaped for good. */
const PART = 24;
/** Points that a part has in common with the next: their edges must not show. */
const SHARED = 2;

export class GrowingInk {
  /** From 0 to 1, of all its ink as one thing. */
  opacity = 1;
  multiplies = false;
  /** What is to be painted anew: a box, or null. @type {number[] | null} */
  damage = null;
  #wet;
  /** @type {Part[]} */
  #parts = [];
  /** What may still change. @type {Part | null} */
  #end = null;
  /** Points of the stroke that were looked at, and those that the parts have for good. */
  #seen = 0;
  #kept = 0;
  /** @type {Hand | null} */
  #hand = null;
  /** The points of an even line, in whole eighths of a unit. @type {number[]} */
  #line = [];

  /** @param {import("./live_ink.js").WetInk} wet grows */
  constructor(wet) {
    this.#wet = wet;
    const { kind, opacity } = wet.fields;
    this.multiplies = kind === "highlighter";
    this.opacity = (opacity ?? (kind === "highlighter" ? 40 : 100)) / 100;
  }

  /** The box around all of it, or null. */
  get bounds() {
    return this.#all().reduce(
      (box, part) => (box ? union(box, part.bounds) : part.bounds),
      /** @type {number[] | null} */ (null),
    );
  }

  /** The parts that reach into a box. @param {number[]} box */
  within([x0, y0, x1, y1]) {
    return this.#all().filter(({ bounds }) => bounds[0] <= x1 && bounds[2] >= x0 && bounds[1] <= y1 && bounds[3] >= y0);
  }

  #all() {
    return this.#end ? [...this.#parts, this.#end] : this.#parts;
  }

  /** Take account of what was added. */
  grow() {
    const { points, fields } = this.#wet;
    if (TWO_POINT_KINDS.includes(fields.kind)) {
      this.#replace(points.length ? this.#whole() : null);
      return;
    }
    const count = points.length / 2;
    if (this.#seen === count) return;
    if (this.#varies()) this.#growHand(count);
    else this.#growLine(count);
    this.#seen = count;
  }

  /** Begin again with what the stroke is now: it is not what it was and more. */
  again() {
    const { bounds } = this;
    this.#parts = [];
    this.#end = null;
    this.#seen = this.#kept = 0;
    this.#hand = null;
    this.#line = [];
    this.damage = add(this.damage, bounds);
    this.grow();
  }

  /** Whether the width of the stroke varies. */
  #varies() {
    const { fields, points, times, pressures } = this.#wet;
    if (fields.look !== "flow") return false;
    return pressures !== null || points.length === 2 || times[times.length - 1] > times[0];
  }

  /** @param {number} count of points */
  #growHand(count) {
    const { fields, points, times, pressures } = this.#wet;
    // Without a time that went by, a line is even.
    if (!this.#hand && this.#seen) {
      this.#seen = this.#kept = 0;
      this.#parts = [];
    }
    this.#hand ??= new Hand(fields.width, pressures !== null);
    const hand = this.#hand;
    for (let i = this.#seen; i < count; i++) {
      const pressure = Math.round((pressures?.[i] ?? 0) * 255) / 255;
      hand.add(
        Math.round(8 * points[2 * i]),
        Math.round(8 * points[2 * i + 1]),
        Math.round(times[i] - times[0]),
        pressure,
      );
    }
    const make = (/** @type {number} */ from, /** @type {number} */ to) => {
      const chains = hand.part(from, to);
      return this.#part(chains.map(boxOf).reduce(union), (context) => {
        context.beginPath();
        alongChains(context, chains);
        context.fillStyle = fields.color;
        context.fill();
      });
    };
    hand.shape();
    this.#grow(hand.settled, hand.length - 1, make);
  }

  /** @param {number} count of points */
  #growLine(count) {
    const { fields, points } = this.#wet;
    const width = fields.width / 8;
    const line = this.#line;
    for (let i = line.length; i < points.length; i++) line.push(Math.round(8 * points[i]) / 8);
    this.#grow(count - 2, count - 1, (from, to) => {
      const box = inflate(boxOf(through(line.slice(2 * from, 2 * to + 2))), width / 2);
      return this.#part(box, (context) => {
        context.beginPath();
        alongSmooth(context, line, from, to);
        context.strokeStyle = fields.color;
        context.lineWidth = width;
        context.lineCap = context.lineJoin = "round";
        context.stroke();
      });
    });
  }

  /** @param {number[]} bounds @param {(context: Context) => void} paintIt @returns {Part} */
  #part(bounds, paintIt) {
    return { bounds, paint: paintIt };
  }

  /** Make parts for good of what is settled, and one of the rest. @param {number} settled the first point that is not
   * @param {number} last point @param {(from: number, to: number) => Part} make */
  #grow(settled, last, make) {
    const from = () => Math.max(0, this.#kept - SHARED);
    while (settled - this.#kept >= PART) {
      const to = this.#kept + PART;
      const part = make(from(), to);
      this.#parts.push(part);
      this.#kept = to;
      this.damage = add(this.damage, part.bounds);
    }
    this.#replace(make(from(), last));
  }

  /** @param {Part | null} end */
  #replace(end) {
    this.damage = add(add(this.damage, this.#end?.bounds ?? null), end?.bounds ?? null);
    this.#end = end;
  }

  /** A shape, whole. @returns {Part | null} */
  #whole() {
    const element = decode("", { ...wetFields(this.#wet), opacity: 100 });
    return element && this.#part(element.bounds, (context) => paint(context, [element]));
  }
}

/** The box around two, of which each may be null. @param {number[] | null} a @param {number[] | null} b */
export const add = (a, b) => (a && b ? union(a, b) : (a ?? b));
