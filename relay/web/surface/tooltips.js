// @ts-check
// The name of a button and its key, shown when the pointer or the keyboard rests on it.

import { create } from "./nodes.js";

const REST = 400;

/** @param {HTMLElement} layer @param {AbortSignal} signal */
export function showTooltips(layer, signal) {
  const tip = create("div", "tip", { "aria-hidden": "true" });
  tip.hidden = true;
  layer.append(tip);
  /** @type {any} */
  let timer = 0;
  const hide = () => {
    clearTimeout(timer);
    tip.hidden = true;
  };
  const show = (/** @type {HTMLElement} */ button) => {
    if (!button.isConnected || button.getAttribute("aria-expanded") === "true") return;
    tip.textContent = button.dataset.tip ?? "";
    if (button.dataset.key) tip.append(create("kbd", "", {}, button.dataset.key));
    tip.hidden = false;
    const [board, box] = [layer.getBoundingClientRect(), button.getBoundingClientRect()];
    const left = box.left + box.width / 2 - tip.offsetWidth / 2 - board.left;
    const below = box.top - board.top < board.height / 2;
    tip.style.left = `${Math.max(4, Math.min(left, board.width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${(below ? box.bottom + 8 : box.top - tip.offsetHeight - 8) - board.top}px`;
  };
  const rest = (/** @type {Event} */ event) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-tip]"));
    hide();
    if (!button || (event.type === "focusin" && !button.matches(":focus-visible"))) return;
    if (/** @type {PointerEvent} */ (event).pointerType === "touch") return;
    timer = setTimeout(() => show(button), REST);
  };
  for (const kind of ["pointerover", "focusin"]) layer.addEventListener(kind, rest, { signal });
  for (const kind of ["pointerleave", "pointerdown", "focusout", "keydown"])
    layer.addEventListener(kind, hide, { signal });
  signal.addEventListener("abort", hide);
}
