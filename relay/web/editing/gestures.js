// @ts-check
// The gestures on one board: which tool each pointer holds, what is selected, and which effects follow.
//
// Rules of this file: pure; keys of new elements come from an argument. Every method that changes something returns its
// effects in the order in which they are to be sent; nothing here calls upwards.

import { TWO_POINT_KINDS as SHAPES } from "../canvas/live_ink.js";
import { commandActions } from "./commands.js";
import { EIGHTHS, NO_CHANGES, SPARED, UNCUT } from "./effects.js";
import { HARMLESS, restyled, styleFields } from "./style.js";
import { Cutter, KINDS } from "./tools/cutter.js";
import { Eraser } from "./tools/eraser.js";
import { Laser } from "./tools/laser.js";
import { Pen } from "./tools/pen.js";
import { Selector } from "./tools/selector.js";
import { Shape } from "./tools/shape.js";

/**
 * @typedef {import("../board/types").Style} Style
 * @typedef {import("./effects.js").Effect} Effect
 * @typedef {import("./effects.js").Sample} Sample
 * @typedef {import("./effects.js").Keys} Keys
 * @typedef {import("./effects.js").Press} Press
 * @typedef {import("./effects.js").Change} Change
 * @typedef {import("./effects.js").Fields} Fields
 * @typedef {import("./effects.js").Tool} Tool
 * @typedef {import("./tools/selector.js").Context} Context
 */

/** In board units. */
export const ERASER_RADIUS = 6;
/** Gestures at one time: the fingers on one view. */
const MOST_GESTURES = 16;

export class Gestures {
  selector;
  context;
  /** @type {Map<number, Tool>} */
  #active = new Map();
  /** @type {{from: ReadonlyMap<string, Change>[], all: ReadonlyMap<string, Change>}} */
  #changes = { from: [], all: NO_CHANGES };

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.selector = new Selector(context);
  }

  /** Begin a gesture with a tool and a style. Nothing happens where this view may not draw; the status says why.
   * @param {number} pointer @param {string} tool @param {Style} style @param {Sample} sample @param {Omit<Press, "key">} [press]
   * @returns {Effect[]} */
  begin(pointer, tool, style, sample, press = {}) {
    const cancelled = this.cancel(pointer);
    if (this.#active.size >= MOST_GESTURES || !(this.context.canDraw() || HARMLESS.includes(tool))) return cancelled;
    if (tool === "select" && [...this.#active.values()].includes(this.selector)) return cancelled;
    if (tool !== "select") this.selector.chosen = [];
    const active = this.#tool(tool, style);
    if (!active) return cancelled;
    this.#active.set(pointer, active);
    return [...cancelled, ...active.press(sample, { ...press, key: this.context.newKey() })];
  }

  /** @param {string} name @param {Style} style @returns {Tool | null} */
  #tool(name, style) {
    const page = this.context.page();
    if (SHAPES.includes(name)) return new Shape(styleFields(name, style), page, this.context.elements);
    switch (name) {
      case "pen":
        return new Pen(styleFields("stroke", style), page);
      case "highlighter":
        return new Pen(styleFields("highlighter", style), page);
      case "eraser":
        return new Eraser(ERASER_RADIUS, (x, y, radius) => this.#hits(x, y, radius));
      case "cutter":
        return new Cutter(ERASER_RADIUS, (x, y, radius) => this.#hits(x, y, radius, KINDS), this.context.entry, page);
      case "laser":
        return new Laser(style.color);
      case "select":
        return this.selector;
      default:
        return null;
    }
  }

  /** @param {number} pointer @param {Sample} sample @param {Keys} keys @returns {Effect[]} */
  move(pointer, sample, keys) {
    return this.#active.get(pointer)?.drag(sample, keys) ?? [];
  }

  /** Have a stroke whose pointer rests be the neat shape that it looks like; returns it with the effects.
   * @param {number} pointer @returns {{neat: import("../model/neat.js").Neat | null, effects: Effect[]}} */
  neaten(pointer) {
    const active = this.#active.get(pointer);
    if (!(active instanceof Pen)) return { neat: null, effects: [] };
    const effects = active.neaten();
    return { neat: active.neat, effects };
  }

  /** End a gesture where its pointer was last. @param {number} pointer @returns {Effect[]} */
  end(pointer) {
    const active = this.#active.get(pointer);
    this.#active.delete(pointer);
    return active?.lift() ?? [];
  }

  /** End a stroke that is a neat shape at present, with its ink instead. @param {number} pointer @returns {Effect[]} */
  keepInk(pointer) {
    const active = this.#active.get(pointer);
    return active instanceof Pen && active.neat ? [...active.keepInk(), ...this.end(pointer)] : [];
  }

  /** Discard the gesture of a pointer. @param {number} pointer @returns {Effect[]} */
  cancel(pointer) {
    const active = this.#active.get(pointer);
    this.#active.delete(pointer);
    return active?.discard() ?? [];
  }

  /** The tool that a pointer holds. @param {number} pointer */
  toolOf(pointer) {
    return this.#active.get(pointer);
  }

  /** What the lines under the hands would be bound to. */
  get targets() {
    return [...this.#active.values()].flatMap((tool) => (tool instanceof Shape ? tool.targets : []));
  }

  get busy() {
    return this.#active.size > 0;
  }

  /** @param {number} x @param {number} y @param {number} radius @param {string[]} [kinds] */
  #hits(x, y, radius, kinds) {
    /** @type {string[]} */
    const keys = [];
    let spared = "";
    for (const element of this.context.elements()) {
      if (!element.hit(x, y, radius) || this.context.entry(element.key)?.fields.lock === true) continue;
      if (kinds && !kinds.includes(element.kind)) spared ||= UNCUT;
      else if (this.context.mayChange(element)) keys.push(element.key);
      else spared = SPARED;
    }
    return { keys, spared };
  }

  /** How elements are shown while tools are at work; the same object as long as nothing changed.
   * @returns {ReadonlyMap<string, Change>} */
  changes() {
    const from = [...this.#active.values()].map((tool) => tool.changes()).filter((each) => each.size);
    const before = this.#changes.from;
    if (from.length === before.length && from.every((each, i) => each === before[i])) return this.#changes.all;
    const all = from.length > 1 ? new Map(from.flatMap((each) => [...each])) : (from[0] ?? NO_CHANGES);
    this.#changes = { from, all };
    return all;
  }

  // --- the selection ------------------------------------------------------------------------------------------------

  /** The keys of the selected elements that still exist. */
  get chosen() {
    return this.selector.chosen.filter((key) => this.context.entry(key) !== undefined);
  }

  selectNone() {
    this.selector.chosen = [];
  }

  selectAll() {
    this.selector.chosen = this.context
      .elements()
      .filter(({ key }) => this.context.entry(key)?.fields.lock !== true)
      .map(({ key }) => key);
  }

  /** Do something to the selected elements. @param {string} command @returns {Effect[]} */
  act(command) {
    if (!this.context.canDraw()) return [];
    const done = commandActions(command, this.chosen, this.context);
    if (!done) return [];
    if (done.chosen) this.selector.chosen = done.chosen;
    return commit(done.actions);
  }

  /** Give the selected elements another style, where their kinds have it. @param {Partial<Style>} changes
   * @returns {Effect[]} */
  restyle(changes) {
    if (!this.context.canDraw()) return [];
    return commit(
      this.chosen.flatMap((key) => {
        const fields = restyled(this.context.entry(key)?.fields ?? {}, changes);
        return Object.keys(fields).length ? [{ type: "patch", key, fields }] : [];
      }),
    );
  }

  /** Add a text, its upper left corner at (x, y). @param {number} x @param {number} y @param {string} text
   * @param {Style} style @param {Fields} [more] @returns {Effect[]} */
  typeText(x, y, text, style, more = {}) {
    if (!text.trim() || !this.context.canDraw()) return [];
    const at = [Math.round(x * EIGHTHS), Math.round(y * EIGHTHS)];
    return this.add({ ...styleFields("text", style), at, text, ...more });
  }

  /** Add an element. @param {Fields} fields @returns {Effect[]} */
  add(fields) {
    if (!this.context.canDraw()) return [];
    return commit([{ type: "create", key: this.context.newKey(), fields, page: this.context.page() }]);
  }

  /** Change the words of a text, or those in a shape; a blank text is deleted. @param {string} key @param {string} text @param {Fields} [more]
   * @returns {Effect[]} */
  rewrite(key, text, more = {}) {
    const fields = this.context.entry(key)?.fields;
    if (!fields || !this.context.canDraw()) return [];
    if (text.trim()) return commit([{ type: "patch", key, fields: { text, ...more } }]);
    if (fields.kind !== "text") return commit(fields.text ? [{ type: "patch", key, fields: { text: null } }] : []);
    return commit([{ type: "delete", keys: [key] }]);
  }
}

/** @param {import("../board/types").Action[]} actions @returns {Effect[]} */
const commit = (actions) => (actions.length ? [{ type: "commit", actions }] : []);
