// The public module for drawing in a relay's rooms: import { join } from /ipysketch.js of the relay.

export * from "./client/sketch.js";
