"""A further page of the board: no ink, but a name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..geometry import Rect

MAX_NAME = 80


@dataclass(frozen=True, eq=False)
class Page:
    """Its `key` names the page in the entries of its elements; `name` is for people."""

    kind: ClassVar[str] = "page"
    display: ClassVar[tuple[()]] = ()
    bounds: ClassVar[Rect] = Rect(0.0, 0.0, 0.0, 0.0)
    opacity: ClassVar[float] = 1.0
    multiplies: ClassVar[bool] = False

    key: str
    name: str
    author: str = ""
    seq: int = 0

    def encode(self) -> dict[str, Any]:
        """Return the fields of this page."""
        return {"kind": self.kind, "name": self.name}

    def hit(self, x: float, y: float, radius: float) -> bool:  # noqa: ARG002  # as `Element` has it
        """Return False: there is no ink."""
        return False


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Page | None:
    """Return the page of `fields`, or None; never raise."""
    name = fields.get("name")
    return Page(key, name, author, seq) if isinstance(name, str) and len(name) <= MAX_NAME else None
