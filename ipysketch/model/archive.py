"""A drawing outside of a board, as a file has it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from relay.protocol import MAX_FRAME, Create, Entry, RemoteError, normalize_action, order

from .connector import followed
from .elements import Element, decode
from .elements.anchor import bound, rebound

PAGES = "pages"
"""The page on which the elements of kind `page` are, which name the other pages."""


class Item(NamedTuple):
    """The fields of an element, its key and the key of its page."""

    fields: dict[str, Any]
    key: str = ""
    page: str = ""

    @property
    def element(self) -> Element | None:
        """The element of the fields; None when they are none of a known kind."""
        return decode(self.key, self.fields)


@dataclass(frozen=True, repr=False)
class LoadReport:
    """What was read of a file: its `items`, the lowest first, and how many things of each name were left out, or are
    shown otherwise."""

    items: tuple[Item, ...]
    skipped: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        read = f"{len(self.items)} element{'s' * (len(self.items) != 1)} read"
        left = ", ".join(f"{count} × {name}" for name, count in sorted(self.skipped.items()))
        return f"{read}; left out or shown otherwise: {left}" if left else read

    def __repr__(self) -> str:
        return f"<LoadReport: {self}>"


def items(entries: Iterable[Entry]) -> list[Item]:
    """Return the entries of a room in drawing order: the pages first, then the elements of the first one; bound lines
    end where they are seen to."""
    entries = list(entries)
    ordered = sorted(entries, key=lambda entry: (entry.page != PAGES, entry.page != "", order(entry)))
    here = (
        {(entry.page, entry.key): entry for entry in entries} if any(bound(e.fields) for e in entries) else {}
    )

    def fields(entry: Entry) -> dict[str, Any]:
        def of(key: str) -> Element | None:
            other = here.get((entry.page, key))
            return None if other is None else decode(key, other.fields)

        return dict(followed(entry.fields, of))

    return [Item(fields(entry), entry.key, entry.page) for entry in ordered]


def creations(
    report: LoadReport, new_key: Callable[[], str], page: str = "", *, largest: int = MAX_FRAME
) -> tuple[LoadReport, list[Create[Any]]]:
    """Return what of a file can be drawn, and the actions that create it under new keys.

    The elements of the first page, and those of a page that the file does not have, come on `page`. A page whose key
    the file had before, and an element of more than `largest` bytes, are left out. A place in the drawing order that
    is none is not kept.
    """
    keys: dict[str, str] = {}
    skipped = Counter(report.skipped)
    found: list[tuple[Item, Create[Any]]] = []
    for item in sorted(report.items, key=lambda item: item.fields.get("kind") != "page"):
        is_page = item.fields.get("kind") == "page"
        if is_page and item.key in keys:
            skipped["page that is there twice"] += 1
            continue
        key = new_key()
        if is_page:
            keys[item.key] = key
        create = Create(key, _placeable(item.fields), PAGES if is_page else keys.get(item.page, page))
        try:
            size = len(msgspec.json.encode(create))
            normalize_action(create)
        except (RemoteError, UnicodeEncodeError, msgspec.MsgspecError, TypeError, RecursionError):
            skipped["broken element"] += 1
            continue
        if size > largest:
            skipped["element larger than the relay takes"] += 1
            continue
        found.append((item, create))
    named = {item.key: create.key for item, create in found if item.key}
    creates = [
        msgspec.structs.replace(create, fields=rebound(create.fields, named))
        if bound(create.fields)
        else create
        for _, create in found
    ]
    return LoadReport(tuple(item for item, _ in found), skipped), creates


def _placeable(fields: dict[str, Any]) -> dict[str, Any]:
    place = fields.get("place")
    if place is None or place == "front" or (isinstance(place, int | float) and not isinstance(place, bool)):
        return fields if place is not None else {name: fields[name] for name in fields if name != "place"}
    return {name: value for name, value in fields.items() if name != "place"}


def size_of(elements: Iterable[Entry | Create[Any]]) -> int:
    """Return the bytes that elements count against a room's limit at least; the relay counts more for each."""
    total = 0
    for element in elements:
        names = sum(len(name) for name in element.fields)
        total += len(element.key) + names + sum(map(len, map(msgspec.json.encode, element.fields.values())))
    return total
