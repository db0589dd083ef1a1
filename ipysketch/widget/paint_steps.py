"""Elements in drawing order, as steps that one call each paints.

Rules of this file: pure; coordinates are whole grains, as they are sent. Neighbours of one style share a
step: a thousand strokes are a thousand lines of few styles. Curves become polylines that differ from them by less than
can be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..model.elements import DisplayImage, Element, Fill, Path, Primitive, TextRun, prepare
from ..model.elements.display import Dash, polylined
from ..model.geometry import Points, Rect

GRAIN = 16
"""Grains in a board unit."""
SHORT = 32_000
"""Coordinates within this are sent in 16 bits; nearly all are within it."""

Coordinates = NDArray[np.signedinteger[Any]]
Colors = NDArray[np.uint8]


class LineStep(NamedTuple):
    """Polylines of one style: all points (n, 2), how many belong to each, and colours (lines, 3). With `multiplies`,
    their colours darken what is below."""

    width: float
    dash: Dash
    opacity: float
    points: Coordinates
    counts: NDArray[np.int32]
    colors: Colors
    multiplies: bool = False


class PolygonStep(NamedTuple):
    """Polygons, each filled by itself: all points (n, 2), how many belong to each, and colours (polygons, 3)."""

    opacity: float
    points: Coordinates
    counts: NDArray[np.int32]
    colors: Colors


class FillStep(NamedTuple):
    """The inside of closed contours together, each (n, 2), in a colour #rrggbb."""

    contours: tuple[Coordinates, ...]
    color: str
    opacity: float = 1.0
    even_odd: bool = False


class TextStep(NamedTuple):
    """LineStep of text, clipped to `bounds`."""

    runs: tuple[TextRun, ...]
    bounds: Rect
    opacity: float


class ImageStep(NamedTuple):
    """An image."""

    image: DisplayImage
    opacity: float


class GroupStep(NamedTuple):
    """Steps whose ink is translucent as one thing, within `bounds`."""

    steps: tuple[PaintStep, ...]
    bounds: Rect
    opacity: float


PaintStep = LineStep | PolygonStep | FillStep | TextStep | ImageStep | GroupStep


def paint_steps(elements: Sequence[Element], detail: float) -> Iterator[PaintStep]:
    """Yield the steps that paint `elements`, the lowest first, where `detail` board units make no difference."""
    prepare(elements)
    displays = polylined([element.display for element in elements], detail)
    return _merged(piece for each in zip(elements, displays, strict=True) for piece in _pieces(*each))


class _Line(NamedTuple):
    """A line that may share a step with its neighbours."""

    path: Path
    opacity: float
    multiplies: bool = False


class _Area(NamedTuple):
    """Contours, each filled by itself, that may share a step with their neighbours."""

    contours: tuple[Points, ...]
    color: str
    opacity: float


class _Group(NamedTuple):
    """What is translucent as one thing."""

    pieces: tuple[_Line | _Area | PaintStep, ...]
    bounds: Rect
    opacity: float


_Piece = _Line | _Area | _Group | PaintStep


def _pieces(element: Element, display: Sequence[Primitive]) -> Iterator[_Piece]:
    opacity = element.opacity
    paths = [part for part in display if isinstance(part, Path | Fill)]
    runs = tuple(part for part in display if isinstance(part, TextRun))
    # One line is nowhere darker where it crosses itself, nor one contour; several, or a line over its fill, would be.
    if opacity < 1 and (len(paths) > 1 or any(map(_is_several, paths)) or (paths and runs)):
        words = (TextStep(runs, element.bounds, 1.0),) if runs else ()
        inked = tuple(piece for path in paths for piece in _inked(path, 1.0))
        yield _Group((*inked, *words), element.bounds, opacity)
    else:
        for path in paths:
            yield from _inked(path, opacity, element.multiplies)
        if runs:
            yield TextStep(runs, element.bounds, opacity)
    for part in display:
        if isinstance(part, DisplayImage):
            yield ImageStep(part, opacity)


def _is_several(part: Path | Fill) -> bool:
    return part.fill is not None if isinstance(part, Path) else part.curved and len(part.contours) > 1


def _inked(part: Path | Fill, opacity: float, multiplies: bool = False) -> Iterator[_Line | _Area | PaintStep]:
    if isinstance(part, Path):
        if part.fill is not None:
            yield _Area((part.points,), part.fill, opacity)
        yield _Line(part, opacity, multiplies)
    elif part.curved or (len(part.contours) == 1 and not part.even_odd):
        yield _Area(part.contours, part.color, opacity)
    else:
        yield FillStep(tuple(map(_coordinates, part.contours)), part.color, opacity, part.even_odd)


def _merged(pieces: Iterable[_Piece]) -> Iterator[PaintStep]:
    for style, group in groupby(pieces, key=_style):
        match style:
            case (width, dash, opacity, multiplies):
                paths = [piece.path for piece in group if isinstance(piece, _Line)]
                yield _lines(paths, width, dash, opacity)._replace(multiplies=multiplies)
            case (opacity,):
                yield _polygons([piece for piece in group if isinstance(piece, _Area)], opacity)
            case _:
                for piece in group:
                    if isinstance(piece, _Group):
                        yield GroupStep(tuple(_merged(piece.pieces)), piece.bounds, piece.opacity)
                    elif not isinstance(piece, _Line | _Area):
                        yield piece


def _style(piece: _Piece) -> tuple[Any, ...] | None:
    """Return what lines, or contours, of one step have in common; None for a step."""
    match piece:
        case _Line(path, opacity, multiplies):
            return path.width, path.dash, opacity, multiplies
        case _Area(opacity=opacity):
            return (opacity,)
    return None


def _lines(paths: list[Path], width: float, dash: Dash, opacity: float) -> LineStep:
    points, counts = _visible(*_joined([path.points for path in paths]))
    colors = np.concatenate([_color(path.color) for path in paths])
    return LineStep(width * GRAIN, tuple(part * GRAIN for part in dash), opacity, points, counts, colors)


def _polygons(areas: list[_Area], opacity: float) -> PolygonStep:
    points, counts = _joined([contour for area in areas for contour in area.contours])
    colors = np.concatenate([_color(area.color).repeat(len(area.contours), axis=0) for area in areas])
    return PolygonStep(opacity, points, counts, colors)


def _joined(ways: list[Points]) -> tuple[Coordinates, NDArray[np.int32]]:
    """Return the points of all polylines, and how many each of them has."""
    return _coordinates(np.concatenate(ways)), np.array([len(way) for way in ways], dtype=np.int32)


def _visible(points: Coordinates, counts: NDArray[np.int32]) -> tuple[Coordinates, NDArray[np.int32]]:
    """Return lines of which each has a length: not every browser strokes one without; the least is a dot everywhere."""
    ends = np.cumsum(counts)
    starts = ends - counts
    dots = (np.minimum.reduceat(points, starts) == np.maximum.reduceat(points, starts)).all(axis=1)
    if not dots.any():
        return points, counts
    last = ends[dots] - 1
    after = points[last] + np.array((1, 0), dtype=points.dtype)
    return np.insert(points, last + 1, after, axis=0), counts + dots.astype(np.int32)


def _coordinates(points: NDArray[np.float64]) -> Coordinates:
    grains: NDArray[np.float64] = np.rint(points * GRAIN)
    return grains.astype(np.int16 if np.abs(grains).max() <= SHORT else np.int32)


def _color(color: str) -> Colors:
    return np.array([list(bytes.fromhex(color[1:]))], dtype=np.uint8)
