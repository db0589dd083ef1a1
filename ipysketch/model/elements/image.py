"""Images. Pure: their bytes are not decoded here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ..geometry import Points, Rect
from . import fields as read
from .anchor import Outline
from .base import StyledElement, placed
from .display import DisplayImage
from .transform import corners, mapped, touches

MAX_DATA = 480_000
"""Characters of base64."""
MIMES = ("image/png", "image/jpeg")

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


@dataclass(frozen=True, eq=False)
class Image(StyledElement):
    """`data` is base64 of a file of type `mime`, which fills `box`, in board units."""

    kind: ClassVar[str] = "image"

    key: str
    box: Rect
    mime: str
    data: str
    author: str = ""
    seq: int = 0

    def encode(self) -> dict[str, Any]:
        """Return the fields of this image; decoding them gives its corners rounded to eighths."""
        (x0, y0), (x1, y1) = self.unmoved(self.coordinates).tolist()
        return {
            "kind": self.kind,
            "box": [x0, y0, x1 - x0, y1 - y0],
            "mime": self.mime,
            "data": self.data,
            **self.common(),
        }

    @property
    def outline(self) -> Outline:
        """Where lines that are bound to it end."""
        return Outline(self.box, self.affine, 0.0)

    @property
    def coordinates(self) -> Points:
        """Its upper left and lower right corner."""
        return read.corners(self.box)

    @cached_property
    def display(self) -> tuple[DisplayImage, ...]:
        """The image; nothing where its box is flat."""
        flat = self.box.x0 == self.box.x1 or self.box.y0 == self.box.y1
        return () if flat else (DisplayImage(self.box, self.mime, self.data, self.affine),)

    @cached_property
    def bounds(self) -> Rect:
        """Its box, or the box around it where it is turned."""
        return self.box if self.affine is None else Rect.around(mapped(self.affine, corners(self.box)))

    def hit(self, x: float, y: float, radius: float) -> bool:
        """Return whether a disc of `radius` at (x, y) touches its box."""
        if self.affine is not None:
            return touches(self.affine, self.box, x, y, radius)
        return self.box.distance(x, y) <= radius


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Image | None:
    """Return the image of `fields`, or None; never raise."""
    mime, data = fields.get("mime"), fields.get("data")
    if not isinstance(mime, str) or mime not in MIMES:
        return None
    if not isinstance(data, str) or not len(data) <= MAX_DATA or len(data) % 4 or not _BASE64.fullmatch(data):
        return None
    place = placed(read.box(fields.get("box")), fields, turned=False)
    if place is None:
        return None
    ends, common = place
    return Image(key, Rect.around(ends), mime, data, author, seq, **common)
