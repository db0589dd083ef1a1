"""The drawing at a sequence number: the fold of a room's log, as far as this replica knows it.

Rules of this file: pure. What an operation means is `relay.protocol.document`, the same code as the relay's;
this adds what a replica needs besides: where it stands in the log. `scene` has the elements that people see.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping

import msgspec

from relay.protocol import (
    MAX_FRAME,
    MAX_PACKED,
    MAX_SNAPSHOT,
    Commit,
    Entry,
    Record,
    RemoteError,
    apply,
)

from .weight import MAX_WEIGHT, Weight

PIECE = 1 << 20


class Gap(Exception):
    """A commit does not follow the last one: the replica must ask for the drawing anew."""


class Document:
    """A replica of a room's entries at `seq`; `mark` names that log entry, `epoch` the log."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.epoch = ""
        self.seq = 0
        self.mark = 0

    def apply(self, commit: Commit) -> Record:
        """Apply the next commit; raise `Gap`, and change nothing, when it is not the next."""
        if commit.seq != self.seq + 1:
            raise Gap(f"commit {commit.seq} came after {self.seq}")
        record = apply(self.entries, commit.changes, commit.seq, commit.author, commit.at)
        self.seq, self.mark = commit.seq, commit.mark
        return record

    def replace(self, entries: Iterable[Entry], seq: int, mark: int) -> None:
        """Become the snapshot at `seq`, and drop everything that was there."""
        self.entries = {entry.key: entry for entry in entries}
        self.seq, self.mark = seq, mark

    def digest(self) -> str:
        """Return the SHA-256 of the entries in order: equal digests are equal documents, byte for byte."""
        return digest(self.entries)


def unpack(stream: bytes) -> bytearray:
    """Return the content of a zlib stream; raise `RemoteError` when it is broken, cut short or too large.

    What is decoded takes up to forty times as much as the text, so it is weighed as it is unpacked, piece by piece.
    """
    inflate, weight, data = zlib.decompressobj(), Weight(), bytearray()
    rest = stream
    try:
        while rest and not inflate.eof:
            piece = inflate.decompress(rest, PIECE)
            rest = inflate.unconsumed_tail
            data += piece
            if len(data) > MAX_SNAPSHOT or len(stream) + weight.add(piece) > MAX_WEIGHT:
                raise RemoteError("too-large", "what the relay sent is larger than this client can open")
    except zlib.error as error:
        raise RemoteError("bad-snapshot", f"what the relay sent could not be unpacked: {error}") from None
    if not inflate.eof:
        raise RemoteError("bad-snapshot", "what the relay sent is cut short")
    return data


def check_announced(size: int) -> None:
    """Raise `RemoteError` unless a stream of `size` bytes may follow."""
    if not 0 <= size <= MAX_PACKED:
        raise RemoteError(
            "too-large", f"the relay announced {size} bytes, which is more than this client can open"
        )


def check_chunk(data: bytes, received: int, size: int) -> None:
    """Raise `RemoteError` unless `data` may follow the `received` bytes of a stream of `size`."""
    if len(data) > MAX_FRAME or received + len(data) > size:
        raise RemoteError("unexpected-binary", "the relay sent more than it had announced")


def digest(entries: Mapping[str, Entry]) -> str:
    """Return the SHA-256, in hex, of `entries` in order of their first seq.

    The names in an object have no order, not in a value either: JavaScript has those that are numbers first.
    """
    ordered = sorted(entries.values(), key=lambda entry: entry.first)
    return hashlib.sha256(msgspec.json.encode(ordered, order="sorted")).hexdigest()
