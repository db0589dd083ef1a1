// @ts-check
// One line about what the hand can do now.

/** @type {Record<string, string>} */
const HINTS = {
  pen: "Draw. Hold Shift for a straight line",
  highlighter: "Draw over what matters. Hold Shift for a straight line",
  line: "Drag. Hold Shift for multiples of 15°",
  arrow: "Drag to where it points. Hold Shift for multiples of 15°",
  rectangle: "Drag. Hold Shift for a square, Alt to begin in the middle",
  ellipse: "Drag. Hold Shift for a circle, Alt to begin in the middle",
  text: "Click to type. Drag to say how wide it may be",
  note: "Click to put a note there and type",
  eraser: "Drag over what is to go. Esc gives it back",
  cutter: "Drag over the parts of strokes that are to go. Esc gives them back",
  laser: "Point at something. It fades away",
  hand: "Drag to move around",
  select: "Click or drag a box. Alt-drag for a lasso. Double-click to write",
};
const SELECTED = "Drag to move, with Alt for a copy, with Ctrl to line up. Handles: Shift keeps the ratio";

/** @param {string} tool @param {import("../board/types").Selection} selection */
export const hintOf = (tool, selection) =>
  tool === "select" && selection.keys.length ? SELECTED : (HINTS[tool] ?? "");
