// @ts-check
// What tools want: previews and operations, in the order in which they are sent.
//
// Rules of this folder's tools: pure. Points are in board units and come from anywhere (a mouse, a pen, a test); keys are
// arguments. A tool has `press`, `drag`, `straighten`, `lift` and `discard`, which return effects, and `changes`: how
// elements are shown while it is at work.

/**
 * @typedef {import("../board/types").Action} Action
 * @typedef {import("../board/types").Element} Element
 * @typedef {import("../board/types").Fields} Fields
 * @typedef {{type: "preview", key: string, start: number, points: number[], fields?: Fields}} PreviewEffect
 * @typedef {{type: "commit", actions: Action[]}} CommitEffect
 * @typedef {{type: "cancel", key: string}} CancelEffect
 * @typedef {{type: "moving", moving: Record<string, number[]>}} MovingEffect none when the drag ended
 * @typedef {{type: "notice", words: string}} NoticeEffect
 * @typedef {PreviewEffect | CommitEffect | CancelEffect | MovingEffect | NoticeEffect} Effect
 * @typedef {{x: number, y: number, at: number, pressure?: number}} Sample `at` in milliseconds on any clock, `pressure` 0 to 1
 * @typedef {{key: string, more?: boolean, copy?: boolean, handle?: string, reach?: number}} Press `more` adds to a selection;
 *   `copy` drags a copy; `handle` of the selection's frame; `reach` is how far beside an element a click may be
 * @typedef {{straight?: boolean, middle?: boolean, snap?: boolean}} Keys that are held: straight or in proportion, from the
 *   middle, and to what is near
 * @typedef {{fields?: Fields, dim?: boolean, pieces?: Fields[]}} Change of how an element is shown: with other fields, fainter,
 *   or as pieces of it
 * @typedef {object} Tool
 * @property {(sample: Sample, press: Press) => Effect[]} press
 * @property {(sample: Sample, keys: Keys) => Effect[]} drag
 * @property {() => Effect[]} lift
 * @property {() => Effect[]} discard
 * @property {() => ReadonlyMap<string, Change>} changes the same object as long as nothing changed
 */

export const EIGHTHS = 8;
export const REACH = 1_000_000;
/** Words when a tool met only elements that it may not change. */
export const SPARED = "Only a moderator may erase what others drew.";
/** The same when one that cuts met only what cannot be cut. */
export const UNCUT = "hint.cutter";

/** @type {ReadonlyMap<string, Change>} */
export const NO_CHANGES = new Map();

/** A length in board units as whole eighths, within the range of the wire. @param {number} value */
export const eighths = (value) => Math.max(-REACH, Math.min(REACH, Math.round(value * EIGHTHS))) + 0;
