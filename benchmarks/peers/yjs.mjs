// Strokes in a Yjs document, an element of a map each. What to do is the first argument:
//   measure FILE          the size of the document, and the time in which another replica has it
//   fill FILE PORT ROOM   put them into a room of y-websocket's server
// FILE has the fields of one stroke in each line.
import { readFileSync } from "node:fs";
import WebSocket from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

const [task, file, port, room] = process.argv.slice(2);
const strokes = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));

const draw = (document) => {
  const elements = document.getMap("elements");
  strokes.forEach((fields, index) => elements.set(`stroke ${index}`, fields));
};

if (task === "measure") {
  const document = new Y.Doc();
  draw(document);
  const update = Y.encodeStateAsUpdate(document);
  const times = [];
  for (let round = 0; round < 7; round += 1) {
    const begun = performance.now();
    const other = new Y.Doc();
    Y.applyUpdate(other, update);
    if (other.getMap("elements").size !== strokes.length) throw new Error("strokes are missing");
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  console.log(JSON.stringify({ bytes: update.length, milliseconds: times[3] }));
} else {
  const document = new Y.Doc();
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}`, room, document, {
    WebSocketPolyfill: WebSocket,
    disableBc: true,
  });
  provider.once("synced", () => {
    draw(document);
    // Another replica that has it all shows that the server has.
    const eye = new Y.Doc();
    const other = new WebsocketProvider(`ws://127.0.0.1:${port}`, room, eye, {
      WebSocketPolyfill: WebSocket,
      disableBc: true,
    });
    setInterval(() => {
      if (eye.getMap("elements").size < strokes.length) return;
      other.destroy();
      provider.destroy();
      process.exit(0);
    }, 50);
  });
}
