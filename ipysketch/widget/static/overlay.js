// @ts-check
// What lies over the canvas, as the board and the editor of this view; and the reports of this view.

import { KernelBoard } from "../../../relay/web/board/kernel_board.js";
import { paperPixels } from "../../../relay/web/canvas/raster.js";
import { Editor } from "../../../relay/web/editing/editor.js";
import { PatchLayer } from "../../../relay/web/editing/patch_layer.js";
import { chooseLanguage } from "../../../relay/web/surface/words/words.js";
import { VERSION } from "./channel.js";

/** @typedef {import("./channel.js").Channel} Channel */

/** Milliseconds without a change before the size of a view is told. */
const LOOK_REST = 100;

/** @param {Channel} channel @param {HTMLElement} el @param {AbortSignal} signal */
export function createOverlay(channel, el, signal) {
  const { view } = channel;
  el.classList.add("ipysketch-overlay");
  acknowledgeFrames(channel, view, signal);
  const report = createViewReport(channel, el, view, signal);
  const board = new KernelBoard(channel);
  const editor = new Editor({
    board,
    el,
    view,
    tool: /** @type {import("../../../relay/web/board/types").ToolName} */ (channel.get("tool")),
    style: inkOf(channel),
    // With the tool: a kernel takes the pen for a colour, and knows nothing of what is selected here.
    // With all of the style, where the kernel has somebody else's.
    chosen: (choice) => {
      const own = channel.isChosenElsewhere ? editor.style : {};
      channel.choose({ tool: editor.tool, ...own, ...choice });
    },
    paper: ({ pixels, paper }) => new PatchLayer(el, pixels, paper, () => board.painted),
  });
  channel.onChange(["tool", "ink"], () => {
    if (!channel.isChosenElsewhere) editor.adopt(/** @type {any} */ (channel.get("tool")), inkOf(channel));
  });
  editor.addEventListener("view", () => report.setZoom(editor.viewport.zoom), { signal });
  signal.addEventListener("abort", () => {
    editor.destroy();
    board.destroy();
    channel.send("gone", { view });
  });
  return {
    board,
    editor,
    /** @param {import("./channel.js").Gone} gone */
    setKernelGone: (gone) => {
      editor.setEnabled(gone === "");
      board.setKernelGone(gone);
    },
  };
}

/** @param {Channel} channel @returns {Partial<import("../../../relay/web/board/types").Style>} */
const inkOf = (channel) => /** @type {any} */ (channel.get("ink"));

/** @param {Channel} channel @param {string} view @param {AbortSignal} signal */
function acknowledgeFrames(channel, view, signal) {
  let request = 0;
  channel.onChange(["frame"], () => {
    cancelAnimationFrame(request);
    request = requestAnimationFrame(() => channel.send("ack", { view, frame: channel.get("frame") }));
  });
  signal.addEventListener("abort", () => cancelAnimationFrame(request));
}

/** Send how this view is, now and whenever that changes. @param {Channel} channel @param {HTMLElement} el
 * @param {string} view @param {AbortSignal} signal */
function createViewReport(channel, el, view, signal) {
  let near = true;
  let zoom = 1;
  let pixels = 0;
  /** @type {any} */
  let resting = 0;
  const worth = () => (el.clientWidth ? paperPixels({ across: el.clientWidth, zoom }) : pixels);
  const report = () => {
    pixels = worth();
    channel.send("view", {
      view,
      ratio: window.devicePixelRatio * zoom,
      ...(pixels && { pixels }),
      visible: near && document.visibilityState === "visible",
      version: VERSION,
      language: chooseLanguage(),
    });
  };
  // The paper is painted anew for another size, so not for each on the way to it.
  const resized = () => {
    clearTimeout(resting);
    if (pixels) resting = setTimeout(() => worth() !== pixels && report(), LOOK_REST);
    else if (worth()) report();
  };
  const sizes = new ResizeObserver(resized);
  sizes.observe(el);
  signal.addEventListener("abort", () => {
    sizes.disconnect();
    clearTimeout(resting);
  });
  const observer = new IntersectionObserver((entries) => {
    const now = entries[entries.length - 1].isIntersecting;
    if (now === near) return;
    near = now;
    report();
  });
  observer.observe(el);
  signal.addEventListener("abort", () => observer.disconnect());
  document.addEventListener("visibilitychange", report, { signal });
  window.addEventListener("resize", resized, { signal });
  window.addEventListener("pagehide", () => channel.send("gone", { view }), { signal });
  window.addEventListener(
    "pageshow",
    (event) => {
      if (event.persisted) report();
    },
    { signal },
  );
  report();
  return {
    /** @param {number} now */
    setZoom: (now) => {
      zoom = now;
      resized();
    },
  };
}
