"""Ink under a moving hand, as the element that it will be: see "Live" in docs/elements.md. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def whole(fields: Mapping[str, Any], points: list[int]) -> dict[str, Any]:
    """The fields of the element that a preview of `fields` will be; its `points` as they came."""
    match fields:
        case {"kind": "rectangle" | "ellipse"}:
            if len(points) != 4:
                return {**fields}
            x0, y0, x1, y1 = points
            return {**fields, "box": [min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)]}
        case {"kind": "stroke", "stride": 3}:
            # A part may end within a point.
            count = len(points) // 3
            places = [value for n in range(count) for value in points[3 * n : 3 * n + 2]]
            return {**fields, "points": deltas(places), "pressure": points[2 : 3 * count : 3]}
        case _:
            return {**fields, "points": deltas(points)}


def deltas(points: list[int]) -> list[int]:
    """Flat absolute x, y as the first point followed by steps, the way elements keep them."""
    return points[:2] + [points[i] - points[i - 2] for i in range(2, len(points))]
