// @ts-check
// Moving, turning and scaling elements, as patches of their fields `offset` and `transform`.
//
// Rules of this file: pure. Fields are in eighths; an affine map has six numbers, as canvases have it, in board units.

import { deltas } from "../client/peers.js";
import { MOST, UNIT, about, mapped, matrixOf } from "../model/transform.js";
import { EIGHTHS, REACH } from "./effects.js";

/** @typedef {import("./effects.js").Fields} Fields */
/** @typedef {number[]} Map6 */

/** How far an element was moved, in eighths. @param {Fields} fields @returns {number[]} */
export function offsetOf({ offset }) {
  return Array.isArray(offset) && offset.length === 2 && offset.every(Number.isSafeInteger) ? offset : [0, 0];
}

/** Flat absolute points of an element before it was moved or turned, in eighths; none where it has none. @param {Fields} fields */
export function rawPoints({ kind, points, box, contours, at }) {
  if (kind === "text") return Array.isArray(at) ? at : [];
  if (Array.isArray(box)) return [box[0], box[1], box[0] + box[2], box[1] + box[3]];
  if (Array.isArray(contours)) return contours.flatMap(absolute);
  return Array.isArray(points) ? absolute(points) : [];
}

/** @param {number[]} steps */
function absolute(steps) {
  let [x, y] = [0, 0];
  return steps.map((step, i) => (i % 2 ? (y += step) : (x += step)));
}

/** The middle that `transform` leaves where it is, in eighths. @param {Fields} fields */
export function middleOf(fields) {
  const points = rawPoints(fields);
  if (!points.length) return [0, 0];
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    x0 = Math.min(x0, points[i]);
    x1 = Math.max(x1, points[i]);
    y0 = Math.min(y0, points[i + 1]);
    y1 = Math.max(y1, points[i + 1]);
  }
  return [(x0 + x1) / 2, (y0 + y1) / 2];
}

/** Return the fields with which an element is where `map` puts it. @param {Fields} fields @param {Map6} map */
export function transformed(fields, map) {
  const [a, b, c, d, e, f] = map;
  const [ox, oy] = offsetOf(fields);
  const [mx, my] = middleOf(fields);
  const [x, y] = [mx + ox, my + oy];
  const offset = [
    limited(Math.round(a * x + c * y + e * EIGHTHS - mx)),
    limited(Math.round(b * x + d * y + f * EIGHTHS - my)),
  ];
  if (a === 1 && b === 0 && c === 0 && d === 1) return { offset };
  const [p, q, r, s] = matrixOf(fields.transform) ?? [1, 0, 0, 1];
  const matrix = [a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s];
  return { offset, transform: matrix.map((part) => Math.max(-MOST, Math.min(MOST, Math.round(part * UNIT) + 0))) };
}

/** @param {number} value */
const limited = (value) => Math.max(-2 * REACH, Math.min(2 * REACH, value)) + 0;

/** The same element with its points where `transform` put them. @param {Fields} fields of a stroke */
export function settled(fields) {
  const matrix = matrixOf(fields.transform);
  const { transform: _, ...rest } = fields;
  if (!matrix) return rest;
  const [x, y] = middleOf(fields);
  return { ...rest, points: deltas(mapped(about(matrix, x, y), rawPoints(fields)).map(Math.round)) };
}

/** @param {Map6} outer @param {Map6} inner first @returns {Map6} */
export function composed([a, b, c, d, e, f], [p, q, r, s, t, u]) {
  return [a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f];
}

/** @param {number} dx @param {number} dy @returns {Map6} */
export const shift = (dx, dy) => [1, 0, 0, 1, dx, dy];

/** @param {number} angle in radians, clockwise @param {number} x @param {number} y what stays @returns {Map6} */
export const turn = (angle, x, y) => {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return about([cos, sin, -sin, cos], x, y);
};
