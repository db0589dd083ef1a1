// @ts-check
// Where a line ends that is bound to other elements: it follows them. `ipysketch/model/connector.py` is its twin,
// operation by operation.
//
// Rules of this file: pure. Only sums, products, quotients and square roots are taken, so that both come to the same eighths.

import { PARTS, boundTo, isAnchor } from "./anchor.js";
import { decode } from "./elements.js";
import { mapped, unmapped } from "./transform.js";

/**
 * @typedef {import("./elements.js").Element} Element
 * @typedef {import("./elements.js").Outline} Outline
 * @typedef {{[name: string]: any}} Fields
 * @typedef {(key: string) => Element | null | undefined} Of returns the element of a key on the same page, as it is now
 */

const EIGHTHS = 8;
const REACH = 1_000_000;
/** Board units between the ink of a shape and that of what points at it. */
const GAP = 2;

/** The fields of a line with its bound ends where the elements are that `of` returns; `fields` where there are none.
 * @param {Fields} fields @param {Of} of @returns {Fields} */
export function followed(fields, of) {
  if (!boundTo(fields).length) return fields;
  const found = [fields.from, fields.to].map((value) => (isAnchor(value) ? value : null));
  const outlines = found.map((anchor) => (anchor && of(anchor[0])?.outline) ?? null);
  const line = decode("", fields);
  if (!line?.points || !(outlines[0] || outlines[1])) return fields;
  const { points: flat, width = 0 } = line;
  const points = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  const ends = [0, points.length - 1];
  for (const [n, end] of ends.entries()) {
    const outline = outlines[n];
    if (outline) points[end] = placeOf(found[n], outline);
  }
  const beside = [points[1], points[points.length - 2]];
  for (const [n, end] of ends.entries()) {
    const outline = outlines[n];
    if (outline) points[end] = ended(outline, beside[n], points[end], width / 2);
  }
  let [x, y] = [0, 0];
  const steps = points.flatMap(([px, py]) => {
    const [nx, ny] = [eighths(px), eighths(py)];
    const step = [nx - x, ny - y];
    [x, y] = [nx, ny];
    return step;
  });
  const { offset: _, transform: __, ...rest } = fields;
  return { ...rest, points: steps };
}

/** @param {number} value */
const eighths = (value) => Math.max(-REACH, Math.min(REACH, Math.floor(value * EIGHTHS + 0.5))) + 0;

/** Where an anchor is. @param {any} anchor @param {Outline} outline */
function placeOf([, ax, ay], { box: [x0, y0, x1, y1], affine }) {
  const place = [x0 + ((x1 - x0) * ax) / PARTS, y0 + ((y1 - y0) * ay) / PARTS];
  return affine ? mapped(affine, place) : place;
}

/** Where a line from `start` to `end` ends: where it meets the outline, a little before it. @param {Outline} outline
 * @param {number[]} start @param {number[]} end @param {number} half */
function ended({ box, affine, edge, round }, start, end, half) {
  const q = affine ? unmapped(affine, start[0], start[1]) : start;
  const p = affine ? unmapped(affine, end[0], end[1]) : end;
  const curved = round && box[2] > box[0] && box[3] > box[1];
  const t = curved ? metEllipse(box, q, p) : metBox(box, q, p);
  if (t === null) return end;
  const [x, y] = [start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])];
  const [dx, dy] = [x - start[0], y - start[1]];
  const long = Math.sqrt(dx * dx + dy * dy);
  if (long === 0) return [x, y];
  const back = Math.min(GAP + edge + half, long / 2) / long;
  return [x - back * dx, y - back * dy];
}

/** The part of the way from q to p after which it enters a box; null where q is inside, or p is not. @param {number[]} box
 * @param {number[]} q @param {number[]} p */
function metBox(box, q, p) {
  let [first, last] = [0, 1];
  for (const axis of [0, 1]) {
    const [low, high, step] = [box[axis], box[axis + 2], p[axis] - q[axis]];
    if (step === 0) {
      if (q[axis] < low || q[axis] > high) return null;
      continue;
    }
    const [one, other] = [(low - q[axis]) / step, (high - q[axis]) / step];
    first = Math.max(first, Math.min(one, other));
    last = Math.min(last, Math.max(one, other));
  }
  return first > 0 && first <= last ? first : null;
}

/** The part of the way from q to p after which it enters the ellipse in a box. @param {number[]} box @param {number[]} q
 * @param {number[]} p */
function metEllipse([x0, y0, x1, y1], [qx, qy], [px, py]) {
  const [rx, ry] = [(x1 - x0) / 2, (y1 - y0) / 2];
  const [ux, uy] = [(qx - (x0 + x1) / 2) / rx, (qy - (y0 + y1) / 2) / ry];
  const [vx, vy] = [(px - qx) / rx, (py - qy) / ry];
  const [a, b, c] = [vx * vx + vy * vy, ux * vx + uy * vy, ux * ux + uy * uy - 1];
  const root = b * b - a * c;
  if (a === 0 || c <= 0 || root < 0) return null;
  const t = (-b - Math.sqrt(root)) / a;
  return t > 0 && t <= 1 ? t : null;
}

/** What lines were drawn as last, by the element that they would be alone: in two scenes of one page one may be elsewhere.
 * @type {WeakMap<Element, {way: string, element: Element}[]>} */
const drawn = new WeakMap();

/** The element of a bound line as it follows others; the same object as long as these stay where they are.
 * @param {Element} element decoded from `fields` @param {Fields} fields @param {Of} of @returns {Element} */
export function following(element, fields, of) {
  if (!element.bound) return element;
  const now = followed(fields, of);
  if (now === fields) return element;
  const way = now.points.join();
  const known = drawn.get(element) ?? [];
  const before = known.find((each) => each.way === way);
  if (before) return before.element;
  const made = decode(element.key, now, element.author, element.seq) ?? element;
  drawn.set(element, [{ way, element: made }, ...known.slice(0, 1)]);
  return made;
}
