"""The drawing at a sequence number: the fold of a room's log, as far as this replica knows it.

Rules of this file: pure. What an operation means is `relay.protocol.ledger`, the same code as the relay's;
this adds what a replica needs besides: where it stands in the log, and the elements people see.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping

import msgspec

from relay.protocol import MAX_SNAPSHOT, Bad, Commit, Entry, Record, apply, encode_entries, order

from .elements import Element, decode


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
        """Take the next commit; raises `Gap`, and changes nothing, when it is not the next."""
        if commit.seq != self.seq + 1:
            raise Gap(f"commit {commit.seq} came after {self.seq}")
        record = apply(self.entries, commit.changes, commit.seq, commit.author, commit.at)
        self.seq, self.mark = commit.seq, commit.mark
        return record

    def replace(self, entries: Iterable[Entry], seq: int, mark: int) -> None:
        """Become the snapshot at `seq`; nothing of what was there is kept."""
        self.entries = {entry.key: entry for entry in entries}
        self.seq, self.mark = seq, mark

    def digest(self) -> str:
        """SHA-256 of the entries in order: equal digests are equal documents, byte for byte."""
        return digest(self.entries)


def unpack(stream: bytes) -> bytes:
    """What a zlib stream of the relay holds; raises `Bad` when it is none, cut short, or too large."""
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(stream, MAX_SNAPSHOT)
    except zlib.error as error:
        raise Bad("bad-snapshot", f"what the relay sent could not be unpacked: {error}") from None
    if not inflate.eof:
        raise Bad("bad-snapshot", f"what the relay sent is cut short, or larger than {MAX_SNAPSHOT} bytes")
    return data


def digest(entries: Mapping[str, Entry]) -> str:
    """SHA-256, in hex, of `entries` in order of their first seq."""
    ordered = [
        msgspec.structs.replace(
            entry,
            fields=dict(sorted(entry.fields.items())),
            versions=dict(sorted(entry.versions.items())),
        )
        for entry in sorted(entries.values(), key=lambda entry: entry.first)
    ]
    return hashlib.sha256(encode_entries(ordered)).hexdigest()


class Elements:
    """The elements of changing entries, in drawing order; what did not change stays the same object."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Entry, Element | None]] = {}

    def of(self, entries: Mapping[str, Entry], page: str = "") -> tuple[Element, ...]:
        """The elements of `page`, bottom first; an entry that is no element of a known kind is left out."""
        known: dict[str, tuple[Entry, Element | None]] = {}
        for entry in sorted((entry for entry in entries.values() if entry.page == page), key=order):
            before = self._known.get(entry.key)
            if before is not None and _same(before[0], entry):
                known[entry.key] = before
            else:
                known[entry.key] = (entry, decode(entry.key, entry.fields, entry.author, entry.first[0]))
        self._known = known
        return tuple(element for _, element in known.values() if element is not None)


def _same(a: Entry, b: Entry) -> bool:
    # A commit replaces what was drawn while pending by an equal entry: nothing to repaint.
    return a is b or (a.fields == b.fields and a.author == b.author)
