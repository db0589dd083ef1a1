"""The elements of one page in drawing order, kept up to date with the entries of a document. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from operator import itemgetter

from relay.protocol import Entry, order

from .elements import Element, decode


class Scene:
    """The elements of one page, bottom first. An element whose entry did not change stays the same object, so that a
    painter tells by identity what to paint anew."""

    def __init__(self) -> None:
        self._decoded: dict[str, tuple[Entry, Element | None]] = {}
        """By key; None for an entry that is no element of a kind that this version knows."""
        # Parallel lists in drawing order, so that a changed element is found by bisection.
        self._places: list[tuple[float, int, int]] = []
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
        decoded = {entry.key: self._decode(entry) for entry in on_page[:count]}
        self._decoded.update(decoded)
        return tuple(element for _, element in decoded.values() if element is not None)

    def _replace(self, entries: Iterable[Entry]) -> None:
        self._decoded = {entry.key: self._decode(entry) for entry in entries}
        ordered = [(order(entry), element) for entry, element in self._decoded.values() if element is not None]
        ordered.sort(key=itemgetter(0))
        self._places = [place for place, _ in ordered]
        self._elements = [element for _, element in ordered]

    def _update(self, touched: Collection[str], entries: list[Entry]) -> None:
        decoded = [self._decode(entry) for entry in entries]
        for key in touched:
            entry, element = self._decoded.pop(key, (None, None))
            if entry is not None and element is not None:
                index = bisect_left(self._places, order(entry))
                del self._places[index], self._elements[index]
        for entry, element in decoded:
            self._decoded[entry.key] = (entry, element)
            if element is not None:
                index = bisect_left(self._places, order(entry))
                self._places.insert(index, order(entry))
                self._elements.insert(index, element)

    def _decode(self, entry: Entry) -> tuple[Entry, Element | None]:
        before = self._decoded.get(entry.key)
        if before is not None and _looks_alike(before[0], entry):
            return entry, before[1]
        return entry, decode(entry.key, entry.fields, entry.author, entry.first[0])


def _looks_alike(a: Entry, b: Entry) -> bool:
    # A commit replaces what was drawn while pending by an equal entry: nothing to repaint.
    return a is b or (a.fields == b.fields and a.author == b.author)
