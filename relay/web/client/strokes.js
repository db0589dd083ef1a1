// @ts-check
// The fields of the pen's strokes, from points in board units.
//
// Rules of this file: pure.

import { deltas } from "./peers.js";

/** @typedef {import("../model/messages.js").Fields} Fields */

export const EIGHTHS = 8;
const REACH = 1_000_000;
const MAX_WIDTH = 1600;
/** Points of one element; a longer stroke continues as a second element of the same operation. */
const MAX_POINTS = 4000;

/**
 * Return the fields of a stroke: of more than one element when it is long, each beginning where the one before ends.
 * Throws a `TypeError` when `points` are not finite pairs.
 * @param {ArrayLike<number> | ArrayLike<number>[]} points in board units
 * @param {Fields} style as of `Sketch.stroke`
 * @returns {Fields[]}
 */
export function strokes(points, { kind = "stroke", color, width = 4, pressure, times, ...more }) {
  const flat = flatten(points);
  const count = flat.length / 2;
  if (!count || count % 1 || !flat.every(Number.isFinite))
    throw new TypeError("a stroke needs points: x, y after x, y");
  const eighths = flat.map((value) => clamp(Math.round(value * EIGHTHS), -REACH, REACH));
  const parts = [];
  for (let from = 0; from === 0 || from < count - 1; from += MAX_POINTS - 1) {
    const to = Math.min(count, from + MAX_POINTS);
    /** @type {Fields} */
    const fields = {
      ...more,
      kind,
      points: deltas(eighths.slice(2 * from, 2 * to)),
      color,
      width: clamp(Math.round(width * EIGHTHS), 1, MAX_WIDTH),
    };
    if (pressure?.length === count && kind === "stroke") fields.pressure = bytes(pressure, from, to);
    if (times?.length === count) fields.times = intervals(times, from, to);
    parts.push(fields);
  }
  return parts;
}

/** @param {ArrayLike<number> | ArrayLike<number>[]} points @returns {number[]} */
function flatten(points) {
  const values = Array.from(/** @type {ArrayLike<number | ArrayLike<number>>} */ (points));
  return values.flatMap((value) => (typeof value === "number" ? value : Array.from(value)));
}

/** @param {number} value @param {number} least @param {number} most */
const clamp = (value, least, most) => Math.max(least, Math.min(most, value));

/** Pressures of 0 to 1 as 0 to 255. @param {ArrayLike<number>} pressures @param {number} from @param {number} to */
const bytes = (pressures, from, to) =>
  Array.from(pressures)
    .slice(from, to)
    .map((value) => Math.round(255 * clamp(value, 0, 1)));

/** Seconds since the stroke's begin as milliseconds between the samples.
 * @param {ArrayLike<number>} times @param {number} from @param {number} to */
function intervals(times, from, to) {
  const seconds = Array.from(times).slice(from, to);
  const since = seconds.map((time) => Math.round(1000 * (time - seconds[0])));
  return since.map((time, i) => Math.max(0, i ? time - since[i - 1] : 0));
}
