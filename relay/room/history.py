"""A range of a room's log, encoded for a peer that reads it back. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from ..records import LogRange

PIECE = 64 << 10
"""Bytes that are inflated, and compressed again, at a time."""


def encode_history(past: LogRange) -> bytes:
    """Return the zlib stream of a JSON object: ``entries`` at the beginning of the range, and ``commits``."""
    press = zlib.compressobj(1)
    return b"".join([*map(press.compress, _json(past)), press.flush()])


def _json(past: LogRange) -> Iterator[bytes]:
    """Return the pieces of the JSON object; all in one, it would take several times its size of memory."""
    yield b'{"entries":'
    if past.checkpoint is None:
        yield b"[]"
    else:
        inflate = zlib.decompressobj()
        rest = past.checkpoint.body
        while piece := inflate.decompress(rest, PIECE):
            yield piece
            rest = inflate.unconsumed_tail
    yield b',"commits":['
    for number, row in enumerate(past.rows):
        if number:
            yield b","
        yield row.body
    yield b"]}"
