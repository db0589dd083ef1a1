// The server that y-websocket brings, in memory.
const { createServer } = require("node:http");
const { Server } = require("ws");
const { setupWSConnection } = require("y-websocket/bin/utils");

const server = createServer();
const sockets = new Server({ server, perMessageDeflate: false });
sockets.on("connection", setupWSConnection);
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
