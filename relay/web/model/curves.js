// @ts-check
// Quadratic curves: `ipysketch/model/curves.py` in JavaScript.
//
// Rules of this file: pure. A chain is flat: where it begins, x, y, and then for each curve its control and its end.

/** Pieces of a curve where a polyline stands for it in a hit test. */
const HIT_STEPS = 4;

/**
 * The chain of a smooth line along flat points, from exactly the first to exactly the last: curves run from the middle of
 * one segment to the middle of the next, with the points as controls. The two ends are straight, their controls half way.
 * @param {ArrayLike<number>} points
 */
export function through(points) {
  const chain = [points[0], points[1]];
  const last = points.length - 2;
  const straight = (/** @type {number} */ x, /** @type {number} */ y) => {
    const [fromX, fromY] = [chain[chain.length - 2], chain[chain.length - 1]];
    chain.push((fromX + x) / 2, (fromY + y) / 2, x, y);
  };
  if (last === 2) straight(points[2], points[3]);
  if (last < 4) return chain;
  straight((points[0] + points[2]) / 2, (points[1] + points[3]) / 2);
  for (let i = 2; i < last; i += 2) {
    const [x, y] = [points[i], points[i + 1]];
    chain.push(x, y, (x + points[i + 2]) / 2, (y + points[i + 3]) / 2);
  }
  straight(points[last], points[last + 1]);
  return chain;
}

/** The smallest box around the curves of a chain. @param {number[]} chain */
export function boxOf(chain) {
  let [x0, y0, x1, y1] = [chain[0], chain[1], chain[0], chain[1]];
  for (let i = 2; i < chain.length; i += 4) {
    x0 = Math.min(x0, chain[i + 2]);
    x1 = Math.max(x1, chain[i + 2]);
    y0 = Math.min(y0, chain[i + 3]);
    y1 = Math.max(y1, chain[i + 3]);
    // A curve goes farther than its ends where its control does.
    const x = turn(chain[i - 2], chain[i], chain[i + 2]);
    const y = turn(chain[i - 1], chain[i + 1], chain[i + 3]);
    x0 = Math.min(x0, x);
    x1 = Math.max(x1, x);
    y0 = Math.min(y0, y);
    y1 = Math.max(y1, y);
  }
  return [x0, y0, x1, y1];
}

/** Where a curve turns back, in one coordinate; its begin where it does not.
 * @param {number} from @param {number} by @param {number} to */
const turn = (from, by, to) => ((by - from) * (to - by) < 0 ? (from * to - by * by) / (from - 2 * by + to) : from);

/** The polyline that stands for a chain in a hit test. @param {number[]} chain */
export function stepped(chain) {
  const points = [chain[0], chain[1]];
  for (let i = 2; i < chain.length; i += 4) {
    for (let step = 1; step <= HIT_STEPS; step++) {
      const t = step / HIT_STEPS;
      const [a, b, c] = [(1 - t) * (1 - t), 2 * (1 - t) * t, t * t];
      points.push(
        a * chain[i - 2] + b * chain[i] + c * chain[i + 2],
        a * chain[i - 1] + b * chain[i + 1] + c * chain[i + 3],
      );
    }
  }
  return points;
}
