"""SVG as elements: paths, basic shapes, texts and embedded images, with their transforms. Pure.

A curve becomes a stroke through points on it, what is straight a line. Only rectangles and ellipses have an inside
here.
"""

from __future__ import annotations

import base64
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree import ElementTree

import numpy as np
import svgelements as read

from .errors import SketchError
from .foreign import MOST, Canvas, Style, fitting
from .geometry import Points
from .items import Loaded
from .pictures import image_fields

UNREAD = {
    *("filter", "mask", "clipPath", "linearGradient", "radialGradient", "pattern", "marker", "foreignObject"),
    *("script", "animate", "animateTransform", "animateMotion", "set", "textPath", "video", "audio", "iframe"),
}
"""Tags of what has no meaning here."""
DEEPEST = 100
"""Nesting of groups and uses."""
STEP = 1.5
"""Board units between two points of a curve, about."""
OUTLINE = 1.5
"""The width of the line around what has only an inside."""
FINEST = 64
"""Points of one piece of a curve, at most."""

_NAMESPACE = re.compile(r"^\{.*\}")
_ANCHORS = {"middle": 0.5, "end": 1.0}
_WHITE = "#ffffff"


def from_svg(data: bytes, board: tuple[float, float]) -> Loaded:
    """The elements of an SVG file, on `board`; raises `SketchError` when it is none."""
    skipped = _checked(data)
    try:
        document = read.SVG.parse(io.BytesIO(data), reify=True, ppi=96, width=board[0], height=board[1])
        size = float(document.width), float(document.height)
        shapes = list(document.elements())
    # The library raises many kinds of errors for values that cannot be.
    except Exception as error:
        raise SketchError(f"cannot be read as SVG: {error}") from None
    if not all(math.isfinite(side) and side > 0 for side in size):
        size = board
    canvas = Canvas(*fitting((0, 0), size, board))
    canvas.skipped.update(skipped)
    for shape in shapes:
        try:
            _shape(canvas, shape, size)
        # As above: a broken shape is one that is left out.
        except Exception:
            canvas.skipped[f"broken {type(shape).__name__.lower()}"] += 1
    return canvas.loaded()


def _checked(data: bytes) -> Counter[str]:
    """What of a file has no meaning here, counted; raises `SketchError` for what is no SVG, or grows out of all
    proportion when its uses are followed."""
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SketchError(f"is not SVG: {error}") from None
    if _name(root) != "svg":
        raise SketchError(f"is not SVG: it holds <{_name(root)[:40]}>")
    named = {key: one for one in root.iter() if (key := one.get("id")) is not None}
    weights: dict[int, int] = {}

    def weight(one: ElementTree.Element, depth: int) -> int:
        """How many shapes an element becomes."""
        if depth > DEEPEST:
            raise SketchError("nests groups too deep, or uses what uses itself")
        if id(one) not in weights:
            total = 1 + sum(weight(child, depth + 1) for child in one)
            if _name(one) == "use" and (used := named.get(_reference(one))) is not None:
                total += weight(used, depth + 1)
            weights[id(one)] = total
        return weights[id(one)]

    if weight(root, 0) > MOST:
        raise SketchError(f"holds more than {MOST} shapes")
    return Counter(name for one in root.iter() if (name := _name(one)) in UNREAD)


def _name(one: ElementTree.Element) -> str:
    return _NAMESPACE.sub("", one.tag) if isinstance(one.tag, str) else ""


def _reference(one: ElementTree.Element) -> str:
    address = one.get("href") or one.get("{http://www.w3.org/1999/xlink}href") or ""
    return address.removeprefix("#")


def _shape(canvas: Canvas, shape: Any, size: tuple[float, float]) -> None:
    match shape:
        case read.Text():
            _text(canvas, shape)
        case read.Image():
            _image(canvas, shape)
        case read.Shape():
            _lined(canvas, shape, size)


def _lined(canvas: Canvas, shape: Any, size: tuple[float, float]) -> None:
    """A path or a basic shape."""
    path = abs(read.Path(shape))
    pieces = [piece for piece in _flattened(path) if len(piece)]
    stroke, fill = _color(shape.stroke), _color(shape.fill)
    if not pieces or (stroke is None and fill is None):
        return
    width = float(shape.implicit_stroke_width) if stroke is not None else 0.0
    style: Style = {
        "color": (stroke or fill or ("", 1))[0],
        **_opacity(shape, (stroke or fill or ("", 1.0))[1]),
    }
    curved = any(not isinstance(one, read.Move | read.Line | read.Close) for one in path)
    kind = _boxed(shape) or (
        "rectangle" if not curved and len(pieces) == 1 and _rectangular(pieces[0]) else None
    )
    if kind is not None:
        corners = np.array([pieces[0].min(axis=0), pieces[0].max(axis=0)])
        # The paper is no ink.
        if (
            kind == "rectangle"
            and stroke is None
            and fill == (_WHITE, 1.0)
            and (corners == ((0, 0), size)).all()
        ):
            return
        inside = {"fill": fill[0]} if fill is not None else {}
        canvas.box(kind, corners, width, {**style, **inside, **_dash(shape, width)})
        return
    if fill is not None and not isinstance(shape, read.SimpleLine):
        canvas.skipped["fill of a path"] += 1
        width = width or OUTLINE
    if curved and (dash := _dash(shape, width)):
        canvas.skipped[f"{dash['dash']} curve"] += 1
    for piece in pieces:
        if curved or len(piece) == 1:
            canvas.line("stroke", piece, width, style)
        else:
            canvas.line("line", piece, width, {**style, **_dash(shape, width)})


def _boxed(shape: Any) -> str | None:
    """The kind of element that a shape is the box of."""
    turned = not shape.transform.is_identity()
    if turned:
        return None
    if isinstance(shape, read.Rect) and not shape.rx and not shape.ry:
        return "rectangle"
    return "ellipse" if isinstance(shape, read.Circle | read.Ellipse) else None


def _rectangular(points: Points) -> bool:
    """Whether a polyline is a closed rectangle along the axes."""
    if len(points) != 5 or (points[0] != points[-1]).any():
        return False
    along = np.abs(np.diff(points, axis=0)) < 1e-6
    # Every side runs along one axis, and the next along the other.
    return bool((along.sum(axis=1) == 1).all() and (along[:-1] != along[1:]).all())


def _flattened(path: Iterable[Any]) -> Iterator[Points]:
    """The polylines of a path."""
    points: list[tuple[float, float]] = []
    for one in path:
        if isinstance(one, read.Move):
            yield np.array(points)
            points = [] if one.end is None else [(one.end.x, one.end.y)]
        elif isinstance(one, read.Line | read.Close):
            if one.end is not None:
                points.append((one.end.x, one.end.y))
        else:
            rough = np.array([(point.x, point.y) for point in map(one.point, np.linspace(0, 1, 5).tolist())])
            length = float(np.sqrt((np.diff(rough, axis=0) ** 2).sum(axis=1)).sum())
            count = int(min(FINEST, max(4, length / STEP)))
            found = [one.point(step / count) for step in range(1, count + 1)]
            points += [(point.x, point.y) for point in found]
    yield np.array(points)


def _text(canvas: Canvas, text: Any) -> None:
    words = " ".join((text.text or "").split())
    if not words:
        return
    matrix = text.transform
    at = matrix.point_in_matrix_space(read.Point(text.x, text.y))
    if abs(matrix.b) + abs(matrix.c) > 1e-6:
        canvas.skipped["turn of a text"] += 1
    fill, stroke = _color(text.fill), _color(text.stroke)
    color, alpha = fill or stroke or ("#000000", 1.0)
    size = float(text.font_size or 16) * math.sqrt(abs(matrix.determinant))
    align = _ANCHORS.get(text.anchor, 0.0)
    canvas.text(words, at.x, at.y, size, align, {"color": color, **_opacity(text, alpha)})


def _image(canvas: Canvas, image: Any) -> None:
    address = str(image.url or "")
    if not address.startswith("data:image/") or ";base64," not in address:
        canvas.skipped["image that is elsewhere"] += 1
        return
    matrix = image.transform
    if abs(matrix.b) + abs(matrix.c) > 1e-6:
        canvas.skipped["turn of an image"] += 1
    x, y, wide, high = (float(value or 0) for value in (image.x, image.y, image.width, image.height))
    ends = [matrix.point_in_matrix_space(read.Point(*end)) for end in ((x, y), (x + wide, y + high))]
    box = canvas.measured(np.array([(end.x, end.y) for end in ends]))
    source = base64.b64decode(address.partition(";base64,")[2])
    try:
        fields = image_fields(source, [part / 8 for part in box])
    except SketchError:
        canvas.skipped["image that is neither PNG nor JPEG, or too large"] += 1
        return
    canvas.add({**fields, **_opacity(image, 1.0)})


def _color(color: Any) -> tuple[str, float] | None:
    """#rrggbb and how much it covers; None for nothing."""
    if color is None or color.value is None or not color.opacity:
        return None
    return str(color.hexrgb).lower(), float(color.opacity)


def _opacity(shape: Any, alpha: float) -> Style:
    try:
        opacity = alpha * float(shape.values.get("opacity", 1))
    except ValueError:
        opacity = alpha
    per_cent = round(100 * opacity)
    return {"opacity": max(1, per_cent)} if per_cent < 100 else {}


def _dash(shape: Any, width: float) -> Style:
    """The dash that comes closest."""
    numbers = re.findall(r"[0-9.]+", str(shape.values.get("stroke-dasharray") or ""))
    if not numbers:
        return {}
    return {"dash": "dotted" if float(numbers[0]) <= width else "dashed"}
