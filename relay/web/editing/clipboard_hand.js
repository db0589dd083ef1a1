// @ts-check
// Cut, copy and paste, by keys and from a menu, and what is dropped on a board.

import {
  NO_PICTURE,
  TOO_LARGE,
  lastCopied,
  packed,
  pasted,
  pictureFields,
  pngOf,
  textFields,
  unpacked,
} from "./clipboard.js";
import { newKey } from "../client/identity.js";
import { styleFields } from "./style.js";

/**
 * @typedef {import("../board/types").Fields} Fields
 * @typedef {object} Parts
 * @property {import("../board/types").Board} board
 * @property {HTMLElement} el covers the paper
 * @property {import("./editor.js").Editor} editor
 * @property {import("./tools/selector.js").Context} context
 * @property {AbortSignal} signal
 */

export class ClipboardHand {
  #board;
  #el;
  #editor;
  #context;

  /** @param {Parts} parts */
  constructor({ board, el, editor, context, signal }) {
    this.#board = board;
    this.#el = el;
    this.#editor = editor;
    this.#context = context;
    this.#listen(signal);
  }

  /** @param {string} text */
  #tell(text) {
    this.#board.dispatchEvent(new CustomEvent("news", { detail: { text } }));
  }

  /** Cut, copy and paste: the browser's own keys, as events of the clipboard; and what is dropped.
   * @param {AbortSignal} signal */
  #listen(signal) {
    const here = (/** @type {Event} */ event) => {
      const target = /** @type {HTMLElement | null} */ (event.target);
      const typing = target?.matches?.("textarea, input, [contenteditable]");
      return !typing && (document.activeElement === this.#el || target === this.#el);
    };
    const listen = (/** @type {string} */ type, /** @type {(event: any) => void} */ handle) =>
      document.addEventListener(
        type,
        (event) => {
          if (here(event)) handle(event);
        },
        { signal },
      );
    const copy = (/** @type {ClipboardEvent} */ event) => {
      const content = this.#packed();
      if (!content) return;
      event.preventDefault();
      event.clipboardData?.setData("text/html", content.html);
      event.clipboardData?.setData("text/plain", content.text);
      // An event carries no picture: where a page may write by itself, all of it goes once more, with one.
      if (event.isTrusted) written(content, ["html", "text", "png"]);
    };
    listen("copy", copy);
    listen("cut", (event) => {
      copy(event);
      if (event.defaultPrevented) this.#editor.act("delete");
    });
    listen("paste", (event) => {
      event.preventDefault();
      this.#takeFrom(event.clipboardData, null);
    });
    const el = this.#el;
    el.addEventListener("dragover", (event) => event.preventDefault(), { signal });
    el.addEventListener(
      "drop",
      (event) => {
        event.preventDefault();
        event.stopPropagation();
        this.#takeFrom(event.dataTransfer, this.#editor.viewport.toBoard(event));
      },
      { signal },
    );
  }

  #packed() {
    const chosen = new Set(this.#editor.chosen);
    if (!chosen.size) return null;
    const elements = this.#board.elements.filter(({ key }) => chosen.has(key));
    return packed(elements, (key) => this.#board.entry(key));
  }

  /** Put what comes from elsewhere on the board. @param {DataTransfer | null} data @param {number[] | null} place */
  #takeFrom(data, place) {
    if (!data || !this.#board.can.draw) return;
    const ours = unpacked(data.getData("text/html"));
    const files = [...data.files].filter(({ type }) => type.startsWith("image/"));
    const text = data.getData("text/plain");
    const middle = place ?? this.#middle;
    if (ours) this.#editor.insert(pasted(ours, this.#context, place).actions);
    else if (files.length) for (const file of files) this.#insertPicture(file, middle);
    else if (text) this.#insertFields(textFields(text, styleFields("text", this.#editor.style), middle));
    else if (data.files.length) this.#tell(NO_PICTURE);
  }

  /** @param {Fields | null} fields */
  #insertFields(fields) {
    if (fields) this.#editor.insert([{ type: "create", key: newKey(), fields, page: this.#board.page }]);
  }

  /** @param {Blob} file @param {number[]} place */
  async #insertPicture(file, place) {
    try {
      this.#insertFields(await pictureFields(file, this.#board, place));
    } catch (error) {
      this.#tell(error instanceof Error && error.message === TOO_LARGE ? TOO_LARGE : NO_PICTURE);
    }
  }

  /** Ask for a file, and put it in the middle of what is seen. */
  choosePicture() {
    if (!this.#board.can.draw) return;
    const input = document.createElement("input");
    Object.assign(input, { type: "file", accept: "image/*", multiple: true });
    input.addEventListener("change", () => {
      for (const file of input.files ?? []) this.#insertPicture(file, this.#middle);
    });
    input.click();
  }

  get #middle() {
    const [x, y, wide, high] = this.#editor.viewport.box;
    return [x + wide / 2, y + high / 2];
  }

  /** Copy from a menu, where there is no event of the clipboard. */
  async copy() {
    const content = this.#packed();
    if (content) await written(content, ["html", "text", "png"]); // Where nobody may write: it can be pasted here.
  }

  /** Copy for other programs alone. @param {"copy-svg" | "copy-png"} how */
  async copyAs(how) {
    const content = this.#packed();
    if (!content) return;
    const done = await written(content, how === "copy-png" ? ["png"] : ["svg"]);
    this.#tell(done ? "copied" : "copy.failed");
  }

  async paste() {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((each) => each.startsWith("image/"));
        const html = item.types.includes("text/html") ? await (await item.getType("text/html")).text() : "";
        const ours = unpacked(html);
        const middle = this.#middle;
        if (ours) this.#editor.insert(pasted(ours, this.#context, null).actions);
        else if (type) await this.#insertPicture(await item.getType(type), middle);
        else if (item.types.includes("text/plain")) {
          const text = await (await item.getType("text/plain")).text();
          this.#insertFields(textFields(text, styleFields("text", this.#editor.style), middle));
        }
      }
    } catch {
      this.#editor.insert(pasted(lastCopied(), this.#context, null).actions); // Nobody may read this browser's clipboard.
    }
  }
}

const TYPES = { html: "text/html", text: "text/plain", svg: "text/plain", png: "image/png" };

/** Put parts of what was copied on the clipboard; false where the browser does not allow it.
 * @param {ReturnType<typeof packed>} content @param {(keyof typeof TYPES)[]} parts */
async function written(content, parts) {
  try {
    const all = parts.map((part) => {
      const type = TYPES[part];
      return [type, part === "png" ? pngOf(content.elements) : new Blob([content[part]], { type })];
    });
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(all))]);
    return true;
  } catch {
    return false;
  }
}
