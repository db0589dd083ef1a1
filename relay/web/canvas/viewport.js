// @ts-check
// The part of the board that is shown: zoom, pan, and the way from pixels to board units.
//
// The sheet lies in the middle of a desk, which is four times as wide and as high. Positions (left, top) are pixels of the
// sheet's corner from the corner of the frame, the element that all of this is seen in.

import { BOARD } from "./live_ink.js";

const [MIN_ZOOM, MAX_ZOOM] = [0.25, 8];
/** How much desk there is on each side, in sheets. */
const BESIDE = 1.5;
/** x, y, width and height of the desk, in board units. */
export const DESK = [-BESIDE, -BESIDE, 1 + 2 * BESIDE, 1 + 2 * BESIDE].map(
  (part, i) => part * (i % 2 ? BOARD.height : BOARD.width),
);

/**
 * @typedef {{clientX: number, clientY: number}} Place in pixels of the web page
 * @typedef {{x: number, y: number}} Grip where a pan holds the board
 */

/** @param {number} zoom */
const clampZoom = (zoom) => Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom));

/** Where a side of the sheet begins. @param {number} at where it is wanted @param {number} room @param {number} size */
export function within(at, room, size) {
  const beside = BESIDE * size;
  // All of the desk is seen: it lies in the middle. Else its edges stay outside.
  return size + 2 * beside <= room + 1 ? (room - size) / 2 : Math.min(beside, Math.max(room - size - beside, at));
}

export class Viewport {
  zoom = 1;
  /** Whether all of the sheet is seen, in the middle of the frame, whatever size that gets. */
  home = true;
  #left = 0;
  #top = 0;
  #el;
  #changed;
  #across = 0;
  /** The width and height of the frame. */
  #frame = [0, 0];
  /** What was in the middle of the frame, in board units. */
  #middle = [BOARD.width / 2, BOARD.height / 2];

  /**
   * @param {HTMLElement} el covers the paper
   * @param {(zoom: number, view: number[]) => void} changed is called with the view: x, y, width, height in board units
   * @param {AbortSignal} signal
   */
  constructor(el, changed, signal) {
    this.#el = el;
    this.#changed = changed;
    // What was in the middle stays there.
    /** @type {HTMLElement | null} */
    let observed = null;
    const observer = new ResizeObserver(() => {
      const desk = this.#desk;
      if (desk && desk !== observed) observer.observe((observed = desk));
      this.#measure();
      if (!desk || !this.across) return;
      if (this.home) this.goHome();
      else this.centre(this.#middle[0], this.#middle[1]);
    });
    observer.observe(el);
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
    if (!this.#across) this.#measure();
    return this.#across;
  }

  /** Note how large all is. To ask for that with each frame would have the browser lay out the page anew each time that
   * anything on it has changed. */
  #measure() {
    const desk = this.#desk;
    this.#across = this.#el.clientWidth;
    this.#frame = desk ? [desk.clientWidth, desk.clientHeight] : [0, 0];
  }

  /** Pixels of a board unit. */
  get #unit() {
    return (this.across / BOARD.width) * this.zoom;
  }

  /** The part of the desk that is seen: x, y, width and height in board units. */
  get box() {
    const unit = this.#unit;
    const [wide, high] = this.#frame;
    if (!wide || !unit) return [0, 0, BOARD.width, BOARD.height];
    const [x, y, width, height] = DESK;
    const [left, top] = [Math.max(x, -this.#left / unit), Math.max(y, -this.#top / unit)];
    return [
      left,
      top,
      Math.min(x + width, (wide - this.#left) / unit) - left,
      Math.min(y + height, (high - this.#top) / unit) - top,
    ];
  }

  /** Return a place as x, y in board units. @param {Place} place */
  toBoard({ clientX, clientY }) {
    const box = this.#el.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * BOARD.width, ((clientY - box.top) / box.height) * BOARD.height];
  }

  /** Show the sheet `zoom` times as large as it fits, its corner at (left, top) as far as the desk allows.
   * @param {number} zoom @param {number} left @param {number} top */
  zoomTo(zoom, left, top) {
    this.home = false;
    this.#place(zoom, left, top);
  }

  /** Show all of the sheet, in the middle of the frame. */
  goHome() {
    this.home = true;
    const desk = this.#desk;
    if (!desk) return;
    const unit = this.across / BOARD.width;
    this.#place(1, (desk.clientWidth - BOARD.width * unit) / 2, (desk.clientHeight - BOARD.height * unit) / 2);
  }

  /** @param {number} zoom @param {number} left @param {number} top */
  #place(zoom, left, top) {
    const desk = this.#desk;
    if (!desk) return;
    this.zoom = clampZoom(zoom);
    const unit = this.#unit;
    // Less than a pixel is rounding.
    const [wide, high] = [desk.clientWidth, desk.clientHeight];
    [this.#left, this.#top] = [within(left, wide, BOARD.width * unit), within(top, high, BOARD.height * unit)].map(
      (at) => (this.home && Math.abs(at) < 0.5 ? 0 : at),
    );
    if (unit) this.#middle = [(wide / 2 - this.#left) / unit, (high / 2 - this.#top) / unit];
    const still = this.zoom === 1 && !this.#left && !this.#top;
    for (const part of [this.paper, this.#el]) {
      if (!part) continue;
      part.style.transformOrigin = "0 0";
      part.style.transform = still ? "" : `translate(${this.#left}px, ${this.#top}px) scale(${this.zoom})`;
    }
    this.#el.style.setProperty("--zoom", String(this.zoom));
    this.#changed(this.zoom, this.box);
  }

  /** Have a place be in the middle of the frame. @param {number} x @param {number} y @param {number} [zoom] */
  centre(x, y, zoom = this.zoom) {
    const desk = this.#desk;
    if (!desk) return;
    const unit = (this.across / BOARD.width) * clampZoom(zoom);
    this.zoomTo(zoom, desk.clientWidth / 2 - x * unit, desk.clientHeight / 2 - y * unit);
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

  /** Show x, y, width and height in board units, or the whole sheet. @param {number[] | null} view */
  showView(view) {
    const desk = this.#desk;
    if (!desk) return;
    if (!view) {
      this.goHome();
      return;
    }
    const [x, y, width, height] = view;
    const whole = this.across / BOARD.width;
    this.centre(
      x + width / 2,
      y + height / 2,
      Math.min(desk.clientWidth / width, desk.clientHeight / (height || 1)) / whole,
    );
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
