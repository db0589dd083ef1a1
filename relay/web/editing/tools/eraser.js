// @ts-check
// The eraser of whole elements: what it touches is dimmed, and goes when it is lifted.

import { NO_CHANGES } from "../effects.js";

/**
 * @typedef {import("../effects.js").Effect} Effect
 * @typedef {import("../effects.js").Tool} Tool
 * @typedef {import("../effects.js").Sample} Sample
 * @typedef {import("../effects.js").Change} Change
 * @typedef {(x: number, y: number, radius: number) => {keys: string[], spared: string}} HitTest the elements that a disc
 *   touches and that may be erased, and why others that it touches may not
 */

/** Places between two samples that are looked at. */
export const MOST_STEPS = 200;

/** @implements {Tool} */
export class Eraser {
  #radius;
  #hits;
  /** @type {ReadonlyMap<string, Change>} */
  #touched = NO_CHANGES;
  #spared = "";
  /** @type {number[] | null} */
  #last = null;

  /** @param {number} radius in board units @param {HitTest} hits */
  constructor(radius, hits) {
    this.#radius = radius;
    this.#hits = hits;
  }

  /** @param {Sample} sample @returns {Effect[]} */
  press({ x, y }) {
    this.#last = [x, y];
    this.#rub(x, y);
    return [];
  }

  /** What lies between two samples is touched too. @param {Sample} sample @returns {Effect[]} */
  drag({ x, y }) {
    if (!this.#last) return [];
    const [x0, y0] = this.#last;
    const steps = Math.min(MOST_STEPS, Math.floor(Math.max(Math.abs(x - x0), Math.abs(y - y0)) / this.#radius) + 1);
    for (let step = 1; step <= steps; step++) {
      this.#rub(x0 + ((x - x0) * step) / steps, y0 + ((y - y0) * step) / steps);
    }
    this.#last = [x, y];
    return [];
  }

  /** @param {number} x @param {number} y */
  #rub(x, y) {
    const { keys, spared } = this.#hits(x, y, this.#radius);
    this.#spared ||= spared;
    const fresh = keys.filter((key) => !this.#touched.has(key));
    if (!fresh.length) return;
    const touched = new Map(this.#touched);
    for (const key of fresh) touched.set(key, { dim: true });
    this.#touched = touched;
  }

  /** @returns {Effect[]} */
  lift() {
    const keys = [...this.#touched.keys()];
    this.discard();
    if (keys.length) return [{ type: "commit", actions: [{ type: "delete", keys }] }];
    return this.#spared ? [{ type: "notice", words: this.#spared }] : [];
  }

  /** @returns {Effect[]} */
  discard() {
    this.#last = null;
    this.#touched = NO_CHANGES;
    return [];
  }

  changes() {
    return this.#touched;
  }
}
