// @ts-check
// Live ink past the kernel: a companion of its peer at the relay, as long as there is one. Without, nothing here does anything,
// and all goes over the kernel.
//
// Rules of this file: ink that was live here stays until the kernel's scene has its element, or the kernel's own live ink is
// there: no change of the road shows nothing, or twice the same. When the kernel itself is not connected any more, what was live
// here stays as `Ghosts` has it.

import { Companion } from "../client/companion.js";
import { GhostTimer } from "../client/ghost_timer.js";
import { Peers } from "../client/peers.js";

/**
 * @typedef {import("../model/messages.js").ServerMessage} ServerMessage
 * @typedef {import("../model/messages.js").ClientMessage} ClientMessage
 * @typedef {import("./types").LiveInk} LiveInk
 * @typedef {import("./types").Laser} Laser
 * @typedef {{view: string, room: string, ticket: string, addresses: string[], why: string,
 *   name?: string, color?: string}} Offer
 * @typedef {Extract<ServerMessage, {type: "ink-end" | "left"}>} Ending
 * @typedef {object} Listener
 * @property {() => void} ask the kernel for an offer
 * @property {(url: string, why: string) => void} report the way by which live ink goes now
 * @property {() => void} turned the way is another one
 * @property {(...events: string[]) => void} changed
 * @property {() => string} page the key of the page that this view shows: the scene is of it
 */

const EIGHTHS = 8;
/** Milliseconds until the kernel is asked again, at first and at most; it is asked less and less often. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
/** Milliseconds in which an offer should come. */
const PATIENCE = 20_000;
/** Bytes that wait for the network from which on no more is sent: what is live is merged, and goes when they have left. */
const MAX_WAITING = 16 << 10;
/** Places of a laser trail that are passed on; older ones have faded. */
const TRAIL = 40;
const OWN_KEYS = 256;

export class ShortRoad {
  #listener;
  /** @type {Companion | null} */
  #companion = null;
  /** Everybody and their ink, as the relay tells it. */
  #peers = new Peers();
  #ghosts = new GhostTimer(this.#peers, () => this.#listener.changed("live", "people"));
  /** "" until this page was told who is there. */
  #url = "";
  #open = "";
  /** The id under which others see a guest here; "" where this page is its kernel's own person. */
  guest = "";
  /** Whether the way is lost and what it brought is still shown, until the kernel's live ink comes. */
  #lingers = false;
  #wanted = false;
  #pause = FIRST_PAUSE;
  /** @type {any} */
  #timer = 0;
  /** Keys that hands drew here: their ink is this page's own. @type {Set<string>} */
  #own = new Set();
  /** Ends of ink whose elements the scene does not have yet. @type {Ending[]} */
  #drying = [];

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** Whether live things come this way. */
  get isUp() {
    return this.#url !== "";
  }

  /** Whether what is live is shown from here. */
  get shows() {
    return this.isUp || this.#lingers;
  }

  /** Whether something of a way that is lost is shown beside what the kernel tells. */
  get haunts() {
    return this.#peers.due < Number.POSITIVE_INFINITY;
  }

  /** Want a way while the board is connected, and none while it is not. @param {boolean} wanted */
  want(wanted) {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#pause = FIRST_PAUSE;
    clearTimeout(this.#timer);
    if (wanted && !this.#companion) this.#ask();
    if (!wanted) this.#close();
  }

  #ask() {
    this.#listener.ask();
    this.#timer = setTimeout(() => this.#askLater(), PATIENCE);
  }

  #askLater() {
    clearTimeout(this.#timer);
    if (!this.#wanted) return;
    const pause = this.#pause * (0.5 + Math.random());
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    this.#timer = setTimeout(() => this.#ask(), pause);
  }

  /** Take an offer of the kernel. @param {Offer} offer */
  accept(offer) {
    if (!this.#wanted || this.#companion) return;
    clearTimeout(this.#timer);
    if (!offer.addresses.length) {
      this.#listener.report("", offer.why);
      return; // Until the board is connected anew.
    }
    const companion = new Companion(offer, {
      up: (url, guest) => {
        this.#open = url;
        this.guest = guest;
      },
      receive: (messages) => this.#receive(messages),
      down: (why) => {
        if (this.#companion !== companion) return;
        this.#companion = null;
        this.#lost(why);
        this.#askLater();
      },
    });
    this.#companion = companion;
  }

  /** @param {ServerMessage[]} messages */
  #receive(messages) {
    const told = messages.some(({ type }) => type === "peer");
    if (!this.#url && told && this.#lingers) this.forget(); // What lingers is of the way before.
    for (const message of messages) this.#handle(message);
    if (!this.#url && told) {
      this.#url = this.#open;
      this.#pause = FIRST_PAUSE;
      this.#listener.report(this.#url, "");
      this.#listener.turned();
    }
    const people = told || messages.some(({ type }) => type === "left");
    if (this.#url && messages.length) this.#listener.changed("live", ...(people ? ["people"] : []));
  }

  /** @param {ServerMessage} message */
  #handle(message) {
    if (message.type === "ink-end" && message.seq && this.#isHere(message.peer)) this.#drying.push(message);
    else if (message.type === "left" && this.#drying.some(({ peer }) => peer === message.peer))
      this.#drying.push(message);
    else this.#peers.receive(message);
  }

  /** @param {string} peer */
  #isHere(peer) {
    return (this.#peers.all.get(peer)?.state.page ?? "") === this.#listener.page();
  }

  /** The scene has changed: end what is dry, or gone from it again. @param {{has(key: string): boolean}} entries
   * @param {{whole: boolean, more: boolean, gone: string[]}} update */
  dry(entries, { whole, more, gone }) {
    const over = new Set(gone);
    this.#peers.dry({ has: (key) => entries.has(key) || over.has(key) });
    if (!this.#drying.length) return;
    /** @type {Set<string>} */
    const waiting = new Set();
    this.#drying = this.#drying.filter((end) => {
      const wet =
        end.type === "left"
          ? waiting.has(end.peer)
          : !(entries.has(end.key) || over.has(end.key) || (whole && !more)) && this.#has(end);
      if (wet) waiting.add(end.peer);
      else this.#peers.receive(end);
      return wet;
    });
  }

  /** @param {Extract<ServerMessage, {type: "ink-end"}>} end */
  #has({ peer, key }) {
    return this.#peers.has(peer, key);
  }

  /** @param {string} why */
  #lost(why) {
    const was = this.isUp;
    this.#url = this.#open = this.guest = "";
    this.#lingers = was;
    this.#listener.report("", why);
    if (was) this.#listener.turned();
  }

  /** The kernel's own live ink is there. */
  relieve() {
    if (!this.#lingers) return;
    this.forget();
    this.#listener.changed("live", "people");
  }

  /** Show nothing of all that came this way before. */
  forget() {
    this.#lingers = false;
    this.#drying = [];
    this.#peers.forget();
  }

  #close() {
    this.#companion?.close();
    this.#companion = null;
    const was = this.shows;
    this.#url = this.#open = this.guest = "";
    this.#lingers = false;
    this.#drying = []; // The scene dries what it has.
    this.#ghosts.lose();
    if (was) this.#listener.turned();
  }

  destroy() {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#ghosts.stop();
    this.#companion?.close();
    this.#companion = null;
  }

  // --- out ----------------------------------------------------------------------------------------------------------

  /** Ink of that key is of a hand here. @param {string} key */
  own(key) {
    this.#own.add(key);
    for (const old of this.#own) {
      if (this.#own.size <= OWN_KEYS) break;
      this.#own.delete(old);
    }
  }

  /** Whether ink of that key is of a hand here. @param {string} key */
  isOwn(key) {
    return this.#own.has(key);
  }

  /** Whether the network takes more. */
  get isClear() {
    return (this.#companion?.waiting ?? 0) <= MAX_WAITING;
  }

  /** @param {ClientMessage[]} messages */
  send(messages) {
    if (this.isUp) this.#companion?.send(messages);
  }

  // --- what is seen -------------------------------------------------------------------------------------------------

  /** Others' ink on a page, without what is in `entries`. @param {{has(key: string): boolean}} entries @param {string} page
   * @returns {LiveInk[]} */
  live(entries, page) {
    const found = this.#here(this.#peers.ink(entries), page);
    return found.filter(({ key }) => !this.#own.has(key));
  }

  /** @param {string} page @returns {Laser[]} */
  lasers(page) {
    return this.#here(this.#peers.lasers(), page)
      .filter(({ peer, name }) => !this.#own.has(name.slice(peer.length + 1)))
      .map(({ peer, name, color, points }) => ({
        peer,
        name,
        color,
        total: points.length / 2,
        points: points.slice(-2 * TRAIL).map((value) => value / EIGHTHS),
      }));
  }

  /** The cursors of others, in board units, by peer. @param {string} page @returns {Map<string, [number, number]>} */
  cursors(page) {
    /** @type {Map<string, [number, number]>} */
    const found = new Map();
    for (const { peer, state } of this.#peers.seen) {
      const { cursor } = state;
      if ((state.page ?? "") !== page || !Array.isArray(cursor) || cursor.length !== 2) continue;
      if (cursor.every(Number.isFinite)) found.set(peer, [cursor[0] / EIGHTHS, cursor[1] / EIGHTHS]);
    }
    return found;
  }

  /** @template {{peer: string}} T @param {T[]} things @param {string} page @returns {(T & {page: string})[]} */
  #here(things, page) {
    const here = things.filter(({ peer }) => (this.#peers.of(peer)?.state.page ?? "") === page);
    return /** @type {any} */ (here);
  }
}
