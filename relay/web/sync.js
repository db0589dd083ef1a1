// @ts-check
// What this page did and what the relay made of it: confirmed + pending, resume, and its own undo, as
// `ipysketch/sync.py` has it for kernels.
//
// Rules of this file: pure; messages in, messages out, in whatever pieces the network brings them.
//
// `document` is what the relay confirmed. `pending` are own operations without a verdict; `entries` is the one with
// the other laid over it, which is what the hand that draws sees. Nothing leaves `pending` but by a verdict.

import { Document, Overlay, apply, resolve } from "./document.js";
import { Bad, VERSION, WINDOW } from "./messages.js";

/**
 * @typedef {import("./messages.js").Action} Action
 * @typedef {import("./messages.js").Commit} Commit
 * @typedef {import("./messages.js").Entry} Entry
 * @typedef {import("./messages.js").Message} Message
 * @typedef {import("./document.js").Entries} Entries
 * @typedef {import("./document.js").Record} Record
 * @typedef {{actions: Action[], code: string, reason: string}} Lost an own operation the relay refused for good
 */

/** One page's side of one room. It works without a relay too: then everything is pending. */
export class Sync {
  document = new Document();
  client = "";
  peer = "";
  author = "";
  /** @type {Map<number, Action[]>} */
  pending = new Map();
  /** @type {Lost[]} */
  lost = [];
  /** What there was before the relay's drawing was replaced. @type {Entry[]} */
  previous = [];
  joined = false;
  /** How much of a snapshot is there, from 0 to 1. @type {number | null} */
  progress = null;
  /** Grows with everything that changes what is seen. */
  version = 0;

  #resumeKey = "";
  #next = 1;
  #sent = 0;
  /** The last operation that was refused. */
  #refused = 0;
  /** @type {number[]} */
  #undo = [];
  /** @type {number[]} */
  #redo = [];
  /** @type {Map<number, Record>} */
  #records = new Map();
  /** @type {Overlay | null} */
  #overlay = null;
  /** @type {Map<number, Record>} */
  #overlayRecords = new Map();
  #overlaySeq = 0;
  /** @type {{message: Message, parts: Uint8Array[], length: number} | null} */
  #snapshot = null;

  // --- what this page does ------------------------------------------------------------------------------------------

  /** Do `actions`, seen at once and sent when possible; gives back the operation's number.
   * @param {Action[]} actions */
  submit(actions) {
    const op = this.#queue(actions);
    this.#undo.push(op);
    this.#redo.length = 0;
    return op;
  }

  /** Take back my own last operation that is not undone; false when there is none. */
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

  /** @param {number[]} source @param {number[]} target */
  #turn(source, target) {
    const op = source.pop();
    if (op === undefined) return false;
    target.push(this.#queue([{ type: "revert", op }]));
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

  // --- what people see ----------------------------------------------------------------------------------------------

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
      if (error instanceof Bad) return; // The relay will say why; until then there is nothing to see of it.
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
   * @returns {Message} */
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
      // A refusal may be heard before the commit of what came before it.
      settled: Math.max(this.#first() - 1, this.#refused),
    };
  }

  /** The number of the first operation without a verdict. @returns {number} */
  #first() {
    // Operations are numbered, queued and renumbered in one order, so the first of the map is the lowest.
    const [first = this.#next] = this.pending.keys();
    return first;
  }

  /** Operations to send now; each is given out once in a connection. @returns {Message[]} */
  outgoing() {
    if (!this.joined || !this.pending.size) return [];
    const limit = this.#first() + WINDOW;
    const ready = [];
    for (const [op, actions] of this.pending) {
      if (op >= limit) break;
      if (op > this.#sent) ready.push({ type: "operate", op, actions });
    }
    if (ready.length) this.#sent = ready[ready.length - 1].op;
    return ready;
  }

  /** Send again what the relay could not take the last time. */
  retry() {
    this.#sent = this.#first() - 1;
  }

  // --- from the relay -----------------------------------------------------------------------------------------------

  /** The relay let us in: with the same log, or openly with another one. @param {Message} welcome */
  welcome(welcome) {
    this.joined = true;
    this.peer = welcome.peer;
    this.author = welcome.author;
    if (welcome.reset) this.#reset(welcome.last);
    else if (welcome.client !== this.client && this.client) this.#renumber(0);
    this.#sent = welcome.reset ? 0 : welcome.last;
    this.client = welcome.client;
    this.#resumeKey = welcome.resume_key;
    this.document.epoch = welcome.epoch;
    this.#changed();
  }

  /** @param {number} last */
  #reset(last) {
    this.previous = [...this.entries.values()];
    this.document.replace([], 0, 0);
    this.#records.clear();
    this.#renumber(last);
  }

  /**
   * A new identity counts from 1: pending operations after `last` are numbered anew, and what reverts one that is not
   * among them has nothing left to revert.
   * @param {number} last
   */
  #renumber(last) {
    const numbers = new Map();
    const pending = new Map();
    for (const [op, actions] of this.pending) {
      const renumbered = [];
      for (const action of actions) {
        if (action.type !== "revert") renumbered.push(action);
        else if (numbers.has(action.op)) renumbered.push({ ...action, op: numbers.get(action.op) });
      }
      if (op > last && renumbered.length) {
        numbers.set(op, pending.size + 1);
        pending.set(pending.size + 1, renumbered);
      }
    }
    this.pending = pending;
    this.#next = pending.size + 1;
    this.#refused = 0;
    const kept = (ops) => ops.filter((op) => numbers.has(op)).map((op) => numbers.get(op));
    this.#undo = kept(this.#undo);
    this.#redo = kept(this.#redo);
  }

  /** A snapshot is announced; its bytes come in `chunk`, and what they hold in `loaded`. @param {Message} snapshot */
  snapshot(snapshot) {
    this.#snapshot = { message: snapshot, parts: [], length: 0 };
    this.progress = 0;
    if (snapshot.size === 0) this.loaded([]);
  }

  /**
   * A piece of the announced snapshot; gives back its zlib stream once it is whole. Throws `Bad` when none was
   * announced.
   * @param {Uint8Array} data
   * @returns {Uint8Array | null}
   */
  chunk(data) {
    const snapshot = this.#snapshot;
    if (!snapshot || snapshot.length >= snapshot.message.size) {
      throw new Bad("unexpected-binary", "the relay sent a binary frame that it had not announced");
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

  /** The announced snapshot holds these entries. @param {Entry[]} entries */
  loaded(entries) {
    const snapshot = this.#snapshot;
    if (!snapshot) throw new Bad("unexpected-binary", "no snapshot was announced");
    const { seq, mark, last } = snapshot.message;
    this.#snapshot = null;
    this.progress = null;
    this.document.replace(entries, seq, mark);
    // Their commits are inside the snapshot; a refusal came before it.
    for (const op of [...this.pending.keys()]) if (op <= last) this.pending.delete(op);
    this.#changed();
  }

  /** An operation became part of the log; gives back what it did, and throws `Gap` when one before it is missing.
   * @param {Commit} commit
   * @returns {Record} */
  commit(commit) {
    const record = this.document.apply(commit);
    if (commit.client === this.client) {
      this.pending.delete(commit.op);
      this.#records.set(commit.op, record);
      for (const old of this.#records.keys()) {
        if (this.#records.size <= WINDOW) break;
        this.#records.delete(old);
      }
    }
    this.#changed();
    return record;
  }

  /** An own operation was refused; gives it back when that is final. Otherwise `retry` sends it again.
   * @param {Message} refused
   * @returns {Lost | null} */
  refused({ op, code, reason, final }) {
    if (!final) return null;
    this.#refused = Math.max(this.#refused, op);
    const actions = this.pending.get(op);
    this.pending.delete(op);
    for (const stack of [this.#undo, this.#redo]) {
      const index = stack.indexOf(op);
      if (index >= 0) stack.splice(index, 1);
    }
    this.#changed();
    if (!actions) return null;
    const lost = { actions, code, reason };
    this.lost.push(lost);
    return lost;
  }
}
