"""What a change of the drawing has to paint again. Pure.

A board may hold tens of thousands of elements, and most changes are to one: everything here is quick about the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_

import numpy as np
from numpy.typing import NDArray

from .elements import Element, Path
from .geometry import Rect

Boxes = NDArray[np.float64]
"""Left, top, right and bottom of each element's ink in board units, shape (n, 4)."""


def common(old: Sequence[Element], new: Sequence[Element]) -> tuple[int, int]:
    """How many elements the two begin with alike, and how many of the rest they end with alike."""
    most = min(len(old), len(new))
    head = next((n for n, same in enumerate(map(is_, old, new)) if not same), most)
    ends = enumerate(map(is_, reversed(old), reversed(new)))
    tail = next((n for n, same in ends if not same or n == most - head), most - head)
    return head, tail


def damaged(old: Sequence[Element], new: Sequence[Element]) -> Rect | None:
    """A rectangle outside which painting `new` gives what painting `old` gave; None when nothing changed."""
    before, after = {id(element) for element in old}, {id(element) for element in new}
    stayed = [element for element in old if id(element) in after]
    kept = [element for element in new if id(element) in before]
    changed = [element for element in old if id(element) not in after]
    changed += [element for element in new if id(element) not in before]
    # Where the order of what stayed is another one, each of it may cover another part of its neighbours.
    changed += [] if all(map(is_, stayed, kept)) else stayed
    damage: Rect | None = None
    for element in changed:
        if not element.display:
            continue
        damage = element.bounds if damage is None else damage.union(element.bounds)
    return damage


def boxes(elements: Sequence[Element]) -> Boxes:
    """The boxes around the ink of `elements`."""
    found = np.empty((len(elements), 4))
    rows: list[int] = []
    paths: list[Path] = []
    for row, element in enumerate(elements):
        match element.display:
            case (Path() as path,):
                rows.append(row)
                paths.append(path)
            case _:
                bounds = element.bounds
                found[row] = bounds.x0, bounds.y0, bounds.x1, bounds.y1
    if paths:
        # All at once: one by one it takes longer than painting them.
        starts = np.cumsum([0, *(len(path.points) for path in paths[:-1])])
        columns = np.ascontiguousarray(np.concatenate([path.points for path in paths]).T)
        reach = np.array([path.width / 2 for path in paths])
        found[rows, :2] = (np.minimum.reduceat(columns, starts, axis=1) - reach).T
        found[rows, 2:] = (np.maximum.reduceat(columns, starts, axis=1) + reach).T
    return found


def reaching(boxes: Boxes, rect: Rect) -> NDArray[np.intp]:
    """Which of `boxes` have a point in common with `rect`: their numbers, in order."""
    left, top, right, bottom = boxes.T
    return np.flatnonzero((left <= rect.x1) & (rect.x0 <= right) & (top <= rect.y1) & (rect.y0 <= bottom))
