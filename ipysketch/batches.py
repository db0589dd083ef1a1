"""What one call each can paint, of elements in drawing order.

Rules of this file: pure; coordinates are eighths of a unit, as they are sent. Neighbours that are painted alike
share a step, since a board of a thousand strokes is a thousand lines of few styles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .elements import Element, Path, Picture, TextRun
from .elements.display import Dash
from .elements.fields import EIGHTHS
from .geometry import Rect

SHORT = 32_000
"""Coordinates within this are sent in 16 bits: nearly all are."""

Coordinates = NDArray[np.signedinteger[Any]]
Colors = NDArray[np.uint8]


class Lines(NamedTuple):
    """Polylines of one style: all points (n, 2), how many belong to each, and colours (lines, 3)."""

    width: float
    dash: Dash
    opacity: float
    points: Coordinates
    counts: NDArray[np.int32]
    colors: Colors


class Fill(NamedTuple):
    """What is inside a closed polyline (n, 2), in a colour (1, 3)."""

    points: Coordinates
    color: Colors


class Words(NamedTuple):
    """Lines of text, which stay within `bounds`."""

    runs: tuple[TextRun, ...]
    bounds: Rect
    opacity: float


class Show(NamedTuple):
    """A picture."""

    picture: Picture
    opacity: float


class Together(NamedTuple):
    """Steps whose ink is one translucent thing within `bounds`."""

    steps: tuple[Step, ...]
    bounds: Rect
    opacity: float


Step = Lines | Fill | Words | Show | Together


def steps(elements: Iterable[Element]) -> Iterator[Step]:
    """The steps that paint `elements`, the lowest first."""
    return _merged(piece for element in elements for piece in _pieces(element))


class _Line(NamedTuple):
    """A line that may be painted with its neighbours."""

    path: Path
    opacity: float


def _pieces(element: Element) -> Iterator[_Line | Step]:
    display, opacity = element.display, element.opacity
    paths = [part for part in display if isinstance(part, Path)]
    if words := tuple(part for part in display if isinstance(part, TextRun)):
        yield Words(words, element.bounds, opacity)
    # One line alone is nowhere darker where it crosses itself; several, or a line over what is inside it, would be.
    if opacity < 1 and (len(paths) > 1 or any(path.fill for path in paths)):
        opaque = (piece for path in paths for piece in _inked(path, 1.0))
        yield Together(tuple(_merged(opaque)), element.bounds, opacity)
    else:
        for path in paths:
            yield from _inked(path, opacity)
    for part in display:
        if isinstance(part, Picture):
            yield Show(part, opacity)


def _inked(path: Path, opacity: float) -> Iterator[_Line | Step]:
    if path.fill is not None:
        yield Fill(_coordinates(path.points), _color(path.fill))
    yield _Line(path, opacity)


def _merged(pieces: Iterable[_Line | Step]) -> Iterator[Step]:
    for style, group in groupby(pieces, key=_style):
        if style is None:
            yield from (piece for piece in group if not isinstance(piece, _Line))
        else:
            yield _lines([piece.path for piece in group if isinstance(piece, _Line)], *style)


def _style(piece: _Line | Step) -> tuple[float, Dash, float] | None:
    """What lines have in common that are painted by one call."""
    return (piece.path.width, piece.path.dash, piece.opacity) if isinstance(piece, _Line) else None


def _lines(paths: list[Path], width: float, dash: Dash, opacity: float) -> Lines:
    lines = [_line(path) for path in paths]
    return Lines(
        width * EIGHTHS,
        tuple(part * EIGHTHS for part in dash),
        opacity,
        np.concatenate(lines),
        np.array([len(line) for line in lines], dtype=np.int32),
        np.concatenate([_color(path.color) for path in paths]),
    )


def _line(path: Path) -> Coordinates:
    line = _coordinates(path.points)
    if (line == line[0]).all():
        # Not every browser strokes a line without length; an eighth of a unit is a dot everywhere.
        line = np.stack([line[0], line[0] + np.array((1, 0), dtype=line.dtype)])
    return line


def _coordinates(points: NDArray[np.float64]) -> Coordinates:
    eighths: NDArray[np.float64] = np.rint(points * EIGHTHS)
    return eighths.astype(np.int16 if np.abs(eighths).max() <= SHORT else np.int32)


def _color(color: str) -> Colors:
    return np.array([list(bytes.fromhex(color[1:]))], dtype=np.uint8)
