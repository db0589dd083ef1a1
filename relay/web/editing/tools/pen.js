// @ts-check
// The pen and the highlighter. A stroke that is held still may become a neat shape, until the hand goes on.

import { TIMED, deltas, previewFields } from "../../client/peers.js";
import { NO_CHANGES, eighths } from "../effects.js";
import { neatShape } from "../../model/neat.js";

/**
 * @typedef {import("../effects.js").Effect} Effect
 * @typedef {import("../effects.js").Tool} Tool
 * @typedef {import("../effects.js").Sample} Sample
 * @typedef {{key: string, points: number[], times: number[], pressures: number[]}} Part one element of a stroke: flat eighths,
 *   milliseconds, and pressures of 0 to 255
 */

/** Points of one element; a longer stroke continues as another element of the same operation. */
export const LONGEST = 4000;
/** The pressure of a sample that has none. */
const USUAL = 127;

/** @param {number | undefined} pressure @param {number} before */
const pressed = (pressure, before) =>
  pressure === undefined ? before : Math.round(255 * Math.max(0, Math.min(1, pressure)));

/** @implements {Tool} */
export class Pen {
  #style;
  #page;
  #pressed = false;
  /** @type {Part[]} */
  #parts = [];
  /** What the stroke is instead. @type {import("../../model/neat.js").Neat | null} */
  #neat = null;

  /** @param {import("../effects.js").Fields} style its fields but for the points @param {string} page */
  constructor(style, page) {
    this.#style = style;
    this.#page = page;
  }

  /** Begin the stroke that will be the element `key`. One that begins without pressure has none, nor has a highlighter.
   * @param {Sample} sample @param {import("../effects.js").Press} press */
  press(sample, { key }) {
    this.#parts = [{ key, points: [], times: [], pressures: [] }];
    this.#pressed = sample.pressure !== undefined && this.#style.kind === "stroke";
    return this.#add(sample);
  }

  /** @param {Sample} sample @param {import("../effects.js").Keys} keys */
  drag(sample, { straight }) {
    if (!this.#parts.length) return [];
    const ink = this.keepInk();
    return [...ink, ...(straight ? this.#straighten(sample) : this.#add(sample))];
  }

  /** Add a point; one equal to the last is dropped. @param {Sample} sample @returns {Effect[]} */
  #add({ x, y, at, pressure }) {
    const first = this.#parts[0];
    let part = this.#parts[this.#parts.length - 1];
    const [px, py] = [eighths(x), eighths(y)];
    const end = part.points.length;
    if (end && part.points[end - 2] === px && part.points[end - 1] === py) return [];
    if (end >= 2 * LONGEST) {
      const before = part;
      part = { key: `${first.key}~${this.#parts.length + 1}`, points: [], times: [], pressures: [] };
      this.#parts.push(part);
      addTo(part, before.points.slice(-2), before.times.slice(-1)[0], before.pressures.slice(-1)[0]);
    }
    const start = part.times.length;
    addTo(part, [px, py], at, pressed(pressure, part.pressures[start - 1] ?? USUAL));
    return [this.#preview(part, start > 1 || part === first ? start : 0)];
  }

  /** Make the stroke a straight line from its first point, whatever came between. @param {Sample} sample
   * @returns {Effect[]} */
  #straighten({ x, y, at }) {
    const [first, ...longer] = this.#parts;
    /** @type {Part} */
    const straight = { key: first.key, points: [], times: [], pressures: [] };
    const end = [eighths(x), eighths(y)];
    addTo(straight, first.points.slice(0, 2), first.times[0], first.pressures[0]);
    if (end[0] !== first.points[0] || end[1] !== first.points[1]) addTo(straight, end, at, first.pressures[0]);
    this.#parts = [straight];
    /** @type {Effect[]} */
    const ended = longer.map(({ key }) => ({ type: "cancel", key }));
    return [...ended, this.#preview(straight, 0)];
  }

  /** The shape that the stroke is at present. */
  get neat() {
    return this.#neat;
  }

  /** Have the stroke be the neat shape that it looks like, if any. @returns {Effect[]} */
  neaten() {
    const [first, ...longer] = this.#parts;
    if (!first || longer.length || this.#neat || this.#style.kind !== "stroke") return [];
    this.#neat = neatShape(first.points);
    if (!this.#neat) return [];
    return [
      { type: "preview", key: first.key, start: 0, points: this.#neat.points, fields: this.#shapeStyle(this.#neat) },
    ];
  }

  /** Have the stroke be ink again. @returns {Effect[]} */
  keepInk() {
    if (!this.#neat) return [];
    this.#neat = null;
    return [this.#preview(this.#parts[0], 0)];
  }

  /** @param {import("../../model/neat.js").Neat} neat */
  #shapeStyle({ kind }) {
    const { look: _, ...style } = this.#style;
    return { ...style, kind };
  }

  /** @returns {Effect[]} */
  lift() {
    const parts = this.#parts;
    this.#parts = [];
    if (!parts.length) return [];
    const neat = this.#neat;
    const shape = neat && previewFields(this.#shapeStyle(neat), neat.points);
    this.#neat = null;
    if (shape)
      return [{ type: "commit", actions: [{ type: "create", key: parts[0].key, fields: shape, page: this.#page }] }];
    const actions = parts.map((part) => ({
      type: /** @type {const} */ ("create"),
      key: part.key,
      fields: this.#fields(part),
      page: this.#page,
    }));
    return [{ type: "commit", actions }];
  }

  /** @returns {Effect[]} */
  discard() {
    const parts = this.#parts;
    this.#parts = [];
    this.#neat = null;
    return parts.map(({ key }) => ({ type: "cancel", key }));
  }

  changes() {
    return NO_CHANGES;
  }

  /** What others lack that have the first `start` points. @param {Part} part @param {number} start @returns {Effect} */
  #preview({ key, points, times, pressures }, start) {
    const timed = !this.#pressed && this.#style.look === "flow";
    const stride = this.#pressed || timed ? 3 : 2;
    const flat = [];
    for (let i = start; i < points.length / 2; i++) {
      flat.push(points[2 * i], points[2 * i + 1]);
      if (this.#pressed) flat.push(pressures[i]);
      else if (timed) flat.push(TIMED + step(times, i));
    }
    const fields = stride === 3 ? { ...this.#style, stride } : this.#style;
    return { type: "preview", key, start: start * stride, points: flat, ...(start ? {} : { fields }) };
  }

  /** @param {Part} part */
  #fields({ points, times, pressures }) {
    /** @type {import("../effects.js").Fields} */
    const fields = { ...this.#style, points: deltas(points) };
    if (times[times.length - 1] > times[0]) {
      fields.times = times.map((_, i) => step(times, i));
    }
    if (this.#pressed) fields.pressure = pressures;
    return fields;
  }
}

/** Whole milliseconds from the point before. @param {number[]} times @param {number} i */
const step = (times, i) => (i ? Math.round(times[i] - times[0]) - Math.round(times[i - 1] - times[0]) : 0);

/** @param {Part} part @param {number[]} point @param {number} at @param {number} pressure */
function addTo(part, point, at, pressure) {
  part.points.push(...point);
  part.times.push(Math.max(at, part.times[part.times.length - 1] ?? at));
  part.pressures.push(pressure);
}
