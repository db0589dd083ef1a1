"""The colours of people who chose none: the twin of ``relay/web/model/palette.js``. Pure."""

from __future__ import annotations

from collections.abc import Iterable

# fmt: off
PEOPLE = (
    "#d1495b", "#1f6fb2", "#2e8b57", "#8e5bb5", "#c46a1b", "#00798c", "#b0307a", "#5b6f1f",
    "#fe6ff5", "#42304a", "#02bced", "#0615b3", "#9eb919", "#cea4ad", "#680395", "#892408",
    "#0f4400", "#f99603", "#9690f1", "#543fe0", "#715367", "#13c097", "#df3eb7", "#949572",
    "#f97096", "#3480fc", "#bd5cf8", "#b07897", "#5d93b8", "#781d59", "#2f4989", "#37a711",
    "#2a5651", "#9812b1", "#bb061e", "#8d5406", "#fa5d36", "#5e4205", "#8559fc", "#86b5b4",
)
# fmt: on
"""Forty that are told apart, on white paper and on dark."""
COMMON = 8
"""How many of the first ones a name gives; the others are for crowded rooms."""


def free_color(wanted: str, taken: Iterable[str]) -> str:
    """Return `wanted` where nobody has it, else the first colour of the palette that nobody has, beginning after it.

    Where all are taken, that is `wanted`. `taken` are the colours of the others."""
    others = {color.lower() for color in taken}
    first = PEOPLE.index(wanted) if wanted in PEOPLE else 0
    return next((color for color in (wanted, *PEOPLE[first:], *PEOPLE[:first]) if color not in others), wanted)
