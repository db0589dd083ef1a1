"""The numbers of the contract: versions, the limits that both sides keep, and close codes. Pure.

An operator may lower some of them for one relay: see `relay.limits`. ``docs/reference/limits.md`` and the JavaScript
have them from here, by ``python -m relay.protocol.generate``.
"""

PROTOCOL_VERSION = 1
"""The version that this relay and its clients speak."""
OLDEST_VERSION = 1
"""The oldest version that a relay still understands."""
SUBPROTOCOL = "ipysketch"
"""The subprotocol of the websocket."""

# Frames.
MAX_FRAME = 1 << 20
"""Largest text frame either side accepts, in bytes."""
MAX_MESSAGES = 4096
"""Messages of one frame."""
MAX_MESSAGE = 64 << 10
"""Largest message that is no operation and no preview, in bytes."""
MAX_CHUNK = 60 * 1024
"""Largest piece of a snapshot, in bytes; below 64 KiB with room for a header."""
MAX_COMMIT = 512 << 10
"""Largest commit sent as a message, in bytes; what a larger one did comes as a snapshot."""
MAX_PACKED = 64 << 20
"""Largest snapshot or history a client accepts, in bytes, as it is sent."""
MAX_SNAPSHOT = 96 << 20
"""Largest inflated snapshot or history a client accepts, in bytes; one that takes 256 MiB decoded is refused too."""

# Values.
SAFE_INTEGER = 2**53
"""Largest whole number, and its negative the smallest: every language holds those between exactly."""
MAX_DEPTH = 16
"""Levels of nesting of a value."""
MAX_NAME = 64
"""Characters of a peer's name."""
MAX_ROOM = 64
"""Characters of a room's name."""
MAX_KEY = 64
"""Characters of an element's key, of a page's name and of an event's name."""

# Operations.
WINDOW = 1024
"""Operations one client may have in flight, and verdicts the relay remembers for it."""
MAX_ACTIONS = 4096
"""Actions of one operation."""
MAX_FIELDS = 256
"""Fields of one element."""
MAX_DELETES = 100_000
"""Keys of one `Delete`."""
MAX_READ = 20_000
"""Entries of the log that one request may read back."""

# Companions.
TICKET_SECONDS = 30
"""Seconds for which a ticket lets a companion in."""
MAX_COMPANIONS = 8
"""Companions of one peer, and tickets that wait to be used."""

# Presence and events.
MAX_PREVIEW = 20_000
"""Numbers in one live preview: 10,000 points; a longer stroke goes on as a second element."""
MAX_STROKES = 8
"""Strokes one peer may have under its hands at a time (a touch screen, two pages)."""
MAX_PRESENCE = 32
"""Fields of one peer's presence."""
MAX_EVENTS = 1024
"""Events of one room that may wait; a peer that reads too slowly for them loses the oldest."""

# The board.
WIDTH = 1280
"""Width of a room's drawing, in board units."""
HEIGHT = 720
"""Height of a room's drawing, in board units."""

# Close codes of the websocket, in the range that is left to applications.
CLOSE_RESTART = 1012
"""The relay restarts."""
CLOSE_SLOW = 1013
"""The connection takes what waits for it too slowly."""
CLOSE_REPLACED = 4001
"""Another connection goes on as this client."""
CLOSE_PROTOCOL = 4002
"""The protocol was broken."""
CLOSE_REFUSED = 4003
"""The join was refused."""
CLOSE_EXPIRED = 4004
"""The token has expired."""
CLOSE_REVOKED = 4005
"""The token was taken back."""
CLOSE_REMOVED = 4006
"""A moderator took the peer out of the room."""
CLOSE_ERASED = 4007
"""The room was deleted."""
CLOSE_ALONE = 4008
"""The peer that a companion belonged to has left."""
TERMINAL_CODES = frozenset(
    {
        CLOSE_REPLACED,
        CLOSE_PROTOCOL,
        CLOSE_REFUSED,
        CLOSE_EXPIRED,
        CLOSE_REVOKED,
        CLOSE_REMOVED,
        CLOSE_ERASED,
        CLOSE_ALONE,
    }
)
"""After these a client does not come back by itself."""
