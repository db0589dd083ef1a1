"""The lengths of an SVG element, and the outlines of its shapes on the board. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .svg_paths import Contour, ellipse, path, polygon, rectangle
from .svg_pen import State
from .svg_styles import SIZE, length, local_name
from .svg_tree import either, numbers

if TYPE_CHECKING:
    from .svg_tree import Node


def measured(at: State, name: str, axis: int, otherwise: float = 0.0) -> float:
    """Return a length of a shape; `axis` is 0 for a horizontal one, 1 for a vertical one, 2 for neither."""
    whole = math.hypot(*at.view) / math.sqrt(2) if axis == 2 else at.view[axis]
    return either(length(at.style.get(name), whole, float(at.style.get("font-size", SIZE))), otherwise)


def outline(one: Node, at: State) -> tuple[list[Contour], bool]:
    """Return the contours of a shape, and whether its description has no error; up to the first it is read."""
    match local_name(one):
        case "path":
            return path(at.style.get("d", "").removeprefix("path(").strip("\"')"), at.matrix)
        case "line":
            ends = [
                _coordinate(one, at, name, axis) for name, axis in (("x1", 0), ("y1", 1), ("x2", 0), ("y2", 1))
            ]
            return polygon(ends, at.matrix, closed=False), True
        case "polyline" | "polygon" as name:
            return polygon(numbers(one.get("points", "")), at.matrix, closed=name == "polygon"), True
        case "rect":
            return _rectangle(at), True
        case "circle":
            rx = ry = measured(at, "r", 2)
        case _:
            across, down = _radii(at)
            rx, ry = (
                either(across if across is not None else down, 0.0),
                either(down if down is not None else across, 0.0),
            )
    if rx <= 0 or ry <= 0:
        return [], True
    return ellipse(measured(at, "cx", 0), measured(at, "cy", 1), rx, ry, at.matrix), True


def _rectangle(at: State) -> list[Contour]:
    wide, high = measured(at, "width", 0), measured(at, "height", 1)
    if wide <= 0 or high <= 0:
        return []
    rx, ry = _radii(at)
    rx, ry = rx if rx is not None else ry, ry if ry is not None else rx
    box = (measured(at, "x", 0), measured(at, "y", 1), wide, high)
    return rectangle(box, (max(0.0, rx or 0), max(0.0, ry or 0)), at.matrix)


def _radii(at: State) -> tuple[float | None, float | None]:
    return length(at.style.get("rx"), at.view[0], SIZE), length(at.style.get("ry"), at.view[1], SIZE)


def _coordinate(one: Node, at: State, name: str, axis: int) -> float:
    return either(length(one.get(name), at.view[axis], float(at.style.get("font-size", SIZE))), 0.0)
