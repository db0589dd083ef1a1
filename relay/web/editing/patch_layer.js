// @ts-check
// What the paper does not show yet, on a canvas above it: a kernel paints the paper, and may be slow.
//
// Rules of this file: where something on the paper is gone or elsewhere now, an empty sheet covers it, with the background that
// the paper has, and what is seen there is painted on that. So nothing is seen twice.

import { BOARD, resizeCanvas } from "../canvas/live_ink.js";
import { paint } from "../canvas/painter.js";

/** @typedef {import("../board/types").Element} Element */

/** Boxes that are repainted one by one; of more, the box around all. */
const MOST_HOLES = 40;
/** Board units around a box, so that smooth edges lie inside it. */
const SEAM = 2;
/** Display frames that a cover stays after the paper was told what to show. */
const LINGER = 4;
/** What makes the look of an empty paper. */
const LOOK = ["filter", ...["Color", "Image", "Size", "Position", "Repeat"].map((name) => `background${name}`)];

export class PatchLayer {
  #sheet = document.createElement("div");
  #canvas = document.createElement("canvas");
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
  #pixels;
  #paper;
  #painted;
  /** What was covered a moment ago: the paper may show it only in a frame to come.
   * @type {{holes: number[][], above: readonly Element[], frames: number}[]} */
  #lingering = [];
  #request = 0;
  /** What was shown last. @type {[readonly Element[], readonly Element[], number]} */
  #last = [[], [], 0];

  /**
   * @param {HTMLElement} el covers the paper
   * @param {() => number} pixels in width, that are worth having
   * @param {() => HTMLElement | null} paper
   * @param {() => readonly Element[]} painted what the paper shows
   */
  constructor(el, pixels, paper, painted) {
    this.#pixels = pixels;
    this.#paper = paper;
    this.#painted = painted;
    this.#canvas.className = "ipysketch-patch";
    this.#canvas.style.visibility = "hidden";
    this.#sheet.className = "ipysketch-sheet";
    Object.assign(this.#sheet.style, { position: "absolute", inset: "0", pointerEvents: "none", display: "none" });
    el.prepend(this.#sheet, this.#canvas);
  }

  /** Have `elements` seen, the lowest first. @param {readonly Element[]} elements */
  show(elements) {
    const painted = this.#painted();
    const pixels = this.#pixels();
    const [before, under, wide] = this.#last;
    if (elements === before && painted === under && pixels === wide) return;
    this.#last = [elements, painted, pixels];
    const now = difference(painted, elements);
    if (now.holes.length || now.above.length) this.#lingering.push({ ...now, frames: LINGER });
    this.#cover(elements);
  }

  /** Cover what is not on the paper, and what may not be there yet. @param {readonly Element[]} elements */
  #cover(elements) {
    const now = difference(this.#painted(), elements);
    const past = this.#lingering;
    let above = now.above;
    if (past.length) {
      const there = new Set(elements);
      above = [...new Set([...past.flatMap((each) => each.above), ...above])].filter((each) => there.has(each));
    }
    this.#paint(apart([...past.flatMap((each) => each.holes), ...now.holes]), elements, above);
    if (past.length && !this.#request) this.#request = requestAnimationFrame(this.#age);
  }

  #age = () => {
    this.#request = 0;
    const before = this.#lingering.length;
    this.#lingering = this.#lingering.filter((each) => --each.frames > 0);
    if (this.#lingering.length < before) this.#cover(this.#last[0]);
    else if (before) this.#request = requestAnimationFrame(this.#age);
  };

  /** @param {HTMLElement | null} paper @param {number[][]} holes */
  #coverPaper(paper, holes) {
    const { style } = this.#sheet;
    style.display = paper && holes.length ? "" : "none";
    if (!paper || !holes.length) return;
    const look = /** @type {any} */ (getComputedStyle(paper));
    for (const name of LOOK) /** @type {any} */ (style)[name] = look[name];
    style.clipPath = covering(holes, paper.clientWidth / BOARD.width);
  }

  /** @param {number[][]} holes @param {readonly Element[]} elements @param {readonly Element[]} above */
  #paint(holes, elements, above) {
    const [canvas, context] = [this.#canvas, this.#context];
    const paper = this.#paper();
    const shown = holes.length > 0 || above.length > 0;
    canvas.style.visibility = shown ? "" : "hidden";
    this.#coverPaper(paper, holes);
    if (!shown) return;
    resizeCanvas(canvas, this.#pixels());
    const scale = canvas.width / BOARD.width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const again = () => {
      this.#last = [[], [], 0];
    };
    if (holes.length) {
      context.save();
      context.beginPath();
      for (const [x0, y0, x1, y1] of holes) context.rect(x0, y0, x1 - x0, y1 - y0);
      context.clip();
      paint(
        context,
        elements.filter(({ bounds }) => holes.some((hole) => meet(hole, bounds))),
        again,
      );
      context.restore();
    }
    paint(context, above, again);
  }
}

/** @param {number[]} a @param {number[]} b */
const meet = (a, b) => a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];

/**
 * Return the boxes where the paper is wrong, and what only lies above all that is on it.
 * @param {readonly Element[]} painted @param {readonly Element[]} elements
 */
export function difference(painted, elements) {
  let start = 0;
  const least = Math.min(painted.length, elements.length);
  while (start < least && painted[start] === elements[start]) start++;
  let end = 0;
  while (end < least - start && painted[painted.length - 1 - end] === elements[elements.length - 1 - end]) end++;
  const old = painted.slice(start, painted.length - end);
  const now = elements.slice(start, elements.length - end);
  if (!end && !old.length && now.every(({ opacity, multiplies }) => opacity >= 1 && !multiplies))
    return { holes: [], above: now };
  const kept = new Set(old.length < now.length ? old : now);
  const both = new Set((old.length < now.length ? now : old).filter((element) => kept.has(element)));
  const changed = [...old, ...now].filter((element) => !both.has(element));
  return { holes: apart(changed.map(({ bounds: [x0, y0, x1, y1] }) => outwards(x0, y0, x1, y1))), above: [] };
}

/** Whole board units, so that the edges of holes are edges of pixels where they can be.
 * @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 */
const outwards = (x0, y0, x1, y1) => [
  Math.floor(x0 - SEAM),
  Math.floor(y0 - SEAM),
  Math.ceil(x1 + SEAM),
  Math.ceil(y1 + SEAM),
];

/** Boxes that do not meet, and cover all of `boxes`. @param {number[][]} boxes */
export function apart(boxes) {
  /** @type {number[][]} */
  let found = [];
  for (let box of boxes) {
    for (;;) {
      const met = found.filter((other) => meet(other, box));
      if (!met.length) break;
      found = found.filter((other) => !met.includes(other));
      box = [box, ...met].reduce(around);
    }
    found.push(box);
    if (found.length > MOST_HOLES) found = [found.reduce(around)];
  }
  return found;
}

/** @param {number[]} a @param {number[]} b */
const around = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];

/** Boxes as a CSS shape. @param {number[][]} holes @param {number} unit pixels of a board unit */
function covering(holes, unit) {
  const ways = holes.map((box) => {
    const [x0, y0, x1, y1] = box.map((value) => Math.round(value * unit * 100) / 100);
    return `M${x0} ${y0}V${y1}H${x1}V${y0}Z`;
  });
  return `path("${ways.join("")}")`;
}
