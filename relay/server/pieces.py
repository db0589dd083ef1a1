"""A client's frame in pieces: between two of them others have their turn. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..protocol import ClientMessage, RemoteError, decode_client, decode_long

PIECE, PIECE_BYTES = 64, 64 << 10
"""Messages, and bytes of a long frame, that are decoded and handled at a time."""

Pieces = Iterator[Sequence[ClientMessage | RemoteError]]
"""The messages of a frame."""


def decode_frame(frame: str | bytes) -> Pieces:
    """Return the messages of a frame, or the errors in their places, in pieces of which there is at least one; raises
    `RemoteError`."""
    if isinstance(frame, bytes):
        raise RemoteError("binary", "a client sends no binary frames; send a JSON array of messages")
    if len(frame) > PIECE_BYTES:
        return decode_long(frame, PIECE, PIECE_BYTES)
    messages = decode_client(frame)
    return (messages[at : at + PIECE] for at in range(0, max(1, len(messages)), PIECE))
