"""The outlines of SVG's paths and shapes, as polylines on the board. Pure.

Path data and transforms are parsed by a library.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import svgelements
from numpy.typing import NDArray

from ..model.geometry import Points, Rect

FLATNESS = 0.05
"""How far a polyline may be from its curve, in board units."""
FINEST = 64
"""The most segments of one curve."""
CORNER = math.cos(math.radians(35))
"""The cosine of the smallest turn between two segments that counts as a corner."""
ALONG = 1e-6
"""The largest difference at which a side still counts as parallel to an axis, and a transform as without rotation."""

_KAPPA = 0.5522847498307936


class Matrix(NamedTuple):
    """An affine transform: x' = a·x + c·y + e, y' = b·x + d·y + f."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def __matmul__(self, other: Matrix) -> Matrix:
        """Return the transform that applies `other` first, then this one."""
        return Matrix(
            self.a * other.a + self.c * other.b,
            self.b * other.a + self.d * other.b,
            self.a * other.c + self.c * other.d,
            self.b * other.c + self.d * other.d,
            self.a * other.e + self.c * other.f + self.e,
            self.b * other.e + self.d * other.f + self.f,
        )

    def apply(self, points: Points) -> Points:
        """Return the transformed `points`, shape (n, 2)."""
        linear = np.array([[self.a, self.b], [self.c, self.d]])
        moved: Points = np.asarray(points, dtype=float) @ linear + (self.e, self.f)
        return moved

    @property
    def scale(self) -> float:
        """The factor by which lengths grow, on an average of the directions."""
        return math.sqrt(abs(self.a * self.d - self.b * self.c))

    @property
    def is_turned(self) -> bool:
        """Whether lines parallel to an axis are no longer parallel to one."""
        return max(abs(self.b), abs(self.c)) > ALONG * max(abs(self.a), abs(self.d))

    @property
    def is_uneven(self) -> bool:
        """Whether lengths grow much more in one direction than in the other."""
        across, down = math.hypot(self.a, self.b), math.hypot(self.c, self.d)
        return max(across, down) > 1.3 * min(across, down)


def transform(text: str, origin: tuple[float, float] = (0.0, 0.0)) -> Matrix:
    """Return the transform that `text` describes, around `origin`; raise ValueError when it is not one."""
    try:
        parsed = svgelements.Matrix(text)
        matrix = Matrix(*(float(getattr(parsed, name)) for name in "abcdef"))
    # The library raises whatever its code runs into.
    except Exception:
        raise ValueError("no transform") from None
    if not all(map(math.isfinite, matrix)):
        raise ValueError("no transform")
    x, y = origin
    return Matrix(e=x, f=y) @ matrix @ Matrix(e=-x, f=-y)


@dataclass
class Contour:
    """A polyline on the board, shape (n, 2). If `closed`, its last point equals its first; if `curved`, it consists of
    curves without a corner. `ends` are the numbers of the points at which a line or a curve begins or ends."""

    points: Points
    closed: bool
    curved: bool
    ends: frozenset[int]


class Outline:
    """A builder of contours: lines and cubic curves from point to point."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self.contours: list[Contour] = []
        self._points: list[tuple[float, float]] = []
        self._between: set[int] = set()
        self._curves = False

    def _placed(self, x: float, y: float) -> tuple[float, float]:
        a, b, c, d, e, f = self._matrix
        return a * x + c * y + e, b * x + d * y + f

    def move(self, x: float, y: float) -> None:
        """Begin a contour."""
        self.end(closed=False)
        self._points = [self._placed(x, y)]

    def line(self, x: float, y: float) -> None:
        """Add a straight line to a point."""
        self._points.append(self._placed(x, y))

    def curve(self, controls: Sequence[tuple[float, float]], *, goes_on: bool = False) -> None:
        """Add a quadratic or cubic curve; its first control point is the current point of the contour. If it `goes_on`,
        it is part of a curve that does not end with it."""
        points = np.array([self._placed(*control) for control in controls])
        if len(points) == 3:
            start, middle, end = points
            points = np.array([start, start + (middle - start) * 2 / 3, end + (middle - end) * 2 / 3, end])
        before = len(self._points)
        self._points += map(tuple, flattened(points)[1:].tolist())
        self._between.update(range(before, len(self._points) - (not goes_on)))
        self._curves = True

    def end(self, *, closed: bool) -> None:
        """End the contour."""
        found, between, curves = self._points, self._between, self._curves
        self._points, self._between, self._curves = [], set(), False
        if len(found) < 2:
            return  # Moving somewhere does not draw a line.
        if closed:
            found.append(found[0])
        kept = [found[0]]
        ends = {0}
        for number, point in enumerate(found):
            if point != kept[-1]:
                kept.append(point)
            if number not in between:
                ends.add(len(kept) - 1)
        points = np.array(kept)
        closed = closed or (len(points) > 3 and found[0] == found[-1])
        self.contours.append(Contour(points, closed, curves and not _cornered(points), frozenset(ends)))


def flattened(points: Points) -> Points:
    """Return a polyline along a cubic curve with the four control `points`."""
    bend = np.abs(np.diff(points, n=2, axis=0)).max()
    count = max(2, min(FINEST, math.ceil(math.sqrt(6 * float(bend) / (8 * FLATNESS)))))
    t = (np.arange(count + 1) / count)[:, None]
    a, b, c, d = points
    line: Points = (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d
    line[-1] = d
    return line


def path(data: str, matrix: Matrix) -> tuple[list[Contour], bool]:
    """Return the contours of path data up to its first error, and whether it had none."""
    parsed, whole = svgelements.Path(), True
    try:
        parsed.parse(data)
    except Exception:
        whole = False
    outline = Outline(matrix)
    for one in parsed:
        _segment(outline, one)
    outline.end(closed=False)
    good = [one for one in outline.contours if np.isfinite(one.points).all()]
    return good, whole and len(good) == len(outline.contours)


def _segment(outline: Outline, one: Any) -> None:
    match one:
        case svgelements.Move(end=end):
            outline.move(end.x, end.y)
        case svgelements.Close(end=end):
            if end is not None:
                outline.line(end.x, end.y)
            outline.end(closed=True)
            if end is not None:
                outline.move(end.x, end.y)
        case svgelements.Line(end=end):
            outline.line(end.x, end.y)
        case svgelements.Arc():
            *first, last = one.as_cubic_curves()
            for cubic in first:
                outline.curve(_controls(cubic), goes_on=True)
            outline.curve(_controls(last))
        case svgelements.QuadraticBezier(start=start, control=control, end=end):
            outline.curve([(part.x, part.y) for part in (start, control, end)])
        case svgelements.CubicBezier():
            outline.curve(_controls(one))


def _controls(one: Any) -> list[tuple[float, float]]:
    """Return the control points of a cubic curve."""
    return [(part.x, part.y) for part in (one.start, one.control1, one.control2, one.end)]


def polygon(numbers: Sequence[float], matrix: Matrix, *, closed: bool) -> list[Contour]:
    """Return the contour through the points of a list of x, y, x, y …"""
    points = np.array(numbers[: len(numbers) // 2 * 2], dtype=float).reshape(-1, 2)
    if not len(points):
        return []
    outline = Outline(matrix)
    outline.move(*points[0].tolist())
    for x, y in points[1:].tolist():
        outline.line(x, y)
    outline.end(closed=closed)
    return outline.contours


def rectangle(box: Sequence[float], radii: tuple[float, float], matrix: Matrix) -> list[Contour]:
    """Return the contour of a rectangle in `box`: x, y, width, height; `radii` are those of its corners."""
    (x, y, wide, high), (rx, ry) = box, radii
    x1, y1 = x + wide, y + high
    if not rx or not ry:
        return polygon([x, y, x1, y, x1, y1, x, y1], matrix, closed=True)
    rx, ry = min(rx, wide / 2), min(ry, high / 2)
    outline = Outline(matrix)
    outline.move(x + rx, y)
    for corner, leave, arrive in (
        ((x1, y), (x1 - rx, y), (x1, y + ry)),
        ((x1, y1), (x1, y1 - ry), (x1 - rx, y1)),
        ((x, y1), (x + rx, y1), (x, y1 - ry)),
        ((x, y), (x, y + ry), (x + rx, y)),
    ):
        outline.line(*leave)
        outline.curve([leave, _toward(leave, corner), _toward(arrive, corner), arrive])
    outline.end(closed=True)
    return outline.contours


def ellipse(cx: float, cy: float, rx: float, ry: float, matrix: Matrix) -> list[Contour]:
    """Return the contour of an ellipse."""
    outline = Outline(matrix)
    ends = [(cx + rx, cy), (cx, cy + ry), (cx - rx, cy), (cx, cy - ry), (cx + rx, cy)]
    corners = [(cx + rx, cy + ry), (cx - rx, cy + ry), (cx - rx, cy - ry), (cx + rx, cy - ry)]
    outline.move(*ends[0])
    for corner, leave, arrive in zip(corners, ends, ends[1:], strict=False):
        outline.curve([leave, _toward(leave, corner), _toward(arrive, corner), arrive])
    outline.end(closed=True)
    return outline.contours


def _toward(start: tuple[float, float], corner: tuple[float, float]) -> tuple[float, float]:
    return start[0] + _KAPPA * (corner[0] - start[0]), start[1] + _KAPPA * (corner[1] - start[1])


def _cornered(points: Points) -> bool:
    """Return whether a polyline turns sharply anywhere."""
    steps = np.diff(points, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    straight = steps[lengths > 0] / lengths[lengths > 0][:, None]
    return bool(((straight[1:] * straight[:-1]).sum(axis=1) < CORNER).any())


# --- what is inside a rectangle ---------------------------------------------------------------------------


def around(contours: Sequence[Contour]) -> Rect:
    """Return the rectangle around the points of contours, of which there is at least one."""
    return Rect.around(np.concatenate([one.points for one in contours]))


def is_rectangle(points: Points) -> bool:
    """Return whether a polyline is a closed rectangle along the axes."""
    if len(points) != 5 or (points[0] != points[-1]).any():
        return False
    along = np.abs(np.diff(points, axis=0)) < ALONG
    # Every side runs along one axis, and the next along the other.
    return bool((along.sum(axis=1) == 1).all() and (along[:-1] != along[1:]).all())


def _sides(box: Rect) -> Iterator[tuple[int, float, float]]:
    """Yield for each side its axis, its coordinate on it, and 1 where larger coordinates are inside, else -1."""
    yield from ((0, box.x0, 1.0), (0, box.x1, -1.0), (1, box.y0, 1.0), (1, box.y1, -1.0))


def clipped_area(points: Points, box: Rect) -> Points:
    """Return the closed contour `points` of an area, clipped to `box`, whose sides become part of it."""
    for axis, at, sign in _sides(box):
        if not len(points):
            break
        depth = sign * (points[:, axis] - at)
        before, depths = np.roll(points, 1, axis=0), np.roll(depth, 1)
        crosses = (depth >= 0) != (depths >= 0)
        part = np.where(crosses, depths / np.where(crosses, depths - depth, 1), 0)[:, None]
        cuts = before + part * (points - before)
        rows = np.stack([cuts, points], axis=1).reshape(-1, 2)
        points = rows[np.stack([crosses, depth >= 0], axis=1).reshape(-1)]
    return points


def clipped_line(points: Points, box: Rect) -> list[Points]:
    """Return the pieces of a polyline that are in `box`."""
    if len(points) == 1:
        return [points] if box.contains(*points[0].tolist()) else []
    low, high = _within(points, box)
    spans = [[(a, b)] if a <= b else [] for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    return _pieces(points, spans)


def outside(points: Points, box: Rect) -> list[Points]:
    """Return the pieces of a polyline that are not in `box`."""
    low, high = _within(points, box)
    spans = [
        [(0.0, 1.0)] if a > b else [(start, end) for start, end in ((0.0, a), (b, 1.0)) if start < end]
        for a, b in zip(low.tolist(), high.tolist(), strict=True)
    ]
    return _pieces(points, spans)


def _within(points: Points, box: Rect) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where each segment of a polyline enters and leaves `box`, as parts of its length from 0 to 1; the first is
    larger where the segment is outside."""
    start, step = points[:-1], np.diff(points, axis=0)
    low, high = np.zeros(len(step)), np.ones(len(step))
    for axis, at, sign in _sides(box):
        depth, pace = sign * (start[:, axis] - at), sign * step[:, axis]
        with np.errstate(divide="ignore", invalid="ignore"):
            meets: NDArray[np.float64] = -depth / pace
        low = np.where(pace > 0, np.maximum(low, meets), low)
        high = np.where(pace < 0, np.minimum(high, meets), high)
        high = np.where((pace == 0) & (depth < 0), -1.0, high)
    return low, high


def _pieces(points: Points, spans: Sequence[Sequence[tuple[float, float]]]) -> list[Points]:
    """Return the polylines along the `spans` of each segment, joined where one continues in the next."""
    found: list[list[Points]] = []
    whole = False
    for number, parts in enumerate(spans):
        start, step = points[number], points[number + 1] - points[number]
        for low, high in parts:
            if whole and low == 0:
                found[-1].append(start + high * step)
            else:
                found.append([start + low * step, start + high * step])
            whole = high == 1
        whole = whole and bool(parts)
    return [np.array(piece) for piece in found]
