// @ts-check
// What JavaScript makes of the vectors: run with the directory of the modules; prints each difference as a line of JSON.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const web = pathToFileURL(process.argv[2] + "/");
const load = (/** @type {string} */ module) => import(String(new URL(module, web)));
/** @type {typeof import("../../relay/web/model/messages.js")} */
const { RemoteError, checkActions, decodeServer } = await load("model/messages.js");
/** @type {typeof import("../../relay/web/model/document.js")} */
const { apply, equal, order, resolve } = await load("model/document.js");

/** @type {typeof import("../../relay/web/model/cutting.js")} */
const { cut } = await load("model/cutting.js");
/** @type {typeof import("../../relay/web/model/weight.js")} */
const { Weight } = await load("model/weight.js");

/** @type {typeof import("../../relay/web/client/peers.js")} */
const { Peers } = await load("client/peers.js");

const read = (/** @type {string} */ name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const differs = (/** @type {string} */ what, /** @type {any} */ vector, /** @type {any} */ got) =>
  console.log(JSON.stringify({ what, vector, got }));

for (const vector of read("messages.json")) {
  if (vector.side === "client") {
    for (const [i, message] of JSON.parse(vector.frame).entries()) {
      if (message.type !== "operate") continue;
      const actions = checkActions(message.actions);
      if (!equal(actions, vector.messages[i].actions)) differs("actions", vector, actions);
    }
    continue;
  }
  let got = null;
  try {
    got = decodeServer(vector.frame).map((message) => (message instanceof RemoteError ? null : message));
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
  }
  if (!equal(got, vector.messages)) differs("messages", vector, got);
}

for (const vector of read("documents.json")) {
  const entries = new Map();
  /** @type {Record<string, Map<number, import("../../relay/web/model/document.js").Record>>} */
  const records = { a: new Map(), b: new Map(), c: new Map() };
  let seq = 0;
  for (const operation of vector.operations) {
    const { client, op, at } = operation;
    const where = `log ${vector.seed}, operation ${op} of ${client}`;
    const actions = checkActions(operation.actions);
    if (!equal(actions, operation.actions)) differs(where, operation, actions);
    let changes;
    try {
      changes = resolve(entries, actions, seq + 1, records[client]);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      if (error.code !== operation.code) differs(where, operation, error.code);
      continue;
    }
    if (!equal(changes, operation.changes)) {
      differs(where, operation, changes);
      break;
    }
    records[client].set(op, apply(entries, changes, ++seq, `author-${client}`, at));
  }
  const found = [...entries.values()].sort((a, b) => a.first[0] - b.first[0] || a.first[1] - b.first[1]);
  if (!equal(found, vector.entries)) differs(`log ${vector.seed}, entries`, vector.entries, found);
  const ordered = [...entries.values()].sort(order).map(({ key }) => key);
  if (!equal(ordered, vector.order)) differs(`log ${vector.seed}, order`, vector.order, ordered);
}

for (const vector of read("cuts.json")) {
  let got;
  try {
    got = cut(checkActions(vector.actions), vector.limits);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    got = error.message;
  }
  if (!equal(got, vector.parts)) differs("cut", vector, got);
}

for (const vector of read("places.json")) {
  const got = [...vector.entries].sort(order).map(({ key }) => key);
  if (!equal(got, vector.order)) differs("places", vector, got);
}

for (const vector of read("weights.json")) {
  const got = new Weight().add(new TextEncoder().encode(vector.text));
  if (got !== vector.weight) differs("weight", vector, got);
}

/** What is seen of others, as `make_ghosts` has it. @param {InstanceType<typeof Peers>} peers */
function seen(peers) {
  const people = Object.fromEntries(peers.seen.map(({ peer, state }) => [peer, state]));
  /** @type {Record<string, any[]>} */
  const ink = { "": [], p: [], q: [] };
  for (const { key, peer, points } of peers.ink(new Map())) {
    const places = [];
    for (let i = 0; i < points.length; i++) places.push(Math.round(8 * points[i]));
    ink[String(peers.of(peer)?.state.page ?? "")].push([key, peer, places]);
  }
  for (const page of Object.values(ink)) page.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  return { people, ink, due: Number.isFinite(peers.due) ? peers.due : null };
}

for (const { name, steps } of read("ghosts.json")) {
  const peers = new Peers();
  peers.me = "me";
  for (const step of steps) {
    const { at, event } = step;
    if (event === "lose") peers.lose(at);
    else if (event === "expire") peers.expire(at);
    else if (event.dry) peers.dry(new Set(event.dry));
    else {
      for (const message of decodeServer(JSON.stringify(event))) {
        if (message instanceof RemoteError) throw message;
        if (message.type === "commit") peers.committed(message.changes);
        else peers.receive(message);
      }
    }
    const got = seen(peers);
    if (equal(got, step.seen)) continue;
    differs(`ghosts, ${name}, at ${at}`, step, got);
    break;
  }
}
