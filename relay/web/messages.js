// @ts-check
// The contract between a relay and a page: what the relay says, decoded, and what a page says, checked before it is
// sent. `relay/protocol/messages.py` says the same in Python, and the vectors in `tests/vectors/` hold both to it.
//
// Rules of this file: pure; what is decoded has every field, with its default where it was left out, and no other;
// nothing that comes from a relay or from a caller is trusted to be of its type.

export const VERSION = 1;
export const SUBPROTOCOL = "ipysketch";
/** Largest text frame a relay takes, in bytes. */
export const MAX_FRAME = 1 << 20;
/** Most bytes of messages put into one frame. */
export const FRAME_ROOM = MAX_FRAME - 4096;
/** Largest inflated snapshot that is taken, in bytes. */
export const MAX_SNAPSHOT = 256 << 20;
/** Operations in flight, and verdicts the relay remembers. */
export const WINDOW = 1024;
/** Nesting of values. */
export const MAX_DEPTH = 16;
/** Numbers in one live preview. */
export const MAX_PREVIEW = 20_000;

/** After these close codes a client does not come back by itself. */
export const TERMINAL = Object.freeze({
  4001: "another connection goes on as this client",
  4002: "the relay and this page do not understand each other; load the page anew",
  4003: "the relay did not let this page in",
  4004: "the token has expired; ask who runs the relay for another",
  4005: "the token was taken back; ask who runs the relay for another",
  4006: "a moderator took you out of the room",
  4007: "the room was deleted",
});

/** What breaks the contract. `code` is in ``docs/protocol.md`` where the relay says the same. */
export class Bad extends Error {
  /** @param {string} code @param {string} reason */
  constructor(code, reason) {
    super(reason);
    this.name = "Bad";
    this.code = code;
  }
}

/**
 * @typedef {{[name: string]: any}} Fields
 * @typedef {{type: "create", key: string, fields: Fields, page: string} | {type: "patch", key: string, fields: Fields}
 *   | {type: "delete", keys: string[]} | {type: "clear", page: string} | {type: "revert", op: number}} Action
 * @typedef {{key: string, first: [number, number], author: string, at: number, page: string, fields: Fields,
 *   versions: {[name: string]: number}}} Entry
 * @typedef {{type: "restore", entries: Entry[]}} Restore
 * @typedef {Exclude<Action, {type: "revert"}> | Restore} Change
 * @typedef {{type: "commit", seq: number, mark: number, at: number, client: string, op: number, author: string,
 *   changes: Change[]}} Commit
 * @typedef {{type: string, [field: string]: any}} Message
 */

// --- shapes: functions that give back a value of their type, or throw ---------------------------------------------

/** @param {string} wanted @returns {never} */
function fail(wanted) {
  throw new Bad("bad-message", `${wanted} was expected`);
}

const any = (value) => value;
const text = (value) => (typeof value === "string" ? value : fail("text"));
const flag = (value) => (typeof value === "boolean" ? value : fail("true or false"));
const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : fail("a number"));
const whole = (value) => (Number.isInteger(value) ? value : fail("a whole number"));
const object = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : fail("an object");
const nothingOr = (shape) => (value) => (value === null ? null : shape(value));

const list = (shape) => (value) => (Array.isArray(value) ? value.map((item) => shape(item)) : fail("a list"));
const wholes = (value) => (Array.isArray(value) && value.every(Number.isInteger) ? value : fail("whole numbers"));
const pair = (value) => (wholes(value).length === 2 ? value : fail("two whole numbers"));
const numbered = (value) => (Object.values(object(value)).every(Number.isInteger) ? value : fail("whole numbers"));

/** A field that may be left out. */
const or = (shape, otherwise) => ({ shape, otherwise });

function struct(fields, type = "") {
  const known = Object.entries(fields).map(([name, given]) =>
    typeof given === "function" ? { name, shape: given, needed: true } : { name, needed: false, ...given },
  );
  return (value) => {
    object(value);
    const result = type ? { type } : {};
    for (const { name, shape, needed, otherwise } of known) {
      if (Object.hasOwn(value, name)) result[name] = shape(value[name]);
      else if (needed) fail(`a field ${name}`);
      else result[name] = otherwise;
    }
    return result;
  };
}

function union(kinds) {
  const shapes = new Map(Object.entries(kinds).map(([type, fields]) => [type, struct(fields, type)]));
  return (value) => (shapes.get(object(value).type) ?? fail("a known type"))(value);
}

const CHANGES = {
  create: { key: text, fields: object, page: or(text, "") },
  patch: { key: text, fields: object },
  delete: { keys: list(text) },
  clear: { page: or(text, "") },
};
const given = struct({
  key: text,
  first: pair,
  author: text,
  at: number,
  page: text,
  fields: object,
  versions: numbered,
});
/** An entry with all its versions: those that are the seq that made it may be left out. */
const entry = (value) => {
  const made = given(value);
  const whole = Object.fromEntries(Object.keys(made.fields).map((name) => [name, made.first[0]]));
  return { ...made, versions: { ...whole, ...made.versions } };
};
const action = union({ ...CHANGES, revert: { op: whole } });
const change = union({ ...CHANGES, restore: { entries: list(entry) } });

const server = union({
  welcome: {
    version: whole,
    room: text,
    peer: text,
    client: text,
    resume_key: text,
    author: text,
    epoch: text,
    seq: whole,
    last: whole,
    reset: flag,
    width: whole,
    height: whole,
    role: or(text, "moderator"),
    locked: or(flag, false),
    oldest: or(whole, 1),
  },
  snapshot: { seq: whole, mark: whole, size: whole, count: whole, last: whole },
  commit: {
    seq: whole,
    mark: whole,
    at: number,
    client: text,
    op: whole,
    author: text,
    changes: list(change),
  },
  refused: { op: whole, code: text, reason: text, final: flag },
  peer: { peer: text, author: text, state: object },
  left: { peer: text },
  ink: { peer: text, key: text, start: whole, points: wholes, fields: or(nothingOr(object), null) },
  "ink-end": { peer: text, key: text },
  heard: { peer: text, name: text, data: or(any, null) },
  room: { locked: flag },
  history: { base: whole, last: whole, oldest: whole, size: whole },
  minted: { token: text, id: text },
  error: { code: text, reason: text, fatal: or(flag, false) },
  goodbye: { reason: text, retry: number },
});

// --- frames -------------------------------------------------------------------------------------------------------

/**
 * The relay's messages in a text frame; one that is wrong or unknown stands as a `Bad` in its place. Throws `Bad`
 * when the frame is no JSON array.
 * @param {string} frame
 * @returns {(Message | Bad)[]}
 */
export function decodeServer(frame) {
  let messages;
  try {
    messages = JSON.parse(frame);
  } catch {
    messages = null;
  }
  if (!Array.isArray(messages)) throw new Bad("not-json", "a frame must be a JSON array of messages");
  return messages.map((message) => {
    try {
      return server(message);
    } catch (error) {
      return error instanceof Bad ? error : new Bad("bad-message", String(error));
    }
  });
}

/**
 * The entries of a snapshot's JSON; throws `Bad` when it is none.
 * @param {string} json
 * @returns {Entry[]}
 */
export function decodeEntries(json) {
  try {
    return list(entry)(JSON.parse(json));
  } catch (error) {
    throw new Bad("bad-snapshot", `the snapshot could not be read: ${error instanceof Error ? error.message : error}`);
  }
}

const bytes = new TextEncoder();

/**
 * `messages` as as few text frames as fit below the relay's limit.
 * @param {Message[]} messages
 * @returns {string[]}
 */
export function frames(messages) {
  const result = [];
  let batch = [];
  let size = 0;
  for (const message of messages) {
    const json = JSON.stringify(message);
    const length = bytes.encode(json).length;
    if (batch.length && size + length > FRAME_ROOM) {
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
 * Throw `Bad` unless `value` is JSON, at most `depth` deep, that every replica reads alike.
 * @param {any} value
 * @param {number} [depth]
 */
export function checkValue(value, depth = MAX_DEPTH) {
  switch (typeof value) {
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value)) throw new Bad("bad-value", `${value} is no number that can be sent`);
      if (Number.isInteger(value) && Math.abs(value) > 2 ** 53) {
        throw new Bad("bad-value", "whole numbers must lie within ±2^53");
      }
      return;
    case "string":
      if (LONE_SURROGATE.test(value)) throw new Bad("bad-value", "text must be well formed; half of a character is not");
      return;
    case "object":
      break;
    default:
      throw new Bad("bad-value", `a ${typeof value} cannot be sent; only what JSON has can`);
  }
  if (value === null) return;
  if (depth === 0) throw new Bad("too-deep", `values may be nested at most ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) checkValue(value[i], depth - 1);
    return;
  }
  const kind = Object.getPrototypeOf(value);
  if (kind !== null && Object.getPrototypeOf(kind) !== null) {
    throw new Bad("bad-value", `a ${kind.constructor?.name ?? "thing"} cannot be sent; make an array or object of it`);
  }
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue; // JSON leaves it out.
    checkValue(name, depth);
    checkValue(item, depth - 1);
  }
}

/**
 * A copy of `actions` as the relay will read them. Throws `Bad` for what would never get a verdict: what the relay
 * cannot read, or takes for too long a frame.
 * @param {any} actions
 * @returns {Action[]}
 */
export function checkActions(actions) {
  checkValue(actions, MAX_DEPTH + 2);
  const json = JSON.stringify(actions);
  if (bytes.encode(json).length > FRAME_ROOM - 64) {
    throw new Bad("too-large", "one operation must be smaller than 1 MiB; make several of it");
  }
  const checked = list(action)(JSON.parse(json));
  for (const { fields } of checked) if (fields) checkValue(fields);
  return checked;
}
