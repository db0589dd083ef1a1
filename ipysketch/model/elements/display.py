"""The display list: the primitives that an element is made of, for every painter. Pure.

Lengths are board units, colours #rrggbb. The opacity belongs to the element, not to its primitives: a painter makes one
translucent thing of all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .. import curves
from ..geometry import Points, Rect, distance
from ..numpy_later import np
from .transform import Affine

if TYPE_CHECKING:
    from numpy.typing import NDArray

Dash = tuple[float, ...]


class Path(NamedTuple):
    """A polyline with round caps and joins; `points` of shape (n ≥ 1, 2). A single point is a dot.

    `dash` is lengths of strokes and gaps in turn, none for a whole line. With a `fill`, `points` ends where it begins
    and the inside is painted before the line. A `curved` one is the smooth line of `curves.through`."""

    points: Points
    color: str
    width: float
    dash: Dash = ()
    fill: str | None = None
    curved: bool = False

    @property
    def chain(self) -> Points:
        """The curves of a curved line."""
        return curves.through(self.points)


class Fill(NamedTuple):
    """The inside of closed `contours`, each of shape (n ≥ 1, 2): by the rule of the winding number, or with `even_odd`
    where a ray crosses them an odd number of times. Those of a `curved` one are chains of `curves`."""

    contours: tuple[Points, ...]
    color: str
    even_odd: bool = False
    curved: bool = False


class TextRun(NamedTuple):
    """One line of text in sans-serif: its left end, or with `middle` its middle, at (x, y) on the baseline, its type
    `size` high, at most `width` wide: where the font makes it wider, it is condensed. `affine` puts all that where it
    is seen."""

    text: str
    x: float
    y: float
    size: float
    color: str
    width: float
    affine: Affine | None = None
    middle: bool = False

    @property
    def left(self) -> float:
        """The left end, where it is as wide as it may be."""
        return self.x - self.width / 2 if self.middle else self.x


class DisplayImage(NamedTuple):
    """An image that fills `box`, put where it is seen by `affine`; `data` is base64 of a file of type `mime`."""

    box: Rect
    mime: str
    data: str
    affine: Affine | None = None


Primitive = Path | Fill | TextRun | DisplayImage


def around(parts: Iterable[Primitive]) -> Rect:
    """Return the rectangle around the ink of lines and areas, of which there is at least one."""
    box, *others = (box for part in parts for box in _boxes(part))
    for other in others:
        box = box.union(other)
    return box


def _boxes(part: Primitive) -> Iterator[Rect]:
    match part:
        case Path(points, _, width):
            yield (curves.box(part.chain) if part.curved else Rect.around(points)).inflate(width / 2)
        case Fill(contours):
            yield from map(curves.box if part.curved else Rect.around, contours)


def straightened(part: Primitive) -> Primitive:
    """Return a primitive with the polylines that stand for its curves in a hit test."""
    match part:
        case Path(curved=True):
            return part._replace(points=curves.stepped(part.chain), curved=False)
        case Fill(contours, curved=True):
            return part._replace(contours=tuple(map(curves.stepped, contours)), curved=False)
    return part


def polylined(displays: Sequence[Sequence[Primitive]], detail: float) -> list[tuple[Primitive, ...]]:
    """Return display lists with polylines for their curves, from which these differ by at most `detail`. All at once:
    one by one takes longer than painting them. An area stays `curved`, as its contours may be filled one by one."""
    bent = [part for parts in displays for part in parts if isinstance(part, Path | Fill) and part.curved]
    if not bent:
        return [tuple(parts) for parts in displays]
    points = [part.points for part in bent if isinstance(part, Path)]
    chains = [chain for part in bent if isinstance(part, Fill) for chain in part.contours]
    counts = np.array([len(chain) for chain in chains], dtype=np.int64)
    if points:
        lines, rows = curves.all_through(np.concatenate(points), np.array([len(way) for way in points]))
        chains, counts = [lines, *chains], np.concatenate([rows, counts])
    found, sizes = curves.polylines(np.concatenate(chains), counts, detail)
    ways = split(found, sizes)
    along, around = iter(ways[: len(points)]), iter(ways[len(points) :])

    def straight(part: Primitive) -> Primitive:
        match part:
            case Path(curved=True):
                return part._replace(points=next(along), curved=False)
            case Fill(contours, curved=True):
                return part._replace(contours=tuple(next(around) for _ in contours))
        return part

    return [tuple(map(straight, parts)) for parts in displays]


def split(points: Points, counts: NDArray[np.int64]) -> list[Points]:
    """Return the lines that lie one after the other in `points`; as `np.split`, which takes several times as long."""
    ends = np.cumsum(counts).tolist()
    return [points[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def touches(part: Primitive, x: float, y: float, radius: float) -> bool:
    """Return whether a disc of `radius` at (x, y) touches the ink of a line or of a filled area; the gaps of a dashed
    line count as ink. `part` has no curves."""
    match part:
        case Path(points, _, width, _, fill):
            if distance(points, x, y) <= radius + width / 2:
                return True
            return fill is not None and _winding(points, x, y) % 2 == 1
        case Fill(contours, _, even_odd):
            closed = [np.concatenate([contour, contour[:1]]) for contour in contours]
            if any(distance(contour, x, y) <= radius for contour in closed):
                return True
            turns = sum(_winding(contour, x, y) for contour in closed)
            return turns % 2 == 1 if even_odd else turns != 0
    return False


def _winding(points: Points, x: float, y: float) -> int:
    """Return the winding number of the closed polyline `points` about (x, y): how many more times a ray to the right
    crosses it downwards than upwards. It is odd where the ray crosses it an odd number of times."""
    (x0, y0), (x1, y1) = points[:-1].T, points[1:].T
    crosses = (y0 > y) != (y1 > y)
    slopes = (x1 - x0) / np.where(crosses, y1 - y0, 1)
    return int(np.where(y1 > y0, 1, -1)[crosses & (x < x0 + (y - y0) * slopes)].sum())
