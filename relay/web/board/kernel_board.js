// @ts-check
// A drawing over the kernel's comm: docs/reference/page-messages.md. What is live goes past the kernel where it can.

import { FrameTimer } from "../client/frame_timer.js";
import { OwnPresence } from "../client/own_presence.js";
import { KernelScene } from "./kernel_scene.js";
import { RemoteStrokes } from "./remote_strokes.js";
import { ShortRoad } from "./short_road.js";

/**
 * @typedef {import("./types").Board} Board
 * @typedef {import("./types").Action} Action
 * @typedef {import("./types").Fields} Fields
 * @typedef {import("./types").Person} Person
 * @typedef {import("./types").LiveInk} LiveInk
 * @typedef {import("./types").Status} Status
 * @typedef {import("../../../ipysketch/widget/static/page_messages").State} State
 * @typedef {import("../../../ipysketch/widget/static/channel.js").Gone} Gone
 * @typedef {import("../../../ipysketch/widget/static/channel.js").Channel} Channel
 */

const EIGHTHS = 8;

/** @implements {Board} */
export class KernelBoard extends EventTarget {
  #channel;
  #scene;
  #strokes = new RemoteStrokes();
  /** @type {Gone} */
  #gone = "";
  /** @type {Set<string>} */
  #changes = new Set();
  #dispatching = new FrameTimer(() => this.#dispatch());
  /** Ink under hands, the cursor, and what this view shows. */
  #own = new OwnPresence("", "");
  #sending = new FrameTimer(() => this.#sendLive());
  #road;
  #live = { stale: true, elements: /** @type {LiveInk[]} */ ([]) };

  /** @param {Channel} channel */
  constructor(channel) {
    super();
    this.#channel = channel;
    this.#scene = new KernelScene(channel.view);
    /** @param {(keyof State)[]} names @param {...string} events */
    const pass = (names, ...events) => channel.onChange(names, () => this.#notify(...events));
    pass(["people", "cursors", "following", "view_box", "locked", "pens", "leading", "projectors"], "people");
    pass(["pages", "page"], "pages");
    pass(["can_draw", "can_clear", "can_undo", "can_redo", "tabs", "mode"], "can");
    pass(["status", "connected", "progress", "notice", "pending"], "status");
    pass(["lasers"], "live");
    channel.onChange(["page"], () => {
      this.#live.stale = true;
      this.#tellPage();
      this.#notify("live");
    });
    this.#road = new ShortRoad({
      ask: () => channel.send("road wanted", { view: channel.view }),
      report: (url, why) => channel.send("road", { view: channel.view, url, why: why.slice(0, 300) }),
      turned: () => this.#turn(),
      page: () => this.page,
      changed: (...events) => {
        if (events.includes("live")) this.#live.stale = true;
        this.#notify(...events);
      },
    });
    const connected = () => this.#road.want(Boolean(channel.get("connected")) && !this.#gone);
    channel.onChange(["connected"], () => {
      connected();
      // A kernel that has come back is somebody new to the relay, which knows nothing of what is under the hand.
      if (channel.get("connected")) this.#turn();
    });
    channel.observe(["author"], () => {
      this.#scene.author = channel.get("author") ?? "";
    });
    channel.onMessage(({ scene, live, road }) => {
      if (road?.view === channel.view) this.#road.accept(road);
      if (scene) {
        if (!this.#scene.receive(scene)) channel.send("scene", { view: channel.view });
        this.#road.dry(this.#scene.entries, scene);
        if (this.#road.shows || this.#road.haunts) this.#live.stale = true;
        this.#notify("elements", "live");
      }
      if (live) {
        if (!this.#strokes.receive(live)) channel.send("lost");
        else if (live.whole) this.#road.relieve();
        this.#live.stale = true;
        this.#notify("live");
      }
    });
    channel.send("scene", { view: channel.view });
    connected();
  }

  /** What is live goes another way from now on: all of it is sent anew there, so that none is missing or twice there. */
  #turn() {
    this.#own.resend(true);
    this.#live.stale = true;
    this.#sending.request();
    this.#tellPage();
    this.#notify("live", "people");
  }

  /** A guest says which page they see: others look there for their cursor. */
  #tellPage() {
    if (this.#road.guest) this.#road.send([{ type: "presence", state: { page: this.page || null } }]);
  }

  destroy() {
    this.#road.destroy();
  }

  /** @param {...string} events */
  #notify(...events) {
    for (const event of events) if (event !== "live") this.#changes.add(event);
    if (this.#changes.size) this.#dispatching.request();
    // Whoever paints ink sees to it that it is not more often than once a display frame.
    if (events.includes("live")) this.dispatchEvent(new Event("live"));
  }

  #dispatch() {
    const changes = [...this.#changes];
    this.#changes.clear();
    for (const name of changes) this.dispatchEvent(new Event(name));
  }

  /** Take account of how the kernel is gone. @param {Gone} gone */
  setKernelGone(gone) {
    this.#gone = gone;
    this.#road.want(Boolean(this.#channel.get("connected")) && !gone);
    if (gone) {
      this.#strokes.clear();
      this.#road.forget();
    }
    this.#live.stale = true;
    this.#notify("status", "can", "live");
  }

  // --- the drawing --------------------------------------------------------------------------------------------------

  get room() {
    return this.#channel.get("room") ?? "";
  }

  get width() {
    return this.#channel.get("size")?.[0] ?? 1280;
  }

  get height() {
    return this.#channel.get("size")?.[1] ?? 720;
  }

  get page() {
    return this.#channel.get("page");
  }

  get pages() {
    return this.#channel.get("pages").map(([key, name]) => ({ key, name }));
  }

  get elements() {
    return this.#scene.elements;
  }

  /** The elements as the kernel's paper shows them: without own operations that it has not handled. */
  get painted() {
    return this.#scene.painted;
  }

  /** How many operations of this view the kernel's scene does not have yet. */
  get waiting() {
    return this.#scene.pending;
  }

  /** @param {string} key */
  entry(key) {
    const entry = this.#scene.entries.get(key);
    return entry && { fields: entry.fields, place: placeOf(entry), author: entry.author };
  }

  get live() {
    if (this.#live.stale) this.#live = { stale: false, elements: this.#findLive() };
    return this.#live.elements;
  }

  #findLive() {
    const passed = this.#road.live(this.#scene.entries, this.page);
    if (this.#road.shows) return passed;
    const told = this.#strokes.elements(this.page, this.#channel.view, (key) => this.#road.isOwn(key));
    const again = new Set(passed.length ? this.#strokes.keys : []);
    return [...passed.filter(({ key }) => !again.has(key)), ...told];
  }

  get lasers() {
    if (this.#road.shows) return this.#road.lasers(this.page);
    const sides = [this.width, this.height];
    return this.#channel.get("lasers").map(([name, color, total, places]) => ({
      peer: name.split("/")[0],
      name,
      color,
      total,
      points: places.map((part, i) => part * sides[i % 2]),
    }));
  }

  // --- people and the room ------------------------------------------------------------------------------------------

  /** @returns {Person[]} */
  get people() {
    const at = this.#road.cursors(this.page);
    if (!this.#road.shows) for (const [peer, cursor] of this.#cursors()) at.set(peer, cursor);
    const { guest } = this.#road;
    const people = this.#channel.get("people").map((person) => {
      const me = guest ? person.peer === guest : person.me;
      return {
        ...person,
        me,
        role: /** @type {any} */ (person.role || undefined),
        cursor: me ? null : (at.get(person.peer) ?? null),
      };
    });
    return guest ? people.sort((one, other) => Number(other.me) - Number(one.me)) : people;
  }

  get projectors() {
    return this.#channel.get("projectors") ?? [];
  }

  /** @returns {Map<string, [number, number]>} */
  #cursors() {
    return new Map(
      this.#channel
        .get("cursors")
        .map(([x, y, , , peer]) => [peer, /** @type {[number, number]} */ ([x * this.width, y * this.height])]),
    );
  }

  get can() {
    const get = this.#channel.get.bind(this.#channel);
    const here = this.#gone === "";
    const [undo, redo] = this.#channel.turns;
    return {
      draw: here && get("can_draw"),
      clear: here && get("can_clear"),
      moderate: here && get("can_clear"),
      undo: here && get("can_draw") && undo,
      redo: here && get("can_draw") && redo,
    };
  }

  get mode() {
    return this.#channel.get("mode") ?? "";
  }

  /** @returns {Status} */
  get status() {
    const get = this.#channel.get.bind(this.#channel);
    const away = get("status").startsWith("not connected") ? "ended" : "connecting";
    const joined = get("connected") ? "connected" : get("room") ? away : "solo";
    return {
      connection: this.#gone === "ended" ? "gone" : this.#gone ? "cut" : joined,
      words: get("status"),
      notice: get("notice"),
      pending: Math.max(get("pending") ?? 0, this.#scene.pending),
      progress: get("progress"),
    };
  }

  get author() {
    return this.#channel.get("author") ?? "";
  }

  /** @param {{author: string}} element */
  mayChange({ author }) {
    return this.can.clear || author === this.author;
  }

  // --- what is done here --------------------------------------------------------------------------------------------

  /** @param {Action[]} actions */
  submit(actions) {
    if (!actions.length || this.#gone) return;
    for (const action of actions) if (action.type === "create") this.#own.end(action.key);
    const number = this.#scene.submit(actions);
    this.#channel.send("submit", { view: this.#channel.view, number, actions });
    this.#notify("elements", "status");
  }

  undo() {
    this.#channel.send("undo", { view: this.#channel.view });
  }

  redo() {
    this.#channel.send("redo", { view: this.#channel.view });
  }

  clear() {
    this.submit([{ type: "clear", page: this.page }]);
  }

  /** @param {string} key */
  turn(key) {
    this.#channel.send("turn", { page: key });
  }

  addPage() {
    this.#channel.send("add page");
  }

  /** @param {string} key @param {string} name */
  renamePage(key, name) {
    this.#channel.send("rename page", { page: key, name });
  }

  /** @param {string} key */
  removePage(key) {
    this.#channel.send("remove page", { page: key });
  }

  // --- presence -----------------------------------------------------------------------------------------------------

  /** It is sent at most once a display frame.
   * @param {string} key @param {number} start @param {number[]} points @param {Fields} [fields] */
  preview(key, start, points, fields) {
    this.#road.own(key);
    if (this.#own.extend(key, start, points, fields)) this.#sending.requestNow();
  }

  #sendLive() {
    if (this.#road.isUp && !this.#road.isClear) {
      this.#sending.request();
      return;
    }
    const { messages, later } = this.#own.messages(performance.now(), true);
    if (later) this.#sending.request();
    if (this.#road.isUp) this.#road.send(messages);
    else this.#sendToKernel(messages);
  }

  /** @param {import("../model/messages.js").ClientMessage[]} messages */
  #sendToKernel(messages) {
    /** @type {{x: number, y: number} | null | undefined} */
    let at;
    for (const message of messages) {
      if (message.type !== "presence") continue;
      const { cursor, view } = message.state;
      if (cursor !== undefined) at = cursor && { x: cursor[0] / EIGHTHS, y: cursor[1] / EIGHTHS };
      if (view !== undefined)
        this.#channel.send("look", { view: view?.map((/** @type {number} */ v) => v / EIGHTHS) ?? null });
    }
    for (const message of messages) {
      if (message.type !== "preview") continue;
      const { type: _, ...preview } = message;
      // The cursor goes with the ink: JupyterLab has more work with a message than with what is in it.
      this.#channel.send("preview", { view: this.#channel.view, ...preview, ...at });
      if (at) at = undefined;
    }
    if (at !== undefined) this.#channel.send("cursor", at);
  }

  /** @param {string} key */
  endPreview(key) {
    this.#own.end(key);
    this.#road.send([{ type: "cancel", key }]);
    this.#channel.send("end preview", { key });
  }

  /** @param {Fields} fields */
  presence(fields) {
    const { moving, ...live } = fields;
    if (Object.keys(live).length) {
      this.#own.update(live);
      this.#sending.requestNow();
    }
    if (moving !== undefined) this.#channel.send("moving", { offsets: moving ?? {} });
  }

  get cleared() {
    const [page, author, seq] = this.#channel.get("cleared") ?? ["", "", 0];
    return { page, author, seq };
  }

  get locked() {
    return this.#channel.get("locked") ?? false;
  }

  get pens() {
    return this.#channel.get("pens") ?? [];
  }

  /** @param {boolean} locked @param {string[]} [pens] */
  lock(locked, pens = []) {
    this.#channel.send("moderate", { locked, pens });
  }

  /** @param {string} peer */
  remove(peer) {
    this.#channel.send("moderate", { remove: peer });
  }

  get leading() {
    return this.#channel.get("leading") ?? false;
  }

  /** @param {boolean} lead */
  lead(lead) {
    this.#channel.send("moderate", { lead });
  }

  /** @param {string} peer */
  follow(peer) {
    this.#channel.send("follow", { peer });
  }

  get following() {
    return this.#channel.get("following");
  }

  get followedView() {
    return this.#channel.get("view_box");
  }
}

/** @param {import("../model/messages.js").Entry} entry */
function placeOf(entry) {
  const { place } = entry.fields;
  return typeof place === "number" ? place : entry.first[0];
}
