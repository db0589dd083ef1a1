// @ts-check
// This page's operations and the relay's verdicts: confirmed + pending, resume, and its own undo, as
// `ipysketch/client/sync.py` has them for kernels.
//
// Rules of this file: pure; messages in, messages out, in whatever pieces the network brings them.
//
// `document` is the drawing that the relay confirmed. `pending` are own operations without a verdict. `entries` is the
// document with the pending operations laid over it: the drawing that is shown. Only a verdict removes from `pending`.

import { Document, Overlay, apply, resolve } from "../model/document.js";
import { USUAL_LIMITS, cut, fits } from "../model/cutting.js";
import { MAX_PACKED } from "../model/limits.js";
import { RemoteError, VERSION, WINDOW } from "../model/messages.js";

/**
 * @typedef {import("../model/messages.js").Action} Action
 * @typedef {import("../model/messages.js").Commit} Commit
 * @typedef {import("../model/messages.js").Entry} Entry
 * @typedef {import("../model/messages.js").ServerMessage} ServerMessage
 * @typedef {import("../model/messages.js").Join} Join
 * @typedef {import("../model/messages.js").Operate} Operate
 * @typedef {Extract<ServerMessage, {type: "welcome"}>} Welcome
 * @typedef {Extract<ServerMessage, {type: "snapshot"}>} Snapshot
 * @typedef {Extract<ServerMessage, {type: "refused"}>} Refused
 * @typedef {import("../model/document.js").Entries} Entries
 * @typedef {import("../model/document.js").Record} Record
 * @typedef {{actions: Action[], code: string, reason: string}} Lost an own operation the relay refused, or cannot take
 */

/** Times that an operation is sent without a verdict, while those after it are refused for that, until it is given up. */
const UNHEARD = 3;

/** One page's side of one room. It works without a relay too: then every operation is pending. */
export class Sync {
  document = new Document();
  client = "";
  peer = "";
  author = "";
  /** @type {Map<number, Action[]>} */
  pending = new Map();
  /** @type {Lost[]} */
  lost = [];
  /** The entries before the relay's drawing was replaced. @type {Entry[]} */
  previous = [];
  joined = false;
  /** The part of a snapshot that was received, from 0 to 1. @type {number | null} */
  progress = null;
  /** Grows with every change of `entries`. */
  version = 0;
  /** What the relay takes. @type {import("../model/cutting.js").SendLimits} */
  limits = USUAL_LIMITS;

  #resumeKey = "";
  #next = 1;
  #sent = 0;
  /** The last operation that was refused. */
  #refused = 0;
  /** What was done as one is undone as one: the numbers of its operations. @type {number[][]} */
  #undo = [];
  /** @type {number[][]} */
  #redo = [];
  #unheard = { op: 0, times: 0 };
  /** @type {Map<number, Record>} */
  #records = new Map();
  /** @type {Overlay | null} */
  #overlay = null;
  /** @type {Map<number, Record>} */
  #overlayRecords = new Map();
  #overlaySeq = 0;
  /** @type {{message: Snapshot, parts: Uint8Array[], length: number} | null} */
  #snapshot = null;

  /** Who cleared a page last, or deleted it, and under which number. */
  cleared = { page: "", author: "", seq: 0 };
  /** The pages that this page's last undo or redo changed. @type {string[]} */
  turned = [];

  // --- own operations ------------------------------------------------------------------------------------------

  /**
   * Queue `actions` as one operation; returns its number. They are in `entries` at once, and sent when possible. What is
   * larger than the relay takes becomes several, which are undone together; the number is that of the last. Throws
   * `RemoteError`, and queues nothing, when an action alone is too large.
   * @param {Action[]} actions
   */
  submit(actions) {
    const ops = cut(actions, this.limits).map((part) => this.#queue(part));
    this.#undo.push(ops);
    this.#redo.length = 0;
    return ops[ops.length - 1];
  }

  /** Take back what I did last and is not undone; false when there is none. */
  undo() {
    return this.#turn(this.#undo, this.#redo);
  }

  /** Take back my own last undo; false when there is none. */
  redo() {
    return this.#turn(this.#redo, this.#undo);
  }

  get canUndo() {
    return this.#undo.length > 0;
  }

  get canRedo() {
    return this.#redo.length > 0;
  }

  /** @param {number[][]} source @param {number[][]} target */
  #turn(source, target) {
    const ops = source.pop();
    if (!ops) return false;
    // The last first: each finds the drawing as it left it.
    target.push(ops.reverse().map((op) => this.#queue([{ type: "revert", op }])));
    return true;
  }

  /** @param {Action[]} actions */
  #queue(actions) {
    const op = this.#next++;
    this.pending.set(op, actions);
    if (this.#overlay) this.#lay(this.#overlay, op, actions);
    this.version++;
    return op;
  }

  // --- the drawing that is shown ----------------------------------------------------------------------------------------------

  /** The drawing with this page's pending operations on it. @returns {Entries} */
  get entries() {
    if (!this.pending.size) return this.document.entries;
    if (!this.#overlay) {
      this.#overlay = new Overlay(this.document.entries);
      this.#overlayRecords = new Map(this.#records);
      this.#overlaySeq = this.document.seq;
      for (const [op, actions] of this.pending) this.#lay(this.#overlay, op, actions);
    }
    return this.#overlay;
  }

  /** @param {Overlay} overlay @param {number} op @param {Action[]} actions */
  #lay(overlay, op, actions) {
    const seq = ++this.#overlaySeq;
    let changes;
    try {
      changes = resolve(overlay, actions, seq, this.#overlayRecords);
    } catch (error) {
      if (error instanceof RemoteError) return; // The relay will refuse it with a reason; until then it changes nothing.
      throw error;
    }
    this.#overlayRecords.set(op, apply(overlay, changes, seq, this.author, 0));
  }

  #changed() {
    this.#overlay = null;
    this.version++;
  }

  // --- towards the relay --------------------------------------------------------------------------------------------

  /** The first message of a new connection.
   * @param {{room: string, name: string, color: string, secret: string, token: string}} who
   * @returns {Join} */
  join({ room, name, color, secret, token }) {
    this.joined = false;
    this.#snapshot = null;
    this.progress = null;
    return {
      type: "join",
      version: VERSION,
      room,
      name,
      color,
      secret,
      token,
      client: this.client,
      resume_key: this.#resumeKey,
      epoch: this.document.epoch,
      seq: this.document.seq,
      mark: this.document.mark,
      // A refusal may arrive before the commit of an earlier operation.
      settled: Math.max(this.#first() - 1, this.#refused),
    };
  }

  /** The number of the first operation without a verdict. @returns {number} */
  #first() {
    // Operations are numbered, queued and renumbered in one order, so the first of the map is the lowest.
    const [first = this.#next] = this.pending.keys();
    return first;
  }

  /** Return operations to send now; each is returned once in a connection. @returns {Operate[]} */
  outgoing() {
    if (!this.joined || !this.pending.size) return [];
    const limit = this.#first() + WINDOW;
    /** @type {Operate[]} */
    const ready = [];
    for (const [op, actions] of this.pending) {
      if (op >= limit) break;
      if (op > this.#sent) ready.push({ type: "operate", op, actions });
    }
    if (ready.length) this.#sent = ready[ready.length - 1].op;
    return ready;
  }

  /**
   * Send again the operations that the relay could not commit. The first one is given up, and returned, when the relay
   * never has a verdict on it and refuses those after it.
   * @returns {Lost | null}
   */
  retry() {
    const first = this.#first();
    this.#sent = first - 1;
    const actions = this.pending.get(first);
    if (!actions || this.#unheard.op !== first || this.#unheard.times < UNHEARD) return null;
    const lost = { actions, code: "bad-message", reason: "the relay cannot read it; a newer relay may" };
    this.lost.push(lost);
    this.pending.delete(first);
    this.#unheard = { op: 0, times: 0 };
    this.#renumber(first - 1, true, first);
    this.#changed();
    return lost;
  }

  // --- from the relay -----------------------------------------------------------------------------------------------

  /**
   * Join with the same log as before, or, with `reset`, with another one. Pending operations that are larger than this relay
   * takes are cut; those that cannot be are given up, and returned.
   * @param {Welcome} welcome
   * @returns {Lost[]}
   */
  welcome(welcome) {
    this.joined = true;
    const known = this.lost.length;
    const limits = { frame: welcome.max_message, actions: Math.max(1, welcome.max_actions) };
    const others = limits.frame !== this.limits.frame || limits.actions !== this.limits.actions;
    this.limits = limits;
    this.peer = welcome.peer;
    this.author = welcome.author;
    if (welcome.reset) this.#reset(welcome.last);
    else if (welcome.client !== this.client && this.client) this.#renumber(0);
    else if (others) this.#renumber(welcome.last, true, welcome.last + 1);
    this.#sent = welcome.reset ? 0 : welcome.last;
    this.client = welcome.client;
    this.#resumeKey = welcome.resume_key;
    this.document.epoch = welcome.epoch;
    this.#changed();
    return this.lost.slice(known);
  }

  /** @param {number} last */
  #reset(last) {
    this.previous = [...this.entries.values()];
    this.document.replace([], 0, 0);
    this.#records.clear();
    this.#renumber(last);
  }

  /**
   * Number the pending operations after `last` from `start`, each cut to what the relay takes, or given up. With `keep` the
   * client goes on: those up to `last` stay. Else it has a new identity, and they are dropped, with each revert of an
   * operation that is not pending.
   * @param {number} last
   * @param {boolean} [keep]
   * @param {number} [start]
   */
  #renumber(last, keep = false, start = 1) {
    /** @type {Map<number, number[]>} */
    const numbers = new Map();
    /** @type {Map<number, Action[]>} */
    const pending = new Map();
    const now = (/** @type {number} */ op) => numbers.get(op) ?? (keep && op <= last ? [op] : []);
    let following = start;
    for (const [op, actions] of this.pending) {
      if (op <= last) {
        if (keep) pending.set(op, actions);
        continue;
      }
      let parts;
      try {
        parts = this.#renumbered(actions, now);
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        this.lost.push({ actions, code: error.code, reason: error.message });
        continue;
      }
      if (!parts.length) continue;
      numbers.set(
        op,
        parts.map((_, index) => following + index),
      );
      for (const part of parts) pending.set(following++, part);
    }
    this.pending = pending;
    this.#next = following;
    if (!keep) this.#refused = 0;
    this.#undo = mapped(this.#undo, now);
    this.#redo = mapped(this.#redo, now);
  }

  /**
   * Return `actions` as the operations that they become, with the operations that they revert as `now` has them.
   * @param {Action[]} actions
   * @param {(op: number) => number[]} now
   * @returns {Action[][]}
   */
  #renumbered(actions, now) {
    if (actions.length === 1 && actions[0].type === "revert") {
      return [...now(actions[0].op)].reverse().map((op) => [{ type: "revert", op }]);
    }
    /** @type {Action[]} */
    const renumbered = [];
    for (const action of actions) {
      if (action.type !== "revert") renumbered.push(action);
      else for (const op of now(action.op)) renumbered.push({ ...action, op });
    }
    if (!renumbered.length) return [];
    return fits(renumbered, this.limits) ? [renumbered] : cut(renumbered, this.limits);
  }

  /** Expect a snapshot; its bytes come with `chunk`, and its entries with `loaded`. @param {Snapshot} snapshot */
  snapshot(snapshot) {
    if (snapshot.size < 0 || snapshot.size > MAX_PACKED) {
      const size = `${snapshot.size} bytes`;
      throw new RemoteError("too-large", `the relay announced ${size}, which is more than this page can open`);
    }
    this.#snapshot = { message: snapshot, parts: [], length: 0 };
    this.progress = 0;
    if (snapshot.size === 0) this.loaded([]);
  }

  /**
   * Add a piece of the announced snapshot; returns its zlib stream once it is complete, and null before. Throws
   * `RemoteError` when no snapshot was announced.
   * @param {Uint8Array} data
   * @returns {Uint8Array | null}
   */
  chunk(data) {
    const snapshot = this.#snapshot;
    if (!snapshot || snapshot.length >= snapshot.message.size) {
      throw new RemoteError("unexpected-binary", "the relay sent a binary frame that it had not announced");
    }
    if (snapshot.length + data.length > snapshot.message.size) {
      throw new RemoteError("unexpected-binary", "the relay sent more than it had announced");
    }
    snapshot.parts.push(data);
    snapshot.length += data.length;
    this.progress = Math.min(1, snapshot.length / snapshot.message.size);
    if (snapshot.length < snapshot.message.size) return null;
    const stream = new Uint8Array(snapshot.length);
    let at = 0;
    for (const part of snapshot.parts) {
      stream.set(part, at);
      at += part.length;
    }
    return stream;
  }

  /** Replace the document with the entries of the announced snapshot. @param {Entry[]} entries */
  loaded(entries) {
    const snapshot = this.#snapshot;
    if (!snapshot) throw new RemoteError("unexpected-binary", "no snapshot was announced");
    const { seq, mark, last } = snapshot.message;
    this.#snapshot = null;
    this.progress = null;
    this.document.replace(entries, seq, mark);
    // The commits of these operations are in the snapshot; refusals were sent before it.
    for (const op of [...this.pending.keys()]) if (op <= last) this.pending.delete(op);
    this.#changed();
  }

  /** Apply a commit; returns what it changed. Throws `Gap` when a commit before it is missing.
   * @param {Commit} commit
   * @returns {Record} */
  commit(commit) {
    const record = this.document.apply(commit);
    for (const change of commit.changes)
      if (change.type === "clear") this.cleared = { page: change.page ?? "", author: commit.author, seq: commit.seq };
    if (commit.client === this.client) {
      const mine = this.pending.get(commit.op);
      if (mine?.some(({ type }) => type === "revert")) this.turned = pagesOf(record);
      this.pending.delete(commit.op);
      if (mine && !isOutcome(mine, commit.changes)) {
        this.#forget(commit.op);
        const reason = "another copy of this client drew in its place; draw it again";
        this.lost.push({ actions: mine, code: "replaced", reason });
      }
      this.#records.set(commit.op, record);
      for (const old of this.#records.keys()) {
        if (this.#records.size <= WINDOW) break;
        this.#records.delete(old);
      }
    }
    this.#changed();
    return record;
  }

  /** Take an operation out of what can be undone. @param {number} op */
  #forget(op) {
    const without = (/** @type {number} */ each) => (each === op ? [] : [each]);
    this.#undo = mapped(this.#undo, without);
    this.#redo = mapped(this.#redo, without);
  }

  /** Handle the refusal of an own operation; returns the operation when it is final, else null: `retry` sends it again.
   * @param {Refused} refused
   * @returns {Lost | null} */
  refused({ op, code, reason, final }) {
    if (!final) {
      const first = this.#first();
      if (op === first) this.#unheard = { op: first, times: 0 };
      else if (op === first + 1 && code === "gap") {
        // Each time that it was sent after the first one: so the relay has not read that.
        this.#unheard = { op: first, times: this.#unheard.op === first ? this.#unheard.times + 1 : 1 };
      }
      return null;
    }
    this.#refused = Math.max(this.#refused, op);
    const actions = this.pending.get(op);
    this.pending.delete(op);
    this.#forget(op);
    this.#changed();
    if (!actions) return null;
    const lost = { actions, code, reason };
    this.lost.push(lost);
    return lost;
  }
}

/**
 * Return the steps of `stack` with their operations as `now` has them, without those that have none left.
 * @param {number[][]} stack
 * @param {(op: number) => number[]} now
 */
function mapped(stack, now) {
  return stack.map((step) => step.flatMap(now)).filter((step) => step.length);
}

/** Whether a commit of `changes` can be that of `actions`: two copies of a client use the same numbers.
 * @param {Action[]} actions @param {Commit["changes"]} changes */
function isOutcome(actions, changes) {
  if (actions.some(({ type }) => type === "revert")) return true; // What it comes to is the relay's.
  const named = (/** @type {any} */ { type, key = "" }) => `${type} ${key}`;
  return actions.length === changes.length && actions.every((action, i) => named(action) === named(changes[i]));
}

/** One sentence about the latest of `lost`, with those that went just before it for the same reason. @param {Lost[]} lost */
export function lostInWords(lost) {
  const { reason } = lost[lost.length - 1];
  let elements = 0;
  let changes = 0;
  for (let i = lost.length - 1; i >= 0 && lost[i].reason === reason; i--) {
    for (const action of lost[i].actions) action.type === "create" ? elements++ : changes++;
  }
  if (elements > 1) return `${elements} elements were refused: ${reason}.`;
  if (elements || changes === 1) return `A stroke was refused: ${reason}.`;
  return `${changes} changes were refused: ${reason}.`;
}

/** The pages whose elements a record says changed. @param {Record} record */
const pagesOf = (record) => [...new Set(record.map(({ before, after }) => (after ?? before)?.page ?? ""))];
