"""Elements as pixels, in the file process: resvg paints what `svg` writes."""

from __future__ import annotations

import io
import math
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


MANY = 1_000
"""Elements from which on a picture is painted larger, each point of it inside or outside, and reduced. The renderer
takes many times as long to weigh points at edges."""
SAMPLES = 3
"""How many times as large, at most."""
LARGEST = 16_000_000
"""Points of the larger picture, at most."""


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
    if _samples(len(elements), width, height) == 1:
        return _painted(_written(elements, (width, height), board, paper), font, paper)
    return encoded(picture(elements, width, height, board, font=font, paper=paper))


def encoded(image: Image.Image) -> bytes:
    """Return an image as PNG."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


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
    samples = _samples(len(elements), width, height)
    text = _written(elements, (width, height), board, paper, samples)
    found = Image.open(io.BytesIO(_painted(text, font, paper)))
    if samples == 1:
        found.load()
        return found
    if paper is not None:
        return found.convert("RGB").reduce(samples)
    # Of a transparent point only the opacity counts.
    return found.convert("RGBa").reduce(samples).convert("RGBA")


def _samples(count: int, width: int, height: int) -> int:
    """Return how many times as large a picture of `count` elements is painted."""
    return 1 if count < MANY else max(1, min(SAMPLES, math.isqrt(LARGEST // (width * height))))


def _written(
    elements: Sequence[Element],
    size: tuple[int, int],
    board: tuple[float, float],
    paper: str | None,
    samples: int = 1,
) -> str:
    detail = DETAIL * board[0] / size[0]
    larger = (size[0] * samples, size[1] * samples)
    return svg(seen(elements, board, detail), board, larger, paper, crisp=samples > 1)


def _painted(text: str, font: str | None, paper: str | None) -> bytes:
    return resvg_py.svg_to_bytes(
        svg_string=text,
        background=paper,
        sans_serif_family=None if font is None else fonts.family(Path(font)),
        font_files=None if font is None else [font],
    )


def rgb(
    elements: Sequence[Element], width: int, height: int, board: tuple[float, float], *, font: str | None
) -> bytes:
    """Return the red, green and blue of each pixel of the drawing."""
    return picture(elements, width, height, board, font=font).convert("RGB").tobytes()
