"""The tools by name, and the style of new ink. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..model.elements.fields import EIGHTHS
from ..model.elements.stroke import EVEN, FLOW

SHAPES = ("line", "arrow", "rectangle", "ellipse")
TOOLS = ("select", "hand", "pen", "highlighter", *SHAPES, "text", "eraser", "cutter", "laser")
"""Those of a page; on ipycanvas' own events there are `pen`, `highlighter` and `eraser`."""
HIGHLIGHTER_WIDTH = 4
"""A highlighter is this many times as broad as a pen of the same width."""


@dataclass(frozen=True, slots=True)
class Style:
    """The style of new ink: `color` and `fill` #rrggbb ("" for no fill), `width` in board units, `dash` "", "dashed" or
    "dotted", `opacity` in per cent (0: the default of the tool); with `even`, strokes are as wide everywhere;
    `size` is the height of type, in board units."""

    color: str
    width: float = 4.0
    fill: str = ""
    dash: str = ""
    opacity: int = 0
    even: bool = False
    size: float = 25.0

    def fields(self, kind: str) -> dict[str, Any]:
        """Return the fields that this style gives to a new element of `kind`, lengths in eighths."""
        fields: dict[str, Any] = {"kind": kind, "color": self.color}
        if kind == "text":
            fields["size"] = round(self.size * EIGHTHS)
        else:
            factor = HIGHLIGHTER_WIDTH if kind == "highlighter" else 1
            fields["width"] = round(self.width * EIGHTHS * factor)
        if kind == "stroke":
            fields["look"] = EVEN if self.even else FLOW
        if self.fill and kind in ("rectangle", "ellipse"):
            fields["fill"] = self.fill
        if self.dash and kind in SHAPES:
            fields["dash"] = self.dash
        if self.opacity:
            fields["opacity"] = self.opacity
        return fields
