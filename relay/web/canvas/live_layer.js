// @ts-check
// Ink under others' hands, on a canvas of its own above the paper: ipycanvas would put all of its layers together anew with
// each frame that the ink grows.

import { BOARD } from "./live_ink.js";
import { paint } from "./painter.js";
import { placeCanvas, rasterOf, toBoardUnits } from "./raster.js";

/** @typedef {import("../model/elements.js").Element} Element */

export class LiveLayer {
  #canvas = document.createElement("canvas");
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
  #viewport;
  /** @type {readonly Element[]} */
  #elements = [];

  /** @param {HTMLElement} el covers the paper
   * @param {Pick<import("./viewport.js").Viewport, "across" | "zoom" | "box" | "paper">} viewport */
  constructor(el, viewport) {
    this.#viewport = viewport;
    this.#canvas.className = "ipysketch-live";
    this.#canvas.style.visibility = "hidden";
    el.prepend(this.#canvas);
  }

  /** Show `elements`, and nothing else. @param {readonly Element[]} elements */
  show(elements) {
    const { across, zoom, box } = this.#viewport;
    const raster = rasterOf(across, zoom, box);
    const [canvas, context] = [this.#canvas, this.#context];
    if (!(elements.length || this.#elements.length)) return;
    if (!placeCanvas(canvas, raster) && elements === this.#elements) return;
    this.#elements = elements;
    // The browser composes a canvas that is visible, also when it is empty.
    canvas.style.visibility = elements.length ? "" : "hidden";
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    this.#bringPaper(raster, elements);
    toBoardUnits(context, raster);
    paint(context, elements, () => this.show([...elements]));
  }

  /** Copy the pixels of the paper that are under ink which darkens them: they are on another canvas.
   * @param {import("./raster.js").Raster} raster @param {readonly Element[]} elements */
  #bringPaper(raster, elements) {
    const marks = elements.filter(({ multiplies }) => multiplies);
    const paper = this.#viewport.paper;
    if (!marks.length || !paper?.width) return;
    const under = new OffscreenCanvas(raster.width, raster.height);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (under.getContext("2d"));
    toBoardUnits(context, raster);
    paint(
      context,
      marks.map((mark) => ({ ...mark, opacity: 1, multiplies: false })),
    );
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = "source-in";
    const [x, y, width, height] = raster.box;
    const [across, down] = [paper.width / BOARD.width, paper.height / BOARD.height];
    context.drawImage(paper, x * across, y * down, width * across, height * down, 0, 0, raster.width, raster.height);
    this.#context.drawImage(under, 0, 0);
  }
}
