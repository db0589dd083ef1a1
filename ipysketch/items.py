"""A drawing outside of a board: what a file holds. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from relay.protocol import MAX_COMMIT, Create, Entry, order

from .elements import Element, decode

PAGES = "pages"
"""The page of what names the other pages."""


class Item(NamedTuple):
    """The fields of an element, its key and the key of its page."""

    fields: dict[str, Any]
    key: str = ""
    page: str = ""

    @property
    def element(self) -> Element | None:
        """What the fields are."""
        return decode(self.key, self.fields)


@dataclass(frozen=True)
class Loaded:
    """What came of a file: its `items`, the lowest first, and how often what was left out, by its name."""

    items: tuple[Item, ...]
    skipped: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        read = f"{len(self.items)} element{'s' * (len(self.items) != 1)} read"
        left = ", ".join(f"{count} × {name}" for name, count in sorted(self.skipped.items()))
        return f"{read}; left out: {left}" if left else read


def items(entries: Iterable[Entry]) -> list[Item]:
    """The entries of a room in drawing order; the pages first, then what is on the first one."""
    ordered = sorted(entries, key=lambda entry: (entry.page != PAGES, entry.page != "", order(entry)))
    return [Item(dict(entry.fields), entry.key, entry.page) for entry in ordered]


def operations(
    items: Sequence[Item], new_key: Callable[[], str], page: str = ""
) -> list[tuple[Create[Any], ...]]:
    """What creates `items` under new keys, in as few operations as may be.

    What was on the first page, or on one that is not among them, comes on `page`."""
    keys = {item.key: new_key() for item in items if item.fields.get("kind") == "page"}
    result: list[list[Create[Any]]] = []
    room = 0
    for item in sorted(items, key=lambda item: item.fields.get("kind") != "page"):
        is_page = item.fields.get("kind") == "page"
        create = Create(
            keys[item.key] if is_page else new_key(),
            item.fields,
            PAGES if is_page else keys.get(item.page, page),
        )
        size = len(msgspec.json.encode(create))
        if size > room:
            result.append([])
            # What stands around the actions of an operation is small.
            room = MAX_COMMIT - 4096
        result[-1].append(create)
        room -= size
    return [tuple(creates) for creates in result]
