// @ts-check
// Boxes, polylines, and the outlines that elements are made of.
//
// Rules of this file: pure, in board units. Points are flat: x, y after x, y; a box is x0, y0, x1, y1.

/** Where the control points of a quarter circle lie, in parts of its radius. */
const KAPPA = 0.5522847498307936;
/** The least side of an arrow's head, and its angle from the shaft. */
const HEAD = 10;
const SPREAD = (28 * Math.PI) / 180;

/** @param {number[]} box @param {number} by */
export const inflate = ([x0, y0, x1, y1], by) => [x0 - by, y0 - by, x1 + by, y1 + by];

/** The box around flat points. @param {number[]} points */
export function around(points) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    x0 = Math.min(x0, points[i]);
    x1 = Math.max(x1, points[i]);
    y0 = Math.min(y0, points[i + 1]);
    y1 = Math.max(y1, points[i + 1]);
  }
  return [x0, y0, x1, y1];
}

/** @param {number[]} a @param {number[]} b */
export const union = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];

/** The distance of (x, y) from a polyline. @param {number[]} points @param {number} x @param {number} y */
export function distance(points, x, y) {
  if (points.length === 2) return Math.hypot(points[0] - x, points[1] - y);
  let least = Infinity;
  for (let i = 2; i < points.length; i += 2) {
    const [ax, ay] = [points[i - 2], points[i - 1]];
    const [dx, dy] = [points[i] - ax, points[i + 1] - ay];
    const square = dx * dx + dy * dy;
    const along = square ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square)) : 0;
    least = Math.min(least, (ax + along * dx - x) ** 2 + (ay + along * dy - y) ** 2);
  }
  return Math.sqrt(least);
}

/** The winding number of a closed polyline about (x, y): how many more times a ray to the right crosses it downwards than
 * upwards. It is odd where the ray crosses it an odd number of times.
 * @param {number[]} points @param {number} x @param {number} y */
export function winding(points, x, y) {
  let turns = 0;
  for (let i = 2; i < points.length; i += 2) {
    const [ax, ay, bx, by] = [points[i - 2], points[i - 1], points[i], points[i + 1]];
    if (ay > y !== by > y && x < ax + ((y - ay) * (bx - ax)) / (by - ay)) turns += by > ay ? 1 : -1;
  }
  return turns;
}

/** The distance of (x, y) from a box. @param {number[]} box @param {number} x @param {number} y */
export const beside = ([x0, y0, x1, y1], x, y) => Math.hypot(Math.max(x0 - x, 0, x - x1), Math.max(y0 - y, 0, y - y1));

/** A unit circle of 64 segments, from the right end downwards. */
export const CIRCLE = (() => {
  /** @type {number[][]} */
  const quarter = [];
  for (let i = 0; i < 16; i++) {
    const t = i / 16;
    const [a, b, c, d] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t ** 2 * (1 - t), t ** 3];
    quarter.push([a + b + KAPPA * c, KAPPA * b + c + d]);
  }
  /** @type {((point: number[]) => number[])[]} */
  const turns = [([x, y]) => [x, y], ([x, y]) => [-y, x], ([x, y]) => [-x, -y], ([x, y]) => [y, -x]];
  return [...turns.flatMap((turn) => quarter.map(turn)), [1, 0]];
})();

/** The head of an arrow: the end of one side, the tip, the end of the other. @param {number[]} points
 * @param {number} width */
export function head(points, width) {
  for (let i = points.length - 2; i >= 2; i -= 2) {
    const [dx, dy] = [points[i] - points[i - 2], points[i + 1] - points[i - 1]];
    const long = Math.hypot(dx, dy);
    if (!long) continue;
    const [x, y] = [dx / long, dy / long];
    const side = Math.min(Math.max(HEAD, 3 * width), 0.9 * long);
    const [cos, sin] = [Math.cos(SPREAD), Math.sin(SPREAD)];
    const [tipX, tipY] = points.slice(-2);
    return [
      tipX - side * (x * cos - y * sin),
      tipY - side * (x * sin + y * cos),
      tipX,
      tipY,
      tipX - side * (x * cos + y * sin),
      tipY - side * (y * cos - x * sin),
    ];
  }
  return null;
}
