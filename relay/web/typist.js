// @ts-check
// Typing on the board.

import { BOARD } from "./wet.js";

/** Characters that one text may have: as `MAX_TEXT` in Python. */
const MOST = 10_000;

/** The height of type of a width, in board units: as `Style.text_size` in Python. @param {number} width */
export const textSize = (width) => Math.round(8 + 6 * width ** 0.75);

/**
 * A field on the board to type a text in. Enter ends it, Shift+Enter begins a line, Escape gives it up.
 * @param {HTMLElement} el covers the paper
 * @param {{color: string, width?: number, size?: number}} style its size is in board units, or comes from the width
 * @param {number[]} place where it begins, in pixels of the page
 * @param {(text: string) => void} typed is told the text; "" only where there was another
 * @param {string} [before] the text to change
 */
export function typist(el, style, [clientX, clientY], typed, before = "") {
  const desk = /** @type {HTMLElement} */ (el.closest(".ipysketch-desk"));
  const box = desk.getBoundingClientRect();
  const shown = el.getBoundingClientRect();
  const size = ((style.size ?? textSize(style.width ?? 4)) * shown.width) / BOARD.width;
  const field = document.createElement("textarea");
  field.className = "ipysketch-typed";
  // It lies on what it changes, and hides it.
  field.classList.toggle("ipysketch-changed", before !== "");
  field.value = before;
  field.rows = 1;
  field.spellcheck = false;
  field.maxLength = MOST;
  field.setAttribute("aria-label", "Text on the board");
  Object.assign(field.style, {
    left: `${clientX - box.left}px`, top: `${clientY - box.top}px`, color: style.color,
    fontSize: `${size}px`, lineHeight: "1.25",
  });
  const fit = () => {
    field.style.width = "2ch";
    field.style.width = `${field.scrollWidth + size}px`;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  let done = false;
  const end = (/** @type {boolean} */ keep) => {
    if (done) return;
    done = true;
    const text = field.value.trim() && field.value;
    if (keep && text !== before) typed(text);
    field.remove();
    el.focus({ preventScroll: true });
  };
  field.addEventListener("input", fit);
  field.addEventListener("blur", () => end(true));
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") end(false);
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      end(true);
    }
  });
  desk.append(field);
  fit();
  field.focus({ preventScroll: true });
}
