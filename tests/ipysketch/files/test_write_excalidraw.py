"""Drawings written for Excalidraw: what is written is a scene, and looks the same when it is read again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from ipysketch.files.formats import read, written
from ipysketch.files.rasterize import raster
from ipysketch.model.archive import Item
from ipysketch.model.elements import Element

from ...contract.gallery import everything
from ...contract.make_elements import IMAGE, RECTANGLE, STROKE, TEXT
from .drawn import PAGES, TWO, element, elements_of

TURN = [46341, 46341, -46341, 46341]
"""By 45 degrees."""
KINDS = {
    "stroke": {"kind": "stroke", "points": [800, 800, 400, 80, -80, 400], "color": "#d1495b", "width": 32},
    "pressure": {
        **{"kind": "stroke", "points": [800, 800, 400, 80, -80, 400], "color": "#d1495b", "width": 32},
        "pressure": [40, 250, 90],
    },
    "highlighter": {"kind": "highlighter", "points": [800, 800, 1600, 0], "color": "#f5c518", "width": 128},
    "line": {"kind": "line", "points": [800, 800, 800, 400], "color": "#1f77b4", "width": 48, "dash": "dashed"},
    "arrow": {"kind": "arrow", "points": [800, 800, 1600, 400], "color": "#1f77b4", "width": 32},
    "rectangle": {
        "kind": "rectangle",
        "box": [800, 800, 1600, 800],
        "color": "#2a8f3c",
        "width": 24,
        "fill": "#ccffcc",
    },
    "ellipse": {
        "kind": "ellipse",
        "box": [800, 800, 1600, 800],
        "color": "#2a8f3c",
        "width": 24,
        "opacity": 50,
    },
    "text": {"kind": "text", "at": [800, 800], "text": "Two\nlines", "size": 320, "color": "#000000"},
}


def scene(drawing: Iterable[Item | Element], **options: Any) -> Any:
    return json.loads(written(drawing, ".excalidraw", **options))


@pytest.mark.parametrize("fields", KINDS.values(), ids=KINDS)
def test_each_kind_comes_back_as_that(fields: dict[str, Any]) -> None:
    before: Any = element(**fields)
    loaded = read(written([before], ".excalidraw"), ".excalidraw")
    assert loaded.skipped == {}
    [after] = elements_of(loaded)
    assert after.kind == ("stroke" if before.kind == "highlighter" else before.kind)
    assert after.color == before.color
    for side in ("x0", "y0", "x1", "y1"):
        assert getattr(after.bounds, side) == pytest.approx(getattr(before.bounds, side), abs=1)
    assert after.opacity == before.opacity


@pytest.mark.parametrize("name", ["rectangle", "ellipse", "text"])
def test_what_is_turned_looks_the_same(name: str) -> None:
    [one, *_] = [element(**{**KINDS[name], "transform": TURN, "offset": [2400, 1600]})]
    content = scene([one])
    if name == "text":
        assert content["elements"][0]["angle"] == pytest.approx(np.pi / 4, abs=1e-3)
        assert len({tuple(part["groupIds"]) for part in content["elements"]}) == 1, "its lines are together"
        return
    loaded = elements_of(read(json.dumps(content).encode(), ".excalidraw"))
    difference = np.abs(
        raster([one], 640, 360, (1280, 720)).astype(int) - raster(loaded, 640, 360, (1280, 720))
    )
    assert (difference.max(axis=2) > 128).mean() < 1e-3


def test_a_picture_is_in_the_file() -> None:
    content = scene([element(**IMAGE)])
    [picture] = content["elements"]
    [file] = content["files"].values()
    assert picture["type"] == "image"
    assert picture["fileId"] == file["id"]
    assert file["dataURL"].endswith(IMAGE["data"])
    [after] = elements_of(read(json.dumps(content).encode(), ".excalidraw"))
    assert after.bounds.x1 - after.bounds.x0 == pytest.approx(IMAGE["box"][2] / 8, abs=0.5)


def test_one_page_is_written_and_every_element_has_what_excalidraw_asks_for() -> None:
    assert len(scene(PAGES, page=TWO)["elements"]) == 2
    content = scene(everything())
    ids = [one["id"] for one in content["elements"]]
    assert len(set(ids)) == len(ids) > 10
    for one in content["elements"]:
        assert {"id", "type", "x", "y", "width", "height", "angle", "seed", "version", "groupIds"} <= set(one)
        if one["type"] in ("line", "arrow", "freedraw"):
            assert one["points"][0] == [0, 0]
    assert content["type"] == "excalidraw"


def test_groups_and_locks_are_kept() -> None:
    items = [
        Item({**fields, "group": "g", "lock": True}, f"k{n}") for n, fields in enumerate((STROKE, RECTANGLE))
    ]
    assert all(one["groupIds"][-1] == "g" and one["locked"] for one in scene(items)["elements"])
    assert scene([Item(TEXT, "t"), Item({"kind": "spiral"}, "s")])["elements"][0]["groupIds"] == []
