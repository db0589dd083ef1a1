// @ts-check
// The islands over the paper: tools, pages, people, what is said. Built on a `Board` and an `Editor` alone, so the notebook's
// board and the relay's web page have the same ones.
//
// Rules of this file: nothing above the paper takes room from it.

import { createHistory, createZoom } from "./corners.js";
import { createCrosshair } from "./crosshair.js";
import { showCursors } from "./cursors.js";
import { fitHeight } from "./fit.js";
import { createHints, showKeys } from "./help.js";
import { listenToKeys } from "./keys.js";
import { createMinimap } from "./minimap.js";
import { watchNews } from "./news.js";
import { create } from "./nodes.js";
import { createPages } from "./pages.js";
import { createPaper } from "./paper.js";
import { createPeople } from "./people.js";
import { Popups } from "./popups.js";
import { createReader } from "./reader.js";
import { restWhenUnused } from "./resting.js";
import { createSelectionBar } from "./selection.js";
import { showStatus } from "./status.js";
import { Toasts } from "./toasts.js";
import { createTools } from "./tools.js";
import { showTooltips } from "./tooltips.js";
import { createSay } from "./words/words.js";

/**
 * @typedef {import("../board/types").Board} Board
 * @typedef {import("../board/types").Editor} Editor
 * @typedef {{get: (name: string) => string, set: (name: string, value: string) => void}} Store
 * @typedef {object} Host what differs between a notebook and a web page
 * @property {"widget" | "page"} kind
 * @property {Store} store of this browser
 * @property {boolean} [watching] whether this is a projector: no tools, and it goes where the moderator goes
 * @property {import("./words/words.js").Say} [say] the words of the reader's language, else English
 * @property {() => string} [share] what others need to join
 * @property {() => string} [link] the address of what is seen
 * @property {() => void} [rejoin] after the connection ended
 * @property {() => void} [rename] asks for another name
 *
 * @typedef {object} Surface what the islands have in common
 * @property {HTMLElement} root
 * @property {HTMLElement} layer
 * @property {Board} board
 * @property {Editor} editor
 * @property {Host} host
 * @property {Store} store
 * @property {import("./words/words.js").Say} say
 * @property {Popups} popups
 * @property {Toasts} toasts
 * @property {AbortSignal} signal
 * @property {"large" | "small" | "tiny"} size
 * @property {(changed: () => void) => void} onSize
 * @property {() => import("./popups.js").Items} menu
 * @property {(question: string, verb: string) => Promise<boolean>} ask
 * @property {(anchor: HTMLElement) => void} share
 * @property {() => void} rename
 * @property {() => void} fullScreen
 * @property {() => void} toggleGrid
 * @property {(by: number) => void} step turns pages
 */

const LARGE = 720;
const SMALL = 440;
const LOW = 300;
/** Pixels around a pen that draws, within which islands fade. */
const NEAR = 70;

/** @param {HTMLElement} root @returns {"large" | "small" | "tiny"} */
const sizeOf = ({ clientWidth: width, clientHeight: height }) =>
  width < SMALL ? "tiny" : width < LARGE || height < LOW ? "small" : "large";

/**
 * Put the islands over a board.
 * @param {{root: HTMLElement, board: Board, editor: Editor, host: Host}} parts `root` holds the paper, as `.ipysketch-desk`
 */
export function createSurface({ root, board, editor, host }) {
  const stop = new AbortController();
  const { signal } = stop;
  const say = host.say ?? createSay();
  const layer = create("div", "surface", { lang: say.language, dir: say.direction });
  root.append(layer);
  // Nowhere on the board does the front end's own menu open; a field keeps the browser's.
  root.addEventListener(
    "contextmenu",
    (event) => {
      event.stopPropagation();
      if (!(/** @type {Element} */ (event.target).matches("input, textarea"))) event.preventDefault();
    },
    { signal },
  );
  root.dataset.host = host.kind;
  const toasts = new Toasts(layer, say("close"));
  const popups = new Popups(layer, root, signal);
  const paper = createPaper(root, host.store, signal);
  /** @type {(() => void)[]} */
  const resized = [];

  /** @type {Surface} */
  const surface = {
    root,
    layer,
    board,
    editor,
    host,
    say,
    popups,
    toasts,
    signal,
    store: host.store,
    size: sizeOf(root),
    onSize: (changed) => resized.push(changed),
    menu: () => menu(),
    ask: (question, verb) => ask(surface, question, verb),
    share: (anchor) => share(surface, anchor),
    rename: () => host.rename?.(),
    fullScreen: () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else root.requestFullscreen?.().catch(() => {});
    },
    toggleGrid: () => {
      editor.grid = root.classList.toggle("ipysketch-grid");
    },
    step: (by) => pages.step(by),
  };

  const news = watchNews(surface);
  const clear = (/** @type {string} */ what, /** @type {() => void} */ act) =>
    askFirst(surface, what, () => news.own(act));
  const pages = createPages(surface);
  const menu = () => {
    const mine = board.can.draw;
    const first = board.page === board.pages[0]?.key;
    /** @type {import("./popups.js").Items} */
    const items = [];
    if (!host.watching) {
      items.push(
        { label: say("page.add"), icon: "add", off: !mine, act: () => board.addPage() },
        { label: say("page.rename"), icon: "rename", off: !mine || first, act: () => pages.rename() },
        {
          label: say("page.delete"),
          icon: "remove",
          off: !mine || first,
          act: () => clear("page.delete", () => board.removePage(board.page)),
        },
        {
          label: say("page.clear"),
          off: !mine || !board.can.clear,
          act: () => clear("page.clear", () => board.clear()),
        },
        "-",
      );
    }
    items.push(
      { label: say("grid"), key: "G", checked: root.classList.contains("ipysketch-grid"), act: surface.toggleGrid },
      { label: say("dark"), checked: paper.dark, act: () => paper.choose(!paper.dark) },
    );
    if (document.fullscreenEnabled) items.push({ label: say("full"), key: "F", icon: "full", act: surface.fullScreen });
    const { link } = host;
    if (link) {
      const copied = () => toasts.say(say("copied"));
      items.push({
        label: say("link.copy"),
        act: () => navigator.clipboard?.writeText(link()).then(copied, () => toasts.say(link())),
      });
    }
    items.push("-", { label: say("keys"), key: "?", act: () => showKeys(surface) });
    return items;
  };

  const people = createPeople(surface);
  const reader = createReader(surface);
  const hints = createHints(surface);
  const islands = host.watching
    ? [people, createZoom(surface)]
    : [
        pages.node,
        people,
        createTools(surface).node,
        createHistory(surface),
        createZoom(surface),
        createMinimap(surface),
        createSelectionBar(surface),
      ];
  layer.classList.toggle("ipysketch-watching", Boolean(host.watching));
  layer.prepend(reader.node, ...hints, ...islands);
  if (host.watching) restWhenUnused(surface);
  showStatus(surface);
  showTooltips(layer, signal);

  const overlay = /** @type {HTMLElement | null} */ (root.querySelector(".ipysketch-overlay"));
  if (overlay) {
    showCursors(board, overlay, signal);
    overlay.tabIndex = 0;
    overlay.setAttribute("role", "application");
    overlay.setAttribute("aria-label", say("board"));
    const crosshair = createCrosshair(surface, overlay, reader.speak);
    listenToKeys(surface, crosshair.key);
    fadeNear(surface, overlay, islands);
  }

  const mark = () => {
    root.dataset.tool = editor.tool;
    root.dataset.draws = String(board.can.draw);
  };
  editor.addEventListener("tool", mark, { signal });
  board.addEventListener("can", mark, { signal });
  mark();

  const resize = () => {
    const size = sizeOf(root);
    if (size === surface.size && layer.dataset.size) return;
    surface.size = layer.dataset.size = size;
    for (const changed of resized) changed();
  };
  const observer = new ResizeObserver(resize);
  observer.observe(root);
  resize();
  if (host.kind === "widget") fitHeight(root, say("height"), signal);
  board.addEventListener(
    "news",
    (event) => {
      const { text, undo } = /** @type {CustomEvent<import("../board/types").News>} */ (event).detail;
      toasts.say(say.has(text) ? say(text) : text, undo && { label: say("undo"), act: undo });
    },
    { signal },
  );
  return {
    surface,
    destroy: () => {
      observer.disconnect();
      stop.abort();
      layer.remove();
    },
  };
}

/** Islands under a hand that draws are nearly clear. @param {Surface} surface @param {HTMLElement} overlay
 * @param {HTMLElement[]} islands */
function fadeNear({ editor, signal }, overlay, islands) {
  const fade = (/** @type {PointerEvent | null} */ event) => {
    for (const island of islands) {
      const box = event && !island.hidden ? island.getBoundingClientRect() : null;
      const near =
        event &&
        box &&
        event.clientX > box.left - NEAR &&
        event.clientX < box.right + NEAR &&
        event.clientY > box.top - NEAR &&
        event.clientY < box.bottom + NEAR;
      island.classList.toggle("ipysketch-faded", Boolean(near));
    }
  };
  overlay.addEventListener("pointermove", (event) => editor.busy && fade(event), { signal });
  editor.addEventListener("gesture", () => !editor.busy && fade(null), { signal });
}

/** Ask once before what others drew goes. @param {Surface} surface @param {string} what @param {() => void} act */
async function askFirst(surface, what, act) {
  const { board, say } = surface;
  const others = board.elements.some(({ author }) => author !== board.author);
  const n = board.people.length;
  const number = board.pages.findIndex(({ key }) => key === board.page) + 1;
  if (!others || n < 2 || (await surface.ask(say(`${what}.sure`, { page: number || 1, n }), say(what)))) act();
}

/** @param {Surface} surface @param {string} question @param {string} verb @returns {Promise<boolean>} */
function ask({ layer, say }, question, verb) {
  const dialog = create("dialog", "panel question", { "aria-label": question });
  const yes = create("button", "primary", { type: "button" }, verb);
  const no = create("button", "item", { type: "button" }, say("cancel"));
  yes.addEventListener("click", () => dialog.close("yes"));
  no.addEventListener("click", () => dialog.close());
  dialog.append(create("p", "", {}, question), create("div", "row", {}, no, yes));
  layer.append(dialog);
  dialog.showModal();
  return new Promise((answer) =>
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    }),
  );
}

/** @param {Surface} surface @param {HTMLElement} anchor */
function share({ host, say, popups, toasts }, anchor) {
  const copied = host.share?.() ?? "";
  const words = say(host.kind === "page" ? "share.page" : "share.widget");
  const panel = create("div", "panel ask", { role: "dialog", "aria-label": say("share") });
  const field = create("input", "field", { readonly: "", "aria-label": say("share") });
  field.value = copied;
  const copy = create("button", "primary", { type: "button" }, say("copy"));
  copy.addEventListener("click", async () => {
    field.select();
    // Without permission, or not in a secure context, what is selected can be copied by hand.
    const done = await navigator.clipboard?.writeText(copied).then(
      () => true,
      () => false,
    );
    if (!done && !document.execCommand("copy")) return;
    popups.close();
    toasts.say(say("copied"));
  });
  panel.append(create("p", "", {}, words), field, copy);
  popups.toggle(anchor, panel);
  field.select();
}
