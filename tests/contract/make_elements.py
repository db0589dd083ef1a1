"""The vectors that hold every implementation of ``docs/reference/elements.md`` to it: ``python -m tests.contract.make_elements``.

Each is a name, some fields, and the element they are: null for none, or its kind, opacity, bounds, discs with whether
they hit it, and its display list. Numbers are to be met within 1e-6.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

import numpy as np

from ipysketch.model.elements import DisplayImage, Element, Fill, Path, Primitive, decode
from ipysketch.model.elements.transform import MOST, UNIT, Affine

VECTORS = File(__file__).with_name("elements.json")
EXACT = 1e-5
"""How far from the edge of the ink every disc ends, so that no rounding decides."""

Fields = dict[str, Any]

REACH = 1_000_000
STROKE: Fields = {"kind": "stroke", "points": [80, 160, 40, -24, 40, 80], "color": "#D62728", "width": 32}
HIGHLIGHTER: Fields = {
    "kind": "highlighter",
    "points": [80, 160, 400, 24, -200, 80],
    "color": "#ffee00",
    "width": 160,
}
LINE: Fields = {"kind": "line", "points": [80, 160, 800, 240, -160, 400], "color": "#1f77b4", "width": 24}
ARROW: Fields = {**LINE, "kind": "arrow"}
RECTANGLE: Fields = {"kind": "rectangle", "box": [80, 160, 800, 400], "color": "#2ca02c", "width": 16}
ELLIPSE: Fields = {**RECTANGLE, "kind": "ellipse"}
AREA: Fields = {
    "kind": "area",
    "contours": [[80, 160, 800, 0, -400, 640], [320, 240, 160, 80, 160, -80]],
    "fill": "#ffcc00",
    "color": "#2ca02c",
    "width": 16,
}
TEXT: Fields = {"kind": "text", "at": [80, 160], "text": "will it\nhold?", "color": "#000000", "size": 192}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE: Fields = {"kind": "image", "box": [80, 160, 800, 400], "mime": "image/png", "data": PIXEL}
PAGE: Fields = {"kind": "page", "name": "Sketches"}
EVERY = [STROKE, HIGHLIGHTER, LINE, ARROW, RECTANGLE, ELLIPSE, AREA, TEXT, IMAGE, PAGE]


def cases() -> Iterator[tuple[str, Fields]]:
    """What is asked, with a name."""
    for fields in EVERY:
        yield fields["kind"], fields
    yield from common()
    yield from lines()
    yield from boxes()
    yield from areas()
    yield from texts()
    yield from images()
    yield from transforms()
    yield "page without a name", {"kind": "page"}
    yield "page of an empty name", {"kind": "page", "name": ""}
    yield "page of 80 characters", {"kind": "page", "name": "😀" * 80}
    yield "page of 81 characters", {"kind": "page", "name": "a" * 81}
    yield "page with ink", {**PAGE, "points": [1, 2], "color": "#000000", "width": 8}
    yield "no fields", {}
    yield "no kind", {key: value for key, value in STROKE.items() if key != "kind"}
    for kind in ("spiral", "Stroke", "", None, 1, ["stroke"], {"stroke": 1}, True, "constructor", "__proto__"):
        yield f"kind {kind!r}", {**STROKE, "kind": kind}


def common() -> Iterator[tuple[str, Fields]]:
    """The fields that every kind with ink has."""
    for fields in EVERY[:-1]:
        kind = fields["kind"]
        yield f"{kind} moved", {**fields, "offset": [240, -400]}
        yield f"{kind} moved out of range", {**fields, "offset": [0, REACH]}
        yield f"{kind}, translucent", {**fields, "opacity": 50}
        yield f"{kind} in a group", {**fields, "group": "g1", "place": "front", "unknown": [1, {"a": None}]}
    for offset in (
        None,
        [],
        [8],
        [8, 8, 8],
        [8, 8.5],
        [8, "8"],
        [8, True],
        "88",
        {"0": 8, "1": 8},
        [None, None],
    ):
        yield f"offset {offset!r} is none", {**STROKE, "offset": offset}
    yield "offset 8.0 is 8", {**STROKE, "offset": [8.0, -0.0]}
    yield "offset beyond every whole number is none", {**STROKE, "offset": [2**53, 0]}
    yield "offset of the largest whole number", {**STROKE, "offset": [2**53 - 1, 0]}
    yield "offset from one end to the other", {**STROKE, "points": [-REACH, 0], "offset": [2 * REACH, 0]}
    yield "offset one too far", {**STROKE, "points": [-REACH, 0], "offset": [2 * REACH + 1, 0]}
    yield "offset back from out of range", {**STROKE, "points": [REACH + 8, 0], "offset": [-800, 0]}
    for opacity in (0, 1, 100, 101, -5, 40.5, 40.0, "40", None, True):
        yield f"opacity {opacity!r}", {**LINE, "opacity": opacity}
        yield f"highlighter of opacity {opacity!r}", {**HIGHLIGHTER, "opacity": opacity}
    for color in (
        "#ABCDEF",
        "#abc",
        "red",
        "#12345g",
        "#1234567",
        "#123456\n",
        " #123456",
        "",
        None,
        0,
        ["#000000"],
    ):
        for fields in (STROKE, LINE, ELLIPSE, TEXT):
            yield f"{fields['kind']} of colour {color!r}", {**fields, "color": color}
    for width in (1, 1600, 0, -8, 1601, 8.0, 8.5, "8", None, True, 10**30):
        for fields in (STROKE, HIGHLIGHTER, ARROW, RECTANGLE):
            yield f"{fields['kind']} of width {width!r}", {**fields, "width": width}
    for dash in ("dashed", "dotted", "", "Dashed", None, 1, ["dashed"]):
        for fields in (STROKE, ARROW, RECTANGLE):
            yield f"{fields['kind']} with dash {dash!r}", {**fields, "dash": dash}
    yield "thin dashes are as a line's of one unit", {**LINE, "width": 1, "dash": "dashed"}
    yield "thin dots too", {**LINE, "width": 4, "dash": "dotted"}


def transforms() -> Iterator[tuple[str, Fields]]:
    """What is turned, scaled and flipped."""
    quarter, half = [0, UNIT, -UNIT, 0], [UNIT // 2, 0, 0, UNIT // 2]
    for fields in EVERY[:-1]:
        kind = fields["kind"]
        yield f"{kind} turned by 30°", {**fields, "transform": [56_756, 32_768, -32_768, 56_756]}
        if kind != "ellipse":  # Its outline has many points.
            yield f"{kind} of half its size, moved", {**fields, "transform": half, "offset": [80, -40]}
            yield f"{kind} flipped and sheared", {**fields, "transform": [-UNIT, 1000, 30_000, 2 * UNIT]}
    wrong: list[object] = [
        None,
        [],
        [UNIT],
        [UNIT] * 5,
        [UNIT, 0, 0, 0.5],
        [UNIT, 0, 0, "1"],
        [True, 0, 0, UNIT],
    ]
    wrong += [[UNIT, 0, UNIT, 0], [0, 0, 0, 0], [MOST + 1, 0, 0, UNIT], {"0": UNIT}, "1001", [UNIT, 0, 0, UNIT]]
    for value in wrong:
        yield f"transform {value!r} is none", {**RECTANGLE, "transform": value}
    yield "transform of the largest parts", {**STROKE, "transform": [MOST, 0, 0, MOST]}
    yield "transform out of range", {**STROKE, "points": [0, 0, 80_000, 0], "transform": [MOST, 0, 0, UNIT]}
    yield "a text's transform out of range is not", {**TEXT, "transform": [MOST, 0, 0, MOST]}
    yield "transform of 65536.0", {**RECTANGLE, "transform": [0.0, 65536.0, -65536.0, 0]}
    yield "a turned box without a width", {**RECTANGLE, "box": [8, 16, 0, 80], "transform": quarter}
    yield "a turned dot", {**RECTANGLE, "box": [8, 16, 0, 0], "transform": quarter, "fill": "#ffcc00"}


def lines() -> Iterator[tuple[str, Fields]]:
    """What is made of points."""
    wrong = [
        None,
        "8, 8",
        [],
        [8],
        [8, 8, 8],
        [8, "8"],
        [8, True],
        [8, None],
        [8, 8.5],
        [[8, 8]],
        {"0": 8, "1": 8},
    ]
    wrong += [[REACH + 1, 0], [0, -REACH - 1], [REACH, 0, 1, 0], [10**30, 0], [1e300, 0]]
    for fields in (STROKE, HIGHLIGHTER, LINE, ARROW):
        kind = fields["kind"]
        for points in wrong:
            yield f"{kind} of points {points!r}", {**fields, "points": points}
        yield f"{kind} of one point", {**fields, "points": [80, 160]}
        yield f"{kind} of two equal points", {**fields, "points": [80, 160, 0, 0]}
        yield f"{kind} of many equal points", {**fields, "points": [80, 160] + [0, 0] * 5}
        yield f"{kind} from end to end", {**fields, "points": [-REACH, -REACH, 2 * REACH, 2 * REACH]}
        yield f"{kind} of points 8.0", {**fields, "points": [8.0, 8.0, 80.0, 8.0]}
        yield f"{kind}, negative", {**fields, "points": [-81, -163, -37, 11, 5, -90]}
        yield f"{kind} there and back", {**fields, "points": [0, 0, 160, 0, -160, 0, 0, 80]}
    yield (
        "stroke of eight points",
        {**STROKE, "points": [80, 80, 33, 9, -7, 51, 40, -60, 0, 0, 13, 13, -90, 4, 8, 8]},
    )
    yield "a stroke's times", {**STROKE, "times": [0, 8, 16], "pressure": None}
    yield "a stroke's times of another number", {**STROKE, "times": [0, 8]}
    for pressure in ([0, 128, 255], [255, 255, 255], [0, 0, 0], [90, 200.0, 30]):
        yield f"stroke under pressure {pressure}", {**STROKE, "pressure": pressure}
        yield f"highlighter under pressure {pressure}", {**HIGHLIGHTER, "pressure": pressure}
    for value in ([0, 128], [0, 128, 256], [0, 128, -1], [0, 128, None], [0, 128, 1.5], "012", [], None, 7):
        yield f"pressure {value!r} is none", {**STROKE, "pressure": value}
    yield "a dot under pressure", {**STROKE, "points": [80, 160], "pressure": [255]}
    yield "a thin stroke under pressure", {**STROKE, "width": 2, "pressure": [0, 9, 255]}
    for look in ("flow", "even", "", "Flow", "flow2", None, 1, ["flow"]):
        yield f"stroke of look {look!r}", {**STROKE, "times": [0, 16, 16], "look": look}
        yield f"stroke of look {look!r} under pressure", {**STROKE, "pressure": [90, 200, 30], "look": look}
        yield f"highlighter of look {look!r}", {**HIGHLIGHTER, "times": [0, 16, 16], "look": look}
    flow: Fields = {**STROKE, "look": "flow"}
    yield "a tap", {**flow, "points": [80, 160]}
    yield "a tap under pressure", {**flow, "points": [80, 160], "pressure": [255]}
    yield "a tap that trembles", {**flow, "points": [80, 160, 2, 0, -1, 3], "times": [0, 30, 40]}
    yield "a tap in one place", {**flow, "points": [80, 160, 0, 0, 0, 0], "times": [0, 30, 40]}
    yield "a flowing stroke without times", flow
    yield "a flowing stroke in no time", {**flow, "times": [0, 0, 0]}
    yield "a flowing stroke with times of another number", {**flow, "times": [0, 16]}
    wave = [80, 800] + [value for n in range(40) for value in (24, round(40 * math.sin(n / 4)))]
    pace = [0] + [2 + n % 30 for n in range(40)]
    yield "a wave", {**flow, "points": wave, "times": pace, "width": 48}
    yield "a wave under pressure", {**flow, "points": wave, "pressure": [6 * n for n in range(41)], "width": 48}
    yield "a wave with a pause", {**flow, "points": wave, "times": [*pace[:20], 2**31, *pace[21:]]}
    yield "a broad wave", {**flow, "points": wave, "times": pace, "width": 400}
    yield "a wave of many samples", {**flow, "points": [80, 800, *[3, 1, 2, -2, 4, 1] * 30], "times": [1] * 91}
    corners = [80, 80, 80, 0, 80, 0, -80, 0, 0, 80, 0, 80, 80, -80, -80, 80, 0, 0]
    yield "a stroke with corners", {**flow, "points": corners, "times": [16] * 9}
    yield "a stroke with corners, moved and translucent", {
        **flow, "points": corners, "times": [16] * 9, "offset": [-81, 33], "opacity": 40
    }  # fmt: skip
    yield "an arrow shorter than its head", {**ARROW, "points": [80, 80, 16, 0]}
    yield "an arrow that ends where it stays", {**ARROW, "points": [80, 80, 800, 80, 0, 0, 0, 0]}
    yield "a thick arrow", {**ARROW, "points": [80, 80, 3200, 0], "width": 160}
    yield "an arrow downwards", {**ARROW, "points": [80, 80, 0, 800]}


def boxes() -> Iterator[tuple[str, Fields]]:
    """What has a box."""
    wrong: list[object] = [None, [], [0, 0, 8], [0, 0, 8, 8, 8], [0, 0, -1, 8], [0, 0, 8, -1]]
    wrong += [
        [0, 0, 8, 8.5],
        [0, 0, "8", 8],
        [REACH, 0, 1, 0],
        [0, REACH, 0, 1],
        [-REACH - 1, 0, 8, 8],
        [0, 0, REACH + 1, 0],
        "0088",
        [0, 0, True, 8],
    ]
    for fields in (RECTANGLE, ELLIPSE, IMAGE):
        kind = fields["kind"]
        for box in wrong:
            yield f"{kind} in {box!r}", {**fields, "box": box}
        for box in (
            [8, 16, 0, 80],
            [8, 16, 80, 0],
            [8, 16, 0, 0],
            [-REACH, -REACH, REACH, REACH],
            [-33, -71, 3, 5.0],
        ):
            yield f"{kind} in {box}", {**fields, "box": box, "fill": "#FFCC00", "dash": "dotted"}
        yield f"{kind} with a fill", {**fields, "fill": "#FFCC00"}
        yield f"{kind}, dashed, filled, moved, translucent", {
            **fields, "fill": "#ffcc00", "dash": "dashed", "offset": [-8, 8], "opacity": 30
        }  # fmt: skip
    for fill in ("yellow", "#fff", "", None, 0, ["#ffffff"]):
        yield f"fill {fill!r} is none", {**RECTANGLE, "fill": fill}


def areas() -> Iterator[tuple[str, Fields]]:
    """What has contours."""
    inner, around = {"color": None, "width": None}, {"fill": None}
    for rule in ("evenodd", "nonzero", "", None, 1, ["evenodd"]):
        yield f"area of rule {rule!r}", {**AREA, **inner, "rule": rule}
    turned = [AREA["contours"][0], [640, 240, -160, 80, -160, -80]]
    yield "area with a hole that is turned the other way", {**AREA, **inner, "contours": turned}
    star = [[400, 0, 240, 760, -640, -480, 800, 0, -640, 480]]
    for rule in ("evenodd", ""):
        yield f"a star of rule {rule!r}", {**AREA, **inner, "contours": star, "rule": rule}
    yield "area with a line alone", {**AREA, **around, "dash": "dashed"}
    yield "area of nothing to see", {**AREA, **inner, **around}
    yield "area with a colour and no width is not outlined", {**AREA, "width": 0}
    yield "area with a width and no colour is not outlined", {**AREA, "color": "red"}
    yield "area of a dot, a line there and back, and a triangle", {
        **AREA, "contours": [[80, 80], [800, 80, 80, 0], [80, 400, 400, 0, 0, 400]]
    }  # fmt: skip
    wrong: list[object] = [None, [], {}, "12", [[]], [[8, 8], []], [[8]], [[8, 8.5]], [[8, 8], None], [8, 8]]
    wrong += [[[8, True]], [[REACH + 1, 0]], [[0, 0], [0, REACH, 0, 1]], {"0": [8, 8]}]
    for contours in wrong:
        yield f"area of contours {contours!r}", {**AREA, "contours": contours}
    yield "area of contours 8.0", {**AREA, "contours": [[8.0, 8.0, 80.0, 0, 0, 80.0]]}
    yield "area of which one contour is moved too far", {**AREA, "offset": [REACH - 879, 0]}


def texts() -> Iterator[tuple[str, Fields]]:
    """Texts."""
    for text in (None, "", 7, ["a"], True):
        yield f"text {text!r}", {**TEXT, "text": text}
    for text in (
        "a",
        "ijlftI'|.,:;!()[] ",
        "mwMW@%",
        "ABCXYZ0189{}<>",
        "漢字かなカナ한글",
        "ｆｕｌｌ　width",
        "日本 and € — “q”",
    ):
        yield f"text {text!r}", {**TEXT, "text": text}
    yield "emoji", {**TEXT, "text": "😀⌚✂️👩‍💻⬛"}
    yield "text from right to left", {**TEXT, "text": "שלום عالم"}
    yield "a tab", {**TEXT, "text": "a\tb"}
    yield "lines of nothing", {**TEXT, "text": "\n\na\n\n"}
    yield "one line break", {**TEXT, "text": "\n"}
    yield "hidden characters", {**TEXT, "text": "a\r\x00\x07\x1b[0m\x7f\x85b\ufffe\uffff\r\nc"}
    yield "half a pair", {**TEXT, "text": "a\ud800b\udc00"}
    yield "nothing but hidden characters", {**TEXT, "text": "\x00\x01"}
    yield "text like markup", {**TEXT, "text": '<b>&amp; "it\'s" ]]></b>'}
    yield "text with spaces", {**TEXT, "text": "  a   b  "}
    yield "a line of spaces", {**TEXT, "text": "a\n  \nb"}
    yield "lines of a tab and of wider spaces", {**TEXT, "text": "\t\n\u00a0\n\u3000\n\u2003\ufeff"}
    yield "200 pairs are 200 characters", {**TEXT, "text": "😀" * 200}
    for size in (1, 8000, 0, 8001, -8, 192.0, 192.5, "192", None, True):
        yield f"text of size {size!r}", {**TEXT, "size": size}
    for at in (None, [], [8], [8, 8, 8], [8, 8.5], [REACH + 1, 0], [-REACH, REACH], [8.0, 8.0]):
        yield f"text at {at!r}", {**TEXT, "at": at}
    yield "text has no width", {**TEXT, "width": -1, "dash": "dashed"}
    yield from wraps()
    yield from worded()


WORDS = (
    "The quick brown fox jumps over the lazy dog",
    "two  spaces   between    and at the end   \n\n   and before",
    "Donaudampfschifffahrtsgesellschaft in Bonn",
    "吾輩は猫である。名前はまだ無い（笑）、と「言った」。",
    "mixed 漢字 and words, 50% of them (here) “so”",
    "👩‍💻👩🏽‍🚀❤️1️⃣éééé a‍b",
    "a\tb\x00c\ud800d MWMWMW iiiiiiii",
)


def wraps() -> Iterator[tuple[str, Fields]]:
    """Texts that are as wide as they may be."""
    for words in WORDS:
        for wrap in (40, 700, 1400, 2500):
            yield f"text {words!r} of {wrap}", {**TEXT, "text": words, "wrap": wrap}
    for value in (1, 0, -8, REACH, REACH + 1, 800.0, 800.5, "800", None, True):
        yield f"text that wraps at {value!r}", {**TEXT, "text": "to be or not", "wrap": value}
    yield "a turned text that wraps", {**TEXT, "wrap": 800, "transform": [0, UNIT, -UNIT, 0], "offset": [8, 16]}
    yield "a text exactly as wide as it may be", {**TEXT, "size": 100, "text": "aaaa aaaa b", "wrap": 514}
    yield "a text an eighth wider than it may be", {**TEXT, "size": 100, "text": "aaaa aaaa b", "wrap": 513}


def worded() -> Iterator[tuple[str, Fields]]:
    """Texts in shapes."""
    for words in ("yes", WORDS[0], WORDS[3], WORDS[0] * 4):
        yield f"rectangle with {words!r}", {**RECTANGLE, "text": words}
    yield "ellipse with words", {**ELLIPSE, "text": WORDS[0]}
    for size in (80, 400, 1, 8000, 0, 192.5, "192", None):
        yield f"rectangle with words of size {size!r}", {**RECTANGLE, "text": "so it is", "size": size}
    for text in ("", None, 7, ["a"], "a" * 10_001, "\x00", " ", "\n"):
        yield f"rectangle with text {text!r:.20}", {**RECTANGLE, "text": text}
    for fill in ("#2CA02C", "#ffee00", "#102030"):
        yield f"words on {fill}", {**RECTANGLE, "color": fill, "fill": fill, "text": "seen"}
    for ink in ("#ABCDEF", "red", None, 1):
        yield f"rectangle with words in {ink!r}", {**RECTANGLE, "text": "ink", "ink": ink, "fill": "#ffee00"}
    for matrix in (
        [0, UNIT, -UNIT, 0], [-UNIT, 0, 0, UNIT], [UNIT, 0, 0, -UNIT], [-UNIT, 0, 0, -UNIT],
        [UNIT // 2, 0, 0, 3 * UNIT], [UNIT, 1000, 30_000, 2 * UNIT], [56_756, 32_768, -32_768, 56_756],
    ):  # fmt: skip
        yield f"rectangle with words, turned by {matrix}", {**RECTANGLE, "text": WORDS[0], "transform": matrix}
    yield "a line with words", {**RECTANGLE, "box": [8, 16, 0, 80], "text": "none"}
    yield "a narrow rectangle with words", {**RECTANGLE, "box": [8, 16, 80, 80], "text": "none", "opacity": 40}
    yield "a line has no words", {**LINE, "text": "none", "size": 80}


def images() -> Iterator[tuple[str, Fields]]:
    """Images."""
    for mime in ("image/jpeg", "image/gif", "image/svg+xml", "IMAGE/PNG", "", None, 1, ["image/png"]):
        yield f"image of type {mime!r}", {**IMAGE, "mime": mime}
    for data in (
        "",
        "A",
        "AAA",
        "AAA=",
        "AA==",
        "A===",
        "AAAA\n",
        "AA-_",
        "AAAA AAAA",
        "====",
        None,
        7,
        ["AAAA"],
    ):
        yield f"image of data {data!r}", {**IMAGE, "data": data}
    yield "image has no colour", {**IMAGE, "color": 1, "width": -1}


def vector(name: str, fields: Fields) -> dict[str, Any]:
    """A name, fields and what they are."""
    element = decode("k", fields)
    return {"name": name, "fields": fields, "element": None if element is None else described(element)}


def described(element: Element) -> dict[str, Any]:
    """What an implementation must find of `element`."""
    box = element.bounds
    return {
        "kind": element.kind,
        "opacity": element.opacity,
        "bounds": numbers(box.x0, box.y0, box.x1, box.y1),
        "hits": [[*disc, element.hit(*disc)] for disc in discs(element)],
        "display": [primitive(part) for part in element.display],
    }


def discs(element: Element) -> Iterator[tuple[float, float, float]]:
    """Discs in, around and beside the ink; never where rounding decides."""
    box = element.bounds
    wide, high = max(8.0, box.x1 - box.x0), max(8.0, box.y1 - box.y0)
    for across, down, radius in (
        (0.5, 0.5, 0.0), (0.5, 0.5, 5.0), (0.0, 0.0, 3.0), (0.07, 0.5, 0.0), (0.5, 0.93, 1.0), (-0.1, 0.5, 0.0),
        (0.9, 1.2, 4.0), (1.1, 1.1, 1e4),
    ):  # fmt: skip
        x, y = round(box.x0 + across * wide, 1), round(box.y0 + down * high, 1)
        if element.hit(x, y, radius + EXACT) == element.hit(x, y, max(0.0, radius - EXACT)):
            yield x, y, radius


def primitive(part: Primitive) -> dict[str, Any]:
    """A primitive as JSON."""
    if isinstance(part, Path):
        return {
            "path": [numbers(*point) for point in part.points.tolist()],
            "color": part.color,
            "width": part.width,
            "dash": list(part.dash),
            "fill": part.fill,
            "curved": part.curved,
        }
    if isinstance(part, Fill):
        contours = [[numbers(*point) for point in one.tolist()] for one in part.contours]
        return {"area": contours, "color": part.color, "evenodd": part.even_odd, "curved": part.curved}
    if isinstance(part, DisplayImage):
        box = numbers(part.box.x0, part.box.y0, part.box.x1, part.box.y1)
        return {"picture": box, "mime": part.mime, **put(part.affine)}
    return {
        "text": part.text,
        "at": numbers(part.x, part.y),
        "size": part.size,
        "color": part.color,
        "width": numbers(part.width)[0],
        **put(part.affine),
        **({"middle": True} if part.middle else {}),
    }


def put(affine: Affine | None) -> dict[str, Any]:
    """How a text or an image is put where it is seen, if it is."""
    return {} if affine is None else {"affine": numbers(*affine)}


def numbers(*values: float) -> list[float]:
    """Short enough to read, and exact enough: rounded to 1e-7."""
    assert all(math.isfinite(value) for value in values)
    return [0.0 if value == 0 else value for value in np.round(values, 7).tolist()]


def written() -> str:
    """The file's text: a vector a line."""
    vectors = [json.dumps(vector(*case), separators=(",", ":")) for case in cases()]
    return "[\n" + ",\n".join(vectors) + "\n]\n"


if __name__ == "__main__":
    VECTORS.write_text(written())
