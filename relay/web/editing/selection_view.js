// @ts-check
// What is seen of the selection: its frame with handles, the box or lasso that selects, and lines that it snapped to.
//
// Rules of this file: it lies in board units over the paper; sizes that hands need are pixels, at any zoom.

import { HANDLES, angleOf, placeOf } from "./frame.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {object} Seen
 * @property {Frame | null} frame
 * @property {Frame[]} each the frames of elements, where several are selected
 * @property {boolean} handles
 * @property {boolean} locked
 * @property {boolean} flows whether it is a text: its height follows from its width
 * @property {number[] | null} band
 * @property {number[] | null} lasso
 * @property {number[][]} guides
 * @property {string} label
 */

const SVG = "http://www.w3.org/2000/svg";
/** Pixels. */
const SIZE = 9;
const MARGIN = 5;
const KNOB = 22;
const HIT = 24;
const TOUCHED = 44;
/** The least side of a frame with handles in the middle of its sides. */
const ROOM = 34;
const CURSORS = ["ew-resize", "nwse-resize", "ns-resize", "nesw-resize"];
/** Where a handle pulls to, in eighths of a turn. @type {Record<string, number>} */
const PULLS = { e: 0, se: 1, s: 2, sw: 3, w: 4, nw: 5, n: 6, ne: 7 };

export class SelectionView {
  #svg = document.createElementNS(SVG, "svg");
  #width;
  #height;
  #text = "";
  /** @type {Map<string, number[]>} */
  #handles = new Map();
  #angle = 0;

  /** @param {HTMLElement} el covers the paper @param {number} width @param {number} height of the board */
  constructor(el, width, height) {
    this.#width = width;
    this.#height = height;
    this.#svg.setAttribute("class", "ipysketch-selection");
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#svg.setAttribute("preserveAspectRatio", "none");
    this.#svg.setAttribute("aria-hidden", "true");
    el.append(this.#svg);
  }

  /** @param {Seen} seen @param {number} unit board units of a pixel */
  show({ frame, each, handles, locked, flows, band, lasso, guides, label }, unit) {
    this.#handles.clear();
    /** @type {string[]} */
    const parts = [];
    const line = (/** @type {string} */ kind, /** @type {number[]} */ points, close = true) =>
      parts.push(
        `<path class="${kind}" stroke-width="${number(unit * (kind === "frame" ? 1.5 : 1))}" d="M${points.map(number).join(" ")}${close ? "Z" : ""}"/>`,
      );
    for (const one of each) line("each", outline(one, MARGIN * unit * 0.4));
    if (band) line("band", [band[0], band[1], band[2], band[1], band[2], band[3], band[0], band[3]]);
    if (lasso && lasso.length > 2) line("band", lasso);
    for (const guide of guides) line("guide", guide, false);
    if (frame) {
      const outer = grown(frame, MARGIN * unit);
      this.#angle = angleOf(frame);
      line(locked ? "frame locked" : "frame", outline(frame, MARGIN * unit));
      if (handles) parts.push(...this.#addHandles(outer, unit, flows));
      if (label) parts.push(labelled(outer, label, unit, this.#width, this.#height));
    }
    const text = parts.join("");
    if (text === this.#text) return;
    this.#text = text;
    this.#svg.innerHTML = text;
  }

  /** @param {Frame} outer @param {number} unit @param {boolean} flows */
  #addHandles(outer, unit, flows) {
    const wide = Math.hypot(...outer.u) / unit;
    const high = Math.hypot(...outer.v) / unit;
    const parts = [];
    const [tx, ty] = placeOf(outer, 0.5, 0);
    const up = this.#angle - Math.PI / 2;
    const flipped = outer.u[0] * outer.v[1] - outer.u[1] * outer.v[0] < 0 ? -1 : 1;
    const knob = [tx + flipped * Math.cos(up) * KNOB * unit, ty + flipped * Math.sin(up) * KNOB * unit];
    parts.push(
      `<path class="frame" stroke-width="${number(unit)}" d="M${[tx, ty, ...knob].map(number).join(" ")}"/>`,
      `<circle data-handle="turn" stroke-width="${number(1.5 * unit)}" cx="${number(knob[0])}" cy="${number(knob[1])}" r="${number((SIZE / 2) * unit)}"/>`,
    );
    this.#handles.set("turn", knob);
    const degrees = number((this.#angle * 180) / Math.PI);
    for (const [name, [s, t]] of Object.entries(HANDLES)) {
      if ((s === 0.5 && (flows || wide < ROOM)) || (t === 0.5 && high < ROOM)) continue;
      const [x, y] = placeOf(outer, s, t);
      const half = (SIZE / 2) * unit;
      parts.push(
        `<rect data-handle="${name}" stroke-width="${number(1.5 * unit)}" x="${number(x - half)}" y="${number(y - half)}" width="${number(2 * half)}" height="${number(2 * half)}" rx="${number(2 * unit)}" transform="rotate(${degrees} ${number(x)} ${number(y)})"/>`,
      );
      this.#handles.set(name, [x, y]);
    }
    return parts;
  }

  /** The handle at a place: the nearest that a hand can have meant; "" for none. @param {number} x @param {number} y
   * @param {number} unit @param {boolean} touch */
  handleAt(x, y, unit, touch) {
    let [found, least] = ["", ((touch ? TOUCHED : HIT) / 2) * unit];
    for (const [name, [hx, hy]] of this.#handles) {
      const far = Math.hypot(x - hx, y - hy) * (name.length === 2 ? 0.9 : 1);
      if (far < least) [found, least] = [name, far];
    }
    return found;
  }

  /** The cursor that says what a handle does. @param {string} handle */
  cursorOf(handle) {
    if (handle === "turn") return "grab";
    const eighths = PULLS[handle] + Math.round(this.#angle / (Math.PI / 4));
    return CURSORS[((eighths % 4) + 4) % 4];
  }
}

/** @param {number} value */
const number = (value) => String(Math.round(value * 1000) / 1000);

/** A frame that is larger by `by` on each side. @param {Frame} frame @param {number} by @returns {Frame} */
function grown({ x, y, u, v }, by) {
  const across = longer(u, by, v);
  const down = longer(v, by, u);
  return {
    x: x - across[0] - down[0],
    y: y - across[1] - down[1],
    u: [u[0] + 2 * across[0], u[1] + 2 * across[1]],
    v: [v[0] + 2 * down[0], v[1] + 2 * down[1]],
  };
}

/** `by` along a side; of one without length, at a right angle to the other. @param {number[]} side @param {number} by
 * @param {number[]} other */
function longer([x, y], by, [ox, oy]) {
  const long = Math.hypot(x, y);
  if (long) return [(x / long) * by, (y / long) * by];
  const length = Math.hypot(ox, oy) || 1;
  return [(Math.abs(oy) / length) * by, (Math.abs(ox) / length) * by];
}

/** @param {Frame} frame @param {number} by */
function outline(frame, by) {
  const outer = grown(frame, by);
  return [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ].flatMap(([s, t]) => placeOf(outer, s, t));
}

/** @param {Frame} outer @param {string} label of digits and signs @param {number} unit @param {number} width
 * @param {number} height */
function labelled(outer, label, unit, width, height) {
  const corners = [placeOf(outer, 0, 0), placeOf(outer, 1, 0), placeOf(outer, 1, 1), placeOf(outer, 0, 1)];
  const low = Math.max(...corners.map(([, y]) => y));
  const [wide, high] = [(label.length * 7 + 12) * unit, 20 * unit];
  const x = Math.max(0, Math.min(width - wide, placeOf(outer, 0.5, 0.5)[0] - wide / 2));
  const y = Math.max(0, Math.min(height - high, low + 8 * unit));
  return `<rect class="label" x="${number(x)}" y="${number(y)}" width="${number(wide)}" height="${number(high)}" rx="${number(4 * unit)}"/><text class="label" x="${number(x + wide / 2)}" y="${number(y + 14 * unit)}" font-size="${number(12 * unit)}" text-anchor="middle">${label}</text>`;
}
