// @ts-check
// The neat shape that a stroke looks like: a straight line, an arrow, an ellipse, a rectangle or a triangle.
//
// Rules of this file: pure. Points are flat eighths of a board unit. What is not clearly a shape is none: most strokes are
// handwriting.

/** @typedef {{kind: "line" | "arrow" | "ellipse" | "rectangle", points: number[]}} Neat a triangle is a closed line */

/** Points that a stroke is looked at with, equally far from each other. */
const SAMPLES = 64;
/** Smaller strokes are writing. */
const SMALLEST = 64 * 8;
/** How far a line's points may be from it, as a part of its length. */
const BOW = 0.05;
/** How much longer than its chord a line may be. */
const DETOUR = 1.1;
/** Lines so close to an axis are drawn along it, in radians. */
const LEVEL = (4 * Math.PI) / 180;
/** How far apart the ends of a closed stroke may be, as a part of its length. */
const GAP = 0.15;
/** The mean error of an ellipse as a part of its radius, and of corners as a part of the diagonal. */
const [ROUND, SHARP] = [0.07, 0.025];
/** How far a stroke may be from the line between two corners, as a part of the diagonal. */
const STRAIGHT = 0.07;
/** Sides that differ by no more than this part are equal. */
const EVEN = 0.12;
/** Length of an arrow's wings as a part of its shaft, and their angle to it in radians. */
const WING = [0.08, 0.5];
const SPREAD = [0.15, 1.1];

/** @param {number[]} a @param {number[]} b */
const distance = ([ax, ay], [bx, by]) => Math.hypot(bx - ax, by - ay);

/** Return the neat shape that a stroke looks like, or null. @param {number[]} flat @returns {Neat | null} */
export function neatShape(flat) {
  const points = equallyFar(flat);
  if (!points) return null;
  const box = boundsOf(points);
  const diagonal = Math.hypot(box[2] - box[0], box[3] - box[1]);
  if (diagonal < SMALLEST) return null;
  const [first, last] = [points[0], points[SAMPLES - 1]];
  const chord = distance(first, last);
  const length = SAMPLES * distance(points[0], points[1]);
  const bow = Math.max(...points.map((point) => fromLine(point, first, last)));
  if (length <= DETOUR * chord && bow <= BOW * chord) return { kind: "line", points: levelled(first, last) };
  if (chord <= GAP * length) return closedShape(points, box, diagonal);
  return arrow(points, diagonal);
}

/** Return so many points along a stroke, equally far from each other; null where it has no length.
 * @param {number[]} flat */
function equallyFar(flat) {
  /** @type {number[][]} */
  const given = [];
  for (let i = 0; i + 1 < flat.length; i += 2) given.push([flat[i], flat[i + 1]]);
  const length = given.reduce((sum, point, i) => sum + (i ? distance(given[i - 1], point) : 0), 0);
  if (!length) return null;
  const step = length / (SAMPLES - 1);
  const points = [given[0]];
  let before = 0;
  for (let i = 1; i < given.length; i++) {
    const [a, b] = [given[i - 1], given[i]];
    const side = distance(a, b);
    while (points.length < SAMPLES - 1 && points.length * step <= before + side) {
      const part = (points.length * step - before) / side;
      points.push([a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])]);
    }
    before += side;
  }
  points.push(given[given.length - 1]);
  return points.length === SAMPLES ? points : null;
}

/** @param {number[][]} points */
function boundsOf(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** The distance of a point from the line piece between two others. @param {number[]} point @param {number[]} a
 * @param {number[]} b */
function fromLine([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const part = square ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / square)) : 0;
  return Math.hypot(x - ax - part * dx, y - ay - part * dy);
}

/** A line between two points, along an axis where it nearly is. @param {number[]} from @param {number[]} to */
function levelled(from, to) {
  const [x0, y0, x1, y1] = [...from, ...to].map(Math.round);
  const angle = Math.atan2(Math.abs(y1 - y0), Math.abs(x1 - x0));
  if (angle < LEVEL) return [x0, y0, x1, y0];
  return Math.PI / 2 - angle < LEVEL ? [x0, y0, x0, y1] : [x0, y0, x1, y1];
}

/** @param {number[][]} points @param {number[]} box @param {number} diagonal @returns {Neat | null} */
function closedShape(points, box, diagonal) {
  if (!goesRoundOnce(points, box)) return null;
  const found = [ellipse(points, box), rectangle(points, box, diagonal), triangle(points, diagonal)];
  const [best] = found.flatMap((one) => one ?? []).sort((a, b) => a.error - b.error);
  return best ? best.shape : null;
}

/** @param {number[][]} points @param {number[]} box */
function goesRoundOnce(points, [x0, y0, x1, y1]) {
  const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
  let turn = 0;
  for (let i = 1; i < points.length; i++) {
    const [[ax, ay], [bx, by]] = [points[i - 1], points[i]];
    turn += Math.atan2((ax - mx) * (by - my) - (ay - my) * (bx - mx), (ax - mx) * (bx - mx) + (ay - my) * (by - my));
  }
  return Math.abs(turn) > 1.65 * Math.PI && Math.abs(turn) < 2.5 * Math.PI;
}

/** Have nearly equal sides be equal, around the middle. @param {number[]} box */
function evened([x0, y0, x1, y1]) {
  const [wide, high] = [x1 - x0, y1 - y0];
  const side = Math.abs(wide - high) <= EVEN * Math.max(wide, high) ? (wide + high) / 2 : 0;
  const [w, h] = side ? [side, side] : [wide, high];
  const [left, top] = [Math.round((x0 + x1 - w) / 2), Math.round((y0 + y1 - h) / 2)];
  return [left, top, left + Math.round(w), top + Math.round(h)];
}

/** @param {number[][]} points @param {number[]} box @returns {{error: number, shape: Neat} | null} */
function ellipse(points, box) {
  const [x0, y0, x1, y1] = box;
  const [mx, my, a, b] = [(x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2];
  if (Math.min(a, b) < 8 * 8) return null;
  const error = mean(points.map(([x, y]) => Math.abs(Math.hypot((x - mx) / a, (y - my) / b) - 1))) / ROUND;
  return error <= 1 ? { error, shape: { kind: "ellipse", points: evened(box) } } : null;
}

/** @param {number[][]} points @param {number[]} box @param {number} diagonal @returns {{error: number, shape: Neat} | null} */
function rectangle(points, box, diagonal) {
  const [x0, y0, x1, y1] = box;
  const corners = [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
  if (Math.min(x1 - x0, y1 - y0) < 12 * 8) return null;
  if (!corners.every((corner) => points.some((point) => distance(point, corner) <= 2 * STRAIGHT * diagonal)))
    return null;
  const error = errorOf(points, corners, diagonal);
  return error <= 1 ? { error, shape: { kind: "rectangle", points: evened(box) } } : null;
}

/** @param {number[][]} points @param {number} diagonal @returns {{error: number, shape: Neat} | null} */
function triangle(points, diagonal) {
  const corners = cornersOf([...points, points[0]], STRAIGHT * diagonal).slice(0, -1);
  // A stroke may begin on a side.
  const around = corners.filter((corner, i) => {
    const [before, after] = [corners.at(i - 1) ?? corner, corners[(i + 1) % corners.length]];
    return fromLine(corner, before, after) > STRAIGHT * diagonal;
  });
  if (around.length !== 3) return null;
  const error = errorOf(points, around, diagonal);
  const flat = [...around, around[0]].flat().map(Math.round);
  return error <= 1 ? { error, shape: { kind: "line", points: flat } } : null;
}

/** How far points are from the sides between corners: 1 is the most that is clear. @param {number[][]} points
 * @param {number[][]} corners @param {number} diagonal */
function errorOf(points, corners, diagonal) {
  const sides = corners.map((corner, i) => [corner, corners[(i + 1) % corners.length]]);
  return mean(points.map((point) => Math.min(...sides.map(([a, b]) => fromLine(point, a, b))))) / diagonal / SHARP;
}

/** A shaft, a wing, back to the tip, and the other wing. @param {number[][]} points @param {number} diagonal
 * @returns {Neat | null} */
function arrow(points, diagonal) {
  const corners = cornersOf(points, STRAIGHT * diagonal);
  if (corners.length !== 5) return null;
  const [begin, tip, one, again, other] = corners;
  const shaft = distance(begin, tip);
  if (distance(tip, again) > WING[1] * 0.5 * shaft) return null;
  const angles = [one, other].map((wing) => turnBetween(tip, begin, wing));
  const good = [one, other].every((wing, i) => {
    const [long, turn] = [distance(tip, wing) / shaft, Math.abs(angles[i])];
    return long >= WING[0] && long <= WING[1] && turn >= SPREAD[0] && turn <= SPREAD[1];
  });
  return good && angles[0] * angles[1] < 0 ? { kind: "arrow", points: levelled(begin, tip) } : null;
}

/** The angle at a point from one other to another, in radians. @param {number[]} at @param {number[]} from @param {number[]} to */
function turnBetween([x, y], [ax, ay], [bx, by]) {
  const [ux, uy, vx, vy] = [ax - x, ay - y, bx - x, by - y];
  return Math.atan2(ux * vy - uy * vx, ux * vx + uy * vy);
}

/** The ends of a way, and the points where it turns: those without which it would be further away than `far`.
 * @param {number[][]} way @param {number} far @returns {number[][]} */
function cornersOf(way, far) {
  const [first, last] = [way[0], way[way.length - 1]];
  const away = way.map((point) => fromLine(point, first, last));
  const most = Math.max(...away);
  if (most <= far) return [first, last];
  const at = away.indexOf(most);
  return [...cornersOf(way.slice(0, at + 1), far).slice(0, -1), ...cornersOf(way.slice(at), far)];
}

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
