// Replicas in JavaScript for the fuzz: one process, a request and an answer a line of JSON. Run with the directory of the
// modules. A request is [replica, what, argument]; an answer is {said} or {wrong}.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const web = pathToFileURL(process.argv[2] + "/");
const { Bad, checkActions, decodeEntries, decodeServer, frames } = await import(new URL("messages.js", web));
const { unpack } = await import(new URL("document.js", web));
const { Sync } = await import(new URL("sync.js", web));

const replicas = new Map();

function hear(sync, message) {
  if (message instanceof Bad) throw message;
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

const does = {
  submit: (sync, actions) => sync.submit(checkActions(actions)),
  undo: (sync) => sync.undo(),
  redo: (sync) => sync.redo(),
  join: (sync, who) => frames([sync.join(who)]),
  cut: (sync) => void (sync.joined = false),
  outgoing: (sync) => frames(sync.outgoing()),
  frame: (sync, frame) => decodeServer(frame).forEach((message) => hear(sync, message)),
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
    answer = { said: what === "new" ? null : ((await does[what](replicas.get(name), argument)) ?? null) };
  } catch (error) {
    answer = { wrong: String(error.stack) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
