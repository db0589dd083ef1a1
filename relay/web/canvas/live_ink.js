// @ts-check
// Wet ink, which a tool leaves under a hand until its element is painted, and the trails of laser pointers.
//
// Rules of this file: wet ink looks as it will when it is dry, so it is made of the fields of its future element. Places are
// in board units.

/**
 * @typedef {{color: string, width: number, fill?: string, dash?: string, opacity?: number, even?: boolean}} Style of new
 *   ink, in board units; `opacity` in per cent, 0 for the tool's own; with `even`, strokes of the pen are as wide everywhere
 * @typedef {{fields: any, points: number[], times: number[], pressures: number[] | null}} WetInk times in milliseconds
 * @typedef {Map<string, {color: string, total: number, places: number[][], held?: boolean}>} Trails of which one that is
 *   `held` shines on where it is
 */

export const BOARD = { width: 1280, height: 720 };
export const BOX_KINDS = ["rectangle", "ellipse"];
export const TWO_POINT_KINDS = ["line", "arrow", ...BOX_KINDS];
const COLOR = /^#[0-9a-f]{6}$/i;
/** Milliseconds until a laser's trail is invisible. */
const FADE = 900;

/** Return the fields of the ink of `tool`, or of an element of that kind, without its points; the twin of `Style.fields`
 * in Python.
 * @param {string} tool @param {Style} style */
export function inkFields(tool, style) {
  const kind = tool === "pen" ? "stroke" : tool;
  /** @type {any} */
  const fields = { kind, color: style.color, width: Math.round(style.width * 8 * (kind === "highlighter" ? 4 : 1)) };
  if (kind === "stroke") fields.look = style.even ? "even" : "flow";
  if (style.fill && BOX_KINDS.includes(kind)) fields.fill = style.fill;
  if (style.dash && TWO_POINT_KINDS.includes(kind)) fields.dash = style.dash;
  if (style.opacity) fields.opacity = style.opacity;
  return fields;
}

/** Create wet ink, or null for a tool that leaves none. @param {string} tool @param {Style} style @returns {WetInk | null} */
export function createWet(tool, style) {
  if (!["pen", "highlighter", ...TWO_POINT_KINDS].includes(tool)) return null;
  return { fields: inkFields(tool, style), points: [], times: [], pressures: tool === "pen" ? [] : null };
}

/** Add a sample: x, y in board units, a time, perhaps a pressure. @param {WetInk} wet @param {number[]} sample */
export function growWet(wet, [x, y, time, pressure]) {
  const { points, times, pressures } = wet;
  if (TWO_POINT_KINDS.includes(wet.fields.kind)) {
    wet.points = [...(points.length ? points.slice(0, 2) : [x, y]), x, y];
    return;
  }
  const end = points.length;
  if (end && points[end - 2] === x && points[end - 1] === y) return;
  points.push(x, y);
  times.push(Math.max(time, times[times.length - 1] ?? time));
  // A pen that is lifted says no pressure: the last one goes on. One that began without it has none.
  if (!end && pressure === undefined) wet.pressures = null;
  else pressures?.push(pressure ?? pressures[pressures.length - 1]);
}

/** Have a line go straight to a sample, or a box have equal sides, as the tools in Python do. @param {WetInk} wet
 * @param {number[]} sample */
export function straightenWet(wet, [x, y, time]) {
  const [x0, y0] = wet.points;
  const { kind } = wet.fields;
  const [dx, dy] = [x - x0, y - y0];
  if (kind === "line" || kind === "arrow") {
    const step = Math.PI / 12;
    const angle = Math.round(Math.atan2(dy, dx) / step) * step;
    const length = Math.hypot(dx, dy);
    wet.points = [x0, y0, x0 + length * Math.cos(angle), y0 + length * Math.sin(angle)];
  } else if (BOX_KINDS.includes(kind)) {
    const side = Math.max(Math.abs(dx), Math.abs(dy));
    wet.points = [x0, y0, x0 + (dx < 0 ? -side : side), y0 + (dy < 0 ? -side : side)];
  } else {
    wet.points = [x0, y0, x, y];
    wet.times = [wet.times[0], Math.max(wet.times[0], time)];
    if (wet.pressures) wet.pressures = [wet.pressures[0], wet.pressures[0]];
  }
}

/** Return the fields of the element that wet ink will be. @param {WetInk} wet */
export function wetFields({ fields, points, times, pressures }) {
  const eighths = points.map((value) => Math.round(value * 8));
  const [x0, y0, x1, y1] = eighths;
  if (BOX_KINDS.includes(fields.kind)) {
    return { ...fields, box: [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)] };
  }
  const steps = eighths.map((value, i) => (i < 2 ? value : value - eighths[i - 2]));
  const since = times.map((time) => Math.round(time - times[0]));
  return {
    ...fields,
    points: steps,
    ...(since.length && since[since.length - 1] && { times: since.map((time, i) => (i ? time - since[i - 1] : 0)) }),
    ...(pressures && { pressure: pressures.map((value) => Math.round(value * 255)) }),
  };
}

/** Set the width of a canvas of the whole board, and its height with it; returns whether that emptied it.
 * @param {HTMLCanvasElement} canvas @param {number} width */
export function resizeCanvas(canvas, width) {
  if (canvas.width === width) return false;
  canvas.width = width;
  canvas.height = Math.ceil((width * BOARD.height) / BOARD.width);
  return true;
}

/** Add a place to the trail of a laser pointer. @param {Trails} trails @param {string} name @param {string} color
 * @param {number[]} place */
export function extendTrail(trails, name, color, [x, y]) {
  const trail = trails.get(name) ?? { color, total: 0, places: [] };
  trails.set(name, trail);
  trail.held = true;
  trail.places.push([x, y, performance.now()]);
}

/** Paint the trails as they fade; returns whether any is visible. @param {CanvasRenderingContext2D} context
 * @param {Trails} trails */
export function paintTrails(context, trails) {
  const now = performance.now();
  let left = false;
  context.save();
  context.lineCap = context.lineJoin = "round";
  for (const [name, trail] of trails) {
    if (trail.held) trail.places[trail.places.length - 1][2] = now;
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
