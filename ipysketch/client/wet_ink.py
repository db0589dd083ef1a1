"""Ink under the hand of another peer. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..model.elements import Element, decode
from ..model.elements.preview import preview_fields


@dataclass(eq=False, slots=True)
class Ink:
    """Wet ink of another peer: `fields` and `points` as its previews have them. The points only grow; a preview that
    begins anew is another object."""

    peer: str
    key: str
    author: str
    fields: dict[str, object]
    points: list[int] = field(default_factory=list)
    _decoded: tuple[int, Element | None] = (0, None)

    @property
    def element(self) -> Element | None:
        """The element that it will be; None while nothing of it can be seen."""
        count = len(self.points)
        if self._decoded[0] != count:
            self._decoded = (count, decode(self.key, preview_fields(self.fields, self.points), self.author))
        return self._decoded[1]
