"""Elements as pixels, in the file process: resvg paints what `svg` writes, and PDFium the ink of many elements."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

from ..model.elements import Element
from ..model.geometry import Rect
from . import fonts
from .seen import Seen, around, seen
from .write_svg import PAPER, svg

try:
    from . import ink_pixels
except ImportError:  # Where there is no PDFium, all is painted by resvg.
    AVAILABLE = False
else:
    AVAILABLE = True

DETAIL = 0.1
"""Pixels by which a painted line may differ from the exact one."""
MANY = 1_000
"""Elements from which on PDFium paints lines and areas: resvg takes seven times as long."""
LEVEL = 4
"""How hard zlib tries: 6 takes half as long again, for a hundredth less."""
LAYERS = 100
"""Layers of texts and images between those of ink, at most: each costs a millisecond."""

Size = tuple[int, int]


def png(
    elements: Sequence[Element], width: int, height: int, board: tuple[float, float], *, font: str | None
) -> bytes:
    """Return the drawing on white paper as PNG, `width` × `height` pixels, with `font` for text."""
    shown = _seen(elements, (width, height), board)
    if (many := _many(shown, (width, height), board, font, None)) is not None:
        return encoded(many)
    return _painted(svg(shown, board, (width, height)), font, PAPER)


def encoded(image: Image.Image) -> bytes:
    """Return an image as PNG."""
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=LEVEL)
    return stream.getvalue()


def picture(
    elements: Sequence[Element],
    width: int,
    height: int,
    board: tuple[float, float],
    *,
    font: str | None,
    below: Image.Image | None = None,
) -> Image.Image:
    """Return what `png` paints as an image, on white paper or on what is `below`."""
    shown = _seen(elements, (width, height), board)
    if (many := _many(shown, (width, height), board, font, below)) is not None:
        return many
    if below is None:
        return Image.open(io.BytesIO(_painted(svg(shown, board, (width, height)), font, PAPER))).convert("RGB")
    layer = Image.open(io.BytesIO(_painted(svg(shown, board, (width, height), None), font, None)))
    return Image.alpha_composite(below.convert("RGBA"), layer.convert("RGBA")).convert("RGB")


def rgb(
    elements: Sequence[Element], width: int, height: int, board: tuple[float, float], *, font: str | None
) -> bytes:
    """Return the red, green and blue of each pixel of the drawing."""
    return picture(elements, width, height, board, font=font).tobytes()


def _seen(elements: Sequence[Element], size: Size, board: tuple[float, float]) -> list[Seen]:
    return seen(elements, board, DETAIL * board[0] / size[0])


def _many(
    elements: Sequence[Seen],
    size: Size,
    board: tuple[float, float],
    font: str | None,
    below: Image.Image | None,
) -> Image.Image | None:
    """Return the picture of many elements: ink, and layers of all else in their places. None where they are few, or
    where there are too many layers."""
    if not AVAILABLE or len(elements) < MANY:
        return None
    scale = min(size[0] / board[0], size[1] / board[1])
    at = ((size[0] - scale * board[0]) / 2, (size[1] - scale * board[1]) / 2)
    inked = ink_pixels.paints(elements, scale)
    runs = [
        (ink, [elements[number] for number, _ in numbered])
        for ink, numbered in groupby(enumerate(inked), key=lambda each: each[1])
    ]
    if len(runs) > 2 * LAYERS:
        return None
    canvas = np.full((size[1], size[0], 4), 255, dtype=np.uint8)
    if below is not None:
        canvas[..., :3] = np.asarray(below.convert("RGB"))
    for ink, run in runs:
        if ink:
            ink_pixels.paint(canvas, run, scale, at)
        else:
            _layer(canvas, run, scale, at, board=board, font=font)
    return Image.fromarray(canvas[..., :3])


def _layer(
    canvas: ink_pixels.Pixels,
    elements: Sequence[Seen],
    scale: float,
    at: tuple[float, float],
    *,
    board: tuple[float, float],
    font: str | None,
) -> None:
    """Paint elements by resvg, in a picture as small as it can be, and put that on the canvas."""
    whole = Rect(0.0, 0.0, *board)
    boxes = [around(part, whole) for element in elements for part in element.display]
    if not boxes:
        return
    high, wide = canvas.shape[:2]
    left = max(0, math.floor(scale * min(box.x0 for box in boxes) + at[0]))
    top = max(0, math.floor(scale * min(box.y0 for box in boxes) + at[1]))
    right = min(wide, math.ceil(scale * max(box.x1 for box in boxes) + at[0]))
    bottom = min(high, math.ceil(scale * max(box.y1 for box in boxes) + at[1]))
    if left >= right or top >= bottom:
        return
    corner = ((left - at[0]) / scale, (top - at[1]) / scale)
    size = (right - left, bottom - top)
    text = svg(elements, (size[0] / scale, size[1] / scale), size, None, corner=corner)
    layer = Image.open(io.BytesIO(_painted(text, font, None))).convert("RGBA")
    below = Image.fromarray(canvas[top:bottom, left:right, :3]).convert("RGBA")
    canvas[top:bottom, left:right] = np.asarray(Image.alpha_composite(below, layer))


def _painted(text: str, font: str | None, paper: str | None) -> bytes:
    return resvg_py.svg_to_bytes(
        svg_string=text,
        background=paper,
        sans_serif_family=None if font is None else fonts.family(Path(font)),
        font_files=None if font is None else [font],
    )
