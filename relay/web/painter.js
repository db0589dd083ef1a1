// @ts-check
// Display lists on a 2D canvas.
//
// Rules of this file: whatever is painted is painted from an element's display list; the transform that the context
// comes with takes board units to its pixels. An element's opacity is of all its ink as one thing.

import { union } from "./elements.js";

/**
 * @typedef {import("./elements.js").Element} Element
 * @typedef {import("./elements.js").Primitive} Primitive
 * @typedef {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} Context
 */

const FONT = "sans-serif";
const MOST_PIXELS = 40_000_000;
const KEPT = 200;

/** Decoded pictures by their data, the least used first. @type {Map<string, ImageBitmap | null>} */
const pictures = new Map();

/**
 * Paint elements, the lowest first.
 * @param {Context} context
 * @param {Iterable<Element>} elements
 * @param {() => void} [again] is called when a picture that was not there yet has been decoded
 */
export function paint(context, elements, again = () => {}) {
  for (const element of elements) {
    if (element.opacity >= 1) paintAll(context, element.display, again);
    else if (isOneThing(element.display)) {
      context.save();
      context.globalAlpha = element.opacity;
      paintAll(context, element.display, again);
      context.restore();
    } else paintTogether(context, element, again);
  }
}

/** Whether canvas paints it in one go, so that it covers nothing of itself. @param {Primitive[]} display */
const isOneThing = (display) => display.length <= 1 && !display[0]?.path?.fill;

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
  for (const { path, run, picture } of display) {
    if (path) paintPath(context, path);
    else if (run) {
      context.font = `${run.size}px ${FONT}`;
      context.textBaseline = "alphabetic";
      context.fillStyle = run.color;
      context.fillText(run.text, run.x, run.y, run.width);
    } else if (picture) {
      const bitmap = decoded(picture, again);
      const [x0, y0, x1, y1] = picture.box;
      if (bitmap) context.drawImage(bitmap, x0, y0, x1 - x0, y1 - y0);
    }
  }
}

/** @param {Context} context @param {import("./elements.js").Path} path */
function paintPath(context, { points, color, width, dash, fill }) {
  context.beginPath();
  context.moveTo(points[0], points[1]);
  // A single point is a dot: a line to where it is has round caps.
  if (points.length === 2) context.lineTo(points[0], points[1]);
  for (let i = 2; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
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

/** @param {import("./elements.js").Picture} picture @param {() => void} again */
function decoded({ mime, data }, again) {
  const known = pictures.get(data);
  if (known !== undefined) {
    pictures.delete(data);
    pictures.set(data, known);
    return known;
  }
  pictures.set(data, null);
  for (const old of pictures.keys()) {
    if (pictures.size <= KEPT) break;
    pictures.delete(old);
  }
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  createImageBitmap(new Blob([bytes], { type: mime })).then(
    (bitmap) => {
      if (bitmap.width * bitmap.height > MOST_PIXELS || !pictures.has(data)) return;
      pictures.set(data, bitmap);
      again();
    },
    () => {},  // It is not what it says: nothing is shown.
  );
  return null;
}

/** One canvas that shows elements: it paints only what changed since the last time. */
export class Layer {
  #canvas;
  #context;
  #width;
  /** @type {Element[]} */
  #painted = [];

  /** @param {HTMLCanvasElement} canvas @param {number} width of the board, in its units */
  constructor(canvas, width) {
    this.#canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.#width = width;
  }

  /** Have other pixels; what was painted is painted again. @param {number} width @param {number} height */
  resize(width, height) {
    if (this.#canvas.width === width && this.#canvas.height === height) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#again();
  }

  /** Show elements, the lowest first; one that stayed the same object is painted only where another one changed.
   * @param {Element[]} elements */
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
    const scale = width / this.#width;
    this.#paint(elements, [0, 0, width / scale, height / scale]);
  };

  /** @param {Element[]} elements @param {number[]} [damage] is emptied first, and nothing beside it touched */
  #paint(elements, damage) {
    const context = this.#context;
    const scale = this.#canvas.width / this.#width;
    context.save();
    let there = elements;
    if (damage) {
      const [left, top] = [Math.floor(damage[0] * scale) - 2, Math.floor(damage[1] * scale) - 2];
      const [right, bottom] = [Math.ceil(damage[2] * scale) + 2, Math.ceil(damage[3] * scale) + 2];
      context.beginPath();
      context.rect(left, top, right - left, bottom - top);
      context.clip();
      context.clearRect(left, top, right - left, bottom - top);
      const [x0, y0, x1, y1] = [left, top, right, bottom].map((value) => value / scale);
      there = elements.filter(
        ({ bounds }) => bounds[0] <= x1 && bounds[2] >= x0 && bounds[1] <= y1 && bounds[3] >= y0,
      );
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    paint(context, there, this.#again);
    context.restore();
  }
}
