// @ts-check
// The state of a connection in words, as `ipysketch/client/status.py` has them for kernels.
//
// Rules of this file: pure.

/**
 * @param {object} parts
 * @param {import("./connection.js").State} parts.state
 * @param {string} parts.room
 * @param {number} parts.pending own operations without a verdict
 * @param {number | null} parts.progress of a snapshot that is being loaded, 0 to 1
 * @param {number} parts.here peers in the room, this one too
 * @param {string} parts.mode why this page may not draw, or ""
 * @param {number} parts.now on the clock of `state`, in milliseconds
 */
export function describeStatus({ state, room, pending, progress, here, mode, now }) {
  const waiting = pending ? `; ${pending} ${pending === 1 ? "stroke" : "strokes"} waiting` : "";
  switch (state.kind) {
    case "connecting":
      return `connecting · room ${room}${waiting}`;
    case "connected":
      if (progress !== null) return `loading room ${room} · ${Math.round(100 * progress)} %`;
      return `connected · room ${room} · ${Math.max(1, here)} here${mode && ` · ${mode}`}`;
    case "waiting": {
      const seconds = Math.max(1, Math.ceil((state.until - now) / 1000));
      return `${state.reason}; reconnecting in ${seconds} s${waiting}`;
    }
    case "ended":
      return `not connected: ${state.reason}${waiting}`;
  }
}

/** Return why a peer may not draw, in words; "" when it may. @param {string} role @param {boolean} locked */
export function describeMode(role, locked) {
  if (role === "viewer") return "you are watching";
  return locked && role === "editor" ? "locked by a moderator" : "";
}
