// @ts-check
// The kinds of things on a board: `docs/reference/elements.md` in JavaScript, as `ipysketch/model/elements/` is in
// Python. The vectors in `tests/contract/elements.json` and a fuzz hold both to it.
//
// Rules of this file: pure. `decode` is total: any fields at all give an element, or null. On the wire lengths are whole
// eighths of a board unit; an element is in board units. Points are flat: x, y after x, y.

import { boundTo } from "./anchor.js";
import { around, beside, CIRCLE, distance, head, inflate, union, winding } from "./geometry.js";
import { boxOf, stepped, through } from "./curves.js";
import { contours } from "./ink.js";
import { about, cornersOf, mapped, matrixOf, scaleOf, unmapped } from "./transform.js";
import { BASELINE, LEADING, MARGIN, USUAL_SIZE, advance, inside, readable, shown, wrapped } from "./typeset.js";

/**
 * @typedef {{points: number[], color: string, width: number, dash: number[], fill: string | null, curved: boolean}} Path a
 *   polyline with round caps and joins; with a fill it ends where it begins; a curved one is the smooth line of `through`
 * @typedef {{contours: number[][], color: string, evenOdd: boolean, curved: boolean}} Fill the inside of closed contours: by
 *   the winding number, or where a ray crosses them an odd number of times; those of a curved one are chains of `curves.js`
 * @typedef {{text: string, x: number, y: number, size: number, color: string, width: number, affine?: number[],
 *   middle?: boolean}} TextRun one line, its left end, or with `middle` its middle, at (x, y) on the baseline, at most `width` wide
 * @typedef {{box: number[], mime: string, data: string, affine?: number[]}} Picture an image, base64, that fills x0, y0, x1, y1
 * @typedef {{path?: Path, fill?: Fill, run?: TextRun, picture?: Picture}} Primitive one of the four
 * @typedef {{box: number[], affine: number[] | null, edge: number, round?: boolean}} Outline a box, or the ellipse in it, put
 *   where it is seen by `affine`; half of its line is `edge`
 * @typedef {object} Element
 * @property {string} key
 * @property {string} kind
 * @property {string} author
 * @property {number} seq
 * @property {string} group
 * @property {number} opacity 0.01 to 1, of all its ink as one thing
 * @property {boolean} multiplies whether its colour darkens what is below, and covers nothing
 * @property {number[]} bounds x0, y0, x1, y1
 * @property {Primitive[]} display what it is made of, the lowest first
 * @property {(x: number, y: number, radius: number) => boolean} hit whether a disc touches the ink
 * @property {string[]} [bound] the keys of what the ends of a line are bound to
 * @property {Outline} [outline] where lines end that are bound to it
 * @property {string} [name] of a page
 * @property {string} [color]
 * @property {number} [width]
 * @property {number[]} [points]
 * @property {number[] | null} [pressure]
 * @property {number[] | null} [t]
 * @property {string} [look] of a stroke, what its width follows: "flow", "even", or "" for one from before looks
 */

const EIGHTHS = 8;
const REACH = 1_000_000;
const MAX_WIDTH = 1600;
const MAX_SIZE = 8000;
const MAX_TEXT = 10_000;
const MAX_DATA = 480_000;
const MAX_POINTS = 20_000;
const MAX_DASHES = 10_000;
const COLOR = /^#[0-9a-f]{6}$/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

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
  if (box?.length !== 4 || box[2] < 0 || box[3] < 0) return null;
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

/** What is left of `fields.transform`: the map that leaves the middle of `points` where it is, or null; undefined where it
 * puts one of `ends` out of reach. @param {any} fields @param {number[]} points @param {number[]} ends */
function affineOf(fields, points, ends) {
  const matrix = matrixOf(fields.transform);
  if (!matrix) return null;
  const [x0, y0, x1, y1] = around(points);
  const affine = about(matrix, (x0 + x1) / 2, (y0 + y1) / 2);
  return mapped(affine, ends).some((value) => Math.abs(value) > REACH / EIGHTHS) ? undefined : affine;
}

/** Points where the transform of their element puts them; null where that is too far. @param {number[] | null} points
 * @param {any} fields */
function turned(points, fields) {
  const affine = points && affineOf(fields, points, points);
  if (affine === undefined) return null;
  return points && affine ? mapped(affine, points) : points;
}

/** Whether a disc touches a box where a map puts it. @param {number[] | null} affine @param {number[]} box
 * @param {number} x @param {number} y @param {number} radius */
function touchesBox(affine, box, x, y, radius) {
  if (!affine) return beside(box, x, y) <= radius;
  const [px, py] = unmapped(affine, x, y);
  return beside(box, px, py) * scaleOf(affine) <= radius;
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
  for (let i = 2; i < points.length; i += 2)
    way += Math.hypot(points[i] - points[i - 2], points[i + 1] - points[i - 1]);
  return way <= MAX_DASHES * (dashes[0] + dashes[1]) ? dashes : [];
}

// --- the kinds ---

/** @param {Path[]} paths */
const drawn = (paths) => ({
  display: paths.map((path) => ({ path })),
  bounds: paths.map(({ points, width }) => inflate(around(points), width / 2)).reduce(union),
  /** @type {Element["hit"]} */
  touches: (x, y, radius) =>
    paths.some(
      (path) =>
        distance(path.points, x, y) <= radius + path.width / 2 ||
        (path.fill !== null && winding(path.points, x, y) % 2 !== 0),
    ),
});

/** @param {number[]} points @param {string} ink @param {number} width @returns {Path} */
const path = (points, ink, width) => ({ points, color: ink, width, dash: [], fill: null, curved: false });

/** The colour and width of a line; null when one is missing. @param {any} fields */
function pen(fields) {
  const ink = color(fields.color);
  return ink && between(fields.width, 1, MAX_WIDTH) ? { ink, width: fields.width / EIGHTHS } : null;
}

const LOOKS = ["flow", "even"];

/** @param {any} fields */
function stroke(fields) {
  const points = turned(placed(track(fields.points, 1, MAX_POINTS), fields), fields);
  const style = pen(fields);
  if (!points || !style) return null;
  const count = points.length / 2;
  const measured = column(fields.pressure, 0, 255);
  const marker = fields.kind === "highlighter";
  const pressure = !marker && measured?.length === count ? measured.map((value) => value / 255) : null;
  const t = times(fields, count);
  const look = !marker && LOOKS.includes(fields.look) ? fields.look : "";
  const element = { points, pressure, t, look, color: style.ink, width: style.width };
  const ink = inked(element);
  return { ...element, ...(ink ? filled(ink, style.ink) : curved(points, style.ink, style.width)) };
}

/** The contours of a stroke whose width varies; null where it is even. @param {{points: number[], width: number, look: string,
 *   pressure: number[] | null, t: number[] | null}} element */
function inked({ points, pressure, t, look, width }) {
  const flows = look === "flow";
  const varies = pressure !== null && look !== "even";
  const timed = flows && t !== null && t[t.length - 1] > 0;
  if (!varies && !timed && !(flows && points.length === 2)) return null;
  const eighths = points.map((value) => value * EIGHTHS);
  const milliseconds = timed ? t.map((seconds) => Math.round(seconds * 1000)) : null;
  return contours(eighths, width * EIGHTHS, pressure, milliseconds, flows);
}

/** A smooth line. @param {number[]} points @param {string} ink @param {number} width */
function curved(points, ink, width) {
  const chain = through(points);
  /** @type {number[] | undefined} */
  let line;
  return {
    display: [{ path: { ...path(points, ink, width), curved: true } }],
    bounds: inflate(boxOf(chain), width / 2),
    /** @type {Element["hit"]} */
    touches: (x, y, radius) => distance((line ??= stepped(chain)), x, y) <= radius + width / 2,
  };
}

/** What closed chains enclose. @param {number[][]} chains @param {string} ink */
function filled(chains, ink) {
  /** @type {number[][] | undefined} */
  let lines;
  return {
    display: [{ fill: { contours: chains, color: ink, evenOdd: false, curved: true } }],
    bounds: chains.map(boxOf).reduce(union),
    /** @type {Element["hit"]} */
    touches: (x, y, radius) => {
      lines ??= chains.map(stepped);
      return (
        lines.some((way) => distance(way, x, y) <= radius) ||
        lines.reduce((sum, way) => sum + winding(way, x, y), 0) !== 0
      );
    },
  };
}

/** @param {any} fields */
function line(fields) {
  const points = turned(placed(track(fields.points, 2, 1000), fields), fields);
  const style = pen(fields);
  if (!points || !style) return null;
  const shaft = { ...path(points, style.ink, style.width), dash: pattern(fields.dash, style.width, points) };
  const tip = fields.kind === "arrow" ? head(points, style.width) : null;
  const bound = boundTo(fields);
  return {
    points,
    ...(bound.length ? { bound } : {}),
    color: style.ink,
    width: style.width,
    ...drawn(tip ? [shaft, path(tip, style.ink, style.width)] : [shaft]),
  };
}

/** @param {any} fields */
function shape(fields) {
  const box = placed(corners(fields.box), fields);
  const style = pen(fields);
  const affine = box && affineOf(fields, box, cornersOf(box));
  if (!box || !style || affine === undefined) return null;
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
  if (affine) way = mapped(affine, way);
  const outline = { ...path(way, style.ink, style.width), dash: pattern(fields.dash, style.width, way), fill };
  const round = fields.kind === "ellipse";
  const made = {
    color: style.ink,
    width: style.width,
    ...drawn([outline]),
    outline: { box, affine, edge: style.width / 2, round },
  };
  if (x0 === x1 || y0 === y1 || !isText(fields.text)) return made;
  const size = (between(fields.size, 1, MAX_SIZE) ? fields.size : USUAL_SIZE) / EIGHTHS;
  const letters = color(fields.ink) ?? (style.ink === fill ? readable(fill) : style.ink);
  const words = inside(fields.text, size, letters, box, style.width, matrixOf(fields.transform), round);
  return {
    ...made,
    display: [...made.display, ...words.runs],
    bounds: union(made.bounds, words.affine ? around(mapped(words.affine, cornersOf(words.box))) : words.box),
    /** @type {Element["hit"]} */
    touches: (x, y, radius) => made.touches(x, y, radius) || touchesBox(words.affine, words.box, x, y, radius),
  };
}

/** The points of each contour, in eighths; null when they are none, or too many. @param {any} values */
function tracks(values) {
  if (!Array.isArray(values) || !values.length || values.length > MAX_POINTS) return null;
  const found = [];
  let left = MAX_POINTS;
  for (const value of values) {
    const points = track(value, 1, left);
    if (!points) return null;
    found.push(points);
    left -= points.length / 2;
  }
  return found;
}

/** @param {any} fields */
function area(fields) {
  const found = tracks(fields.contours);
  const points = turned(placed(found?.flat() ?? null, fields), fields);
  const fill = color(fields.fill);
  const style = pen(fields);
  if (!found || !points || (!fill && !style)) return null;
  let start = 0;
  const parts = found.map((one) => points.slice(start, (start += one.length)));
  const closed = parts.map((one) => (one.length > 2 ? [...one, one[0], one[1]] : one));
  const evenOdd = fields.rule === "evenodd";
  /** @type {Primitive[]} */
  const display = fill ? [{ fill: { contours: parts, color: fill, evenOdd, curved: false } }] : [];
  if (style) {
    for (const way of closed) {
      const dash = pattern(fields.dash, style.width, way);
      display.push({ path: { ...path(way, style.ink, style.width), dash } });
    }
  }
  const half = style ? style.width / 2 : 0;
  return {
    color: style?.ink,
    width: style?.width,
    display,
    bounds: inflate(around(points), half),
    /** @type {Element["hit"]} */
    touches: (x, y, radius) => {
      if (closed.some((way) => distance(way, x, y) <= radius + half)) return true;
      if (!fill) return false;
      const turns = closed.reduce((sum, way) => sum + winding(way, x, y), 0);
      return evenOdd ? turns % 2 !== 0 : turns !== 0;
    },
  };
}

/** @param {any} words */
const isText = (words) => typeof words === "string" && words !== "" && length(words) <= MAX_TEXT;

/** @param {any} fields */
function text(fields) {
  const { text: words, size: high } = fields;
  const at = column(fields.at, -REACH, REACH);
  if (!isText(words) || at?.length !== 2) return null;
  const place = placed(at, fields);
  const ink = color(fields.color);
  if (!place || !ink || !between(high, 1, MAX_SIZE)) return null;
  const size = high / EIGHTHS;
  const [x, y] = place;
  const wrap = between(fields.wrap, 1, REACH) ? fields.wrap / EIGHTHS : 0;
  const rows = wrap ? wrapped(words, (100 * wrap) / size) : shown(words);
  const wide = rows.map((row) => Math.min(advance(row) * size, wrap || Infinity));
  const affine = affineOf(fields, place, place) ?? null;
  const across = wrap || wide.reduce((a, b) => Math.max(a, b), 0);
  const upright = inflate([x, y, x + across, y + LEADING * size * rows.length], MARGIN * size);
  const put = affine ? { affine } : {};
  const display = rows.flatMap((row, i) =>
    row
      ? [{ run: { text: row, x, y: y + (BASELINE + LEADING * i) * size, size, color: ink, width: wide[i], ...put } }]
      : [],
  );
  return {
    color: ink,
    display,
    outline: { box: upright, affine, edge: 0 },
    bounds: affine ? around(mapped(affine, cornersOf(upright))) : upright,
    /** @type {Element["hit"]} */
    touches: (px, py, radius) => touchesBox(affine, upright, px, py, radius),
  };
}

/** @param {any} fields */
function image(fields) {
  const { mime, data } = fields;
  if (mime !== "image/png" && mime !== "image/jpeg") return null;
  if (typeof data !== "string" || data.length > MAX_DATA || data.length % 4 || !BASE64.test(data)) return null;
  const box = placed(corners(fields.box), fields);
  const affine = box && affineOf(fields, box, cornersOf(box));
  if (!box || affine === undefined) return null;
  const flat = box[0] === box[2] || box[1] === box[3];
  return {
    outline: { box, affine, edge: 0 },
    display: flat ? [] : [{ picture: { box, mime, data, ...(affine ? { affine } : {}) } }],
    bounds: affine ? around(mapped(affine, cornersOf(box))) : box,
    /** @type {Element["hit"]} */
    touches: (x, y, radius) => touchesBox(affine, box, x, y, radius),
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
    stroke,
    highlighter: stroke,
    line,
    arrow: line,
    rectangle: shape,
    ellipse: shape,
    area,
    text,
    image,
    page,
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
  const ink = fields.kind !== "page";
  const covers = ink && between(fields.opacity, 1, 100) ? fields.opacity : usual;
  const group = ink && typeof fields.group === "string" && length(fields.group) <= 64 ? fields.group : "";
  const exact = fields.kind === "text" || fields.kind === "image" || fields.kind === "page";
  return {
    ...rest,
    key,
    author,
    seq,
    group,
    kind: fields.kind,
    opacity: covers / 100,
    multiplies: fields.kind === "highlighter",
    hit: (x, y, radius) => {
      const [x0, y0, x1, y1] = inflate(made.bounds, radius);
      return (exact || (x >= x0 && x <= x1 && y >= y0 && y <= y1)) && touches(x, y, radius);
    },
  };
}
