// @ts-check
// Cuts operations that are larger than the relay accepts into several. `ipysketch/client/cutting.py` is its twin in
// Python, and cuts at the same places.
//
// Rules of this file: pure; the numbers that a relay sends need not make sense.

import { MAX_ACTIONS, MAX_COMMIT, MAX_DELETES, MAX_FRAME } from "./limits.js";
import { RemoteError } from "./shapes.js";

/**
 * @typedef {import("./message_table.js").Action} Action
 * @typedef {{frame: number, actions: number}} SendLimits bytes of one frame, and actions of one operation
 */

/** Bytes of a frame around the actions of one operation, at most. */
const ENVELOPE = 256;
/** Bytes of an action around its key, its page and its fields, at most. */
const AROUND = 64;

/** The limits of a relay that sends none. @type {Readonly<SendLimits>} */
export const USUAL_LIMITS = Object.freeze({ frame: MAX_FRAME, actions: MAX_ACTIONS });

const bytes = new TextEncoder();
/** @param {any} value */
const length = (value) => bytes.encode(JSON.stringify(value)).length;

/** The most bytes of an operation with one action, which cannot be cut. @param {SendLimits} limits */
export const largest = (limits) => limits.frame - ENVELOPE;

/** Bytes to aim at for an operation, or a frame of several messages. A larger commit is sent as a snapshot.
 * @param {SendLimits} limits */
export const usual = (limits) => Math.max(1, Math.min(MAX_COMMIT - 4096, Math.floor(limits.frame / 2)));

/**
 * Return `actions` as operations that `limits` allow, as few as possible; throws `RemoteError` when one action alone is
 * larger.
 * @param {Action[]} actions
 * @param {SendLimits} limits
 * @returns {Action[][]}
 */
export function cut(actions, limits) {
  /** @type {Action[][]} */
  const parts = [];
  let space = 0;
  for (const { action, size } of sized(actions, limits)) {
    if (size > largest(limits)) {
      const most = largest(limits);
      throw new RemoteError(
        "too-large",
        `one element of ${size} bytes is larger than the relay takes (${most}); draw it in parts`,
      );
    }
    if (!parts.length || size > space || parts[parts.length - 1].length >= limits.actions) {
      parts.push([]);
      space = usual(limits);
    }
    parts[parts.length - 1].push(action);
    space -= size;
  }
  return parts.length ? parts : [[]];
}

/** Return whether a relay with these limits can have accepted `actions` as one operation.
 * @param {Action[]} actions @param {SendLimits} limits */
export function fits(actions, limits) {
  return actions.length <= limits.actions && actions.reduce((sum, each) => sum + sizeOf(each), 0) <= largest(limits);
}

/** Yield `actions` with their sizes; a deletion of many keys is split. @param {Action[]} actions @param {SendLimits} limits
 * @returns {Generator<{action: Action, size: number}, void>} */
function* sized(actions, limits) {
  for (const action of actions) {
    let size = sizeOf(action);
    if (action.type !== "delete" || (size <= usual(limits) && action.keys.length <= MAX_DELETES)) {
      yield { action, size };
      continue;
    }
    /** @type {string[]} */
    let keys = [];
    size = AROUND;
    for (const key of action.keys) {
      const more = length(key) + 1;
      if (keys.length && (size + more > usual(limits) || keys.length === MAX_DELETES)) {
        yield { action: { type: "delete", keys }, size };
        keys = [];
        size = AROUND;
      }
      keys.push(key);
      size += more;
    }
    yield { action: { type: "delete", keys }, size };
  }
}

/** @param {Action} action @returns {number} */
function sizeOf(action) {
  switch (action.type) {
    case "create":
      return AROUND + length(action.key) + length(action.fields) + length(action.page);
    case "patch":
      return AROUND + length(action.key) + length(action.fields);
    case "delete":
      return action.keys.reduce((sum, key) => sum + length(key) + 1, AROUND);
    default:
      return AROUND;
  }
}

/** Throw `RemoteError` when a message of `value`, which cannot be cut, is larger than the relay accepts.
 * @param {any} value @param {SendLimits} limits */
export function checkSize(value, limits) {
  const size = length(value);
  const most = largest(limits);
  if (size > most)
    throw new RemoteError("too-large", `${size} bytes are more than the relay takes (${most}); send less`);
}
