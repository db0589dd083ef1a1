// @ts-check
// The look of a stroke, rule 1: from the samples of a hand to the ink; "The width of a stroke" in
// `docs/reference/elements.md`.
//
// Rules of this file: pure. It does what `ipysketch/model/ink.py` does, operation by operation, with sums, products,
// quotients and square roots alone, so that both have the same numbers to the last bit: or a bend that is a corner to one is
// none to the other. Contours are closed chains (`curves.js`) in board units.

/** The width of a tap, and of a hand that hardly moves, in parts of the width of the pen. */
const DOT = 1.4;
/** How much of the width a hand loses that is infinitely fast. */
const THINNING = 0.9;
/** The speed at which it loses half of that, in board units a millisecond. */
const BRISK = 0.5;
/** Milliseconds before and after a node in which its speed is measured. */
const MOMENT = 24;
/** How far a node is drawn to the middle between its neighbours. */
const STREAMLINE = 0.4;
/** The length of a tapered end in board units, or the width of the pen where that is more. */
const TAPER = 10;
/** How much of the width a tapered end loses at its tip, where the stroke is four tapers long or more. */
const TIP = 0.7;

const SLANT = Math.sqrt(0.5);
const TAN = Math.sqrt(2) - 1;
/** A half circle in four curves, from the left, 1, 0, by the way ahead, 0, 1, to the right: controls and ends. */
const CAP = [1, TAN, SLANT, SLANT, TAN, 1, 0, 1, -TAN, 1, -SLANT, SLANT, -1, TAN, -1, 0];

/** Nodes behind the last one that a further sample may move. */
const LOOSE = 3;

/**
 * How wide the ink is in parts of the pen's width under pressure: 0.4 of it at none, 1.6 at full.
 * @param {number} pressure 0 to 1
 */
const pressed = (pressure) => 0.4 + 1.2 * pressure;

/** The ink of a hand, which may go on: its contours change only near its end. */
export class Hand {
  #width;
  #rule;
  #pressed;
  /** Which samples are nodes: x and y in eighths, the time, the pressure. @type {number[][]} */
  #nodes = [];
  /** Whether the last one is a node only while it is the last, and the node that it stands in for, if any. */
  #passing = false;
  /** @type {number[] | undefined} */
  #replaced;
  // Of each node: the way to it, the part of the width there before it is smoothed, where the ink passes it, its radius.
  /** @type {number[]} */
  #way = [];
  /** @type {number[]} */
  #parts = [];
  /** @type {number[]} */
  #x = [];
  /** @type {number[]} */
  #y = [];
  /** @type {number[]} */
  #radii = [];
  /** Nodes that are shaped for good. */
  #settled = 0;

  /**
   * @param {number} width of the pen, in eighths
   * @param {boolean} withPressure whether the width follows the pressure of the samples, or else their speed
   * @param {boolean} rule false for strokes from before there was a rule
   */
  constructor(width, withPressure, rule = true) {
    this.#width = width;
    this.#pressed = withPressure;
    this.#rule = rule;
  }

  /** Nodes so far, among them the last sample. */
  get length() {
    return this.#nodes.length;
  }

  /** Nodes whose ink no further sample changes, when it was shaped last. */
  get settled() {
    return Math.max(0, this.#settled - LOOSE);
  }

  /** Add a sample. @param {number} x in eighths @param {number} y @param {number} milliseconds @param {number} pressure 0 to 1 */
  add(x, y, milliseconds, pressure) {
    const nodes = this.#nodes;
    if (this.#passing) {
      nodes.pop();
      if (this.#replaced) nodes.push(this.#replaced);
    }
    this.#passing = false;
    const node = [x, y, milliseconds, pressure];
    const before = nodes[nodes.length - 1];
    const [dx, dy] = before ? [x - before[0], y - before[1]] : [0, 0];
    const apart = this.#rule ? Math.max(32, this.#width) ** 2 : 1;
    if (!before || 16 * (dx * dx + dy * dy) >= apart) {
      nodes.push(node);
    } else if (dx || dy) {
      this.#passing = true;
      this.#replaced = nodes.length > 1 ? nodes.pop() : undefined;
      nodes.push(node);
    }
  }

  /** The contours of all the ink. @returns {number[][]} */
  contours() {
    this.shape();
    return this.#outline(0, this.length - 1, this.length - 1);
  }

  /**
   * The contours of the ink, once it is shaped, from node `from`, or from the middle between it and the next where it is not
   * the first, to node `to`, or to the middle before it where it is not the last.
   * @param {number} from @param {number} to
   * @returns {number[][]}
   */
  part(from, to) {
    return this.#outline(from, to, this.length - 1);
  }

  /** Find where the ink passes the nodes, and how wide it is there. */
  shape() {
    const [nodes, way, parts, radii] = [this.#nodes, this.#way, this.#parts, this.#radii];
    const count = nodes.length;
    const from = this.#settled;
    const half = this.#width / 16;
    const timed = !this.#pressed && count > 1;
    if (!from) way[0] = 0;
    for (let k = Math.max(1, from); k < count; k++) {
      const [dx, dy] = [(nodes[k][0] - nodes[k - 1][0]) / 8, (nodes[k][1] - nodes[k - 1][1]) / 8];
      way[k] = way[k - 1] + Math.sqrt(dx * dx + dy * dy);
    }
    for (let k = from; k < count; k++) {
      if (timed) parts[k] = this.#pace(nodes, k);
      else parts[k] = this.#pressed && (count > 1 || !this.#rule) ? pressed(nodes[k][3]) : DOT;
    }
    const total = way[count - 1];
    const long = Math.max(TAPER, this.#width / 8);
    const loss = TIP * Math.min(1, total / (4 * long));
    for (let k = from; k < count; k++) {
      const inner = this.#rule && k > 0 && k < count - 1;
      let part = inner ? 0.5 * parts[k] + 0.25 * (parts[k - 1] + parts[k + 1]) : parts[k];
      if (timed) {
        const begin = 1 - Math.min(1, way[k] / long);
        const end = 1 - Math.min(1, (total - way[k]) / long);
        part = part * (1 - loss * (begin * begin)) * (1 - loss * (end * end));
      }
      radii[k] = part * half;
      this.#pass(nodes, k, inner);
    }
    this.#settle(nodes, total, long, timed);
  }

  /** Find where the ink passes a node. @param {number[][]} nodes @param {number} k @param {boolean} inner */
  #pass(nodes, k, inner) {
    const [x, y] = nodes[k];
    this.#x[k] = x / 8;
    this.#y[k] = y / 8;
    if (!inner) return;
    const [[beforeX, beforeY], [afterX, afterY]] = [nodes[k - 1], nodes[k + 1]];
    if ((x - beforeX) * (afterX - x) + (y - beforeY) * (afterY - y) < 0) return; // The hand turns back.
    this.#x[k] = (1 - STREAMLINE) * (x / 8) + (STREAMLINE / 2) * (beforeX / 8 + afterX / 8);
    this.#y[k] = (1 - STREAMLINE) * (y / 8) + (STREAMLINE / 2) * (beforeY / 8 + afterY / 8);
  }

  /** The part of the width at a node, from how far the hand came in the moment around it. @param {number[][]} nodes
   * @param {number} k */
  #pace(nodes, k) {
    const now = nodes[k][2];
    let [before, after] = [k, k];
    while (before > 0 && nodes[before - 1][2] >= now - MOMENT) before--;
    while (after < nodes.length - 1 && nodes[after + 1][2] <= now + MOMENT) after++;
    before = Math.max(0, Math.min(before, k - 1));
    after = Math.min(nodes.length - 1, Math.max(after, k + 1));
    const speed = (this.#way[after] - this.#way[before]) / Math.max(1, nodes[after][2] - nodes[before][2]);
    return DOT - THINNING * (speed / (speed + BRISK));
  }

  /** Find up to which node nothing changes any more. @param {number[][]} nodes @param {number} total @param {number} long
   * @param {boolean} timed */
  #settle(nodes, total, long, timed) {
    const last = nodes.length - 1;
    // A short stroke has blunt ends, so its begin depends on how long it is.
    if (timed && total < 4 * long) return;
    const settles = (/** @type {number} */ k) =>
      k < last - LOOSE &&
      (!timed || (nodes[k + LOOSE][2] + MOMENT < nodes[last - 1][2] && total - this.#way[k + LOOSE] > long));
    while (settles(this.#settled)) this.#settled++;
  }

  /**
   * @param {number} from @param {number} to @param {number} last node
   * @returns {number[][]}
   */
  #outline(from, to, last) {
    const found = [];
    let begin = from;
    for (let k = from + 1; k < to; k++) {
      if (!this.#isCorner(k)) continue;
      found.push(this.#contour(begin, k, begin === from && from > 0, false));
      begin = k;
    }
    found.push(this.#contour(begin, to, begin === from && from > 0, to < last));
    return found;
  }

  /** The direction from a node to the next. @param {number} k */
  #unit(k) {
    const [dx, dy] = [this.#x[k + 1] - this.#x[k], this.#y[k + 1] - this.#y[k]];
    const length = Math.sqrt(dx * dx + dy * dy);
    return length ? [dx / length, dy / length, length] : [1, 0, 0];
  }

  /** Whether the inner side of a bend would turn back at a node. @param {number} k */
  #isCorner(k) {
    const [ax, ay, before] = this.#unit(k - 1);
    const [bx, by, after] = this.#unit(k);
    const along = ax * bx + ay * by;
    const across = ax * by - ay * bx;
    return along < 0 || this.#radii[k] * Math.abs(across) > (1 + along) * (Math.min(before, after) / 2);
  }

  /**
   * One contour: its left side, the cap at its end, its right side backwards, the cap at its begin.
   * @param {number} from node
   * @param {number} to node
   * @param {boolean} cutBegin whether it begins in the middle after `from`, without a cap
   * @param {boolean} cutEnd whether it ends in the middle before `to`, without a cap
   */
  #contour(from, to, cutBegin, cutEnd) {
    const units = [];
    for (let k = from; k < Math.max(to, from + 1); k++) units.push(from === to ? [1, 0] : this.#unit(k));
    const contour = this.#side(from, to, units, 1, cutBegin, cutEnd);
    const right = this.#side(from, to, units, -1, cutBegin, cutEnd);
    this.#close(contour, cutEnd ? null : to, units[units.length - 1], 1, right.slice(-2));
    for (let i = right.length - 4; i >= 0; i -= 2) contour.push(right[i], right[i + 1]);
    this.#close(contour, cutBegin ? null : from, units[0], -1, contour.slice(0, 2));
    return contour;
  }

  /** One side of a contour. @param {number} from @param {number} to @param {number[][]} units the directions after each node
   * @param {number} sign 1 for the left side, -1 for the right @param {boolean} cutBegin @param {boolean} cutEnd */
  #side(from, to, units, sign, cutBegin, cutEnd) {
    const [xs, ys, radii] = [this.#x, this.#y, this.#radii];
    /** @type {number[]} */
    const side = [];
    const straight = (/** @type {number} */ x, /** @type {number} */ y) => {
      const [fromX, fromY] = [side[side.length - 2], side[side.length - 1]];
      side.push((fromX + x) / 2, (fromY + y) / 2, x, y);
    };
    // A single node is two in the same place.
    const next = (/** @type {number} */ k) => Math.min(k + 1, to);
    const middle = (/** @type {number} */ k) => {
      const [ux, uy] = units[k - from];
      const half = (radii[k] + radii[next(k)]) / 2;
      return [(xs[k] + xs[next(k)]) / 2 + sign * (half * -uy), (ys[k] + ys[next(k)]) / 2 + sign * (half * ux)];
    };
    const [ux, uy] = units[0];
    const [x, y] = middle(from);
    if (cutBegin) side.push(x, y);
    else {
      side.push(xs[from] + sign * (radii[from] * -uy), ys[from] + sign * (radii[from] * ux));
      straight(x, y);
    }
    for (let k = from + 1; k < to; k++) {
      const [[ax, ay], [bx, by]] = [units[k - 1 - from], units[k - from]];
      const opened = 1 + (-ay * -by + ax * bx);
      side.push(xs[k] + sign * (radii[k] * ((-ay + -by) / opened)), ys[k] + sign * (radii[k] * ((ax + bx) / opened)));
      side.push(...middle(k));
    }
    if (cutEnd) return side;
    const [vx, vy] = units[units.length - 1];
    straight(xs[to] + sign * (radii[to] * -vy), ys[to] + sign * (radii[to] * vx));
    return side;
  }

  /** Go from one side to the other: round a node, or straight. @param {number[]} contour @param {number | null} node
   * @param {number[]} unit @param {number} sign @param {number[]} other */
  #close(contour, node, [ux, uy], sign, [x, y]) {
    if (node === null) {
      const [fromX, fromY] = contour.slice(-2);
      contour.push((fromX + x) / 2, (fromY + y) / 2, x, y);
      return;
    }
    const radius = sign * this.#radii[node];
    for (let i = 0; i < CAP.length; i += 2) {
      const [beside, ahead] = [CAP[i] * radius, CAP[i + 1] * radius];
      contour.push(this.#x[node] + (beside * -uy + ahead * ux), this.#y[node] + (beside * ux + ahead * uy));
    }
  }
}

/**
 * The contours of a whole stroke.
 * @param {ArrayLike<number>} eighths flat points
 * @param {number} width of the pen, in eighths
 * @param {ArrayLike<number> | null} pressures 0 to 1
 * @param {ArrayLike<number> | null} milliseconds since the stroke began
 * @param {boolean} rule
 * @returns {number[][]}
 */
export function contours(eighths, width, pressures, milliseconds, rule) {
  const hand = new Hand(width, pressures !== null, rule);
  for (let i = 0; i < eighths.length / 2; i++)
    hand.add(eighths[2 * i], eighths[2 * i + 1], milliseconds?.[i] ?? 0, pressures?.[i] ?? 0);
  return hand.contours();
}
