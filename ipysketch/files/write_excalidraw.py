"""Elements as a drawing of Excalidraw. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np

from ..model.archive import Item
from ..model.elements import Arrow, Element, Ellipse, Highlighter, Line, Page, Rectangle, Stroke, Text
from ..model.elements.display import DisplayImage, Fill, Path, TextRun, polylined
from ..model.elements.typeset import LEADING, advance
from ..model.geometry import Points

PEN = 4
"""How much wider than its lines Excalidraw's own pen is."""
HELVETICA = 2
"""The number of its font without serifs."""
DETAIL = 0.1
"""Board units that a polyline may differ from the curve that it stands for."""


def to_excalidraw(items: Iterable[Item], key: str = "drawing") -> bytes:
    """Return the elements of one page, the lowest first, as a file of Excalidraw.

    What it has no kind for, such as turned shapes, is lines there; raises nothing: what is no element is left out."""
    scene: list[dict[str, Any]] = []
    files: dict[str, Any] = {}
    for number, item in enumerate(items):
        element = item.element
        if element is None or isinstance(element, Page):
            continue
        parts = list(_parts(element, f"{item.key or key}-{number}", files))
        group = [item.fields["group"]] if element.group else []
        if len(parts) > 1:
            group.insert(0, f"{item.key or key}-{number}")
        lock = item.fields.get("lock") is True
        for part, fields in enumerate(parts):
            scene.append({
                **_COMMON,
                "id": f"{item.key or key}-{number}-{part}",
                "seed": len(scene) + 1,
                "versionNonce": len(scene) + 1,
                "opacity": round(100 * element.opacity),
                "groupIds": group,
                "locked": lock,
                **fields,
            })  # fmt: skip
    content = {"type": "excalidraw", "version": 2, "source": "ipysketch", "elements": scene}
    return msgspec.json.encode({**content, "appState": {"viewBackgroundColor": "#ffffff"}, "files": files})


_COMMON: dict[str, Any] = {
    "angle": 0,
    "strokeColor": "transparent",
    "backgroundColor": "transparent",
    "fillStyle": "solid",
    "strokeWidth": 1,
    "strokeStyle": "solid",
    "roughness": 0,
    "frameId": None,
    "roundness": None,
    "version": 1,
    "isDeleted": False,
    "boundElements": None,
    "updated": 1,
    "link": None,
}


def _parts(element: Element, key: str, files: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the fields of what stands for an element."""
    match element:
        case Stroke() | Highlighter():
            pressure = getattr(element, "pressure", None)
            yield {
                **_line("freedraw", element.points, element.color, element.width / PEN),
                "pressures": [] if pressure is None else np.round(pressure, 3).tolist(),
                "simulatePressure": pressure is None and getattr(element, "look", "even") == "flow",
            }
        case Arrow() | Line():
            yield {
                **_line(element.kind, element.points, element.color, element.width, element.dash),
                "startArrowhead": None,
                "endArrowhead": "arrow" if element.kind == "arrow" else None,
            }
        case Rectangle() | Ellipse() if element.affine is None:
            box = element.box
            yield {
                "type": element.kind,
                **_box(box.x0, box.y0, box.x1, box.y1),
                **_inked(element.color, element.width, element.dash),
                "backgroundColor": element.fill or "transparent",
            }
            for run in element.words.runs if element.words else ():
                yield from _primitive(run, key, files)
        case Text() if element.affine is None:
            lines = element.text.split("\n") if element.wrap is None else list(element.lines)
            wide = max(advance(line) for line in lines) * element.size
            high = LEADING * element.size * len(lines)
            x, y = element.at
            yield _text("\n".join(lines), (x, y, wide, high), element.size, element.color)
        case _:
            for part in polylined([element.display], DETAIL)[0]:
                yield from _primitive(part, key, files)


def _primitive(
    part: Path | Fill | TextRun | DisplayImage, key: str, files: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    match part:
        case Path():
            dash = "" if not part.dash else "dotted" if part.dash[0] == 0 else "dashed"
            yield {
                **_line("line", part.points, part.color, part.width, dash),
                "backgroundColor": part.fill or "transparent",
            }
        case Fill():
            for contour in part.contours:
                closed = np.concatenate([contour, contour[:1]])
                yield {**_line("line", closed, "transparent", 1), "backgroundColor": part.color}
        case TextRun():
            angle, scale, (x, y) = _turn(part.affine, (part.left + part.width / 2, part.y - part.size / 4))
            wide, high = part.width * scale, LEADING * part.size * scale
            size = part.size * scale
            yield {
                **_text(part.text, (x - wide / 2, y - high * 0.56, wide, high), size, part.color),
                "angle": angle,
                "textAlign": "center" if part.middle else "left",
            }
        case DisplayImage():
            box = part.box
            angle, _, (x, y) = _turn(part.affine, ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2))
            a, b, c, d = part.affine[:4] if part.affine else (1.0, 0.0, 0.0, 1.0)
            wide, high = (box.x1 - box.x0) * math.hypot(a, b), (box.y1 - box.y0) * math.hypot(c, d)
            files[key] = {
                "id": key,
                "mimeType": part.mime,
                "dataURL": f"data:{part.mime};base64,{part.data}",
                "created": 1,
            }
            yield {
                "type": "image",
                **_box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2),
                "angle": angle,
                "fileId": key,
                "status": "saved",
                "scale": [1, -1 if a * d - b * c < 0 else 1],
            }


def _turn(
    affine: tuple[float, ...] | None, middle: tuple[float, float]
) -> tuple[float, float, tuple[float, float]]:
    """Return the angle and the scale of a map, as far as it is those, and where it puts `middle`."""
    if affine is None:
        return 0.0, 1.0, middle
    a, b, c, d, e, f = affine
    x, y = middle
    return math.atan2(b, a), math.sqrt(abs(a * d - b * c)), (a * x + c * y + e, b * x + d * y + f)


def _line(kind: str, points: Points, color: str, width: float, dash: str = "") -> dict[str, Any]:
    """Return a line: Excalidraw has its points from the first one on."""
    (x, y), (wide, high) = points[0].tolist(), np.ptp(points, axis=0).tolist()
    return {
        "type": kind,
        "x": _number(x),
        "y": _number(y),
        "width": _number(wide),
        "height": _number(high),
        "points": np.round(points - points[0], 3).tolist(),
        "lastCommittedPoint": None,
        **_inked(color, width, dash),
    }


def _text(text: str, box: tuple[float, ...], size: float, color: str) -> dict[str, Any]:
    x, y, wide, high = box
    return {
        "type": "text",
        **_box(x, y, x + wide, y + high),
        **_inked(color, 1),
        "text": text,
        "originalText": text,
        "fontSize": _number(size),
        "fontFamily": HELVETICA,
        "textAlign": "left",
        "verticalAlign": "top",
        "containerId": None,
        "lineHeight": LEADING,
        "autoResize": True,
    }


def _inked(color: str, width: float, dash: str = "") -> dict[str, Any]:
    return {"strokeColor": color, "strokeWidth": _number(width), "strokeStyle": dash or "solid"}


def _box(x0: float, y0: float, x1: float, y1: float) -> dict[str, float]:
    return {"x": _number(x0), "y": _number(y0), "width": _number(x1 - x0), "height": _number(y1 - y0)}


def _number(value: float) -> float:
    return round(float(value), 3)
