// @ts-check
// What a hand can choose: tools with their keys, colours, widths, and the pictures on the buttons.

export const SWATCHES = [
  ["#1a1a1a", "black"], ["#d62728", "red"], ["#e07b00", "orange"], ["#b8860b", "ochre"],
  ["#2a8f3c", "green"], ["#1f77b4", "blue"], ["#7b4fc9", "violet"], ["#c2418f", "pink"],
];
export const WIDTHS = [[2, "fine"], [4, "medium"], [8, "broad"], [16, "very broad"]];

export const TOOLS = {
  select: ["Select", "v", ": click, or draw a box; drag to move"], pen: ["Pen", "p"], highlighter: ["Highlighter", "h"],
  line: ["Line", "l"], arrow: ["Arrow", "a"], rectangle: ["Rectangle", "r"], ellipse: ["Ellipse", "o"],
  text: ["Text", "t", ": click where it begins"], eraser: ["Eraser", "e", ": removes whole elements"],
  cutter: ["Part eraser", "x", ": cuts strokes"], laser: ["Laser pointer", "k", ": fades, is not kept"],
};

const TINT = 0.72;

// A light shade of #rrggbb, for the inside of shapes.
export const tint = (/** @type {string} */ color) => "#" + [1, 3, 5].map((i) => {
  const value = parseInt(color.slice(i, i + 2), 16);
  return Math.round(value + (255 - value) * TINT).toString(16).padStart(2, "0");
}).join("");

const path = (/** @type {string} */ d) => `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="${d}"/></svg>`;
export const ICONS = {
  pen: path("M3.5 16.5l1-4L13.6 3.4a1.5 1.5 0 0 1 2.1 0l.9.9a1.5 1.5 0 0 1 0 2.1L7.5 15.5zM11.8 5.2l3 3"),
  select: path("M4 3l11.5 5.2-4.8 1.7-2 4.9z"),
  highlighter: path("M3 16.5h14M6.5 13.5l-1-3L12 4l4 4-6.5 6.5zM5.5 10.5l4 4"),
  line: path("M4 16L16 4"),
  arrow: path("M4 16L16 4M9 4h7v7"),
  rectangle: path("M3.5 5h13v10h-13z"),
  ellipse: path("M10 4.5c4 0 7 2.4 7 5.5s-3 5.5-7 5.5-7-2.4-7-5.5 3-5.5 7-5.5z"),
  text: path("M4.5 6V4.5h11V6M10 4.5v11M7.5 15.5h5"),
  eraser: path("M8.2 16.5h8.3M3.4 12.1l7.9-7.9a1.5 1.5 0 0 1 2.1 0l3 3a1.5 1.5 0 0 1 0 2.1l-7.2 7.2H7L3.4 14.2a1.5 1.5 0 0 1 0-2.1zM7.6 7.9l5.1 5.1"),
  cutter: path("M5.5 13a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM14.5 13a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM6.7 13.4L14 3.5M13.3 13.4L6 3.5"),
  laser: path("M4 16l5-5M12.5 7.5m-1.6 0a1.6 1.6 0 1 0 3.2 0 1.6 1.6 0 1 0-3.2 0M12.5 2.5v1.6M12.5 10.9v1.6M7.5 7.5h1.6M15.9 7.5h1.6M9 4l1.1 1.1M14.9 9.9L16 11M16 4l-1.1 1.1"),
  remove: path("M5 5l10 10M15 5L5 15"),
  duplicate: path("M7.5 7.5h9v9h-9zM4.5 12.5h-1v-9h9v1"),
  front: path("M7 7h9.5v9.5H7zM3.5 12V3.5H12M10 11.5l1.8-1.8 1.8 1.8M11.8 10v4.5"),
  back: path("M7 7h9.5v9.5H7zM3.5 12V3.5H12M10 12.5l1.8 1.8 1.8-1.8M11.8 14V9.5"),
  undo: path("M7.5 4L4 7.5 7.5 11M4 7.5h7.5a4.25 4.25 0 0 1 0 8.5H8"),
  redo: path("M12.5 4L16 7.5 12.5 11M16 7.5H8.5a4.25 4.25 0 0 0 0 8.5H12"),
  previous: path("M12 4.5L6.5 10l5.5 5.5"), next: path("M8 4.5l5.5 5.5L8 15.5"), add: path("M10 4v12M4 10h12"),
  grid: path("M3.5 3.5h13v13h-13zM3.5 8h13M3.5 12.2h13M8 3.5v13M12.2 3.5v13"),
  clear: path("M4 5.5h12M8 5.5V4h4v1.5M5.5 5.5l.8 10.5h7.4l.8-10.5M8.5 8.5v5M11.5 8.5v5"),
};
