// @ts-check
// The websocket of a page: connect, join, back off with full jitter, resume.
//
// It moves messages and knows when to try again; what they mean is the business of its `client`. Frames are taken one
// after the other, also while a snapshot is being unpacked, and the end of a socket comes after all that it brought.

import { Bad, SUBPROTOCOL, TERMINAL, decodeServer, frames } from "./messages.js";

/** @typedef {import("./messages.js").Message} Message */

const BACKOFF_BASE = 500;
const BACKOFF_CAP = 15_000;
/** Milliseconds in which a relay must have let us in. */
const JOIN_TIMEOUT = 10_000;
/** Silence after which the relay is asked for a word, and the time it has for it. */
const SILENCE = 20_000;
const WATCH = 5_000;

/**
 * @typedef {{kind: "connecting"} | {kind: "connected"} | {kind: "waiting", until: number, reason: string}
 *   | {kind: "ended", reason: string, code: string}} State `until` is on the clock of `performance.now()`
 * @typedef {{code: number, reason: string}} Closed
 * @typedef {object} Client who uses a connection
 * @property {() => Message} join the first message of a new connection
 * @property {(messages: Message[]) => void} receive messages of one frame
 * @property {(data: Uint8Array) => Promise<void>} chunk a binary frame
 * @property {() => Message} knock a message that makes the relay answer
 * @property {(state: State) => void} state
 */

/** Keeps one client joined to its room until `close`. */
export class Connection {
  #url;
  #client;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {{socket: WebSocket, frame?: string | Uint8Array, closed?: Closed}[]} */
  #inbox = [];
  #taking = false;
  /** @type {Message[]} */
  #outbox = [];
  #flushing = false;
  #attempt = 0;
  #joined = false;
  #opened = false;
  #over = false;
  /** What the relay said before it closed. */
  #farewell = { reason: "", retry: 0 };
  /** @type {{reason: string, code: string} | null} */
  #fatal = null;
  #heard = 0;
  #knocked = 0;
  /** @type {any} */
  #timer = 0;
  /** @type {any} */
  #watcher = 0;

  /** @param {string} url @param {Client} client */
  constructor(url, client) {
    this.#url = url;
    this.#client = client;
  }

  /** Connect: at first, again after an end, or without waiting for the end of the back-off. */
  open() {
    if (this.#over || this.#socket) return;
    clearTimeout(this.#timer);
    this.#joined = this.#opened = false;
    this.#fatal = null;
    this.#farewell = { reason: "", retry: 0 };
    this.#knocked = 0;
    this.#client.state({ kind: "connecting" });
    if (!/^wss?:/.test(this.#url)) {
      this.#end(`${this.#url} is not the address of a relay; use one like ws://127.0.0.1:8765`, "url");
      return;
    }
    let socket;
    try {
      socket = new WebSocket(this.#url, [SUBPROTOCOL]);
    } catch {
      const should = `${this.#url} should begin with wss://`;
      this.#end(`this page came encrypted, so its relay must be too: ${should}`, "url");
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#timer = setTimeout(() => this.#lost(socket, `${this.#url} does not answer`), JOIN_TIMEOUT);
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#opened = true;
      for (const frame of frames([this.#client.join()])) socket.send(frame);
    };
    socket.onmessage = ({ data }) => {
      this.#heard = performance.now();
      this.#put({ socket, frame: typeof data === "string" ? data : new Uint8Array(data) });
    };
    socket.onclose = (closed) => this.#put({ socket, closed });
    socket.onerror = () => {
      // Later its close says what there is to say; of a socket that never was one, not everything tells the close.
      if (!this.#opened) this.#put({ socket, closed: { code: 1006, reason: "" } });
    };
  }

  // --- in -----------------------------------------------------------------------------------------------------------

  #put(item) {
    this.#inbox.push(item);
    if (!this.#taking) this.#take();
  }

  async #take() {
    this.#taking = true;
    for (let item = this.#inbox.shift(); item; item = this.#inbox.shift()) {
      const { socket, frame, closed } = item;
      if (socket !== this.#socket) continue; // It was given up.
      try {
        if (closed) this.#closed(socket, closed);
        else if (typeof frame === "string") this.#read(frame);
        else if (frame) await this.#client.chunk(frame);
      } catch (error) {
        if (!(error instanceof Bad)) console.error(error);
        this.#lost(socket, error instanceof Bad ? error.message : "something went wrong in this page");
      }
    }
    this.#taking = false;
  }

  /** @param {string} frame */
  #read(frame) {
    const messages = [];
    for (const message of decodeServer(frame)) {
      if (message instanceof Bad) continue; // From a newer relay; the messages beside it still count.
      if (message.type === "goodbye") this.#farewell = { reason: message.reason, retry: message.retry };
      else if (message.type === "error" && message.fatal) this.#fatal = { reason: message.reason, code: message.code };
      else if (message.type === "welcome") {
        this.#joined = true;
        this.#attempt = 0;
        clearTimeout(this.#timer);
        clearInterval(this.#watcher);
        this.#watcher = setInterval(() => this.#watch(), WATCH);
        this.#client.state({ kind: "connected" });
      }
      messages.push(message);
    }
    this.#client.receive(messages);
  }

  /** Browsers do not tell of a network that is gone: who hears nothing for long asks, and comes back if in vain. */
  #watch() {
    const now = performance.now();
    if (!this.#socket || now - this.#heard < SILENCE) return;
    if (this.#knocked <= this.#heard) {
      this.#knocked = now;
      this.send([this.#client.knock()]);
    } else if (now - this.#knocked > SILENCE) {
      this.#lost(this.#socket, `${this.#url} does not answer any more`);
    }
  }

  // --- out ----------------------------------------------------------------------------------------------------------

  /** Send `messages` with whatever else is ready in this turn; dropped when not joined. @param {Message[]} messages */
  send(messages) {
    if (!this.#joined || !messages.length) return;
    for (const message of messages) this.#outbox.push(message);
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush() {
    this.#flushing = false;
    const ready = this.#outbox;
    this.#outbox = [];
    if (!this.#joined || this.#socket?.readyState !== 1) return; // What is pending is sent after the next join.
    for (const frame of frames(ready)) this.#socket.send(frame);
  }

  /** Bytes that wait for the network. */
  get waiting() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  // --- the end of a connection --------------------------------------------------------------------------------------

  /** @param {WebSocket} socket @param {Closed} event */
  #closed(socket, { code, reason }) {
    if (Object.hasOwn(TERMINAL, code) || this.#fatal) {
      this.#end(this.#fatal?.reason || reason || TERMINAL[code], this.#fatal?.code || String(code));
    } else if (!this.#opened) {
      this.#lost(socket, `no relay answers at ${this.#url}, or it does not take pages from here`);
    } else {
      this.#lost(socket, this.#farewell.reason || reason || "the connection to the relay was lost");
    }
  }

  /** This socket is done with; another will be tried. @param {WebSocket} socket @param {string} reason */
  #lost(socket, reason) {
    if (socket !== this.#socket) return;
    this.#drop();
    const most = Math.min(BACKOFF_CAP, BACKOFF_BASE * 2 ** this.#attempt);
    const delay = Math.random() * most + 1000 * Math.min(60, Math.max(0, this.#farewell.retry));
    this.#attempt = Math.min(this.#attempt + 1, 10);
    this.#timer = setTimeout(() => this.open(), delay);
    this.#client.state({ kind: "waiting", until: performance.now() + delay, reason });
  }

  #drop() {
    clearTimeout(this.#timer);
    clearInterval(this.#watcher);
    const socket = this.#socket;
    this.#socket = null;
    this.#joined = false;
    this.#outbox = [];
    if (socket && socket.readyState < 2) socket.close(1000);
  }

  /** @param {string} reason @param {string} code */
  #end(reason, code) {
    this.#drop();
    this.#client.state({ kind: "ended", reason, code });
  }

  /** Leave for good; `last` is said before. @param {Message[]} last @param {string} reason */
  close(last, reason) {
    this.send(last);
    this.#flush();
    this.#over = true;
    this.#end(reason, "");
  }
}
