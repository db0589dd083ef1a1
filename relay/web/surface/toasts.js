// @ts-check
// What is said on the board for a while: news of others with Undo, notices, and the connection when it is not well.

import { create, setText } from "./nodes.js";

const LASTS = 8000;
const MANY = 3;

export class Toasts {
  #list;
  #close;
  /** Those that stay until they are taken back, by their names. @type {Map<string, HTMLElement>} */
  #kept = new Map();

  /** @param {HTMLElement} layer @param {string} close the name of the button that takes one away */
  constructor(layer, close) {
    this.#close = close;
    // Polite for what happens; what stays is a sentence about the connection.
    this.#list = create("div", "toasts", { role: "status", "aria-live": "polite" });
    layer.append(this.#list);
  }

  /** Say something for some seconds. @param {string} words @param {{label: string, act: () => void}} [action] */
  say(words, action) {
    if ([...this.#list.children].some((node) => node.firstElementChild?.textContent === words)) return;
    const node = this.#toast(words);
    const act = () => {
      node.remove();
      action?.act();
    };
    if (action) node.insertBefore(this.#button(action.label, act), node.lastChild);
    this.#list.append(node);
    const fading = [...this.#list.children].filter((one) => !(/** @type {HTMLElement} */ (one).dataset.kept));
    if (fading.length > MANY) fading[0].remove();
    // Somebody who is about to press it is waited for.
    const leave = () => (node.matches(":hover, :focus-within") ? setTimeout(leave, LASTS / 4) : node.remove());
    setTimeout(leave, LASTS);
  }

  /** Say something until it is otherwise; "" takes it back. @param {string} name @param {string} words
   * @param {{label: string, act: () => void}} [action] */
  keep(name, words, action) {
    const node = this.#kept.get(name);
    if (!words) {
      node?.remove();
      this.#kept.delete(name);
    } else if (node?.firstElementChild) setText(node.firstElementChild, words);
    else {
      const made = create("div", "toast", {}, create("span", "words", {}, words));
      made.dataset.kept = name;
      if (action) made.append(this.#button(action.label, action.act));
      this.#kept.set(name, made);
      this.#list.prepend(made);
    }
  }

  /** @param {string} words */
  #toast(words) {
    const node = create("div", "toast", {}, create("span", "words", {}, words));
    const close = this.#button("×", () => node.remove());
    close.setAttribute("aria-label", this.#close);
    node.append(close);
    return node;
  }

  /** @param {string} label @param {() => void} act */
  #button(label, act) {
    const node = create("button", "do", { type: "button" }, label);
    node.addEventListener("click", act);
    return node;
  }
}
