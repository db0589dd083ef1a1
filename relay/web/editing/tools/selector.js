// @ts-check
// Selecting elements, by a click, a box or a lasso; and moving, scaling and turning the selected ones.

import { around, winding } from "../../model/geometry.js";
import { decode } from "../../model/elements.js";
import { loosened, rebound } from "../connectors.js";
import { NO_CHANGES } from "../effects.js";
import { frameOf, mappedFrame, rewrapped, scaled, turned, angleOf, boundsOf } from "../frame.js";
import { shift, transformed } from "../matrix.js";
import { snapped } from "../snapping.js";

/**
 * @typedef {import("../effects.js").Effect} Effect
 * @typedef {import("../effects.js").Tool} Tool
 * @typedef {import("../effects.js").Sample} Sample
 * @typedef {import("../effects.js").Keys} Keys
 * @typedef {import("../effects.js").Fields} Fields
 * @typedef {import("../effects.js").Change} Change
 * @typedef {import("../frame.js").Frame} Frame
 * @typedef {import("../../board/types").Element} Element
 * @typedef {import("../../board/types").Action} Action
 * @typedef {object} Context
 * @property {() => readonly Element[]} elements of the page, bottom first
 * @property {(key: string) => {fields: Fields, place: number, author: string} | undefined} entry
 * @property {(element: {author: string}) => boolean} mayChange
 * @property {() => string} newKey
 * @property {() => string} page
 * @property {() => boolean} canDraw
 * @property {() => number} grid the distance of the lines that things snap to; 0 for none
 */

/** How far beside an element a click may be, in board units. */
const NEAR = 4;
/** How far a pointer moves before that is a drag, in board units. */
const STILL = 2;
/** Elements that others see moving; of further ones they see where they come to rest. */
const MOST_SHOWN = 200;
const SPARED = "Only a moderator may change what others drew.";

/** @implements {Tool} */
export class Selector {
  /** The keys of the selected elements. @type {string[]} */
  chosen = [];
  /** The box that selects: x0, y0, x1, y1. @type {number[] | null} */
  band = null;
  /** The line that selects what it surrounds: flat points. @type {number[] | null} */
  lasso = null;
  /** Lines of what the selection snapped to: x0, y0, x1, y1 each. @type {number[][]} */
  guides = [];
  /** Size or angle of the selection while it changes, in words. */
  label = "";
  #context;
  /** @type {Frame | null} */
  #frame = null;
  /** @type {number[] | null} */
  #start = null;
  #handle = "";
  #copy = false;
  #moved = false;
  #spared = false;
  /** Selected before the box began. @type {string[]} */
  #before = [];
  /** Fields of what is dragged. @type {Map<string, Fields>} */
  #from = new Map();
  /** @type {Map<string, {fields: Fields}>} */
  #changes = /** @type {any} */ (NO_CHANGES);
  /** @type {number[]} */
  #map = [1, 0, 0, 1, 0, 0];

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
  }

  /** The frame around what is selected, where it is now. @returns {Frame | null} */
  get frame() {
    if (this.#start && this.#frame && this.#from.size) {
      const [[key, { fields }] = ["", { fields: {} }]] = this.#wraps ? this.#changes : [];
      const text = decode(key, fields);
      return text ? frameOf([text], () => ({ fields })) : mappedFrame(this.#frame, this.#map);
    }
    const keys = new Set(this.chosen);
    const elements = keys.size ? this.#context.elements().filter(({ key }) => keys.has(key)) : [];
    return frameOf(elements, this.#context.entry);
  }

  /** Whether a side of a text is dragged: its lines are broken anew. */
  get #wraps() {
    return (this.#handle === "w" || this.#handle === "e") && this.#text;
  }

  /** Whether it is one text that is changed. */
  get #text() {
    return this.#from.size === 1 && [...this.#from.values()][0].kind === "text";
  }

  /** Whether something is being dragged. */
  get dragging() {
    return this.#start !== null && this.#moved;
  }

  /** @param {Sample} sample @param {import("../effects.js").Press} press @returns {Effect[]} */
  press({ x, y }, { more = false, copy = false, handle = "", reach = NEAR }) {
    this.discard();
    this.#start = [x, y];
    this.#handle = handle;
    this.#copy = copy;
    if (!handle) {
      const hit = topmost(this.#context.elements(), x, y, reach);
      const inside = !hit && !more && this.#inFrame(x, y);
      if (!hit && !inside) {
        this.#before = this.chosen = more ? this.chosen : [];
        if (copy) this.lasso = [x, y];
        else this.band = [x, y, x, y];
        return [];
      }
      if (hit) this.#choose(hit, more);
    }
    this.#frame = this.frame;
    this.#take();
    return [];
  }

  /** Several elements are taken hold of between them, too. @param {number} x @param {number} y */
  #inFrame(x, y) {
    if (this.chosen.length < 2) return false;
    const frame = this.frame;
    if (!frame) return false;
    const [x0, y0, x1, y1] = boundsOf(frame);
    return x >= x0 && x <= x1 && y >= y0 && y <= y1;
  }

  /** @param {Element} hit @param {boolean} more */
  #choose(hit, more) {
    const keys = together(hit, this.#context.elements());
    const known = this.chosen.includes(hit.key);
    if (more && known) this.chosen = this.chosen.filter((key) => !keys.includes(key));
    else if (!known) this.chosen = more ? [...this.chosen, ...keys] : keys;
  }

  /** Take hold of what is selected and may be changed. */
  #take() {
    this.#from = new Map();
    this.#spared = false;
    if (!this.#context.canDraw()) return;
    const keys = new Set(this.chosen);
    for (const element of this.#context.elements()) {
      const entry = keys.has(element.key) ? this.#context.entry(element.key) : undefined;
      if (!entry || entry.fields.lock === true) continue;
      if (this.#copy || this.#context.mayChange(element))
        this.#from.set(element.key, loosened(element, entry.fields, keys));
      else this.#spared = true;
    }
  }

  /** @param {Sample} sample @param {Keys} keys @returns {Effect[]} */
  drag({ x, y }, keys) {
    if (!this.#start) return [];
    const [x0, y0] = this.#start;
    if (this.band) {
      this.band = [Math.min(x0, x), Math.min(y0, y), Math.max(x0, x), Math.max(y0, y)];
      this.#surround(this.band);
      return [];
    }
    if (this.lasso) {
      this.lasso.push(x, y);
      this.#surround(this.lasso);
      return [];
    }
    if (!this.#moved && Math.hypot(x - x0, y - y0) < STILL) return [];
    this.#moved = true;
    if (!this.#frame || !this.#from.size) return [];
    const frame = this.#frame;
    // Letters are not distorted.
    const even = this.#text && this.#handle.length === 2;
    this.#map = this.#mapTo(frame, x, y, even ? { ...keys, straight: true } : keys);
    const wraps = this.#wraps;
    const changed = (/** @type {Fields} */ fields) =>
      wraps ? rewrapped(fields, frame, this.#handle, this.#map) : transformed(fields, this.#map);
    this.#changes = new Map(
      [...this.#from].map(([key, fields]) => [key, { fields: { ...fields, ...changed(fields) } }]),
    );
    return this.#copy || wraps ? [] : [{ type: "moving", moving: this.#shown() }];
  }

  /** @param {Frame} frame @param {number} x @param {number} y @param {Keys} keys */
  #mapTo(frame, x, y, keys) {
    const [x0, y0] = /** @type {number[]} */ (this.#start);
    const grid = this.#context.grid();
    this.guides = [];
    if (this.#handle === "turn") {
      const { map } = turned(frame, [x0, y0], x, y, keys);
      this.label = `${degrees(angleOf(mappedFrame(frame, map)))}°`;
      return map;
    }
    if (this.#handle) {
      const [px, py] = grid ? [Math.round(x / grid) * grid, Math.round(y / grid) * grid] : [x, y];
      const map = scaled(frame, this.#handle, px, py, keys);
      const { u, v } = mappedFrame(frame, map);
      this.label = `${Math.round(Math.hypot(...u))} × ${Math.round(Math.hypot(...v))}`;
      return map;
    }
    let [dx, dy] = [x - x0, y - y0];
    if (keys.straight) [dx, dy] = Math.abs(dx) > Math.abs(dy) ? [dx, 0] : [0, dy];
    if (grid || keys.snap) {
      const others = keys.snap ? this.#context.elements().filter(({ key }) => !this.#from.has(key)) : [];
      const near = snapped(boundsOf(frame), dx, dy, others, grid);
      [dx, dy] = near.by;
      this.guides = near.guides;
    }
    return shift(dx, dy);
  }

  /** What others see moving: the offset in eighths, and where it is not only moved, the transform. */
  #shown() {
    return Object.fromEntries(
      [...this.#changes].slice(0, MOST_SHOWN).map(([key, { fields }]) => {
        const { offset, transform } = fields;
        return [key, this.#handle && transform ? [...offset, ...transform] : offset];
      }),
    );
  }

  /** Select what lies inside. @param {number[]} line a box, or the points of a lasso */
  #surround(line) {
    const box = this.band ? line : around(line);
    const way = this.band ? null : [...line, line[0], line[1]];
    const inside = this.#context.elements().filter(({ key, bounds: [x0, y0, x1, y1] }) => {
      if (x0 < box[0] || y0 < box[1] || x1 > box[2] || y1 > box[3]) return false;
      if (way && winding(way, (x0 + x1) / 2, (y0 + y1) / 2) === 0) return false;
      return this.#context.entry(key)?.fields.lock !== true;
    });
    const elements = this.#context.elements();
    this.chosen = [...new Set([...this.#before, ...inside.flatMap((element) => together(element, elements))])];
  }

  /** Move what was dragged, as one operation. @returns {Effect[]} */
  lift() {
    const changes = this.#changes;
    const copies = this.#copy ? this.#copies() : null;
    const spared = this.#moved && this.#spared && !changes.size;
    this.#end();
    if (spared) return [{ type: "notice", words: SPARED }];
    if (copies?.length) {
      this.chosen = copies.map((action) => /** @type {{key: string}} */ (action).key);
      return [{ type: "commit", actions: copies }];
    }
    /** @type {Action[]} */
    const actions = [];
    for (const [key, { fields }] of changes) {
      const patch = differing(this.#context.entry(key)?.fields ?? {}, fields);
      if (Object.keys(patch).length) actions.push({ type: "patch", key, fields: patch });
    }
    /** @type {Effect[]} */
    const ended = changes.size && !copies ? [{ type: "moving", moving: {} }] : [];
    return actions.length ? [{ type: "commit", actions }, ...ended] : ended;
  }

  /** @returns {Action[]} */
  #copies() {
    const named = new Map([...this.#changes.keys()].map((key) => [key, this.#context.newKey()]));
    return [...this.#changes].map(
      ([
        key,
        {
          fields: { place: _, group: __, ...fields },
        },
      ]) => ({
        type: "create",
        key: named.get(key) ?? key,
        fields: rebound(fields, named),
        page: this.#context.page(),
      }),
    );
  }

  /** Put everything back to where it was. @returns {Effect[]} */
  discard() {
    const was = this.#changes.size && !this.#copy;
    this.#end();
    return was ? [{ type: "moving", moving: {} }] : [];
  }

  #end() {
    this.#start = this.band = this.lasso = null;
    this.#frame = null;
    this.#from = new Map();
    this.#changes = /** @type {any} */ (NO_CHANGES);
    this.#map = [1, 0, 0, 1, 0, 0];
    this.#moved = this.#copy = false;
    this.#handle = this.label = "";
    this.guides = [];
  }

  /** @returns {ReadonlyMap<string, Change>} */
  changes() {
    return this.#copy ? NO_CHANGES : this.#changes;
  }

  /** Fields of copies that are being dragged. @returns {Fields[]} */
  get copies() {
    return this.#copy ? [...this.#changes.values()].map(({ fields }) => fields) : [];
  }
}

/** The topmost element that a disc touches. @param {readonly Element[]} elements @param {number} x @param {number} y
 * @param {number} radius */
export function topmost(elements, x, y, radius) {
  for (let i = elements.length - 1; i >= 0; i--) if (elements[i].hit(x, y, radius)) return elements[i];
  return undefined;
}

/** The keys of what was grouped with an element. @param {Element} element @param {readonly Element[]} elements */
export const together = ({ key, group }, elements) =>
  group ? elements.filter((other) => other.group === group).map((other) => other.key) : [key];

/** @param {Fields} before @param {Fields} after */
const differing = (before, after) =>
  Object.fromEntries(
    ["offset", "transform", "wrap", "points", "from", "to"]
      .filter((name) => after[name] !== undefined && String(after[name]) !== String(before[name] ?? "0,0"))
      .map((name) => [name, after[name]]),
  );

/** @param {number} radians */
const degrees = (radians) => ((Math.round((radians * 180) / Math.PI) % 360) + 360) % 360;
