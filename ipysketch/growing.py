"""The ink under others' hands, as what a page that knows some of it still has to be told. Pure.

What is told can be lost on its way, for a Jupyter server drops what comes too fast. So it is numbered, and a page that
has missed something asks for everything anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from .others import Ink


class News(TypedDict):
    """`grown` has ``[name, start, points, fields]`` for each stroke, points flat and absolute in eighths, fields where
    it begins, `gone` the names of those that end; with `whole` it is all there is. `number` is one more each time."""

    number: int
    whole: bool
    grown: list[list[object]]
    gone: list[str]


class Growing:
    """What pages have been told of the ink under others' hands, all of them the same."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[Ink, int]] = {}
        self._number = 0
        self._whole = True

    def forget(self) -> None:
        """There is a page that knows nothing, or something wrong: everything is told anew."""
        self._told.clear()
        self._whole = True

    def news(self, live: Sequence[Ink]) -> News | None:
        """What takes the pages on to `live`, and nothing else than that; None when they show it."""
        grown: list[list[object]] = []
        names = {f"{ink.peer}/{ink.key}": ink for ink in live}
        gone = [name for name in self._told if name not in names]
        for name in gone:
            del self._told[name]
        for name, ink in names.items():
            known, start = self._told.get(name, (None, 0))
            if known is not ink:
                grown.append([name, 0, list(ink.points), ink.fields])
            elif start < len(ink.points):
                grown.append([name, start, ink.points[start:]])
            self._told[name] = (ink, len(ink.points))
        if not (grown or gone or self._whole):
            return None
        self._number += 1
        whole, self._whole = self._whole, False
        return {"number": self._number, "whole": whole, "grown": grown, "gone": gone}
