// @ts-check
// Generated from relay/protocol/limits.py by `python -m relay.protocol.generate`: change that instead.

// The protocol.

/** The version that this relay and its clients speak. */
export const PROTOCOL_VERSION = 1;
/** The oldest version that a relay still understands. */
export const OLDEST_VERSION = 1;
/** The subprotocol of the websocket. */
export const SUBPROTOCOL = "ipysketch";

// Frames.

/** Largest text frame either side accepts, in bytes. */
export const MAX_FRAME = 1048576;
/** Messages of one frame. */
export const MAX_MESSAGES = 4096;
/** Largest message that is no operation and no preview, in bytes. */
export const MAX_MESSAGE = 65536;
/** Largest piece of a snapshot, in bytes; below 64 KiB with room for a header. */
export const MAX_CHUNK = 61440;
/** Largest commit sent as a message, in bytes; what a larger one did comes as a snapshot. */
export const MAX_COMMIT = 524288;
/** Largest snapshot or history a client accepts, in bytes, as it is sent. */
export const MAX_PACKED = 67108864;
/** Largest inflated snapshot or history a client accepts, in bytes; one that takes 256 MiB decoded is refused too. */
export const MAX_SNAPSHOT = 100663296;

// Values.

/** Largest whole number, and its negative the smallest: every language holds those between exactly. */
export const SAFE_INTEGER = 9007199254740992;
/** Levels of nesting of a value. */
export const MAX_DEPTH = 16;
/** Characters of a peer's name. */
export const MAX_NAME = 64;
/** Characters of a room's name. */
export const MAX_ROOM = 64;
/** Characters of an element's key, of a page's name and of an event's name. */
export const MAX_KEY = 64;

// Operations.

/** Operations one client may have in flight, and verdicts the relay remembers for it. */
export const WINDOW = 1024;
/** Actions of one operation. */
export const MAX_ACTIONS = 4096;
/** Fields of one element. */
export const MAX_FIELDS = 256;
/** Keys of one `Delete`. */
export const MAX_DELETES = 100000;
/** Entries of the log that one request may read back. */
export const MAX_READ = 20000;

// Companions.

/** Seconds for which a ticket lets a companion in. */
export const TICKET_SECONDS = 30;
/** Companions of one peer, and tickets that wait to be used. */
export const MAX_COMPANIONS = 8;

// Presence and events.

/** Numbers in one live preview: 10,000 points; a longer stroke goes on as a second element. */
export const MAX_PREVIEW = 20000;
/** Strokes one peer may have under its hands at a time (a touch screen, two pages). */
export const MAX_STROKES = 8;
/** Fields of one peer's presence. */
export const MAX_PRESENCE = 32;
/** Events of one room that may wait; a peer that reads too slowly for them loses the oldest. */
export const MAX_EVENTS = 1024;

// The board.

/** Width of a room's drawing, in board units. */
export const WIDTH = 1280;
/** Height of a room's drawing, in board units. */
export const HEIGHT = 720;

// Close codes of the websocket, in the range that is left to applications.

/** The relay restarts. */
export const CLOSE_RESTART = 1012;
/** The connection takes what waits for it too slowly. */
export const CLOSE_SLOW = 1013;
/** Another connection goes on as this client. */
export const CLOSE_REPLACED = 4001;
/** The protocol was broken. */
export const CLOSE_PROTOCOL = 4002;
/** The join was refused. */
export const CLOSE_REFUSED = 4003;
/** The token has expired. */
export const CLOSE_EXPIRED = 4004;
/** The token was taken back. */
export const CLOSE_REVOKED = 4005;
/** A moderator took the peer out of the room. */
export const CLOSE_REMOVED = 4006;
/** The room was deleted. */
export const CLOSE_ERASED = 4007;
/** The peer that a companion belonged to has left. */
export const CLOSE_ALONE = 4008;
/** After these a client does not come back by itself. */
export const TERMINAL_CODES = Object.freeze([4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008]);
