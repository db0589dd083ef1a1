"""The look of a stroke, rule 1: from the samples of a hand to the ink. Pure; see "The width of a stroke" in
``docs/reference/elements.md``.

Many strokes are done together, for one by one takes longer than painting them: their nodes lie one after the other in
the arrays here.

``relay/web/model/ink.js`` does the same operation by operation, with sums, products, quotients and square roots alone,
so that both languages have the same numbers to the last bit: or a bend that is a corner to one is none to the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .geometry import Points
from .numpy_later import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Truth = NDArray[np.bool_]

DOT = 1.4
"""The width of a tap, and of a hand that hardly moves, in parts of the width of the pen."""
THINNING = 0.9
"""How much of the width a hand loses that is infinitely fast."""
BRISK = 0.5
"""The speed at which it loses half of that, in board units a millisecond."""
MOMENT = 24
"""Milliseconds before and after a node in which its speed is measured."""
STREAMLINE = 0.4
"""How far a node is drawn to the middle between its neighbours."""
TAPER = 10.0
"""The length of a tapered end in board units, or the width of the pen where that is more."""
TIP = 0.7
"""How much of the width a tapered end loses at its tip, where the stroke is four tapers long or more."""

_SLANT, _TAN = math.sqrt(0.5), math.sqrt(2) - 1
_CAP = [(1, _TAN), (_SLANT, _SLANT), (_TAN, 1), (0, 1), (-_TAN, 1), (-_SLANT, _SLANT), (-1, _TAN), (-1, 0)]
"""A half circle in four curves, from the left, 1, 0, by the way ahead, 0, 1, to the right: controls and ends."""


class Hand(NamedTuple):
    """What a stroke is made of: its points, shape (n ≥ 1, 2), and `width` in eighths of a board unit, its `pressure`
    from 0 to 1 or its `milliseconds`, shape (n,), of which one is given where n > 1. Without `rule` its width varies
    with the pressure as it did before there was a rule."""

    eighths: Whole
    width: int
    pressure: Floats | None = None
    milliseconds: Whole | None = None
    rule: bool = True


def pressed(pressure: Floats) -> Floats:
    """Return the part of a pen's width under `pressure`, 0 to 1: 0.4 at none, 1 at half, 1.6 at full pressure."""
    return 0.4 + 1.2 * pressure


def contours(hands: Sequence[Hand]) -> list[tuple[Points, ...]]:
    """Return the ink of each stroke: its contours as closed chains in board units, which all turn the same way."""
    if not hands:
        return []
    chosen = nodes(hands)
    sizes = np.array([len(numbers) for numbers in chosen])
    raw = np.concatenate([_chosen(hand.eighths, numbers) for hand, numbers in zip(hands, chosen, strict=True)])
    parts = np.full(len(raw), DOT)
    heads = np.cumsum(sizes) - sizes
    inner = np.ones(len(raw), dtype=bool)
    inner[heads] = inner[heads + sizes - 1] = False
    flowing = np.repeat([hand.rule for hand in hands], sizes) & inner
    for hand, numbers, head in zip(hands, chosen, heads.tolist(), strict=True):
        if hand.pressure is not None and (len(numbers) > 1 or not hand.rule):
            parts[head : head + len(numbers)] = pressed(hand.pressure[numbers])
    parts = _smoothed(parts, flowing)
    timed = [
        number
        for number, hand in enumerate(hands)
        if hand.pressure is None and hand.milliseconds is not None and sizes[number] > 1
    ]
    if timed:
        _pace(parts, raw, [(hands[n], chosen[n], int(heads[n])) for n in timed])
    widths = np.repeat([hand.width / 16 for hand in hands], sizes)
    return outlines(_streamlined(raw, flowing), parts * widths, sizes)


def _chosen(values: Whole, numbers: Whole) -> Whole:
    """Return those of `values` that `numbers` say: mostly all."""
    return values if len(numbers) == len(values) else values[numbers]


def nodes(hands: Sequence[Hand]) -> list[Whole]:
    """Return which samples of each stroke shape its ink: those a board unit apart, or a quarter of the width where that
    is more, and the last in place of the one before where they are nearer. Without a rule, all that moved."""
    points = np.concatenate([hand.eighths for hand in hands])
    sizes = np.array([len(hand.eighths) for hand in hands])
    heads = np.cumsum(sizes) - sizes
    x, y = np.diff(points[:, 0], prepend=points[0, 0]), np.diff(points[:, 1], prepend=points[0, 1])
    apart = np.array([max(32, hand.width) ** 2 if hand.rule else 1 for hand in hands])
    enough = 16 * (x * x + y * y) >= np.repeat(apart, sizes)
    enough[heads] = True
    # Most hands move on with each sample.
    usual = np.logical_and.reduceat(enough, heads).tolist()
    ends = (heads + sizes).tolist()
    return [
        np.arange(end - head)
        if all_of_it
        else np.flatnonzero(enough[head:end])
        if not hand.rule
        else np.array(_apart(hand.eighths.tolist(), least))
        for hand, all_of_it, head, end, least in zip(
            hands, usual, heads.tolist(), ends, apart.tolist(), strict=True
        )
    ]


def _apart(points: list[list[int]], least: int) -> list[int]:
    found, (x, y) = [0], points[0]
    for number, (here, there) in enumerate(points):
        if 16 * ((here - x) ** 2 + (there - y) ** 2) >= least:
            found.append(number)
            x, y = here, there
    last = len(points) - 1
    if found[-1] != last and points[found[-1]] != points[last]:
        if len(found) > 1:
            found.pop()
        found.append(last)
    return found


def _pace(parts: Floats, raw: Whole, strokes: Sequence[tuple[Hand, Whole, int]]) -> None:
    """Set the parts of the width that come from speed, with their tapered ends."""
    sizes = np.array([len(numbers) for _, numbers, _ in strokes])
    heads = np.cumsum(sizes) - sizes
    rows = np.arange(int(sizes.sum())) + np.repeat([head for _, _, head in strokes] - heads, sizes)
    times = [
        _chosen(hand.milliseconds, numbers) for hand, numbers, _ in strokes if hand.milliseconds is not None
    ]
    # The moments of one stroke are far from those of the next.
    ends = np.array([int(time[-1] - time[0]) + 4 * MOMENT for time in times])
    begins = np.cumsum(ends) - ends - [int(time[0]) for time in times]
    moments = np.concatenate(times) + np.repeat(begins, sizes)
    lengths = _lengths(np.diff(raw[rows], axis=0, prepend=raw[rows[:1]]) / 8)
    lengths[heads] = 0.0
    # One after the other, for a sum over all of them is rounded otherwise.
    way = np.concatenate(
        [np.cumsum(lengths[a : a + n]) for a, n in zip(heads.tolist(), sizes.tolist(), strict=True)]
    )
    first, last = np.repeat(heads, sizes), np.repeat(heads + sizes - 1, sizes)
    row = np.arange(len(rows))
    before = np.maximum(first, np.minimum(np.searchsorted(moments, moments - MOMENT, "left"), row - 1))
    after = np.minimum(last, np.maximum(np.searchsorted(moments, moments + MOMENT, "right") - 1, row + 1))
    speed = (way[after] - way[before]) / np.maximum(1, moments[after] - moments[before])
    found = _smoothed(DOT - THINNING * (speed / (speed + BRISK)), (row != first) & (row != last))
    total = way[last]
    long = np.repeat([max(TAPER, hand.width / 8) for hand, _, _ in strokes], sizes)
    loss = TIP * np.minimum(1, total / (4 * long))
    begin, end = 1 - np.minimum(1, way / long), 1 - np.minimum(1, (total - way) / long)
    parts[rows] = found * (1 - loss * (begin * begin)) * (1 - loss * (end * end))


def _smoothed(parts: Floats, inner: Truth) -> Floats:
    """Return `parts` with those that are `inner` a mean with their neighbours."""
    found = parts.copy()
    found[1:-1] = np.where(inner[1:-1], 0.5 * parts[1:-1] + 0.25 * (parts[:-2] + parts[2:]), parts[1:-1])
    return found


def _streamlined(raw: Whole, inner: Truth) -> Points:
    """Return where the ink passes the nodes: those that are `inner` nearer to the middle between their neighbours, but
    not where the hand turns back."""
    steps = np.diff(raw, axis=0)
    ahead = steps[:-1, 0] * steps[1:, 0] + steps[:-1, 1] * steps[1:, 1] >= 0
    found = raw / 8
    middle = (1 - STREAMLINE) * found[1:-1] + (STREAMLINE / 2) * (found[:-2] + found[2:])
    found[1:-1] = np.where((inner[1:-1] & ahead)[:, None], middle, found[1:-1])
    return found


def _lengths(steps: Points) -> Floats:
    found: Floats = np.sqrt(steps[:, 0] * steps[:, 0] + steps[:, 1] * steps[:, 1])
    return found


def outlines(points: Points, radii: Floats, sizes: Whole) -> list[tuple[Points, ...]]:
    """Return the contours of the ink that discs leave along smooth lines, of which each has `sizes` of the `points`, as
    wide as `radii` say: closed chains, which all turn the same way, so that nothing inside any of them is a hole.

    A contour ends, and another begins, where the inner side of a bend would turn back: at corners, and in bends that
    are narrower than the ink."""
    tails = np.cumsum(sizes) - 1
    heads = tails - sizes + 1
    sx, sy = np.diff(points[:, 0]), np.diff(points[:, 1])
    lengths: Floats = np.sqrt(sx * sx + sy * sy)
    still = lengths == 0
    units = np.empty((len(points), 2))
    units[-1] = (1.0, 0.0)
    divisor = np.where(still, 1.0, lengths)
    ux, uy = np.where(still, 1.0, sx / divisor), np.where(still, 0.0, sy / divisor)
    units[:-1, 0], units[:-1, 1] = ux, uy
    ax, ay, bx, by = ux[:-1], uy[:-1], ux[1:], uy[1:]
    along, across = ax * bx + ay * by, ax * by - ay * bx
    legs = np.minimum(lengths[:-1], lengths[1:]) / 2
    inner = np.ones(len(points), dtype=bool)
    inner[heads] = inner[tails] = False
    corner = np.zeros(len(points), dtype=bool)
    corner[1:-1] = (along < 0) | (radii[1:-1] * np.abs(across) > (1 + along) * legs)
    corner &= inner
    # The first and the last row of each contour. One of a single point has it twice.
    begins = np.flatnonzero(corner | _marked(len(points), heads))
    ends = np.flatnonzero(corner | _marked(len(points), tails))
    single = _marked(len(points), heads) & _marked(len(points), tails)
    ends_of = np.searchsorted(ends, begins + ~single[begins])
    ends = ends[ends_of]
    made = _contours(points, radii, units, begins, ends)
    counts = np.diff(np.searchsorted(begins, np.append(heads, len(points)))).tolist()
    found, at = [], 0
    for count in counts:
        found.append(tuple(made[at : at + count]))
        at += count
    return found


def _marked(count: int, rows: Whole) -> Truth:
    mask = np.zeros(count, dtype=bool)
    mask[rows] = True
    return mask


def _contours(points: Points, radii: Floats, units: Points, begins: Whole, ends: Whole) -> list[Points]:
    """Return a contour for each stretch from row `begins` to row `ends`: its left side, the cap at its end, its right
    side backwards, the cap at its begin. `units` has the direction after each row."""
    # Coordinates apart, for numpy is several times as fast with arrays of one dimension.
    sizes = np.maximum(2, ends - begins + 1)
    heads = np.cumsum(sizes) - sizes
    tails = heads + sizes - 1
    place = np.arange(int(sizes.sum())) - np.repeat(heads, sizes)
    rows = np.minimum(np.repeat(begins, sizes) + place, np.repeat(ends, sizes))
    radius = radii[rows]
    x, y = points[:, 0][rows], points[:, 1][rows]
    # The direction ahead, and left of it.
    ax, ay = units[:, 0][rows], units[:, 1][rows]
    lone = begins == ends
    for part, alone in ((ax, 1.0), (ay, 0.0)):
        part[tails] = part[tails - 1]
        part[heads[lone]] = part[tails[lone]] = alone
    lx, ly = -ay, ax
    starts = np.cumsum(4 * sizes + 17) - (4 * sizes + 17)
    line = np.empty((int((4 * sizes + 17).sum()), 2))
    # Where a row is on the left side, and on the right, which goes backwards.
    there = np.repeat(starts, sizes) + 2 * place
    back = np.repeat(starts + 4 * sizes + 8, sizes) - 2 * place
    tail = _marked(len(rows), tails)
    first = np.flatnonzero(~tail)
    inside = np.flatnonzero(~tail & (place > 0))
    half = (radius[first] + radius[first + 1]) / 2
    opened = 1 + (lx[inside - 1] * lx[inside] + ly[inside - 1] * ly[inside])
    for axis, at, left, ahead in ((0, x, lx, ax), (1, y, ly, ay)):
        side_of = line[:, axis]
        out = radius * left
        middles = (at[first] + at[first + 1]) / 2
        halves = half * left[first]
        bends = radius[inside] * ((left[inside - 1] + left[inside]) / opened)
        for side, way, sign in ((there, 1, 1.0), (back, -1, -1.0)):
            side_of[side[heads]] = at[heads] + sign * out[heads]
            side_of[side[first] + 2 * way] = middles + sign * halves
            side_of[side[inside] + way] = at[inside] + sign * bends
            side_of[side[tails] + 2 * way] = at[tails] + sign * out[tails]
            for flat in (side[heads] + way, side[tails] + way):
                side_of[flat] = (side_of[flat - 1] + side_of[flat + 1]) / 2
        for rows_of, sign, begin in (
            (tails, 1.0, starts + 2 * sizes + 1),
            (heads, -1.0, starts + 4 * sizes + 9),
        ):
            cap = np.array(_CAP)[None] * (sign * radius[rows_of])[:, None, None]
            turned = cap[:, :, 0] * left[rows_of][:, None] + cap[:, :, 1] * ahead[rows_of][:, None]
            side_of[begin[:, None] + np.arange(8)] = at[rows_of][:, None] + turned
    return [line[a : a + 4 * n + 17] for a, n in zip(starts.tolist(), sizes.tolist(), strict=True)]
