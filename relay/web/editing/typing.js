// @ts-check
// Texts that are being typed: where they begin, which one is changed, and what becomes of them. A text stands by itself or
// in a shape.

import { BOX_KINDS as WORDED } from "../canvas/live_ink.js";
import { decode } from "../model/elements.js";
import { USUAL_SIZE, typical } from "../model/typeset.js";
import { EIGHTHS } from "./effects.js";
import { offsetOf } from "./matrix.js";
import { noteFields, sizeOf } from "./style.js";
import { TextField } from "./text_field.js";
import { topmost } from "./tools/selector.js";

/**
 * @typedef {import("../board/types").Fields} Fields
 * @typedef {import("./text_field.js").Room} Room
 * @typedef {object} Parts
 * @property {import("../board/types").Board} board
 * @property {HTMLElement} el covers the paper
 * @property {import("./gestures.js").Gestures} gestures
 * @property {import("../board/types").View} view
 * @property {() => import("../board/types").Style} style
 * @property {(effects: import("./effects.js").Effect[]) => void} apply
 * @property {() => void} changed is called when a text began or ended
 */

/** Board units to the right that a text leaves free. */
const EDGE = 8;
/** How far a pointer is dragged, in board units, before that says how wide the text may be. */
const DRAGGED = 24;
/** The side of a note, in board units. */
const NOTE = 160;
/** The least width of a text, in parts of the size. */
const NARROWEST = 3;

export class Typing {
  #parts;
  /** @type {TextField | null} */
  #field = null;
  /** The element that is changed; "" for a new one. */
  key = "";
  /** How that is shown meanwhile: its words are in the field. @type {import("./effects.js").Change} */
  change = {};

  /** What is not on the board yet, and is shown while its words are typed. @type {Fields[]} */
  drafts = [];

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  get open() {
    return this.#field !== null;
  }

  /** The text tool was clicked, or dragged: it changes the text that is there, or begins one as wide as it was dragged.
   * @param {number[]} from @param {number[]} to */
  place(from, [x, y]) {
    const hit = topmost(this.#parts.board.elements, x, y, 0);
    const wide = Math.abs(x - from[0]);
    if (wide > DRAGGED) this.start(Math.min(x, from[0]), from[1], wide);
    else if (hit?.kind === "text") this.edit(hit.key);
    else this.start(x, y);
  }

  /** Write in what is there, or begin a text. @param {number[]} place @param {number} reach */
  doubleClick([x, y], reach) {
    const { board } = this.#parts;
    const hit =
      topmost(board.elements, x, y, reach) ?? board.elements.findLast((element) => this.#within(element, x, y));
    if (hit && ["text", ...WORDED].includes(hit.kind)) this.edit(hit.key);
    else if (!hit) this.start(x, y);
  }

  /** Whether a place is inside a shape, filled or not. @param {{key: string, kind: string}} element @param {number} x
   * @param {number} y */
  #within({ key, kind }, x, y) {
    const fields = WORDED.includes(kind) && this.#parts.board.entry(key)?.fields;
    return fields && decode("", { ...fields, fill: "#000000" })?.hit(x, y, 0);
  }

  /** How wide a text at x may be. @param {number} x @param {number} size */
  #room = (x, size) => Math.max(this.#parts.board.width - EDGE - x, NARROWEST * size);

  /** What a text that would leave the board says besides. @param {string} text @param {number} x @param {number} size */
  #wrap(text, x, size) {
    const room = this.#room(x, size);
    const wide = text.split("\n").some((line) => typical(line) * size > room);
    return wide ? { wrap: Math.round(room * EIGHTHS) } : {};
  }

  /** Begin a text, its upper left corner at (x, y). @param {number} x @param {number} y @param {number} [wrap] how wide it
   * may be */
  start(x, y, wrap) {
    const { gestures, style } = this.#parts;
    const size = sizeOf(style()) / EIGHTHS;
    const look = { color: style().color, size };
    this.#open("", {}, x, y, look, "", { wrap, most: this.#room(x, size) }, (text) => {
      const now = sizeOf(style()) / EIGHTHS;
      const more = wrap ? { wrap: Math.round(Math.max(wrap, now) * EIGHTHS) } : this.#wrap(text, x, now);
      return gestures.typeText(x, y, text, style(), more);
    });
  }

  /** Change a text where it is, or the words in a shape. @param {string | undefined} key */
  edit(key) {
    const { board } = this.#parts;
    const entry = key ? board.entry(key) : undefined;
    if (!key || !entry || entry.fields.lock === true || !board.mayChange(entry)) return;
    if (entry.fields.kind === "text") this.#editText(key, entry.fields);
    else if (WORDED.includes(entry.fields.kind)) this.#editWords(key, entry.fields);
    else return;
    if (this.key === key) this.#parts.gestures.selector.chosen = [key];
  }

  /** Put a note on the board, its middle at a place, and write on it. @param {number[]} place */
  note([x, y]) {
    const { board, gestures, style } = this.#parts;
    const within = (/** @type {number} */ at, /** @type {number} */ side) =>
      Math.max(0, Math.min(side - NOTE, at - NOTE / 2));
    const box = [within(x, board.width), within(y, board.height), NOTE, NOTE].map((side) => Math.round(side * EIGHTHS));
    const fields = noteFields(style(), box);
    const [mx, my] = [(box[0] + box[2] / 2) / EIGHTHS, (box[1] + box[3] / 2) / EIGHTHS];
    const size = fields.size / EIGHTHS;
    const room = { wrap: NOTE - 1 - size / 2, middle: true, always: true };
    this.#open("", {}, mx, my, { color: fields.ink, size }, "", room, (text) =>
      gestures.add({ ...fields, ...(text ? { text } : {}) }),
    );
    if (this.#field) this.drafts = [fields];
    this.#parts.changed();
  }

  /** @param {string} key @param {Fields} fields */
  #editText(key, fields) {
    const { gestures } = this.#parts;
    const { at, text, color, size, wrap } = fields;
    const [dx, dy] = offsetOf(fields);
    const [x, y, high] = [at[0] + dx, at[1] + dy, size].map((value) => value / EIGHTHS);
    const room = wrap ? { wrap: wrap / EIGHTHS } : { most: this.#room(x, high) };
    this.#open(key, { pieces: [] }, x, y, { color, size: high }, text, room, (now) =>
      gestures.rewrite(key, now, wrap || fields.transform ? {} : this.#wrap(now, x, high)),
    );
  }

  /** @param {string} key @param {Fields} fields */
  #editWords(key, fields) {
    const { gestures, style } = this.#parts;
    const { text = "", color, ink, box, width } = fields;
    const first = text ? {} : { size: sizeOf(style()) };
    const size = (text ? (fields.size ?? USUAL_SIZE) : sizeOf(style())) / EIGHTHS;
    const [dx, dy] = offsetOf(fields);
    const [x, y] = [(box[0] + dx + box[2] / 2) / EIGHTHS, (box[1] + dy + box[3] / 2) / EIGHTHS];
    const part = fields.kind === "ellipse" ? 0.7 : 1;
    const wrap = Math.max((part * box[2] - width) / EIGHTHS - size / 2, size);
    const room = { wrap, middle: true };
    this.#open(key, { fields: { ...fields, text: null } }, x, y, { color: ink ?? color, size }, text, room, (now) =>
      gestures.rewrite(key, now, first),
    );
  }

  /**
   * @param {string} key @param {import("./effects.js").Change} change @param {number} x @param {number} y
   * @param {{color: string, size: number}} style @param {string} before @param {Room} room
   * @param {(text: string) => import("./effects.js").Effect[]} typed
   */
  #open(key, change, x, y, style, before, room, typed) {
    const { board, el, view, apply, changed } = this.#parts;
    if (!board.can.draw) return;
    this.end();
    const { clientX, clientY } = view.toPixels(x, y);
    const closed = (/** @type {string | null} */ text) => {
      this.#field = null;
      this.key = "";
      this.drafts = [];
      if (text !== null) apply(typed(text));
      changed();
    };
    this.key = key;
    this.change = change;
    this.#field = new TextField(el, style, [clientX, clientY], closed, before, room);
    changed();
  }

  /** Have a text that is typed, and is a new one, look as the style is now. */
  restyle() {
    if (this.drafts.length) return;
    const style = this.#parts.style();
    this.#field?.restyle({ color: style.color, size: sizeOf(style) / EIGHTHS });
  }

  /** End it; false where nothing is typed. @param {boolean} [keep] whether what was typed counts */
  end(keep = true) {
    if (!this.#field) return false;
    this.#field.end(keep);
    return true;
  }
}
