// @ts-check
// What was known of the others when a connection was lost, shown until they are back, as `ipysketch/client/ghosts.py` has it
// for kernels: `tests/contract/ghosts.json` holds both to the same.
//
// Rules of this file: pure; the clock is the caller's, in milliseconds. Another relay, or the same one, tells everything anew:
// first that somebody is there, then where their cursor is, then the ink under their hands. Each of these replaces what was
// known of it; what nothing replaces is over in `GHOST_TIME`.

/**
 * @typedef {import("./peers.js").PeerState} PeerState
 * @typedef {import("./peers.js").Ink} Ink
 * @typedef {import("../model/messages.js").Fields} Fields
 */

/** Milliseconds after the loss of a connection for which others are shown as they were. */
export const GHOST_TIME = 3_000;
/** People and strokes that are kept, at most, and numbers in these strokes: a broken relay may have told of far more. */
const [MOST, MOST_NUMBERS] = [256, 1 << 18];
/** What somebody who has come back is shown with until they say it themselves. */
const LENT = ["cursor", "page", "view", "moving"];

/** People who were there and are not back, and ink of theirs; `until` is when each is over. Ink is kept under the id of whoever
 * left, from when they are back under their new one. */
export class Ghosts {
  /** @type {Map<string, {state: PeerState, until: number}>} */
  #people = new Map();
  /** @type {Map<string, {fields: Fields, until: number}>} */
  #lent = new Map();
  /** By key: no two hands have one. @type {Map<string, {peer: string, ink: Ink, until: number}>} */
  #ink = new Map();

  get isEmpty() {
    return !this.#people.size && !this.#lent.size && !this.#ink.size;
  }

  // --- what comes and goes ------------------------------------------------------------------------------------------

  /** Keep those people and that ink: the connection that told of them is lost at `now`.
   * @param {Iterable<PeerState>} people @param {Iterable<[string, Map<string, Ink>]>} inks by peer and key @param {number} now */
  lose(people, inks, now) {
    const until = now + GHOST_TIME;
    for (const state of [...people].slice(0, MOST)) {
      const lent = this.#lent.get(state.peer);
      const borrows = lent && Object.keys(lent.fields).some((name) => !(name in state.state));
      this.#people.set(state.peer, { state: this.lend(state), until: borrows ? lent.until : until });
    }
    this.#lent.clear();
    let left = MOST_NUMBERS;
    for (const { ink } of this.#ink.values()) left -= ink.points.length;
    for (const [peer, of] of inks) {
      for (const [key, ink] of of) {
        if (this.#ink.size >= MOST || ink.points.length > left) continue;
        this.#ink.set(key, { peer, ink, until });
        left -= ink.points.length;
      }
    }
  }

  /** Take account of somebody of whom the relay tells. @param {PeerState} state */
  arrive(state) {
    const { peer } = state;
    if (this.#people.delete(peer)) return; // It is the same room as before, which knows all about them.
    const lent = this.#lent.get(peer);
    if (lent) {
      this.#borrow(peer, lent, state);
      return;
    }
    const old = this.#before(state);
    if (!old) return;
    const { state: known, until } = old;
    this.#people.delete(known.peer);
    const fields = Object.fromEntries(Object.entries(known.state).filter(([name]) => LENT.includes(name)));
    this.#borrow(peer, { fields, until }, state);
    for (const each of this.#ink.values()) {
      if (each.peer !== known.peer) continue;
      each.peer = peer;
      each.ink.decoded = false; // An element names its peer.
    }
  }

  /** Return what is known of somebody who has come back: the first of that author and name who is missing.
   * @param {PeerState} state */
  #before({ author, state }) {
    for (const each of this.#people.values()) {
      if (each.state.author === author && each.state.state.name === state.name) return each;
    }
    return null;
  }

  /** Lend somebody what they have not said yet; what they say once is theirs, and so is that they take it back.
   * @param {string} peer @param {{fields: Fields, until: number}} lent @param {PeerState} state */
  #borrow(peer, { fields, until }, { state }) {
    const left = Object.fromEntries(Object.entries(fields).filter(([name]) => !(name in state)));
    if (Object.keys(left).length) this.#lent.set(peer, { fields: left, until });
    else this.#lent.delete(peer);
  }

  /** Forget somebody who has left. @param {string} peer */
  leave(peer) {
    this.#people.delete(peer);
    this.#lent.delete(peer);
    for (const [key, each] of this.#ink) if (each.peer === peer) this.#ink.delete(key);
  }

  /** Forget ink that has become an element or nothing, or of which the relay tells itself. @param {string} key */
  end(key) {
    this.#ink.delete(key);
  }

  /** Forget the ink whose elements are in a drawing, for good: they may be deleted there.
   * @param {{has(key: string): boolean}} entries */
  dry(entries) {
    for (const key of this.#ink.keys()) if (entries.has(key)) this.#ink.delete(key);
  }

  /** Forget what is over at `now`; returns whether that is anything. @param {number} now */
  expire(now) {
    let any = false;
    for (const each of /** @type {Map<string, {until: number}>[]} */ ([this.#people, this.#lent, this.#ink])) {
      for (const [name, { until }] of each) if (until <= now) any = each.delete(name);
    }
    return any;
  }

  clear() {
    this.#people.clear();
    this.#lent.clear();
    this.#ink.clear();
  }

  // --- what is seen -------------------------------------------------------------------------------------------------

  /** When something is over next; Infinity when there is nothing. */
  get due() {
    const all = [...this.#people.values(), ...this.#lent.values(), ...this.#ink.values()];
    return Math.min(...all.map(({ until }) => until));
  }

  /** Return somebody who is there as they are shown. @param {PeerState} state @returns {PeerState} */
  lend(state) {
    const lent = this.#lent.get(state.peer);
    return lent ? { ...state, state: { ...lent.fields, ...state.state } } : state;
  }

  /** Somebody who was there, by the id that they had; undefined when they are back or forgotten. @param {string} peer */
  state(peer) {
    return this.#people.get(peer)?.state;
  }

  /** Those who were there and are not back. */
  get people() {
    return [...this.#people.values()].map(({ state }) => state);
  }

  /** Their ink. @returns {{peer: string, key: string, ink: Ink}[]} */
  get ink() {
    return [...this.#ink].map(([key, { peer, ink }]) => ({ peer, key, ink }));
  }
}
