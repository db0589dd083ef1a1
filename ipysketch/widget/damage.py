"""The part of a drawing that a change paints again. Pure.

A board may hold tens of thousands of elements, and most changes are to one: the time spent on all the others counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_

import numpy as np
from numpy.typing import NDArray

from ..model.elements import Element, Fill, Path, prepare
from ..model.geometry import Points, Rect

Boxes = NDArray[np.float64]
"""Left, top, right and bottom of each element's ink in board units, shape (n, 4)."""


def common_ends(old: Sequence[Element], new: Sequence[Element]) -> tuple[int, int]:
    """Return how many elements both begin with, and how many of the rest both end with."""
    most = min(len(old), len(new))
    head = next((n for n, same in enumerate(map(is_, old, new)) if not same), most)
    ends = enumerate(map(is_, reversed(old), reversed(new)))
    tail = next((n for n, same in ends if not same or n == most - head), most - head)
    return head, tail


def damaged(old: Sequence[Element], new: Sequence[Element]) -> Rect | None:
    """Return a rectangle outside which `new` looks as `old` does; None when nothing changed."""
    before, after = {id(element) for element in old}, {id(element) for element in new}
    old_order = [element for element in old if id(element) in after]
    new_order = [element for element in new if id(element) in before]
    changed = [element for element in old if id(element) not in after]
    changed += [element for element in new if id(element) not in before]
    # In another order, each element in both may cover another part of its neighbours.
    changed += [] if all(map(is_, old_order, new_order)) else old_order
    damage: Rect | None = None
    for element in changed:
        if not element.display:
            continue
        damage = element.bounds if damage is None else damage.union(element.bounds)
    return damage


def bounding_boxes(elements: Sequence[Element]) -> Boxes:
    """Return boxes that hold the ink of `elements`."""
    prepare(elements)
    boxes = np.empty((len(elements), 4))
    rows: list[int] = []
    ways: list[Points] = []
    reaches: list[float] = []
    for row, element in enumerate(elements):
        match element.display:
            # The controls of a curve go farther than its ink: a box around them is as good.
            case (Path(points, _, width),):
                rows.append(row)
                ways.append(points)
                reaches.append(width / 2)
            case (Fill((points,), curved=True),):
                rows.append(row)
                ways.append(points)
                reaches.append(0.0)
            case _:
                bounds = element.bounds
                boxes[row] = bounds.x0, bounds.y0, bounds.x1, bounds.y1
    if ways:
        # All at once: one by one takes longer than painting them.
        starts = np.cumsum([0, *(len(points) for points in ways[:-1])])
        columns = np.ascontiguousarray(np.concatenate(ways).T)
        reach = np.array(reaches)
        boxes[rows, :2] = (np.minimum.reduceat(columns, starts, axis=1) - reach).T
        boxes[rows, 2:] = (np.maximum.reduceat(columns, starts, axis=1) + reach).T
    return boxes


def overlapping(boxes: Boxes, rect: Rect) -> NDArray[np.intp]:
    """Return the numbers of the `boxes` that have a point in common with `rect`, in order."""
    left, top, right, bottom = boxes.T
    return np.flatnonzero((left <= rect.x1) & (rect.x0 <= right) & (top <= rect.y1) & (rect.y0 <= bottom))
