"""Elements as pixels, in the file process: resvg paints what `svg` writes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import resvg_py
from PIL import Image

from ..model.elements import Element
from . import fonts
from .seen import seen
from .write_svg import PAPER, svg

DETAIL = 0.1
"""Pixels by which a painted line may differ from the exact one."""


def png(
    elements: Sequence[Element],
    width: int,
    height: int,
    board: tuple[float, float],
    *,
    font: str | None,
    paper: str | None = PAPER,
) -> bytes:
    """Return the drawing as PNG, `width` × `height` pixels, with `font` for text; without `paper` transparent."""
    return resvg_py.svg_to_bytes(
        svg_string=svg(seen(elements, board, DETAIL * board[0] / width), board, (width, height), paper),
        background=paper,
        sans_serif_family=None if font is None else fonts.family(Path(font)),
        font_files=None if font is None else [font],
    )


def picture(
    elements: Sequence[Element],
    width: int,
    height: int,
    board: tuple[float, float],
    *,
    font: str | None,
    paper: str | None = PAPER,
) -> Image.Image:
    """Return what `png` paints, as an image."""
    found = Image.open(io.BytesIO(png(elements, width, height, board, font=font, paper=paper)))
    found.load()
    return found


def rgb(
    elements: Sequence[Element], width: int, height: int, board: tuple[float, float], *, font: str | None
) -> bytes:
    """Return the red, green and blue of each pixel of the drawing."""
    return picture(elements, width, height, board, font=font).convert("RGB").tobytes()
