// @ts-check
// How words become lines: which characters are shown, how wide they are, and where a line is broken.
// `ipysketch/model/elements/typeset.py` is its twin, operation by operation.
//
// Rules of this file: pure. The widths come from tables, not from a font, so that lines are the same on every replica.

import { about } from "./transform.js";

/** @typedef {import("./elements.js").TextRun} TextRun */

/** In eighths: the height of the type in a shape that says none. */
export const USUAL_SIZE = 192;
/** From one line to the next, to its baseline, and what hangs over, in parts of the size. */
export const LEADING = 1.25;
export const BASELINE = 0.95;
export const MARGIN = 0.1;
/** Parts of the size that are tried until a text is no higher than its shape. */
const SMALLER = [1, 0.85, 0.7, 0.6, 0.5, 0.4];
/** The sides of the largest rectangle in an ellipse, in parts of its own. */
const INSCRIBED = Math.SQRT1_2;
// What is wide in East Asia, and small pictures; all above U+FFFF too.
const WIDE =
  /[\u1100-\u115f\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{10000}-\u{10ffff}]/u;
/** What belongs to the character before it. */
const JOINED = /[\u0300-\u036f]|\u200d|\u20e3|[\ufe00-\ufe0f]|[\u{1f3fb}-\u{1f3ff}]/u;
const HIDDEN = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu;
const CLOSING = new Set(",.!?:;)]}%”’…、。，．！？：；）」』】〉》ー");
const OPENING = new Set("([{“‘（「『【〈《");
const BROAD = "mwMW@%";
const NARROW = "ijlftI'|.,:;!()[] ";

/** The lines of a text with the characters that are shown. @param {string} text */
export const shown = (text) => text.split("\n").map((line) => line.replaceAll("\t", "    ").replace(HIDDEN, ""));

/** The most that a character is wide, in parts of the size. @param {string} letter */
const most = (letter) => (BROAD.includes(letter) ? 1 : NARROW.includes(letter) ? 0.45 : WIDE.test(letter) ? 1 : 0.75);

/** The most that a line is wide, in parts of the size. @param {string} line */
export const advance = (line) => Array.from(line).reduce((sum, letter) => sum + most(letter), 0);

/** What most fonts come to, in hundredths of the size: lines are broken by this, and condensed where a font has more.
 * @param {string} letter */
function measure(letter) {
  if (BROAD.includes(letter)) return 92;
  if (NARROW.includes(letter)) return 34;
  return letter >= "A" && letter <= "Z" ? 72 : WIDE.test(letter) ? 100 : 60;
}

/** Hundredths of the size. @param {string[]} letters */
const measured = (letters) => letters.reduce((sum, letter) => sum + measure(letter), 0);

/** How wide a line is in most fonts, in parts of the size. @param {string} line */
export const typical = (line) => measured(Array.from(line)) / 100;

/** The lines of a text as they are shown, none wider than `limit` hundredths of the size. @param {string} text
 * @param {number} limit */
export const wrapped = (text, limit) => shown(text).flatMap((line) => broken(Array.from(line), limit));

/** @param {string[]} letters @param {number} limit */
function broken(letters, limit) {
  /** @type {string[]} */
  const parts = [];
  let [start, cut, wide] = [0, 0, 0];
  let before = "";
  for (const [i, letter] of letters.entries()) {
    const joined = before === "\u200d" || JOINED.test(letter);
    if (i > start && mayBreak(before, letter, joined)) cut = i;
    if (letter !== " " && !joined) {
      while (wide + measure(letter) > limit && i > start) {
        const end = cut > start ? cut : i;
        parts.push(letters.slice(start, end).join("").replace(/ +$/, ""));
        start = end;
        wide = measured(letters.slice(start, i));
      }
    }
    wide += measure(letter);
    before = letter;
  }
  return [...parts, letters.slice(start).join("")];
}

/** Whether a line may end after `before` where `letter` follows. @param {string} before @param {string} letter
 * @param {boolean} joined */
function mayBreak(before, letter, joined) {
  if (letter === " " || joined) return false;
  if (before === " ") return true;
  if (CLOSING.has(letter) || OPENING.has(before)) return false;
  return WIDE.test(before) || WIDE.test(letter);
}

/** A colour for words that are seen on `fill`. @param {string} fill */
export function readable(fill) {
  const [red, green, blue] = [1, 3, 5].map((i) => parseInt(fill.slice(i, i + 2), 16));
  return 299 * red + 587 * green + 114 * blue > 140_000 ? "#1a1a1a" : "#ffffff";
}

/**
 * Words as they lie in a shape: in its middle, wrapped, smaller where they would be higher than it is; and the box around
 * them before `affine` turns it.
 * @param {string} words @param {number} size of the type, in board units @param {string} color of the type
 * @param {number[]} box of the shape @param {number} width of its line
 * @param {number[] | null} matrix its transform, with which they are turned, and neither scaled nor mirrored
 * @param {boolean} round whether it is an ellipse
 */
export function inside(words, size, color, [x0, y0, x1, y1], width, matrix, round) {
  const [a, b, c, d] = matrix ?? [1, 0, 0, 1];
  const along = Math.sqrt(a * a + b * b);
  const surface = a * d - b * c;
  const part = round ? INSCRIBED : 1;
  const wide = (x1 - x0) * along * part;
  const high = (((y1 - y0) * Math.abs(surface)) / along) * part;
  const edge = width + size / 2;
  const room = Math.max(wide - edge, size);
  let lines = [""];
  let fit = size;
  for (const smaller of SMALLER) {
    fit = size * smaller;
    lines = wrapped(words, (100 * room) / fit);
    if (lines.length * LEADING * fit <= high - edge) break;
  }
  const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
  let [x, y] = [a / along, b / along];
  if (surface < 0 && a < 0) [x, y] = [-x, -y];
  const affine = x === 1 && y === 0 ? null : about([x, y, -y, x], mx, my);
  const tall = lines.length * LEADING * fit;
  const top = my - tall / 2;
  const put = affine ? { affine } : {};
  /** @type {{run: TextRun}[]} */
  const runs = lines.flatMap((line, i) => {
    const at = { x: mx, y: top + (BASELINE + i * LEADING) * fit };
    const run = { text: line, ...at, size: fit, color, width: Math.min(advance(line) * fit, room), ...put };
    return line ? [{ run: { ...run, middle: true } }] : [];
  });
  return { runs, box: [mx - room / 2, top, mx + room / 2, top + tall], affine };
}
