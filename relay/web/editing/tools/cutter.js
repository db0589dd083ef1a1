// @ts-check
// The partial eraser: it cuts strokes where it goes.

import { deltas } from "../../client/peers.js";
import { EIGHTHS, NO_CHANGES } from "../effects.js";
import { settled } from "../matrix.js";
import { MOST_STEPS } from "./eraser.js";

/**
 * @typedef {import("../effects.js").Effect} Effect
 * @typedef {import("../effects.js").Tool} Tool
 * @typedef {import("../effects.js").Fields} Fields
 * @typedef {import("../effects.js").Sample} Sample
 * @typedef {import("../effects.js").Change} Change
 * @typedef {{x: number, y: number, time: number, pressure: number, kept: boolean}} Row a point in board units; `kept` unless it
 *   was only put between two others
 */

/** The kinds of elements that can be cut; the others are erased as a whole, by the eraser. */
export const KINDS = ["stroke", "highlighter"];
/** Board units between the points of a stroke that are tested. */
const STEP = 1;
/** Points of one stroke that are tested, however long it is. */
const MOST_POINTS = 200_000;

/** @implements {Tool} */
export class Cutter {
  #radius;
  #hits;
  #entry;
  #page;
  #key = "";
  #spared = "";
  /** @type {number[] | null} */
  #last = null;
  /** The pieces of each stroke. @type {Map<string, {whole: Fields, pieces: Fields[]}>} */
  #cut = new Map();
  /** @type {ReadonlyMap<string, Change>} */
  #changes = NO_CHANGES;

  /**
   * @param {number} radius in board units
   * @param {import("./eraser.js").HitTest} hits of elements that can be cut
   * @param {(key: string) => {fields: Fields, place: number} | undefined} entry
   * @param {string} page where the pieces go
   */
  constructor(radius, hits, entry, page) {
    this.#radius = radius;
    this.#hits = hits;
    this.#entry = entry;
    this.#page = page;
  }

  /** The keys of pieces begin with `key`. @param {Sample} sample @param {import("../effects.js").Press} press
   * @returns {Effect[]} */
  press({ x, y }, { key }) {
    this.#key = key;
    this.#last = [x, y];
    this.#move(x, y);
    return [];
  }

  /** @param {Sample} sample @returns {Effect[]} */
  drag({ x, y }) {
    if (this.#last) this.#move(x, y);
    return [];
  }

  /** @param {number} x @param {number} y */
  #move(x, y) {
    const [x0, y0] = /** @type {number[]} */ (this.#last);
    const far = Math.max(Math.abs(x - x0), Math.abs(y - y0));
    const steps = Math.min(MOST_STEPS, Math.max(1, Math.floor(far / this.#radius)));
    for (let step = 0; step <= steps; step++) {
      const { keys, spared } = this.#hits(x0 + ((x - x0) * step) / steps, y0 + ((y - y0) * step) / steps, this.#radius);
      this.#spared ||= spared;
      for (const key of keys) {
        const entry = this.#cut.has(key) ? undefined : this.#entry(key);
        if (!entry) continue;
        const whole = settled({ ...entry.fields, place: entry.place });
        this.#cut.set(key, { whole, pieces: [whole] });
      }
    }
    for (const each of this.#cut.values()) {
      each.pieces = each.pieces.flatMap((piece) => cutAlong(piece, [x0, y0, x, y], this.#radius));
    }
    this.#last = [x, y];
    this.#changes = this.#cut.size
      ? new Map([...this.#really()].map(([key, { pieces }]) => [key, { pieces }]))
      : NO_CHANGES;
  }

  /** Those of which something is gone. */
  #really() {
    return [...this.#cut].filter(([, { whole, pieces }]) => pieces.length !== 1 || pieces[0] !== whole);
  }

  /** Put the pieces in place of the strokes. @returns {Effect[]} */
  lift() {
    const cut = this.#really();
    const key = this.#key;
    this.discard();
    if (!cut.length) return this.#spared ? [{ type: "notice", words: this.#spared }] : [];
    const created = cut
      .flatMap(([, { pieces }]) => pieces)
      .map((fields, number) => ({
        type: /** @type {const} */ ("create"),
        key: `${key}~${number}`,
        fields,
        page: this.#page,
      }));
    return [{ type: "commit", actions: [{ type: "delete", keys: cut.map(([whole]) => whole) }, ...created] }];
  }

  /** @returns {Effect[]} */
  discard() {
    this.#last = null;
    this.#cut = new Map();
    this.#changes = NO_CHANGES;
    return [];
  }

  changes() {
    return this.#changes;
  }
}

/**
 * Return the fields of each piece that a disc leaves of a stroke when it moves along a segment; the same object alone when
 * it touches nothing.
 * @param {Fields} fields @param {number[]} path x0, y0, x1, y1 @param {number} radius
 * @returns {Fields[]}
 */
export function cutAlong(fields, path, radius) {
  const [dx, dy] = fields.offset ?? [0, 0];
  const rows = dense(rowsOf(fields));
  const reach = radius + fields.width / EIGHTHS / 2;
  const inside = rows.map(({ x, y }) => away(x + dx / EIGHTHS, y + dy / EIGHTHS, path) <= reach);
  if (!inside.includes(true)) return [fields];
  const pieces = [];
  for (let start = 0; start < rows.length; ) {
    if (inside[start]) {
      start++;
      continue;
    }
    let stop = start;
    while (stop < rows.length && !inside[stop]) stop++;
    // Less than a step is nothing to see.
    if (stop - start > 1) pieces.push(piece(fields, rows.slice(start, stop)));
    start = stop;
  }
  return pieces;
}

/** @param {Fields} fields @returns {Row[]} */
function rowsOf({ points, times, pressure }) {
  const count = points.length / 2;
  const timed = Array.isArray(times) && times.length === count;
  const measured = Array.isArray(pressure) && pressure.length === count;
  let [x, y, time] = [0, 0, 0];
  return Array.from({ length: count }, (_, i) => {
    x += points[2 * i];
    y += points[2 * i + 1];
    time += timed ? times[i] : 0;
    return { x: x / EIGHTHS, y: y / EIGHTHS, time, pressure: measured ? pressure[i] : 0, kept: true };
  });
}

/** The rows, with others between those farther than a step apart. @param {Row[]} rows */
function dense(rows) {
  if (rows.length === 1) return [rows[0], rows[0]];
  const lengths = rows.slice(1).map(({ x, y }, i) => Math.hypot(x - rows[i].x, y - rows[i].y));
  const step = Math.max(STEP, lengths.reduce((sum, length) => sum + length, 0) / MOST_POINTS);
  /** @type {Row[]} */
  const found = [];
  lengths.forEach((length, i) => {
    const count = Math.max(1, Math.ceil(length / step));
    for (let n = 0; n < count; n++) found.push(n ? between(rows[i], rows[i + 1], n / count) : rows[i]);
  });
  found.push(rows[rows.length - 1]);
  return found;
}

/** @param {Row} a @param {Row} b @param {number} part @returns {Row} */
const between = (a, b, part) => ({
  x: a.x + (b.x - a.x) * part,
  y: a.y + (b.y - a.y) * part,
  time: a.time + (b.time - a.time) * part,
  pressure: a.pressure + (b.pressure - a.pressure) * part,
  kept: false,
});

/** The distance of a place from a segment. @param {number} x @param {number} y @param {number[]} segment */
function away(x, y, [x0, y0, x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const square = dx * dx + dy * dy;
  const along = square ? Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / square)) : 0;
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}

/** @param {Fields} fields @param {Row[]} rows */
function piece({ times, pressure, ...fields }, rows) {
  const kept = rows.filter((row, i) => row.kept || i === 0 || i === rows.length - 1);
  const count = fields.points.length / 2;
  /** @type {Fields} */
  const part = {
    ...fields,
    points: deltas(kept.flatMap(({ x, y }) => [Math.round(x * EIGHTHS), Math.round(y * EIGHTHS)])),
  };
  if (Array.isArray(times) && times.length === count) {
    const since = kept.map(({ time }) => Math.round(time - kept[0].time));
    part.times = since.map((time, i) => (i ? time - since[i - 1] : 0));
  }
  if (Array.isArray(pressure) && pressure.length === count) {
    part.pressure = kept.map((row) => Math.round(row.pressure));
  }
  return part;
}
