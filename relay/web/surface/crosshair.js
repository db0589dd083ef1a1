// @ts-check
// Drawing by keyboard: arrows move a cross-hair, Enter puts the pen down and lifts it, and writes where the tool is text.
//
// Rules of this file: what the cross-hair does is done by pointer events, so it can do all that a pointer can.

import { create } from "./nodes.js";

const STEP = 4;
const FAR = 10;
/** No pointer of a browser has such a number. */
const POINTER = 1 << 30;
/** @type {Record<string, number[]>} */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {import("./surface.js").Surface} surface @param {HTMLElement} overlay receives pointers
 * @param {(words: string) => void} speak */
export function createCrosshair({ board, editor, say, layer, signal }, overlay, speak) {
  const node = create("div", "cross", { "aria-hidden": "true" });
  node.hidden = true;
  layer.append(node);
  let [x, y] = [board.width / 2, board.height / 2];
  let down = false;

  const place = () => {
    const at = editor.viewport.toPixels(x, y);
    const box = layer.getBoundingClientRect();
    node.style.left = `${at.clientX - box.left}px`;
    node.style.top = `${at.clientY - box.top}px`;
    return at;
  };
  const point = (/** @type {string} */ type) => {
    const { clientX, clientY } = place();
    const pressed = type !== "pointerup" && down;
    const init = {
      pointerId: POINTER,
      pointerType: "mouse",
      isPrimary: true,
      bubbles: true,
      cancelable: true,
      clientX,
      clientY,
    };
    overlay.dispatchEvent(
      new PointerEvent(type, {
        ...init,
        buttons: pressed ? 1 : 0,
        button: type === "pointermove" ? -1 : 0,
        pressure: pressed ? 0.5 : 0,
      }),
    );
  };
  const hide = () => {
    node.hidden = true;
    down = false;
  };
  overlay.addEventListener("pointermove", (event) => event.isTrusted && !down && hide(), { signal });
  overlay.addEventListener("pointerdown", (event) => event.isTrusted && hide(), { signal });
  overlay.addEventListener("blur", () => !down && hide(), { signal });
  editor.addEventListener("view", () => place(), { signal });

  /** Handle a key of the board; false where it is not one of the cross-hair's. @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.target !== overlay || event.ctrlKey || event.metaKey || event.altKey) return false;
    const way = WAYS[event.key];
    if (way && (down || !editor.selection.keys.length)) {
      const step = STEP * (event.shiftKey ? FAR : 1);
      if (!node.hidden) {
        x = Math.min(board.width, Math.max(0, x + way[0] * step));
        y = Math.min(board.height, Math.max(0, y + way[1] * step));
      }
      node.hidden = false;
      point("pointermove");
      speak(say("cross.at", { x: Math.round(x), y: Math.round(y) }));
      return true;
    }
    if (event.key === "Escape") {
      hide();
      return false;
    }
    if (event.key !== "Enter" || (editor.selection.keys.length && !down)) return false;
    const types = editor.tool === "text" || editor.tool === "note";
    if (node.hidden && !types) return false;
    if (types) {
      hide();
      editor.startText(x, y);
    } else if (board.can.draw || editor.tool === "select") {
      down = !down;
      point(down ? "pointerdown" : "pointerup");
      speak(say(down ? "cross.down" : "cross.up"));
    }
    return true;
  };
  return { key };
}
