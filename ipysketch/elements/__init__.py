"""The kinds of things on a board, one small file each. Pure.

A kind knows how it is encoded as fields, decodes any fields without raising, and says its bounds, whether a
point hits it, and of which primitives it is made; everything that paints reads only the primitives.
``docs/elements.md`` says what all of it means, for two languages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import highlighter, image, line, page, shapes, stroke, text
from .change import moved, restyled
from .display import Path, Picture, Primitive, TextRun
from .highlighter import Highlighter
from .image import Image
from .line import Arrow, Line
from .page import Page
from .shapes import Ellipse, Rectangle
from .stroke import Stroke
from .text import Text

Ink = Stroke | Highlighter | Line | Arrow | Rectangle | Ellipse | Text | Image
Element = Ink | Page

_KINDS: dict[str, Callable[[str, Mapping[str, object], str, int], Element | None]] = {
    "stroke": stroke.decode,
    "highlighter": highlighter.decode,
    "line": line.decode,
    "arrow": line.decode,
    "rectangle": shapes.decode,
    "ellipse": shapes.decode,
    "text": text.decode,
    "image": image.decode,
    "page": page.decode,
}

__all__ = [
    "Arrow",
    "Element",
    "Ellipse",
    "Highlighter",
    "Image",
    "Ink",
    "Line",
    "Page",
    "Path",
    "Picture",
    "Primitive",
    "Rectangle",
    "Stroke",
    "Text",
    "TextRun",
    "decode",
    "moved",
    "restyled",
]


def decode(key: str, fields: Mapping[str, object], author: str = "", seq: int = 0) -> Element | None:
    """The element that `fields` describe, or None when they describe none; never raises.

    The same fields give the same answer on every replica.
    """
    kind = fields.get("kind")
    decoder = _KINDS.get(kind) if isinstance(kind, str) else None
    return decoder(key, fields, author, seq) if decoder is not None else None
