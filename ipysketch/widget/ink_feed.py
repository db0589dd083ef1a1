"""The growing ink of other peers, as the updates that pages have not received yet. Pure.

Updates can be lost, for a Jupyter server drops messages that come too fast. So they are numbered, and a page that
has missed one asks for all ink again.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..client.wet_ink import Ink
from .page_messages import InkGrowth, InkUpdate


class InkFeed:
    """What has been sent of the ink under others' hands. All pages of a board receive the same updates."""

    def __init__(self) -> None:
        self._sent: dict[str, tuple[Ink, int]] = {}
        self._number = 0
        self._whole = True

    @property
    def number(self) -> int:
        """The number of the last update."""
        return self._number

    def forget(self) -> None:
        """Send all ink with the next update, for a page that has none or has missed an update."""
        self._sent.clear()
        self._whole = True

    def update(self, live: Sequence[Ink]) -> InkUpdate | None:
        """Return the update that brings pages to `live`; None when they show it already."""
        grown: list[InkGrowth] = []
        strokes = {f"{ink.peer}/{ink.key}": ink for ink in live}
        gone = [name for name in self._sent if name not in strokes]
        for name in gone:
            del self._sent[name]
        for name, ink in strokes.items():
            known, start = self._sent.get(name, (None, 0))
            if known is not ink:
                grown.append(InkGrowth(name, 0, list(ink.points), ink.fields))
            elif start < len(ink.points):
                grown.append(InkGrowth(name, start, ink.points[start:]))
            self._sent[name] = (ink, len(ink.points))
        if not (grown or gone or self._whole):
            return None
        self._number += 1
        whole, self._whole = self._whole, False
        return InkUpdate(self._number, whole, grown, gone)
