"""The lines of SVG texts: where each begins, and its runs of one style. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from .importer import typical_width
from .svg_styles import SIZE, Style, Styles, length, local_name

MOST_DEEP = 50
"""The deepest nesting of tspans."""

_ANCHORS = {"middle": 0.5, "end": 1.0}
_LIST = re.compile(r"[\s,]+")
_BLANK = re.compile(r"[ \t\r\n]+")
_BASELINES = {
    "middle": 0.26, "central": 0.35, "hanging": 0.73, "text-before-edge": 0.91, "text-after-edge": -0.21,
    "text-top": 0.91, "text-bottom": -0.21, "mathematical": 0.35,
}  # fmt: skip
"""How far the alphabetic baseline is below each other baseline, in parts of the font size."""
_BLOCKS = {"div", "p", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre", "br"}


@dataclass
class Run:
    """Characters of one style, `dy` below their line; `width` and `size` are those before the transform of the text."""

    text: str
    style: Mapping[str, str]
    dy: float
    dx: float = 0.0

    @property
    def size(self) -> float:
        """The font size."""
        return float(self.style.get("font-size", SIZE))

    def advance(self, text: str) -> float:
        """Return the approximate width of `text`."""
        return typical_width(text) * self.size

    @property
    def width(self) -> float:
        """The distance to the next run."""
        return self.advance(self.text) + self.dx


@dataclass
class Line:
    """Runs one after another. They begin at (x, y) if `align` is 0, end there if it is 1, and have their middle there
    if it is 0.5."""

    x: float
    y: float
    align: float
    runs: list[Run] = field(default_factory=list)


@dataclass
class _Layout:
    styles: Styles
    view: tuple[float, float]
    lines: list[Line] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    dy: float = 0.0
    dx: float = 0.0
    blank: bool = True
    """Whether the last character was a space, after which further ones are dropped."""


def lines_of(
    one: Element[Any], style: Style | Mapping[str, str], styles: Styles, view: tuple[float, float]
) -> tuple[list[Line], Counter[str]]:
    """Return the lines of a `text` of `style`, and which features of it cannot be shown."""
    layout = _Layout(styles, view)
    layout.lines.append(Line(0.0, 0.0, _ANCHORS.get(style.get("text-anchor", ""), 0.0)))
    _walk(layout, one, style, 0)
    for line in layout.lines:
        while line.runs and not line.runs[-1].text.strip(" "):
            line.runs.pop()
        if line.runs and line.runs[-1].style.get("white-space") != "pre":
            line.runs[-1].text = line.runs[-1].text.rstrip(" ")
    return [line for line in layout.lines if line.runs], layout.told


def html_lines(one: Element[Any]) -> list[str]:
    """Return the lines of words in HTML."""
    lines = [""]

    def walk(node: Element[Any], depth: int) -> None:
        block = local_name(node).lower() in _BLOCKS
        if block:
            lines.append("")
        lines[-1] += node.text or ""
        for child in node if depth < MOST_DEEP else ():
            walk(child, depth + 1)
            lines[-1] += child.tail or ""
        if block:
            lines.append("")

    walk(one, 0)
    return [words for line in lines if (words := " ".join(line.split()))]


def _walk(layout: _Layout, one: Element[Any], style: Mapping[str, str], depth: int) -> None:
    _place(layout, one, style)
    _add(layout, one.text or "", style)
    for child in one:
        name = local_name(child)
        if name in ("tspan", "a", "textPath") and depth < MOST_DEEP:
            inner = layout.styles.computed(child, style)
            if inner.get("display") != "none":
                _walk(layout, child, inner, depth + 1)
        _add(layout, child.tail or "", style)


def _place(layout: _Layout, one: Element[Any], style: Mapping[str, str]) -> None:
    """Begin a line when `one` has a position, and shift what follows."""
    size = float(style.get("font-size", SIZE))
    x, y, dx, dy = (
        _numbers(one.get(name), layout.view[axis], size)
        for name, axis in (("x", 0), ("y", 1), ("dx", 0), ("dy", 1))
    )
    if x or y:
        last = layout.lines[-1]
        now = last.x + sum(run.width for run in last.runs)
        align = _ANCHORS.get(style.get("text-anchor", ""), 0.0)
        # A vertical shift remains until the next absolute position.
        layout.lines.append(Line(x[0] if x else now, y[0] if y else last.y, align))
        layout.blank = True
        if y:
            layout.dy = 0.0
        layout.dx = 0.0
    layout.dx += dx[0] if dx else 0.0
    layout.dy += dy[0] if dy else 0.0
    if one.get("rotate", "0") not in ("0", ""):
        layout.told["turn of letters"] += 1


def _numbers(text: str | None, whole: float, size: float) -> list[float]:
    parts = (length(part, whole, size) for part in _LIST.split((text or "").strip()))
    return [part for part in parts if part is not None]


def _add(layout: _Layout, text: str, style: Mapping[str, str]) -> None:
    """Add characters to the line."""
    if style.get("white-space", "").startswith("pre") or style.get("white-space") == "break-spaces":
        text = text.replace("\r", " ").replace("\n", " ").replace("\t", " ")
    else:
        text = _BLANK.sub(" ", text)
        if layout.blank:
            text = text.removeprefix(" ")
    if not text:
        return
    layout.blank = text.endswith(" ")
    line = layout.lines[-1]
    if layout.dx:
        if line.runs:
            line.runs[-1].dx += layout.dx
        else:
            line.x += layout.dx
        layout.dx = 0.0
    size = float(style.get("font-size", SIZE))
    for name in _told(style):
        layout.told[name] += 1
    line.runs.append(Run(text, style, layout.dy + _shift(style, size)))


def _shift(style: Mapping[str, str], size: float) -> float:
    """Return how far the baseline of a text is below its position."""
    shift = style.get("baseline-shift", "baseline")
    raised = {"super": 0.4, "sub": -0.2}.get(shift)
    up = raised * size if raised is not None else (length(shift, size, size) or 0.0)
    return _BASELINES.get(style.get("dominant-baseline", ""), 0.0) * size - up


def _told(style: Mapping[str, str]) -> Iterator[str]:
    weight = style.get("font-weight", "normal")
    if weight in ("bold", "bolder") or (weight.isdecimal() and int(weight) >= 600):
        yield "bold type"
    if style.get("font-style", "normal") != "normal":
        yield "italic type"
