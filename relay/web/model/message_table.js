// @ts-check
// Generated from relay/protocol/messages.py by `python -m relay.protocol.generate`: change that instead.

import {
  allVersions,
  any,
  flag,
  list,
  nothingOr,
  number,
  numbered,
  object,
  or,
  pair,
  struct,
  text,
  union,
  whole,
  wholes,
} from "./shapes.js";

/** @typedef {{[name: string]: any}} Fields */

export const entry = allVersions(
  struct({
    key: text,
    first: pair,
    author: text,
    at: number,
    page: text,
    fields: object,
    versions: numbered,
  }),
);

export const action = union({
  create: { key: text, fields: object, page: or(text, "") },
  patch: { key: text, fields: object },
  delete: { keys: list(text) },
  clear: { page: or(text, "") },
  revert: { op: whole },
});

export const change = union({
  create: { key: text, fields: object, page: or(text, "") },
  patch: { key: text, fields: object },
  delete: { keys: list(text) },
  clear: { page: or(text, "") },
  restore: { entries: list(entry) },
});

export const server = union({
  welcome: {
    version: whole,
    room: text,
    peer: text,
    client: text,
    resume_key: text,
    author: text,
    epoch: text,
    seq: whole,
    last: whole,
    reset: flag,
    width: whole,
    height: whole,
    role: or(text, "moderator"),
    locked: or(flag, false),
    oldest: or(whole, 1),
    request_ids: or(flag, false),
    max_message: or(whole, 1048576),
    max_actions: or(whole, 4096),
    max_elements: or(whole, 0),
    max_drawing: or(whole, 0),
    companions: or(flag, false),
    codes: or(flag, false),
  },
  accompanied: { peer: text, guest: or(text, "") },
  snapshot: { seq: whole, mark: whole, size: whole, count: whole, last: whole },
  commit: {
    seq: whole,
    mark: whole,
    at: number,
    client: text,
    op: whole,
    author: text,
    changes: list(change),
  },
  refused: { op: whole, code: text, reason: text, final: flag },
  peer: { peer: text, author: text, state: object, role: or(text, ""), verified: or(flag, false) },
  left: { peer: text },
  ink: { peer: text, key: text, start: whole, points: wholes, fields: or(nothingOr(object), null) },
  "ink-end": { peer: text, key: text, seq: or(whole, 0) },
  heard: { peer: text, name: text, data: or(any, null) },
  room: { locked: flag, pens: or(list(text), []) },
  history: { base: whole, last: whole, oldest: whole, size: whole, re: or(whole, 0) },
  minted: { token: text, id: text, re: or(whole, 0) },
  ticket: { ticket: text, seconds: number, re: or(whole, 0) },
  code: { words: text, seconds: number, re: or(whole, 0) },
  done: { re: or(whole, 0) },
  error: { code: text, reason: text, fatal: or(flag, false), re: or(whole, 0) },
  goodbye: { reason: text, retry: number },
});

/**
 * @typedef {ReturnType<typeof entry>} Entry
 * @typedef {ReturnType<typeof action>} Action
 * @typedef {ReturnType<typeof change>} Change
 * @typedef {ReturnType<typeof server>} ServerMessage
 *
 * What a client sends; a field that has a default may be left out.
 * @typedef {{type: "join", room: string, version?: number, name?: string, color?: string, secret?: string,
 *   client?: string, resume_key?: string, epoch?: string, seq?: number, mark?: number, settled?: number,
 *   token?: string}} Join
 * @typedef {{type: "accompany", room: string, ticket: string, version?: number, name?: string,
 *   color?: string}} Accompany
 * @typedef {{type: "operate", op: number, actions: Action[]}} Operate
 * @typedef {{type: "presence", state: Fields}} Presence
 * @typedef {{type: "preview", key: string, start: number, points: number[], fields?: Fields | null}} Preview
 * @typedef {{type: "cancel", key: string}} Cancel
 * @typedef {{type: "event", name: string, data?: any, to?: string}} Event
 * @typedef {{type: "leave"}} Leave
 * @typedef {{type: "read", first: number, last: number, id?: number}} Read
 * @typedef {{type: "lock", locked: boolean, pens?: string[], id?: number}} Lock
 * @typedef {{type: "invite", id?: number}} Invite
 * @typedef {{type: "want", previews: boolean, id?: number}} Want
 * @typedef {{type: "share", token?: string, id?: number}} Share
 * @typedef {{type: "remove", peer: string, id?: number}} Remove
 * @typedef {{type: "mint", role: string, name?: string, seconds?: number, id?: number}} Mint
 * @typedef {{type: "erase", room: string, id?: number}} Erase
 * @typedef {Join | Accompany | Operate | Presence | Preview | Cancel | Event | Leave | Read | Lock | Invite | Want | Share | Remove | Mint | Erase} ClientMessage
 */
