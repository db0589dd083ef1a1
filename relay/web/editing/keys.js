// @ts-check
// Keys of the board, as what an editor does. A front end asks it first, and keeps the rest.

import { TOOLS } from "../canvas/palette.js";

/**
 * @typedef {import("../board/types").Command} Command
 * @typedef {import("../board/types").ToolName} ToolName
 * @typedef {{board: import("../board/types").Board, editor: import("../board/types").Editor}} Parts
 */

/** @type {Record<string, string>} */
const TOOL_OF_KEY = Object.fromEntries(Object.entries(TOOLS).map(([tool, [, key]]) => [key, tool]));
/** @type {Record<string, Command>} */
const PLAIN = {
  delete: "delete",
  backspace: "delete",
  "]": "front",
  "[": "back",
  arrowleft: "left",
  arrowright: "right",
  arrowup: "up",
  arrowdown: "down",
  enter: "edit",
  i: "picture",
};
/** @type {Record<string, Command>} */
const WITH_CONTROL = { d: "duplicate", a: "all", g: "group", "]": "forward", "[": "backward" };
/** @type {Record<string, Command>} */
const WITH_CONTROL_AND_SHIFT = { g: "ungroup", l: "lock" };
/** @type {Record<string, Command>} */
const WITH_SHIFT = { h: "flip-x", v: "flip-y" };

/** The letter of a key, also on a keyboard of another script. @param {KeyboardEvent} event */
export function letterOf(event) {
  const key = event.key.toLowerCase();
  if (key.length !== 1 || key.charCodeAt(0) < 128) return key;
  return /^Key[A-Z]$/.test(event.code ?? "") ? event.code.slice(3).toLowerCase() : key;
}

/** Do what a key asks for; false when it is none of the editor's. @param {KeyboardEvent} event @param {Parts} parts */
export function handleKey(event, { board, editor }) {
  const key = letterOf(event);
  if (event.altKey) return false;
  if (event.ctrlKey || event.metaKey) return withControl(key, event.shiftKey, board, editor);
  if (key === "contextmenu" || (key === "f10" && event.shiftKey)) return done(editor.openMenu());
  if (event.shiftKey && WITH_SHIFT[key]) return act(editor, WITH_SHIFT[key]);
  if (event.shiftKey && event.code === "Digit1") return done(editor.viewport.fitAll());
  if (event.shiftKey && event.code === "Digit0") return done(editor.viewport.fit());
  switch (key) {
    case "escape":
      editor.escape();
      editor.act("none");
      return true;
    case "0":
      return done(editor.viewport.fit());
    case "+":
    case "=":
      return done(editor.viewport.zoomBy(1.25));
    case "-":
      return done(editor.viewport.zoomBy(0.8));
  }
  if (PLAIN[key]) return act(editor, PLAIN[key]);
  const tool = event.shiftKey ? undefined : TOOL_OF_KEY[key];
  return tool ? done(editor.choose({ tool: /** @type {ToolName} */ (tool) })) : false;
}

/** @param {string} key @param {boolean} shift @param {Parts["board"]} board @param {Parts["editor"]} editor */
function withControl(key, shift, board, editor) {
  if (key === "z") return done(shift ? board.redo() : board.undo());
  if (key === "y") return done(board.redo());
  if (shift && WITH_CONTROL_AND_SHIFT[key]) {
    const command = WITH_CONTROL_AND_SHIFT[key];
    return act(editor, command === "lock" && editor.selection.locked ? "unlock" : command);
  }
  return WITH_CONTROL[key] && !shift ? act(editor, WITH_CONTROL[key], true) : false;
}

/** @param {Parts["editor"]} editor @param {Command} command @param {boolean} [always] whether nobody else may have the key */
function act(editor, command, always = false) {
  if (!editor.commands.has(command)) return always;
  editor.act(command);
  return true;
}

/** @param {unknown} _ */
const done = (_) => true;
