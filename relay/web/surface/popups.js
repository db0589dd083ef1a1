// @ts-check
// Panels and menus over the paper. One is open at a time; a press elsewhere, Escape, or the button that opened it closes it.

import { create, icon } from "./nodes.js";

/**
 * @typedef {object} MenuItem
 * @property {string} label
 * @property {string} [icon]
 * @property {string} [key] shown beside it
 * @property {boolean} [checked] of a switch, or of one choice of several
 * @property {boolean} [choice] whether it is one of several
 * @property {boolean} [off]
 * @property {() => void} act
 * @typedef {(MenuItem | "-")[]} Items
 */

export class Popups {
  #layer;
  /** @type {{node: HTMLElement, anchor: HTMLElement | null, closed: () => void} | null} */
  #open = null;

  /** @param {HTMLElement} layer covers the board @param {HTMLElement} root @param {AbortSignal} signal */
  constructor(layer, root, signal) {
    this.#layer = layer;
    root.addEventListener(
      "pointerdown",
      (event) => {
        const target = /** @type {Node} */ (event.target);
        if (this.#open && !this.#open.node.contains(target) && !this.#open.anchor?.contains(target)) this.close();
      },
      { capture: true, signal },
    );
    document.addEventListener(
      "pointerdown",
      (event) => {
        if (this.#open && !root.contains(/** @type {Node} */ (event.target))) this.close();
      },
      { signal },
    );
  }

  /** @param {Element | null} [anchor] @returns {boolean} whether one is open, or that of `anchor` */
  isOpen(anchor) {
    return anchor ? this.#open?.anchor === anchor : this.#open !== null;
  }

  /** @param {boolean} [focus] whether the keyboard goes back to the button */
  close(focus = false) {
    const open = this.#open;
    if (!open) return;
    this.#open = null;
    open.anchor?.setAttribute("aria-expanded", "false");
    const inside = open.node.contains(document.activeElement);
    open.node.remove();
    if (focus || inside)
      (open.anchor ?? this.#layer.parentElement?.querySelector(".ipysketch-overlay"))?.focus({ preventScroll: true });
    open.closed();
  }

  /**
   * Show a panel beside the button `anchor`, or close it where it is open.
   * @param {HTMLElement} anchor @param {HTMLElement} node @param {() => void} [closed]
   */
  toggle(anchor, node, closed = () => {}) {
    if (this.isOpen(anchor)) {
      this.close();
      return false;
    }
    this.close();
    this.#open = { node, anchor, closed };
    anchor.setAttribute("aria-expanded", "true");
    this.#layer.append(node);
    this.#place(node, anchor.getBoundingClientRect());
    return true;
  }

  /** Show a menu at a place, in pixels of the web page. @param {{clientX: number, clientY: number}} place
   * @param {string} label @param {Items} items */
  menuAt({ clientX, clientY }, label, items) {
    this.close();
    const node = this.#menu(label, items);
    this.#open = { node, anchor: null, closed: () => {} };
    this.#layer.append(node);
    this.#place(node, { left: clientX, right: clientX, top: clientY, bottom: clientY });
    focusFirst(node);
  }

  /** Show a menu beside its button, or close it. @param {HTMLElement} anchor @param {string} label @param {Items} items
   * @param {boolean} [focus] whether the keyboard goes into it */
  menu(anchor, label, items, focus = true) {
    const node = this.#menu(label, items);
    if (this.toggle(anchor, node) && focus) focusFirst(node);
  }

  /** @param {string} label @param {Items} items */
  #menu(label, items) {
    const menu = create("div", "panel menu", { role: "menu", "aria-label": label, tabindex: "0" });
    for (const item of items) {
      if (item === "-") {
        if (menu.lastElementChild?.role !== "separator") menu.append(create("div", "rule", { role: "separator" }));
        continue;
      }
      const kind = item.checked === undefined ? "menuitem" : item.choice ? "menuitemradio" : "menuitemcheckbox";
      const node = create("button", "item", { type: "button", role: kind, tabindex: "-1" });
      if (item.checked !== undefined) node.setAttribute("aria-checked", String(item.checked));
      if (item.off) node.setAttribute("aria-disabled", "true");
      node.append(icon(item.icon ?? ""), create("span", "words", {}, item.label));
      if (item.key) node.append(create("kbd", "", { "aria-hidden": "true" }, item.key));
      node.addEventListener("click", () => {
        if (item.off) return;
        this.close(true);
        item.act();
      });
      menu.append(node);
    }
    menu.addEventListener("keydown", (event) => this.#menuKey(event, menu));
    return menu;
  }

  /** @param {KeyboardEvent} event @param {HTMLElement} menu */
  #menuKey(event, menu) {
    const nodes = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("button")]);
    const here = nodes.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 };
    if (event.key === "Tab") this.close(true);
    else if (event.key in steps) nodes[(steps[event.key] + nodes.length) % nodes.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Keep it on the board, below what it belongs to or above, and never on it. @param {HTMLElement} node
   * @param {{left: number, right: number, top: number, bottom: number}} by */
  #place(node, by) {
    const board = this.#layer.getBoundingClientRect();
    const [below, above] = [board.bottom - by.bottom - 16, by.top - board.top - 16];
    const under = node.offsetHeight <= below || below >= above;
    if (by.bottom > by.top) node.style.maxHeight = `${Math.max(60, under ? below : above)}px`;
    const { offsetWidth: width, offsetHeight: height } = node;
    const left = Math.max(8, Math.min(by.left - board.left, board.width - width - 8));
    const top = under ? by.bottom - board.top + 8 : by.top - board.top - height - 8;
    node.style.left = `${left}px`;
    node.style.top = `${Math.max(8, Math.min(top, board.height - height - 8))}px`;
  }
}

/** @param {HTMLElement} node */
function focusFirst(node) {
  const chosen = /** @type {HTMLElement | null} */ (
    node.querySelector("[aria-checked=true][role=menuitemradio]") ?? node.querySelector("input, button")
  );
  chosen?.focus({ preventScroll: true });
}
