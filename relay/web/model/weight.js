// @ts-check
// Estimates the memory of decoded JSON from its text, before it is decoded: a relay may be broken or hostile.
// `ipysketch/model/weight.py` is its twin in Python, and computes the same numbers.
//
// Rules of this file: pure.

/** The most that a page accepts of a drawing: bytes of JSON and of the objects decoded from it. */
export const MAX_WEIGHT = 256 << 20;
/** The same for one text frame. */
export const MAX_FRAME_WEIGHT = 96 << 20;
/** Shorter frames need not be weighed: their number of characters. */
const SMALL_FRAME = 64 << 10;

const COST = new Uint8Array(256).fill(1);
const TEXT = new Uint8Array(256).fill(1);
for (const char of '0123456789-,.[]{}:"') TEXT[char.charCodeAt(0)] = 0;
for (const [char, cost] of /** @type {[string, number][]} */ ([
  [",", 8],
  ["-", 28],
  [".", 28],
  ["e", 28],
  ["E", 28],
  ['"', 30],
  ["[", 100],
  ["{", 150],
])) {
  COST[char.charCodeAt(0)] += cost;
}

/** The weight of a text that arrives in pieces; too high rather than too low. */
export class Weight {
  #parts = 0;
  #text = 0;
  #wide = 1;

  /** Add a piece and return the weight so far. @param {Uint8Array} data */
  add(data) {
    let digits = 0;
    for (const byte of data) {
      this.#parts += COST[byte];
      this.#text += TEXT[byte];
      if (byte > 127 || byte === 92) this.#wide = 4;
      if (byte < 48 || byte > 57) digits = 0;
      // Numbers of three digits and more are objects.
      else if (++digits % 3 === 0) this.#parts += 28;
    }
    return this.#parts + this.#wide * this.#text;
  }
}

const bytes = new TextEncoder();

/** Return whether a text frame is more than a page accepts. @param {string} frame */
export function isTooHeavy(frame) {
  return frame.length >= SMALL_FRAME && new Weight().add(bytes.encode(frame)) > MAX_FRAME_WEIGHT;
}
