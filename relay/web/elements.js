// @ts-check
// The kinds of things on a board: `docs/elements.md` in JavaScript, as `ipysketch/elements/` is in Python. The vectors in
// `tests/vectors/elements.json` hold both to it.
//
// Rules of this file: pure. `decode` is total: any fields at all give an element, or null. On the wire lengths are whole
// eighths of a board unit; an element is in board units. Points are flat: x, y after x, y.

import { lines, smooth } from "./ink.js";

/**
 * @typedef {{points: number[], color: string, width: number, dash: number[], fill: string | null}} Path a polyline with
 *   round caps and joins; with a fill it ends where it begins
 * @typedef {{text: string, x: number, y: number, size: number, color: string, width: number}} TextRun one line, its left
 *   end at (x, y) on the baseline, at most `width` wide
 * @typedef {{box: number[], mime: string, data: string}} Picture an image, base64, that fills x0, y0, x1, y1
 * @typedef {{path?: Path, run?: TextRun, picture?: Picture}} Primitive one of the three
 * @typedef {object} Element
 * @property {string} key
 * @property {string} kind
 * @property {string} author
 * @property {number} seq
 * @property {string} group
 * @property {number} opacity 0.01 to 1, of all its ink as one thing
 * @property {number[]} bounds x0, y0, x1, y1
 * @property {Primitive[]} display what it is made of, the lowest first
 * @property {(x: number, y: number, radius: number) => boolean} hit whether a disc touches the ink
 * @property {string} [name] of a page
 * @property {string} [color]
 * @property {number} [width]
 * @property {number[]} [points]
 * @property {number[] | null} [pressure]
 * @property {number[] | null} [t]
 */

const EIGHTHS = 8;
const REACH = 1_000_000;
const MAX_WIDTH = 1600;
const MAX_SIZE = 8000;
const MAX_TEXT = 10_000;
const MAX_DATA = 480_000;
const MAX_DASHES = 10_000;
const KAPPA = 0.5522847498307936;
const HEAD = 10;
const SPREAD = (28 * Math.PI) / 180;
const COLOR = /^#[0-9a-f]{6}$/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const FONT_LINE = 1.25;
const BASELINE = 0.95;
const HANGS = 0.1;
// What is wide in East Asia, and small pictures; all above U+FFFF too.
const WIDE =
  /[\u1100-\u115f\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{10000}-\u{10ffff}]/u;

// --- reading fields ---

/** @param {any} value @param {number} least @param {number} most @returns {value is number} */
const between = (value, least, most) => Number.isSafeInteger(value) && value >= least && value <= most;

/** @param {any} values @param {number} least @param {number} most @returns {number[] | null} */
const column = (values, least, most) =>
  Array.isArray(values) && values.every((value) => between(value, least, most)) ? values : null;

/** @param {any} value */
const color = (value) => (typeof value === "string" && COLOR.test(value) ? value.toLowerCase() : null);

/** @param {string} text its length in code points */
const length = (text) => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

/** Absolute eighths of flat points, `least` to `most` of them; null when they are not that.
 * @param {any} values @param {number} least @param {number} most */
function track(values, least, most) {
  if (!Array.isArray(values) || values.length % 2 || values.length < 2 * least || values.length > 2 * most) return null;
  if (!column(values, -2 * REACH, 2 * REACH)) return null;
  const found = new Array(values.length);
  let x = 0;
  let y = 0;
  for (let i = 0; i < values.length; i += 2) {
    found[i] = x += values[i];
    found[i + 1] = y += values[i + 1];
    if (Math.abs(x) > REACH || Math.abs(y) > REACH) return null;
  }
  return found;
}

/** The two corners of a box, in eighths. @param {any} values */
function corners(values) {
  const box = column(values, -REACH, REACH);
  if (!box || box.length !== 4 || box[2] < 0 || box[3] < 0) return null;
  const [x, y, width, height] = box;
  return x + width > REACH || y + height > REACH ? null : [x, y, x + width, y + height];
}

/** Eighths, moved by the offset, as board units; null where that is too far. @param {number[] | null} points
 * @param {any} fields */
function placed(points, fields) {
  if (!points) return null;
  const offset = column(fields.offset, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const [dx, dy] = offset?.length === 2 ? offset : [0, 0];
  const moved = points.map((value, i) => value + (i % 2 ? dy : dx));
  return moved.some((value) => Math.abs(value) > REACH) ? null : moved.map((value) => value / EIGHTHS);
}

/** @param {any} fields @param {number} count */
function times(fields, count) {
  const steps = column(fields.times, 0, 2 ** 31);
  if (steps?.length !== count) return null;
  let sum = 0;
  return steps.map((step) => (sum += step) / 1000);
}

/** Strokes and gaps along `points`. @param {any} dash @param {number} width @param {number[]} points */
function pattern(dash, width, points) {
  const thick = Math.max(width, 1);
  const dashes = dash === "dashed" ? [4 * thick, 3 * thick] : dash === "dotted" ? [0, 2 * thick] : [];
  if (!dashes.length) return dashes;
  let way = 0;
  for (let i = 2; i < points.length; i += 2) way += Math.hypot(points[i] - points[i - 2], points[i + 1] - points[i - 1]);
  return way <= MAX_DASHES * (dashes[0] + dashes[1]) ? dashes : [];
}

// --- geometry ---

/** @param {number[]} box @param {number} by */
const inflate = ([x0, y0, x1, y1], by) => [x0 - by, y0 - by, x1 + by, y1 + by];

/** The box around flat points. @param {number[]} points */
function around(points) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    x0 = Math.min(x0, points[i]);
    x1 = Math.max(x1, points[i]);
    y0 = Math.min(y0, points[i + 1]);
    y1 = Math.max(y1, points[i + 1]);
  }
  return [x0, y0, x1, y1];
}

/** @param {number[]} a @param {number[]} b */
export const union = (a, b) => [
  Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3]),
];

/** The distance of (x, y) from a polyline. @param {number[]} points @param {number} x @param {number} y */
function distance(points, x, y) {
  if (points.length === 2) return Math.hypot(points[0] - x, points[1] - y);
  let least = Infinity;
  for (let i = 2; i < points.length; i += 2) {
    const [ax, ay] = [points[i - 2], points[i - 1]];
    const [dx, dy] = [points[i] - ax, points[i + 1] - ay];
    const square = dx * dx + dy * dy;
    const along = square ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square)) : 0;
    least = Math.min(least, (ax + along * dx - x) ** 2 + (ay + along * dy - y) ** 2);
  }
  return Math.sqrt(least);
}

/** Whether (x, y) is inside a closed polyline. @param {number[]} points @param {number} x @param {number} y */
function inside(points, x, y) {
  let odd = false;
  for (let i = 2; i < points.length; i += 2) {
    const [ax, ay, bx, by] = [points[i - 2], points[i - 1], points[i], points[i + 1]];
    if (ay > y !== by > y && x < ax + ((y - ay) * (bx - ax)) / (by - ay)) odd = !odd;
  }
  return odd;
}

/** The distance of (x, y) from a box. @param {number[]} box @param {number} x @param {number} y */
const beside = ([x0, y0, x1, y1], x, y) =>
  Math.hypot(Math.max(x0 - x, 0, x - x1), Math.max(y0 - y, 0, y - y1));

/** A unit circle of 64 segments, from the right end downwards. */
const CIRCLE = (() => {
  const quarter = [];
  for (let i = 0; i < 16; i++) {
    const t = i / 16;
    const [a, b, c, d] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t ** 2 * (1 - t), t ** 3];
    quarter.push([a + b + KAPPA * c, KAPPA * b + c + d]);
  }
  const turns = [([x, y]) => [x, y], ([x, y]) => [-y, x], ([x, y]) => [-x, -y], ([x, y]) => [y, -x]];
  return [...turns.flatMap((turn) => quarter.map(turn)), [1, 0]];
})();

/** The head of an arrow: the end of one side, the tip, the end of the other. @param {number[]} points
 * @param {number} width */
function head(points, width) {
  for (let i = points.length - 2; i >= 2; i -= 2) {
    const [dx, dy] = [points[i] - points[i - 2], points[i + 1] - points[i - 1]];
    const long = Math.hypot(dx, dy);
    if (!long) continue;
    const [x, y] = [dx / long, dy / long];
    const side = Math.min(Math.max(HEAD, 3 * width), 0.9 * long);
    const [cos, sin] = [Math.cos(SPREAD), Math.sin(SPREAD)];
    const [tipX, tipY] = points.slice(-2);
    return [
      tipX - side * (x * cos - y * sin), tipY - side * (x * sin + y * cos), tipX, tipY,
      tipX - side * (x * cos + y * sin), tipY - side * (y * cos - x * sin),
    ];
  }
  return null;
}

/** How wide a shown character is, in parts of the size. @param {string} letter */
function advance(letter) {
  if ("mwMW@%".includes(letter)) return 1;
  if ("ijlftI'|.,:;!()[] ".includes(letter)) return 0.45;
  return WIDE.test(letter) ? 1 : 0.75;
}

/** The characters of a line that are shown. @param {string} line */
function shown(line) {
  let found = "";
  for (const letter of line.replaceAll("\t", "    ")) {
    const code = /** @type {number} */ (letter.codePointAt(0));
    const hidden =
      code < 0x20 || (code >= 0x7f && code <= 0x9f) || code === 0xfffe || code === 0xffff || (code >= 0xd800 && code <= 0xdfff);
    if (!hidden) found += letter;
  }
  return found;
}

// --- the kinds ---

/** @param {Path[]} paths */
const drawn = (paths) => ({
  display: paths.map((path) => ({ path })),
  bounds: paths.map((path) => inflate(around(path.points), path.width / 2)).reduce(union),
  /** @type {Element["hit"]} */
  touches: (x, y, radius) =>
    paths.some(
      (path) => distance(path.points, x, y) <= radius + path.width / 2 || (path.fill !== null && inside(path.points, x, y)),
    ),
});

/** @param {number[]} points @param {string} ink @param {number} width @returns {Path} */
const path = (points, ink, width) => ({ points, color: ink, width, dash: [], fill: null });

/** The colour and width of a line; null when one is missing. @param {any} fields */
function pen(fields) {
  const ink = color(fields.color);
  return ink && between(fields.width, 1, MAX_WIDTH) ? { ink, width: fields.width / EIGHTHS } : null;
}

/** @param {any} fields */
function stroke(fields) {
  const points = placed(track(fields.points, 1, 20_000), fields);
  const style = pen(fields);
  if (!points || !style) return null;
  const count = points.length / 2;
  const measured = column(fields.pressure, 0, 255);
  const marker = fields.kind === "highlighter";
  const pressure = !marker && measured?.length === count ? measured.map((value) => value / 255) : null;
  const made = marker ? [{ points: smooth(points), width: style.width }] : lines(points, pressure, style.width);
  return {
    points, pressure, t: times(fields, count), color: style.ink, width: style.width,
    ...drawn(made.map((line) => path(line.points, style.ink, line.width))),
  };
}

/** @param {any} fields */
function line(fields) {
  const points = placed(track(fields.points, 2, 1000), fields);
  const style = pen(fields);
  if (!points || !style) return null;
  const shaft = { ...path(points, style.ink, style.width), dash: pattern(fields.dash, style.width, points) };
  const tip = fields.kind === "arrow" ? head(points, style.width) : null;
  return {
    points, color: style.ink, width: style.width,
    ...drawn(tip ? [shaft, path(tip, style.ink, style.width)] : [shaft]),
  };
}

/** @param {any} fields */
function shape(fields) {
  const box = placed(corners(fields.box), fields);
  const style = pen(fields);
  if (!box || !style) return null;
  const [x0, y0, x1, y1] = box;
  let way;
  let fill = color(fields.fill);
  if (x0 === x1 || y0 === y1) {
    way = x0 === x1 && y0 === y1 ? [x0, y0] : box;
    fill = null;
  } else if (fields.kind === "rectangle") {
    way = [x0, y0, x1, y0, x1, y1, x0, y1, x0, y0];
  } else {
    way = CIRCLE.flatMap(([x, y]) => [(x0 + x1) / 2 + (x * (x1 - x0)) / 2, (y0 + y1) / 2 + (y * (y1 - y0)) / 2]);
  }
  const outline = { ...path(way, style.ink, style.width), dash: pattern(fields.dash, style.width, way), fill };
  return { color: style.ink, width: style.width, ...drawn([outline]) };
}

/** @param {any} fields */
function text(fields) {
  const { text: words, size: high } = fields;
  const at = column(fields.at, -REACH, REACH);
  if (typeof words !== "string" || !words || at?.length !== 2 || length(words) > MAX_TEXT) return null;
  const place = placed(at, fields);
  const ink = color(fields.color);
  if (!place || !ink || !between(high, 1, MAX_SIZE)) return null;
  const size = high / EIGHTHS;
  const [x, y] = place;
  const rows = words.split("\n").map(shown);
  const wide = rows.map((row) => size * Array.from(row).reduce((sum, letter) => sum + advance(letter), 0));
  const bounds = inflate(
    [x, y, x + wide.reduce((a, b) => Math.max(a, b), 0), y + FONT_LINE * size * rows.length], HANGS * size,
  );
  const display = rows.flatMap((row, i) =>
    row.trim() ? [{ run: { text: row, x, y: y + (BASELINE + FONT_LINE * i) * size, size, color: ink, width: wide[i] } }] : [],
  );
  return {
    color: ink, display, bounds,
    /** @type {Element["hit"]} */
    touches: (px, py, radius) => beside(bounds, px, py) <= radius,
  };
}

/** @param {any} fields */
function image(fields) {
  const { mime, data } = fields;
  if (mime !== "image/png" && mime !== "image/jpeg") return null;
  if (typeof data !== "string" || data.length > MAX_DATA || data.length % 4 || !BASE64.test(data)) return null;
  const box = placed(corners(fields.box), fields);
  if (!box) return null;
  const flat = box[0] === box[2] || box[1] === box[3];
  return {
    display: flat ? [] : [{ picture: { box, mime, data } }],
    bounds: box,
    /** @type {Element["hit"]} */
    touches: (x, y, radius) => beside(box, x, y) <= radius,
  };
}

/** @param {any} fields */
function page(fields) {
  if (typeof fields.name !== "string" || length(fields.name) > 80) return null;
  return { name: fields.name, display: [], bounds: [0, 0, 0, 0], touches: () => false };
}

/** @type {Map<any, (fields: any) => any>} */
const KINDS = new Map(
  Object.entries({
    stroke, highlighter: stroke, line, arrow: line, rectangle: shape, ellipse: shape, text, image, page,
  }),
);

/**
 * The element that `fields` describe, or null when they describe none.
 * @param {string} key
 * @param {any} fields
 * @param {string} [author]
 * @param {number} [seq]
 * @returns {Element | null}
 */
export function decode(key, fields, author = "", seq = 0) {
  const made = KINDS.get(fields?.kind)?.(fields);
  if (!made) return null;
  const { touches, ...rest } = made;
  const usual = fields.kind === "highlighter" ? 40 : 100;
  const covers = fields.kind !== "page" && between(fields.opacity, 1, 100) ? fields.opacity : usual;
  const group = typeof fields.group === "string" && length(fields.group) <= 64 ? fields.group : "";
  const exact = fields.kind === "text" || fields.kind === "image" || fields.kind === "page";
  return {
    ...rest, key, author, seq, group, kind: fields.kind, opacity: covers / 100,
    hit: (x, y, radius) => {
      const [x0, y0, x1, y1] = inflate(made.bounds, radius);
      return (exact || (x >= x0 && x <= x1 && y >= y0 && y <= y1)) && touches(x, y, radius);
    },
  };
}
