"""What a line or an arrow may be bound to, and where: anchors and outlines. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..geometry import Rect
from . import fields as read
from .transform import Affine

PARTS = 1_000
"""The parts of a side in which an anchor is given."""
ENDS = ("from", "to")


class Anchor(NamedTuple):
    """A place in the box of another element: `x` and `y` in thousandths of its sides."""

    key: str
    x: int
    y: int


class Outline(NamedTuple):
    """Where lines that are bound to an element end: at its `box`, or the ellipse in it, put where `affine` has it;
    `edge` is half the width of its line."""

    box: Rect
    affine: Affine | None
    edge: float
    round_: bool = False


def anchor(value: object) -> Anchor | None:
    """Return the anchor of a field; None where it is none."""
    if not isinstance(value, list | tuple) or len(value) != 3 or not isinstance(value[0], str) or not value[0]:
        return None
    x, y = read.between(value[1], 0, PARTS), read.between(value[2], 0, PARTS)
    return None if x is None or y is None else Anchor(value[0], x, y)


def rebound(fields: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a line that is bound to the same elements under other `keys`, and to no others."""
    rest = {name: value for name, value in fields.items() if name not in ENDS}
    for name in ENDS:
        one = anchor(fields.get(name))
        if one is not None and one.key in keys:
            rest[name] = [keys[one.key], one.x, one.y]
    return rest


def bound(fields: Mapping[str, object]) -> tuple[str, ...]:
    """Return the keys of the elements that a line or arrow is bound to."""
    if fields.get("kind") not in ("line", "arrow"):
        return ()
    return tuple(found.key for found in map(anchor, map(fields.get, ENDS)) if found is not None)
