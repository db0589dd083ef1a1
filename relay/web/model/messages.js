// @ts-check
// The contract between a relay and a page: what the relay says, decoded, and what a page says, checked before it is
// sent. `relay/protocol/` says the same in Python: `limits.js` and `message_table.js` are generated from there, and the
// vectors in `tests/contract/` hold both languages to it.
//
// Rules of this file: pure; nothing that comes from a relay or from a caller is trusted to be of its type.

import {
  CLOSE_ALONE,
  CLOSE_ERASED,
  CLOSE_EXPIRED,
  CLOSE_PROTOCOL,
  CLOSE_REFUSED,
  CLOSE_REMOVED,
  CLOSE_REPLACED,
  CLOSE_REVOKED,
  MAX_DEPTH,
  MAX_MESSAGES,
  SAFE_INTEGER,
} from "./limits.js";
import { action, entry, server } from "./message_table.js";
import { RemoteError, list } from "./shapes.js";

export { PROTOCOL_VERSION as VERSION, MAX_PREVIEW, MAX_SNAPSHOT, SUBPROTOCOL, WINDOW } from "./limits.js";
export { RemoteError };

/** Messages of a relay's frame that a page reads; a relay sends a few thousand at most. */
const MOST_ANSWERS = 65_536;

/** Close codes after which a client does not reconnect by itself, with the words for people.
 * @type {Readonly<{[code: number]: string}>} */
export const TERMINAL = Object.freeze({
  [CLOSE_REPLACED]: "another connection goes on as this client",
  [CLOSE_PROTOCOL]: "the relay and this page do not understand each other; load the page anew",
  [CLOSE_REFUSED]: "the relay did not let this page in",
  [CLOSE_EXPIRED]: "the token has expired; ask who runs the relay for another",
  [CLOSE_REVOKED]: "the token was taken back; ask who runs the relay for another",
  [CLOSE_REMOVED]: "a moderator took you out of the room",
  [CLOSE_ERASED]: "the room was deleted",
  [CLOSE_ALONE]: "the kernel has left the room",
});

/**
 * @typedef {import("./shapes.js").Fields} Fields
 * @typedef {import("./message_table.js").Entry} Entry
 * @typedef {import("./message_table.js").Action} Action
 * @typedef {import("./message_table.js").Change} Change
 * @typedef {import("./message_table.js").ServerMessage} ServerMessage
 * @typedef {import("./message_table.js").ClientMessage} ClientMessage
 * @typedef {import("./message_table.js").Join} Join
 * @typedef {import("./message_table.js").Operate} Operate
 * @typedef {Extract<ServerMessage, {type: "commit"}>} Commit
 */

// --- frames -------------------------------------------------------------------------------------------------------

/**
 * The relay's messages in a text frame; one that is wrong or unknown stands as a `RemoteError` in its place. Throws `RemoteError`
 * when the frame is no JSON array.
 * @param {string} frame
 * @returns {(ServerMessage | RemoteError)[]}
 */
export function decodeServer(frame) {
  let messages;
  try {
    messages = JSON.parse(frame);
  } catch {
    messages = null;
  }
  if (!Array.isArray(messages)) throw new RemoteError("not-json", "a frame must be a JSON array of messages");
  if (messages.length > MOST_ANSWERS) {
    throw new RemoteError("too-many-messages", `a frame may have at most ${MOST_ANSWERS} messages`);
  }
  return messages.map((message) => {
    try {
      return server(message);
    } catch (error) {
      return error instanceof RemoteError ? error : new RemoteError("bad-message", String(error));
    }
  });
}

/**
 * The entries of a snapshot's JSON; throws `RemoteError` when it is none.
 * @param {string} json
 * @returns {Entry[]}
 */
export function decodeEntries(json) {
  try {
    return list(entry)(JSON.parse(json));
  } catch (error) {
    throw new RemoteError(
      "bad-snapshot",
      `the snapshot could not be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

const bytes = new TextEncoder();

/**
 * `messages` as text frames of at most `room` bytes, as few as may be; a larger message has one of its own.
 * @param {ClientMessage[]} messages
 * @param {number} room
 * @returns {string[]}
 */
export function frames(messages, room) {
  /** @type {string[]} */
  const result = [];
  /** @type {string[]} */
  let batch = [];
  let size = 0;
  for (const message of messages) {
    const json = JSON.stringify(message);
    const length = bytes.encode(json).length;
    if (batch.length && (size + length > room || batch.length === MAX_MESSAGES)) {
      result.push(`[${batch.join(",")}]`);
      batch = [];
      size = 0;
    }
    batch.push(json);
    size += length + 1;
  }
  if (batch.length) result.push(`[${batch.join(",")}]`);
  return result;
}

// --- what a page wants to send ------------------------------------------------------------------------------------

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Throw `RemoteError` unless `value` is JSON, at most `depth` deep, that every replica reads alike.
 * @param {any} value
 * @param {number} [depth]
 */
export function checkValue(value, depth = MAX_DEPTH) {
  switch (typeof value) {
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value)) throw new RemoteError("bad-value", `${value} is no number that can be sent`);
      if (Number.isInteger(value) && Math.abs(value) > SAFE_INTEGER) {
        throw new RemoteError("bad-value", "whole numbers must lie within ±2^53");
      }
      return;
    case "string":
      if (LONE_SURROGATE.test(value))
        throw new RemoteError("bad-value", "text must be well formed; half of a character is not");
      return;
    case "object":
      break;
    default:
      throw new RemoteError("bad-value", `a ${typeof value} cannot be sent; only what JSON has can`);
  }
  if (value === null) return;
  if (depth === 0) throw new RemoteError("too-deep", `values may be nested at most ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) checkValue(value[i], depth - 1);
    return;
  }
  const kind = Object.getPrototypeOf(value);
  if (kind !== null && Object.getPrototypeOf(kind) !== null) {
    throw new RemoteError(
      "bad-value",
      `a ${kind.constructor?.name ?? "thing"} cannot be sent; make an array or object of it`,
    );
  }
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue; // JSON leaves it out.
    checkValue(name, depth);
    checkValue(item, depth - 1);
  }
}

/**
 * A copy of `actions` as the relay will read them. Throws `RemoteError` for what would never get a verdict, as the relay
 * cannot read it.
 * @param {any} actions
 * @returns {Action[]}
 */
export function checkActions(actions) {
  checkValue(actions, MAX_DEPTH + 2);
  const checked = list(action)(JSON.parse(JSON.stringify(actions)));
  for (const action of checked) if ("fields" in action) checkValue(action.fields);
  return checked;
}
