// @ts-check
// How many pixels a canvas has, and for which part of the desk: as many as the screen shows, no more and no fewer. Up to twice
// the size at which all of the sheet is seen that is the sheet, as long as nothing else is seen; else it is what is seen.
//
// Rules of this file: boxes are x, y, width and height in board units.

import { BOARD } from "./live_ink.js";
import { DESK } from "./viewport.js";

/** The zoom up to which all of the board is rastered. */
export const SHARP = 2;
/** Pixels around what is seen. */
const EDGE = 2;

/** @typedef {{box: number[], width: number, height: number}} Raster a part of the desk, and its size in pixels */

/**
 * @param {number} across pixels of the web page that all of the board is wide without zoom; 0 before it is known
 * @param {number} zoom
 * @param {number[]} seen the part that is seen
 * @returns {Raster}
 */
export function rasterOf(across, zoom, seen) {
  const device = across * (window.devicePixelRatio || 1) || BOARD.width;
  if (zoom <= SHARP && !beyond(across, zoom, seen)) return sized([0, 0, BOARD.width, BOARD.height], device * zoom);
  // A little more than is seen: the edges of the two are not edges of the same pixels.
  return partOf(device * zoom, seen, EDGE / ((device * zoom) / BOARD.width));
}

/** The raster of what is seen and `more` board units around it. @param {number} scaled pixels that a sheet is wide
 * @param {number[]} seen @param {number} more */
export function partOf(scaled, [x, y, width, height], more) {
  const [x0, y0, wide, high] = DESK;
  const [left, top] = [Math.max(x0, x - more), Math.max(y0, y - more)];
  const right = Math.max(left, Math.min(x0 + wide, x + width + more));
  const bottom = Math.max(top, Math.min(y0 + high, y + height + more));
  return sized([left, top, right - left, bottom - top], (scaled * (right - left)) / BOARD.width);
}

/** Whether the desk beside the sheet is seen, not counting a rounded pixel. @param {number} across @param {number} zoom
 * @param {number[]} seen */
export function beyond(across, zoom, [x, y, width, height]) {
  const pixel = (EDGE * BOARD.width) / (across * zoom || BOARD.width);
  return x < -pixel || y < -pixel || x + width > BOARD.width + pixel || y + height > BOARD.height + pixel;
}

/** Pixels that the paper, which is all of the board, is worth in width.
 * @param {Pick<import("./viewport.js").Viewport, "across" | "zoom">} viewport */
export const paperPixels = ({ across, zoom }) => rasterOf(across, Math.min(zoom, SHARP), []).width;

/** @param {number[]} box @param {number} width @returns {Raster} */
const sized = (box, width) => ({
  box,
  width: Math.max(1, Math.round(width)),
  height: Math.max(1, Math.round((width * box[3]) / (box[2] || 1))),
});

/** Where canvases lie. @type {WeakMap<HTMLCanvasElement, string>} */
const places = new WeakMap();

/** Give a canvas above the paper its size and place; returns whether that emptied it. @param {HTMLCanvasElement} canvas
 * @param {Raster} raster */
export function placeCanvas(canvas, { box, width, height }) {
  const [left, top] = [(100 * box[0]) / BOARD.width, (100 * box[1]) / BOARD.height];
  const place = `${left}% ${top}% ${(100 * box[2]) / BOARD.width}% ${(100 * box[3]) / BOARD.height}%`;
  if (canvas.width === width && canvas.height === height && places.get(canvas) === place) return false;
  canvas.width = width;
  canvas.height = height;
  places.set(canvas, place);
  const [x, y, wide, high] = place.split(" ");
  Object.assign(canvas.style, { left: x, top: y, right: "auto", bottom: "auto", width: wide, height: high });
  return true;
}

/** Have board units be pixels of a raster. @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
 * @param {Raster} raster @param {number} [left] pixels that are cut off @param {number} [top] */
export function toBoardUnits(context, { box, width, height }, left = 0, top = 0) {
  const [across, down] = [width / box[2], height / box[3]];
  context.setTransform(across, 0, 0, down, -box[0] * across - left, -box[1] * down - top);
}
