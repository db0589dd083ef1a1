// @ts-check
// The entries of the page that is shown, as a kernel feeds them, with what was done here and is not among them yet.
//
// Rules of this file: pure. An operation counts at once; it is laid over the kernel's entries until these have it.

import { following } from "../model/connector.js";
import { Overlay, Scene, apply, equal, resolve } from "../model/document.js";
import { decode } from "../model/elements.js";
import { RemoteError } from "../model/shapes.js";

/**
 * @typedef {import("../model/messages.js").Entry} Entry
 * @typedef {import("../model/messages.js").Action} Action
 * @typedef {import("../model/elements.js").Element} Element
 * @typedef {[key: string, author: string, seq: number, index: number, fields: Record<string, any>]} SceneEntry
 * @typedef {{number: number, whole: boolean, more: boolean, page: string, entries: SceneEntry[], gone: string[],
 *   applied: Record<string, number>}} Update
 */

export class KernelScene {
  page = "";
  /** Whether all of the page has come. */
  complete = false;
  /** Grows with every change of what is seen. */
  version = 0;
  author = "";
  #view;
  #last = -1;
  /** How many updates have come. */
  #received = 0;
  #number = 0;
  /** @type {Map<string, Entry>} */
  #base = new Map();
  /** Operations by number. @type {Map<number, Action[]>} */
  #pending = new Map();
  /** @type {Overlay | null} */
  #overlay = null;
  /** What each object of fields was decoded to: the same element in both scenes. @type {WeakMap<object, Element | null>} */
  #decoded = new WeakMap();
  #scene = this.#newScene("");
  #under = this.#newScene("");
  #seen = { version: -1, elements: /** @type {Element[]} */ ([]) };
  #painted = { version: -1, elements: /** @type {Element[]} */ ([]) };

  /** @param {string} view names this view */
  constructor(view) {
    this.#view = view;
  }

  /** Apply an update of the kernel; false where one before it was missed, and the whole scene is needed again.
   * @param {Update} update */
  receive({ number, whole, more, page, entries, gone, applied }) {
    const seen = this.entries;
    const follows = number === this.#last + 1;
    this.#last = number;
    if (whole) {
      this.#base = new Map();
      if (page !== this.page) {
        this.#scene = this.#newScene(page);
        this.#under = this.#newScene(page);
      }
      this.page = page;
    } else if (!follows) return false;
    for (const [key, author, seq, index, given] of entries) {
      // What was done here comes back: it is the same thing, and nothing is painted anew.
      const known = seen.get(key)?.fields;
      const fields = known && equal(known, given) ? known : given;
      this.#base.set(key, { key, author, first: [seq, index], fields, page, at: 0, versions: {} });
    }
    for (const key of gone) this.#base.delete(key);
    const done = applied[this.#view] ?? 0;
    for (const op of [...this.#pending.keys()]) if (op <= done) this.#pending.delete(op);
    this.complete = !more;
    this.#received++;
    this.#changed();
    return true;
  }

  /** Do `actions` here; returns the number by which the kernel says that it has them. @param {Action[]} actions */
  submit(actions) {
    this.#pending.set(++this.#number, actions);
    this.#changed();
    return this.#number;
  }

  /** How many operations the kernel's entries do not have. */
  get pending() {
    return this.#pending.size;
  }

  /** @param {string} page @returns {Scene<Element>} */
  #newScene(page) {
    return new Scene(
      (key, fields, author, seq) => {
        const known = this.#decoded.get(fields);
        if (known !== undefined && known?.key === key && known.author === author) return known;
        const element = decode(key, fields, author, seq);
        this.#decoded.set(fields, element);
        return element;
      },
      page,
      following,
    );
  }

  #changed() {
    this.#overlay = null;
    this.version++;
  }

  get entries() {
    if (!this.#pending.size) return this.#base;
    if (!this.#overlay) {
      this.#overlay = new Overlay(this.#base);
      // Above everything that is there: numbers of the log are smaller.
      let seq = Number.MAX_SAFE_INTEGER - this.#pending.size;
      for (const actions of this.#pending.values()) this.#lay(this.#overlay, actions, seq++);
    }
    return this.#overlay;
  }

  /** @param {Overlay} overlay @param {Action[]} actions @param {number} seq */
  #lay(overlay, actions, seq) {
    try {
      apply(overlay, resolve(overlay, actions, seq, new Map()), seq, this.author, 0);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error; // The kernel will say why it cannot be done.
    }
  }

  /** The kernel's elements alone, bottom first. */
  get painted() {
    if (!this.#pending.size) return this.elements;
    if (this.#painted.version !== this.#received) {
      this.#painted = { version: this.#received, elements: this.#under.of(this.#base) };
    }
    return this.#painted.elements;
  }

  /** The elements, bottom first; one that did not change stays the same object. */
  get elements() {
    if (this.#seen.version !== this.version) {
      this.#seen = { version: this.version, elements: this.#scene.of(this.entries) };
    }
    return this.#seen.elements;
  }
}
