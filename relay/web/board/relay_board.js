// @ts-check
// A drawing over the relay's websocket: a `Sketch`, and the page of it that this view shows.

import { newKey } from "../client/sketch.js";

/**
 * @typedef {import("./types").Board} Board
 * @typedef {import("./types").Action} Action
 * @typedef {import("./types").Box} Box
 * @typedef {import("./types").Fields} Fields
 * @typedef {import("./types").Person} Person
 * @typedef {import("./types").LiveInk} LiveInk
 * @typedef {import("./types").Status} Status
 * @typedef {import("../client/sketch.js").Sketch} Sketch
 */

const EIGHTHS = 8;
/** The page whose elements are the pages after the first. */
const PAGES = "pages";
const MODERATORS = ["moderator", "owner"];
/** Places of a laser trail that are passed on; older ones have faded. */
const TRAIL = 40;

/** @param {any} values @param {number} count @returns {number[] | null} */
const eighths = (values, count) =>
  Array.isArray(values) && values.length === count && values.every(Number.isFinite)
    ? values.map((value) => value / EIGHTHS)
    : null;

/** Whether a peer is a projector, which is nobody. @param {{state: Record<string, any>}} peer */
const projects = ({ state }) => state.tool === "projector";

/** @implements {Board} */
export class RelayBoard extends EventTarget {
  page = "";
  following = "";
  #sketch;
  #watching;
  #stop = new AbortController();
  #turned;
  /** Whether elements that were dragged are still shown to others where they were dropped. */
  #dropped = false;

  /** @param {Sketch} sketch @param {{watching?: boolean}} [options] `watching` where nothing is drawn here */
  constructor(sketch, { watching = false } = {}) {
    super();
    this.#sketch = sketch;
    this.#watching = watching;
    this.#turned = sketch.turned;
    const { signal } = this.#stop;
    const listen = (/** @type {string} */ event, /** @type {() => void} */ handle) =>
      sketch.addEventListener(event, handle, { signal });
    listen("change", () => {
      if (this.#dropped && !sketch.pending) {
        this.#dropped = false;
        sketch.presence({ moving: null });
      }
      this.#showUndone();
      if (this.page && !this.pages.some(({ key }) => key === this.page)) this.turn(""); // Somebody deleted the page.
      this.#notify("elements", "pages", "can", "status");
    });
    listen("live", () => this.#notify("live"));
    listen("people", () => {
      this.#goWithLeader();
      this.#goAlong();
      this.#notify("people", "live");
    });
    listen("status", () => this.#notify("status", "can"));
  }

  destroy() {
    this.#stop.abort();
  }

  /** @param {...string} events */
  #notify(...events) {
    for (const event of events) this.dispatchEvent(new Event(event));
  }

  // --- the drawing --------------------------------------------------------------------------------------------------

  get room() {
    return this.#sketch.room;
  }

  get width() {
    return this.#sketch.width;
  }

  get height() {
    return this.#sketch.height;
  }

  get pages() {
    const more = this.#sketch.elementsOf(PAGES).filter(({ kind }) => kind === "page");
    return [{ key: "", name: "" }, ...more.map(({ key, name }) => ({ key, name: name ?? "" }))];
  }

  get elements() {
    return this.#sketch.elementsOf(this.page);
  }

  /** @param {string} key */
  entry(key) {
    return this.#sketch.entry(key);
  }

  /** @type {{from: any, people: any, page: string, live: LiveInk[]}} */
  #live = { from: null, people: null, page: "", live: [] };

  get live() {
    const from = this.#sketch.live;
    if (from !== this.#live.from || this.page !== this.#live.page || from.length) {
      const live = this.#here(from);
      const same = live.length === this.#live.live.length && live.every((each, i) => each === this.#live.live[i]);
      this.#live = { from, people: null, page: this.page, live: same ? this.#live.live : live };
    }
    return this.#live.live;
  }

  get lasers() {
    return this.#here(this.#sketch.lasers).map(({ peer, name, color, points }) => ({
      peer,
      name,
      color,
      total: points.length / 2,
      points: points.slice(-2 * TRAIL).map((value) => value / EIGHTHS),
    }));
  }

  /** Return those of `things` whose peers look at this page. @template {{peer: string}} T @param {T[]} things */
  #here(things) {
    if (!things.length) return things;
    const pageOf = new Map(this.#sketch.people.map(({ peer, state }) => [peer, state.page]));
    return things.filter(({ peer }) => (pageOf.get(peer) ?? "") === this.page);
  }

  /** What others are dragging, of which only what they may change.
   * @returns {Map<string, number[]>} */
  get moving() {
    const found = new Map();
    for (const { me, author, state } of this.#sketch.people) {
      if (me || typeof state.moving !== "object" || state.moving === null) continue;
      for (const [key, at] of Object.entries(state.moving)) {
        const whole = Array.isArray(at) && (at.length === 2 || at.length === 6) && at.every(Number.isSafeInteger);
        if (whole && (this.can.clear || this.#sketch.entry(key)?.author === author)) found.set(key, at);
      }
    }
    return found;
  }

  // --- people and the room ------------------------------------------------------------------------------------------

  /** @returns {Person[]} */
  get people() {
    const seen = this.#sketch.people.filter((person) => person.me || !projects(person));
    return seen.map(({ peer, name, color, me, author, verified, role, state }) => ({
      peer,
      name,
      color,
      me,
      author,
      verified,
      page: typeof state.page === "string" ? state.page : "",
      cursor: me ? null : /** @type {[number, number] | null} */ (eighths(state.cursor, 2)),
      role: /** @type {any} */ (role || undefined),
    }));
  }

  get projectors() {
    const screens = this.#sketch.people.filter((person) => !person.me && projects(person));
    return screens.map(({ state }) => (typeof state.page === "string" ? state.page : "")).sort();
  }

  get can() {
    const draw = this.#sketch.canDraw && !this.#watching;
    const moderate = MODERATORS.includes(this.#sketch.role) && !this.#watching;
    return {
      draw,
      clear: moderate,
      moderate,
      undo: draw && this.#sketch.canUndo,
      redo: draw && this.#sketch.canRedo,
    };
  }

  get mode() {
    return this.#watching ? "you are watching" : this.#sketch.mode;
  }

  /** @returns {Status} */
  get status() {
    const { connection, status, notice, pending, progress } = this.#sketch;
    return { connection, words: status, notice, pending, progress };
  }

  get author() {
    return this.#sketch.author;
  }

  /** @param {{author: string}} element */
  mayChange({ author }) {
    return this.can.clear || author === this.author;
  }

  /** @param {string} words what went otherwise than meant; "" when nothing did */
  notice(words) {
    if (this.#sketch.notice === words) return;
    this.#sketch.notice = words;
    this.#notify("status");
  }

  // --- what is done here --------------------------------------------------------------------------------------------

  /** @param {Action[]} actions */
  submit(actions) {
    if (!actions.length) return;
    try {
      this.#sketch.operate(actions);
    } catch (error) {
      for (const action of actions) if (action.type === "create") this.endPreview(action.key);
      this.notice(`That was not drawn: ${error instanceof Error ? error.message : error}.`);
    }
  }

  undo() {
    this.#sketch.undo();
  }

  redo() {
    this.#sketch.redo();
  }

  clear() {
    this.#sketch.clear(this.page);
  }

  /** @param {string} key */
  turn(key) {
    if (key === this.page) return;
    this.page = key;
    this.#sketch.presence({ page: key || null });
    this.#notify("pages", "elements", "live", "people");
  }

  /** @param {string} [name] */
  addPage(name = "") {
    this.turn(this.#sketch.create({ kind: "page", name }, { page: PAGES, key: newKey() }));
  }

  /** @param {string} key @param {string} name */
  renamePage(key, name) {
    if (key) this.submit([{ type: "patch", key, fields: { name: name.slice(0, 80) } }]);
  }

  /** @param {string} key */
  removePage(key) {
    this.submit([
      { type: "clear", page: key },
      ...(key ? [/** @type {Action} */ ({ type: "delete", keys: [key] })] : []),
    ]);
  }

  // --- presence -----------------------------------------------------------------------------------------------------

  /** @param {string} key @param {number} start @param {number[]} points @param {Fields} [fields] */
  preview(key, start, points, fields) {
    this.#sketch.preview(key, start, points, fields);
  }

  /** @param {string} key */
  endPreview(key) {
    this.#sketch.endPreview(key);
  }

  /** @param {Fields} fields */
  presence(fields) {
    if (this.#watching) return;
    const { moving, ...rest } = fields;
    if (moving !== undefined) {
      // An operation says where they rest. The offsets stay until everybody has it, or they would jump back.
      if (moving && Object.keys(moving).length) {
        this.#dropped = false;
        rest.moving = moving;
      } else if (this.#sketch.pending) this.#dropped = true;
      else rest.moving = null;
    }
    if (Object.keys(rest).length) this.#sketch.presence(rest);
  }

  /** @param {string} peer */
  follow(peer) {
    this.following = this.#sketch.people.some((person) => person.peer === peer && !person.me) ? peer : "";
    this.#goAlong();
    this.#notify("people");
  }

  /** What an undo changed is seen. */
  #showUndone() {
    const { turned } = this.#sketch;
    if (turned === this.#turned) return;
    this.#turned = turned;
    const there = turned.find((page) => this.pages.some(({ key }) => key === page));
    if (there !== undefined && !turned.includes(this.page)) this.turn(there);
  }

  #goAlong() {
    if (!this.following) return;
    const leader = this.#sketch.people.find(({ peer }) => peer === this.following);
    if (!leader) {
      this.following = "";
      return;
    }
    const page = typeof leader.state.page === "string" ? leader.state.page : "";
    if (this.pages.some(({ key }) => key === page)) this.turn(page);
  }

  /** @returns {Box | null} */
  get followedView() {
    const leader = this.#sketch.people.find(({ peer }) => peer === this.following);
    const view = eighths(leader?.state.view, 4);
    return view && view[2] > 0 && view[3] > 0 ? /** @type {Box} */ (view) : null;
  }

  get cleared() {
    return this.#sketch.cleared;
  }

  get locked() {
    return this.#sketch.locked;
  }

  get pens() {
    return this.#sketch.pens;
  }

  /** @param {boolean} locked @param {string[]} [pens] */
  lock(locked, pens = []) {
    this.#sketch.lock(locked, pens);
  }

  /** @param {string} peer */
  remove(peer) {
    this.#sketch.removePeer(peer);
  }

  leading = false;

  /** @param {boolean} leading */
  lead(leading) {
    this.leading = leading;
    this.#sketch.presence({ leading: leading || null });
    this.#notify("people");
  }

  /** Who leads, as far as this view knows. */
  #leader = "";

  /** Go with a moderator who begins to ask for it, until they end it; a projector goes with one anyway. */
  #goWithLeader() {
    const moderators = this.#sketch.people.filter(({ me, role }) => !me && MODERATORS.includes(role));
    const leader =
      (moderators.find(({ state }) => state.leading === true) ?? (this.#watching ? moderators[0] : undefined))?.peer ??
      "";
    if (leader === this.#leader) return;
    if (leader) this.following = leader;
    else if (this.following === this.#leader) this.following = "";
    this.#leader = leader;
  }

  /** @param {string} name @param {string} color */
  rename(name, color) {
    this.#sketch.presence({ name, color });
  }
}
