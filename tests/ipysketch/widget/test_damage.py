"""What a change of the drawing has to paint again."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from ipysketch.model.elements import Element, decode
from ipysketch.model.geometry import Rect
from ipysketch.widget.damage import bounding_boxes, common_ends, damaged, overlapping
from ipysketch.widget.renderer import Renderer

from ...contract.make_elements import EVERY, LINE, STROKE
from ...support.patching import replace


def meet(a: Rect, b: Rect) -> bool:
    """Whether two rectangles have a point in common."""
    return a.x0 <= b.x1 and b.x0 <= a.x1 and a.y0 <= b.y1 and b.y0 <= a.y1


def made(fields: dict[str, Any], **more: Any) -> Element:
    element = decode("k", {**fields, **more})
    assert element is not None
    return element


def board(count: int, seed: int) -> list[Element]:
    pick = random.Random(seed)
    points = [
        [8 * pick.randrange(600), 8 * pick.randrange(300), 80, 8 * pick.randrange(10)] for _ in range(count)
    ]
    return [made(LINE, points=each) for each in points]


@pytest.mark.parametrize("seed", range(50))
def test_the_ends_that_two_drawings_have_in_common(seed: int) -> None:
    pick = random.Random(seed)
    old = board(pick.randrange(6), seed)
    new = [element for element in old if pick.random() < 0.8]
    if pick.random() < 0.5:
        new.insert(pick.randrange(len(new) + 1), made(LINE))
    head, tail = common_ends(old, new)
    assert head + tail <= min(len(old), len(new))
    assert old[:head] == new[:head]
    assert old[len(old) - tail :] == new[len(new) - tail :]
    middle = old[head : len(old) - tail], new[head : len(new) - tail]
    if all(middle):
        assert middle[0][0] is not middle[1][0]
        assert middle[0][-1] is not middle[1][-1]


def test_boxes_hold_the_bounds_of_every_kind() -> None:
    flow = made(STROKE, points=[800, 800] + 12 * [40, 8], look="flow", times=[0] + 12 * [16])
    assert len(flow.display) == 1, "one outline"
    elements = [made(fields) for fields in EVERY]
    elements += [made(STROKE, width=80), made(STROKE, points=[8, 8]), flow]
    bounds = np.array([(each.bounds.x0, each.bounds.y0, each.bounds.x1, each.bounds.y1) for each in elements])
    boxes = bounding_boxes(elements)
    assert (boxes[:, :2] <= bounds[:, :2] + 1e-9).all()
    assert (boxes[:, 2:] >= bounds[:, 2:] - 1e-9).all()
    # Only the controls of curves go farther than what is seen.
    straight = [number for number, each in enumerate(elements) if each.kind not in ("stroke", "highlighter")]
    np.testing.assert_allclose(boxes[straight], bounds[straight])
    np.testing.assert_allclose(boxes, bounds, atol=30)
    assert bounding_boxes([]).shape == (0, 4)


def test_what_reaches_into_a_rectangle() -> None:
    elements = board(200, 1)
    rect = Rect(100, 100, 200, 150)
    found = overlapping(bounding_boxes(elements), rect).tolist()
    assert found == [n for n, element in enumerate(elements) if meet(element.bounds, rect)]
    assert 0 < len(found) < 100


@pytest.mark.parametrize("seed", range(20))
def test_only_what_reaches_into_the_damage_is_painted_again(seed: int) -> None:
    pick = random.Random(seed)
    renderer = Renderer(640, 360)
    painted: list[list[Element]] = []
    replace(renderer, "_draw_all", lambda elements, clip=None: painted.append(list(elements)))
    elements = board(60, seed)
    renderer.paint(elements)
    for _ in range(10):
        before, elements = elements, list(elements)
        gone = elements.pop(pick.randrange(len(elements)))
        elements.insert(
            pick.randrange(len(elements) + 1), made(LINE, points=[800, 800, 80, pick.randrange(80)])
        )
        painted.clear()
        renderer.paint(elements)
        (again,) = painted
        assert [each for each in elements if each in again] == again, "in their order"
        assert all(each in again for each in elements if each not in before or meet(each.bounds, gone.bounds))
        assert len(again) < len(elements)


def test_a_page_among_the_elements_damages_nothing() -> None:
    page, stroke = made({"kind": "page", "name": "Two"}), made(STROKE)
    assert damaged([page, stroke], [stroke]) is None
    assert damaged([page, stroke], [page]) == stroke.bounds
