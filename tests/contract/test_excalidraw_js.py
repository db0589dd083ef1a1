"""Excalidraw's clipboard: what one language writes looks the same to the other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ipysketch.files.formats import read
from ipysketch.files.write_excalidraw import to_excalidraw
from ipysketch.model.archive import Item
from ipysketch.model.elements import decode

from ..support.node import WEB, says
from .gallery import gallery
from .make_elements import AREA, ARROW, ELLIPSE, HIGHLIGHTER, IMAGE, LINE, RECTANGLE, STROKE, TEXT

TURN = [46341, 46341, -46341, 46341]
"""By 45 degrees."""
FIELDS: dict[str, dict[str, Any]] = {
    **{
        fields["kind"]: fields
        for fields in (STROKE, HIGHLIGHTER, LINE, ARROW, RECTANGLE, ELLIPSE, AREA, TEXT, IMAGE)
    },
    **{
        f"turned {fields['kind']}": {**fields, "transform": TURN, "offset": [2400, 1600]}
        for fields in (STROKE, RECTANGLE, ELLIPSE, AREA, IMAGE)
    },
    "words": {**RECTANGLE, "text": "two words", "size": 160},
    "styled": {**RECTANGLE, "fill": "#ccffcc", "dash": "dotted", "opacity": 50, "group": "g", "lock": True},
}
KEPT = ("fill", "opacity", "dash")


def asked(all_fields: list[dict[str, Any]], text: str = "") -> Any:
    given = json.dumps({"all": all_fields, "text": text})
    return json.loads(says("tests/contract/excalidraw.mjs", str(WEB), given=given))


def box(fields: dict[str, Any]) -> tuple[float, float, float, float]:
    element = decode("k", fields)
    assert element is not None
    return element.bounds.x0, element.bounds.y0, element.bounds.x1, element.bounds.y1


def around(boxes: list[tuple[float, float, float, float]]) -> list[float]:
    return [*(min(one[i] for one in boxes) for i in (0, 1)), *(max(one[i] for one in boxes) for i in (2, 3))]


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
def test_each_reads_what_the_other_writes(fields: dict[str, Any]) -> None:
    python = to_excalidraw([Item(fields, "k")]).decode()
    answer = asked([fields], python)
    ours = [item.fields for item in read(answer["written"].encode(), ".excalidraw").items]
    for found in (ours, answer["read"]):
        assert found, "nothing was read"
        assert around([box(one) for one in found]) == pytest.approx(box(fields), abs=2.5)
        for name in KEPT:
            if name in fields and name != "fill":
                assert all(one.get(name) == fields[name] for one in found)
    alone = {"k": json.loads(python)["elements"], "k0": json.loads(answer["written"])["elements"]}
    assert [one["type"] for one in alone["k"]] == [one["type"] for one in alone["k0"]]


def test_a_whole_gallery_is_written_alike() -> None:
    fields = [one for part in gallery().values() for one in part]
    both = (json.loads(asked(fields)["written"]), json.loads(to_excalidraw([Item(one, "k") for one in fields])))
    ours, python = ([(one["type"], one["strokeColor"]) for one in content["elements"]] for content in both)
    assert ours == python
    assert len(ours) > 30


@pytest.mark.parametrize(
    "text",
    [
        "",
        "words",
        "{",
        '{"type": "other", "elements": []}',
        '{"type": "excalidraw", "elements": 7}',
        "[1]",
    ],
)
def test_another_text_is_no_drawing(text: str) -> None:
    assert asked([], text)["read"] is None


def test_a_broken_element_is_left_out() -> None:
    whole = {"type": "rectangle", "x": 1, "y": 2, "width": 3, "height": 4, "strokeColor": "#1e1e1e"}
    broken: list[Any] = [
        *(None, 7, {}, {"type": "line"}, {**whole, "x": "1e9"}, {**whole, "isDeleted": True}),
        {"type": "image", "fileId": "f", "x": 0, "y": 0, "width": 1, "height": 1},
        {"type": "freedraw", "points": [[None, 0]], "x": 0, "y": 0, "strokeColor": "#000000"},
    ]
    text = json.dumps({"type": "excalidraw/clipboard", "elements": [*broken, whole]})
    assert [one["box"] for one in asked([], text)["read"]] == [[8, 16, 24, 32]]
