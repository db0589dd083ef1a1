// @ts-check
// The way to the kernel and back: docs/reference/page-messages.md.
//
// Rules of this file: everything is sent on the canvas's comm, on which the kernel sends nothing, so that ipykernel can
// route it past a cell that runs. The state of our own model is only ever set by the kernel. What was chosen here stands
// above it until the kernel has handled the choice: its answer to an older one may still be under way.

import { storageOf } from "../../../relay/web/surface/store.js";

/**
 * @typedef {import("./page_messages").State} State
 * @typedef {import("./page_messages").PageReport} PageReport
 * @typedef {import("./page_messages").PageMessages} PageMessages
 * @typedef {{connect: (slot: (sender: unknown, value: any) => void) => void,
 *   disconnect: (slot: (sender: unknown, value: any) => void) => void}} Signal
 * @typedef {{statusChanged?: Signal, connectionStatusChanged?: Signal, disposed?: Signal, isDisposed?: boolean,
 *   status?: string, connectionStatus?: string}} Kernel JupyterLab's connection to one; others have less
 * @typedef {"" | "ended" | "interrupted"} Gone
 * @typedef {(event: string, callback: (...values: any[]) => void) => void} Listen
 * @typedef {{comm_live?: boolean, on?: Listen, off?: Listen,
 *   send: (content: object, callbacks: object, buffers: unknown[]) => void}} InputModel the canvas's model
 * @typedef {object} Model what anywidget gives us
 * @property {<Name extends keyof State>(name: Name) => State[Name]} get
 * @property {Listen} on
 * @property {Listen} off
 * @property {{get_model: (id: string) => Promise<InputModel>, kernel?: Kernel | null}} widget_manager
 */

/** Names this browser tab: also when it is loaded anew, and in every board of it. */
export const TAB = (() => {
  const kept = storageOf(() => sessionStorage);
  const tab = kept.get("tab") || newName();
  kept.set("tab", tab);
  return tab;
})();

/** Of the messages. @type {import("./page_messages").Version} */
export const VERSION = 4;

const DEAD = ["dead", "restarting", "autorestarting", "terminating"];
const CUT = ["connecting", "disconnected"];

function newName() {
  return crypto.getRandomValues(new Uint32Array(3)).join("-");
}

export class Channel {
  #model;
  #signal;
  #input;
  /** What was chosen and may not be handled yet. @type {{tool?: string, ink?: Partial<State["ink"]>}} */
  #chosen = {};
  /** Of the last choice of this view. */
  #number = 0;
  /** Called when the tool or style changes here. @type {{tool: (() => void)[], ink: (() => void)[]}} */
  #listeners = { tool: [], ink: [] };

  /** @param {Model} model @param {AbortSignal} signal ends all listening */
  constructor(model, signal) {
    this.view = `${TAB}.${newName()}`;
    this.#model = model;
    this.#signal = signal;
    this.#input = model.widget_manager.get_model(model.get("input_model"));
  }

  /** @template {keyof State} Name @param {Name} name @returns {State[Name]} */
  get(name) {
    const value = this.#model.get(name);
    if (this.#handled()) return value;
    const { tool, ink } = this.#chosen;
    const chosen = { tool, ink: ink && { ...this.#model.get("ink"), ...ink } };
    return /** @type {State[Name]} */ (chosen[/** @type {"tool" | "ink"} */ (name)] ?? value);
  }

  /** What this tab can undo and redo. @returns {[boolean, boolean]} */
  get turns() {
    return this.get("tabs")?.[TAB] ?? [this.get("can_undo"), this.get("can_redo")];
  }

  /** Whether the tool was chosen last by somebody at another tab: that is theirs. */
  get isChosenElsewhere() {
    const chooser = this.get("chooser");
    return Boolean(chooser) && chooser !== TAB;
  }

  #handled() {
    return (this.#model.get("choices")?.[this.view] ?? 0) >= this.#number;
  }

  /** Send a message to the kernel, after those before it; without a kernel, to nobody. @param {PageReport} report */
  send(...[kind, content]) {
    this.#input
      .then((input) => {
        if (input && input.comm_live !== false) input.send({ ipysketch: kind, ...content }, {}, []);
      })
      .catch(() => {}); // No canvas.
  }

  /** Choose a tool or style, which counts at once, however far the kernel is: it will say the same, or correct it.
   * @param {Omit<PageMessages["choose"], "view" | "number">} choice */
  choose(choice) {
    const { tool, ...style } = choice;
    if (this.#handled()) this.#chosen = {};
    if (tool) this.#chosen.tool = tool;
    if (Object.keys(style).length) this.#chosen.ink = { ...this.#chosen.ink, ...style };
    this.#number += 1;
    this.send("choose", { ...choice, view: this.view, number: this.#number });
    if (tool) for (const update of this.#listeners.tool) update();
    if (this.#chosen.ink) for (const update of this.#listeners.ink) update();
  }

  /** Call `update` when one of these fields of the state changes. @param {(keyof State)[]} names @param {() => void} update */
  onChange(names, update) {
    for (const name of names) {
      this.#on(`change:${name}`, update);
      if (name !== "tool" && name !== "ink") continue;
      this.#listeners[name].push(update);
      this.#on("change:choices", update);
    }
  }

  /** The same, and now. @param {(keyof State)[]} names @param {() => void} update */
  observe(names, update) {
    this.onChange(names, update);
    update();
  }

  /** @param {(message: {live?: import("./page_messages").InkUpdate, scene?: import("./page_messages").SceneUpdate,
   *   road?: import("./page_messages").Road}) => void} receive */
  onMessage(receive) {
    this.#on("msg:custom", receive);
  }

  /**
   * Call `update` with how the kernel is gone, as far as this front end lets us know: now, and when it changes.
   *
   * A kernel that ended, or began anew, never knows this board again. A connection that is interrupted may come back.
   * @param {(gone: Gone) => void} update
   */
  async watchKernel(update) {
    const input = await this.#input.catch(() => null);
    if (!input || this.#signal.aborted) return;
    const kernel = this.#model.widget_manager.kernel;
    let ended = !!kernel?.isDisposed || DEAD.includes(kernel?.status ?? "");
    let cut = CUT.includes(kernel?.connectionStatus ?? "");
    /** @type {Gone | null} */
    let told = null;
    // A kernel is busy and idle again with each message that it is sent: that is nothing new.
    const changed = () => {
      const now = ended || input.comm_live === false ? "ended" : cut ? "interrupted" : "";
      if (now === told) return;
      told = now;
      update(now);
    };
    /** @param {Signal | undefined} signal @param {(value: any) => void} handle */
    const listen = (signal, handle) => {
      const slot = (/** @type {unknown} */ _sender, /** @type {any} */ value) => {
        handle(value);
        changed();
      };
      signal?.connect(slot);
      this.#signal.addEventListener("abort", () => signal?.disconnect(slot));
    };
    listen(kernel?.statusChanged, (state) => {
      ended ||= DEAD.includes(state);
    });
    listen(kernel?.connectionStatusChanged, (state) => {
      cut = CUT.includes(state);
    });
    listen(kernel?.disposed, () => {
      ended = true;
    });
    input.on?.("comm_live_update", changed);
    this.#signal.addEventListener("abort", () => input.off?.("comm_live_update", changed));
    changed();
  }

  /** @param {string} event @param {(...values: any[]) => void} callback */
  #on(event, callback) {
    this.#model.on(event, callback);
    this.#signal.addEventListener("abort", () => this.#model.off(event, callback));
  }
}
