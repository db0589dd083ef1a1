// @ts-check
// What a line or an arrow may be bound to: `ipysketch/model/elements/anchor.py` is its twin.
//
// Rules of this file: pure.

/** The parts of a side in which an anchor is given. */
export const PARTS = 1000;

/** @param {any} value */
const part = (value) => Number.isSafeInteger(value) && value >= 0 && value <= PARTS;

/** Whether a field is an anchor: the key of an element, and a place in its box. @param {any} value */
export const isAnchor = (value) =>
  Array.isArray(value) &&
  value.length === 3 &&
  typeof value[0] === "string" &&
  value[0] !== "" &&
  part(value[1]) &&
  part(value[2]);

/** The keys of the elements that a line or arrow is bound to. @param {{[name: string]: any}} fields @returns {string[]} */
export const boundTo = ({ kind, from, to }) =>
  kind === "line" || kind === "arrow" ? [from, to].filter(isAnchor).map(([key]) => key) : [];
