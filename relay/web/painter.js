// The public module that paints elements on a canvas: import { Layer } from /painter.js of the relay.

export * from "./canvas/painter.js";
