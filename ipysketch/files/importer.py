"""What all readers of other programs' drawings share. Pure.

A `Canvas` collects elements in the lengths of the other program and puts them on the board, smaller where they would
not fit.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..model.archive import Item, LoadReport
from ..model.elements import Text, decode
from ..model.elements.base import StyledElement
from ..model.elements.fields import EIGHTHS, MAX_WIDTH, REACH, flat
from ..model.elements.line import MAX_CORNERS
from ..model.elements.stroke import MAX_POINTS
from ..model.elements.typeset import BASELINE, MAX_SIZE, MAX_TEXT, advance
from ..model.geometry import Points, Rect

MOST = 100_000
"""Elements that are read of one file, at most."""
MARGIN = 20.0
"""Board units around a drawing that was made to fit."""

TYPICAL = 0.72
"""The width of a character that is not in the table below, in parts of its advance, which is an upper estimate."""
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
"""The widths of the characters from the space to the tilde in usual sans-serif fonts, in thousandths of the size."""

Style = dict[str, Any]


class Canvas:
    """Collects the elements of a file; coordinates are multiplied by `scale` and moved by (dx, dy), in board units."""

    def __init__(self, scale: float = 1.0, dx: float = 0.0, dy: float = 0.0) -> None:
        self._scale, self._move = scale, np.array((dx, dy))
        self._items: list[Item] = []
        self.skipped: Counter[str] = Counter()

    def loaded(self) -> LoadReport:
        """Return what was collected."""
        return LoadReport(tuple(self._items), self.skipped)

    def line(self, kind: str, points: Points, width: float, style: Style) -> None:
        """Add a stroke, line or arrow through `points`, in as many pieces as the limits of an element need."""
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

    def area(self, contours: Sequence[Points], width: float, style: Style) -> None:
        """Add what `contours` enclose; where it is too detailed for an element, with fewer points."""
        tracks = [self._placed(contour) for contour in contours if len(contour)]
        # The last point is the first one again.
        tracks = [track[:-1] if len(track) > 1 and (track[0] == track[-1]).all() else track for track in tracks]
        if not tracks:
            return
        if sum(map(len, tracks)) > MAX_POINTS:
            self.skipped["detail of a large area"] += 1
            step = 2
            while sum(-(-len(track) // step) for track in tracks) > MAX_POINTS and step < MAX_POINTS:
                step += 1
            tracks = [track[::step] for track in tracks][:MAX_POINTS]
        outlined = {"width": self._width(width)} if "color" in style else {}
        self.add({"kind": "area", "contours": [flat(track) for track in tracks], **style, **outlined})

    def bounds(self) -> Rect | None:
        """Return the rectangle around the points of what was added; None when that is nothing."""
        elements = [element for item in self._items if (element := item.element) is not None]
        boxes = [
            Rect.around(one.coordinates)
            if isinstance(one, StyledElement) and not isinstance(one, Text)
            else one.bounds
            for one in elements
        ]
        return functools.reduce(Rect.union, boxes) if boxes else None

    def box(self, kind: str, corners: Points, width: float, style: Style) -> None:
        """Add a rectangle or ellipse between two corners."""
        self.add({"kind": kind, "box": self.measured(corners), "width": self._width(width), **style})

    def text(self, text: str, x: float, baseline: float, size: float, style: Style, *, align: float) -> None:
        """Add a text whose first line stands on `baseline`; `align` is 0 where it begins at `x`, 0.5 where its middle
        is there, 1 where it ends there."""
        size = min(MAX_SIZE / EIGHTHS, max(1 / EIGHTHS, size * self._scale))
        at = self._placed(np.array([(x, baseline)]))[0] / EIGHTHS
        wide = max(map(typical_width, text.split("\n"))) * size
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
        """Return the box between two corners, as fields have it."""
        eighths = self._placed(corners)
        low, high = eighths.min(axis=0), eighths.max(axis=0)
        box: list[int] = [*low.tolist(), *(high - low).tolist()]
        return box

    def add(self, fields: Style) -> None:
        """Add an element; count the fields as skipped where they are none."""
        if len(self._items) >= MOST:
            self.skipped[f"elements after the first {MOST}"] += 1
        elif decode("", fields) is None:
            self.skipped[f"{fields['kind']} that cannot be drawn"] += 1
        else:
            self._items.append(Item(fields))

    def _placed(self, points: Points) -> Any:
        """Return `points` on the board, in eighths."""
        where = np.asarray(points, dtype=float) * self._scale + self._move
        if not np.isfinite(where).all() or np.abs(where).max() * EIGHTHS > REACH:
            raise ValueError("beyond every board")
        return np.rint(where * EIGHTHS).astype(np.int64)

    def _width(self, width: float) -> int:
        return max(1, min(MAX_WIDTH, round(width * self._scale * EIGHTHS)))


def typical_width(line: str) -> float:
    """Return the width of a line of text in a usual font, in parts of the size."""
    return sum(
        _WIDTHS[ord(letter) - 32] / 1000 if " " <= letter <= "~" else TYPICAL * advance(letter)
        for letter in line
    )


def fitting(
    low: Sequence[float], high: Sequence[float], board: tuple[float, float]
) -> tuple[float, float, float]:
    """Return the scale and the move that bring what lies between two corners onto `board`; 1, 0, 0 if it is there."""
    if low[0] >= 0 and low[1] >= 0 and high[0] <= board[0] and high[1] <= board[1]:
        return 1.0, 0.0, 0.0
    scales = [(side - 2 * MARGIN) / (b - a) for side, a, b in zip(board, low, high, strict=True) if b > a]
    scale = min(1.0, *scales) if scales else 1.0
    return scale, MARGIN - low[0] * scale, MARGIN - low[1] * scale
