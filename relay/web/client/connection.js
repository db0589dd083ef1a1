// @ts-check
// The websocket of a page: connect, join, back off with full jitter, resume.
//
// It moves messages and decides when to reconnect; its `client` handles them. Frames are handled one after the other, also
// while a snapshot is being unpacked, and the close of a socket after all frames that it received.

import { USUAL_LIMITS, usual } from "../model/cutting.js";
import { isTooHeavy } from "../model/weight.js";
import { RemoteError, SUBPROTOCOL, TERMINAL, decodeServer, frames } from "../model/messages.js";

/**
 * @typedef {import("../model/messages.js").ServerMessage} ServerMessage
 * @typedef {import("../model/messages.js").ClientMessage} ClientMessage
 */

const BACKOFF_BASE = 500;
const BACKOFF_CAP = 15_000;
/** Milliseconds from opening a socket to the relay's welcome. */
const JOIN_TIMEOUT = 10_000;
/** Milliseconds without a frame after which the relay is asked for an answer, and the time it has for that. A relay says
 * something each 3 seconds; with these, one that is gone is noticed within 8. */
const SILENCE = 4_000;
const ANSWER = 3_000;
const SILENCE_CHECK = 500;
/** Connections in which the relay broke the protocol, one after the other, until it is given up. */
const BREACHES = 3;
/** Milliseconds of a connection after which the relay is trusted anew. */
const LONG = 60_000;
/** Characters of a room's name that may stand in an address. */
const LONGEST_ROOM = 256;
/** The close code of a relay for which a frame was too large. */
const TOO_LARGE = 1009;

/**
 * @typedef {{kind: "connecting"} | {kind: "connected"} | {kind: "waiting", until: number, reason: string}
 *   | {kind: "ended", reason: string, code: string}} State `until` is on the clock of `performance.now()`
 * @typedef {{code: number, reason: string}} Closed
 * @typedef {{socket: WebSocket, frame?: string | Uint8Array, closed?: Closed}} Arrival
 * @typedef {object} Client the callbacks of a connection
 * @property {() => ClientMessage} join the first message of a new connection
 * @property {(messages: ServerMessage[]) => void} receive messages of one frame
 * @property {(data: Uint8Array) => Promise<void>} chunk a binary frame
 * @property {() => ClientMessage} ping a message that makes the relay answer
 * @property {(state: State) => void} state
 */

const bytes = new TextEncoder();

/** Keeps one client joined to its room until `close`. */
export class Connection {
  #url;
  #address;
  #client;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Arrival[]} */
  #inbox = [];
  #draining = false;
  /** @type {ClientMessage[]} */
  #outbox = [];
  #flushing = false;
  #attempt = 0;
  #joined = false;
  #wasOpen = false;
  #left = false;
  /** From the relay's goodbye: why it closes, and the seconds to wait before the next attempt. */
  #goodbye = { reason: "", retry: 0 };
  /** @type {{reason: string, code: string} | null} */
  #fatal = null;
  /** @type {import("../model/cutting.js").SendLimits} */
  #limits = USUAL_LIMITS;
  /** The bytes of a frame that this relay takes, as far as it was found out, and of the largest that was sent. */
  #took = Infinity;
  #largest = 0;
  /** Connections one after the other in which the relay broke the protocol. */
  #breaches = 0;
  #began = 0;
  #lastFrame = 0;
  #lastPing = 0;
  /** @type {any} */
  #timer = 0;
  /** @type {any} */
  #silenceTimer = 0;

  /** @param {string} url @param {string} room @param {Client} client */
  constructor(url, room, client) {
    this.#url = url;
    this.#address = addressFor(url, room);
    this.#client = client;
  }

  /** Connect: for the first time, again after an end, or at once during a back-off. */
  open() {
    if (this.#left || this.#socket) return;
    clearTimeout(this.#timer);
    this.#joined = this.#wasOpen = false;
    this.#fatal = null;
    this.#goodbye = { reason: "", retry: 0 };
    this.#lastPing = 0;
    if (performance.now() - this.#began > LONG) this.#breaches = 0;
    this.#began = performance.now();
    this.#client.state({ kind: "connecting" });
    if (!/^wss?:/.test(this.#url)) {
      this.#end(`${this.#url} is not the address of a relay; use one like ws://127.0.0.1:8765`, "url");
      return;
    }
    let socket;
    try {
      socket = new WebSocket(this.#address, [SUBPROTOCOL]);
    } catch {
      const should = `${this.#url} should begin with wss://`;
      this.#end(`this page came encrypted, so its relay must be too: ${should}`, "url");
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#timer = setTimeout(() => this.#retryLater(socket, `${this.#url} does not answer`), JOIN_TIMEOUT);
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#wasOpen = true;
      for (const frame of frames([this.#client.join()], usual(this.#limits))) socket.send(frame);
    };
    socket.onmessage = ({ data }) => {
      this.#lastFrame = performance.now();
      this.#enqueue({ socket, frame: typeof data === "string" ? data : new Uint8Array(data) });
    };
    socket.onclose = (closed) => this.#enqueue({ socket, closed });
    socket.onerror = () => {
      // An open socket has a close event with the reason. Not every browser sends one for a socket that never opened.
      if (!this.#wasOpen) this.#enqueue({ socket, closed: { code: 1006, reason: "" } });
    };
  }

  // --- in -----------------------------------------------------------------------------------------------------------

  /** @param {Arrival} item */
  #enqueue(item) {
    this.#inbox.push(item);
    if (!this.#draining) this.#drain();
  }

  async #drain() {
    this.#draining = true;
    for (let item = this.#inbox.shift(); item; item = this.#inbox.shift()) {
      const { socket, frame, closed } = item;
      if (socket !== this.#socket) continue; // It was replaced.
      try {
        if (closed) this.#closed(socket, closed);
        else if (typeof frame === "string") this.#read(frame);
        else if (frame) await this.#client.chunk(frame);
      } catch (error) {
        if (!(error instanceof RemoteError)) console.error(error);
        if (error instanceof RemoteError && socket === this.#socket && ++this.#breaches >= BREACHES) {
          this.#end(`${error.message}; the relay is broken, ask who runs it`, error.code);
          continue;
        }
        this.#retryLater(socket, error instanceof RemoteError ? error.message : "something went wrong in this page");
      }
    }
    this.#draining = false;
  }

  /** @param {string} frame */
  #read(frame) {
    if (isTooHeavy(frame)) throw new RemoteError("too-large", "the relay sent more at once than this page takes");
    const messages = [];
    for (const message of decodeServer(frame)) {
      if (message instanceof RemoteError) continue; // From a newer relay; the other messages of the frame are handled.
      if (message.type === "goodbye") this.#goodbye = { reason: message.reason, retry: message.retry };
      else if (message.type === "error" && message.fatal) this.#fatal = { reason: message.reason, code: message.code };
      else if (message.type === "welcome") {
        message.max_message = Math.min(message.max_message, this.#took);
        this.#limits = { frame: message.max_message, actions: message.max_actions };
        this.#largest = 0;
        this.#joined = true;
        this.#attempt = 0;
        clearTimeout(this.#timer);
        clearInterval(this.#silenceTimer);
        this.#silenceTimer = setInterval(() => this.#checkSilence(), SILENCE_CHECK);
        this.#client.state({ kind: "connected" });
      }
      messages.push(message);
    }
    this.#client.receive(messages);
  }

  /** Browsers do not report a lost network: after a silence ask for an answer, and reconnect when none comes. */
  #checkSilence() {
    const now = performance.now();
    if (!this.#socket || now - this.#lastFrame < SILENCE) return;
    if (this.#lastPing <= this.#lastFrame) {
      this.#lastPing = now;
      this.send([this.#client.ping()]);
    } else if (now - this.#lastPing > ANSWER) {
      this.#retryLater(this.#socket, `${this.#url} does not answer any more`);
    }
  }

  // --- out ----------------------------------------------------------------------------------------------------------

  /** Send `messages`, in one frame with all others of this turn; dropped when not joined. @param {ClientMessage[]} messages */
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
    if (!this.#joined || this.#socket?.readyState !== 1) return; // Pending operations are sent after the next join.
    for (const frame of frames(ready, usual(this.#limits))) {
      this.#largest = Math.max(this.#largest, bytes.encode(frame).length);
      this.#socket.send(frame);
    }
  }

  /** The relay takes no frame as large as the largest that was sent: what is pending is cut accordingly. After the second
   * time less is tried each time, so that this ends soon. */
  #learn() {
    if (this.#largest) this.#took = this.#took === Infinity ? this.#largest - 1 : Math.floor(this.#largest / 2);
  }

  /** Bytes that were sent and wait for the network. */
  get waiting() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  // --- the end of a connection --------------------------------------------------------------------------------------

  /** @param {WebSocket} socket @param {Closed} event */
  #closed(socket, { code, reason }) {
    if (code === TOO_LARGE) this.#learn();
    if (Object.hasOwn(TERMINAL, code) || this.#fatal) {
      this.#end(this.#fatal?.reason || reason || TERMINAL[code], this.#fatal?.code || String(code));
    } else if (!this.#wasOpen) {
      this.#retryLater(socket, `no relay answers at ${this.#url}, or it does not take pages from here`);
    } else {
      this.#retryLater(socket, this.#goodbye.reason || reason || "the connection to the relay was lost");
    }
  }

  /** Give up a socket, and open another after the back-off. @param {WebSocket} socket @param {string} reason */
  #retryLater(socket, reason) {
    if (socket !== this.#socket) return;
    this.#drop();
    const ceiling = Math.min(BACKOFF_CAP, BACKOFF_BASE * 2 ** this.#attempt);
    const delay = Math.random() * ceiling + 1000 * Math.min(60, Math.max(0, this.#goodbye.retry));
    this.#attempt = Math.min(this.#attempt + 1, 10);
    this.#timer = setTimeout(() => this.open(), delay);
    this.#client.state({ kind: "waiting", until: performance.now() + delay, reason });
  }

  #drop() {
    clearTimeout(this.#timer);
    clearInterval(this.#silenceTimer);
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

  /** Leave for good, after sending `last`. @param {ClientMessage[]} last @param {string} reason */
  close(last, reason) {
    this.send(last);
    this.#flush();
    this.#left = true;
    this.#end(reason, "");
  }
}

/**
 * Return the address of a relay's websocket with the room, by which whatever stands before several relays finds the one
 * that has it. A room that cannot be one is refused by the relay, which says why.
 * @param {string} url @param {string} room
 */
function addressFor(url, room) {
  const fits = room.length <= LONGEST_ROOM && !/[\p{C}]/u.test(room);
  return fits ? `${url}?room=${encodeURIComponent(room)}` : url;
}

/**
 * Return the address of a relay's websocket.
 * @param {string | URL | null} [url] of the relay; without it the directory this module was loaded from
 */
export function relayAddress(url) {
  let address;
  try {
    // The directory above this module's is the relay's, also behind a proxy that put it somewhere.
    address = new URL(url || new URL("..", import.meta.url));
  } catch {
    return String(url); // The connection reports that it is none.
  }
  if (address.protocol === "http:") address.protocol = "ws:";
  if (address.protocol === "https:") address.protocol = "wss:";
  // A query is written into logs: that of a page's address has tokens.
  address.search = address.hash = "";
  return address.href;
}
