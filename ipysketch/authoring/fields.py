"""Arguments of drawing methods as fields of elements. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import arguments
from ..model.elements.fields import EIGHTHS, eighths, flat

if TYPE_CHECKING:
    from ..model.geometry import Points


def style_fields(
    color: str | None, width: float | None, fill: str | None, dash: str | None, opacity: float | None
) -> dict[str, Any]:
    """Return the fields of the arguments that are not None; a field that is None takes it away."""
    fields: dict[str, Any] = {}
    if color is not None:
        fields["color"] = arguments.color(color)
    if fill is not None:
        fields["fill"] = arguments.color(fill) if fill else None
    if width is not None:
        fields["width"] = round(arguments.width(width) * EIGHTHS)
    if dash is not None:
        fields["dash"] = arguments.dash(dash) or None
    if opacity is not None:
        fields["opacity"] = round(100 * arguments.opacity(opacity))
    return fields


def word_fields(text: str, size: float | str, color: str) -> dict[str, Any]:
    """Return the fields of words that stand in a shape; none of no words."""
    if not text:
        return {}
    fields: dict[str, Any] = {
        "text": arguments.text(text),
        "size": round(arguments.size(size) * EIGHTHS),
    }
    return {**fields, "ink": arguments.color(color)} if color else fields


def box_eighths(x: float, y: float, w: float, h: float) -> list[int]:
    """Return a box as x, y, width and height in eighths."""
    rect = arguments.box((x, y, w, h))
    return whole_eighths([rect.x0, rect.y0, rect.x1 - rect.x0, rect.y1 - rect.y0])


def whole_eighths(values: Sequence[float]) -> list[int]:
    """Return lengths in eighths."""
    return [round(value * EIGHTHS) for value in values]


def flat_points(array: Points) -> list[int]:
    """Return points of shape (n, 2) as x, y, x, y … in eighths."""
    return flat(eighths(array))
