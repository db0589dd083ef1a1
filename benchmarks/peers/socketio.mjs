// A broadcast with Socket.IO, as its documentation shows it: join a room, tell the others of the room.
import { createServer } from "node:http";
import { Server } from "socket.io";

const server = createServer();
const io = new Server(server, { transports: ["websocket"], perMessageDeflate: false });
io.on("connection", (socket) => {
  const room = socket.handshake.query.room;
  socket.join(room);
  socket.on("draw", (data) => socket.to(room).emit("draw", data));
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
