// @ts-check
// Replicas in JavaScript for the fuzz: one process, a request and an answer a line of JSON. Run with the directory of the
// modules. A request is [replica, what, argument]; an answer is {said} or {wrong}.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const web = pathToFileURL(process.argv[2] + "/");
const load = (/** @type {string} */ module) => import(String(new URL(module, web)));
/** @type {typeof import("../../relay/web/model/messages.js")} */
const { RemoteError, checkActions, decodeEntries, decodeServer, frames } = await load("model/messages.js");
/** @type {typeof import("../../relay/web/model/document.js")} */
const { unpack } = await load("model/document.js");
/** @type {typeof import("../../relay/web/model/cutting.js")} */
const { usual } = await load("model/cutting.js");
/** @type {typeof import("../../relay/web/client/sync.js")} */
const { Sync } = await load("client/sync.js");

/** @typedef {import("../../relay/web/client/sync.js").Sync} Replica */

/** @type {Map<string, Replica>} */
const replicas = new Map();

/** @param {Replica} sync @param {ReturnType<typeof decodeServer>[number]} message */
function handle(sync, message) {
  if (message instanceof RemoteError) throw message;
  switch (message.type) {
    case "welcome":
      return sync.welcome(message);
    case "snapshot":
      return sync.snapshot(message);
    case "commit":
      return sync.commit(message);
    case "refused":
      sync.refused(message);
      if (!message.final) sync.retry();
  }
}

/** @type {Record<string, (sync: Replica, argument: any) => any>} */
const requests = {
  submit: (sync, actions) => sync.submit(checkActions(actions)),
  undo: (sync) => sync.undo(),
  redo: (sync) => sync.redo(),
  join: (sync, who) => frames([sync.join(who)], usual(sync.limits)),
  cut: (sync) => void (sync.joined = false),
  outgoing: (sync) => frames(sync.outgoing(), usual(sync.limits)),
  frame(sync, frame) {
    for (const message of decodeServer(frame)) handle(sync, message);
  },
  async chunk(sync, base64) {
    const stream = sync.chunk(new Uint8Array(Buffer.from(base64, "base64")));
    if (stream) sync.loaded(decodeEntries(await unpack(stream)));
  },
  keys: (sync) => [...sync.entries.keys()],
  look: (sync) => ({
    seq: sync.document.seq,
    mark: sync.document.mark,
    epoch: sync.document.epoch,
    confirmed: [...sync.document.entries.values()],
    entries: [...sync.entries.values()],
    pending: [...sync.pending],
    lost: sync.lost.map(({ actions, reason }) => [actions, reason]),
    previous: sync.previous.length,
    turns: [sync.canUndo, sync.canRedo],
  }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, what, argument] = JSON.parse(line);
  if (what === "new") replicas.set(name, new Sync());
  let answer;
  try {
    answer = {
      said:
        what === "new" ? null : ((await requests[what](/** @type {Replica} */ (replicas.get(name)), argument)) ?? null),
    };
  } catch (error) {
    answer = { wrong: String(error instanceof Error ? error.stack : error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
