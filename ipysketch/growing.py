"""The ink under others' hands, as what a page that knows some of it still has to be told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .others import Ink


class Growing:
    """What pages have been told of the ink under others' hands, all of them the same."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[Ink | None, int]] = {}

    def forget(self) -> None:
        """There is a page that knows nothing: everything is told anew."""
        self._told = dict.fromkeys(self._told, (None, 0))

    def news(self, live: Sequence[Ink]) -> dict[str, list[Any]] | None:
        """What takes the pages on to `live`, and nothing else than that, or None when they show it:
        ``{"grown": [[name, start, points, fields], …], "gone": [name, …]}``, points flat and absolute in eighths,
        fields where a stroke begins."""
        grown: list[list[Any]] = []
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
        return {"grown": grown, "gone": gone} if grown or gone else None
