// @ts-check
// A field on the board to type a text in.

import { BOARD } from "../canvas/live_ink.js";

/** Characters of one text, as `MAX_TEXT` in Python. */
const MAX_TEXT = 10_000;
/** Where its style is chosen. */
const STYLING = ".ipysketch-ink, .ipysketch-style *";

/** @typedef {{wrap?: number, most?: number, middle?: boolean, always?: boolean}} Room how wide its lines are, or may be at most, in board units;
 *   with `middle` the place is its middle, and the lines are centred; with `always` no words count too */

export class TextField {
  #el;
  #room;
  #field = document.createElement("textarea");
  #before;
  #closed;
  #done = false;
  #size;

  /**
   * Open it. Enter and Escape end it, Shift+Enter begins a line. What was typed counts; where nothing is, Escape leaves all
   * as it was.
   * @param {HTMLElement} el covers the paper
   * @param {{color: string, size: number}} style in board units
   * @param {number[]} place of its corner, in pixels of the web page
   * @param {(text: string | null) => void} closed is called with the text, "" where there is none, or null where it was given
   *   up or is as it was
   * @param {string} [before] the text to change
   * @param {Room} [room]
   */
  constructor(el, style, [clientX, clientY], closed, before = "", room = {}) {
    this.#el = el;
    this.#room = room;
    this.#before = before;
    this.#closed = closed;
    this.#size = style.size;
    const field = this.#field;
    field.className = "ipysketch-typed";
    // It lies on the text that it changes, which is not shown meanwhile.
    field.value = before;
    field.rows = 1;
    field.dir = "auto";
    field.spellcheck = false;
    field.maxLength = MAX_TEXT;
    field.setAttribute("aria-label", "Text on the board");
    const desk = /** @type {HTMLElement} */ (el.closest(".ipysketch-desk"));
    const box = desk.getBoundingClientRect();
    Object.assign(field.style, {
      left: `${clientX - box.left}px`,
      top: `${clientY - box.top}px`,
      lineHeight: "1.25",
    });
    if (room.middle) Object.assign(field.style, { textAlign: "center", transform: "translate(-50%, -50%)" });
    field.addEventListener("input", () => this.#fit());
    // Who chooses a style for it types on, before the next key.
    field.addEventListener("blur", ({ relatedTarget }) =>
      /** @type {Element | null} */ (relatedTarget)?.matches(STYLING)
        ? queueMicrotask(() => field.focus({ preventScroll: true }))
        : this.end(true),
    );
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing) return; // Both keys are for what is being composed.
      if (event.key === "Escape") this.end(field.value.trim() !== "");
      else if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        this.end(true);
      }
    });
    desk.append(field);
    this.restyle(style);
    field.focus({ preventScroll: true });
  }

  /** @param {{color: string, size: number}} style in board units */
  restyle({ color, size }) {
    this.#size = size;
    this.#field.style.color = color;
    this.#field.style.fontSize = `max(${size * this.#unit}px, var(--least, 0px))`;
    this.#fit();
  }

  /** Pixels of a board unit. */
  get #unit() {
    return this.#el.getBoundingClientRect().width / BOARD.width;
  }

  #fit() {
    const { style } = this.#field;
    const { wrap, most = Infinity } = this.#room;
    const unit = this.#unit;
    style.width = "2ch";
    style.whiteSpace = "pre";
    const wide = wrap ? wrap * unit : Math.min(this.#field.scrollWidth + this.#size * unit, most * unit);
    style.width = `${wide}px`;
    if (wrap || wide === most * unit) Object.assign(style, { whiteSpace: "pre-wrap", overflowWrap: "anywhere" });
    style.height = "auto";
    style.height = `${this.#field.scrollHeight}px`;
  }

  /** @param {boolean} keep whether what was typed counts */
  end(keep) {
    if (this.#done) return;
    this.#done = true;
    const text = this.#field.value.trim() && this.#field.value;
    this.#field.remove();
    this.#closed(keep && (this.#room.always || text !== this.#before) ? text : null);
    this.#el.focus({ preventScroll: true });
  }
}
