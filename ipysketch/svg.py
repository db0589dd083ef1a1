"""Elements as SVG text.

Rules of this file: pure. Whatever an element holds ends up as an attribute or as text, escaped; nothing of it becomes
markup, and the file refers to nothing outside itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from .elements import Element, Path, Picture, Primitive, TextRun
from .geometry import Points
from .pictures import showable

PAPER = "#ffffff"
NUMBER = "%.10g"
"""How a number is written that was rounded."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES = ("image/png", "image/jpeg")


def svg(
    elements: Sequence[Element], board: tuple[float, float], pixels: tuple[float, float] | None = None
) -> str:
    """The drawing on white paper as an SVG file's text.

    `board` is its width and height in board units, `pixels` how large it is shown: as many as units, if not given."""
    wide, high = map(_number, board)
    width, height = map(_number, pixels or board)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {wide} {high}">',
            f'<rect width="{wide}" height="{high}" fill="{PAPER}"/>',
            # Type is as wide at any size: not fitted to the pixels of one screen.
            '<g fill="none" stroke-linecap="round" stroke-linejoin="round" text-rendering="geometricPrecision">',
            *(line for element in elements for line in _element(element)),
            "</g>",
            "</svg>\n",
        ]
    )


def _element(element: Element) -> Iterator[str]:
    parts = [mark for part in element.display if (mark := _primitive(part))]
    if element.opacity < 1 and parts:
        yield f'<g opacity="{_number(element.opacity)}">'
        yield from parts
        yield "</g>"
    else:
        yield from parts


def _primitive(part: Primitive) -> str:
    match part:
        case Path(points, color, width, dash, fill):
            return _tag(
                "path",
                d=_way(points),
                stroke=color,
                stroke_width=_number(width),
                stroke_dasharray=" ".join(map(_number, dash)) or None,
                fill=fill,
            )
        case TextRun(text, x, y, size, color, _):
            place = {"x": _number(x), "y": _number(y), "font_size": _number(size)}
            return _tag(
                "text",
                text,
                **place,
                font_family="sans-serif",
                fill=color,
                style="white-space:pre",
                xml__space="preserve",
            )
        case Picture(box, mime, data) if mime in _TYPES and showable(part):
            return _tag(
                "image",
                x=_number(box.x0),
                y=_number(box.y0),
                width=_number(box.x1 - box.x0),
                height=_number(box.y1 - box.y0),
                preserveAspectRatio="none",
                href=f"data:{mime};base64,{data}",
            )
    return ""


def _way(points: Points) -> str:
    """The polyline through `points`; a point alone is a line without length."""
    line = points if len(points) > 1 else np.repeat(points, 2, axis=0)
    # Written in one go, for a board has millions of numbers; adding zero makes -0 a 0.
    numbers = (line.round(2) + 0.0).ravel().tolist()
    return f"M{NUMBER} {NUMBER}L{' '.join([NUMBER] * (len(numbers) - 2))}" % tuple(numbers)


def _tag(name: str, text: str | None = None, **attributes: str | None) -> str:
    """One tag; in the names of attributes ``_`` stands for ``-``, and ``__`` for ``:``."""
    pairs = [
        f" {key.replace('__', ':').replace('_', '-')}={quoteattr(_NOT_XML.sub('', value))}"
        for key, value in attributes.items()
        if value is not None
    ]
    return f"<{name}{''.join(pairs)}" + (
        "/>" if text is None else f">{escape(_NOT_XML.sub('', text))}</{name}>"
    )


def _number(value: float) -> str:
    """A number as it is written: to a hundredth of a unit."""
    return NUMBER % (round(value, 2) + 0.0)
