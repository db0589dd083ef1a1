"""How words become lines: which characters are shown, how wide they are, and where a line is broken. Pure.

The widths come from tables, not from a font, so that lines are the same on every replica.
``relay/web/model/typeset.js`` is its twin, operation by operation.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from ..geometry import Rect
from . import fields as read
from .display import TextRun
from .transform import Affine, Linear, about

MAX_TEXT = 10_000
MAX_SIZE = 1_000 * read.EIGHTHS
USUAL_SIZE = 24 * read.EIGHTHS
"""The height of the type in a shape that says none."""
LEADING = 1.25
"""From one line to the next, in parts of the size."""
BASELINE = 0.95
"""From the top of a line to its baseline."""
MARGIN = 0.1
"""How far type may hang over its advances and its lines, in parts of the size."""
SMALLER = (1.0, 0.85, 0.7, 0.6, 0.5, 0.4)
"""Parts of the size that are tried until a text is no higher than its shape."""
INSCRIBED = 0.7071067811865476
"""The sides of the largest rectangle in an ellipse, in parts of its own."""

_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_WIDE = re.compile(
    "[\u1100-\u115f\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff"
    "\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\U00010000-\U0010ffff]"
)
_JOINED = re.compile("[\u0300-\u036f\u200d\u20e3\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
"""What belongs to the character before it."""
_CLOSING = frozenset(",.!?:;)]}%”’…、。，．！？：；）」』】〉》ー")
_OPENING = frozenset("([{“‘（「『【〈《")

_NARROW, _BROAD = "ijlftI'|.,:;!()[] ", "mwMW@%"
# An upper estimate, and what most fonts come to: lines are broken by this one, and condensed where a font has more.
_ADVANCES = {**dict.fromkeys(_NARROW, 0.45), **dict.fromkeys(_BROAD, 1.0)}
_MEASURES = {
    **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 72),
    **dict.fromkeys(_NARROW, 34),
    **dict.fromkeys(_BROAD, 92),
}


class Words(NamedTuple):
    """Lines as they lie in a shape: `runs`, and the `box` around them before `affine` turns it."""

    runs: tuple[TextRun, ...]
    box: Rect
    affine: Affine | None


def text(value: object) -> str | None:
    """Return a text of 1 to 10,000 characters, as fields have it."""
    return value if isinstance(value, str) and 1 <= len(value) <= MAX_TEXT else None


def shown(text: str) -> list[str]:
    """Return the lines of `text` with the characters that are shown."""
    return [_HIDDEN.sub("", line.replace("\t", "    ")) for line in text.split("\n")]


def advance(line: str) -> float:
    """Return the most that a line is wide, in parts of the size."""
    return sum(_ADVANCES.get(letter) or (1.0 if _WIDE.match(letter) else 0.75) for letter in line)


def wrapped(text: str, limit: float) -> list[str]:
    """Return the lines of `text` as they are shown, none wider than `limit` hundredths of the size."""
    return [part for line in shown(text) for part in _broken(line, limit)]


def _measure(letter: str) -> int:
    return _MEASURES.get(letter) or (100 if _WIDE.match(letter) else 60)


def _broken(line: str, limit: float) -> list[str]:
    parts: list[str] = []
    start = cut = wide = 0
    before = ""
    for i, letter in enumerate(line):
        measure = _measure(letter)
        joined = before == "\u200d" or _JOINED.match(letter) is not None
        if i > start and _may_break(before, letter, joined):
            cut = i
        if letter != " " and not joined:
            while wide + measure > limit and i > start:
                end = cut if cut > start else i
                parts.append(line[start:end].rstrip(" "))
                start = end
                wide = sum(map(_measure, line[start:i]))
        wide += measure
        before = letter
    return [*parts, line[start:]]


def _may_break(before: str, letter: str, joined: bool) -> bool:
    """Return whether a line may end after `before` where `letter` follows."""
    if letter == " " or joined:
        return False
    if before == " ":
        return True
    if letter in _CLOSING or before in _OPENING:
        return False
    return _WIDE.match(before) is not None or _WIDE.match(letter) is not None


def readable(fill: str) -> str:
    """Return a colour for words that are seen on `fill`."""
    red, green, blue = (int(fill[i : i + 2], 16) for i in (1, 3, 5))
    return "#1a1a1a" if 299 * red + 587 * green + 114 * blue > 140_000 else "#ffffff"


def inside(
    words: str, size: float, color: str, *, box: Rect, width: float, matrix: Linear | None, round_: bool
) -> Words:
    """Return `words` as they lie in a shape: in its middle, wrapped, smaller where they would be higher than it is.

    Args:
        words: a text.
        size: the height of its type, in board units.
        color: of the type.
        box: of the shape, in board units.
        width: of its line.
        matrix: its transform, with which the words are turned, and neither scaled nor mirrored.
        round_: whether it is an ellipse.
    """
    a, b, c, d = matrix or (1.0, 0.0, 0.0, 1.0)
    along, surface = math.sqrt(a * a + b * b), a * d - b * c
    wide, high = (box.x1 - box.x0) * along, (box.y1 - box.y0) * abs(surface) / along
    if round_:
        wide, high = wide * INSCRIBED, high * INSCRIBED
    edge = width + size / 2
    room = max(wide - edge, size)
    lines, fit = [""], size
    for part in SMALLER:
        fit = size * part
        lines = wrapped(words, 100 * room / fit)
        if len(lines) * LEADING * fit <= high - edge:
            break
    mx, my = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    x, y = a / along, b / along
    if surface < 0 and a < 0:
        x, y = -x, -y
    affine = None if x == 1 and y == 0 else about((x, y, -y, x), mx, my)
    top = my - len(lines) * LEADING * fit / 2
    runs = tuple(
        TextRun(
            line,
            mx,
            top + (BASELINE + number * LEADING) * fit,
            fit,
            color,
            min(advance(line) * fit, room),
            affine,
            middle=True,
        )
        for number, line in enumerate(lines)
        if line
    )
    around = Rect(mx - room / 2, top, mx + room / 2, top + len(lines) * LEADING * fit)
    return Words(runs, around, affine)
