// @ts-check
// Why a page that came from a relay has no websocket to it, as far as a page can tell.

const NO_SOCKET =
  "The relay answers, but its websocket does not: a proxy in between passes none on. Whoever runs it finds more in “Behind a proxy”.";

/** Say so when the relay that this page is from answers and its websocket does not, until it does.
 * @param {import("../client/sketch.js").Sketch} sketch @param {(words: string) => void} notify */
export async function explainSilence(sketch, notify) {
  if (sketch.connection !== "connecting") return;
  try {
    const answer = await fetch("../healthz", { cache: "no-store" });
    if (!answer.headers.has("X-Ipysketch-Relay") || sketch.connection !== "connecting") return;
  } catch {
    return; // Nothing answers, as the status says.
  }
  notify(NO_SOCKET);
  sketch.addEventListener("status", () => {
    if (sketch.connection === "connected" && sketch.notice === NO_SOCKET) notify("");
  });
}
