// @ts-check
// Where things that are moved come to rest: on the grid, or in line with others.
//
// Rules of this file: pure, in board units.

/** @typedef {import("../board/types").Element} Element */

/** How near an edge or a middle has to be. */
const NEAR = 6;

/** Edges and middle of a box along one axis. @param {number[]} box @param {number} axis 0 for x, 1 for y */
const stops = (box, axis) => [box[axis], (box[axis] + box[axis + 2]) / 2, box[axis + 2]];

/**
 * Return by how much to move a box that wants to move by (dx, dy), and the lines that it is in line with then.
 * @param {number[]} box @param {number} dx @param {number} dy @param {readonly Element[]} others @param {number} grid 0 for none
 */
export function snapped(box, dx, dy, others, grid) {
  const wanted = [dx, dy];
  /** @type {number[][]} */
  const guides = [];
  const by = wanted.map((way, axis) => {
    let best = { far: NEAR, way, at: Number.NaN, other: /** @type {number[] | null} */ (null) };
    for (const { bounds } of others) {
      for (const stop of stops(bounds, axis)) {
        for (const mine of stops(box, axis)) {
          const far = Math.abs(mine + way - stop);
          if (far < best.far) best = { far, way: stop - mine, at: stop, other: bounds };
        }
      }
    }
    if (!best.other && grid) return Math.round((box[axis] + way) / grid) * grid - box[axis];
    if (best.other) {
      const across = 1 - axis;
      const [low, high] = [box[across] + wanted[across], box[across + 2] + wanted[across]];
      const ends = [Math.min(low, best.other[across]), Math.max(high, best.other[across + 2])];
      guides.push(axis ? [ends[0], best.at, ends[1], best.at] : [best.at, ends[0], best.at, ends[1]]);
    }
    return best.way;
  });
  return { by, guides };
}
