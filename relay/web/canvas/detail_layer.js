// @ts-check
// The drawing where the paper does not show it: as sharp as the screen is where it is much enlarged, for the paper has not that
// many pixels; and on the desk beside the sheet.
//
// Rules of this file: it covers the paper, with a copy of its background, or it shows the desk and nothing of the sheet: so
// nothing is seen twice. What changes is painted at once; another part of the desk at rest.

import { Layer } from "./painter.js";
import { BOARD } from "./live_ink.js";
import { SHARP, beyond, partOf, placeCanvas, rasterOf } from "./raster.js";

/** @typedef {import("../model/elements.js").Element} Element */

/** Milliseconds after the last step of a zoom or a pan. */
const REST = 100;
/** How much more of the desk is painted than is seen, in parts of that: so much is there at once in a pan. */
const MORE = 0.25;
/** What makes the look of an empty paper. */
const LOOK = ["filter", ...["Color", "Image", "Size", "Position", "Repeat"].map((name) => `background${name}`)];

export class DetailLayer {
  #cover = document.createElement("div");
  #sheet = document.createElement("div");
  #canvas = document.createElement("canvas");
  #layer = new Layer(this.#canvas, BOARD.width);
  #viewport;
  /** @type {readonly Element[]} */
  #elements = [];
  /** @type {any} */
  #resting = 0;
  #shown = false;
  /** Whether it covers the sheet. */
  #large = false;

  /** @param {HTMLElement} el covers the paper @param {import("./viewport.js").Viewport} viewport */
  constructor(el, viewport) {
    this.#viewport = viewport;
    this.#cover.className = "ipysketch-detail";
    Object.assign(this.#cover.style, {
      position: "absolute",
      overflow: "hidden",
      pointerEvents: "none",
      display: "none",
    });
    Object.assign(this.#sheet.style, { position: "absolute" });
    Object.assign(this.#canvas.style, { position: "absolute" });
    this.#cover.append(this.#sheet, this.#canvas);
    el.prepend(this.#cover);
  }

  destroy() {
    clearTimeout(this.#resting);
  }

  /** Have `elements` seen, the lowest first. @param {readonly Element[]} elements */
  show(elements) {
    this.#elements = elements;
    if (this.#shown) this.#layer.show(elements);
    else if (this.#wanted) this.#sharpen();
  }

  /** Whether the paper does not show all that is seen. */
  get #wanted() {
    const { zoom, box, across } = this.#viewport;
    if (zoom > SHARP) return true;
    const beside = (/** @type {Element} */ { bounds: [x0, y0, x1, y1] }) =>
      x0 < 0 || y0 < 0 || x1 > BOARD.width || y1 > BOARD.height;
    return beyond(across, zoom, box) && this.#elements.some(beside);
  }

  /** Take account of another zoom, part or size. */
  changed() {
    // A zoom through that limit: what was above the sheet was blurred for a moment, or is clipped.
    const large = this.#viewport.zoom > SHARP;
    if (this.#shown && large !== this.#large) this.#hide();
    if (!this.#shown && !large && this.#wanted) this.#sharpen();
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#sharpen(), REST);
  }

  #hide() {
    this.#cover.style.display = "none";
    this.#shown = false;
    // What is not seen holds no memory.
    this.#layer.forget();
    this.#canvas.width = this.#canvas.height = 0;
  }

  #sharpen() {
    const { zoom, box, across, paper } = this.#viewport;
    if (!across) return;
    if (!this.#wanted) {
      if (this.#shown) this.#hide();
      return;
    }
    this.#large = zoom > SHARP;
    const device = across * (window.devicePixelRatio || 1) * zoom;
    const raster = this.#large ? rasterOf(across, zoom, box) : partOf(device, box, MORE * box[2]);
    const [x, y, width, height] = raster.box;
    if (width <= 0 || height <= 0) return;
    const part = {
      left: x / BOARD.width,
      top: y / BOARD.height,
      width: width / BOARD.width,
      height: height / BOARD.height,
    };
    for (const [name, value] of Object.entries(part)) this.#cover.style.setProperty(name, `${100 * value}%`);
    Object.assign(this.#sheet.style, {
      left: `${(-100 * x) / width}%`,
      top: `${(-100 * y) / height}%`,
      width: `${(100 * BOARD.width) / width}%`,
      height: `${(100 * BOARD.height) / height}%`,
    });
    this.#sheet.style.display = this.#large ? "" : "none";
    const [left, top, right, bottom] = [
      -x / width,
      -y / height,
      (BOARD.width - x) / width,
      (BOARD.height - y) / height,
    ].map((side) => `${100 * side}%`);
    const hole = `${left} ${top}, ${right} ${top}, ${right} ${bottom}, ${left} ${bottom}, ${left} ${top}`;
    this.#cover.style.clipPath = this.#large ? "" : `polygon(evenodd, 0 0, 100% 0, 100% 100%, 0 100%, 0 0, ${hole})`;
    if (paper && this.#large) {
      const style = /** @type {any} */ (getComputedStyle(paper));
      for (const name of LOOK) /** @type {any} */ (this.#sheet.style)[name] = style[name];
    }
    placeCanvas(this.#canvas, raster);
    Object.assign(this.#canvas.style, { left: "0", top: "0", width: "100%", height: "100%" });
    this.#shown = true;
    this.#layer.window(raster);
    this.#layer.show(this.#elements);
    this.#cover.style.display = "";
  }
}
