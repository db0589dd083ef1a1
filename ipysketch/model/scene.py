"""The elements of one page in drawing order, kept up to date with the entries of a document. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from operator import itemgetter

from relay.protocol import Entry, order

from .connector import Of, followed
from .elements import Element, decode
from .elements.anchor import bound

FEW = 64
"""Elements that are taken out and put in one by one: a frame has fewer, and a page many more."""

Place = tuple[float, int, int]
"""Where an element is in the drawing order."""


class Scene:
    """The elements of one page, bottom first. An element whose entry did not change stays the same object, so that a
    painter tells by identity what to paint anew."""

    def __init__(self) -> None:
        self._decoded: dict[str, tuple[Entry, Element | None]] = {}
        """By key; None for an entry that is no element of a kind that this version knows."""
        self._followed: dict[str, Mapping[str, object]] = {}
        """The fields of lines that are bound to others, with their ends where these are."""
        self._followers: dict[str, set[str]] = {}
        """The keys of lines that are, or were, bound to an element, by its key."""
        # Parallel lists in drawing order, so that a changed element is found by bisection.
        self._places: list[Place] = []
        self._elements: list[Element] = []

    def of(
        self, entries: Mapping[str, Entry], page: str = "", touched: Collection[str] | None = None
    ) -> tuple[Element, ...]:
        """Return the elements of `page`, bottom first, without the entries that are no element of a known kind.

        With `touched`, only the entries with these keys may differ from those of the last call, which was for the same
        page; without it, any of them may."""
        if touched is None:
            self._replace(entry for entry in entries.values() if entry.page == page)
        else:
            present = (entries.get(key) for key in touched)
            self._update(touched, [entry for entry in present if entry is not None and entry.page == page])
        return tuple(self._elements)

    def lowest(self, entries: Mapping[str, Entry], page: str, count: int) -> tuple[Element, ...] | None:
        """Return the elements of the `count` lowest entries of `page`, or None when there are no more than `count`.

        They are decoded once: a later call of `of` reuses them."""
        on_page = [entry for entry in entries.values() if entry.page == page]
        if len(on_page) <= count:
            return None
        on_page.sort(key=order)
        decoded = self._decode_all(on_page[:count])
        self._decoded.update(decoded)
        return tuple(element for _, element in decoded.values() if element is not None)

    def _replace(self, entries: Iterable[Entry]) -> None:
        self._decoded = self._decode_all(list(entries))
        ordered = [(order(entry), element) for entry, element in self._decoded.values() if element is not None]
        ordered.sort(key=itemgetter(0))
        self._places = [place for place, _ in ordered]
        self._elements = [element for _, element in ordered]

    def _update(self, touched: Collection[str], entries: list[Entry]) -> None:
        followers = {line for key in touched for line in self._followers.get(key, ())}.difference(touched)
        entries = [*entries, *(self._decoded[key][0] for key in followers if key in self._decoded)]
        decoded = self._decode_all(entries, gone=touched)
        out = [self._decoded.pop(key, (None, None)) for key in (*touched, *followers)]
        self._decoded.update(decoded)
        gone = [order(entry) for entry, element in out if entry is not None and element is not None]
        come = [(order(entry), element) for entry, element in decoded.values() if element is not None]
        if len(gone) + len(come) > FEW:
            self._merge(gone, come)
            return
        for place in gone:
            index = bisect_left(self._places, place)
            del self._places[index], self._elements[index]
        for place, element in come:
            index = bisect_left(self._places, place)
            self._places.insert(index, place)
            self._elements.insert(index, element)

    def _merge(self, gone: Iterable[Place], come: Iterable[tuple[Place, Element]]) -> None:
        """Take many elements out and put many in, in one pass: one by one, each would move all above it."""
        out = set(gone)
        there = zip(self._places, self._elements, strict=True)
        # Of two runs that are in order, sorting is a merge.
        ordered = [each for each in there if each[0] not in out] if out else list(there)
        ordered += sorted(come, key=itemgetter(0))
        ordered.sort(key=itemgetter(0))
        self._places = [place for place, _ in ordered]
        self._elements = [element for _, element in ordered]

    def _decode_all(
        self, entries: Collection[Entry], gone: Collection[str] = ()
    ) -> dict[str, tuple[Entry, Element | None]]:
        """Return entries and their elements, by key in the same order. Lines follow these, and the others that are
        known and not `gone`."""
        found = {entry.key: self._decode(entry) for entry in entries}

        def of(key: str) -> Element | None:
            known = found.get(key) or (self._decoded.get(key) if key not in gone else None)
            return known[1] if known is not None else None

        for entry in entries:
            if keys := bound(entry.fields):
                for key in keys:
                    self._followers.setdefault(key, set()).add(entry.key)
                found[entry.key] = self._follow(entry, of)
        return found

    def _follow(self, entry: Entry, of: Of) -> tuple[Entry, Element | None]:
        fields, before = followed(entry.fields, of), self._decoded.get(entry.key)
        if before is not None and before[0].author == entry.author and self._followed.get(entry.key) == fields:
            return entry, before[1]
        self._followed[entry.key] = fields
        return entry, decode(entry.key, fields, entry.author, entry.first[0])

    def _decode(self, entry: Entry) -> tuple[Entry, Element | None]:
        before = self._decoded.get(entry.key)
        if before is not None and _looks_alike(before[0], entry):
            return entry, before[1]
        return entry, decode(entry.key, entry.fields, entry.author, entry.first[0])


def _looks_alike(a: Entry, b: Entry) -> bool:
    # A commit replaces what was drawn while pending by an equal entry: nothing to repaint.
    return a is b or (a.fields == b.fields and a.author == b.author)
