// Dots that everybody in the room sees: mine in blue, the others' in orange.
const RELAY = "http://127.0.0.1:8765";
let socket;

async function setup() {
  createCanvas(640, 360);
  background(250);
  const { join } = await import(`${RELAY}/ipysketch.js`);
  socket = await join(RELAY, { room: "p5", name: "a sketch" });
  socket.on("mouse", ({ x, y }) => spot(x, y, "#e07b00"));
}

function mouseDragged() {
  spot(mouseX, mouseY, "#1f77b4");
  socket?.emit("mouse", { x: mouseX, y: mouseY });
}

function spot(x, y, color) {
  noStroke();
  fill(color);
  circle(x, y, 24);
}
