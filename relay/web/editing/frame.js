// @ts-check
// The frame around what is selected: one for all of it, turned with an element that is selected alone.
//
// Rules of this file: pure, in board units. A frame is its corner (x, y) and its sides, u to the right and v downwards. A
// handle is named by its place: "nw", "n", "ne", "e", "se", "s", "sw" and "w"; "turn" is the knob above.

import { around, union } from "../model/geometry.js";
import { about, cornersOf, mapped, matrixOf } from "../model/transform.js";
import { decode } from "../model/elements.js";
import { MARGIN } from "../model/typeset.js";
import { EIGHTHS } from "./effects.js";
import { composed, middleOf, offsetOf, turn } from "./matrix.js";

/**
 * @typedef {import("../board/types").Element} Element
 * @typedef {import("../board/types").Fields} Fields
 * @typedef {{x: number, y: number, u: number[], v: number[]}} Frame
 */

/** Where each handle is, in parts of the sides. @type {Record<string, number[]>} */
export const HANDLES = {
  nw: [0, 0],
  n: [0.5, 0],
  ne: [1, 0],
  e: [1, 0.5],
  se: [1, 1],
  s: [0.5, 1],
  sw: [0, 1],
  w: [0, 0.5],
};
/** What a frame has at least, so that a line can be made wider. */
const LEAST = 1;
const SNAP = Math.PI / 12;

/** @param {readonly Element[]} elements @param {(key: string) => {fields: Fields} | undefined} entry
 * @returns {Frame | null} */
export function frameOf(elements, entry) {
  if (!elements.length) return null;
  if (elements.length === 1) {
    const fields = entry(elements[0].key)?.fields;
    const matrix = fields && matrixOf(fields.transform);
    const upright = matrix && decode("", { ...fields, transform: null });
    if (fields && matrix && upright) {
      const [mx, my] = middleOf(fields);
      const [ox, oy] = offsetOf(fields);
      const corners = cornersOf(upright.bounds);
      const [x, y, x1, y1, , , x3, y3] = mapped(about(matrix, (mx + ox) / EIGHTHS, (my + oy) / EIGHTHS), corners);
      return { x, y, u: [x1 - x, y1 - y], v: [x3 - x, y3 - y] };
    }
  }
  const [x0, y0, x1, y1] = elements.map(({ bounds }) => bounds).reduce(union);
  return { x: x0, y: y0, u: [x1 - x0, 0], v: [0, y1 - y0] };
}

/** A place of the frame. @param {Frame} frame @param {number} s along u @param {number} t along v */
export const placeOf = ({ x, y, u, v }, s, t) => [x + s * u[0] + t * v[0], y + s * u[1] + t * v[1]];

/** The frame where a map of six puts it. @param {Frame} frame @param {number[]} map @returns {Frame} */
export function mappedFrame({ x, y, u, v }, map) {
  const [px, py, ux, uy, vx, vy] = mapped(map, [x, y, x + u[0], y + u[1], x + v[0], y + v[1]]);
  return { x: px, y: py, u: [ux - px, uy - py], v: [vx - px, vy - py] };
}

/** The box around a frame. @param {Frame} frame */
export function boundsOf(frame) {
  const corners = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ].flatMap(([s, t]) => placeOf(frame, s, t));
  return around(corners);
}

/** How a frame is turned, in radians clockwise. @param {Frame} frame */
export const angleOf = ({ u, v }) => (u[0] || u[1] ? Math.atan2(u[1], u[0]) : Math.atan2(-v[0], v[1]));

/**
 * The map that has a handle under the pointer.
 * @param {Frame} frame @param {string} handle @param {number} x @param {number} y
 * @param {import("./effects.js").Keys} keys
 */
export function scaled(frame, handle, x, y, { straight, middle }) {
  const [s, t] = HANDLES[handle];
  const [as, at] = middle ? [0.5, 0.5] : [1 - s, 1 - t];
  const [ax, ay] = placeOf(frame, as, at);
  const angle = angleOf(frame);
  const back = turn(-angle, ax, ay);
  const [px, py] = mapped(back, [x, y]);
  const [hx, hy] = mapped(back, placeOf(frame, s, t));
  // Parts of the sides that the handle does not move stay as they are.
  let sx = s === 0.5 ? 1 : part(px - ax, hx - ax);
  let sy = t === 0.5 ? 1 : part(py - ay, hy - ay);
  if (straight) {
    const most = s === 0.5 ? Math.abs(sy) : t === 0.5 ? Math.abs(sx) : Math.max(Math.abs(sx), Math.abs(sy));
    sx = Math.sign(sx) * most;
    sy = Math.sign(sy) * most;
  }
  const upright = about([sx, 0, 0, sy], ax, ay);
  return composed(turn(angle, ax, ay), composed(upright, back));
}

/**
 * The fields of a text whose left or right side, which is at `handle`, is where `map` puts it: its lines are as wide as that.
 * @param {Fields} fields @param {Frame} frame @param {string} handle @param {number[]} map
 */
export function rewrapped(fields, frame, handle, map) {
  const [a, b] = matrixOf(fields.transform) ?? [1, 0];
  const scale = Math.sqrt(a * a + b * b);
  const { size } = fields;
  const long = (/** @type {Frame} */ { u }) => (Math.hypot(...u) / scale) * EIGHTHS - 2 * MARGIN * size;
  const wrap = Math.max(size, Math.round(long(mappedFrame(frame, map))));
  const by = handle === "w" ? long(frame) - wrap : 0;
  const [dx, dy] = offsetOf(fields);
  return { wrap, offset: [Math.round(dx + a * by), Math.round(dy + b * by)] };
}

/** @param {number} now @param {number} was */
function part(now, was) {
  if (Math.abs(was) < LEAST / 2) return 1;
  const factor = now / was;
  // Never flat: what is flat could not be made larger again.
  const least = LEAST / Math.abs(was) / 2;
  return Math.abs(factor) < least ? (factor < 0 ? -least : least) : factor;
}

/**
 * The map that turns a frame about its middle by as much as the pointer went around it; with `straight` to multiples of 15°.
 * @param {Frame} frame @param {number[]} from where the pointer was @param {number} x @param {number} y
 * @param {import("./effects.js").Keys} keys
 */
export function turned(frame, [fromX, fromY], x, y, { straight }) {
  const [mx, my] = placeOf(frame, 0.5, 0.5);
  let by = Math.atan2(y - my, x - mx) - Math.atan2(fromY - my, fromX - mx);
  if (straight) {
    const was = angleOf(frame);
    by = Math.round((was + by) / SNAP) * SNAP - was;
  }
  return { map: turn(by, mx, my), by };
}
