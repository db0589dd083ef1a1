// @ts-check
// The choices of a toolbar: tools with their keys, colours and widths.

/** @type {[color: string, name: string][]} */
export const SWATCHES = [
  ["#1a1a1a", "black"],
  ["#d62728", "red"],
  ["#e07b00", "orange"],
  ["#f5c518", "yellow"],
  ["#2a8f3c", "green"],
  ["#1f77b4", "blue"],
  ["#7b4fc9", "violet"],
  ["#c2418f", "pink"],
];
/** @type {[width: number, name: string][]} */
export const WIDTHS = [
  [2, "thin"],
  [4, "medium"],
  [8, "thick"],
  [16, "extra"],
];

/** Heights of type. @type {[size: number, name: string][]} */
export const SIZES = [
  [18, "S"],
  [25, "M"],
  [37, "L"],
  [56, "XL"],
];

/** A name, and a key, by tool. @type {Record<string, string[]>} */
export const TOOLS = {
  select: ["Select", "v"],
  hand: ["Hand", "h"],
  pen: ["Pen", "p"],
  highlighter: ["Highlighter", "m"],
  line: ["Line", "l"],
  arrow: ["Arrow", "a"],
  rectangle: ["Rectangle", "r"],
  ellipse: ["Ellipse", "o"],
  text: ["Text", "t"],
  eraser: ["Eraser", "e"],
  cutter: ["Part eraser", "x"],
  laser: ["Laser pointer", "k"],
};

const TINT = 0.72;

/** Return a light shade of `#rrggbb`, for the inside of shapes. */
export const tint = (/** @type {string} */ color) =>
  "#" +
  [1, 3, 5]
    .map((i) => {
      const value = parseInt(color.slice(i, i + 2), 16);
      return Math.round(value + (255 - value) * TINT)
        .toString(16)
        .padStart(2, "0");
    })
    .join("");
