// @ts-check
// The canvas of wet ink: strokes of this view that are not in the paper yet, and the trails of all laser pointers.
//
// A stroke is named by its view and a number, so that no other view, and no other finger, is mistaken for it.

import { inflate } from "../model/geometry.js";
import { GrowingInk, add } from "./growing_ink.js";
import { BOARD, createWet, extendTrail, growWet, paintTrails, straightenWet } from "./live_ink.js";
import { placeCanvas, rasterOf, toBoardUnits } from "./raster.js";

/**
 * @typedef {import("./live_ink.js").WetInk} WetInk
 * @typedef {import("./live_ink.js").Style} Style
 * @typedef {import("./live_ink.js").Trails} Trails
 * @typedef {import("./raster.js").Raster} Raster
 * @typedef {{wet: WetInk, ink: GrowingInk, held?: WetInk | null}} Stroke `held` is the ink of a neat shape
 */

/** Pixels around what is painted anew, so that antialiased edges lie inside. */
const SEAM = 2;

export class WetLayer {
  #view;
  #viewport;
  #canvas = document.createElement("canvas");
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
  /** Wet strokes by number. @type {Map<number, Stroke>} */
  #strokes = new Map();
  /** What is to be painted anew, though no stroke that is left says so: a box in board units. @type {number[] | null} */
  #damage = null;
  /** Whether anything but strokes was painted last. */
  #shone = false;
  /** @type {Trails} */
  #trails = new Map();

  /**
   * @param {HTMLElement} el covers the paper
   * @param {string} view names this view
   * @param {Pick<import("./viewport.js").Viewport, "across" | "zoom" | "box" | "paper">} viewport
   */
  constructor(el, view, viewport) {
    this.#view = view;
    this.#viewport = viewport;
    this.#canvas.className = "ipysketch-wet";
    el.append(this.#canvas);
  }

  /** Paint what is new, and what lies around it. */
  paint = () => {
    const [canvas, context] = [this.#canvas, this.#context];
    const shines = this.#trails.size > 0;
    const { across, zoom, box } = this.#viewport;
    const raster = rasterOf(across, zoom, box);
    const resized = placeCanvas(canvas, raster);
    let damage = this.#damage;
    for (const { ink } of this.#strokes.values()) {
      ink.grow();
      damage = add(damage, ink.damage);
      ink.damage = null;
    }
    if (resized || shines || this.#shone) damage = [0, 0, BOARD.width, BOARD.height];
    this.#damage = null;
    this.#shone = shines;
    if (damage) this.#repaint(context, raster, damage);
    toBoardUnits(context, raster);
    if (paintTrails(context, this.#trails)) requestAnimationFrame(this.paint);
    // A browser composes a visible canvas, also an empty one.
    canvas.style.visibility = this.#strokes.size || this.#trails.size ? "" : "hidden";
  };

  /** @param {CanvasRenderingContext2D} context @param {Raster} raster @param {number[]} damage in board units */
  #repaint(context, raster, damage) {
    const scale = raster.width / raster.box[2];
    const [fromX, fromY] = raster.box;
    const [x0, y0, x1, y1] = inflate(damage, SEAM / scale);
    const left = Math.max(0, Math.floor((x0 - fromX) * scale));
    const top = Math.max(0, Math.floor((y0 - fromY) * scale));
    const width = Math.min(raster.width, Math.ceil((x1 - fromX) * scale)) - left;
    const height = Math.min(raster.height, Math.ceil((y1 - fromY) * scale)) - top;
    if (width <= 0 || height <= 0) return;
    const pixels = { left, top, width, height };
    const corner = [fromX + left / scale, fromY + top / scale];
    const box = [...corner, corner[0] + width / scale, corner[1] + height / scale];
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.clearRect(left, top, width, height);
    for (const { ink } of this.#strokes.values()) {
      const parts = ink.within(box);
      if (!parts.length) continue;
      toBoardUnits(context, raster);
      if (ink.opacity >= 1 && !ink.multiplies) for (const part of parts) part.paint(context);
      else this.#paintTogether(context, raster, pixels, ink, parts);
    }
    context.restore();
  }

  /** Paint parts of one stroke as one thing. @param {CanvasRenderingContext2D} context @param {Raster} raster
   * @param {{left: number, top: number, width: number, height: number}} pixels @param {GrowingInk} ink
   * @param {import("./growing_ink.js").Part[]} parts */
  #paintTogether(context, raster, { left, top, width, height }, ink, parts) {
    const aside = new OffscreenCanvas(width, height);
    const other = /** @type {OffscreenCanvasRenderingContext2D} */ (aside.getContext("2d"));
    toBoardUnits(other, raster, left, top);
    for (const part of parts) part.paint(other);
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (ink.multiplies) {
      // What it darkens is on another canvas: the paper, of which it brings the pixels along.
      const paper = this.#viewport.paper;
      if (paper?.width) {
        const under = new OffscreenCanvas(width, height);
        const copy = /** @type {OffscreenCanvasRenderingContext2D} */ (under.getContext("2d"));
        const scale = raster.width / raster.box[2];
        const [across, down] = [paper.width / BOARD.width / scale, paper.height / BOARD.height / scale];
        const [x, y] = [left + raster.box[0] * scale, top + raster.box[1] * scale];
        copy.drawImage(paper, x * across, y * down, width * across, height * down, 0, 0, width, height);
        copy.globalCompositeOperation = "destination-in";
        copy.drawImage(aside, 0, 0);
        context.drawImage(under, left, top);
      }
      context.globalCompositeOperation = "multiply";
    }
    context.globalAlpha = ink.opacity;
    context.drawImage(aside, left, top);
    context.globalAlpha = 1;
    context.globalCompositeOperation = "source-over";
  }

  /** Begin a stroke, if the tool leaves ink. @param {number} number @param {string} tool @param {Style} style */
  begin(number, tool, style) {
    const wet = createWet(tool, style);
    if (wet) this.#strokes.set(number, { wet, ink: new GrowingInk(wet) });
  }

  /** @param {number} number @param {number[]} sample */
  grow(number, sample) {
    const stroke = this.#goOn(number);
    if (stroke) growWet(stroke.wet, sample);
  }

  /** Show a stroke as the neat shape that it looks like, until it goes on. @param {number} number
   * @param {import("../model/neat.js").Neat} neat */
  neaten(number, { kind, points }) {
    const stroke = this.#strokes.get(number);
    if (!stroke) return;
    const { look: _, ...style } = stroke.wet.fields;
    const shape = { fields: { ...style, kind }, points: points.map((value) => value / 8), times: [], pressures: null };
    this.#become(stroke, shape, stroke.wet);
    this.paint();
  }

  /** The stroke as ink again. @param {number} number */
  #goOn(number) {
    const stroke = this.#strokes.get(number);
    if (stroke?.held) this.#become(stroke, stroke.held, null);
    return stroke;
  }

  /** @param {Stroke} stroke @param {WetInk} wet @param {WetInk | null} held */
  #become(stroke, wet, held) {
    const { ink } = stroke;
    this.#damage = add(add(this.#damage, ink.bounds), ink.damage);
    Object.assign(stroke, { wet, ink: new GrowingInk(wet), held });
  }

  /** @param {number} number @param {number[]} sample */
  straighten(number, sample) {
    const stroke = this.#goOn(number);
    if (!stroke) return;
    straightenWet(stroke.wet, sample);
    stroke.ink.again();
  }

  /** Lengthen the trail of this view's laser pointer. @param {number} number @param {string} color @param {number[]} place */
  shine(number, color, place) {
    extendTrail(this.#trails, `${this.#view}/${number}`, color, place);
  }

  /** @param {number} number */
  remove(number) {
    this.#forget([number]);
  }

  /** @param {number[]} numbers */
  #forget(numbers) {
    for (const number of numbers) {
      const ink = this.#strokes.get(number)?.ink;
      if (ink) this.#damage = add(add(this.#damage, ink.bounds), ink.damage);
      this.#strokes.delete(number);
    }
    this.paint();
  }

  /**
   * Let lights fade, and remove strokes that are in the paper, or came to nothing, once the next frame is on the screen.
   * A caller that painted them in this very frame passes `now`: then not even translucent ink is seen twice.
   * @param {string[]} names
   * @param {boolean} now
   */
  dry(names, now) {
    for (const name of names) delete this.#trails.get(name)?.held;
    const ended = names
      .filter((name) => name.startsWith(`${this.#view}/`))
      .map((name) => Number(name.slice(this.#view.length + 1)))
      .filter((number) => this.#strokes.has(number));
    if (!ended.length) return;
    const remove = () => this.#forget(ended);
    if (now) remove();
    else requestAnimationFrame(() => requestAnimationFrame(remove));
  }

  /**
   * Show the ends of laser trails, others' and this view's own.
   * @param {[string, string, number, ...number[]][]} trails name, colour, how many places there were, then the latest of
   *   them: x, y in parts of the board
   */
  showTrails(trails) {
    if (!trails.length && !this.#trails.size) return;
    for (const [name, color, total, ...places] of trails) {
      const seen = this.#trails.get(name)?.total ?? 0;
      const fresh = Math.min(total - seen, places.length / 2);
      for (let i = places.length - 2 * fresh; i < places.length; i += 2) {
        extendTrail(this.#trails, name, color, [places[i] * BOARD.width, places[i + 1] * BOARD.height]);
      }
      const trail = this.#trails.get(name);
      if (trail) trail.total = total;
    }
    for (const [name, trail] of this.#trails) if (trail.total) trail.held = trails.some((one) => one[0] === name);
    this.paint();
  }
}
