// @ts-check
// Wet ink: what a tool leaves under the hand until the kernel has painted it, and the light of laser pointers.
//
// Rules of this file: what is wet looks as it will when it is dry, so it is made of the same fields as the element that it
// will be, and painted by the same code. Places are in board units.

import { decode } from "./elements.js";
import { paint } from "./painter.js";

/**
 * @typedef {{color: string, width: number, fill?: string, dash?: string, opacity?: number}} Style how new ink looks, in
 *   board units; `opacity` in per cent, 0 as the tool has it
 * @typedef {{fields: any, points: number[], pressures: number[] | null}} Wet
 * @typedef {Map<string, {color: string, total: number, places: number[][]}>} Trails
 */

export const BOARD = { width: 1280, height: 720 };
const BOXES = ["rectangle", "ellipse"];
export const ENDS = ["line", "arrow", ...BOXES];
const COLOR = /^#[0-9a-f]{6}$/i;
const FADE = 900;  // milliseconds until a laser's trail is gone

/** The fields but for the place that ink of `tool` has in `style`; the same as `Style.fields` in Python.
 * @param {string} tool @param {Style} style */
export function inkFields(tool, style) {
  const kind = tool === "pen" ? "stroke" : tool;
  /** @type {any} */
  const fields = { kind, color: style.color, width: Math.round(style.width * 8 * (kind === "highlighter" ? 4 : 1)) };
  if (style.fill && BOXES.includes(kind)) fields.fill = style.fill;
  if (style.dash && ENDS.includes(kind)) fields.dash = style.dash;
  if (style.opacity) fields.opacity = style.opacity;
  return fields;
}

/** Wet ink of a tool, or null for one that leaves none. @param {string} tool @param {Style} style @returns {Wet | null} */
export function createWet(tool, style) {
  if (!["pen", "highlighter", ...ENDS].includes(tool)) return null;
  return { fields: inkFields(tool, style), points: [], pressures: tool === "pen" ? [] : null };
}

/** The hand came to a sample: x, y in board units, a time, perhaps a pressure. @param {Wet} wet @param {number[]} sample */
export function growWet(wet, [x, y, , pressure]) {
  const { points } = wet;
  if (ENDS.includes(wet.fields.kind)) {
    wet.points = [...(points.length ? points.slice(0, 2) : [x, y]), x, y];
    return;
  }
  const end = points.length;
  if (end && points[end - 2] === x && points[end - 1] === y) return;
  points.push(x, y);
  if (pressure === undefined) wet.pressures = null;
  else wet.pressures?.push(pressure);
}

/** The line is straight to a sample, or the shape a plain one: as the tools in Python do it. @param {Wet} wet
 * @param {number[]} sample */
export function straightenWet(wet, [x, y]) {
  const [x0, y0] = wet.points;
  const { kind } = wet.fields;
  const [dx, dy] = [x - x0, y - y0];
  if (kind === "line" || kind === "arrow") {
    const step = Math.PI / 12;
    const angle = Math.round(Math.atan2(dy, dx) / step) * step;
    const length = Math.hypot(dx, dy);
    wet.points = [x0, y0, x0 + length * Math.cos(angle), y0 + length * Math.sin(angle)];
  } else if (BOXES.includes(kind)) {
    const side = Math.max(Math.abs(dx), Math.abs(dy));
    wet.points = [x0, y0, x0 + (dx < 0 ? -side : side), y0 + (dy < 0 ? -side : side)];
  } else {
    wet.points = [x0, y0, x, y];
    if (wet.pressures) wet.pressures = [wet.pressures[0], wet.pressures[0]];
  }
}

/** The fields of the element that wet ink will be. @param {Wet} wet */
export function wetFields({ fields, points, pressures }) {
  const whole = points.map((value) => Math.round(value * 8));
  const [x0, y0, x1, y1] = whole;
  if (BOXES.includes(fields.kind)) {
    return { ...fields, box: [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)] };
  }
  const steps = whole.map((value, i) => (i < 2 ? value : value - whole[i - 2]));
  const more = pressures ? { pressure: pressures.map((value) => Math.round(value * 255)) } : {};
  return { ...fields, points: steps, ...more };
}

/** Have a canvas of the whole board be so wide. @param {HTMLCanvasElement} canvas @param {number} width */
export function fit(canvas, width) {
  if (canvas.width === width) return;
  canvas.width = width;
  canvas.height = Math.ceil((width * BOARD.height) / BOARD.width);
}

/** @param {CanvasRenderingContext2D} context @param {Wet} wet */
export function paintWet(context, wet) {
  const element = wet.points.length ? decode("", wetFields(wet)) : null;
  if (element) paint(context, [element]);
}

/** A laser pointer is at (x, y) now. @param {Trails} trails @param {string} name @param {string} color
 * @param {number[]} place */
export function shine(trails, name, color, [x, y]) {
  const trail = trails.get(name) ?? { color, total: 0, places: [] };
  trails.set(name, trail);
  trail.places.push([x, y, performance.now()]);
}

/** Paint the trails as they fade; whether there is anything left of them. @param {CanvasRenderingContext2D} context
 * @param {Trails} trails */
export function paintTrails(context, trails) {
  const now = performance.now();
  let left = false;
  context.save();
  context.lineCap = context.lineJoin = "round";
  for (const [name, trail] of trails) {
    trail.places = trail.places.filter(([, , then]) => now - then < FADE);
    if (!trail.places.length) {
      trails.delete(name);
      continue;
    }
    left = true;
    context.strokeStyle = COLOR.test(trail.color) ? trail.color : "#d62728";
    let [x, y] = trail.places[0];
    for (const [nextX, nextY, then] of trail.places) {
      const life = 1 - (now - then) / FADE;
      context.globalAlpha = life;
      context.lineWidth = 2 + 6 * life;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(nextX, nextY + 0.01);
      context.stroke();
      [x, y] = [nextX, nextY];
    }
  }
  context.restore();
  return left;
}
