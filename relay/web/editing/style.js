// @ts-check
// The style of new ink, and of what is selected.
//
// Rules of this file: pure. Lengths of styles are board units, those of fields eighths.

import { EIGHTHS } from "./effects.js";

/**
 * @typedef {import("../board/types").Style} Style
 * @typedef {import("../board/types").Fields} Fields
 * @typedef {import("../board/types").Element} Element
 */

export const SHAPES = ["line", "arrow", "rectangle", "ellipse"];
const BOXES = ["rectangle", "ellipse"];
const LINED = ["stroke", "highlighter", ...SHAPES, "area"];
/** Tools that change no drawing, so that viewers may use them. */
export const HARMLESS = ["select", "laser", "hand"];
/** Tools that use the chosen colour. */
export const COLORED = ["pen", "highlighter", ...SHAPES, "text", "laser"];
/** A highlighter is this many times as broad as a pen of the same width. */
const HIGHLIGHTER_WIDTH = 4;
const HIGHLIGHTER_OPACITY = 40;
const MAX_WIDTH = 1600;
const MAX_SIZE = 8000;
const COLOR = /^#[0-9a-f]{6}$/i;

/** The height of type that goes with a width, both in board units; `Style.text_size` in Python is its twin.
 * @param {number} width */
export const textSize = (width) => Math.round(8 + 6 * width ** 0.75);
/** The width that goes with a height of type. @param {number} size */
const widthOfText = (size) => Math.round((Math.max(0, size - 8) / 6) ** (4 / 3) * 8) / 8;

/** Return the fields that a style gives to a new element of `kind`. @param {string} kind @param {Style} style */
export function styleFields(kind, style) {
  /** @type {Fields} */
  const fields = { kind, color: style.color };
  if (kind === "text") fields.size = textSize(style.width) * EIGHTHS;
  else fields.width = Math.round(style.width * EIGHTHS * (kind === "highlighter" ? HIGHLIGHTER_WIDTH : 1));
  if (kind === "stroke") fields.look = style.even ? "even" : "flow";
  if (style.fill && BOXES.includes(kind)) fields.fill = style.fill;
  if (style.dash && SHAPES.includes(kind)) fields.dash = style.dash;
  if (style.opacity) fields.opacity = style.opacity;
  return fields;
}

/** Return what a patch of an element has to be so that it has `changes`, without what it has already or its kind has not.
 * @param {Fields} fields @param {Partial<Style>} changes */
export function restyled(fields, changes) {
  const { kind } = fields;
  let { color, width, fill, dash, opacity, even } = changes;
  /** @type {Fields} */
  const wanted = {};
  if (kind === "area" && !COLOR.test(fields.color ?? "")) {
    // Without a line around it, its colour is the one inside; a width alone is nothing to see.
    fill ||= color;
    color = width = dash = undefined;
    if (!fill) fill = undefined;
  }
  if (opacity !== undefined) {
    wanted.opacity = opacity || (kind === "highlighter" ? HIGHLIGHTER_OPACITY : 100);
  }
  if (color !== undefined && kind !== "image" && COLOR.test(color)) wanted.color = color.toLowerCase();
  if (width !== undefined && kind === "text") wanted.size = Math.min(MAX_SIZE, textSize(width) * EIGHTHS);
  else if (width !== undefined && LINED.includes(kind)) {
    const factor = kind === "highlighter" ? HIGHLIGHTER_WIDTH : 1;
    wanted.width = Math.max(1, Math.min(MAX_WIDTH, Math.round(width * EIGHTHS * factor)));
  }
  if (dash !== undefined && (SHAPES.includes(kind) || kind === "area")) wanted.dash = dash || null;
  if (fill !== undefined && (BOXES.includes(kind) || kind === "area")) wanted.fill = fill || null;
  if (even !== undefined && kind === "stroke") wanted.look = even ? "even" : "flow";
  /** @type {Fields} */
  const now = { opacity: kind === "highlighter" ? HIGHLIGHTER_OPACITY : 100, dash: null, fill: null, ...fields };
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => now[name] !== value));
}

/** Return the style that elements have in common: "mixed" where they differ, and nothing where none has any.
 * @param {Fields[]} all */
export function commonStyle(all) {
  /** @type {{[Name in keyof Style]?: Style[Name] | "mixed"}} */
  const common = {};
  for (const fields of all) {
    for (const [name, value] of Object.entries(styleOf(fields))) {
      const known = /** @type {any} */ (common)[name];
      /** @type {any} */ (common)[name] = known === undefined || known === value ? value : "mixed";
    }
  }
  return common;
}

/** @param {Fields} fields @returns {Partial<Style>} */
function styleOf({ kind, color, width, size, fill, dash, opacity, look }) {
  /** @type {Partial<Style>} */
  const style = { opacity: opacity ?? 0 };
  if (typeof color === "string") style.color = color;
  if (kind === "text" && typeof size === "number") style.width = widthOfText(size / EIGHTHS);
  else if (typeof width === "number") style.width = width / EIGHTHS / (kind === "highlighter" ? HIGHLIGHTER_WIDTH : 1);
  if (kind === "stroke") style.even = look !== "flow";
  if (BOXES.includes(kind) || kind === "area") style.fill = fill ?? "";
  if (SHAPES.includes(kind) || kind === "area") style.dash = dash ?? "";
  return style;
}
