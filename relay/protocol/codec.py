"""The one way to encode and decode messages. Pure.

A message that cannot be read stands as a `RemoteError` in its place, so that it does not fail the others of its frame.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from .actions import Clear, Create, Delete, Entry, Patch, Revert
from .limits import MAX_FIELDS, MAX_FRAME, MAX_MESSAGE, MAX_MESSAGES
from .messages import ClientMessage, Operate, Preview, RemoteError, RequestId, ServerMessage

M = TypeVar("M")
MOST_ANSWERS = 65_536
"""Messages of a relay's frame that a client reads; a relay sends a few thousand at most."""


class _AnyRequest(msgspec.Struct, gc=False):
    """What can be read of a request that cannot be read as one."""

    id: RequestId = 0


class _AnyMessage(msgspec.Struct, gc=False):
    """What can be read of any message, without reading the rest of it."""

    type: str = ""


class _Outline(msgspec.Struct, tag_field="type", tag="operate", gc=False):
    """What can be read of an operation without building a value: its actions are objects."""

    op: int
    actions: list[_AnyMessage]


class _Parts(msgspec.Struct, tag_field="type", tag="operate", gc=False):
    """An operation whose actions are not read yet."""

    op: int
    actions: list[msgspec.Raw]


_encoder = msgspec.json.Encoder()
_whole = msgspec.json.Decoder(msgspec.Raw)
_array = msgspec.json.Decoder(list[msgspec.Raw])
_client = msgspec.json.Decoder(ClientMessage)
_large = msgspec.json.Decoder(Operate[msgspec.Raw] | Preview[msgspec.Raw])
_outline = msgspec.json.Decoder(_Outline)
_parts = msgspec.json.Decoder(_Parts)
_actions = msgspec.json.Decoder(Create[msgspec.Raw] | Patch[msgspec.Raw] | Delete | Clear | Revert)
_clients = msgspec.json.Decoder(list[ClientMessage])
_server = msgspec.json.Decoder(ServerMessage)
_kinds = msgspec.json.Decoder(list[_AnyMessage])
_request_id = msgspec.json.Decoder(_AnyRequest)


def encode(messages: Iterable[msgspec.Struct | msgspec.Raw]) -> bytes:
    """Encode `messages` as the bytes of one text frame (UTF-8 JSON); a `msgspec.Raw` is a message encoded before."""
    return _encoder.encode(list(messages))


def encode_message(message: Any) -> msgspec.Raw:
    """Encode one message once, to be put into many frames."""
    return msgspec.Raw(_encoder.encode(message))


def _split(frame: str | bytes) -> list[msgspec.Raw]:
    try:
        return _array.decode(frame)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise _no_frame(error) from None


def _no_frame(error: Exception) -> RemoteError:
    return RemoteError("not-json", f"a frame must be a JSON array of messages ({error})")


def _decode_one(decoder: msgspec.json.Decoder[M], raw: msgspec.Raw) -> M | RemoteError:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        return RemoteError("bad-message", f"a message could not be read: {error}")


def decode_client(frame: str | bytes) -> list[ClientMessage | RemoteError]:
    """Decode a client's text frame; a message that is wrong stands as a `RemoteError` in its place, with its id.

    Of more than `MAX_MESSAGES` messages, one error stands for the rest. Raises `RemoteError` when the frame is no JSON
    array.
    """
    if len(frame) > MAX_MESSAGE:
        return [message for piece in decode_long(frame, MAX_MESSAGES, MAX_FRAME) for message in piece]
    messages: Sequence[Any]
    try:
        messages = _clients.decode(frame)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        messages = [_decode_client_one(raw) for raw in _split(frame)[: MAX_MESSAGES + 1]]
    return _no_more(messages)


def decode_long(frame: str | bytes, most: int, size: int) -> Iterator[list[ClientMessage | RemoteError]]:
    """Decode a client's text frame in pieces, each when it is asked for.

    They have at most `most` messages and `size` bytes, or one message; there is at least one piece. A large operation
    comes after pieces of no message: between them its actions are decoded, `size` bytes at a time. Messages
    whose values would be built may be as large as `MAX_MESSAGE`; what stands for others, and what is raised at once, is
    as in `decode_client`.
    """
    data = frame.encode(errors="replace") if isinstance(frame, str) else frame
    try:
        # A million objects take long to find, too; braces in texts are looked for only where there are that many.
        if data.count(b"{") > MAX_OBJECTS:
            _whole.decode(frame)
            if without_texts(data.translate(None, _OTHERS)).count(b"{") > MAX_OBJECTS:
                return iter([_no_more([], crowded=True)])
        kinds = _kinds.decode(frame)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise _no_frame(error) from None
    return _pieces(kinds, _split(frame), most, size)


def _pieces(
    kinds: Sequence[_AnyMessage], raws: Sequence[msgspec.Raw], most: int, size: int
) -> Iterator[list[ClientMessage | RemoteError]]:
    piece: list[ClientMessage | RemoteError] = []
    held = 0
    for number, (kind, raw) in enumerate(zip(kinds, raws, strict=False)):
        if piece and (len(piece) >= most or held + len(raw) > size):
            yield piece
            piece, held = [], 0
        if number == MAX_MESSAGES:
            piece += _no_more([], crowded=True)
            break
        held += len(raw)
        if len(raw) <= MAX_MESSAGE:
            piece.append(_decode_client_one(raw))
        elif kind.type in _LARGE:
            # A message may have two types: this reads none whose first one is another.
            if kind.type == "operate":
                yield piece
                piece, held = [(yield from _operation(raw, size))], len(raw)
            else:
                piece.append(_crowded(raw) or _decode_client_one(raw, _large))
        else:
            reason = f"a message that is no operation may have at most {MAX_MESSAGE >> 10} KiB"
            piece.append(_with_id(RemoteError("too-large", reason), raw))
    yield piece


def _operation(
    raw: msgspec.Raw, size: int
) -> Generator[list[ClientMessage | RemoteError], None, ClientMessage | RemoteError]:
    """Return an operation, or why it cannot be read.

    Between pieces of no message `size` bytes of actions are decoded: others cannot wait for a hundred thousand names.
    """
    outline = _decode_one(_outline, raw)
    if isinstance(outline, RemoteError):
        return _with_id(outline, raw)
    parts = _parts.decode(raw)
    yield []
    found: list[Any] = []
    held = 0
    for part in parts.actions:
        if held and held + len(part) > size:
            yield []
            held = 0
        held += len(part)
        action = _crowded(part) or _decode_one(_actions, part)
        if isinstance(action, RemoteError):
            return _with_id(action, raw)
        found.append(action)
    return Operate(parts.op, tuple(found))


def _crowded(raw: msgspec.Raw) -> RemoteError | None:
    """Return the error of a part of a message that has far more names than an element may."""
    if len(raw) <= MAX_MESSAGE:
        return None
    data = bytes(raw)
    if data.count(b":") <= MAX_NAMES:
        return None
    if without_texts(data.translate(None, _NO_NAMES)).count(b":") <= MAX_NAMES:
        return None
    return RemoteError("too-many-fields", f"an element may have at most {MAX_FIELDS} fields")


def _no_more(messages: Sequence[Any], *, crowded: bool = False) -> list[ClientMessage | RemoteError]:
    """Return `messages`, with an error for all that are too many."""
    if crowded or len(messages) > MAX_MESSAGES:
        reason = f"a frame may have at most {MAX_MESSAGES} messages; the others of this one were dropped"
        return [*messages[:MAX_MESSAGES], RemoteError("too-many-messages", reason)]
    return list(messages)


def _decode_client_one(
    raw: msgspec.Raw, decoder: msgspec.json.Decoder[Any] = _client
) -> ClientMessage | RemoteError:
    message: ClientMessage | RemoteError = _decode_one(decoder, raw)
    return _with_id(message, raw) if isinstance(message, RemoteError) else message


def _with_id(error: RemoteError, raw: msgspec.Raw) -> RemoteError:
    # Also a request of a newer client than this relay: its sender waits for an answer to it.
    with contextlib.suppress(msgspec.MsgspecError, RecursionError, UnicodeError):
        error.re = _request_id.decode(raw).id
    return error


MAX_OBJECTS = 65_536
"""Objects in a frame of 1 MiB: more have no room for what an object of ours must say."""
MAX_NAMES = 16_384
"""Names in an action or a preview: in one that is longer than a usual message, more take long to decode."""
_LARGE = frozenset({"operate", "preview"})
"""Kinds of messages that may be as large as a frame: their values are not built."""


def without_texts(data: bytes) -> bytes:
    """Return JSON without its texts: numbers, brackets and commas."""
    # A few passes over all of it: an expression that looks for texts takes ten times as long.
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"").replace(b'""', b"")
    outside: list[bytes] = []
    inside = 0
    for at in range(0, len(plain), _SPLIT):  # In pieces, for a long list takes longer than all the rest.
        parts = plain[at : at + _SPLIT].split(b'"')
        outside.append(b"".join(parts[inside::2]))
        inside ^= 1 - len(parts) % 2
    return b"".join(outside)


_OTHERS = bytes(set(range(256)) - set(b'{"\\'))
"""All bytes that are of no account to who counts objects."""
_NO_NAMES = bytes(set(range(256)) - set(b':"\\'))
"""All bytes that are of no account to who counts names."""
_SPLIT = 16 << 10
"""Bytes that are looked at together."""


def decode_server(frame: str | bytes) -> list[ServerMessage | RemoteError]:
    """Decode a relay's text frame; a message that is wrong or unknown stands as a `RemoteError` in its place.

    Raises `RemoteError` when the frame is no JSON array, or has far too many messages.
    """
    messages = _split(frame)
    if len(messages) > MOST_ANSWERS:
        raise RemoteError("too-many-messages", f"a frame may have at most {MOST_ANSWERS} messages")
    return [_decode_server_message(raw) for raw in messages]


def _decode_server_message(raw: msgspec.Raw) -> ServerMessage | RemoteError:
    message = _decode_one(_server, raw)
    return message


def encode_entries(entries: Sequence[Entry]) -> bytes:
    """Encode `entries` as JSON, with all versions."""
    return _encoder.encode(entries)


def decode_entries(data: bytes | bytearray) -> list[Entry]:
    """Decode a snapshot's JSON; raises `RemoteError` when it is none."""
    try:
        return msgspec.json.decode(data, type=list[Entry])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RemoteError("bad-snapshot", f"the snapshot could not be read: {error}") from None
