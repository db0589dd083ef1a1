// @ts-check
// Pointers on the board: which of them draw, pan, pinch, place a text, open a menu or only hover.
//
// Rules of this file: it decides what a pointer is for, and nothing else; the hand does it. Positions are in board units.

import { HARMLESS } from "./style.js";

/**
 * @typedef {import("./effects.js").Sample} Sample
 * @typedef {import("./effects.js").Keys} Keys
 * @typedef {import("../canvas/viewport.js").Viewport} Viewport
 * @typedef {{kind: "stroke", at: number[], timer?: any, held?: boolean} | {kind: "pan", grip: import("../canvas/viewport.js").Grip} | {kind: "text", from: number[]} |
 *   {kind: "menu", from: number[]}} Gesture
 * @typedef {object} Hand what pointers do it with
 * @property {() => {tool: string, canDraw: boolean, panning: boolean}} state
 * @property {(pointer: number, tool: string, sample: Sample, event: PointerEvent) => void} begin
 * @property {(pointer: number, samples: Sample[], event: PointerEvent) => void} move
 * @property {(pointer: number) => boolean} rest it has not moved for a while, and did before; true when it is held until it
 *   moves on
 * @property {(pointer: number) => void} end
 * @property {(pointer: number) => void} cancel
 * @property {(place: number[] | null, event: PointerEvent | null) => void} hover null when it left
 * @property {() => boolean} endText ends a text that is being typed; false where there is none
 * @property {(from: number[], to: number[]) => void} placeText
 * @property {(event: PointerEvent) => void} menu
 */

const ERASER_BUTTON = 32;
/** Pixels that a pointer may move and still have clicked. */
const STILL = 4;
/** The same of a finger. */
const TOUCH_STILL = 9;
/** Milliseconds after which a finger that rests opens a menu. */
const LONG_PRESS = 550;
/** Milliseconds after which a pointer that draws rests. */
const REST = 650;
/** Pixels of a line, of wheels that count lines. */
const LINE = 16;
/** The largest step of a zoom, in pixels of a wheel. */
const MOST_STEP = 40;

export class Pointers {
  #el;
  #hand;
  #viewport;
  /** The gesture of each pointer. @type {Map<number, Gesture>} */
  #gestures = new Map();
  /** Where each finger is, in pixels. @type {Map<number, number[]>} */
  #fingers = new Map();
  #penSeen = false;
  /** The finger that rests, and where. @type {{pointer: number, from: number[], timer: any} | null} */
  #resting = null;
  #enabled = true;

  /** @param {HTMLElement} el covers the paper @param {Hand} hand @param {Viewport} viewport @param {AbortSignal} signal */
  constructor(el, hand, viewport, signal) {
    this.#el = el;
    this.#hand = hand;
    this.#viewport = viewport;
    const listen = (/** @type {string} */ type, /** @type {(event: any) => void} */ handle) =>
      el.addEventListener(type, handle, { signal });
    listen("pointerdown", (event) => this.#down(event));
    listen("pointermove", (event) => this.#move(event));
    listen("pointerup", (event) => this.#up(event));
    listen("pointercancel", (event) => this.#lost(event));
    listen("lostpointercapture", (event) => this.#lost(event));
    listen("pointerleave", () => hand.hover(null, null));
    // The menu of the front end must not open over the board, and the notebook must not select text meanwhile.
    listen("contextmenu", (event) => {
      event.preventDefault();
      event.stopPropagation();
    });
    listen("mousedown", (event) => event.preventDefault());
    signal.addEventListener("abort", () => this.#moves());
    el.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
  }

  get count() {
    return this.#gestures.size;
  }

  cancelAll() {
    for (const pointer of [...this.#gestures.keys()]) this.#cancel(pointer);
  }

  endAll() {
    for (const pointer of [...this.#gestures.keys()]) this.#end(pointer);
  }

  /** Disabled while there is no kernel: ink that only this view has must not look as if it were drawn.
   * @param {boolean} enabled */
  setEnabled(enabled) {
    this.#enabled = enabled;
    if (!enabled) this.cancelAll();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    const scale = event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? this.#el.clientHeight : 1;
    const viewport = this.#viewport;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      // A pinch of a trackpad comes as many small steps, a wheel in large ones.
      const step = Math.sign(event.deltaY) * Math.min(MOST_STEP, Math.abs(scale * event.deltaY));
      viewport.zoomAt(Math.exp(-step / 100), event);
      return;
    }
    if (viewport.home && !this.#focused) return; // The notebook scrolls.
    const sideways = event.shiftKey && !event.deltaX;
    const before = String(viewport.box);
    viewport.panTo(viewport.grip({ clientX: 0, clientY: 0 }), {
      clientX: -scale * (sideways ? event.deltaY : event.deltaX),
      clientY: sideways ? 0 : -scale * event.deltaY,
    });
    if (String(viewport.box) !== before) event.preventDefault(); // At the edge of the desk it is the notebook's again.
  }

  /** Whether the wheel is this board's: it has the focus, or nothing around it is scrolled. */
  get #focused() {
    const root = /** @type {HTMLElement | null} */ (this.#el.closest(".ipysketch-board"));
    return root?.dataset.host === "page" || Boolean((root ?? this.#el).contains(document.activeElement));
  }

  // --- pointer events -----------------------------------------------------------------------------------------------

  /** @param {PointerEvent} event */
  #down(event) {
    const pointer = event.pointerId;
    const touch = event.pointerType === "touch";
    if (event.pointerType === "pen") this.#penSeen = true;
    if (this.#hand.endText()) return; // A click outside only ends it.
    this.#el.focus({ preventScroll: true });
    this.#el.setPointerCapture(pointer);
    this.#moves();
    if (touch) {
      this.#fingers.set(pointer, [event.clientX, event.clientY]);
      if (this.#fingers.size === 1) this.#rests(event);
      if (this.#fingers.size > 1) {
        for (const finger of this.#fingers.keys()) this.#cancel(finger);
        return;
      }
    }
    const { tool, canDraw, panning } = this.#hand.state();
    const from = [event.clientX, event.clientY];
    /** @type {Gesture} */
    const pan = { kind: "pan", grip: this.#viewport.grip(event) };
    // A palm beside the pen, or a finger that moves the paper.
    if (event.button === 1 || panning || tool === "hand" || (touch && this.#penSeen)) this.#gestures.set(pointer, pan);
    else if (event.button === 2) this.#gestures.set(pointer, { kind: "menu", from });
    // People who may not draw may look around.
    else if (!this.#enabled || !(canDraw || HARMLESS.includes(tool))) {
      if (touch) this.#gestures.set(pointer, pan);
    } else if (tool === "text" || tool === "note")
      this.#gestures.set(pointer, { kind: "text", from: this.#viewport.toBoard(event) });
    else this.#begin(pointer, event.buttons & ERASER_BUTTON ? "eraser" : tool, event);
  }

  /** @param {number} pointer @param {string} tool @param {PointerEvent} event */
  #begin(pointer, tool, event) {
    this.#gestures.set(pointer, { kind: "stroke", at: [event.clientX, event.clientY] });
    this.#hand.begin(pointer, tool, this.#sample(event), event);
  }

  /** A finger that rests opens a menu; what it began comes to nothing. @param {PointerEvent} event */
  #rests(event) {
    const pointer = event.pointerId;
    const timer = setTimeout(() => {
      this.#resting = null;
      this.#cancel(pointer);
      this.#hand.menu(event);
    }, LONG_PRESS);
    this.#resting = { pointer, from: [event.clientX, event.clientY], timer };
  }

  /** A pointer that draws rests when it does not go on. @param {number} pointer
   * @param {Extract<Gesture, {kind: "stroke"}>} gesture @param {PointerEvent} event */
  #draws(pointer, gesture, event) {
    if (!this.#far(gesture.at, event)) return;
    gesture.at = [event.clientX, event.clientY];
    clearTimeout(gesture.timer);
    gesture.held = false;
    gesture.timer = setTimeout(() => (gesture.held = this.#hand.rest(pointer)), REST);
  }

  #moves() {
    clearTimeout(this.#resting?.timer);
    this.#resting = null;
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const pointer = event.pointerId;
    const resting = this.#resting;
    if (resting?.pointer === pointer && this.#far(resting.from, event, TOUCH_STILL)) this.#moves();
    if (this.#fingers.has(pointer)) {
      const before = [...this.#fingers.values()];
      this.#fingers.set(pointer, [event.clientX, event.clientY]);
      if (before.length === 2) this.#viewport.pinch(before, [...this.#fingers.values()]);
    }
    if (this.#fingers.size > 1) return;
    const gesture = this.#gestures.get(pointer);
    if (gesture?.kind === "pan") this.#viewport.panTo(gesture.grip, event);
    else if (gesture?.kind === "stroke") {
      if (gesture.held && !this.#far(gesture.at, event)) return; // Hands tremble.
      this.#draws(pointer, gesture, event);
      const coalesced = event.getCoalescedEvents?.() ?? [];
      this.#hand.move(pointer, (coalesced.length ? coalesced : [event]).map(this.#sample), event);
    } else if (gesture?.kind === "menu" && this.#far(gesture.from, event)) {
      // Dragged, the right button erases.
      const { canDraw } = this.#hand.state();
      if (!canDraw || !this.#enabled) return;
      this.#begin(pointer, "eraser", event);
    } else if (!gesture) this.#hand.hover(this.#viewport.toBoard(event), event);
  }

  /** @param {number[]} from @param {PointerEvent} event @param {number} [still] */
  #far([x, y], event, still = STILL) {
    return Math.hypot(event.clientX - x, event.clientY - y) > still;
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const pointer = event.pointerId;
    this.#moves();
    this.#fingers.delete(pointer);
    const gesture = this.#gestures.get(pointer);
    if (gesture?.kind === "text") {
      // A text begins where the pointer is lifted: until then a second finger may come, and a phone shows its keyboard
      // only at the end of a touch.
      this.#gestures.delete(pointer);
      this.#hand.placeText(gesture.from, this.#viewport.toBoard(event));
    } else if (gesture?.kind === "menu") {
      this.#gestures.delete(pointer);
      this.#hand.menu(event);
    } else {
      if (gesture?.kind === "stroke" && !gesture.held) this.#hand.move(pointer, [this.#sample(event)], event);
      this.#end(pointer);
    }
  }

  /** @param {PointerEvent} event */
  #lost(event) {
    this.#moves();
    this.#fingers.delete(event.pointerId);
    if (event.type === "pointercancel" && event.pointerType === "touch") this.#cancel(event.pointerId);
    else this.#end(event.pointerId);
  }

  /** @param {PointerEvent} event @returns {Sample} */
  #sample = (event) => {
    const [x, y] = this.#viewport.toBoard(event).map((value) => Math.round(value * 8) / 8);
    /** @type {Sample} */
    const sample = { x, y, at: Math.round(event.timeStamp) };
    // The pressure of a pen that is lifted is 0 by the standard; that of one that was just put down may be.
    if (event.pointerType === "pen" && (event.pressure > 0 || event.type === "pointerdown"))
      sample.pressure = Math.round(event.pressure * 255) / 255;
    return sample;
  };

  /** @param {number} pointer */
  #end(pointer) {
    const gesture = this.#gestures.get(pointer);
    this.#gestures.delete(pointer);
    if (gesture?.kind !== "stroke") return;
    clearTimeout(gesture.timer);
    this.#hand.end(pointer);
  }

  /** @param {number} pointer */
  #cancel(pointer) {
    const gesture = this.#gestures.get(pointer);
    this.#gestures.delete(pointer);
    if (gesture?.kind !== "stroke") return;
    clearTimeout(gesture.timer);
    this.#hand.cancel(pointer);
  }
}
