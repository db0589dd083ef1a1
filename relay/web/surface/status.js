// @ts-check
// The connection, where it is not well, and notices, as sentences on the board.

/** Milliseconds that a connection may take before anybody is told. */
const PATIENCE = 1500;

/** @param {import("./surface.js").Surface} surface */
export function showStatus({ board, host, layer, say, toasts, signal }) {
  let notice = "";
  let joined = false;
  /** @type {any} */
  let waiting = 0;
  const say_ = toasts.keep.bind(toasts, "connection");
  const show = () => {
    const { connection, words, pending, progress } = board.status;
    layer.dataset.connection = connection;
    layer.dataset.people = String(board.people.length);
    layer.dataset.pending = String(pending);
    clearTimeout(waiting);
    joined ||= connection === "connected";
    const kept = pending ? ` ${say("status.pending", { n: pending })}` : "";
    if (connection === "connecting") {
      const offline = () =>
        say_(say(joined || pending ? "status.offline" : "status.connecting", { room: board.room }) + kept);
      if (joined) offline();
      else waiting = setTimeout(offline, PATIENCE);
    } else if (connection === "ended") {
      say_("");
      say_(`${words}${kept}`, host.rejoin && { label: say("status.again"), act: host.rejoin });
    } else say_(say.has(`status.${connection}`) ? say(`status.${connection}`) : "");
    toasts.keep(
      "loading",
      progress === null || progress === undefined ? "" : say("status.loading", { n: Math.round(100 * progress) }),
    );
    const mode = board.can.draw || host.watching ? "" : board.mode;
    toasts.keep("mode", mode && (say.has(`mode.${mode}`) ? say(`mode.${mode}`) : mode));
    if (board.status.notice !== notice) {
      notice = board.status.notice;
      if (notice) toasts.say(notice);
    }
  };
  for (const kind of ["status", "can", "people"]) board.addEventListener(kind, show, { signal });
  signal.addEventListener("abort", () => clearTimeout(waiting));
  show();
}
