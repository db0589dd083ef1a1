// @ts-check
// The style of new ink, and of what is selected.
//
// Rules of this file: pure. Lengths of styles are board units, those of fields eighths.

import { BOX_KINDS as BOXES, TWO_POINT_KINDS as SHAPES, inkFields } from "../canvas/live_ink.js";
import { USUAL_SIZE as SHAPE_SIZE } from "../model/typeset.js";
import { tint } from "../canvas/palette.js";
import { EIGHTHS } from "./effects.js";

/**
 * @typedef {import("../board/types").Style} Style
 * @typedef {import("../board/types").Fields} Fields
 * @typedef {import("../board/types").Element} Element
 */

const LINED = ["stroke", "highlighter", ...SHAPES, "area"];
/** Tools that change no drawing, so that viewers may use them. */
export const HARMLESS = ["select", "laser", "hand"];
/** Tools that use the chosen colour. */
export const COLORED = ["pen", "highlighter", ...SHAPES, "text", "note", "laser"];
/** A highlighter is this many times as broad as a pen of the same width. */
const HIGHLIGHTER_WIDTH = 4;
const HIGHLIGHTER_OPACITY = 40;
const MAX_WIDTH = 1600;
const MAX_SIZE = 8000;
const COLOR = /^#[0-9a-f]{6}$/i;

/** The height of type where a style says none, in board units. */
const USUAL_SIZE = 25;

/** The height of type of a style, in eighths. @param {Partial<Style>} style */
export const sizeOf = ({ size }) => Math.max(1, Math.min(MAX_SIZE, Math.round((size || USUAL_SIZE) * EIGHTHS)));

/** Return the fields that a style gives to a new element of `kind`. @param {string} kind @param {Style} style */
export function styleFields(kind, style) {
  const { width, ...fields } = inkFields(kind, style);
  return kind === "text" ? { ...fields, size: sizeOf(style) } : { ...fields, width };
}

/** Return the fields of a note without its words: a box of a light shade, with dark letters. @param {Style} style
 * @param {number[]} box */
export function noteFields(style, box) {
  const [color, fill, size] = [style.color, tint(style.color), sizeOf(style)];
  const opacity = style.opacity ? { opacity: style.opacity } : {};
  return { kind: "rectangle", box, color, fill, width: EIGHTHS, size, ink: "#1a1a1a", ...opacity };
}

/** Return what a patch of an element has to be so that it has `changes`, without what it has already or its kind has not.
 * @param {Fields} fields @param {Partial<Style>} changes */
export function restyled(fields, changes) {
  const { kind } = fields;
  let { color, width, fill, dash, opacity, even, size } = changes;
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
  if (size !== undefined && (kind === "text" || (BOXES.includes(kind) && fields.text))) wanted.size = sizeOf({ size });
  if (width !== undefined && LINED.includes(kind)) {
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
function styleOf({ kind, color, width, size, text, fill, dash, opacity, look }) {
  /** @type {Partial<Style>} */
  const style = { opacity: opacity ?? 0 };
  if (typeof color === "string") style.color = color;
  if (text) style.size = (typeof size === "number" ? size : SHAPE_SIZE) / EIGHTHS;
  if (typeof width === "number") style.width = width / EIGHTHS / (kind === "highlighter" ? HIGHLIGHTER_WIDTH : 1);
  if (kind === "stroke") style.even = look !== "flow";
  if (BOXES.includes(kind) || kind === "area") style.fill = fill ?? "";
  if (SHAPES.includes(kind) || kind === "area") style.dash = dash ?? "";
  return style;
}
