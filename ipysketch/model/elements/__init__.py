"""The kinds of things on a board, one small file each. Pure.

A kind encodes itself as fields, decodes any fields without raising, and has bounds, a hit test and a display list of
primitives, which is all that a painter reads. ``docs/reference/elements.md`` is the contract for both languages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import area, highlighter, image, line, page, shapes, stroke, text
from .area import Area
from .display import DisplayImage, Fill, Path, Primitive, TextRun
from .edits import moved, restyled
from .highlighter import Highlighter
from .image import Image
from .line import Arrow, Line
from .page import Page
from .shapes import Ellipse, Rectangle
from .stroke import Stroke, prepare
from .text import Text

Ink = Stroke | Highlighter | Line | Arrow | Rectangle | Ellipse | Area | Text | Image
Element = Ink | Page

KINDS: dict[str, Callable[[str, Mapping[str, object], str, int], Element | None]] = {
    "stroke": stroke.decode,
    "highlighter": highlighter.decode,
    "line": line.decode,
    "arrow": line.decode,
    "rectangle": shapes.decode,
    "ellipse": shapes.decode,
    "area": area.decode,
    "text": text.decode,
    "image": image.decode,
    "page": page.decode,
}

__all__ = [
    "Area",
    "Arrow",
    "DisplayImage",
    "Element",
    "Ellipse",
    "Fill",
    "Highlighter",
    "Image",
    "Ink",
    "Line",
    "Page",
    "Path",
    "Primitive",
    "Rectangle",
    "Stroke",
    "Text",
    "TextRun",
    "decode",
    "moved",
    "prepare",
    "restyled",
]


def decode(key: str, fields: Mapping[str, object], author: str = "", seq: int = 0) -> Element | None:
    """Return the element that `fields` describe, or None when they describe none; never raise.

    The same fields give the same answer on every replica.
    """
    kind = fields.get("kind")
    decoder = KINDS.get(kind) if isinstance(kind, str) else None
    return decoder(key, fields, author, seq) if decoder is not None else None
