// @ts-check
// The part of the widget that ipycanvas does not have, as an anywidget: our own element lies over the canvas, and the islands
// of the surface over both.

import { storageOf } from "../../../relay/web/surface/store.js";
import { createSurface } from "../../../relay/web/surface/surface.js";
import { chooseLanguage, createSay } from "../../../relay/web/surface/words/words.js";
import { Channel } from "./channel.js";
import { createOverlay } from "./overlay.js";

/** @param {{model: import("./channel.js").Model, el: HTMLElement}} context */
function render({ model, el }) {
  const stop = new AbortController();
  const { signal } = stop;
  const channel = new Channel(model, signal);
  const { board, editor, setKernelGone } = createOverlay(channel, el, signal);
  whenAttached(el, signal, (root) => {
    // Our overlay has the focus: the canvas below would take every key and the wheel.
    const paper = /** @type {HTMLElement | null} */ (root.querySelector("canvas.ipysketch-paper"));
    if (paper) paper.tabIndex = -1;
    /** @type {ReturnType<typeof createSurface> | undefined} */
    let surface;
    whenTold(channel, signal, (say) => {
      surface?.destroy();
      surface = createSurface({ root, board, editor, host: { ...hostOf(board), say } });
    });
    signal.addEventListener("abort", () => surface?.destroy());
    channel.watchKernel((gone) => {
      setKernelGone(gone);
      root.classList.toggle("ipysketch-gone", gone !== "");
    });
  });
  return () => stop.abort();
}

/** @param {import("../../../relay/web/board/types").Board} board @returns {import("../../../relay/web/surface/surface.js").Host} */
const hostOf = (board) => ({
  kind: "widget",
  store: storageOf(() => localStorage),
  share: () => `%sketch connect --room ${/[\s"']/.test(board.room) ? JSON.stringify(board.room) : board.room}`,
});

/** Milliseconds that a kernel has to send words; then they are English until it does. */
const PATIENCE = 1000;

/** Call `show` with what says the words of the reader's language, which the kernel has and our module has not.
 * @param {Channel} channel @param {AbortSignal} signal
 * @param {(say: import("../../../relay/web/surface/words/words.js").Say) => void} show */
function whenTold(channel, signal, show) {
  const language = chooseLanguage();
  if (language === "en") return show(createSay());
  let told = false;
  const tell = () => {
    const words = channel.get("words")?.[language];
    if (told || !words) return;
    told = true;
    clearTimeout(waiting);
    show(createSay(language, words));
  };
  const waiting = setTimeout(() => show(createSay()), PATIENCE);
  signal.addEventListener("abort", () => clearTimeout(waiting));
  channel.observe(["words"], tell);
}

/** Call `attached` with the board as soon as the view is in it. @param {HTMLElement} el @param {AbortSignal} signal
 * @param {(board: HTMLElement) => void} attached */
function whenAttached(el, signal, attached) {
  // A view is made before it is in the page, and has a size as soon as it is.
  const observer = new ResizeObserver(() => {
    const board = /** @type {HTMLElement | null} */ (el.closest(".ipysketch-board"));
    if (!board) return;
    observer.disconnect();
    attached(board);
  });
  observer.observe(el);
  signal.addEventListener("abort", () => observer.disconnect());
}

export default { render };
