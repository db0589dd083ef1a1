// @ts-check
// The laser pointer: a trail that others see fade, and that is no element.

import { NO_CHANGES, eighths } from "../effects.js";

/**
 * @typedef {import("../effects.js").Effect} Effect
 * @typedef {import("../effects.js").Tool} Tool
 * @typedef {import("../effects.js").Sample} Sample
 */

/** Points of one trail; a longer one continues under another key. */
const LONGEST = 4000;

/** @implements {Tool} */
export class Laser {
  #color;
  #key = "";
  #part = 0;
  #count = 0;

  /** @param {string} color */
  constructor(color) {
    this.#color = color;
  }

  get #name() {
    return this.#part ? `${this.#key}~${this.#part}` : this.#key;
  }

  /** @param {Sample} sample @param {import("../effects.js").Press} press */
  press(sample, { key }) {
    this.#key = key;
    this.#part = this.#count = 0;
    return this.drag(sample);
  }

  /** @param {Sample} sample @returns {Effect[]} */
  drag({ x, y }) {
    if (!this.#key) return [];
    /** @type {Effect[]} */
    const effects = [];
    if (this.#count >= LONGEST) {
      effects.push({ type: "cancel", key: this.#name });
      this.#part += 1;
      this.#count = 0;
    }
    const fields = this.#count ? {} : { fields: { kind: "laser", color: this.#color } };
    const points = [eighths(x), eighths(y)];
    effects.push({ type: "preview", key: this.#name, start: 2 * this.#count, points, ...fields });
    this.#count += 1;
    return effects;
  }

  /** @returns {Effect[]} */
  lift() {
    const key = this.#name;
    this.#key = "";
    return key ? [{ type: "cancel", key }] : [];
  }

  discard() {
    return this.lift();
  }

  changes() {
    return NO_CHANGES;
  }
}
