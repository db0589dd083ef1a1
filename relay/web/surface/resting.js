// @ts-check
// A screen on the wall is for the drawing: its islands, and the pointer, are there only while somebody uses it.

/** Milliseconds after the last touch. */
const LINGERS = 3000;

/** @param {import("./surface.js").Surface} surface */
export function restWhenUnused({ root, layer, signal }) {
  /** @type {any} */
  let timer = 0;
  const wake = () => {
    clearTimeout(timer);
    root.classList.remove("ipysketch-resting");
    timer = setTimeout(rest, LINGERS);
  };
  const rest = () => {
    // Who reads a list, or is there by keyboard, is not done.
    if (layer.querySelector(".ipysketch-panel, :focus-visible")) wake();
    else root.classList.add("ipysketch-resting");
  };
  // Hands on the paper stop their events there.
  for (const kind of ["pointermove", "pointerdown", "keydown", "focusin"]) {
    root.addEventListener(kind, wake, { signal, capture: true });
  }
  signal.addEventListener("abort", () => clearTimeout(timer));
  wake();
}
