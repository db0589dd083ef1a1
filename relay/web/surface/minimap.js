// @ts-check
// A small map while the board is enlarged: all of the sheet and what lies on the desk, with a frame around what is seen.
//
// Rules of this file: the sheet is copied from the paper, for thousands of elements are not painted twice; what is seen is
// told by the frame alone, so that a pan paints nothing.

import { paint } from "../canvas/painter.js";
import { union } from "../model/geometry.js";
import { create } from "./nodes.js";

/** Pixels of the map, at most. */
const [WIDE, HIGH] = [168, 110];
/** Milliseconds between two pictures of it. */
const REST = 250;
/** Elements on the desk that are painted. */
const MOST = 400;
/** The zoom from which on there is a map. */
const FROM = 1.05;
/** How far a key goes, in parts of what is seen. */
const STEP = 0.15;
/** @type {Record<string, number[]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {import("./surface.js").Surface} surface */
export function createMinimap(surface) {
  const { board, editor, say, root, signal } = surface;
  const view = editor.viewport;
  const node = create("div", "island map", { role: "application", tabindex: "0", "aria-label": say("map") });
  const canvas = create("canvas", "");
  const frame = create("div", "frame");
  node.append(canvas, frame);
  const sheet = [0, 0, board.width, board.height];
  /** The part that the map shows: left, top, right, bottom in board units. */
  let area = sheet;
  let bounds = sheet;
  /** Whether a pointer is on it: then it stays as it is. */
  let held = false;
  /** @type {any} */
  let resting = 0;
  const scale = () => Math.min(WIDE / (area[2] - area[0]), HIGH / (area[3] - area[1]));

  const picture = () => {
    resting = 0;
    if (node.hidden) return;
    const [x0, y0, x1, y1] = area;
    const ratio = scale() * (window.devicePixelRatio || 1);
    canvas.width = Math.round((x1 - x0) * ratio);
    canvas.height = Math.round((y1 - y0) * ratio);
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.setTransform(ratio, 0, 0, ratio, -x0 * ratio, -y0 * ratio);
    context.imageSmoothingQuality = "high";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, board.width, board.height);
    const paper = /** @type {HTMLCanvasElement | null} */ (root.querySelector("canvas.ipysketch-paper"));
    if (paper?.width) context.drawImage(paper, 0, 0, board.width, board.height);
    const beside = board.elements.filter(({ bounds }) => String(union(bounds, sheet)) !== String(sheet));
    paint(context, beside.slice(-MOST), later);
  };
  const later = () => {
    resting ||= setTimeout(picture, REST);
  };
  const measure = () => {
    bounds = board.elements.map((one) => one.bounds).reduce(union, sheet);
  };
  const show = () => {
    const hidden = view.zoom < FROM || surface.size === "tiny";
    const opened = node.hidden && !hidden;
    node.hidden = hidden;
    if (hidden) return;
    const [x, y, width, height] = view.box;
    if (opened) measure();
    const now = held ? area : union(bounds, [x, y, x + width, y + height]);
    const other = String(now) !== String(area);
    area = now;
    const by = scale();
    Object.assign(canvas.style, { width: `${(now[2] - now[0]) * by}px`, height: `${(now[3] - now[1]) * by}px` });
    Object.assign(frame.style, {
      left: `${(x - now[0]) * by}px`,
      top: `${(y - now[1]) * by}px`,
      width: `${width * by}px`,
      height: `${height * by}px`,
    });
    if (opened) picture();
    else if (other) later();
  };

  const go = (/** @type {PointerEvent} */ event) => {
    const { left, top } = canvas.getBoundingClientRect();
    const by = scale();
    view.centre(area[0] + (event.clientX - left) / by, area[1] + (event.clientY - top) / by);
  };
  node.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    node.setPointerCapture(event.pointerId);
    node.focus({ preventScroll: true });
    held = true;
    go(event);
  });
  node.addEventListener("lostpointercapture", () => {
    held = false;
    show();
  });
  node.addEventListener("pointermove", (event) => node.hasPointerCapture(event.pointerId) && go(event));
  node.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    const [x, y, width, height] = view.box;
    view.centre(x + width * (0.5 + STEP * way[0]), y + height * (0.5 + STEP * way[1]));
  });
  editor.addEventListener("view", show, { signal });
  for (const kind of ["elements", "pages"])
    board.addEventListener(
      kind,
      () => {
        if (!node.hidden) measure();
        show();
        later();
      },
      { signal },
    );
  signal.addEventListener("abort", () => clearTimeout(resting));
  surface.onSize(show);
  node.hidden = true;
  show();
  return node;
}
