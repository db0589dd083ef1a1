// @ts-check
// What a hand holds: its tool, colour and width, and the buttons that choose them.

import { able, button, element } from "./controls.js";
import { ICONS, SWATCHES, TOOLS, WIDTHS } from "./palette.js";

export const DRAWS = ["pen", "highlighter", "line", "arrow", "rectangle", "ellipse", "text", "eraser", "laser"];

/**
 * @typedef {object} Deeds what the buttons do
 * @property {() => void} undo
 * @property {() => void} redo
 * @property {() => void} clear
 * @property {() => void} changed is called when there is another tool or style
 */

const tools = /** @type {Record<string, string[]>} */ (TOOLS);

export class Toolbar {
  tool = "pen";
  style = { color: "", width: 4, fill: "", dash: "", opacity: 0 };
  #root;
  #deeds;
  /** Those that only somebody who may draw can use. @type {HTMLElement[]} */
  #drawing = [];
  /** Bring what is pressed up to date. @type {(() => void)[]} */
  #choices = [];
  #own;
  #undo;
  #redo;
  #clear;

  /** @param {HTMLElement} root @param {string} color to begin with @param {Deeds} deeds */
  constructor(root, color, deeds) {
    this.#root = root;
    this.#deeds = deeds;
    this.style.color = color;
    this.#tools();
    this.#own = this.#colors();
    this.#widths();
    const past = this.#group("History");
    this.#undo = button(past, "Undo", "Undo my last change (Ctrl+Z)", () => deeds.undo(), ICONS.undo);
    this.#redo = button(past, "Redo", "Redo (Ctrl+Shift+Z)", () => deeds.redo(), ICONS.redo);
    this.#clear = button(past, "Clear the board", "Clear the board (undo brings it back)", () => deeds.clear(), ICONS.clear);
    this.#update();
  }

  undo() {
    this.#undo.click();
  }

  redo() {
    this.#redo.click();
  }

  /** Take the tool of a letter, if it is one's. @param {string} letter */
  key(letter) {
    const kind = DRAWS.find((kind) => tools[kind][1] === letter);
    if (kind && this.#may) this.#choose({ tool: kind });
  }

  /** What can be done now. @param {{draw: boolean, clear: boolean, undo: boolean, redo: boolean}} can */
  show({ draw, clear, undo, redo }) {
    for (const made of this.#drawing) able(made, draw);
    this.#own.disabled = !draw;
    able(this.#undo, draw && undo);
    able(this.#redo, draw && redo);
    able(this.#clear, draw && clear);
  }

  get #may() {
    return !this.#own.disabled;
  }

  #tools() {
    const group = this.#group("Tool");
    for (const kind of DRAWS) {
      const [label, letter, more = ""] = tools[kind];
      this.#choice(
        group, label, `${label}${more} (${letter.toUpperCase()})`, ICONS[/** @type {keyof ICONS} */ (kind)],
        { tool: kind }, () => this.tool === kind,
      );
    }
  }

  #colors() {
    const group = this.#group("Colour");
    for (const [ink, label] of SWATCHES) {
      const made = this.#choice(group, `Colour: ${label}`, label, "", { color: ink }, () => this.style.color === ink);
      made.classList.add("swatch");
      made.style.setProperty("--ink", ink);
    }
    const own = element("input", "own", { type: "color", "aria-label": "Another colour", title: "another colour" });
    own.addEventListener("change", () => this.#choose({ color: own.value }));
    group.append(own);
    this.#choices.push(() => {
      own.value = this.style.color;
      own.classList.toggle("chosen", !SWATCHES.some(([ink]) => ink === this.style.color));
    });
    return own;
  }

  #widths() {
    const group = this.#group("Width");
    for (const [width, label] of /** @type {[number, string][]} */ (WIDTHS)) {
      const made = this.#choice(
        group, `Width: ${label}`, `${label} (${width})`, "", { width }, () => this.style.width === width,
      );
      made.append(element("span", "dot"));
      made.style.setProperty("--size", `${3 + Math.sqrt(width) * 2.6}px`);
    }
  }

  /**
   * @param {HTMLElement} group
   * @param {string} label
   * @param {string} title
   * @param {string} icon
   * @param {{tool?: string, color?: string, width?: number}} what it chooses
   * @param {() => boolean} chosen whether it is
   */
  #choice(group, label, title, icon, what, chosen) {
    const made = button(group, label, title, () => this.#choose(what), icon);
    this.#drawing.push(made);
    this.#choices.push(() => made.setAttribute("aria-pressed", String(chosen())));
    return made;
  }

  /** @param {{tool?: string, color?: string, width?: number}} what */
  #choose({ tool, ...style }) {
    Object.assign(this.style, style);
    // Who takes a colour means to draw.
    this.tool = tool ?? (style.color && this.tool === "eraser" ? "pen" : this.tool);
    this.#update();
    this.#deeds.changed();
  }

  #update() {
    for (const update of this.#choices) update();
  }

  /** @param {string} label */
  #group(label) {
    const made = element("div", "group", { role: "group", "aria-label": label });
    this.#root.append(made);
    return made;
  }
}
