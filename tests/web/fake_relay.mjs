// @ts-check
// A relay that is the test: sockets that keep what is sent, and say what they are told to.

import assert from "node:assert/strict";
import { breathe, install, pass, reset, time } from "./clock.mjs";

/** @typedef {Record<string, any> & {type: string}} Message */

/** The sockets that were opened since `begin`, the latest last. @type {FakeSocket[]} */
export let sockets = [];

/** The latest socket. @returns {FakeSocket} */
export function latestSocket() {
  const latest = sockets.at(-1);
  assert.ok(latest, "no socket was opened");
  return latest;
}

export class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  /** @type {Message[]} */
  sent = [];
  /** How many frames were sent. */
  frames = 0;
  onopen = () => {};
  /** @param {{data: string | ArrayBuffer}} _ */
  onmessage = (_) => {};
  /** @param {{code: number, reason: string}} _ */
  onclose = (_) => {};

  /** @param {string} url @param {string[]} protocols */
  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
    sockets.push(this);
  }

  /** @param {string} frame */
  send(frame) {
    this.frames += 1;
    this.sent.push(...JSON.parse(frame));
  }

  close() {
    this.readyState = 3;
  }

  /** Return what was sent of some types since the last time. @param {...string} types */
  take(...types) {
    const messages = this.sent.filter(({ type }) => types.includes(type));
    this.sent = this.sent.filter((message) => !messages.includes(message));
    return messages;
  }

  /** Have the relay send messages in one frame. @param {...Message} messages */
  async receive(...messages) {
    this.onmessage({ data: JSON.stringify(messages) });
    await breathe();
  }

  /** Have the relay send a binary frame. @param {Uint8Array} data */
  async receiveBytes(data) {
    this.onmessage({ data: new Uint8Array(data).buffer });
    await breathe();
  }

  async open() {
    this.readyState = 1;
    this.onopen();
    await breathe();
  }

  /** Have the relay or the network close it. @param {number} code @param {string} [reason] */
  async shut(code, reason = "") {
    this.readyState = 3;
    this.onclose({ code, reason });
    await breathe();
  }
}

export const WELCOME = {
  type: "welcome",
  version: 1,
  room: "r",
  peer: "me",
  client: "client",
  resume_key: "key",
  author: "author",
  epoch: "e",
  seq: 0,
  last: 0,
  reset: false,
  width: 1280,
  height: 720,
};

/** @param {string} name */
export const peer = (name) => ({
  type: "peer",
  peer: name,
  author: `author of ${name}`,
  state: { name, color: "#000000" },
});

export const STYLE = { kind: "stroke", color: "#112233", width: 32 };
export const DOT = { ...STYLE, points: [8, 8] };
export const COMMIT = { type: "commit", mark: 1, at: 1, client: "other", op: 1, author: "x" };

install();
Object.assign(globalThis, { WebSocket: FakeSocket, addEventListener: () => {}, removeEventListener: () => {} });
export const { Sketch, strokes } = await import("../../relay/web/client/sketch.js");

/** Begin a test: no timers, no sockets, and a back-off that is as long as it may be. */
export function begin() {
  reset();
  sockets = [];
  Math.random = () => 1;
}

/**
 * Return a sketch that has joined, and its socket.
 * @param {import("../../relay/web/client/sketch.js").Options} [options]
 * @param {Record<string, any>} [welcome]
 */
export async function joined(options = {}, welcome = {}) {
  const sketch = new Sketch("http://relay/", { room: "r", name: "Ada", ...options });
  await latestSocket().open();
  await latestSocket().receive({ ...WELCOME, ...welcome }, peer("me"));
  await pass(20);
  return { sketch, socket: latestSocket() };
}

/** Wait until another socket is opened; returns how long that took. */
export async function reconnected() {
  const before = sockets.length;
  const since = time();
  while (sockets.length === before) {
    assert.ok(time() - since < 100_000, "it does not come back");
    await pass(1);
  }
  return time() - since;
}
