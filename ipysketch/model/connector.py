"""Where a line ends that is bound to other elements: it follows them. Pure.

``relay/web/model/connector.js`` is its twin, operation by operation: only sums, products, quotients and square roots
are taken, so that both come to the same eighths.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from .elements import Element, Line, decode
from .elements import fields as read
from .elements.anchor import ENDS, PARTS, Anchor, Outline, anchor, bound
from .elements.transform import unmapped
from .geometry import Rect

GAP = 2.0
"""Board units between the ink of a shape and that of what points at it."""

Of = Callable[[str], Element | None]
"""Returns the element of a key on the same page, as it is now."""


def followed(fields: Mapping[str, Any], of: Of) -> Mapping[str, Any]:
    """Return the fields of a line with its bound ends where the elements are that `of` returns; `fields` where there
    are none."""
    if not bound(fields):
        return fields
    found = [anchor(fields.get(name)) for name in ENDS]
    targets = [None if one is None else of(one.key) for one in found]
    outlines = [getattr(target, "outline", None) for target in targets]
    line = decode("", fields)
    if not isinstance(line, Line) or outlines == [None, None]:
        return fields
    points = [(float(x), float(y)) for x, y in line.points]
    for end, (one, outline) in zip((0, -1), zip(found, outlines, strict=True), strict=True):
        if one is not None and outline is not None:
            points[end] = _place(one, outline)
    first, last = points[0], points[-1]
    beside = {0: last if len(points) == 2 else points[1], -1: first if len(points) == 2 else points[-2]}
    half = line.width / 2
    for end, outline in zip((0, -1), outlines, strict=True):
        if outline is not None:
            points[end] = _ended(outline, beside[end], points[end], half)
    flat: list[int] = []
    x = y = 0
    for px, py in points:
        nx, ny = _eighths(px), _eighths(py)
        flat += [nx - x, ny - y]
        x, y = nx, ny
    rest = {name: value for name, value in fields.items() if name not in ("offset", "transform")}
    return {**rest, "points": flat}


def _eighths(value: float) -> int:
    return max(-read.REACH, min(read.REACH, math.floor(value * read.EIGHTHS + 0.5)))


def _place(one: Anchor, outline: Outline) -> tuple[float, float]:
    """Return where an anchor is."""
    box = outline.box
    x = box.x0 + (box.x1 - box.x0) * one.x / PARTS
    y = box.y0 + (box.y1 - box.y0) * one.y / PARTS
    if outline.affine is None:
        return x, y
    a, b, c, d, e, f = outline.affine
    return a * x + c * y + e, b * x + d * y + f


def _ended(
    outline: Outline, start: tuple[float, float], end: tuple[float, float], half: float
) -> tuple[float, float]:
    """Return where a line from `start` to `end` ends: where it meets the outline, a little before it."""
    (qx, qy), (px, py) = start, end
    if outline.affine is not None:
        (qx, qy), (px, py) = unmapped(outline.affine, qx, qy), unmapped(outline.affine, px, py)
    box = outline.box
    round_ = outline.round_ and box.x1 > box.x0 and box.y1 > box.y0
    t = _met_ellipse(box, qx, qy, px, py) if round_ else _met_box(box, qx, qy, px, py)
    if t is None:
        return end
    x, y = start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])
    dx, dy = x - start[0], y - start[1]
    long = math.sqrt(dx * dx + dy * dy)
    if long == 0:
        return x, y
    back = min(GAP + outline.edge + half, long / 2) / long
    return x - back * dx, y - back * dy


def _met_box(box: Rect, qx: float, qy: float, px: float, py: float) -> float | None:
    """Return the part of the way from q to p after which it enters a box; None where q is inside, or p is not."""
    first, last = 0.0, 1.0
    for q, p, low, high in ((qx, px, box.x0, box.x1), (qy, py, box.y0, box.y1)):
        step = p - q
        if step == 0:
            if q < low or q > high:
                return None
            continue
        one, other = (low - q) / step, (high - q) / step
        first, last = max(first, min(one, other)), min(last, max(one, other))
    return first if 0 < first <= last else None


def _met_ellipse(box: Rect, qx: float, qy: float, px: float, py: float) -> float | None:
    """Return the part of the way from q to p after which it enters the ellipse in a box."""
    rx, ry = (box.x1 - box.x0) / 2, (box.y1 - box.y0) / 2
    ux, uy = (qx - (box.x0 + box.x1) / 2) / rx, (qy - (box.y0 + box.y1) / 2) / ry
    vx, vy = (px - qx) / rx, (py - qy) / ry
    a, b, c = vx * vx + vy * vy, ux * vx + uy * vy, ux * ux + uy * uy - 1
    root = b * b - a * c
    if a == 0 or c <= 0 or root < 0:
        return None
    t = (-b - math.sqrt(root)) / a
    return t if 0 < t <= 1 else None
