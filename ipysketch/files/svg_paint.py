"""Fills and strokes of SVG shapes: colours, and gradients and patterns as one colour. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..model.colors import Color, parsed
from .svg_styles import Styles, local_name, reference
from .svg_tree import fraction, target

if TYPE_CHECKING:
    from .svg_tree import Node

SHAPES = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
INVISIBLE = 0.005
"""Below this, an opacity is smaller than any that an element can have."""


class Paints:
    """The colours of one SVG; what is reduced to one colour is counted in `told`."""

    def __init__(self, styles: Styles, ids: Mapping[str, Node], told: Counter[str]) -> None:
        self._styles, self._ids, self._told = styles, ids, told
        self._servers: dict[str, Color | None] = {}

    def color(self, style: Mapping[str, str], name: str, otherwise: str, opacity: float) -> Color | None:
        """Return the colour and opacity of `fill` or `stroke`; None where nothing is visible, given the `opacity` of
        its group."""
        found = self._color(style.get(name, otherwise), style)
        if found is None:
            return None
        alpha = found[1] * fraction(style.get(f"{name}-opacity"), 1.0)
        return (found[0], alpha) if alpha * opacity >= INVISIBLE else None

    def _color(self, value: str, style: Mapping[str, str]) -> Color | None:
        word = value.lower()
        if word in ("none", "context-fill", "context-stroke"):
            return None
        if word == "currentcolor":
            return parsed(style.get("color", "black"))
        if (found := reference(value)) is None:
            return parsed(value)
        server = self._ids.get(found[0])
        kind = local_name(server) if server is not None else ""
        if server is not None and kind in ("linearGradient", "radialGradient", "pattern"):
            self._told["pattern, as one colour" if kind == "pattern" else "gradient, as one colour"] += 1
            # Computed once: many shapes may share one with many stops.
            if found[0] not in self._servers:
                self._servers[found[0]] = self._pattern(server) if kind == "pattern" else self._gradient(server)
            return self._servers[found[0]]
        return self._color(found[1], style) if found[1] else None

    def _gradient(self, one: Node, depth: int = 0) -> Color | None:
        """Return the mean colour of a gradient."""
        stops: list[tuple[float, Color]] = []
        above = self._styles.computed(one, {})
        for stop in one:
            if local_name(stop) == "stop":
                style = self._styles.computed(stop, above)
                color, alpha = self._color(style.get("stop-color", "black"), style) or ("#000000", 0.0)
                least = stops[-1][0] if stops else 0.0
                covers = alpha * fraction(style.get("stop-opacity"), 1.0)
                stops.append((max(least, fraction(stop.get("offset"), 0.0)), (color, covers)))
        if not stops:
            other = self._ids.get(target(one))
            return self._gradient(other, depth + 1) if other is not None and depth < 10 else None
        places = np.array([0.0, *(at for at, _ in stops), 1.0])
        colors = [stops[0][1], *(color for _, color in stops), stops[-1][1]]
        table = np.array([[*bytes.fromhex(color[1:]), 255 * alpha] for color, alpha in colors])
        mean = (np.diff(places)[:, None] * (table[1:] + table[:-1]) / 2).sum(axis=0)
        red, green, blue, alpha = np.rint(mean).astype(int).tolist()
        return f"#{red:02x}{green:02x}{blue:02x}", alpha / 255

    def _pattern(self, one: Node) -> Color | None:
        """Return the first colour in a pattern."""
        for child in one.iter():
            if local_name(child) not in SHAPES:
                continue
            style = self._styles.computed(child, {})
            for name, otherwise in (("fill", "black"), ("stroke", "none")):
                value = style.get(name, otherwise)
                if reference(value) is None and (color := self._color(value, style)) is not None:
                    return color
        return None
