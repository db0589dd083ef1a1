"""The drawing at a sequence number: the fold of a room's log, as far as this replica knows it.

Rules of this file: pure. What an operation means is `relay.protocol.ledger`, the same code as the relay's;
this adds what a replica needs besides: where it stands in the log, and the elements people see.
"""

from __future__ import annotations

import hashlib
import zlib
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from operator import itemgetter

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
        # Parallel lists, in order: places, and what is drawn there.
        self._places: list[tuple[float, int, int]] = []
        self._elements: list[Element] = []

    def of(
        self, entries: Mapping[str, Entry], page: str = "", touched: Collection[str] | None = None
    ) -> tuple[Element, ...]:
        """The elements of `page`, bottom first; an entry that is no element of a known kind is left out. With `touched`
        only the entries of these keys may differ from those of the last time, of the same page."""
        if touched is None:
            self._take([entry for entry in entries.values() if entry.page == page])
        else:
            found = (entries.get(key) for key in touched)
            self._change(touched, [entry for entry in found if entry is not None and entry.page == page])
        return tuple(self._elements)

    def lowest(self, entries: Mapping[str, Entry], page: str, count: int) -> tuple[Element, ...] | None:
        """The elements of the `count` lowest entries of `page`, for which `of` need not decode them again; None when
        there are no more than that."""
        found = [entry for entry in entries.values() if entry.page == page]
        if len(found) <= count:
            return None
        found.sort(key=order)
        made = {entry.key: self._decoded(entry) for entry in found[:count]}
        self._known.update(made)
        return tuple(element for _, element in made.values() if element is not None)

    def _take(self, entries: list[Entry]) -> None:
        self._known = {entry.key: self._decoded(entry) for entry in entries}
        drawn = [(order(entry), element) for entry, element in self._known.values() if element is not None]
        drawn.sort(key=itemgetter(0))
        self._places = [place for place, _ in drawn]
        self._elements = [element for _, element in drawn]

    def _change(self, touched: Collection[str], entries: list[Entry]) -> None:
        made = [self._decoded(entry) for entry in entries]
        for key in touched:
            old, element = self._known.pop(key, (None, None))
            if old is not None and element is not None:
                at = bisect_left(self._places, order(old))
                del self._places[at], self._elements[at]
        for entry, element in made:
            self._known[entry.key] = (entry, element)
            if element is not None:
                at = bisect_left(self._places, order(entry))
                self._places.insert(at, order(entry))
                self._elements.insert(at, element)

    def _decoded(self, entry: Entry) -> tuple[Entry, Element | None]:
        before = self._known.get(entry.key)
        if before is not None and _same(before[0], entry):
            return entry, before[1]
        return entry, decode(entry.key, entry.fields, entry.author, entry.first[0])


def _same(a: Entry, b: Entry) -> bool:
    # A commit replaces what was drawn while pending by an equal entry: nothing to repaint.
    return a is b or (a.fields == b.fields and a.author == b.author)
