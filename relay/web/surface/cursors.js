// @ts-check
// Where the others' pointers are: on top of the paper, in board units.

import { COLOR, create } from "./nodes.js";

const ARROW = '<svg viewBox="0 0 16 16"><path d="M2 1.5l11.5 5.2-5 1.6-2.2 4.9z"/></svg>';

/** @param {import("../board/types").Board} board @param {HTMLElement} overlay @param {AbortSignal} signal */
export function showCursors(board, overlay, signal) {
  const layer = create("div", "cursors", { "aria-hidden": "true" });
  overlay.append(layer);
  signal.addEventListener("abort", () => layer.remove());
  /** A peer keeps its node, so that it glides. @type {Map<string, HTMLElement>} */
  const nodes = new Map();
  const show = () => {
    const here = board.people.filter(({ cursor, me, page }) => cursor && !me && page === board.page);
    const peers = new Set(here.map(({ peer }) => peer));
    for (const [peer, node] of nodes) {
      if (peers.has(peer)) continue;
      node.remove();
      nodes.delete(peer);
    }
    for (const { peer, name, color, cursor } of here) {
      let node = nodes.get(peer);
      if (!node) {
        node = create("div", "cursor");
        const arrow = create("span", "arrow");
        arrow.innerHTML = ARROW;
        node.append(arrow, create("span", "name"));
        nodes.set(peer, node);
        layer.append(node);
      }
      const [x, y] = /** @type {number[]} */ (cursor);
      // The browser lays nothing out anew for a transform alone.
      const at = `${(100 * x) / board.width}cqw, ${(100 * y) / board.height}cqh`;
      node.style.transform = `translate(${at}) scale(calc(1 / var(--zoom, 1)))`;
      const label = /** @type {Element} */ (node.lastElementChild);
      if (label.textContent !== name) label.textContent = name;
      const ink = COLOR.test(color) ? color : "#666";
      if (node.style.getPropertyValue("--ink") !== ink) node.style.setProperty("--ink", ink);
    }
  };
  for (const kind of ["people", "pages"]) board.addEventListener(kind, show, { signal });
  show();
}
