// @ts-check
// Texts that are being typed: where they begin, which one is changed, and what becomes of them.

import { EIGHTHS } from "./effects.js";
import { textSize } from "./style.js";
import { TextField } from "./text_field.js";
import { topmost } from "./tools/selector.js";

/**
 * @typedef {object} Parts
 * @property {import("../board/types").Board} board
 * @property {HTMLElement} el covers the paper
 * @property {import("./gestures.js").Gestures} gestures
 * @property {import("../board/types").View} view
 * @property {() => import("../board/types").Style} style
 * @property {(effects: import("./effects.js").Effect[]) => void} apply
 * @property {() => void} changed is called when a text began or ended
 */

export class Typing {
  #parts;
  /** @type {TextField | null} */
  #field = null;
  /** The element that is changed, which the field hides; "" for a new one. */
  key = "";

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  get open() {
    return this.#field !== null;
  }

  /** A click with the text tool: it changes the text that is there, or begins one. @param {number[]} _from @param {number[]} to */
  place(_from, [x, y]) {
    const hit = topmost(this.#parts.board.elements, x, y, 0);
    if (hit?.kind === "text") this.edit(hit.key);
    else this.start(x, y);
  }

  /** @param {number[]} place @param {number} reach */
  doubleClick([x, y], reach) {
    const hit = topmost(this.#parts.board.elements, x, y, reach);
    if (hit?.kind === "text") this.edit(hit.key);
    else if (!hit) this.start(x, y);
  }

  /** Begin a text, its upper left corner at (x, y). @param {number} x @param {number} y */
  start(x, y) {
    const { gestures, style } = this.#parts;
    this.#open("", x, y, { color: style().color, size: textSize(style().width) }, "", (text) =>
      gestures.typeText(x, y, text, style()),
    );
  }

  /** Change a text where it is. @param {string | undefined} key */
  edit(key) {
    const { board, gestures } = this.#parts;
    const fields = key ? board.entry(key)?.fields : undefined;
    if (!key || fields?.kind !== "text" || fields.lock === true) return;
    const { at, text, color, size, offset = [0, 0] } = fields;
    const [x, y] = [(at[0] + offset[0]) / EIGHTHS, (at[1] + offset[1]) / EIGHTHS];
    this.#open(key, x, y, { color, size: size / EIGHTHS }, text, (now) => gestures.rewrite(key, now));
    gestures.selector.chosen = [key];
  }

  /**
   * @param {string} key @param {number} x @param {number} y @param {{color: string, size: number}} style @param {string} before
   * @param {(text: string) => import("./effects.js").Effect[]} typed
   */
  #open(key, x, y, style, before, typed) {
    const { board, el, view, apply, changed } = this.#parts;
    if (!board.can.draw) return;
    this.end();
    const { clientX, clientY } = view.toPixels(x, y);
    const closed = (/** @type {string | null} */ text) => {
      this.#field = null;
      this.key = "";
      if (text !== null) apply(typed(text));
      changed();
    };
    this.key = key;
    this.#field = new TextField(el, style, [clientX, clientY], closed, before);
    changed();
  }

  /** Have a text that is typed, and is a new one, look as the style is now. */
  restyle() {
    const { color, width } = this.#parts.style();
    this.#field?.restyle({ color, size: textSize(width) });
  }

  /** End it; false where nothing is typed. @param {boolean} [keep] whether what was typed counts */
  end(keep = true) {
    if (!this.#field) return false;
    this.#field.end(keep);
    return true;
  }
}
