// @ts-check
// The size of the board: as large as its place allows, without more of it than can be seen at once; a grip changes its
// height, and full screen gives it all.

import { create } from "./nodes.js";

/** Height of a board for its width. */
const SHAPE = 9 / 16;
/** What is left for the cell above a board. */
const ROOM = 48;
const LEAST = 180;
/** What a notebook is scrolled in, by front end: the first that is there counts. */
const VIEWPORTS = ".jp-LinkedOutputView, .jp-WindowedPanel-outer, .jp-Notebook, #site";
const PANEL = ".jp-LinkedOutputView";

/** Give a notebook's board its height. @param {HTMLElement} root @param {string} label of the grip @param {AbortSignal} signal */
export function fitHeight(root, label, signal) {
  const grip = create("div", "grip", {
    role: "separator",
    "aria-orientation": "horizontal",
    "aria-label": label,
    tabindex: "0",
  });
  root.append(grip);
  signal.addEventListener("abort", () => grip.remove());
  let chosen = 0;
  const viewport = /** @type {HTMLElement | null} */ (root.closest(VIEWPORTS));
  const panel = viewport?.matches(PANEL);
  const fit = () => {
    const seen = viewport?.clientHeight || innerHeight;
    const most = Math.max(LEAST, seen - (panel ? 16 : ROOM));
    const height = chosen || (panel ? most : Math.min(root.clientWidth * SHAPE, most));
    root.style.height = `${Math.round(Math.max(LEAST, height))}px`;
    grip.setAttribute("aria-valuenow", String(Math.round(height)));
  };
  const observer = new ResizeObserver(fit);
  observer.observe(root);
  if (viewport) observer.observe(viewport);
  addEventListener("resize", fit, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
  const choose = (/** @type {number} */ height) => {
    chosen = height;
    fit();
  };
  grip.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const from = root.clientHeight - event.clientY;
    grip.setPointerCapture(event.pointerId);
    grip.onpointermove = (move) => choose(from + move.clientY);
    grip.onpointerup = grip.onpointercancel = () => {
      grip.onpointermove = null;
    };
  });
  grip.addEventListener("dblclick", () => choose(0));
  grip.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 20, ArrowUp: -20 }[event.key];
    if (by) choose(root.clientHeight + by);
    else if (event.key === "Home") choose(0);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  fit();
}
