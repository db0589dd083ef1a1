// A broadcast with the `ws` package: what one says, the others of its room hear. The room is the path.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const rooms = new Map();
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket, request) => {
  const name = request.url;
  if (!rooms.has(name)) rooms.set(name, new Set());
  const room = rooms.get(name);
  room.add(socket);
  socket.on("message", (data) => {
    for (const other of room) if (other !== socket) other.send(data, { binary: false });
  });
  socket.on("close", () => room.delete(socket));
  socket.on("error", () => {});
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
