"""Drawings of every kind of element, to be looked at and to be compared."""

from __future__ import annotations

import base64
import io
import itertools
import math
from typing import Any

import numpy as np
from PIL import Image

from ipysketch.model.elements import Element, decode

BOARD = (640, 360)

Fields = dict[str, Any]


def flat(points: list[tuple[float, float]]) -> list[int]:
    """Points in board units the way fields keep them."""
    eighths = np.rint(np.array(points) * 8).astype(int)
    steps: list[int] = np.diff(eighths, axis=0, prepend=[[0, 0]]).ravel().tolist()
    return steps


def loops(x: float, y: float, size: float, count: int = 80) -> list[tuple[float, float]]:
    """A way that crosses itself often."""
    turns = [4 * math.tau * n / count for n in range(count)]
    return [
        (x + 1.6 * size * n / count + size * math.cos(t), y + size * math.sin(t)) for n, t in enumerate(turns)
    ]


def picture(mime: str) -> str:
    """Base64 of a picture of 64 × 48 pixels: colours, and for PNG a hole."""
    ys, xs = np.mgrid[0:48, 0:64]
    pixels = np.stack(
        [xs * 4, ys * 5, 255 - xs * 3, np.where((xs - 32) ** 2 + (ys - 24) ** 2 < 100, 0, 255)], axis=-1
    )
    image = Image.fromarray(pixels.astype(np.uint8))
    stream = io.BytesIO()
    if mime == "image/png":
        image.save(stream, "PNG")
    else:
        image.convert("RGB").save(stream, "JPEG", quality=95)
    return base64.b64encode(stream.getvalue()).decode()


def gallery() -> dict[str, list[Fields]]:
    """Fields by the name of what they show, each in the place it has on the whole board."""
    stroke = {"kind": "stroke", "color": "#1f77b4", "width": 64}
    pressure = [int(127 + 127 * math.sin(n / 5)) for n in range(80)]
    flow = {**stroke, "look": "flow"}
    pace = [0] + [int(20 + 18 * math.sin(n / 7)) for n in range(79)]
    ends = [(450, 300), (480, 345), (500, 296), (520, 340), (580, 300)]
    corners = [
        (ax + (bx - ax) * n / 6, ay + (by - ay) * n / 6)
        for (ax, ay), (bx, by) in itertools.pairwise(ends)
        for n in range(6)
    ] + ends[-1:]
    shape = {"color": "#2ca02c", "width": 32}
    line = {"kind": "line", "color": "#d62728", "width": 40}
    arrow = {**line, "kind": "arrow", "color": "#9467bd"}
    return {
        "stroke": [
            {**stroke, "points": flat(loops(40, 40, 22))},
            {**stroke, "points": flat(loops(120, 40, 22)), "pressure": pressure},
            {**stroke, "points": flat([(30, 90)]), "width": 120},
            {**stroke, "points": flat([(50, 80), (90, 100), (110, 76)]), "offset": [80, 40]},
        ],
        "translucent stroke": [
            {**stroke, "points": flat(loops(220, 40, 22)), "opacity": 40},
            {**stroke, "points": flat(loops(300, 40, 22)), "opacity": 40, "pressure": pressure},
        ],
        "highlighter": [
            {"kind": "highlighter", "color": "#ffcc00", "width": 160, "points": flat(loops(400, 40, 20))},
            {"kind": "highlighter", "color": "#00cc44", "width": 160, "points": flat([(380, 30), (460, 60)])},
            {**stroke, "color": "#000000", "points": flat([(420, 96), (480, 96)])},
            {"kind": "highlighter", "color": "#ffee00", "width": 160, "points": flat([(425, 92), (475, 100)]), "opacity": 90},
        ],
        "flowing stroke": [
            {**flow, "points": flat(loops(450, 262, 16)), "times": pace, "width": 40},
            {**flow, "points": flat(corners), "times": [0] + [24] * 24, "opacity": 40, "width": 80},
            {**flow, "points": flat(loops(560, 262, 6)), "times": pace, "width": 160, "color": "#e377c2"},
            {**flow, "points": flat([(610, 300)]), "width": 64},
            {**flow, "points": flat([(600, 320), (603, 330), (598, 340)]), "times": [0, 40, 40]},
        ],
        "line": [
            {**line, "points": flat([(500, 20), (560, 60), (620, 20)])},
            {**line, "points": flat([(500, 50), (560, 90), (620, 50)]), "dash": "dashed"},
            {**line, "points": flat([(500, 80), (560, 120), (620, 80)]), "dash": "dotted", "opacity": 60},
        ],
        "arrow": [
            {**arrow, "points": flat([(20, 150), (120, 130)])},
            {**arrow, "points": flat([(20, 180), (80, 160), (120, 190)]), "dash": "dashed"},
            {**arrow, "points": flat([(20, 210), (120, 210)]), "opacity": 40, "width": 80},
            {**arrow, "points": flat([(100, 230), (108, 232)]), "width": 16},
        ],
        "rectangle": [
            {**shape, "kind": "rectangle", "box": [1120, 1080, 640, 320]},
            {**shape, "kind": "rectangle", "box": [1200, 1160, 640, 320], "fill": "#ffe08a", "opacity": 50, "width": 96},
            {**shape, "kind": "rectangle", "box": [1120, 1520, 720, 320], "dash": "dashed", "fill": "#eeeeff"},
            {**shape, "kind": "rectangle", "box": [1120, 1900, 720, 0]},
        ],
        "ellipse": [
            {**shape, "kind": "ellipse", "box": [2000, 1080, 640, 320]},
            {**shape, "kind": "ellipse", "box": [2080, 1160, 640, 320], "fill": "#8ad0ff", "opacity": 50, "width": 96},
            {**shape, "kind": "ellipse", "box": [2000, 1520, 720, 320], "dash": "dotted"},
        ],
        "area": [
            {"kind": "area", "contours": [flat([(262, 282), (312, 254), (362, 282), (312, 300)]), flat([(292, 278), (332, 278), (312, 290)])],
             "fill": "#e377c2", "rule": "evenodd"},
            {"kind": "area", "contours": [flat([(380, 250), (420, 340), (350, 280), (410, 280), (342, 340)])], "fill": "#17becf", **shape, "opacity": 60},
        ],
        "text": [
            {"kind": "text", "at": [2880, 1040], "size": 192, "color": "#000000", "text": "Will it hold?\n  Grüße, Ωmega"},
            {"kind": "text", "at": [2880, 1560], "size": 320, "color": "#d62728", "text": "<b>& big", "opacity": 50},
        ],
        "image": [
            {"kind": "image", "box": [160, 1960, 800, 600], "mime": "image/png", "data": picture("image/png")},
            {"kind": "image", "box": [1040, 2040, 800, 600], "mime": "image/jpeg", "data": picture("image/jpeg")},
            {"kind": "image", "box": [1960, 1960, 640, 800], "mime": "image/png", "data": picture("image/png"), "opacity": 40},
        ],
    }  # fmt: skip


def elements(fields: list[Fields]) -> list[Element]:
    """What fields are."""
    found = [decode(str(number), one) for number, one in enumerate(fields)]
    assert None not in found
    return [element for element in found if element is not None]


def everything() -> list[Element]:
    """The whole board."""
    return elements([fields for part in gallery().values() for fields in part])
