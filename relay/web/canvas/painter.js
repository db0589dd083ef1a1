// @ts-check
// Display lists on a 2D canvas.
//
// Rules of this file: elements are painted from their display lists alone; the transform of the given context takes board
// units to pixels. An element's opacity applies to all its ink together.

import { union } from "../model/geometry.js";

/**
 * @typedef {import("../model/elements.js").Element} Element
 * @typedef {import("../model/elements.js").Primitive} Primitive
 * @typedef {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} Context
 */

const FONT = "sans-serif";
const MAX_PIXELS = 40_000_000;
const MAX_PICTURES = 200;

/** Decoded images by their data, the least recently used first; null while one is being decoded. @type {Map<string, ImageBitmap | null>} */
const pictures = new Map();

/**
 * Paint elements, the lowest first.
 * @param {Context} context
 * @param {Iterable<Element>} elements
 * @param {() => void} [again] is called when an image that was missing has been decoded
 */
export function paint(context, elements, again = () => {}) {
  for (const element of elements) {
    if (element.opacity >= 1 && !element.multiplies) paintAll(context, element.display, again);
    else if (isOneCall(element.display)) {
      context.save();
      context.globalAlpha = element.opacity;
      if (element.multiplies) context.globalCompositeOperation = "multiply";
      paintAll(context, element.display, again);
      context.restore();
    } else paintTogether(context, element, again);
  }
}

/** Whether one call paints it, so that no part of it covers another. @param {Primitive[]} display */
const isOneCall = (display) => display.length <= 1 && !display[0]?.path?.fill;

/** @param {Context} context @param {Element} element @param {() => void} again */
function paintTogether(context, element, again) {
  const { a, d, e, f } = context.getTransform();
  const [x0, y0, x1, y1] = element.bounds;
  const left = Math.max(0, Math.floor(x0 * a + e) - 1);
  const top = Math.max(0, Math.floor(y0 * d + f) - 1);
  const width = Math.min(context.canvas.width, Math.ceil(x1 * a + e) + 1) - left;
  const height = Math.min(context.canvas.height, Math.ceil(y1 * d + f) + 1) - top;
  if (width <= 0 || height <= 0) return;
  const aside = new OffscreenCanvas(width, height);
  const other = /** @type {OffscreenCanvasRenderingContext2D} */ (aside.getContext("2d"));
  other.setTransform(a, 0, 0, d, e - left, f - top);
  paintAll(other, element.display, again);
  context.save();
  context.resetTransform();
  context.globalAlpha = element.opacity;
  context.drawImage(aside, left, top);
  context.restore();
}

/** @param {Context} context @param {Primitive[]} display @param {() => void} again */
function paintAll(context, display, again) {
  context.lineCap = context.lineJoin = "round";
  for (const { path, fill, run, picture } of display) {
    if (path) paintPath(context, path);
    else if (fill) paintFill(context, fill);
    else if (run) {
      context.font = `${run.size}px ${FONT}`;
      context.textBaseline = "alphabetic";
      context.textAlign = run.middle ? "center" : "left";
      context.fillStyle = run.color;
      placed(context, run.affine, () => context.fillText(run.text, run.x, run.y, run.width));
    } else if (picture) {
      const bitmap = decoded(picture, again);
      const [x0, y0, x1, y1] = picture.box;
      if (bitmap) placed(context, picture.affine, () => context.drawImage(bitmap, x0, y0, x1 - x0, y1 - y0));
    }
  }
}

/** Paint what an element's transform puts elsewhere. @param {Context} context @param {number[] | undefined} affine
 * @param {() => void} draw */
function placed(context, affine, draw) {
  if (!affine) {
    draw();
    return;
  }
  const [a, b, c, d, e, f] = affine;
  context.save();
  context.transform(a, b, c, d, e, f);
  draw();
  context.restore();
}

/** Whether all points are the same. @param {number[]} points */
function isDot(points) {
  for (let i = 2; i < points.length; i++) if (points[i] !== points[i % 2]) return false;
  return true;
}

/** @typedef {Pick<CanvasPath, "moveTo" | "lineTo" | "quadraticCurveTo" | "closePath">} Way */

/** Go along closed chains of curves. @param {Way} way @param {number[][]} chains */
export function alongChains(way, chains) {
  for (const chain of chains) {
    way.moveTo(chain[0], chain[1]);
    for (let i = 2; i < chain.length; i += 4) way.quadraticCurveTo(chain[i], chain[i + 1], chain[i + 2], chain[i + 3]);
    way.closePath();
  }
}

/** Go along the smooth line of `through`, from point `from`, or from the middle between it and the next where it is not the
 * first, to point `to`, or to the middle before it. @param {Way} way @param {number[]} points @param {number} from
 * @param {number} to */
export function alongSmooth(way, points, from = 0, to = points.length / 2 - 1) {
  const middle = (/** @type {number} */ i) => [(points[i] + points[i + 2]) / 2, (points[i + 1] + points[i + 3]) / 2];
  if (from > 0) {
    const [x, y] = middle(2 * from);
    way.moveTo(x, y);
  } else {
    way.moveTo(points[0], points[1]);
    // Not every browser strokes a line without length; an eighth of a unit is a dot everywhere.
    if (isDot(points)) way.lineTo(points[0] + 0.125, points[1]);
    if (to > 1) {
      const [x, y] = middle(0);
      way.lineTo(x, y);
    }
  }
  for (let i = 2 * from + 2; i < 2 * to; i += 2) {
    const [x, y] = middle(i);
    way.quadraticCurveTo(points[i], points[i + 1], x, y);
  }
  if (to > from && 2 * to === points.length - 2) way.lineTo(points[2 * to], points[2 * to + 1]);
}

/** @param {Context} context @param {import("../model/elements.js").Fill} fill */
function paintFill(context, { contours, color, evenOdd, curved }) {
  context.beginPath();
  if (curved) alongChains(context, contours);
  else alongPolygons(context, contours);
  context.fillStyle = color;
  context.fill(evenOdd ? "evenodd" : "nonzero");
}

/** @param {Way} context @param {number[][]} contours */
function alongPolygons(context, contours) {
  for (const points of contours) {
    context.moveTo(points[0], points[1]);
    for (let i = 2; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
    context.closePath();
  }
}

/** @param {Way} way @param {number[]} points */
function alongLine(way, points) {
  way.moveTo(points[0], points[1]);
  if (isDot(points)) way.lineTo(points[0] + 0.125, points[1]);
  for (let i = 2; i < points.length; i += 2) way.lineTo(points[i], points[i + 1]);
}

/** @param {Context} context @param {import("../model/elements.js").Path} path */
function paintPath(context, { points, color, width, dash, fill, curved }) {
  context.beginPath();
  if (curved) alongSmooth(context, points);
  else alongLine(context, points);
  if (fill) {
    context.fillStyle = fill;
    context.fill();
  }
  context.strokeStyle = color;
  context.lineWidth = width;
  if (dash.length) context.setLineDash(dash);
  context.stroke();
  if (dash.length) context.setLineDash([]);
}

/** Pictures on their way. @type {Set<Promise<void>>} */
const decodings = new Set();

/** Resolves once every picture that was painted so far can be. */
export const whenDecoded = () => Promise.all(decodings);

/** @param {import("../model/elements.js").Picture} picture @param {() => void} again */
function decoded({ mime, data }, again) {
  const cached = pictures.get(data);
  if (cached !== undefined) {
    pictures.delete(data);
    pictures.set(data, cached);
    return cached;
  }
  pictures.set(data, null);
  for (const old of pictures.keys()) {
    if (pictures.size <= MAX_PICTURES) break;
    pictures.delete(old);
  }
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const decoding = createImageBitmap(new Blob([bytes], { type: mime })).then(
    (bitmap) => {
      if (bitmap.width * bitmap.height > MAX_PIXELS || !pictures.has(data)) return;
      pictures.set(data, bitmap);
      again();
    },
    () => {}, // The data is no image of its type: nothing is painted.
  );
  decodings.add(decoding);
  decoding.then(() => decodings.delete(decoding));
  return null;
}

/** A canvas that shows elements, and repaints only the parts that changed. */
export class Layer {
  #canvas;
  #context;
  /** The part of the board that it shows. @type {number[]} */
  #box;
  /** @type {readonly Element[]} */
  #painted = [];

  /** @param {HTMLCanvasElement} canvas @param {number} width of the board, in its units */
  constructor(canvas, width) {
    this.#canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.#box = [0, 0, width, 0];
  }

  /** Show another part of the board, on a canvas that is empty now. @param {{box: number[]}} part x, y, width and height */
  window({ box }) {
    this.#box = box;
    this.#again();
  }

  /** Have shown nothing. */
  forget() {
    this.#painted = [];
  }

  /** Set the size in pixels, and repaint. @param {number} width @param {number} height */
  resize(width, height) {
    if (this.#canvas.width === width && this.#canvas.height === height) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#again();
  }

  /** Show elements, the lowest first. One that stayed the same object is repainted only where another one changed.
   * @param {readonly Element[]} elements */
  show(elements) {
    const old = this.#painted;
    this.#painted = elements;
    let start = 0;
    while (start < old.length && start < elements.length && old[start] === elements[start]) start++;
    if (start === old.length) {
      this.#paint(elements.slice(start));
      return;
    }
    let end = 0;
    while (end < Math.min(old.length, elements.length) - start && old.at(-1 - end) === elements.at(-1 - end)) end++;
    const changed = [...old.slice(start, old.length - end), ...elements.slice(start, elements.length - end)];
    this.#paint(elements, changed.map(({ bounds }) => bounds).reduce(union));
  }

  #again = () => {
    const elements = this.#painted;
    const { width, height } = this.#canvas;
    const [x, y, across] = this.#box;
    const scale = width / across;
    if (scale) this.#paint(elements, [x, y, x + width / scale, y + height / scale]);
  };

  /** @param {readonly Element[]} elements @param {number[]} [damage] the box to clear and repaint; without it paint over */
  #paint(elements, damage) {
    const context = this.#context;
    const [fromX, fromY, across] = this.#box;
    const scale = this.#canvas.width / across;
    context.save();
    let damaged = elements;
    if (damage) {
      const [left, top] = [Math.floor((damage[0] - fromX) * scale) - 2, Math.floor((damage[1] - fromY) * scale) - 2];
      const [right, bottom] = [Math.ceil((damage[2] - fromX) * scale) + 2, Math.ceil((damage[3] - fromY) * scale) + 2];
      context.beginPath();
      context.rect(left, top, right - left, bottom - top);
      context.clip();
      context.clearRect(left, top, right - left, bottom - top);
      const [x0, x1] = [left, right].map((value) => fromX + value / scale);
      const [y0, y1] = [top, bottom].map((value) => fromY + value / scale);
      damaged = elements.filter(
        ({ bounds }) => bounds[0] <= x1 && bounds[2] >= x0 && bounds[1] <= y1 && bounds[3] >= y0,
      );
    }
    context.setTransform(scale, 0, 0, scale, -fromX * scale, -fromY * scale);
    paint(context, damaged, this.#again);
    context.restore();
  }
}
