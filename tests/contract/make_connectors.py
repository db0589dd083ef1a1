"""The vectors that hold both languages to where bound lines end: ``python -m tests.contract.make_connectors``.

Each is a name, the fields of a line, the fields of the others by key, and the points that the line has then.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ipysketch.model.connector import followed
from ipysketch.model.elements import decode

VECTORS = Path(__file__).with_name("connectors.json")

Fields = dict[str, Any]

ARROW: Fields = {"kind": "arrow", "points": [0, 0, 800, 400], "color": "#1f77b4", "width": 24}
BOX: Fields = {"kind": "rectangle", "box": [1600, 800, 800, 400], "color": "#2ca02c", "width": 16}
ROUND: Fields = {**BOX, "kind": "ellipse", "box": [80, 2000, 640, 480]}
WORDS: Fields = {"kind": "text", "at": [4000, 400], "text": "here", "color": "#000000", "size": 192}
PICTURE: Fields = {"kind": "image", "box": [3200, 2400, 400, 400], "mime": "image/png", "data": "AAAA"}
OTHERS: dict[str, Fields] = {"box": BOX, "round": ROUND, "words": WORDS, "picture": PICTURE}
MIDDLE = [500, 500]


def cases() -> Iterator[tuple[str, Fields, dict[str, Fields]]]:
    """What is asked, with a name."""
    yield "bound to nothing", ARROW, OTHERS
    for one in OTHERS:
        yield f"to the middle of the {one}", {**ARROW, "to": [one, *MIDDLE]}, OTHERS
        yield f"from a corner of the {one}", {**ARROW, "from": [one, 0, 1000]}, OTHERS
        for other in OTHERS:
            yield (
                f"from the {one} to the {other}",
                {**ARROW, "from": [one, *MIDDLE], "to": [other, 250, 900]},
                OTHERS,
            )
    both = {"from": ["box", *MIDDLE], "to": ["round", *MIDDLE]}
    yield "a line", {**ARROW, "kind": "line", **both}, OTHERS
    yield "a stroke is bound to nothing", {**ARROW, "kind": "stroke", **both}, OTHERS
    yield "three points", {**ARROW, "points": [0, 0, 800, 400, -400, 1600], **both}, OTHERS
    yield (
        "moved and turned",
        {**ARROW, "offset": [80, -80], "transform": [0, 65536, -65536, 0], "to": both["to"]},
        OTHERS,
    )
    yield "what it is bound to is gone", {**ARROW, "to": ["gone", *MIDDLE]}, OTHERS
    yield "one of two is gone", {**ARROW, "from": ["gone", *MIDDLE], "to": ["box", *MIDDLE]}, OTHERS
    yield "bound to a line", {**ARROW, "to": ["line", *MIDDLE]}, {"line": {**ARROW, "kind": "line"}}
    yield "bound to what is no element", {**ARROW, "to": ["box", *MIDDLE]}, {"box": {**BOX, "box": []}}
    yield "to itself", {**ARROW, "from": ["box", 0, 0], "to": ["box", 1000, 1000]}, OTHERS
    yield "from inside", {**ARROW, "points": [2000, 1000, 8, 8], "to": ["box", *MIDDLE]}, OTHERS
    yield "from its anchor", {**ARROW, "points": [2000, 1000, 8, 8], "to": ["box", *MIDDLE]}, OTHERS
    yield "from beside", {**ARROW, "points": [1596, 1000, 8, 8], "to": ["box", *MIDDLE]}, OTHERS
    yield "straight down", {**ARROW, "points": [2000, 0, 8, 8], "to": ["box", *MIDDLE]}, OTHERS
    yield "to the corner of what is round", {**ARROW, "to": ["round", 0, 0]}, OTHERS
    for turned in ([0, 65536, -65536, 0], [56756, 32768, -32768, 56756], [-65536, 0, 30000, 131072]):
        others = {name: {**fields, "transform": turned, "offset": [33, -17]} for name, fields in OTHERS.items()}
        for one in OTHERS:
            yield f"to the {one} turned by {turned}", {**ARROW, "to": [one, *MIDDLE]}, others
    for size in ([0, 400], [800, 0], [0, 0]):
        flat = {"box": {**BOX, "box": [1600, 800, *size]}, "round": {**ROUND, "box": [1600, 800, *size]}}
        yield f"to a box of {size}", {**ARROW, "to": ["box", *MIDDLE]}, flat
        yield f"to an ellipse of {size}", {**ARROW, "to": ["round", *MIDDLE]}, flat
    wrong: list[Any] = [
        None,
        [],
        ["box"],
        ["box", 500],
        ["box", 500, 500, 1],
        ["box", -1, 500],
        ["box", 500, 1001],
        ["", 5, 5],
    ]
    wrong += [
        ["box", 500.5, 500],
        ["box", "500", 500],
        [7, 500, 500],
        "box",
        {"0": "box"},
        [True, 5, 5],
        ["box", True, 5],
    ]
    for value in wrong:
        yield f"to {value!r} is to nothing", {**ARROW, "to": value}, OTHERS
    yield "anchors of 500.0", {**ARROW, "to": ["box", 500.0, 250.0]}, OTHERS
    draw = random.Random(41)

    def some() -> int:
        return draw.randint(-9_000, 9_000)

    def turn() -> Fields:
        return {} if draw.random() < 0.5 else {"transform": [draw.randint(-150_000, 150_000) for _ in range(4)]}

    for number in range(60):
        name, fields = draw.choice([*OTHERS.items()])
        place = "at" if name == "words" else "box"
        sides = fields[place][2:] and [draw.randint(0, 4_000), draw.randint(0, 4_000)]
        there = {**fields, place: [some(), some(), *sides], "offset": [some(), some()], **turn()}
        line = {
            **ARROW,
            "points": [some() for _ in range(draw.choice([4, 4, 6]))],
            "width": draw.randint(1, 200),
        }
        end = draw.choice(["from", "to"])
        yield (
            f"any {number}",
            {**line, **turn(), end: [name, draw.randint(0, 1000), draw.randint(0, 1000)]},
            {name: there},
        )


def vector(name: str, fields: Fields, others: dict[str, Fields]) -> dict[str, Any]:
    """A name, fields and what they come to."""
    elements = {key: decode(key, each) for key, each in others.items()}
    return {"name": name, "fields": fields, "others": others, "followed": dict(followed(fields, elements.get))}


def written() -> str:
    """The file's text: a vector a line."""
    vectors = [json.dumps(vector(*case), separators=(",", ":")) for case in cases()]
    return "[\n" + ",\n".join(vectors) + "\n]\n"


if __name__ == "__main__":
    VECTORS.write_text(written())
