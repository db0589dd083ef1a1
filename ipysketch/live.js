// Ink under others' hands, on a canvas of its own above the paper: what grows with each frame would have ipycanvas put
// together all of its layers each time.
//
// Rules of this file: each stroke goes when the kernel says so, after it has told the paper to paint it.

import { decode } from "./elements.js";
import { liveFields } from "./others.js";
import { paint } from "./painter.js";
import { BOARD, fit } from "./wet.js";

/**
 * @param {HTMLElement} el covers the paper
 * @param {() => number} pixels in width, that are worth having
 * @param {() => void} lost asks for all ink anew
 */
export function createLive(el, pixels, lost) {
  const canvas = document.createElement("canvas");
  canvas.className = "ipysketch-live";
  canvas.style.visibility = "hidden";
  el.prepend(canvas);
  const context = canvas.getContext("2d");
  /** @type {Map<string, {fields: any, points: number[], element: any}>} */
  const inks = new Map();
  let painted = false;
  let stale = false;
  let last = -1;

  const show = () => {
    fit(canvas, pixels());
    // A page composes what is visible, also when it is empty.
    canvas.style.visibility = inks.size ? "" : "hidden";
    const scale = canvas.width / BOARD.width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const elements = [];
    for (const ink of inks.values()) {
      if (ink.element === undefined) {
        const fields = liveFields(ink.fields, ink.points);
        ink.element = fields && decode("", fields);
      }
      if (ink.element) elements.push(ink.element);
    }
    paint(context, elements);
  };

  // At once, but once in a frame of the display.
  const repaint = () => {
    stale = painted;
    if (painted) return;
    show();
    painted = true;
    requestAnimationFrame(() => {
      painted = false;
      if (stale) repaint();
    });
  };

  return {
    /** What the kernel says: see `News` in growing.py. @param {any} news */
    hear: ({ number, whole, grown, gone }) => {
      const next = number === last + 1;
      last = number;
      if (whole) inks.clear();
      else if (!next) return lost();
      for (const name of gone) inks.delete(name);
      for (const [name, start, points, fields] of grown) {
        if (start === 0) inks.set(name, { fields, points: [], element: undefined });
        const ink = inks.get(name);
        if (start !== ink?.points.length) return lost();
        ink.points.push(...points);
        ink.element = undefined;
      }
      return repaint();
    },
    clear: () => {
      inks.clear();
      repaint();
    },
  };
}
