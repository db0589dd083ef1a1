// @ts-check
// Ink: how a hand's samples become a line. The notebook's widget and the relay's own page draw with this file, and
// `ipysketch/geometry.py` does the same in Python: a test compares the two on shared vectors, so that ink which is
// still wet looks as it will when it is dry.
//
// Rules of this file: pure; points are flat arrays in board units, x, y after x, y.

/** Points of a curve between two samples. */
export const PER_SEGMENT = 4;
/** Steps of a line's width, in board units. */
export const WIDTH_STEP = 0.5;

/**
 * A smooth polyline along `points`, from exactly the first to exactly the last: quadratic curves from midpoint to
 * midpoint, with the samples as control points.
 * @param {ArrayLike<number>} points flat samples of `stride` numbers each
 * @param {number} [stride]
 * @returns {number[]} flat, of the same stride
 */
export function smooth(points, stride = 2) {
  const count = points.length / stride;
  if (count < 3) return Array.from(points);
  const result = [];
  const middle = (i, k) => (points[i * stride + k] + points[(i + 1) * stride + k]) / 2;
  for (let k = 0; k < stride; k++) result.push(points[k]);
  for (let k = 0; k < stride; k++) result.push(middle(0, k));
  for (let i = 1; i < count - 1; i++) {
    for (let step = 1; step <= PER_SEGMENT; step++) {
      const t = step / PER_SEGMENT;
      for (let k = 0; k < stride; k++) {
        result.push((1 - t) ** 2 * middle(i - 1, k) + 2 * t * (1 - t) * points[i * stride + k] + t ** 2 * middle(i, k));
      }
    }
  }
  for (let k = 0; k < stride; k++) result.push(points[(count - 1) * stride + k]);
  return result;
}

/**
 * How wide a pen of `width` draws under `pressure`: as it is at half pressure, 0.4 of it at none, 1.6 at full.
 * @param {number} width
 * @param {number} pressure 0 to 1
 */
export function pressed(width, pressure) {
  return width * (0.4 + 1.2 * Math.min(1, Math.max(0, pressure)));
}

/**
 * The lines that a stroke is made of: one, or with pressure one for each stretch of about the same width. Each
 * begins where the one before ends, and round caps hide the seam.
 * @param {ArrayLike<number>} points flat samples x, y
 * @param {ArrayLike<number> | null} pressures one for each sample, 0 to 1
 * @param {number} width
 * @returns {{points: number[], width: number}[]}
 */
export function lines(points, pressures, width) {
  const count = points.length / 2;
  if (!pressures || pressures.length !== count) return [{ points: smooth(points), width }];
  const samples = [];
  for (let i = 0; i < count; i++) samples.push(points[2 * i], points[2 * i + 1], pressures[i]);
  const curve = smooth(samples, 3);
  const widths = [];
  for (let i = 2; i < curve.length; i += 3) {
    widths.push(Math.max(WIDTH_STEP, Math.round(pressed(width, curve[i]) / WIDTH_STEP) * WIDTH_STEP));
  }
  const result = [];
  let line = { points: [curve[0], curve[1]], width: widths[0] };
  for (let i = 1; i < widths.length; i++) {
    if (widths[i] !== line.width && line.points.length > 2) {
      result.push(line);
      line = { points: line.points.slice(-2), width: widths[i] };
    } else if (line.points.length === 2) {
      line.width = widths[i];
    }
    line.points.push(curve[3 * i], curve[3 * i + 1]);
  }
  result.push(line);
  return result;
}
