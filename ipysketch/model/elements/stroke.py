"""A stroke of the pen. Pure.

Drawn by hand it has ``times``, steps in milliseconds from the first point, and drawn by a pen ``pressure``, 0 to 255 a
point. Either is ignored unless it has a number for each point. ``look`` says what its width follows: see "The width of
a stroke" in ``docs/reference/elements.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ..geometry import Points
from ..ink import Hand, contours
from ..numpy_later import np
from . import fields as read
from .base import StyledElement, placed
from .display import Fill, Path

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_POINTS = 20_000
LATEST = 2**31
"""The longest step in time, in milliseconds."""
FLOW, EVEN = "flow", "even"
LOOKS = (FLOW, EVEN)
"""What the width of a stroke follows: its pressure or speed, by rule 1; or nothing."""


@dataclass(frozen=True, eq=False)
class Stroke(StyledElement):
    """`points` of shape (n ≥ 1, 2) and `width` in board units. `t` (n,) in seconds since the first point and
    `pressure` (n,) from 0 to 1 are None where they were not measured. `look` is "flow", "even", or "" for a stroke from
    before looks."""

    kind: ClassVar[str] = "stroke"

    key: str
    points: Points
    color: str
    width: float
    author: str = ""
    seq: int = 0
    t: NDArray[np.float64] | None = None
    pressure: NDArray[np.float64] | None = None
    look: str = ""

    def encode(self) -> dict[str, Any]:
        """Return the fields of this stroke; decoding them gives its points rounded to eighths."""
        return {
            "kind": self.kind,
            "points": read.flat(self.unmoved(self.points)),
            "color": self.color,
            "width": round(self.width * read.EIGHTHS),
            **read.present(
                times=encoded_times(self.t), pressure=_encoded_pressure(self.pressure), look=self.look
            ),
            **self.common(),
        }

    @property
    def coordinates(self) -> Points:
        """Its points."""
        return self.points

    @cached_property
    def display(self) -> tuple[Path | Fill, ...]:
        """One smooth line, or the contours of a line whose width varies."""
        hand = self.hand()
        if hand is None:
            return (Path(self.points, self.color, self.width, curved=True),)
        return (Fill(contours([hand])[0], self.color, curved=True),)

    def hand(self) -> Hand | None:
        """Return what the width follows; None where it is even."""
        flows = self.look == FLOW
        varies = self.look != EVEN and self.pressure is not None
        timed = flows and self.t is not None and self.t[-1] > 0
        if not varies and not timed and not (flows and len(self.points) == 1):
            return None
        milliseconds = np.rint(self.t * 1000).astype(np.int64) if timed and self.t is not None else None
        width = round(self.width * read.EIGHTHS)
        return Hand(read.eighths(self.points), width, self.pressure, milliseconds, flows)


def prepare(elements: Iterable[object]) -> None:
    """Work out together how strokes look that will be painted: one by one takes longer."""
    waiting = [
        (each, hand)
        for each in elements
        if isinstance(each, Stroke)
        if "display" not in vars(each)
        if (hand := each.hand())
    ]
    for (stroke, _), made in zip(waiting, contours([hand for _, hand in waiting]), strict=True):
        # Where the property would keep it.
        vars(stroke)["display"] = (Fill(made, stroke.color, curved=True),)


def decode(key: str, fields: Mapping[str, object], author: str, seq: int) -> Stroke | None:
    """Return the stroke of `fields`, or None; never raise."""
    place = placed(read.track(fields.get("points"), 1, MAX_POINTS), fields)
    color, width = read.color(fields.get("color")), read.width(fields.get("width"))
    if place is None or color is None or width is None:
        return None
    points, common = place
    times, pressure = decoded_times(fields, len(points)), read.column(fields.get("pressure"), 0, 255)
    measured = np.array(pressure) / 255 if pressure is not None and len(pressure) == len(points) else None
    return Stroke(key, points, color, width, author, seq, times, measured, look(fields), **common)


def look(fields: Mapping[str, object]) -> str:
    """Return the look that fields say; "" for none."""
    value = fields.get("look")
    return value if isinstance(value, str) and value in LOOKS else ""


def encoded_times(times: NDArray[np.float64] | None) -> list[int] | None:
    """Return the times of a stroke the way fields keep them."""
    if times is None:
        return None
    steps: list[int] = np.diff(np.rint(times * 1000), prepend=0).astype(np.int64).tolist()
    return steps


def decoded_times(fields: Mapping[str, object], count: int) -> NDArray[np.float64] | None:
    """Return the times of a stroke of `count` points, shape (count,) in seconds; None when they were not measured."""
    steps = read.column(fields.get("times"), 0, LATEST)
    return (
        np.array(steps, dtype=np.int64).cumsum() / 1000 if steps is not None and len(steps) == count else None
    )


def _encoded_pressure(pressure: NDArray[np.float64] | None) -> list[int] | None:
    if pressure is None:
        return None
    parts: list[int] = np.rint(np.clip(pressure, 0, 1) * 255).astype(np.int64).tolist()
    return parts
