"""What other programs' drawings have in common when they become elements. Pure.

A `Canvas` collects elements given in the other program's lengths, and puts them on the board: as large as they are
where they fit, else smaller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from .elements import decode
from .elements.fields import EIGHTHS, MAX_WIDTH, REACH, flat
from .elements.line import MAX_CORNERS
from .elements.stroke import MAX_POINTS
from .elements.text import BASELINE, MAX_SIZE, MAX_TEXT, advance
from .geometry import Points
from .items import Item, Loaded

MOST = 100_000
"""Elements of one file."""
MARGIN = 20.0
"""Board units around a drawing that was moved to fit."""

USUAL = 0.72
"""How much of its advances a line of text takes in a usual font; they are an upper estimate."""

Style = dict[str, Any]


class Canvas:
    """Collects what a file shows; lengths are times `scale`, and then moved by (dx, dy), in board units."""

    def __init__(self, scale: float = 1.0, dx: float = 0.0, dy: float = 0.0) -> None:
        self._scale, self._move = scale, np.array((dx, dy))
        self._items: list[Item] = []
        self.skipped: Counter[str] = Counter()

    def loaded(self) -> Loaded:
        """What was collected."""
        return Loaded(tuple(self._items), self.skipped)

    def line(self, kind: str, points: Points, width: float, style: Style) -> None:
        """A stroke, line or arrow through `points`, in as many pieces as it needs."""
        eighths = self._placed(points)
        most = MAX_POINTS if kind == "stroke" else MAX_CORNERS
        for start in range(0, max(1, len(eighths) - 1), most - 1):
            piece = eighths[start : start + most]
            last = start + most >= len(eighths)
            self.add({
                "kind": "line" if kind == "arrow" and not last else kind,
                "points": flat(piece),
                "width": self._width(width),
                **style,
            })  # fmt: skip

    def box(self, kind: str, corners: Points, width: float, style: Style) -> None:
        """A rectangle or ellipse between two corners."""
        self.add({"kind": kind, "box": self.measured(corners), "width": self._width(width), **style})

    def text(self, text: str, x: float, baseline: float, size: float, align: float, style: Style) -> None:
        """Text whose first line stands on `baseline`; `align` is 0 where it begins at x, 0.5 and 1 where it has its
        middle and its end there."""
        size = min(MAX_SIZE / EIGHTHS, max(1 / EIGHTHS, size * self._scale))
        at = self._placed(np.array([(x, baseline)]))[0] / EIGHTHS
        wide = USUAL * max(map(advance, text.split("\n"))) * size
        corner = np.rint((at - (align * wide, BASELINE * size)) * EIGHTHS).astype(np.int64).tolist()
        if len(text) > MAX_TEXT:
            self.skipped["characters of a long text"] += len(text) - MAX_TEXT
        self.add(
            {
                "kind": "text",
                "at": corner,
                "text": text[:MAX_TEXT],
                "size": max(1, round(size * EIGHTHS)),
                **style,
            }
        )

    def measured(self, corners: Points) -> list[int]:
        """The box between two corners."""
        eighths = self._placed(corners)
        low, high = eighths.min(axis=0), eighths.max(axis=0)
        box: list[int] = [*low.tolist(), *(high - low).tolist()]
        return box

    def add(self, fields: Style) -> None:
        """Take an element, or count it where it is none."""
        if len(self._items) >= MOST:
            self.skipped[f"elements after the first {MOST}"] += 1
        elif decode("", fields) is None:
            self.skipped[f"{fields['kind']} that cannot be drawn"] += 1
        else:
            self._items.append(Item(fields))

    def _placed(self, points: Points) -> Any:
        """`points` on the board, in eighths."""
        where = np.asarray(points, dtype=float) * self._scale + self._move
        if not np.isfinite(where).all() or np.abs(where).max() * EIGHTHS > REACH:
            raise ValueError("beyond every board")
        return np.rint(where * EIGHTHS).astype(np.int64)

    def _width(self, width: float) -> int:
        return max(1, min(MAX_WIDTH, round(width * self._scale * EIGHTHS)))


def fitting(
    low: Sequence[float], high: Sequence[float], board: tuple[float, float]
) -> tuple[float, float, float]:
    """The scale and the movement that bring what lies between two corners onto `board`; none where it lies there."""
    if low[0] >= 0 and low[1] >= 0 and high[0] <= board[0] and high[1] <= board[1]:
        return 1.0, 0.0, 0.0
    rooms = [(side - 2 * MARGIN) / (b - a) for side, a, b in zip(board, low, high, strict=True) if b > a]
    scale = min(1.0, *rooms) if rooms else 1.0
    return scale, MARGIN - low[0] * scale, MARGIN - low[1] * scale
