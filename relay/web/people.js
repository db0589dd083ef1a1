// @ts-check
// Who is here: their names, and their cursors on the board.
//
// Rules of this file: texts of people only ever go through textContent. What stands for a peer stays the same node, so
// that its cursor glides and the focus stays.

import { element } from "./controls.js";
import { BOARD } from "./wet.js";

const COLOR = /^#[0-9a-f]{6}$/i;
const EIGHTHS = 8;

export class People {
  #list;
  #cursors;
  #introduce;
  /** @type {Map<string, {item: any, name: any, cursor: any, label: any}>} */
  #known = new Map();

  /**
   * @param {HTMLElement} list of names
   * @param {HTMLElement} cursors covers the board
   * @param {() => void} introduce is called when somebody wants another name
   */
  constructor(list, cursors, introduce) {
    this.#list = list;
    this.#cursors = cursors;
    this.#introduce = introduce;
  }

  /** @param {import("./ipysketch.js").Person[]} people @param {string} page that is looked at */
  show(people, page) {
    const here = new Set(people.map(({ peer }) => peer));
    for (const [peer, { item, cursor }] of this.#known) {
      if (here.has(peer)) continue;
      item.remove();
      cursor.remove();
      this.#known.delete(peer);
    }
    people.forEach((person, i) => {
      const { item, name, cursor, label } = this.#of(person);
      if (this.#list.children[i] !== item) this.#list.insertBefore(item, this.#list.children[i] ?? null);
      const words = person.me ? `${person.name} (you)` : person.name;
      if (name.textContent !== words) {
        name.textContent = words;
        if (!person.me) item.title = words;
        label.textContent = person.name;
      }
      for (const made of [item, cursor]) made.style.setProperty("--ink", COLOR.test(person.color) ? person.color : "#666");
      this.#move(cursor, person.state, page);
    });
  }

  /** @param {import("./ipysketch.js").Person} person */
  #of({ peer, me }) {
    const known = this.#known.get(peer);
    if (known) return known;
    const item = element("li", "");
    const name = me
      ? element("button", "name", { type: "button", title: "Change your name or colour" })
      : element("span", "name");
    if (me) name.addEventListener("click", () => this.#introduce());
    item.append(name);
    const cursor = element("div", "cursor", { hidden: "" });
    const label = element("span", "");
    cursor.append(label);
    if (!me) this.#cursors.append(cursor);
    const made = { item, name, cursor, label };
    this.#known.set(peer, made);
    return made;
  }

  /** @param {any} cursor @param {any} state @param {string} page */
  #move(cursor, { cursor: at, page: there }, page) {
    const shown = Array.isArray(at) && at.length === 2 && at.every(Number.isFinite) && (there ?? "") === page;
    cursor.hidden = !shown;
    if (!shown) return;
    cursor.style.left = `${(100 * at[0]) / EIGHTHS / BOARD.width}%`;
    cursor.style.top = `${(100 * at[1]) / EIGHTHS / BOARD.height}%`;
  }
}
