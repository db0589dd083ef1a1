// @ts-check
// Keys while the board has the focus. What is not one of ours stays the browser's; in a notebook, a command (Ctrl+S) goes
// on to the front end, past the paper, and a letter to nobody: it would be one of the notebook's.

import { TOOLS } from "../canvas/palette.js";
import { letterOf } from "../editing/keys.js";
import { showKeys } from "./help.js";
import { HARMLESS } from "../editing/style.js";

const TOOL_OF_KEY = Object.fromEntries(Object.entries(TOOLS).map(([tool, [, key]]) => [key, tool]));

/**
 * Handle a key of the board; true when it was one of ours.
 * @param {import("./surface.js").Surface} surface @param {KeyboardEvent} event
 * @param {(event: KeyboardEvent) => boolean} crosshair
 */
export function handleKey(surface, event, crosshair) {
  const { board, editor, popups } = surface;
  const key = letterOf(event);
  const plain = !event.altKey && !event.ctrlKey && !event.metaKey;
  if (key === "escape") {
    if (popups.isOpen()) popups.close(true);
    else if (editor.busy || editor.selection.keys.length || !board.following) editor.key(event);
    else board.follow("");
    crosshair(event);
    return true;
  }
  if (/** @type {Element} */ (event.target).closest("button") && (key === "enter" || key === " ")) return false;
  if (crosshair(event)) return true;
  const tool = plain && !event.shiftKey ? TOOL_OF_KEY[key] : "";
  if (tool && !board.can.draw && !HARMLESS.includes(tool)) return true;
  if (editor.key(event)) return true;
  if (!plain) return false;
  if (key === "?") showKeys(surface);
  else if (key === "f") surface.fullScreen();
  else if (key === "g") surface.toggleGrid();
  else if (key === "pageup") surface.step(-1);
  else if (key === "pagedown") surface.step(1);
  else if (tool) editor.choose({ tool: /** @type {any} */ (tool) });
  else return false;
  return true;
}

/** Listen for keys of a board. @param {import("./surface.js").Surface} surface @param {(event: KeyboardEvent) => boolean} crosshair */
export function listenToKeys(surface, crosshair) {
  const { root, host, signal } = surface;
  const place = host.kind === "page" ? document : root;
  place.addEventListener(
    "keydown",
    (/** @type {any} */ event) => {
      const target = /** @type {Element | null} */ (event.target);
      if (target?.matches?.("textarea, input, select, dialog *")) return; // They handle their own.
      if (
        target?.closest?.("[role=toolbar], [role=menu], [role=separator], .ipysketch-map") &&
        /^(Arrow|Home|End|Tab)/.test(event.key)
      )
        return;
      if (handleKey(surface, event, crosshair)) {
        event.preventDefault();
        event.stopPropagation();
      } else if (host.kind === "widget") {
        if (target?.closest?.("button") && ["Enter", " ", "Tab"].includes(event.key)) return;
        event.stopPropagation();
        // The clipboard's keys are told as events of the clipboard.
        if ((event.ctrlKey || event.metaKey) && !["c", "x", "v"].includes(letterOf(event))) passOn(event, root);
      }
    },
    { capture: true, signal },
  );
  // What an island let through is not the notebook's either.
  if (host.kind === "widget") root.addEventListener("keydown", (event) => event.stopPropagation(), { signal });
}

/** Give a command to the front end. @param {KeyboardEvent} event @param {HTMLElement} root */
function passOn(event, root) {
  const again = new KeyboardEvent("keydown", event);
  root.parentElement?.dispatchEvent(again);
  if (again.defaultPrevented) event.preventDefault();
}
