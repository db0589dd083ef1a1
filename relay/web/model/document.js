// @ts-check
// The meaning of operations: the fold that turns the log into entries, and its inverse; and a replica of a room's entries.
// `relay/protocol/document.py` is its twin in Python: the vectors in `tests/contract/` and a fuzz of replicas in both
// languages hold the two together.
//
// Rules of this file: pure; entries are never changed in place, only replaced, so that a reference to one is a record of
// it. Names of fields are not trusted, they may be `__proto__` or `constructor`: they are looked up with `own` and set
// with `define` or a spread, never with an index.

import { SAFE_INTEGER } from "./limits.js";
import { MAX_WEIGHT, Weight } from "./weight.js";
import { RemoteError, MAX_SNAPSHOT } from "./messages.js";

/**
 * @typedef {import("./messages.js").Entry} Entry
 * @typedef {import("./messages.js").Action} Action
 * @typedef {import("./messages.js").Change} Change
 * @typedef {import("./messages.js").Commit} Commit
 * @typedef {import("./messages.js").Fields} Fields
 * @typedef {{key: string, before: Entry | undefined, after: Entry | undefined}} Touch the effect of an operation on a key
 * @typedef {Touch[]} Record
 * @typedef {Map<string, Entry> | Overlay} Entries
 * @typedef {{entry: Entry, place: number}} Placed
 */

/** @param {Fields} object @param {string} name */
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);
/** @param {Fields} object @param {string} name @param {any} value */
const define = (object, name, value) =>
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
/** @param {Fields} fields @param {number} seq */
const stamped = (fields, seq) => Object.fromEntries(Object.keys(fields).map((name) => [name, seq]));

/** Entries laid over others without changing them: own pending operations. It has the methods of a `Map` that are used. */
export class Overlay {
  #base;
  /** @type {Map<string, Entry | undefined>} */
  #over = new Map();

  /** @param {Entries} base */
  constructor(base) {
    this.#base = base;
  }

  /** @param {string} key @returns {Entry | undefined} */
  get(key) {
    return this.#over.has(key) ? this.#over.get(key) : this.#base.get(key);
  }

  /** @param {string} key */
  has(key) {
    return this.get(key) !== undefined;
  }

  /** @param {string} key @param {Entry} entry */
  set(key, entry) {
    this.#over.set(key, entry);
    return this;
  }

  /** @param {string} key */
  delete(key) {
    const there = this.has(key);
    this.#over.set(key, undefined);
    return there;
  }

  /** @returns {Generator<Entry, void>} */
  *values() {
    for (const entry of this.#base.values()) {
      const now = this.get(entry.key);
      if (now !== undefined) yield now;
    }
    for (const [key, entry] of this.#over) if (entry !== undefined && !this.#base.has(key)) yield entry;
  }

  *keys() {
    for (const entry of this.values()) yield entry.key;
  }

  get size() {
    let count = 0;
    for (const _ of this.values()) count++;
    return count;
  }
}

/**
 * Apply `changes` under `seq` to `entries`, in place; returns their effects, one `Touch` for a key. The work grows with the
 * changes and with the entries that they touch, however often they touch each.
 * @param {Entries} entries
 * @param {Change[]} changes
 * @param {number} seq
 * @param {string} author
 * @param {number} at
 * @returns {Record}
 */
export function apply(entries, changes, seq, author, at) {
  /** @type {Map<string, Entry | undefined>} */
  const before = new Map();
  /** Entries that a patch of these changes made: nobody else has them yet. @type {Set<Entry>} */
  const made = new Set();
  /** Keys by page, from the first clear on; some may be gone. @type {Map<string, Set<string>> | null} */
  let pages = null;
  const note = (/** @type {Map<string, Set<string>>} */ index, /** @type {Entry} */ entry) => {
    const keys = index.get(entry.page);
    if (keys) keys.add(entry.key);
    else index.set(entry.page, new Set([entry.key]));
  };
  const put = (/** @type {string} */ key, /** @type {Entry | undefined} */ entry) => {
    if (!before.has(key)) before.set(key, entries.get(key));
    if (entry === undefined) entries.delete(key);
    else {
      entries.set(key, entry);
      if (pages) note(pages, entry);
    }
  };
  let index = 0;
  for (const change of changes) {
    switch (change.type) {
      case "create": {
        const { key, fields, page } = change;
        put(key, { key, first: [seq, index++], author, at, page, fields, versions: stamped(fields, seq) });
        break;
      }
      case "patch": {
        const old = entries.get(change.key);
        if (old === undefined) break;
        if (made.has(old)) {
          for (const name of Object.keys(change.fields)) {
            define(old.fields, name, change.fields[name]);
            define(old.versions, name, seq);
          }
          break;
        }
        const versions = { ...old.versions, ...stamped(change.fields, seq) };
        const patched = { ...old, fields: { ...old.fields, ...change.fields }, versions };
        put(change.key, patched);
        made.add(patched);
        break;
      }
      case "delete":
        for (const key of change.keys) put(key, undefined);
        break;
      case "clear":
        if (!pages) {
          pages = new Map();
          for (const entry of entries.values()) note(pages, entry);
        }
        for (const key of pages.get(change.page) ?? []) if (entries.get(key)?.page === change.page) put(key, undefined);
        pages.delete(change.page);
        break;
      case "restore":
        for (const entry of change.entries) put(entry.key, entry);
        break;
    }
  }
  return [...before].map(([key, old]) => ({ key, before: old, after: entries.get(key) }));
}

/**
 * Return the changes that undo `record`, where its effects are still in place; may be empty.
 * @param {Entries} entries
 * @param {Record} record
 * @returns {Change[]}
 */
export function revert(entries, record) {
  const restored = [];
  const deleted = [];
  for (const { key, before, after } of record) {
    const now = entries.get(key);
    if (before && after) {
      const entry = now && undoFields(before, after, now);
      if (entry) restored.push(entry);
    } else if (before) {
      if (!now) restored.push(before);
    } else if (after && now && sameVersions(now.versions, after.versions)) {
      deleted.push(key);
    }
  }
  /** @type {Change[]} */
  const changes = [];
  if (deleted.length) changes.push({ type: "delete", keys: deleted });
  if (restored.length) changes.push({ type: "restore", entries: restored });
  return changes;
}

/** @param {Entry} before @param {Entry} after @param {Entry} now @returns {Entry | null} */
function undoFields(before, after, now) {
  const fields = { ...now.fields };
  const versions = { ...now.versions };
  let changed = false;
  for (const name of new Set([...Object.keys(before.versions), ...Object.keys(after.versions)])) {
    const left = own(after.versions, name);
    if (own(before.versions, name) === left || own(now.versions, name) !== left) continue;
    changed = true;
    if (Object.hasOwn(before.fields, name)) {
      define(fields, name, before.fields[name]);
      define(versions, name, before.versions[name]);
    } else {
      delete fields[name];
      delete versions[name];
    }
  }
  return changed ? { ...now, fields, versions } : null;
}

/** @param {Entry["versions"]} a @param {Entry["versions"]} b */
function sameVersions(a, b) {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === own(b, name));
}

/**
 * Return the changes of `actions` as the operation `seq`: reverts are looked up in `records` (by the sender's operation
 * number), `place` becomes a number. Throws `RemoteError` when one of the actions is impossible.
 * @param {Entries} entries
 * @param {Action[]} actions
 * @param {number} seq
 * @param {Map<number, Record>} records
 * @returns {Change[]}
 */
export function resolve(entries, actions, seq, records) {
  /** @type {Change[]} */
  const changes = [];
  const created = new Set();
  const reverted = new Set();
  for (const action of actions) {
    switch (action.type) {
      case "create":
        if (entries.has(action.key) || created.has(action.key)) {
          throw new RemoteError(
            "key-taken",
            `there is already an element '${action.key}'; draw it again under a new key`,
          );
        }
        created.add(action.key);
        changes.push({ ...action, fields: placed(action.fields, seq) });
        break;
      case "patch":
        changes.push({ ...action, fields: placed(action.fields, seq) });
        break;
      case "revert": {
        const record = records.get(action.op);
        if (!record) throw new RemoteError("too-old", "that operation is too old to be undone");
        // It sees the state before its operation, so a second one of the same would come to the same.
        if (!reverted.has(action.op)) changes.push(...revert(entries, record));
        reverted.add(action.op);
        break;
      }
      default:
        changes.push(action);
    }
  }
  return changes;
}

/** @param {Fields} fields @param {number} seq */
function placed(fields, seq) {
  const place = own(fields, "place");
  if (place === undefined) return fields;
  if (place === "front") return { ...fields, place: seq };
  if (typeof place !== "number") throw new RemoteError("bad-place", 'place must be a number or "front"');
  return { ...fields, place: Math.min(place, seq) };
}

/** Compare in drawing order: by place (the first seq where none is given), then by first seq and index.
 * @param {Entry} a @param {Entry} b */
export function order(a, b) {
  return place(a) - place(b) || a.first[0] - b.first[0] || a.first[1] - b.first[1];
}

/** What is no number within ±2^53 is no place, whoever let it in. @param {Entry} entry @returns {number} */
function place(entry) {
  const given = own(entry.fields, "place");
  return typeof given === "number" && Math.abs(given) <= SAFE_INTEGER ? given : entry.first[0];
}

/** A commit does not follow the last one: the replica has to resume. */
export class Gap extends RemoteError {
  /** @param {number} came @param {number} last */
  constructor(came, last) {
    super("gap", `the relay skipped something: entry ${came} came after ${last}`);
  }
}

/** A replica of a room's entries at `seq`; `mark` names that entry of the log, `epoch` the log. */
export class Document {
  /** @type {Map<string, Entry>} */
  entries = new Map();
  epoch = "";
  seq = 0;
  mark = 0;

  /**
   * Apply the next commit; throws `Gap`, and changes nothing, when it is not the next.
   * @param {Commit} commit
   * @returns {Record}
   */
  apply(commit) {
    if (commit.seq !== this.seq + 1) throw new Gap(commit.seq, this.seq);
    const record = apply(this.entries, commit.changes, commit.seq, commit.author, commit.at);
    this.seq = commit.seq;
    this.mark = commit.mark;
    return record;
  }

  /** Replace all entries with the snapshot at `seq`.
   * @param {Iterable<Entry>} entries @param {number} seq @param {number} mark */
  replace(entries, seq, mark) {
    this.entries = new Map(Array.from(entries, (entry) => [entry.key, entry]));
    this.seq = seq;
    this.mark = mark;
  }
}

/**
 * Return the text in a zlib stream of the relay; throws `RemoteError` when it is no such stream, cut short, or too large.
 * @param {Uint8Array} stream
 * @returns {Promise<string>}
 */
export async function unpack(stream) {
  const inflate = new DecompressionStream("deflate");
  const writer = inflate.writable.getWriter();
  const written = writer.write(/** @type {any} */ (stream)).then(() => writer.close());
  written.catch(() => {}); // Reading, below, reports errors of the stream.
  const reader = inflate.readable.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  const weight = new Weight();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      size += value.length;
      if (size > MAX_SNAPSHOT || stream.length + weight.add(value) > MAX_WEIGHT) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RemoteError("bad-snapshot", `what the relay sent could not be unpacked: ${why}`);
  }
  reader.cancel().catch(() => {});
  throw new RemoteError("too-large", "what the relay sent is larger than this page can open");
}

/** The elements of one page; one that did not change stays the same object.
 * @template Element */
export class Scene {
  #decode;
  #page;
  #following;
  /** @type {Map<string, {entry: Entry, place: number, element: Element | null}>} */
  #cache = new Map();

  /** @param {(key: string, fields: Fields, author: string, seq: number) => Element | null} decode
   * @param {string} page
   * @param {(element: Element, fields: Fields, of: (key: string) => Element | null | undefined) => Element} [following] says
   *   how an element is seen that depends on others of the page */
  constructor(decode, page, following = (element) => element) {
    this.#decode = decode;
    this.#page = page;
    this.#following = following;
  }

  /**
   * Return the elements, bottom first. An entry that is no element of a known kind is left out.
   * @param {Entries} entries
   * @returns {Element[]}
   */
  of(entries) {
    const here = [];
    let sorted = true;
    for (const entry of entries.values()) {
      if (entry.page !== this.#page) continue;
      const cached = this.#cached(entry);
      // Entries come nearly in drawing order, so that sorting is seldom needed.
      if (here.length && sorted && precedes(cached, here[here.length - 1])) sorted = false;
      here.push(cached);
    }
    if (this.#cache.size > here.length) this.#cache = new Map(here.map((cached) => [cached.entry.key, cached]));
    if (!sorted) here.sort((a, b) => order(a.entry, b.entry));
    const of = (/** @type {string} */ key) => this.#cache.get(key)?.element;
    const elements = [];
    for (const { element, entry } of here) {
      if (element !== null) elements.push(this.#following(element, entry.fields, of));
    }
    return elements;
  }

  /** @param {Entry} entry */
  #cached(entry) {
    const before = this.#cache.get(entry.key);
    if (before?.entry === entry) return before;
    // A commit replaces a pending entry by an equal one: its element stays, and nothing is repainted.
    const element =
      before && sameLook(before.entry, entry)
        ? before.element
        : this.#decode(entry.key, entry.fields, entry.author, entry.first[0]);
    const cached = { entry, place: place(entry), element };
    this.#cache.set(entry.key, cached);
    return cached;
  }
}

/** @param {Placed} a @param {Placed} b */
function precedes(a, b) {
  return a.place < b.place || (a.place === b.place && order(a.entry, b.entry) < 0);
}

/** @param {Entry} a @param {Entry} b */
function sameLook(a, b) {
  return a.author === b.author && equal(a.fields, b.fields);
}

/** Whether two JSON values are equal. @param {any} a @param {any} b @returns {boolean} */
export function equal(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]));
  }
  if (Array.isArray(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && equal(a[name], b[name]))
  );
}
