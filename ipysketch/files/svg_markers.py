"""The markers of an SVG shape: at which vertices they stand, and in which place and size. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..model.geometry import Points
from .svg_paths import Contour, Matrix
from .svg_pen import State
from .svg_styles import SIZE, length
from .svg_tree import either, fitted, numbers

if TYPE_CHECKING:
    from .svg_tree import Node


class Vertex(NamedTuple):
    """A vertex with a marker: `kind` is 0 for the first one of a shape, 1 between, 2 for the last."""

    kind: int
    points: Points
    number: int


def vertices(contours: Sequence[Contour], *, between: bool) -> Iterator[Vertex]:
    """Yield the vertices of a shape that may have markers; those `between` its ends only where they are asked for."""
    first, last = contours[0], contours[-1]
    for contour in contours:
        points = contour.points
        for number in range(len(points)):
            is_first = contour is first and number == 0
            is_last = contour is last and number == len(points) - 1
            kinds = [kind for kind, here in ((0, is_first), (2, is_last)) if here] or [1]
            if kinds == [1] and (number not in contour.ends or not between):
                continue
            for kind in kinds:
                yield Vertex(kind, points, number)


def placed(marker: Node, vertex: Vertex, at: State, width: float) -> State:
    """Return the state inside of `marker` at a vertex of a shape with the state `at` and a line of `width`."""
    orient = marker.get("orient", "0")
    angle = _direction(vertex.points, vertex.number)
    if orient == "auto-start-reverse":
        angle += math.pi if vertex.kind == 0 else 0.0
    elif orient != "auto":
        angle = math.radians((numbers(orient) or [0.0])[0])
    scale = width if marker.get("markerUnits", "strokeWidth") == "strokeWidth" else 1.0
    wide, high = (either(length(marker.get(side), 3.0, SIZE), 3.0) for side in ("markerWidth", "markerHeight"))
    fit, view = fitted(marker, (0.0, 0.0, wide, high))
    reach = [
        either(length(marker.get(side), view[axis], SIZE), 0.0) for axis, side in enumerate(("refX", "refY"))
    ]
    [(x, y)] = fit.apply(np.array([reach])).tolist()
    cosine, sine = math.cos(angle), math.sin(angle)
    corner = vertex.points[vertex.number].tolist()
    place = Matrix(cosine * scale, sine * scale, -sine * scale, cosine * scale, *corner)
    return State(at.matrix @ place @ Matrix(e=-x, f=-y) @ fit, {}, view, at.opacity, at.clip, at.depth + 1)


def _direction(points: Points, number: int) -> float:
    """Return the angle at a vertex: the middle between what comes and what goes."""
    comes = points[number] - points[number - 1] if number else points[min(1, len(points) - 1)] - points[0]
    goes = points[number + 1] - points[number] if number + 1 < len(points) else comes
    units = [step / (np.hypot(*step) or 1.0) for step in (comes, goes)]
    x, y = (units[0] + units[1]).tolist()
    return math.atan2(y, x)
