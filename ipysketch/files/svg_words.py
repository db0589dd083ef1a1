"""From the words of an SVG to elements: the runs of its texts, and the text of its HTML. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..model.colors import parsed
from .importer import Canvas
from .svg_paint import Paints
from .svg_pen import State, covering, seen
from .svg_shapes import measured
from .svg_styles import SIZE, length
from .svg_text import Line, html_lines

if TYPE_CHECKING:
    from .svg_tree import Node

PLAIN = ("none", "normal", "lr", "lr-tb", "rl", "rl-tb", "horizontal-tb", "inherit", "initial", "unset")
"""Values of `SET_OTHERWISE` by which a text is set as all are here; so it is by a length of 0."""
SET_OTHERWISE = {
    "letter-spacing": "spacing of letters",
    "word-spacing": "spacing of words",
    "writing-mode": "vertical text",
    "text-decoration": "decoration of a text",
}
"""Properties of texts that a board does not have, and how they are counted."""


class Words:
    """Adds texts to a canvas, in the colours of `paints`; what is shown otherwise is counted by the canvas."""

    def __init__(self, canvas: Canvas, paints: Paints) -> None:
        self._canvas, self._paints = canvas, paints

    def line(self, line: Line, at: State) -> None:
        """Add the runs of one line of text."""
        [place] = at.matrix.apply(np.array([(line.x, line.y)])).tolist()
        scale = at.matrix.scale
        x = place[0] - line.align * scale * sum(run.width for run in line.runs)
        for run in line.runs:
            visible = (
                run.style.get("visibility") not in ("hidden", "collapse") and run.style.get("display") != "none"
            )
            fill, stroke = (
                self._paints.color(run.style, name, usual, at.opacity)
                for name, usual in (("fill", "black"), ("stroke", "none"))
            )
            ink = fill or stroke
            if fill and stroke:
                self._canvas.skipped["outline of a text"] += 1
            for name, told in SET_OTHERWISE.items():
                value = run.style.get(name, "none").lower()
                if run.text.strip() and value not in PLAIN and length(value, 0.0, run.size) != 0.0:
                    self._canvas.skipped[told] += 1
            y = place[1] + run.dy * scale
            if (
                visible
                and ink is not None
                and run.text.strip()
                and seen(at.clip, (x, y), run.width * scale, run.size * scale)
            ):
                look = {"color": ink[0], **covering(at.opacity * ink[1])}
                # Blanks at its ends are room, and no ink.
                before = len(run.text) - len(run.text.lstrip())
                self._canvas.text(
                    run.text.strip(),
                    x + scale * run.advance(run.text[:before]),
                    y,
                    run.size * scale,
                    look,
                    align=0.0,
                )
            x += run.width * scale

    def html(self, one: Node, at: State) -> None:
        """Add the words of HTML, in the middle of their box."""
        lines = html_lines(one)
        if not lines:
            return
        self._canvas.skipped["foreignObject, as plain text"] += 1
        x, y = measured(at, "x", 0), measured(at, "y", 1)
        wide, high = measured(at, "width", 0), measured(at, "height", 1)
        size = float(at.style.get("font-size", SIZE))
        [(middle, centre)] = at.matrix.apply(np.array([(x + wide / 2, y + high / 2)])).tolist()
        ink = parsed(at.style.get("color", "black")) or ("#000000", 1.0)
        size *= at.matrix.scale
        for number, words in enumerate(lines):
            baseline = centre + (number - (len(lines) - 1) / 2) * 1.25 * size + 0.35 * size
            self._canvas.text(
                words, middle, baseline, size, {"color": ink[0], **covering(at.opacity * ink[1])}, align=0.5
            )
