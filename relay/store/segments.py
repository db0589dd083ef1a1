"""Segments: what one group appended to one room, as one row of a table. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from ..protocol import WINDOW
from ..records import Batch, Hold, LogRow

PACKED = 4
"""Rows of a segment from which on it is compressed."""


def in_order(rows: Sequence[LogRow]) -> bool:
    """Return whether `rows` follow each other."""
    return all(row.seq == rows[0].seq + number for number, row in enumerate(rows))


def packed(rows: Sequence[LogRow]) -> bytes:
    """Return a segment: how it is packed, and its rows."""
    plain = msgspec.msgpack.encode([tuple(row) for row in rows])
    return b"\1" + zlib.compress(plain, 1) if len(rows) >= PACKED else b"\0" + plain


def unpacked(segment: bytes) -> list[LogRow]:
    """Return the rows of a segment."""
    plain = zlib.decompress(segment[1:]) if segment[:1] == b"\1" else segment[1:]
    return [
        LogRow(*row)
        for row in msgspec.msgpack.decode(plain, type=list[tuple[int, int, float, str, int, bytes]])
    ]


def append_parameters(known: Sequence[tuple[Hold, Batch]]) -> dict[str, Any]:
    """Return what `APPEND` is given."""
    bodies = [packed(batch.rows) for _, batch in known]
    clients = {(hold.room, client.client): client for hold, batch in known for client in batch.clients}
    refusals = {(hold.room, row.client, row.op): row for hold, batch in known for row in batch.refusals}
    return {
        "rooms": [hold.room for hold, _ in known],
        "fences": [hold.fence for hold, _ in known],
        "expected": [batch.rows[0].seq - 1 if batch.rows else None for _, batch in known],
        "lasts": [batch.rows[-1].seq if batch.rows else None for _, batch in known],
        "sizes": [sum(len(row.body) for row in batch.rows) for _, batch in known],
        "bodies": bodies,
        "crcs": [zlib.crc32(body) for body in bodies],
        "c_rooms": [room for room, _ in clients],
        "c_ids": [client.client for client in clients.values()],
        "c_hashes": [client.key_hash for client in clients.values()],
        "c_authors": [client.author for client in clients.values()],
        "c_lasts": [client.last for client in clients.values()],
        "f_rooms": [room for room, _, _ in refusals],
        "f_ids": [row.client for row in refusals.values()],
        "f_ops": [row.op for row in refusals.values()],
        "f_codes": [row.code for row in refusals.values()],
        "f_reasons": [row.reason for row in refusals.values()],
        "window": WINDOW,
    }
