// @ts-check
// How an element is turned, scaled or flipped: its field `transform`, in JavaScript, as `ipysketch/model/elements/transform.py`
// has it in Python.
//
// Rules of this file: pure. A matrix is a, b, c, d (and e, f), as canvases have it: (x, y) goes to (a x + c y + e, b x + d y + f).

/** What stands for 1 in the field. */
export const UNIT = 65_536;
/** The largest part of the field: a thousandfold. */
export const MOST = 1000 * UNIT;

/** Read the field: a, b, c, d; null where it is none, or changes nothing. @param {any} value @returns {number[] | null} */
export function matrixOf(value) {
  if (!Array.isArray(value) || value.length !== 4) return null;
  if (!value.every((part) => Number.isSafeInteger(part) && Math.abs(part) <= MOST)) return null;
  const [a, b, c, d] = value.map((part) => part / UNIT);
  return a * d - b * c === 0 || (a === 1 && b === 0 && c === 0 && d === 1) ? null : [a, b, c, d];
}

/** Add what puts (x, y) where it is already. @param {number[]} matrix a, b, c, d @param {number} x @param {number} y */
export const about = ([a, b, c, d], x, y) => [a, b, c, d, x - (a * x + c * y), y - (b * x + d * y)];

/** Flat points where a matrix of six puts them. @param {number[]} matrix @param {number[]} points */
export function mapped([a, b, c, d, e, f], points) {
  const found = new Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    found[i] = a * points[i] + c * points[i + 1] + e;
    found[i + 1] = b * points[i] + d * points[i + 1] + f;
  }
  return found;
}

/** The corners of a box, in order around it. @param {number[]} box x0, y0, x1, y1 */
export const cornersOf = ([x0, y0, x1, y1]) => [x0, y0, x1, y0, x1, y1, x0, y1];

/** Where a matrix of six takes (x, y) from. @param {number[]} matrix @param {number} x @param {number} y */
export function unmapped([a, b, c, d, e, f], x, y) {
  const area = a * d - b * c;
  const [px, py] = [x - e, y - f];
  return [(d * px - c * py) / area, (a * py - b * px) / area];
}

/** How much a matrix enlarges lengths, on the whole. @param {number[]} matrix */
export const scaleOf = ([a, b, c, d]) => Math.sqrt(Math.abs(a * d - b * c));
