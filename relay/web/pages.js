// @ts-check
// The pages of the board: which there are, and turning them.

import { able, button, element } from "./controls.js";
import { ICONS } from "./palette.js";

export class Pages {
  /** The key of the page that is looked at. */
  key = "";
  #sketch;
  #root;
  #turned;
  #back;
  #where;
  #forth;

  /**
   * @param {HTMLElement} root
   * @param {import("./ipysketch.js").Sketch} sketch
   * @param {() => void} turned
   */
  constructor(root, sketch, turned) {
    this.#root = root;
    this.#sketch = sketch;
    this.#turned = turned;
    this.#back = button(root, "Previous page", "Previous page (Page Up)", () => this.step(-1), ICONS.previous);
    this.#where = element("span", "where");
    root.append(this.#where);
    this.#forth = button(root, "Next page", "Next page (Page Down)", () => this.step(1), ICONS.next);
  }

  /** Keys and names. @returns {string[][]} */
  get all() {
    const more = this.#sketch.elementsOf("pages").filter(({ kind }) => kind === "page");
    return [["", ""], ...more.map(({ key, name }) => [key, name ?? ""])];
  }

  /** Those of `things` whose peers look at this page. @template {{peer: string}} T @param {T[]} things */
  here(things) {
    if (!things.length) return things;
    const pages = new Map(this.#sketch.people.map(({ peer, state }) => [peer, state.page]));
    return things.filter(({ peer }) => (pages.get(peer) ?? "") === this.key);
  }

  /** @param {number} by */
  step(by) {
    const all = this.all;
    const next = all[all.findIndex(([key]) => key === this.key) + by];
    if (next) this.#turn(next[0]);
  }

  /** @param {string} key */
  #turn(key) {
    this.key = key;
    this.#sketch.presence({ page: key || null });
    this.#turned();
  }

  show() {
    const all = this.all;
    let here = all.findIndex(([key]) => key === this.key);
    if (here < 0) {
      here = 0;
      this.#turn("");  // Somebody took the page away.
    }
    this.#root.hidden = all.length < 2;
    const words = `page ${here + 1} of ${all.length}${all[here][1] && `: ${all[here][1]}`}`;
    if (this.#where.textContent !== words) this.#where.textContent = words;
    able(this.#back, here > 0);
    able(this.#forth, here < all.length - 1);
  }
}
