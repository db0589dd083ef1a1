"""The contract between a relay and its peers: every message, and the one way to encode and decode them.

Rules of this file: it is pure (no I/O, no clock, no randomness); a message that is not here does not exist;
``docs/protocol.md`` says the same in prose and a test decodes each of its examples.

A text frame is a JSON array of messages, so that whatever is ready together leaves together. Each message is
an object whose ``type`` names it. A binary frame is a piece of the zlib stream that a `Snapshot` announced.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar

import msgspec

PROTOCOL_VERSION = 1
OLDEST_VERSION = 1

MAX_FRAME = 1 << 20
"""Largest text frame either side accepts, in bytes."""
MAX_CHUNK = 60 * 1024
"""Largest piece of a snapshot, in bytes; below 64 KiB with room for a header."""
MAX_COMMIT = 512 << 10
"""Largest commit sent as a message, in bytes; what a larger one did comes as a snapshot."""
MAX_SNAPSHOT = 256 << 20
"""Largest inflated snapshot a client accepts, in bytes."""
WINDOW = 1024
"""Operations one client may have in flight, and verdicts the relay remembers for it."""
MAX_NAME = 64
MAX_ROOM = 64
MAX_KEY = 64
MAX_DEPTH = 16
MAX_PREVIEW = 20_000
"""Numbers in one live preview: 10,000 points; a longer stroke goes on as a second element."""
SAFE_INTEGER = 2**53

SUBPROTOCOL = "ipysketch"

V = TypeVar("V")
"""What the values of an element's fields are: anything JSON has, or `msgspec.Raw` where a relay passes them on."""

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_ROOM = re.compile(r"[\w][\w .\-]{0,63}")


class Message(
    msgspec.Struct, frozen=True, forbid_unknown_fields=False, omit_defaults=True, tag_field="type", gc=False
):
    """What all messages share: immutable, tagged by ``type``; unknown fields are skipped (version N + 1).

    JSON has no cycles, so that the garbage collector need not look for any in it (`gc`): a relay has hundreds of
    thousands of such objects, and stood still for as long as it took to go through them."""


# --- actions: what an operation does, applied together under one seq -------------------------------------


class Create(Message, Generic[V], frozen=True, tag="create"):
    """A new element. `fields` are opaque to the relay, except ``place`` (a number, or ``"front"``)."""

    key: str
    fields: dict[str, V]
    page: str = ""


class Patch(Message, Generic[V], frozen=True, tag="patch"):
    """New values for some fields; the last writer wins, field by field. On a dead key it does nothing."""

    key: str
    fields: dict[str, V]


class Delete(Message, frozen=True, tag="delete"):
    """Take elements away. Keys that are already gone are skipped."""

    keys: tuple[str, ...]


class Clear(Message, frozen=True, tag="clear"):
    """Take every element of one page away."""

    page: str = ""


class Revert(Message, frozen=True, tag="revert"):
    """Undo the sender's own operation `op`, as far as its effect is still as it left it."""

    op: int


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One living element as the ledger keeps it. `first` is (seq, index within the operation that made it);
    `versions` has, for each field, the seq of the operation that wrote its value."""

    key: str
    first: tuple[int, int]
    author: str
    at: float
    page: str
    fields: dict[str, Any]
    versions: dict[str, int]

    def __post_init__(self) -> None:
        # A snapshot leaves out what is the seq that made it.
        if len(self.versions) < len(self.fields):
            for name in self.fields:
                self.versions.setdefault(name, self.first[0])


class Restore(Message, frozen=True, tag="restore"):
    """Elements put (back) exactly as given; only the relay sends it, as what a `Revert` came to."""

    entries: tuple[Entry, ...]


Action = Create[Any] | Patch[Any] | Delete | Clear | Revert
Change = Create[Any] | Patch[Any] | Delete | Clear | Restore


# --- client to relay -------------------------------------------------------------------------------------


class Join(Message, frozen=True, tag="join"):
    """The first message of a connection. `client` and `resume_key` continue an earlier identity;
    `epoch`, `seq`, `mark` say which prefix of the log the sender holds. `secret` proves authorship: the
    relay stores and shows only its hash. `settled` is the highest operation number whose verdict the sender
    knows. Colours are ``#rrggbb``."""

    room: str
    version: int = PROTOCOL_VERSION
    name: str = ""
    color: str = "#1f77b4"
    secret: str = ""
    client: str = ""
    resume_key: str = ""
    epoch: str = ""
    seq: int = 0
    mark: int = 0
    settled: int = 0
    token: str = ""


class Operate(Message, Generic[V], frozen=True, tag="operate"):
    """Operation number `op` of this client; the relay takes exactly the one after the last."""

    op: int
    actions: tuple[Create[V] | Patch[V] | Delete | Clear | Revert, ...]


class Presence(Message, frozen=True, tag="presence"):
    """New values for some fields of the sender's presence: name, color, cursor, tool, viewport."""

    state: dict[str, Any]


class Preview(Message, frozen=True, tag="preview"):
    """Ink under the hand: `points` (flat x, y in eighths, absolute) go in at number `start` of what the others
    have. `fields` is its style, sent with the first part. `start` 0 begins anew."""

    key: str
    start: int
    points: tuple[int, ...]
    fields: dict[str, Any] | None = None


class Cancel(Message, frozen=True, tag="cancel"):
    """The stroke under the hand came to nothing."""

    key: str


class Event(Message, frozen=True, tag="event"):
    """A named message, forwarded and forgotten. `to`: ``others``, ``all``, or a peer's id."""

    name: str
    data: Any = None
    to: str = "others"


class Leave(Message, frozen=True, tag="leave"):
    """The peer goes on purpose, and will not resume."""


class Read(Message, frozen=True, tag="read"):
    """Ask for the past: the log's entries `first` to `last`, answered by a `History`."""

    first: int
    last: int


class Lock(Message, frozen=True, tag="lock"):
    """Let only moderators draw from now on, or everybody again."""

    locked: bool


class Remove(Message, frozen=True, tag="remove"):
    """End another peer's connection."""

    peer: str


class Mint(Message, frozen=True, tag="mint"):
    """Ask for a token that lets somebody into this room as `role` for `seconds`; answered by a `Minted`."""

    role: str
    name: str = ""
    seconds: float = 8 * 3600


class Erase(Message, frozen=True, tag="erase"):
    """Delete the room, its drawing and its past, for good. `room` repeats its name."""

    room: str


# --- relay to client -------------------------------------------------------------------------------------


class Welcome(Message, frozen=True, tag="welcome"):
    """The answer to `Join`. `reset`: the log is another one than the client knew; it replaces its document,
    drops pending operations up to `last`, and takes `client` as a new identity. `role` is what the peer may do,
    `locked` whether only moderators may draw now, `oldest` the first entry of the log that can be read."""

    version: int
    room: str
    peer: str
    client: str
    resume_key: str
    author: str
    epoch: str
    seq: int
    last: int
    reset: bool
    width: int
    height: int
    role: str = "moderator"
    locked: bool = False
    oldest: int = 1


class Snapshot(Message, frozen=True, tag="snapshot"):
    """The drawing at `seq` follows in `size` bytes of binary frames: one zlib stream of a JSON array of
    `count` entries. It replaces the client's document, and has in it what came of the client's operations
    up to `last`."""

    seq: int
    mark: int
    size: int
    count: int
    last: int


class Commit(Message, frozen=True, tag="commit"):
    """An operation became part of the log, durably. `at` is the relay's time in seconds since 1970; `mark` a
    random number kept with the entry. `client` and `op` say whose it was."""

    seq: int
    mark: int
    at: float
    client: str
    op: int
    author: str
    changes: tuple[Change, ...]


class Refused(Message, frozen=True, tag="refused"):
    """Operation `op` will not be. `final`: its number is consumed; else the same may be sent again."""

    op: int
    code: str
    reason: str
    final: bool


class PeerState(Message, frozen=True, tag="peer"):
    """A peer is here, with its whole presence."""

    peer: str
    author: str
    state: dict[str, Any]


class PeerLeft(Message, frozen=True, tag="left"):
    """A peer went, and the ink under its hand with it."""

    peer: str


class PeerPreview(Message, frozen=True, tag="ink"):
    """What `Preview` says, with whose it is."""

    peer: str
    key: str
    start: int
    points: tuple[int, ...]
    fields: dict[str, Any] | None = None


class PeerCancel(Message, frozen=True, tag="ink-end"):
    """A preview is over; if it became an element, its commit says so."""

    peer: str
    key: str


class PeerEvent(Message, frozen=True, tag="heard"):
    """A named message from a peer."""

    peer: str
    name: str
    data: Any = None


class Error(Message, frozen=True, tag="error"):
    """What was wrong with something the client sent. If `fatal`, the connection closes after it."""

    code: str
    reason: str
    fatal: bool = False


class RoomState(Message, frozen=True, tag="room"):
    """Whether only moderators may draw now."""

    locked: bool


class History(Message, frozen=True, tag="history"):
    """The past that was asked for. The next binary frames are pieces of one zlib stream of `size` bytes: a JSON
    object of ``entries`` (the drawing at `base`) and ``commits`` (entries `base` + 1 to `last` of the log).
    `oldest` is the first entry of the log that can still be read."""

    base: int
    last: int
    oldest: int
    size: int


class Minted(Message, frozen=True, tag="minted"):
    """The token that was asked for, and the id by which it can be revoked."""

    token: str
    id: str


class Goodbye(Message, frozen=True, tag="goodbye"):
    """The relay is going down; join again after about `retry` seconds."""

    reason: str
    retry: float


ClientMessage = (
    Join
    | Operate[msgspec.Raw]
    | Presence
    | Preview
    | Cancel
    | Event
    | Leave
    | Read
    | Lock
    | Remove
    | Mint
    | Erase
)
ServerMessage = (
    Welcome
    | Snapshot
    | Commit
    | Refused
    | PeerState
    | PeerLeft
    | PeerPreview
    | PeerCancel
    | PeerEvent
    | RoomState
    | History
    | Minted
    | Error
    | Goodbye
)

# Close codes of the websocket, in the range that is left to applications.
CLOSE_REPLACED = 4001
CLOSE_PROTOCOL = 4002
CLOSE_REFUSED = 4003
CLOSE_EXPIRED = 4004
CLOSE_REVOKED = 4005
CLOSE_REMOVED = 4006
CLOSE_ERASED = 4007
CLOSE_RESTART = 1012
TERMINAL_CODES = frozenset(
    {
        CLOSE_REPLACED,
        CLOSE_PROTOCOL,
        CLOSE_REFUSED,
        CLOSE_EXPIRED,
        CLOSE_REVOKED,
        CLOSE_REMOVED,
        CLOSE_ERASED,
    }
)
"""After these a client does not come back by itself."""


class Bad(ValueError):
    """A frame or message breaks the contract. `code` is documented in ``docs/protocol.md``."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


M = TypeVar("M")
_encoder = msgspec.json.Encoder()
_array = msgspec.json.Decoder(list[msgspec.Raw])
_client = msgspec.json.Decoder(ClientMessage)
_clients = msgspec.json.Decoder(list[ClientMessage])
_server = msgspec.json.Decoder(ServerMessage)


def encode(messages: Iterable[msgspec.Struct | msgspec.Raw]) -> bytes:
    """One text frame's bytes (UTF-8 JSON) for `messages`; a `msgspec.Raw` is a message encoded before."""
    return _encoder.encode(list(messages))


def encode_message(message: Any) -> msgspec.Raw:
    """One message encoded once, to be put into many frames."""
    return msgspec.Raw(_encoder.encode(message))


def _split(frame: str | bytes) -> list[msgspec.Raw]:
    try:
        return _array.decode(frame)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise Bad("not-json", f"a frame must be a JSON array of messages ({error})") from None


def _decode_one(decoder: msgspec.json.Decoder[M], raw: msgspec.Raw) -> M | Bad:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        return Bad("bad-message", f"a message could not be read: {error}")


def decode_client(frame: str | bytes) -> list[ClientMessage | Bad]:
    """The client's messages in a text frame; one that is wrong stands as a `Bad` in its place.

    Raises `Bad` when the frame is no JSON array.
    """
    try:
        return list(_clients.decode(frame))
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return [_decode_one(_client, raw) for raw in _split(frame)]


def decode_server(frame: str | bytes) -> list[ServerMessage | Bad]:
    """The relay's messages in a text frame; one that is wrong or unknown stands as a `Bad` in its place.

    Raises `Bad` when the frame is no JSON array.
    """
    return [_decode_one(_server, raw) for raw in _split(frame)]


# --- rules for values ------------------------------------------------------------------------------------


def check_value(value: object, depth: int = MAX_DEPTH) -> None:
    """Raise `Bad` unless `value` is JSON at most `depth` deep, with integers that every language holds."""
    if depth == 0 and isinstance(value, list | dict):
        raise Bad("too-deep", f"values may be nested at most {MAX_DEPTH} deep")
    if isinstance(value, list):
        # Coordinates, as nearly all that comes is: the quickest way to know that all are whole and small enough.
        try:
            struct.pack(f"{len(value)}i", *value)
        except struct.error:
            for item in value:
                check_value(item, depth - 1)
    elif isinstance(value, dict):
        for item in value.values():
            check_value(item, depth - 1)
    elif isinstance(value, int) and not -SAFE_INTEGER <= value <= SAFE_INTEGER:
        raise Bad("bad-value", "whole numbers must lie within ±2^53")


def check_fields(fields: dict[str, Any]) -> None:
    """Raise `Bad` unless each value is one that `check_value` takes in an object. One that is still encoded stays so,
    as it would be if it had been decoded and encoded again."""
    for name, value in fields.items():
        if isinstance(value, msgspec.Raw):
            data = bytes(value)
            fields[name] = _checked_short(data) if len(data) <= _SHORT else _checked(data)
        else:
            check_value(value, MAX_DEPTH - 1)


_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * 16
_SHORT = 40  # Bytes of a value that may well come again, such as a colour or a width.


def _checked(data: bytes) -> msgspec.Raw:
    if data.startswith(b"["):
        # Coordinates, as nearly all that comes is: it is known to be JSON, so these are short whole numbers in a row.
        shape = data.translate(_DIGITS)
        if _LONG not in shape and b"-0" not in data and not shape[1:-1].translate(None, b"0,-"):
            return msgspec.Raw(data)
    try:
        value = msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise Bad("bad-value", f"a value could not be read: {error}") from None
    check_value(value, MAX_DEPTH - 1)
    return encode_message(value)


_checked_short = lru_cache(1024)(_checked)


def check_event(event: Event) -> Event:
    """`event` as a peer will decode it; raises `Bad` for a name or data that cannot be sent."""
    if not isinstance(event.name, str) or not 0 < len(event.name) <= MAX_KEY:
        raise Bad("bad-event", f"an event's name must have 1 to {MAX_KEY} characters")
    try:
        [said] = decode_client(encode([event]))
    except (TypeError, ValueError, RecursionError) as error:
        raise Bad("bad-event", f"an event's data must be what JSON can hold: {error}") from None
    if not isinstance(said, Event):
        raise said if isinstance(said, Bad) else Bad("bad-event", "an event was expected")
    check_value(said.data)
    return said


def check_color(color: object) -> str:
    """`color` in lower case; raises `Bad` unless it is ``#rrggbb``."""
    if not isinstance(color, str) or not _COLOR.fullmatch(color):
        shown = str(color)[:40]
        raise Bad("bad-color", f"the colour {shown!r} is not of the form #rrggbb, such as #d62728")
    return color.lower()


def check_room(room: object) -> str:
    """`room` itself; raises `Bad` unless it is 1 to 64 letters, digits, spaces, dots, dashes or underscores."""
    if not isinstance(room, str) or not _ROOM.fullmatch(room):
        shown = str(room)
        shown = shown if len(shown) <= 40 else shown[:37] + "..."
        raise Bad(
            "bad-room",
            f"the room name {shown!r} cannot be used: choose 1 to {MAX_ROOM} letters, digits, spaces, . - or _",
        )
    return room


def check_name(name: object) -> str:
    """`name` without control characters, at most 64 characters; raises `Bad` if it is no text or longer."""
    if not isinstance(name, str) or len(name) > MAX_NAME:
        raise Bad("bad-name", f"a name must be text of at most {MAX_NAME} characters")
    return "".join(c for c in name if c.isprintable()).strip()


def encode_entries(entries: Sequence[Entry]) -> bytes:
    """The JSON of `entries`, with all versions."""
    return _encoder.encode(entries)


def decode_entries(data: bytes) -> list[Entry]:
    """The entries of a snapshot's JSON; raises `Bad` when it is none."""
    try:
        return msgspec.json.decode(data, type=list[Entry])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Bad("bad-snapshot", f"the snapshot could not be read: {error}") from None
