"""Pictures. Pure: what the bytes of one show is for whoever paints it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ..geometry import Points, Rect
from . import fields as read
from .display import Picture
from .mark import Mark, placed

MAX_DATA = 480_000
"""Characters of base64."""
MIMES = ("image/png", "image/jpeg")

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


@dataclass(frozen=True, eq=False)
class Image(Mark):
    """`data` is base64 of a file of type `mime`, which fills `box`, in board units."""

    kind: ClassVar[str] = "image"

    key: str
    box: Rect
    mime: str
    data: str
    author: str = ""
    seq: int = 0

    def encode(self) -> dict[str, Any]:
        """The fields of this image; decoding them gives its corners rounded to eighths."""
        (x0, y0), (x1, y1) = self.unmoved(self.coordinates).tolist()
        return {
            "kind": self.kind,
            "box": [x0, y0, x1 - x0, y1 - y0],
            "mime": self.mime,
            "data": self.data,
            **self.common(),
        }

    @property
    def coordinates(self) -> Points:
        """Its upper left and lower right corner."""
        return read.corners(self.box)

    @cached_property
    def display(self) -> tuple[Picture, ...]:
        """The picture; nothing where its box is flat."""
        flat = self.box.x0 == self.box.x1 or self.box.y0 == self.box.y1
        return () if flat else (Picture(self.box, self.mime, self.data),)

    @cached_property
    def bounds(self) -> Rect:
        """Its box."""
        return self.box

    def hit(self, x: float, y: float, radius: float) -> bool:
        """Whether a disc of `radius` at (x, y) touches its box."""
        return self.box.distance(x, y) <= radius


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Image | None:
    """The image of `fields`, or None; never raises."""
    mime, data = fields.get("mime"), fields.get("data")
    if not isinstance(mime, str) or mime not in MIMES:
        return None
    if not isinstance(data, str) or not len(data) <= MAX_DATA or len(data) % 4 or not _BASE64.fullmatch(data):
        return None
    found = placed(read.box(fields.get("box")), fields)
    if found is None:
        return None
    corners, common = found
    return Image(key, Rect.around(corners), mime, data, author, seq, **common)
