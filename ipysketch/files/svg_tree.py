"""The nodes of an SVG: names, ids, references, viewports, and simple attribute values. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from ..errors import SketchError
from .importer import MOST
from .placed_images import Frame, slack
from .svg_paths import Matrix
from .svg_styles import SIZE, length, local_name

if TYPE_CHECKING:
    Node = ElementTree.Element[Any]

DEEPEST = 100
"""The deepest nesting of groups and uses."""

XLINK = "{http://www.w3.org/1999/xlink}href"

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def checked(data: bytes) -> Node:
    """Return the root of an SVG file; raise `SketchError` when it is not SVG, or when following its uses makes it far
    too large."""
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SketchError(f"is not SVG: {error}") from None
    if local_name(root) != "svg":
        raise SketchError(f"is not SVG: it holds <{local_name(root)[:40]}>")
    ids = named(root)
    weights: dict[int, int] = {}

    def weight(one: Node, depth: int) -> int:
        """Return the number of shapes in an element, its uses followed."""
        if depth > DEEPEST:
            raise SketchError("nests groups too deep, or uses what uses itself")
        if id(one) not in weights:
            total = 1 + sum(weight(child, depth + 1) for child in one)
            if local_name(one) == "use" and (used := ids.get(target(one))) is not None:
                total += weight(used, depth + 1)
            weights[id(one)] = total
        return weights[id(one)]

    if weight(root, 0) > MOST:
        raise SketchError(f"holds more than {MOST} shapes")
    return root


def named(root: Node) -> dict[str, Node]:
    """Return the nodes by id; of several with one id, the first."""
    found: dict[str, Node] = {}
    for one in root.iter():
        if (key := one.get("id")) is not None:
            found.setdefault(key, one)
    return found


def target(one: Node) -> str:
    """Return the id that a node refers to."""
    return (one.get("href") or one.get(XLINK) or "").removeprefix("#")


def numbers(text: str) -> list[float]:
    """Return the numbers in a text."""
    return [float(number) for number in _NUMBER.findall(text)]


def fraction(text: str | None, otherwise: float) -> float:
    """Return a number or a percentage as a number from 0 to 1."""
    found = _NUMBER.match((text or "").strip())
    if found is None:
        return otherwise
    return min(1.0, max(0.0, float(found[0]) / (100 if "%" in (text or "") else 1)))


def either(value: float | None, otherwise: float) -> float:
    """Return `value`, or `otherwise` where it is None."""
    return otherwise if value is None else value


def is_for_us(one: Node) -> bool:
    """Return whether this reader takes a branch of a switch: one without extensions, in English or any language."""
    languages = one.get("systemLanguage")
    speaks = languages is None or any(
        word.strip().lower().split("-")[0] == "en" for word in languages.split(",")
    )
    return speaks and one.get("requiredExtensions") is None


def fitted(one: Node, frame: Frame) -> tuple[Matrix, tuple[float, float]]:
    """Return the transform for the content of an element with a viewBox that fills `frame`, and the size of its
    viewport."""
    x, y, wide, high = frame
    view = numbers(one.get("viewBox", ""))
    if len(view) != 4 or view[2] <= 0 or view[3] <= 0:
        return Matrix(e=x, f=y), (wide, high)
    left, top, across, down = view
    sx, sy = wide / across, high / down
    words = one.get("preserveAspectRatio", "xMidYMid").split() or ["xMidYMid"]
    if words[0] != "none":
        sx = sy = max(sx, sy) if "slice" in words else min(sx, sy)
    dx, dy = slack(words[0], wide - across * sx, high - down * sy)
    return Matrix(sx, 0, 0, sy, x + dx - left * sx, y + dy - top * sy), (across, down)


def drawn_size(root: Node, board: tuple[float, float]) -> tuple[float, float] | None:
    """Return the size of a drawing in pixels; None when it has none."""
    view = numbers(root.get("viewBox", ""))
    inside = (view[2], view[3]) if len(view) == 4 and min(view[2:]) > 0 else None
    found = (length(root.get(name), board[axis], SIZE) for axis, name in enumerate(("width", "height")))
    wide, high = (side if side is not None and side > 0 else None for side in found)
    if wide is None and high is None:
        return board if inside else None
    if inside is None:
        return either(wide, board[0]), either(high, board[1])
    across, down = inside
    return (
        wide if wide is not None else (high or 0) * across / down,
        high if high is not None else (wide or 0) * down / across,
    )
