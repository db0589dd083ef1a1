"""Drawings of Excalidraw, read as elements."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipysketch.files.formats import from_bytes
from ipysketch.model.archive import LoadReport
from ipysketch.model.elements import Area, Arrow, Ellipse, Line, Stroke

from ...contract.gallery import BOARD, picture
from ...support.seeds import seeds
from .drawn import elements_of


def scene(*given_elements: dict[str, Any], **more: Any) -> LoadReport:
    common = {
        "x": 100, "y": 50, "width": 80, "height": 40, "angle": 0, "strokeColor": "#1e1e1e", "backgroundColor": "transparent",
        "strokeWidth": 2, "strokeStyle": "solid", "opacity": 100, "groupIds": [], "isDeleted": False,
    }  # fmt: skip
    content = {"type": "excalidraw", "elements": [{**common, **one} for one in given_elements], **more}
    return from_bytes(json.dumps(content).encode(), ".excalidraw", BOARD)


def test_elements_of_excalidraw() -> None:
    points = [[0, 0], [30, 10], [60, 0]]
    loaded = scene(
        {
            "type": "freedraw",
            "points": points,
            "pressures": [0, 0.5, 1],
            "simulatePressure": False,
            "strokeWidth": 1,
        },
        {"type": "line", "points": points, "strokeStyle": "dashed", "opacity": 60},
        {
            "type": "arrow",
            "points": points[:2],
            "startArrowhead": None,
            "endArrowhead": "arrow",
            "groupIds": ["a", "b"],
        },
        {"type": "rectangle", "backgroundColor": "#ffec99", "strokeStyle": "dotted"},
        {"type": "ellipse", "strokeColor": "#f00"},
        {"type": "text", "text": "Hi\nthere", "fontSize": 20, "textAlign": "left"},
    )
    stroke, line, arrow, rectangle, ellipse, text = elements_of(loaded)
    assert isinstance(stroke, Stroke)
    assert stroke.pressure is not None
    assert (stroke.width, stroke.points.tolist()) == (4, [[100, 50], [130, 60], [160, 50]])
    assert (line.encode()["dash"], line.opacity, line.color) == ("dashed", 0.6, "#1e1e1e")
    assert isinstance(arrow, Arrow)
    assert arrow.group == "b"
    assert rectangle.encode() == {
        "kind": "rectangle", "box": [800, 400, 640, 320], "color": "#1e1e1e", "width": 16, "dash": "dotted", "fill": "#ffec99",
    }  # fmt: skip
    assert (type(ellipse), ellipse.color) == (Ellipse, "#ff0000")
    assert (text.text, text.size, text.at) == ("Hi\nthere", 20, (100, 50))
    assert not loaded.skipped
    assert str(loaded) == "6 elements read"


def test_turned_shapes_diamonds_images_and_arrowheads() -> None:
    files = {"f": {"dataURL": f"data:image/png;base64,{picture('image/png')}"}}
    two = [[0, 0], [30, 10]]
    loaded = scene(
        {"type": "rectangle", "angle": math.pi / 2, "backgroundColor": "#fff"},
        {"type": "diamond"},
        {"type": "image", "fileId": "f", "width": 64, "height": 48},
        {"type": "arrow", "points": two, "startArrowhead": "dot", "endArrowhead": None},
        {"type": "arrow", "points": two, "startArrowhead": "dot", "endArrowhead": "arrow"},
        {"type": "arrow", "points": two},
        files=files,
    )
    turned, diamond, image, back, first, second, none = elements_of(loaded)
    assert isinstance(turned, Area)
    assert turned.fill == "#ffffff"
    assert turned.bounds.inflate(-1).y1 == pytest.approx(110)
    assert diamond.points[0].tolist() == [180, 70]
    assert image.encode()["box"] == [800, 400, 512, 384]
    assert back.points[-1].tolist() == [100, 50]
    assert [type(back), type(first), type(second), type(none)] == [Arrow, Arrow, Arrow, Line]
    assert [one.points.tolist() for one in (first, second)] == [[[115, 55], [100, 50]], [[115, 55], [130, 60]]]
    assert loaded.skipped == {"other head of an arrow, as a usual one": 2}


def test_what_excalidraw_has_besides_is_counted() -> None:
    loaded = scene(
        {"type": "frame"},
        {"type": "frame"},
        {"type": "rectangle", "x": None},
        {"type": "line", "points": [[0, "a"]]},
        {"type": "line", "points": []},
        {"type": "image", "fileId": "gone"},
        {"type": "rectangle", "x": 1e300},
        {"type": "rectangle", "isDeleted": True},
        {"type": "rectangle"},
    )
    assert len(loaded.items) == 1
    assert loaded.skipped["frame"] == 2
    assert loaded.skipped["broken rectangle"] >= 1
    assert loaded.skipped["broken line"] == 2
    assert loaded.skipped["broken image"] == 1


def test_a_scene_somewhere_else_comes_onto_the_board() -> None:
    loaded = scene({"type": "rectangle", "x": -5000, "y": -3000}, {"type": "rectangle", "x": 5000, "y": 9000})
    for element in elements_of(loaded):
        assert 0 <= element.bounds.x0 <= element.bounds.x1 <= BOARD[0]
        assert 0 <= element.bounds.y0 <= element.bounds.y1 <= BOARD[1]


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)
excalidraw = st.fixed_dictionaries(
    {"type": st.sampled_from(["freedraw", "line", "arrow", "rectangle", "diamond", "ellipse", "text", "image"]) | anything},
    optional={
        name: st.integers(-9, 99) | anything
        for name in ("x", "y", "width", "height", "angle", "points", "strokeWidth", "opacity", "fontSize", "text", "fileId",
                     "strokeColor", "backgroundColor", "groupIds", "pressures", "strokeStyle", "isDeleted")
    },
)  # fmt: skip


@settings(max_examples=len(seeds(150)))
@given(st.lists(excalidraw | anything, max_size=4), anything)
def test_any_scene_is_read_or_counted(found: list[Any], files: Any) -> None:
    data = msgspec.json.encode({"elements": found, "files": files})
    loaded = from_bytes(data, ".excalidraw", BOARD)
    living = [one for one in found if not isinstance(one, dict) or one.get("isDeleted") is not True]
    assert len(loaded.items) + loaded.skipped.total() >= len(living)
    assert all(item.element is not None for item in loaded.items)
