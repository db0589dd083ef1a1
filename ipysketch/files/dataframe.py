"""Strokes as a DataFrame: one row for each point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import SketchError
from ..model.elements import Stroke

if TYPE_CHECKING:
    import pandas


def to_dataframe(strokes: Sequence[Stroke]) -> pandas.DataFrame:
    """Return a DataFrame with a row for each point.

    Its columns are ``stroke`` (its key), ``author``, ``color``, ``width``, ``seq``, ``point`` (its number in the
    stroke), ``x`` and ``y`` in board units, ``t`` in seconds since the stroke began, and ``pressure`` from 0 to 1; what
    was not measured is NaN. Raises `SketchError` without pandas.
    """
    try:
        import pandas  # noqa: PLC0415  # an extra
    except ImportError:
        raise SketchError("a DataFrame needs pandas; run: pip install pandas") from None
    counts = [len(stroke.points) for stroke in strokes]

    def each(values: Sequence[object]) -> np.ndarray:
        return np.repeat(np.array(values, dtype=object), counts)

    def all_of(columns: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(columns) if columns else np.empty(0)

    points = np.concatenate([stroke.points for stroke in strokes]) if strokes else np.empty((0, 2))
    return pandas.DataFrame(
        {
            "stroke": each([stroke.key for stroke in strokes]),
            "author": each([stroke.author for stroke in strokes]),
            "color": each([stroke.color for stroke in strokes]),
            "width": each([stroke.width for stroke in strokes]).astype(float),
            "seq": each([stroke.seq for stroke in strokes]).astype(int),
            "point": all_of([np.arange(count) for count in counts]).astype(int),
            "x": points[:, 0],
            "y": points[:, 1],
            "t": all_of([_measured(stroke.t, len(stroke.points)) for stroke in strokes]),
            "pressure": all_of([_measured(stroke.pressure, len(stroke.points)) for stroke in strokes]),
        }
    )


def _measured(values: np.ndarray | None, count: int) -> np.ndarray:
    return np.full(count, np.nan) if values is None else values
