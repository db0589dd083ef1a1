// @ts-check
// A page's own websocket to the relay beside its kernel: "Companions" in docs/protocol.md.
//
// It is opened once, at the first address that answers, and not again: a ticket lets one page in, once. Nothing waits here:
// what cannot be sent now is of no use later.

import { RemoteError, SUBPROTOCOL, VERSION, decodeServer } from "../model/messages.js";

/**
 * @typedef {import("../model/messages.js").ServerMessage} ServerMessage
 * @typedef {import("../model/messages.js").ClientMessage} ClientMessage
 * @typedef {{room: string, ticket: string, addresses: string[], name?: string, color?: string}} Offer
 * @typedef {object} Listener
 * @property {(url: string, guest: string) => void} up the relay let this page in; as a guest, others see it under that id
 * @property {(messages: ServerMessage[]) => void} receive
 * @property {(why: string) => void} down it did not, or the way is lost; nothing is called after this
 */

/** Milliseconds until an address answers, and until the relay does. */
const OPEN_TIMEOUT = 4_000;
const JOIN_TIMEOUT = 6_000;
/** Milliseconds without a frame after which the relay is gone: it sends a page something each 3 seconds. */
const SILENCE = 8_000;
const SILENCE_CHECK = 500;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Return those of `addresses` that a page at `location` may try: nobody else's loopback, and nothing that is not encrypted from
 * a page that is. @param {string[]} addresses @param {{protocol: string, hostname: string}} location */
export function reachable(addresses, { protocol, hostname }) {
  return addresses.filter((address) => {
    let url;
    try {
      url = new URL(address);
    } catch {
      return false;
    }
    const near = LOOPBACK.test(url.hostname);
    if (near && !LOOPBACK.test(hostname)) return false;
    return near || url.protocol === "wss:" || protocol !== "https:";
  });
}

export class Companion {
  #listener;
  #offer;
  /** @type {string[]} */
  #addresses;
  /** @type {WebSocket | null} */
  #socket = null;
  #up = false;
  #over = false;
  #heard = 0;
  /** @type {any} */
  #timer = 0;
  /** @type {any} */
  #silence = 0;

  /** @param {Offer} offer @param {Listener} listener @param {{protocol: string, hostname: string}} [location] of this page */
  constructor(offer, listener, location = globalThis.location) {
    this.#offer = offer;
    this.#listener = listener;
    this.#addresses = reachable(offer.addresses, location);
    this.#next("no address of the relay can be reached from this page");
  }

  /** @param {string} why the one before did not do */
  #next(why) {
    const address = this.#addresses.shift();
    if (address === undefined) {
      this.#end(why);
      return;
    }
    /** @type {WebSocket} */
    let socket;
    try {
      socket = new WebSocket(`${address}?room=${encodeURIComponent(this.#offer.room)}&companion`, [SUBPROTOCOL]);
    } catch {
      this.#next(`this page may not open ${address}`);
      return;
    }
    this.#socket = socket;
    const failed = () => {
      if (socket !== this.#socket) return;
      this.#drop();
      this.#next(`nothing answers at ${address}`);
    };
    this.#timer = setTimeout(failed, OPEN_TIMEOUT);
    socket.onerror = failed;
    socket.onclose = failed;
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      clearTimeout(this.#timer);
      const { room, ticket, name, color } = this.#offer;
      const guest = name ? { name, color } : {};
      socket.onerror = null;
      socket.onclose = ({ reason }) => this.#lost(socket, reason || `the connection to ${address} was lost`);
      socket.onmessage = ({ data }) => this.#read(socket, data, address);
      this.#timer = setTimeout(() => this.#lost(socket, `${address} does not answer`), JOIN_TIMEOUT);
      socket.send(JSON.stringify([{ type: "accompany", room, ticket, version: VERSION, ...guest }]));
    };
  }

  /** @param {WebSocket} socket @param {unknown} data @param {string} address */
  #read(socket, data, address) {
    if (socket !== this.#socket) return;
    this.#heard = performance.now();
    /** @type {ServerMessage[]} */
    const messages = [];
    try {
      for (const message of decodeServer(String(data))) if (!(message instanceof RemoteError)) messages.push(message);
    } catch {
      this.#lost(socket, `what answers at ${address} is no relay`);
      return;
    }
    for (const message of messages) {
      if (message.type === "error" && message.fatal) {
        this.#lost(socket, message.reason);
        return;
      }
      if (message.type === "accompanied" && !this.#up) {
        this.#up = true;
        clearTimeout(this.#timer);
        this.#silence = setInterval(() => {
          if (performance.now() - this.#heard > SILENCE) this.#lost(socket, `${address} does not answer any more`);
        }, SILENCE_CHECK);
        this.#listener.up(address, message.guest);
      }
    }
    if (this.#up) this.#listener.receive(messages);
  }

  /** Send `messages` in one frame; to nobody where the way is not open. @param {ClientMessage[]} messages */
  send(messages) {
    if (this.#up && messages.length && this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(messages));
  }

  /** Bytes that were sent and wait for the network. */
  get waiting() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** @param {WebSocket} socket @param {string} why */
  #lost(socket, why) {
    if (socket === this.#socket) this.#end(why);
  }

  #drop() {
    clearTimeout(this.#timer);
    clearInterval(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    this.#up = false;
    if (socket && socket.readyState < 2) socket.close(1000);
  }

  /** @param {string} why */
  #end(why) {
    this.#drop();
    if (this.#over) return;
    this.#over = true;
    // Not before the caller has this object.
    queueMicrotask(() => this.#listener.down(why));
  }

  /** Leave, and call nobody. */
  close() {
    this.#over = true;
    this.send([{ type: "leave" }]);
    this.#drop();
  }
}
