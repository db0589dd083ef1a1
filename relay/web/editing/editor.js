// @ts-check
// What hands do on a board: tools, style, selection, and the part of it that is seen. One for the notebook's widget and for
// the web page.
//
// Rules of this file: what hands do is seen here in the next display frame, however far the other side of the board is.

import { DetailLayer } from "../canvas/detail_layer.js";
import { LiveLayer } from "../canvas/live_layer.js";
import { paperPixels } from "../canvas/raster.js";
import { Viewport } from "../canvas/viewport.js";
import { WetLayer } from "../canvas/wet_layer.js";
import { FrameTimer } from "../client/frame_timer.js";
import { newKey } from "../client/identity.js";
import { union } from "../model/geometry.js";
import { ClipboardHand } from "./clipboard_hand.js";
import { possible } from "./commands.js";
import { carried, withConnectors } from "./connectors.js";
import { EIGHTHS } from "./effects.js";
import { angleOf, boundsOf, frameOf, placeOf } from "./frame.js";
import { Gestures } from "./gestures.js";
import { handleKey } from "./keys.js";
import { Pointers } from "./pointers.js";
import { SelectionView } from "./selection_view.js";
import { ShownElements } from "./shown.js";
import { COLORED, commonStyle } from "./style.js";
import { topmost } from "./tools/selector.js";
import { Typing } from "./typing.js";

/**
 * @typedef {import("../board/types").Board} Board
 * @typedef {import("../board/types").Box} Box
 * @typedef {import("../board/types").Command} Command
 * @typedef {import("../board/types").Element} Element
 * @typedef {import("../board/types").Editor} EditorInterface
 * @typedef {import("../board/types").Fields} Fields
 * @typedef {import("../board/types").Selection} Selection
 * @typedef {import("../board/types").Style} Style
 * @typedef {import("../board/types").ToolName} ToolName
 * @typedef {import("./effects.js").Effect} Effect
 * @typedef {import("./effects.js").Sample} Sample
 * @typedef {{show: (elements: readonly Element[]) => void}} Paper what shows the drawing
 * @typedef {object} Parts
 * @property {Board} board
 * @property {HTMLElement} el covers the paper and receives the pointers
 * @property {(layers: {pixels: () => number, paper: () => HTMLElement | null}) => Paper} paper
 * @property {string} [view] names this view among others
 * @property {ToolName} [tool] to begin with
 * @property {Partial<Style>} [style] to begin with
 * @property {(choice: {tool?: ToolName} & Partial<Style>) => void} [chosen] is called with what was chosen here
 */

/** Milliseconds without a change before the part of the board that is seen is told. */
const LOOK_REST = 100;
/** Pixels beside an element that a click may be, of a mouse and of a finger. */
const REACH = 5;
const TOUCH_REACH = 12;
/** Board units between the lines that things snap to. */
const GRID = 20;
/** The tools whose ink is wet until it is in the drawing. */
const INKY = ["pen", "highlighter", "line", "arrow", "rectangle", "ellipse"];

/** @implements {EditorInterface} */
export class Editor extends EventTarget {
  /** Whether moves and sizes snap to the grid. */
  grid = false;
  /** @type {ToolName} */
  tool = "pen";
  /** @type {Style} */
  style = { color: "#1a1a1a", width: 4, fill: "", dash: "", opacity: 0, even: false, size: 25 };
  viewport;
  #board;
  #el;
  #gestures;
  #viewport;
  #wet;
  #live;
  #detail;
  #paper;
  #pointers;
  #clipboard;
  #selectionView;
  #shown = new ShownElements();
  #view;
  #chosen;
  #stop = new AbortController();
  #painting = new FrameTimer(() => this.#paint());
  /** Strokes whose ink is in the drawing, or came to nothing. @type {string[]} */
  #dry = [];
  /** The number of each pointer's stroke, and its tool. @type {Map<number, {number: number, tool: string}>} */
  #strokes = new Map();
  #count = 0;
  /** @type {Selection} */
  #selection = { keys: [], bounds: null, style: {}, locked: false };
  #selectionText = "";
  #typing;
  #panning = false;
  #page = "";
  /** @type {Box} */
  #box = [0, 0, 1, 1];
  /** @type {any} */
  #looking = 0;
  /** The view that others know. */
  #told = "null";
  #followed = "";
  /** How many elements others are dragging. */
  #others = 0;
  /** The keys of what lines under hands would be bound to. @type {string[]} */
  #targets = [];

  /** @param {Parts} parts */
  constructor({ board, el, paper, view = "page", tool, style, chosen }) {
    super();
    const { signal } = this.#stop;
    this.#board = board;
    this.#el = el;
    this.#view = view;
    this.#chosen = chosen;
    if (tool) this.tool = tool;
    Object.assign(this.style, style);
    this.#box = [0, 0, board.width, board.height];
    this.#gestures = new Gestures({
      elements: () => board.elements,
      entry: (key) => board.entry(key),
      mayChange: (element) => board.mayChange(element),
      newKey,
      page: () => board.page,
      canDraw: () => board.can.draw,
      grid: () => (this.grid ? GRID : 0),
    });
    this.#viewport = new Viewport(el, (_, box) => this.#viewChanged(box), signal);
    this.viewport = this.#publicView();
    this.#selectionView = new SelectionView(el, board.width, board.height);
    this.#wet = new WetLayer(el, view, this.#viewport);
    // Each lies below the one before.
    this.#live = new LiveLayer(el, this.#viewport);
    this.#detail = new DetailLayer(el, this.#viewport);
    const pixels = () => paperPixels(this.#viewport);
    this.#paper = paper({ pixels, paper: () => this.#viewport.paper });
    this.#typing = new Typing({
      board,
      el,
      gestures: this.#gestures,
      view: this.viewport,
      style: () => this.style,
      apply: (effects) => this.#apply(effects),
      changed: this.paint,
    });
    this.#pointers = new Pointers(el, this.#hand(), this.#viewport, signal);
    this.#listen(signal);
    this.#clipboard = new ClipboardHand({ board, el, editor: this, context: this.#gestures.context, signal });
    this.#paint();
  }

  destroy() {
    this.#stop.abort();
    clearTimeout(this.#looking);
    this.#detail.destroy();
    this.#typing.end();
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const board = this.#board;
    const on = (/** @type {string} */ name, /** @type {() => void} */ handle) =>
      board.addEventListener(name, handle, { signal });
    on("elements", this.paint);
    on("live", () => {
      this.#wet.showTrails(
        board.lasers.map(({ name, color, total, points }) => [
          name,
          color,
          total,
          ...points.map((value, i) => value / (i % 2 ? board.height : board.width)),
        ]),
      );
      this.#painting.requestNow();
    });
    on("pages", () => {
      if (board.page === this.#page) return;
      this.#page = board.page;
      this.cancel();
      this.#gestures.selectNone();
      this.paint();
    });
    on("people", () => {
      this.#follow();
      if (board.moving?.size || this.#others) this.paint(); // Others drag something.
      this.#others = board.moving?.size ?? 0;
    });
    on("can", () => {
      if (!board.can.draw) this.cancel();
      this.paint();
    });
    this.#page = board.page;
    this.#el.addEventListener(
      "dblclick",
      (event) => {
        if (this.tool === "select") this.#typing.doubleClick(this.#viewport.toBoard(event), REACH * this.#unit);
      },
      { signal },
    );
    new ResizeObserver(() => {
      this.#detail.changed();
      this.paint();
    }).observe(this.#el);
    window.addEventListener("blur", () => this.finish(), { signal });
    // What is under the hand is drawn as far as it is when the page is left.
    window.addEventListener("beforeunload", () => this.finish(), { signal });
    window.addEventListener("pagehide", () => this.finish(), { signal });
    document.addEventListener("keyup", (event) => event.key === " " && this.#setPanning(false), { signal });
    this.#el.addEventListener("blur", () => this.#setPanning(false), { signal });
  }

  #follow() {
    const { following, followedView } = this.#board;
    const now = following && `${following} ${followedView}`;
    if (now === this.#followed) return;
    this.#followed = now;
    if (following) this.#viewport.showView(followedView);
  }

  // --- tools and style ----------------------------------------------------------------------------------------------

  /** @param {{tool?: ToolName} & Partial<Style>} choice */
  choose(choice) {
    const { tool: wanted, ...style } = choice;
    const restyles = this.#gestures.chosen.length > 0;
    // A colour is for a tool that has one.
    const tool = wanted ?? (style.color && !restyles && !COLORED.includes(this.tool) ? "pen" : undefined);
    if (Object.keys(style).length) {
      this.style = { ...this.style, ...style };
      this.#typing.restyle();
      if (restyles) this.#apply(this.#gestures.restyle(style));
      this.dispatchEvent(new Event("style"));
    }
    if (tool) this.#take(tool);
    this.#chosen?.(tool ? { tool, ...style } : style);
    this.paint();
  }

  /** Take what was chosen elsewhere. @param {ToolName} tool @param {Partial<Style>} style */
  adopt(tool, style) {
    const before = JSON.stringify(this.style);
    this.style = { ...this.style, ...style };
    if (JSON.stringify(this.style) !== before) this.dispatchEvent(new Event("style"));
    this.#take(tool);
    this.paint();
  }

  /** @param {ToolName} tool */
  #take(tool) {
    if (tool === this.tool) return;
    this.tool = tool;
    if (tool !== "select") this.#gestures.selectNone();
    this.#el.style.cursor = "";
    this.dispatchEvent(new Event("tool"));
  }

  // --- the selection ------------------------------------------------------------------------------------------------

  get selection() {
    return this.#selection;
  }

  /** The keys of what is selected. */
  get chosen() {
    return this.#gestures.chosen;
  }

  get commands() {
    return possible(this.#gestures.chosen, this.#context, true);
  }

  get #context() {
    return this.#gestures.context;
  }

  /** @param {Command} command */
  act(command) {
    switch (command) {
      case "all":
        this.choose({ tool: "select" });
        this.#gestures.selectAll();
        break;
      case "none":
        this.#gestures.selectNone();
        break;
      case "copy":
        this.#clipboard.copy();
        return;
      case "cut":
        this.#clipboard.copy();
        this.#apply(this.#gestures.act("delete"));
        break;
      case "copy-svg":
      case "copy-png":
      case "copy-excalidraw":
        this.#clipboard.copyAs(command);
        return;
      case "paste":
        this.#clipboard.paste();
        return;
      case "picture":
        this.#clipboard.choosePicture();
        return;
      case "edit":
        this.#typing.edit(this.#gestures.chosen[0]);
        break;
      default:
        this.#apply(this.#gestures.act(command));
    }
    this.paint();
  }

  /** Do as one operation what comes from elsewhere, such as a clipboard, and select it.
   * @param {import("../board/types").Action[]} actions */
  insert(actions) {
    if (!actions.length || !this.#board.can.draw) return;
    this.choose({ tool: "select" });
    this.#board.submit(actions);
    this.#gestures.selector.chosen = actions.flatMap((action) => (action.type === "create" ? [action.key] : []));
    this.paint();
  }

  // --- what pointers do ---------------------------------------------------------------------------------------------

  get busy() {
    return this.#gestures.busy;
  }

  /** @returns {import("./pointers.js").Hand} */
  #hand() {
    return {
      state: () => ({ tool: this.tool, canDraw: this.#board.can.draw, panning: this.#panning }),
      begin: (pointer, tool, sample, event) => this.#begin(pointer, tool, sample, event),
      move: (pointer, samples, event) => this.#move(pointer, samples, event),
      rest: (pointer) => this.#rest(pointer),
      end: (pointer) => this.#end(pointer),
      cancel: (pointer) => this.#cancel(pointer),
      hover: (place, event) => this.#hover(place, event),
      endText: () => this.#typing.end(),
      placeText: (from, to) => (this.tool === "note" ? this.#typing.note(to) : this.#typing.place(from, to)),
      menu: (event) => this.#menu(event),
    };
  }

  /** Board units of a pixel. */
  get #unit() {
    return this.#board.width / (this.#el.clientWidth * this.#viewport.zoom || this.#board.width);
  }

  /** @param {number} pointer @param {string} tool @param {Sample} sample @param {PointerEvent} event */
  #begin(pointer, tool, sample, event) {
    const touch = event.pointerType === "touch";
    const number = ++this.#count;
    this.#strokes.set(pointer, { number, tool });
    const handle = tool === "select" ? this.#selectionView.handleAt(sample.x, sample.y, this.#unit, touch) : "";
    const reach = (touch ? TOUCH_REACH : REACH) * this.#unit;
    const press = { more: event.shiftKey, copy: event.altKey && !handle, handle, reach };
    this.#apply(this.#gestures.begin(pointer, tool, this.style, sample, press));
    if (this.#gestures.toolOf(pointer)) {
      if (INKY.includes(tool)) this.#wet.begin(number, tool, this.style);
      this.#wetten(pointer, sample, false);
      this.#wet.paint();
    }
    this.dispatchEvent(new Event("gesture"));
    if (!INKY.includes(tool)) this.paint();
  }

  /** @param {number} pointer @param {Sample} sample @param {boolean} straight */
  #wetten(pointer, { x, y, at, pressure }, straight) {
    const stroke = this.#strokes.get(pointer);
    if (!stroke) return;
    const sample = pressure === undefined ? [x, y, at] : [x, y, at, pressure];
    if (stroke.tool === "laser") this.#wet.shine(stroke.number, this.style.color, [x, y]);
    if (straight) this.#wet.straighten(stroke.number, sample);
    else this.#wet.grow(stroke.number, sample);
  }

  /** @param {number} pointer @param {Sample[]} samples @param {PointerEvent} event */
  #move(pointer, samples, event) {
    const stroke = this.#strokes.get(pointer);
    if (!stroke) return;
    const keys = { straight: event.shiftKey, middle: event.altKey, snap: event.ctrlKey || event.metaKey };
    for (const sample of samples) {
      this.#apply(this.#gestures.move(pointer, sample, keys));
      this.#wetten(pointer, sample, keys.straight);
    }
    const last = samples[samples.length - 1];
    this.#tellCursor([last.x, last.y]);
    this.#wet.paint();
    this.#showTargets();
    if (!INKY.includes(stroke.tool) && stroke.tool !== "laser") this.paint();
  }

  /** Have a stroke that is held still be the neat shape that it looks like. @param {number} pointer */
  #rest(pointer) {
    const stroke = this.#strokes.get(pointer);
    const { neat, effects } = this.#gestures.neaten(pointer);
    if (!neat || !stroke) return false;
    this.#apply(effects);
    this.#wet.neaten(stroke.number, neat);
    return true;
  }

  /** Show what a line under a hand would be bound to. */
  #showTargets() {
    const targets = this.#gestures.targets;
    if (targets.join() === this.#targets.join()) return;
    this.#targets = targets;
    this.paint();
  }

  /** @param {number} pointer */
  #end(pointer) {
    this.#apply(this.#gestures.end(pointer));
    this.#ended(pointer);
  }

  /** @param {number} pointer */
  #cancel(pointer) {
    const stroke = this.#strokes.get(pointer);
    this.#apply(this.#gestures.cancel(pointer));
    if (stroke) this.#wet.remove(stroke.number);
    this.#ended(pointer);
  }

  /** @param {number} pointer */
  #ended(pointer) {
    const stroke = this.#strokes.get(pointer);
    this.#strokes.delete(pointer);
    this.#showTargets();
    if (stroke) this.#dry.push(`${this.#view}/${stroke.number}`);
    this.dispatchEvent(new Event("gesture"));
    this.paint();
  }

  /** Send what a gesture came to, in order. @param {Effect[]} effects */
  #apply(effects) {
    const board = this.#board;
    for (const effect of effects) {
      if (effect.type === "preview") board.preview(effect.key, effect.start, effect.points, effect.fields);
      else if (effect.type === "commit") board.submit(withConnectors(effect.actions, this.#context));
      else if (effect.type === "cancel") board.endPreview(effect.key);
      else if (effect.type === "moving") board.presence({ moving: effect.moving });
      else this.#tell(effect.words);
    }
  }

  /** @param {string} text */
  #tell(text) {
    this.#board.dispatchEvent(new CustomEvent("news", { detail: { text } }));
  }

  /** @param {number[]} place */
  #tellCursor([x, y]) {
    if (this.#board.people.length > 1) {
      this.#board.presence({ cursor: [Math.round(x * EIGHTHS), Math.round(y * EIGHTHS)] });
    }
  }

  /** @param {number[] | null} place @param {PointerEvent | null} event */
  #hover(place, event) {
    if (!place) {
      if (this.#board.people.length > 1) this.#board.presence({ cursor: null });
      return;
    }
    this.#tellCursor(place);
    if (this.tool !== "select" || !event) return;
    const handle = this.#selectionView.handleAt(place[0], place[1], this.#unit, event.pointerType === "touch");
    const over = !handle && topmost(this.#board.elements, place[0], place[1], REACH * this.#unit);
    this.#el.style.cursor = handle ? this.#selectionView.cursorOf(handle) : over ? "move" : "";
  }

  /** @param {PointerEvent} event */
  #menu(event) {
    const [x, y] = this.#viewport.toBoard(event);
    const hit = topmost(this.#board.elements, x, y, REACH * this.#unit);
    if (hit && !this.#gestures.chosen.includes(hit.key)) {
      this.choose({ tool: "select" });
      this.#gestures.selector.chosen = [hit.key];
      this.#paint();
    }
    const { clientX, clientY } = event;
    this.dispatchEvent(new CustomEvent("menu", { detail: { clientX, clientY } }));
  }

  openMenu() {
    const { bounds } = this.#selection;
    const [x, y, width, height] = this.#viewport.box;
    const [mx, my] = bounds
      ? [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2]
      : [x + width / 2, y + height / 2];
    this.dispatchEvent(new CustomEvent("menu", { detail: this.viewport.toPixels(mx, my) }));
  }

  /** Disabled while there is no kernel. @param {boolean} enabled */
  setEnabled(enabled) {
    this.#pointers.setEnabled(enabled);
  }

  cancel() {
    this.#pointers.cancelAll();
    this.#typing.end(false);
  }

  /** Give up what is under the hands; of a neat shape the ink is kept. */
  escape() {
    for (const pointer of this.#strokes.keys()) this.#apply(this.#gestures.keepInk(pointer));
    this.cancel();
  }

  finish() {
    this.#pointers.endAll();
    this.#setPanning(false);
  }

  /** @param {number} x @param {number} y */
  startText(x, y) {
    if (this.tool === "note") this.#typing.note([x, y]);
    else this.#typing.start(x, y);
  }

  // --- keys ---------------------------------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === " " && !event.ctrlKey && !event.altKey && !event.metaKey) {
      if (/** @type {HTMLElement | null} */ (event.target)?.closest?.("button, [role=slider]")) return false; // It has it.
      this.#setPanning(true);
      return true;
    }
    return handleKey(event, { board: this.#board, editor: this });
  }

  /** While the space bar is down, the pointer pans. @param {boolean} panning */
  #setPanning(panning) {
    if (panning === this.#panning) return;
    this.#panning = panning;
    this.#el.style.cursor = panning ? "grab" : "";
  }

  // --- the part that is seen ----------------------------------------------------------------------------------------

  /** @param {number[]} box */
  #viewChanged(box) {
    this.#box = /** @type {Box} */ (box);
    this.dispatchEvent(new Event("view"));
    this.#detail.changed();
    this.paint();
    clearTimeout(this.#looking);
    this.#looking = setTimeout(() => {
      const view = this.#viewport.home ? null : this.#box.map((value) => Math.round(value * EIGHTHS));
      if (String(view) === this.#told) return;
      this.#told = String(view);
      this.#board.presence({ view });
    }, LOOK_REST);
  }

  /** @returns {import("../board/types").View} */
  #publicView() {
    const viewport = this.#viewport;
    const box = () => this.#box;
    const middle = () => {
      const { left, top, width, height } = /** @type {HTMLElement} */ (
        this.#el.closest(".ipysketch-desk") ?? this.#el
      ).getBoundingClientRect();
      return { clientX: left + width / 2, clientY: top + height / 2 };
    };
    return {
      get zoom() {
        return viewport.zoom;
      },
      get box() {
        return box();
      },
      zoomTo: (zoom) => viewport.zoomAt(zoom / viewport.zoom, middle()),
      zoomBy: (factor) => viewport.zoomBy(factor),
      get home() {
        return viewport.home;
      },
      fit: () => viewport.goHome(),
      fitAll: () => viewport.showView(this.#all()),
      panBy: (dx, dy) => viewport.panTo(viewport.grip({ clientX: 0, clientY: 0 }), { clientX: dx, clientY: dy }),
      show: (view) => viewport.showView(view),
      centre: (x, y, zoom) => viewport.centre(x, y, zoom),
      toBoard: (place) => viewport.toBoard(place),
      toPixels: (x, y) => {
        const shown = this.#el.getBoundingClientRect();
        return {
          clientX: shown.left + (x / this.#board.width) * shown.width,
          clientY: shown.top + (y / this.#board.height) * shown.height,
        };
      },
    };
  }

  /** The box around the sheet and all that lies on the desk; null for the sheet alone. @returns {number[] | null} */
  #all() {
    const { elements, width, height } = this.#board;
    const sheet = [0, 0, width, height];
    const [x0, y0, x1, y1] = elements.map(({ bounds }) => bounds).reduce(union, sheet);
    const [left, top, right, bottom] = [x0, y0, x1, y1].map((side, i) =>
      side === sheet[i] ? side : side + (i < 2 ? -GRID : GRID),
    );
    return String([x0, y0, x1, y1]) === String(sheet) ? null : [left, top, right - left, bottom - top];
  }

  // --- painting -----------------------------------------------------------------------------------------------------

  /** Paint in the next display frame. */
  paint = () => this.#painting.request();

  #paint() {
    const board = this.#board;
    const { selector } = this.#gestures;
    const elements = this.#shown.of(
      board.elements,
      this.#changes(),
      selector.copies.length ? selector.copies : this.#typing.drafts,
    );
    this.#paper.show(elements);
    this.#detail.show(elements);
    this.#live.show(board.live);
    if (this.#dry.length) this.#wet.dry(this.#dry.splice(0), true);
    this.#showSelection();
  }

  /** How elements are shown now. */
  #changes() {
    const changes = this.#gestures.changes();
    const moving = this.#board.moving;
    const { key, change } = this.#typing;
    if (!key && !moving?.size && !changes.size) return changes;
    const all = new Map(changes);
    for (const [other, [dx, dy, ...matrix]] of moving ?? []) {
      const entry = all.has(other) ? undefined : this.#board.entry(other);
      const more = matrix.length === 4 ? { transform: matrix } : {};
      if (entry) all.set(other, { fields: { ...entry.fields, offset: [dx, dy], ...more } });
    }
    if (key) all.set(key, change); // Its words are in the field.
    const lines = carried(all, this.#board.elements, (other) => this.#board.entry(other));
    if (!lines.length && all.size === changes.size) return changes;
    return new Map([...all, ...lines]);
  }

  #showSelection() {
    const { selector, chosen } = this.#gestures;
    const wanted = new Set(chosen);
    const entry = (/** @type {string} */ key) => this.#board.entry(key);
    const elements = wanted.size ? this.#board.elements.filter(({ key }) => wanted.has(key)) : [];
    // What is typed in has the frame of its field.
    const frame = this.#typing.open ? null : selector.frame;
    const locked = elements.length > 0 && elements.every(({ key }) => entry(key)?.fields.lock === true);
    const canDraw = this.#board.can.draw;
    this.#selectionView.show(
      {
        frame,
        each: this.#targets.length
          ? this.#board.elements.flatMap((one) =>
              this.#targets.includes(one.key) ? (frameOf([one], entry) ?? []) : [],
            )
          : elements.length > 1 && !selector.dragging
            ? elements.flatMap((one) => frameOf([one], entry) ?? [])
            : [],
        handles: !!frame && canDraw && !locked && this.tool === "select",
        locked,
        flows: elements.length === 1 && elements[0].kind === "text",
        band: selector.band,
        lasso: selector.lasso,
        guides: selector.guides,
        label: selector.label,
      },
      this.#unit,
    );
    this.#tellSelection(chosen, frame, locked);
  }

  /** @param {string[]} keys @param {import("./frame.js").Frame | null} frame @param {boolean} locked */
  #tellSelection(keys, frame, locked) {
    let bounds = null;
    if (frame) {
      const angle = angleOf(frame);
      const [mx, my] = placeOf(frame, 0.5, 0.5);
      const [width, height] = [Math.hypot(...frame.u), Math.hypot(...frame.v)];
      const [x, y] = angle ? [mx - width / 2, my - height / 2] : boundsOf(frame);
      bounds = { x, y, width, height, angle: (angle * 180) / Math.PI };
    }
    const style = commonStyle(keys.map((key) => this.#board.entry(key)?.fields ?? {}));
    const selection = { keys, bounds, style, locked };
    const text = JSON.stringify(selection);
    if (text === this.#selectionText) return;
    this.#selectionText = text;
    this.#selection = selection;
    this.dispatchEvent(new Event("selection"));
  }
}
