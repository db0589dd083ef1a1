"""Drawings of Excalidraw as elements. Pure."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from .elements.fields import DASHES
from .elements.text import BASELINE
from .errors import SketchError
from .foreign import Canvas, Style, fitting
from .geometry import Points
from .items import Loaded
from .pictures import image_fields

_HEX = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_NAMES = {"black": "#000000", "white": "#ffffff", "red": "#ff0000", "green": "#008000", "blue": "#0000ff"}
FARTHEST = 1_000_000

_BROKEN = (KeyError, TypeError, ValueError, OverflowError, IndexError)


def from_excalidraw(data: bytes, board: tuple[float, float]) -> Loaded:
    """The elements of a file of Excalidraw, on `board`; raises `SketchError` when it is none."""
    try:
        content = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SketchError(f"is not JSON, as a drawing of Excalidraw is: {error}") from None
    if not isinstance(content, dict) or not isinstance(elements := content.get("elements"), list):
        raise SketchError("is JSON, but no drawing of Excalidraw")
    living = [one for one in elements if isinstance(one, dict) and one.get("isDeleted") is not True]
    files = content.get("files")
    canvas = Canvas(*_fitting(living, board))
    if broken := sum(not isinstance(one, dict) for one in elements):
        canvas.skipped["broken element"] = broken
    for one in living:
        kind = str(one.get("type"))[:40]
        try:
            if not _read(canvas, kind, one, files if isinstance(files, dict) else {}):
                canvas.skipped[kind] += 1
        except (*_BROKEN, SketchError):
            canvas.skipped[f"broken {kind}"] += 1
    return canvas.loaded()


def _read(canvas: Canvas, kind: str, one: Mapping[str, Any], files: Mapping[str, Any]) -> bool:
    """Take one element; whether its kind is known."""
    width, turned = _float(one.get("strokeWidth", 1)), abs(_float(one.get("angle") or 0)) > 1e-3
    match kind:
        case "freedraw":
            points, style = _points(one), _style(one, dash=False)
            pressures = one.get("pressures")
            if (
                one.get("simulatePressure") is False
                and isinstance(pressures, list)
                and len(pressures) == len(points)
            ):
                style["pressure"] = [round(255 * min(1.0, max(0.0, _float(value)))) for value in pressures]
            # Excalidraw's own pen is about four times as wide as its lines.
            canvas.line("stroke", points, 4 * width, style)
        case "line" | "arrow":
            _line(canvas, one, width)
        case "rectangle" | "ellipse" if not turned:
            canvas.box(kind, _corners(one), width, _style(one, fill=True))
        case "rectangle" | "diamond" | "ellipse":
            if _color(one.get("backgroundColor")) is not None:
                canvas.skipped[f"fill of a {'diamond' if kind == 'diamond' else 'turned ' + kind}"] += 1
            canvas.line("line", _turned(one, _outline(kind, _corners(one))), width, _style(one))
        case "text":
            if turned:
                canvas.skipped["turn of a text"] += 1
            size, (x, y) = _float(one["fontSize"]), _corners(one)[0].tolist()
            canvas.text(str(one["text"]), x, y + BASELINE * size, size, 0.0, _style(one))
        case "image":
            if turned:
                canvas.skipped["turn of an image"] += 1
            address = str(files[one["fileId"]]["dataURL"])
            source = base64.b64decode(address.partition(";base64,")[2], validate=True)
            fields = image_fields(source, [part / 8 for part in canvas.measured(_corners(one))])
            canvas.add({**fields, **_common(one)})
        case _:
            return False
    return True


def _line(canvas: Canvas, one: Mapping[str, Any], width: float) -> None:
    points, style = _points(one), _style(one)
    if len(points) > 2 and one.get("roundness"):
        canvas.skipped["curve of a line"] += 1
    if one.get("type") == "line" and _color(one.get("backgroundColor")) is not None:
        canvas.skipped["fill of a line"] += 1
    begins, ends = one.get("startArrowhead") is not None, one.get("endArrowhead") is not None
    if begins and ends:
        canvas.skipped["second head of an arrow"] += 1
    if begins and not ends:
        points = points[::-1]
    canvas.line("arrow" if begins or ends else "line", points, width, style)


def _fitting(elements: list[dict[str, Any]], board: tuple[float, float]) -> tuple[float, float, float]:
    """How the whole scene comes onto the board."""
    found = []
    for one in elements:
        try:
            found.append(_points(one) if isinstance(one.get("points"), list) else _corners(one))
        except _BROKEN:
            continue
    if not found:
        return 1.0, 0.0, 0.0
    points = np.concatenate(found)
    return fitting(points.min(axis=0).tolist(), points.max(axis=0).tolist(), board)


def _float(value: object) -> float:
    """A number that a scene may hold: one element far away would make all others too small to see."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FARTHEST:
        raise ValueError("not a number")
    return float(value)


def _corners(one: Mapping[str, Any]) -> Points:
    x, y, wide, high = (_float(one[name]) for name in ("x", "y", "width", "height"))
    return np.array([(x, y), (x + wide, y + high)])


def _points(one: Mapping[str, Any]) -> Points:
    points = np.array([(_float(x), _float(y)) for x, y, *_ in one["points"]])
    if len(points) == 0:
        raise ValueError("no points")
    return _turned(one, points + np.array((_float(one["x"]), _float(one["y"]))))


def _turned(one: Mapping[str, Any], points: Points) -> Points:
    """`points` turned about the middle of the element."""
    angle = _float(one.get("angle") or 0)
    if not angle:
        return points
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    cosine, sine = math.cos(angle), math.sin(angle)
    x, y = (points - middle).T
    turned: Points = middle + np.column_stack([x * cosine - y * sine, x * sine + y * cosine])
    return turned


def _outline(kind: str, corners: Points) -> Points:
    """The closed line around a shape."""
    (x0, y0), (x1, y1) = corners
    if kind == "rectangle":
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])
    turns = np.linspace(0, math.tau, 5 if kind == "diamond" else 65)
    halves = np.array(((x1 - x0) / 2, (y1 - y0) / 2))
    outline: Points = (corners[0] + corners[1]) / 2 + np.column_stack([np.cos(turns), np.sin(turns)]) * halves
    return outline


def _style(one: Mapping[str, Any], *, dash: bool = True, fill: bool = False) -> Style:
    style = {"color": _color(one.get("strokeColor")) or "#000000", **_common(one)}
    if one.get("type") != "text" and dash and one.get("strokeStyle") in DASHES:
        style["dash"] = one["strokeStyle"]
    if fill and (inside := _color(one.get("backgroundColor"))) is not None:
        style["fill"] = inside
    return style


def _common(one: Mapping[str, Any]) -> Style:
    common: Style = {}
    if (opacity := round(_float(one.get("opacity", 100)))) < 100:
        common["opacity"] = max(1, opacity)
    groups = one.get("groupIds")
    if isinstance(groups, list) and groups and isinstance(groups[-1], str) and 0 < len(groups[-1]) <= 64:
        common["group"] = groups[-1]
    return common


def _color(value: object) -> str | None:
    """#rrggbb, or None for what is transparent or no colour."""
    if not isinstance(value, str):
        return None
    if value in _NAMES:
        return _NAMES[value]
    if not _HEX.fullmatch(value):
        return None
    digits = "".join(2 * digit for digit in value[1:]) if len(value) < 7 else value[1:]
    return None if digits[6:] == "00" else f"#{digits[:6].lower()}"
