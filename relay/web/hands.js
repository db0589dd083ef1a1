// @ts-check
// What the pen tells becomes previews and operations of a sketch: the part that a kernel has in a notebook.
//
// Rules of this file: a gesture is known by its pointer's number; samples are x, y in board units, milliseconds, perhaps
// a pressure.

import { newKey } from "./ipysketch.js";
import { ENDS, createWet, growWet, straightenWet, wetFields } from "./wet.js";
import { textSize } from "./typist.js";

/**
 * @typedef {import("./ipysketch.js").Sketch} Sketch
 * @typedef {import("./elements.js").Element} Element
 * @typedef {import("./wet.js").Style} Style
 * @typedef {{key: string, tool: string, wet: import("./wet.js").Wet | null, told: number, straight: boolean,
 *   times: number[], touched: Set<string>, spared: boolean, last: number[]}} Gesture
 * @typedef {object} Room what hands have to know of the page
 * @property {() => string} page the key of the one that is turned to
 * @property {(element: Element) => boolean} mayErase
 * @property {() => void} changed is called when `hidden` did
 * @property {() => void} spared is called when an eraser touched only what it may not erase
 * @property {(pointer: number) => void} finished is told of a gesture that became an operation, or nothing
 */

const ERASER_RADIUS = 6;

export class Hands {
  /** The keys that are being erased. @type {Set<string>} */
  hidden = new Set();
  #sketch;
  #room;
  /** @type {Map<number, Gesture>} */
  #gestures = new Map();

  /** @param {Sketch} sketch @param {Room} room */
  constructor(sketch, room) {
    this.#sketch = sketch;
    this.#room = room;
  }

  /** What one pointer did since the last display frame. @param {any} told */
  take({ pointer, phase, samples, tool, straight, last, ...style }) {
    if (phase === "begin") this.#begin(pointer, tool, style);
    const gesture = this.#gestures.get(pointer);
    if (!gesture) return;
    if (phase === "cancel") return this.#cancel(pointer, gesture);
    for (const sample of samples) this.#move(gesture, sample, Boolean(straight));
    if (last) this.#end(pointer, gesture);
  }

  /** Put a text on the board. @param {number} x @param {number} y @param {string} text @param {Style} style */
  type(x, y, text, style) {
    const at = [Math.round(8 * x), Math.round(8 * y)];
    const { color, opacity } = style;
    const fields = { kind: "text", color, at, text, size: 8 * textSize(style.width), ...(opacity ? { opacity } : {}) };
    this.#sketch.create(fields, { page: this.#room.page() });
  }

  /** @param {number} pointer @param {string} tool @param {any} style */
  #begin(pointer, tool, style) {
    const key = newKey();
    this.#gestures.set(pointer, {
      key, tool, wet: createWet(tool, style), told: 0, straight: false, times: [], touched: new Set(), spared: false, last: [],
    });
    if (tool === "laser") this.#sketch.preview(key, 0, [], { kind: "laser", color: style.color });
  }

  /** @param {Gesture} gesture @param {number[]} sample @param {boolean} straight */
  #move(gesture, sample, straight) {
    const { tool, wet, key } = gesture;
    const sketch = this.#sketch;
    if (tool === "laser") {
      sketch.preview(key, gesture.told, [8 * sample[0], 8 * sample[1]]);
      gesture.told += 2;
    } else if (tool === "eraser") {
      this.#rub(gesture, sample);
    } else if (wet) {
      const before = wet.points.length;
      if (straight) straightenWet(wet, sample);
      else growWet(wet, sample);
      if (!straight && wet.points.length === before && before && !ENDS.includes(wet.fields.kind)) return;
      if (straight) gesture.times = [gesture.times[0] ?? sample[2], sample[2]];
      else gesture.times.push(sample[2]);
      this.#preview(gesture, wet, straight);
    }
  }

  /** @param {Gesture} gesture @param {import("./wet.js").Wet} wet @param {boolean} whole */
  #preview(gesture, wet, whole) {
    const { points, pressures } = wet;
    const fields = pressures ? { ...wet.fields, stride: 3 } : wet.fields;
    const stride = pressures ? 3 : 2;
    const anew = whole || gesture.straight || ENDS.includes(wet.fields.kind) || (gesture.told && gesture.told % stride);
    gesture.straight = whole;
    const from = anew ? 0 : gesture.told / stride;
    const flat = [];
    for (let i = from; i < points.length / 2; i++) {
      flat.push(Math.round(8 * points[2 * i]), Math.round(8 * points[2 * i + 1]));
      if (pressures) flat.push(Math.round(255 * pressures[i]));
    }
    this.#sketch.preview(gesture.key, from * stride, flat, fields);
    gesture.told = from * stride + flat.length;
  }

  /** @param {Gesture} gesture @param {number[]} sample */
  #rub(gesture, [x, y]) {
    const [fromX, fromY] = gesture.last.length ? gesture.last : [x, y];
    const steps = Math.min(200, Math.ceil(Math.max(Math.abs(x - fromX), Math.abs(y - fromY)) / ERASER_RADIUS) + 1);
    const there = this.#sketch.elementsOf(this.#room.page());
    for (let step = 1; step <= steps; step++) {
      const [px, py] = [fromX + ((x - fromX) * step) / steps, fromY + ((y - fromY) * step) / steps];
      for (const element of there) {
        if (this.hidden.has(element.key) || !element.hit(px, py, ERASER_RADIUS)) continue;
        if (!this.#room.mayErase(element)) {
          gesture.spared = true;
          continue;
        }
        gesture.touched.add(element.key);
        this.hidden.add(element.key);
      }
    }
    gesture.last = [x, y];
    if (gesture.touched.size) this.#room.changed();
  }

  /** @param {number} pointer @param {Gesture} gesture */
  #end(pointer, gesture) {
    this.#gestures.delete(pointer);
    const { key, tool, wet, touched, times } = gesture;
    const sketch = this.#sketch;
    const where = { page: this.#room.page(), key };
    if (tool === "laser") sketch.endPreview(key);
    else if (tool === "eraser") {
      if (touched.size) sketch.remove(touched);
      else if (gesture.spared) this.#room.spared();
      this.#unhide(touched);
    } else if (wet?.points.length) {
      const { points, pressures, fields } = wet;
      if (!ENDS.includes(fields.kind)) {
        const { kind, color, width, ...more } = fields;
        const style = { kind, color, width: width / 8, ...more, ...where };
        const seconds = times.map((time) => (time - times[0]) / 1000);
        sketch.stroke(points, {
          ...style, ...(pressures ? { pressure: pressures } : {}), ...(seconds.at(-1) ? { times: seconds } : {}),
        });
      } else if (points[0] === points[2] && points[1] === points[3]) sketch.endPreview(key);
      else sketch.create(wetFields(wet), where);
    }
    this.#room.finished(pointer);
  }

  /** @param {number} pointer @param {Gesture} gesture */
  #cancel(pointer, gesture) {
    this.#gestures.delete(pointer);
    if (gesture.tool !== "eraser") this.#sketch.endPreview(gesture.key);
    this.#unhide(gesture.touched);
    this.#room.finished(pointer);
  }

  /** @param {Set<string>} keys */
  #unhide(keys) {
    for (const key of keys) this.hidden.delete(key);
    if (keys.size) this.#room.changed();
  }
}

