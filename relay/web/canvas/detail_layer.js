// @ts-check
// The drawing where it is seen much enlarged, as sharp as the screen is: the paper has not that many pixels.
//
// Rules of this file: it covers the paper, with a copy of its background, so nothing is seen twice. What changes is painted at
// once; another part of the board at rest.

import { Layer } from "./painter.js";
import { BOARD } from "./live_ink.js";
import { SHARP, placeCanvas, rasterOf } from "./raster.js";

/** @typedef {import("../model/elements.js").Element} Element */

/** Milliseconds after the last step of a zoom or a pan. */
const REST = 100;
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
  }

  /** Take account of another zoom, part or size. */
  changed() {
    if (this.#viewport.zoom <= SHARP) this.#hide();
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
    if (zoom <= SHARP || !across) return;
    const raster = rasterOf(across, zoom, box);
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
    if (paper) {
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
