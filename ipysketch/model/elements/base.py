"""The base class of all elements with ink. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from ..geometry import Points, Rect
from ..numpy_later import np
from . import fields as read
from .display import Fill, Path, Primitive, around, straightened, touches
from .transform import MOST, Affine, Linear, about, encoded, linear, mapped, middle
from .transform import corners as corners_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Common(TypedDict):
    """The fields that are read alike for every kind, as the arguments of a `StyledElement`."""

    opacity: float
    offset: tuple[float, float]
    group: str
    transform: Linear | None


@dataclass(frozen=True, eq=False, kw_only=True)
class StyledElement:
    """An element with ink. It is equal only to itself: a painter tells by identity what is new.

    Attributes:
        opacity: 0.01 to 1, of all its ink as one thing.
        offset: how far it was moved, in board units; its coordinates include that.
        group: the name of what was drawn together with it, or "".
        transform: how it is turned, scaled or flipped about its middle, or None; of kinds that consist of points, these
            are where it put them, and it is None.
    """

    kind: ClassVar[str]
    multiplies: ClassVar[bool] = False
    """Whether its colour darkens what is below, as a marker's does, and covers nothing."""
    opaque: ClassVar[int] = 100
    """The opacity of the kind, in per cent, where the fields say none."""

    opacity: float = 1.0
    offset: tuple[float, float] = (0.0, 0.0)
    group: str = ""
    transform: Linear | None = None

    def encode(self) -> dict[str, Any]:
        """Return the fields of this element; decoding them gives its coordinates rounded to eighths."""
        raise NotImplementedError

    @property
    def coordinates(self) -> Points:
        """The points that define it, shape (n ≥ 1, 2): none of them may be moved out of reach."""
        raise NotImplementedError

    @cached_property
    def display(self) -> tuple[Primitive, ...]:
        """The primitives that it is made of, the lowest first."""
        raise NotImplementedError

    @cached_property
    def bounds(self) -> Rect:
        """The rectangle around the ink."""
        return around(part for part in self.display if isinstance(part, Path | Fill))

    @cached_property
    def _touched(self) -> tuple[Primitive, ...]:
        return tuple(map(straightened, self.display))

    def hit(self, x: float, y: float, radius: float) -> bool:
        """Return whether a disc of `radius` at (x, y) touches the ink."""
        if not self.bounds.inflate(radius).contains(x, y):
            return False
        return any(touches(part, x, y, radius) for part in self._touched)

    def common(self) -> dict[str, Any]:
        """Return the fields that every kind has."""
        per_cent, offset = round(self.opacity * 100), read.eighths(np.array(self.offset)).tolist()
        return read.present(
            opacity=per_cent if per_cent != self.opaque else None,
            offset=offset if any(offset) else None,
            group=self.group,
            transform=None if self.transform is None else encoded(self.transform),
        )

    @property
    def affine(self) -> Affine | None:
        """The map of its `transform`, which leaves its middle where it is."""
        return None if self.transform is None else about(self.transform, *middle(self.coordinates))

    def unmoved(self, points: Points) -> NDArray[np.int64]:
        """Return where `points` were before the element was moved, in eighths."""
        return read.eighths(points) - read.eighths(np.array(self.offset))


def placed(
    points: NDArray[np.int64] | None, fields: Mapping[str, object], opaque: int = 100, *, turned: bool = True
) -> tuple[Points, Common] | None:
    """Return the coordinates of an element in board units, moved by its `offset`, and the fields that are common to all
    kinds; None when `points`, in eighths, are None or are moved too far.

    With `turned`, its `transform` is in the points; without, it is among the fields."""
    if points is None:
        return None
    dx = dy = 0.0
    if "offset" in fields:  # Few were ever moved, and a board has many.
        offset = read.offset(fields["offset"])
        points = points + offset
        if not read.within(points):
            return None
        dx, dy = (offset / read.EIGHTHS).tolist()
    units: Points = points / read.EIGHTHS
    matrix = None
    if "transform" in fields:
        matrix = linear(read.column(fields["transform"], -MOST, MOST))
    if matrix is not None:
        ends = units if turned else corners_of(Rect.around(units))
        there = mapped(about(matrix, *middle(units)), ends)
        if np.abs(there).max() > read.REACH / read.EIGHTHS:
            return None
        if turned:
            units, matrix = there, None
    return units, Common(
        opacity=read.opacity(fields.get("opacity"), opaque),
        offset=(dx, dy),
        group=read.group(fields.get("group")),
        transform=matrix,
    )
