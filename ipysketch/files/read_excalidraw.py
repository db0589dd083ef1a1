"""Drawings of Excalidraw as elements. Pure."""

from __future__ import annotations

import codecs
import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from ..errors import SketchError
from ..model.archive import LoadReport
from ..model.colors import Color, parsed
from ..model.elements.fields import DASHES, MAX_GROUP
from ..model.elements.typeset import BASELINE, LEADING
from ..model.geometry import Points, Rect
from .importer import Canvas, Style, fitting, typical_width
from .placed_images import embedded, opened, placed
from .read_svg import draw_svg
from .svg_paths import Matrix, flattened, outside, rectangle
from .svg_pen import State

FARTHEST = 1_000_000
LOOP = 8.0
"""How near its first point the last one of a line is where Excalidraw takes it for closed, in its units."""
PADDING = 5.0
"""The gap of an arrow around its label."""
PART, LARGEST = 0.25, 32.0
"""The radius of round corners: a part of the shorter side, and by the rule that is usual at most so much."""
ADAPTIVE = 3
"""The number of that rule."""

_BROKEN = (KeyError, TypeError, ValueError, OverflowError, IndexError, AttributeError)


def from_excalidraw(data: bytes, board: tuple[float, float]) -> LoadReport:
    """Return the elements of a file of Excalidraw, on `board`; raise `SketchError` when it is none."""
    try:
        content = msgspec.json.decode(data.removeprefix(codecs.BOM_UTF8))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SketchError(f"is not JSON, as a drawing of Excalidraw is: {error}") from None
    if not isinstance(content, dict) or not isinstance(elements := content.get("elements"), list):
        raise SketchError("is JSON, but no drawing of Excalidraw")
    living = [one for one in elements if isinstance(one, dict) and one.get("isDeleted") is not True]
    files = content.get("files")
    place = _fitting(living, board)
    reader = Reader(Canvas(*place), place, living, files if isinstance(files, dict) else {})
    if broken := sum(not isinstance(one, dict) for one in elements):
        reader.canvas.skipped["broken element"] = broken
    for one in living:
        kind = str(one.get("type"))[:40]
        try:
            if not reader.read(kind, one):
                reader.canvas.skipped[kind] += 1
        except SketchError as error:
            reader.canvas.skipped[f"{kind}: {error}"] += 1
        except _BROKEN:
            reader.canvas.skipped[f"broken {kind}"] += 1
    return reader.canvas.loaded()


class Reader:
    """Puts the elements of one scene on `canvas`; `place` is its scale and move, which pictures need too."""

    def __init__(
        self,
        canvas: Canvas,
        place: tuple[float, float, float],
        elements: Sequence[Mapping[str, Any]],
        files: Mapping[str, Any],
    ) -> None:
        self.canvas, self._files = canvas, files
        scale, dx, dy = place
        self._matrix = Matrix(scale, 0, 0, scale, dx, dy)
        self._labels = {
            str(one.get("containerId")): one
            for one in elements
            if one.get("type") == "text" and one.get("containerId") is not None
        }

    def read(self, kind: str, one: Mapping[str, Any]) -> bool:
        """Add one element; return whether its kind can be read."""
        match kind:
            case "freedraw":
                self._freedraw(one)
            case "line" | "arrow":
                self._line(one)
            case "rectangle" | "diamond" | "ellipse":
                self._shape(kind, one)
            case "text":
                self._text(one)
            case "image":
                self._image(one)
            case _:
                return False
        return True

    def _freedraw(self, one: Mapping[str, Any]) -> None:
        points, style = _points(one), _common(one)
        self._fill(one, points)
        if (ink := _ink(one)) is None:
            return
        pressures = one.get("pressures")
        if (
            one.get("simulatePressure") is False
            and isinstance(pressures, list)
            and len(pressures) == len(points)
        ):
            style["pressure"] = [round(255 * min(1.0, max(0.0, _float(value)))) for value in pressures]
        # Excalidraw's own pen is about four times as wide as its lines.
        self.canvas.line("stroke", points, 4 * _width(one), {**style, **_inked(one, ink)})

    def _line(self, one: Mapping[str, Any]) -> None:
        points = _points(one)
        if len(points) > 2 and one.get("roundness") and not one.get("elbowed"):
            points = _curved(points)
        self._fill(one, points)
        ink = _ink(one)
        if ink is None:
            return
        style = {**_common(one), **_inked(one, ink), **_dash(one)}
        begins, ends = one.get("startArrowhead"), one.get("endArrowhead")
        for head in (begins, ends):
            if head is not None and head != "arrow":
                self.canvas.skipped["other head of an arrow, as a usual one"] += 1
        if begins is not None and ends is None:
            points, begins, ends = points[::-1], ends, begins
        pieces = [points]
        if (label := self._labels.get(str(one.get("id")))) is not None:
            (x0, y0), (x1, y1) = _corners(label)
            pieces = outside(points, Rect(x0 - PADDING, y0 - PADDING, x1 + PADDING, y1 + PADDING)) or []
        if begins is not None and pieces:
            # An arrow has one head; the other is that of a short one.
            first = pieces[0]
            if len(first) == 2:
                first = np.array([first[0], first.mean(axis=0), first[1]])
            self.canvas.line("arrow", first[1::-1], _width(one), style)
            pieces[0] = first[1:]
        for piece in pieces[:-1]:
            self.canvas.line("line", piece, _width(one), style)
        for piece in pieces[-1:]:
            self.canvas.line("arrow" if ends is not None else "line", piece, _width(one), style)

    def _shape(self, kind: str, one: Mapping[str, Any]) -> None:
        corners = _corners(one)
        radius = _radius(one, corners) if kind == "rectangle" else 0.0
        if kind == "diamond" and one.get("roundness"):
            self.canvas.skipped["round corners of a diamond"] += 1
        ink, inside = _ink(one), self._inside(one)
        if kind != "diamond" and not radius and not _is_turned(one):
            self._box(kind, one, corners)
            return
        outline = _turned(one, _outline(kind, corners, radius))
        if inside is not None:
            together = ink is not None and ink[1] == inside[1]
            edge = {"color": ink[0], **_dash(one)} if ink is not None and together else {}
            self.canvas.area(
                [outline], _width(one), {**_common(one), **_covering(one, inside), "fill": inside[0], **edge}
            )
            if together:
                return
        if ink is not None:
            self.canvas.line("line", outline, _width(one), {**_common(one), **_inked(one, ink), **_dash(one)})

    def _box(self, kind: str, one: Mapping[str, Any], corners: Points) -> None:
        ink, inside = _ink(one), self._inside(one)
        style = _common(one)
        if inside is not None and (ink is None or ink[1] != inside[1]):
            # Without an outline, or with one that covers more or less.
            outline = _outline(kind, corners, 0.0)
            self.canvas.area([outline], 0.0, {**style, **_covering(one, inside), "fill": inside[0]})
            inside = None
        if ink is not None:
            fill = {"fill": inside[0]} if inside is not None else {}
            self.canvas.box(kind, corners, _width(one), {**style, **_inked(one, ink), **_dash(one), **fill})

    def _fill(self, one: Mapping[str, Any], points: Points) -> None:
        """Fill a line that comes back to its beginning, as Excalidraw does."""
        if len(points) < 3 or np.hypot(*(points[0] - points[-1])) > LOOP or one.get("type") == "arrow":
            return
        if (inside := self._inside(one)) is not None:
            self.canvas.area([points], 0.0, {**_common(one), **_covering(one, inside), "fill": inside[0]})

    def _inside(self, one: Mapping[str, Any]) -> Color | None:
        inside = _color(one.get("backgroundColor"))
        if inside is not None and one.get("fillStyle") in (
            "hachure",
            "cross-hatch",
            "zigzag",
            "dots",
            "dashed",
        ):
            self.canvas.skipped["hatching, as a whole fill"] += 1
        return inside

    def _text(self, one: Mapping[str, Any]) -> None:
        if _is_turned(one):
            self.canvas.skipped["turn of a text"] += 1
        ink = _ink(one)
        if ink is None:
            return
        size, ((x0, y0), (x1, _)) = _float(one["fontSize"]), _corners(one)
        lines, style = str(one["text"]).split("\n"), {**_common(one), **_inked(one, ink)}
        leading = _float(one.get("lineHeight") or LEADING)
        align = {"center": 0.5, "right": 1.0}.get(str(one.get("textAlign")), 0.0)
        if align == 0 and abs(leading - LEADING) < 0.01:
            self.canvas.text("\n".join(lines), x0, y0 + BASELINE * size, size, style, align=0.0)
            return
        if len(lines) > 1 and isinstance(key := one.get("id"), str) and 0 < len(key) <= MAX_GROUP:
            style.setdefault("group", key)
        x = x0 + align * (x1 - x0)
        for number, line in enumerate(lines):
            if line.strip():
                baseline = y0 + (number * leading + (leading - LEADING) / 2 + BASELINE) * size
                self.canvas.text(line, x - align * typical_width(line) * size, baseline, size, style, align=0.0)

    def _image(self, one: Mapping[str, Any]) -> None:
        source = embedded(str(self._files[one["fileId"]]["dataURL"]))
        if source is None:
            raise ValueError("no data")
        mime, data = source
        (x0, y0), (x1, y1) = _corners(one)
        wide, high = x1 - x0, y1 - y0
        # From a box of 1 × 1 with its middle at 0, flipped, turned, and in its place.
        flips = [-1.0 if _float(part) < 0 else 1.0 for part in one.get("scale") or (1, 1)]
        angle = _float(one.get("angle") or 0)
        cosine, sine = math.cos(angle), math.sin(angle)
        spot = Matrix(e=(x0 + x1) / 2, f=(y0 + y1) / 2) @ Matrix(cosine, sine, -sine, cosine)
        unit = spot @ Matrix(wide * flips[0], 0, 0, high * flips[1]) @ Matrix(e=-0.5, f=-0.5)
        crop = one.get("crop")
        opacity = _float(one.get("opacity", 100)) / 100
        if "svg" in mime:
            if isinstance(crop, dict):
                self.canvas.skipped["crop of an SVG image"] += 1
            # The canvas puts lengths of the scene on the board.
            draw_svg(
                self.canvas, data, (0.0, 0.0, 1.0, 1.0), State(unit, {}, (1.0, 1.0), opacity), aspect="none"
            )
            return
        picture = opened(data)
        if isinstance(crop, dict):
            sx, sy = (
                picture.width / _float(crop["naturalWidth"]),
                picture.height / _float(crop["naturalHeight"]),
            )
            left, top = _float(crop["x"]) * sx, _float(crop["y"]) * sy
            ends = left + _float(crop["width"]) * sx, top + _float(crop["height"]) * sy
            picture = picture.crop((round(left), round(top), round(ends[0]), round(ends[1])))
        pixels = Matrix(1 / picture.width, 0, 0, 1 / picture.height)
        fields = placed(picture, self._matrix @ unit @ pixels, data=data)
        if fields is not None:
            self.canvas.add({**fields, **_common(one), **_covering(one, ("", 1.0))})


def _fitting(elements: list[dict[str, Any]], board: tuple[float, float]) -> tuple[float, float, float]:
    """Return the scale and the move that bring all elements onto the board."""
    outlines = []
    for one in elements:
        try:
            outlines.append(_points(one) if isinstance(one.get("points"), list) else _corners(one))
        except _BROKEN:
            continue
    if not outlines:
        return 1.0, 0.0, 0.0
    points = np.concatenate(outlines)
    return fitting(points.min(axis=0).tolist(), points.max(axis=0).tolist(), board)


def _float(value: object) -> float:
    """Return a number of a scene; raise ValueError for a large one: an element far away would make all others too small
    to see."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FARTHEST:
        raise ValueError("not a number")
    return float(value)


def _width(one: Mapping[str, Any]) -> float:
    return _float(one.get("strokeWidth", 1))


def _corners(one: Mapping[str, Any]) -> Points:
    x, y, wide, high = (_float(one[name]) for name in ("x", "y", "width", "height"))
    return np.array([(x, y), (x + wide, y + high)])


def _points(one: Mapping[str, Any]) -> Points:
    points = np.array([(_float(x), _float(y)) for x, y, *_ in one["points"]])
    if len(points) == 0:
        raise ValueError("no points")
    return _turned(one, points + np.array((_float(one["x"]), _float(one["y"]))))


def _is_turned(one: Mapping[str, Any]) -> bool:
    return abs(_float(one.get("angle") or 0)) > 1e-3


def _turned(one: Mapping[str, Any], points: Points) -> Points:
    """Return `points` turned about the middle of the element."""
    angle = _float(one.get("angle") or 0)
    if not angle:
        return points
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    cosine, sine = math.cos(angle), math.sin(angle)
    x, y = (points - middle).T
    turned: Points = middle + np.column_stack([x * cosine - y * sine, x * sine + y * cosine])
    return turned


def _radius(one: Mapping[str, Any], corners: Points) -> float:
    """Return the radius of a rectangle's corners."""
    roundness = one.get("roundness")
    if not isinstance(roundness, dict):
        return 0.0
    side = float(np.abs(corners[1] - corners[0]).min())
    return (
        min(PART * side, _float(roundness.get("value") or LARGEST))
        if roundness.get("type") == ADAPTIVE
        else PART * side
    )


def _outline(kind: str, corners: Points, radius: float) -> Points:
    """Return the closed line around a shape."""
    (x0, y0), (x1, y1) = corners
    if kind == "rectangle":
        box = min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)
        return rectangle(box, (radius, radius), Matrix())[0].points
    turns = np.linspace(0, math.tau, 5 if kind == "diamond" else 65)
    halves = np.array(((x1 - x0) / 2, (y1 - y0) / 2))
    outline: Points = (corners[0] + corners[1]) / 2 + np.column_stack([np.cos(turns), np.sin(turns)]) * halves
    return outline


def _curved(points: Points) -> Points:
    """Return a smooth polyline through `points`: cubic curves, at each point along the way between its neighbours."""
    closed = bool((points[0] == points[-1]).all()) and len(points) > 3
    before, after = (points[-2], points[1]) if closed else (points[0], points[-1])
    around = np.concatenate([[before], points, [after]])
    pieces = [points[:1]]
    for a, b, c, d in zip(around, around[1:], around[2:], around[3:], strict=False):
        pieces.append(flattened(np.array([b, b + (c - a) / 6, c - (d - b) / 6, c]))[1:])
    return np.concatenate(pieces)


def _inked(one: Mapping[str, Any], ink: Color) -> Style:
    return {"color": ink[0], **_covering(one, ink)}


def _covering(one: Mapping[str, Any], color: Color) -> Style:
    per_cent = round(_float(one.get("opacity", 100)) * color[1])
    return {"opacity": max(1, per_cent)} if per_cent < 100 else {}


def _dash(one: Mapping[str, Any]) -> Style:
    return {"dash": one["strokeStyle"]} if one.get("strokeStyle") in DASHES else {}


def _common(one: Mapping[str, Any]) -> Style:
    groups = one.get("groupIds")
    if isinstance(groups, list) and groups and isinstance(groups[-1], str) and 0 < len(groups[-1]) <= MAX_GROUP:
        return {"group": groups[-1]}
    return {}


def _ink(one: Mapping[str, Any]) -> Color | None:
    """Return the colour of the line or the type; None where it is transparent."""
    value = one.get("strokeColor")
    return _color(value) if isinstance(value, str) and parsed(value) is not None else ("#000000", 1.0)


def _color(value: object) -> Color | None:
    """Return a colour and its opacity; None for a transparent one or none."""
    color = parsed(value) if isinstance(value, str) else None
    return color if color is not None and color[1] > 0 else None
