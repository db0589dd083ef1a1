// @ts-check
// The part of the board that is shown: zoom, pan, and the way from pixels to board units.
//
// Positions (left, top) are pixels of the board's corner from the corner of the desk, the box that the board is seen in.

import { BOARD } from "./live_ink.js";

const MAX_ZOOM = 8;

/**
 * @typedef {{clientX: number, clientY: number}} Place in pixels of the web page
 * @typedef {{x: number, y: number}} Grip where a pan holds the board
 */

/** @param {number} zoom */
const clampZoom = (zoom) => Math.min(MAX_ZOOM, Math.max(1, zoom));

/** Where a side of the board begins. @param {number} at where it is wanted @param {number} room @param {number} size */
const within = (at, room, size) => {
  // Less than a pixel is rounding.
  if (Math.abs(size - room) < 1) return 0;
  return size > room ? Math.min(0, Math.max(room - size, at)) : (room - size) / 2;
};

export class Viewport {
  zoom = 1;
  #left = 0;
  #top = 0;
  #el;
  #changed;
  #width = 0;

  /**
   * @param {HTMLElement} el covers the paper
   * @param {(zoom: number, view: number[]) => void} changed is called with the view: x, y, width, height in board units
   * @param {AbortSignal} signal
   */
  constructor(el, changed, signal) {
    this.#el = el;
    this.#changed = changed;
    // What was in the middle stays there.
    const observer = new ResizeObserver(() => {
      const grown = this.#width ? el.clientWidth / this.#width : 1;
      this.#move(this.#left * grown, this.#top * grown);
    });
    observer.observe(el);
    if (this.#desk) observer.observe(this.#desk);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** @returns {HTMLElement | null} */
  get #desk() {
    return this.#el.closest(".ipysketch-desk");
  }

  /** The canvas below, or null until it is there. @returns {HTMLCanvasElement | null} */
  get paper() {
    return this.#desk?.querySelector("canvas.ipysketch-paper") ?? null;
  }

  /** Pixels of the web page that the board is wide, without zoom. */
  get across() {
    return this.#el.clientWidth;
  }

  /** Pixels of a board unit. */
  get #unit() {
    return (this.across / BOARD.width) * this.zoom;
  }

  /** The part that is seen: x, y, width and height in board units. */
  get box() {
    const desk = this.#desk;
    if (!desk || this.zoom === 1) return [0, 0, BOARD.width, BOARD.height];
    const unit = this.#unit;
    const [x, y] = [Math.max(0, -this.#left / unit), Math.max(0, -this.#top / unit)];
    return [x, y, Math.min(BOARD.width, desk.clientWidth / unit), Math.min(BOARD.height, desk.clientHeight / unit)];
  }

  /** Return a place as x, y in board units. @param {Place} place */
  toBoard({ clientX, clientY }) {
    const box = this.#el.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * BOARD.width, ((clientY - box.top) / box.height) * BOARD.height];
  }

  /** Show the board `zoom` times as large, its corner at (left, top): where it is larger than the desk it covers that, and
   * where it is smaller it lies in its middle. @param {number} zoom @param {number} left @param {number} top */
  zoomTo(zoom, left, top) {
    const desk = this.#desk;
    if (!desk) return;
    this.zoom = clampZoom(zoom);
    this.#move(left, top);
    this.#changed(this.zoom, this.box);
  }

  /** @param {number} left @param {number} top */
  #move(left, top) {
    const desk = this.#desk;
    if (!desk) return;
    this.#width = this.#el.clientWidth;
    this.#left = within(left, desk.clientWidth, BOARD.width * this.#unit);
    this.#top = within(top, desk.clientHeight, BOARD.height * this.#unit);
    const still = this.zoom === 1 && !this.#left && !this.#top;
    for (const part of [this.paper, this.#el]) {
      if (!part) continue;
      part.style.transformOrigin = "0 0";
      part.style.transform = still ? "" : `translate(${this.#left}px, ${this.#top}px) scale(${this.zoom})`;
    }
    this.#el.style.setProperty("--zoom", String(this.zoom));
  }

  /** Zoom around a place, which stays where it is. @param {number} factor @param {Place} place */
  zoomAt(factor, { clientX, clientY }) {
    const desk = this.#desk;
    if (!desk) return;
    const box = desk.getBoundingClientRect();
    const x = clientX - box.left;
    const y = clientY - box.top;
    const zoom = clampZoom(this.zoom * factor);
    this.zoomTo(zoom, x - ((x - this.#left) * zoom) / this.zoom, y - ((y - this.#top) * zoom) / this.zoom);
  }

  /** Zoom around the middle. @param {number} factor */
  zoomBy(factor) {
    const box = this.#desk?.getBoundingClientRect();
    if (box) this.zoomAt(factor, { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 });
  }

  /** Show x, y, width and height in board units, or the whole board. @param {number[] | null} view */
  showView(view) {
    const desk = this.#desk;
    if (!desk) return;
    if (!view) {
      this.zoomTo(1, 0, 0);
      return;
    }
    const [x, y, width, height] = view;
    const whole = this.#el.clientWidth / BOARD.width;
    const zoom = clampZoom(Math.min(desk.clientWidth / width, desk.clientHeight / (height ?? 1)) / whole);
    const unit = whole * zoom;
    this.zoomTo(zoom, desk.clientWidth / 2 - (x + width / 2) * unit, desk.clientHeight / 2 - (y + height / 2) * unit);
  }

  /** Take hold of the board at a place, to pan it. @param {Place} place @returns {Grip} */
  grip({ clientX, clientY }) {
    return { x: clientX - this.#left, y: clientY - this.#top };
  }

  /** Have the place that was gripped be under the pointer. @param {Grip} grip @param {Place} place */
  panTo(grip, { clientX, clientY }) {
    this.zoomTo(this.zoom, clientX - grip.x, clientY - grip.y);
  }

  /** Follow two fingers. @param {number[][]} before where they were, in pixels @param {number[][]} after where they are */
  pinch([[ax, ay], [bx, by]], [[cx, cy], [dx, dy]]) {
    const factor = Math.hypot(cx - dx, cy - dy) / Math.max(1, Math.hypot(ax - bx, ay - by));
    this.zoomTo(this.zoom, this.#left + (cx + dx - ax - bx) / 2, this.#top + (cy + dy - ay - by) / 2);
    this.zoomAt(factor, { clientX: (cx + dx) / 2, clientY: (cy + dy) / 2 });
  }
}
