"""Ink under a moving hand, as the element that it will be: see "Live" in docs/reference/elements.md. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TIMED = 256
"""What is added to times in place of pressures: a reader that knows of pressures alone takes such numbers for none."""


def preview_fields(fields: Mapping[str, Any], points: list[int]) -> dict[str, Any]:
    """Return the fields of the element that a preview will be; none while there is nothing to see of it, or when its
    kind has no preview.

    Args:
        fields: what the preview says of its style. ``previewFields`` in ``relay/web/client/peers.js`` reads the same.
        points: flat absolute eighths, in threes with the pressure, or with `TIMED` and the milliseconds since the point
            before, where `fields` say ``"stride": 3``. A part may end within a point, which is not shown yet.
    """
    match fields:
        case {"kind": "rectangle" | "ellipse"}:
            if len(points) != 4:
                return {}
            x0, y0, x1, y1 = points
            return {**fields, "box": [min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)]}
        case {"kind": "stroke", "stride": 3}:
            count = len(points) // 3
            places = [value for n in range(count) for value in points[3 * n : 3 * n + 2]]
            thirds = points[2 : 3 * count : 3]
            if thirds and thirds[0] >= TIMED:
                return {**fields, "points": deltas(places), "times": [value - TIMED for value in thirds]}
            return {**fields, "points": deltas(places), "pressure": thirds}
        case {"kind": "stroke" | "highlighter" | "line" | "arrow"}:
            return {**fields, "points": deltas(points[: len(points) // 2 * 2])}
        case _:
            return {}


def deltas(points: list[int]) -> list[int]:
    """Return flat absolute x, y as the first point followed by steps, the way elements keep them."""
    return points[:2] + [points[i] - points[i - 2] for i in range(2, len(points))]
