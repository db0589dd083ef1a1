"""Elements as SVG text.

Rules of this file: pure. The values of an element become attributes or text, escaped, never markup, and the file refers
to nothing outside itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from ..model.elements import DisplayImage, Fill, Path, Primitive, TextRun, prepare
from ..model.elements.transform import Affine
from ..model.geometry import Points
from .images import showable

PAPER = "#ffffff"
NUMBER = "%.10g"
"""The format of a number that was rounded."""
FAR = 4_000
"""Hundredths of a unit from which on a step of a line is seldom."""
TOGETHER = 200
"""Elements whose ink is computed together: one by one takes several times as long."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES = ("image/png", "image/jpeg")


class Shown(Protocol):
    """What is needed of an element."""

    @property
    def display(self) -> tuple[Primitive, ...]:
        """Its primitives, the lowest first."""

    @property
    def opacity(self) -> float:
        """Of all of them as one thing."""

    @property
    def multiplies(self) -> bool:
        """Whether they darken what is below."""


def svg(
    elements: Iterable[Shown],
    board: tuple[float, float],
    pixels: tuple[float, float] | None = None,
    paper: str | None = PAPER,
    *,
    corner: tuple[float, float] = (0, 0),
) -> str:
    """Return the text of an SVG file of the drawing on white paper, or on nothing.

    `board` is the width and height of what is shown in board units, `pixels` how large it is shown: as many as units,
    if None. `corner` is the upper left corner of what is shown."""
    wide, high = map(_number, board)
    width, height = map(_number, pixels or board)
    view = " ".join(f"{number:.10g}" for number in (*corner, *board))
    place = f' x="{_number(corner[0])}" y="{_number(corner[1])}"' if any(corner) else ""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="{view}">',
            *([f'<rect{place} width="{wide}" height="{high}" fill="{paper}"/>'] if paper else ()),
            # Text keeps its width at any size, and is not fitted to the pixels of one screen.
            '<g fill="none" stroke-linecap="round" stroke-linejoin="round" text-rendering="geometricPrecision">',
            *(line for element in _prepared(elements) for line in _element(element)),
            "</g>",
            "</svg>\n",
        ]
    )


def _prepared(elements: Iterable[Shown]) -> Iterator[Shown]:
    """Yield `elements`, each with its ink."""
    waiting = iter(elements)
    while some := list(islice(waiting, TOGETHER)):
        prepare(some)
        yield from some


def _element(element: Shown) -> Iterator[str]:
    parts = [mark for part in element.display if (mark := _primitive(part))]
    if (element.opacity < 1 or element.multiplies) and parts:
        blend = ' style="mix-blend-mode:multiply"' if element.multiplies else ""
        yield f'<g opacity="{_number(element.opacity)}"{blend}>'
        yield from parts
        yield "</g>"
    else:
        yield from parts


def _primitive(part: Primitive) -> str:
    match part:
        case Path(points, color, width, dash, fill, curved):
            return _tag(
                "path",
                way=_smooth(points) if curved else _way(points),
                stroke=color,
                stroke_width=_number(width),
                stroke_dasharray=" ".join(map(_number, dash)) or None,
                fill=fill,
            )
        case Fill(contours, color, even_odd, curved):
            rule, way = "evenodd" if even_odd else None, _chain if curved else _way
            return _tag("path", way="".join([f"{way(one)}Z" for one in contours]), fill=color, fill_rule=rule)
        case TextRun(text, x, y, size, color, _, affine, middle):
            place = {"x": _number(x), "y": _number(y), "font_size": _number(size)}
            return _tag(
                "text",
                text,
                **place,
                font_family="sans-serif",
                fill=color,
                style="white-space:pre",
                xml__space="preserve",
                text_anchor="middle" if middle else None,
                transform=_transform(affine),
            )
        case DisplayImage(box, mime, data, affine) if mime in _TYPES and showable(part):
            return _tag(
                "image",
                x=_number(box.x0),
                y=_number(box.y0),
                width=_number(box.x1 - box.x0),
                height=_number(box.y1 - box.y0),
                preserveAspectRatio="none",
                href=f"data:{mime};base64,{data}",
                transform=_transform(affine),
            )
    return ""


def _transform(affine: Affine | None) -> str | None:
    return None if affine is None else f"matrix({' '.join(f'{part:.9g}' for part in affine)})"


def _way(points: Points) -> str:
    """Return the path data of the polyline through `points`; what has no length is a dot: a line of a
    hundredth of a unit, for not every browser strokes one without."""
    line = np.stack([points[0], points[0] + (0.01, 0)]) if (points == points[0]).all() else points
    rows = _hundredths(line)
    return f"{_start(rows[0])}l{_steps(rows[1:] - rows[:-1])}"


def _smooth(points: Points) -> str:
    """Return the path data of the smooth line along `points`: the control of each curve but the first mirrors that of
    the one before, so a curve is no longer than a line."""
    if len(points) < 3 or (points == points[0]).all():
        return _way(points)
    middles = _hundredths((points[:-1] + points[1:]) / 2)
    first, control, last = _hundredths(points[[0, 1, -1]])
    mirrored = _steps(middles[2:] - middles[1:-1])
    return (
        f"{_start(first)}l{_steps(middles[0] - first)}q{_steps(np.stack([control, middles[1]]) - middles[0])}"
        f"{f't{mirrored}' if mirrored else ''}l{_steps(last - middles[-1])}"
    )


def _chain(line: Points) -> str:
    """Return the path data of a chain of curves."""
    rows = _hundredths(line)
    # The control and the end of each curve, from where it begins.
    steps = (rows[1:].reshape(-1, 2, 2) - rows[:-1:2, None]).ravel()
    return f"{_start(rows[0])}q{_steps(steps)}"


def _hundredths(points: Points) -> NDArray[np.int64]:
    # Rounded before they are subtracted, so that a long line does not drift.
    rows: NDArray[np.int64] = np.rint(points * 100).astype(np.int64)
    return rows


def _start(point: NDArray[np.int64]) -> str:
    x, y = point.tolist()
    return f"M{_step(x)}{_step(y)}"


def _steps(numbers: NDArray[np.int64]) -> str:
    """Return hundredths of a unit as numbers of path data."""
    flat = numbers.ravel()
    # Looked up, for a board has millions of them: formatting would take longer than all else.
    if len(flat) and flat.min() > -FAR and flat.max() < FAR:
        return _KNOWN[flat].tobytes().translate(None, b"\0").decode()
    return "".join(map(_step, flat.tolist()))


def _step(number: int) -> str:
    """Return `number` hundredths; a minus sign parts numbers as a blank does."""
    text = NUMBER % (abs(number) / 100)
    return f"{'-' if number < 0 else ' '}{text.removeprefix('0') or '0'}"


_KNOWN = np.array([_step(number) for number in (*range(FAR), *range(1 - FAR, 0))], dtype="S")
"""The numbers of short steps, by hundredths: those below zero are counted from the end."""


def _tag(name: str, text: str | None = None, *, way: str = "", **attributes: str | None) -> str:
    """Return one tag; in the names of attributes ``_`` stands for ``-``, and ``__`` for ``:``. The data of
    its `way` are numbers and need no escape."""
    pairs = [
        f" {key.replace('__', ':').replace('_', '-')}={quoteattr(_NOT_XML.sub('', value))}"
        for key, value in attributes.items()
        if value is not None
    ]
    data = f' d="{way}"' if way else ""
    return f"<{name}{data}{''.join(pairs)}" + (
        "/>" if text is None else f">{escape(_NOT_XML.sub('', text))}</{name}>"
    )


def _number(value: float) -> str:
    """Return a number to a hundredth of a unit."""
    return NUMBER % (round(value, 2) + 0.0)
