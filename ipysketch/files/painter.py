"""Elements as pixels, in the file process: resvg paints what `svg` writes, and PDFium the ink of many elements."""

from __future__ import annotations

import io
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum, auto
from functools import partial
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

from ..model.elements import Element
from ..model.geometry import Rect
from . import fonts
from .seen import Seen, TooMuch, around, seen, stream
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
ROUGH = 0.2
"""The same where there are many: fewer points, and still a picture in which nobody sees the difference."""
PAGE = 1_000
"""Elements of a page for PDFium, at most, and"""
WAITING = 2
"""pages and layers that wait for it."""
LEVEL = 4
"""How hard zlib tries: 6 takes half as long again, for a hundredth less."""
LAYERS = 100
"""Layers of texts and images between those of ink, at most: each costs a millisecond."""

Size = tuple[int, int]


def png(
    elements: Sequence[Element], width: int, height: int, board: tuple[float, float], *, font: str | None
) -> bytes:
    """Return the drawing on white paper as PNG, `width` × `height` pixels, with `font` for text."""
    if (many := _many(elements, (width, height), board, font, None)) is not None:
        return encoded(many)
    return _painted(svg(_seen(elements, (width, height), board), board, (width, height)), font, PAPER)


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
    if (many := _many(elements, (width, height), board, font, below)) is not None:
        return many
    shown = _seen(elements, (width, height), board)
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
    elements: Sequence[Element],
    size: Size,
    board: tuple[float, float],
    font: str | None,
    below: Image.Image | None,
) -> Image.Image | None:
    """Return the picture of many elements: ink, and layers of all else in their places. None where they are few, or
    where there are too many layers."""
    if not AVAILABLE or len(elements) < MANY:
        return None
    detail = ROUGH * board[0] / size[0]
    try:
        return _pressed(stream(elements, board, detail), size, board, font, below)
    except TooMuch:
        return _pressed([seen(elements, board, detail)], size, board, font, below)


def _pressed(
    blocks: Iterable[list[Seen]],
    size: Size,
    board: tuple[float, float],
    font: str | None,
    below: Image.Image | None,
) -> Image.Image | None:
    """Paint what comes in blocks: a thread paints ink, without Python's lock, while this one makes what is next."""
    scale = min(size[0] / board[0], size[1] / board[1])
    at = ((size[0] - scale * board[0]) / 2, (size[1] - scale * board[1]) / 2)
    canvas = np.full((size[1], size[0], 4), 255, dtype=np.uint8)
    if below is not None:
        canvas[..., :3] = np.asarray(below.convert("RGB"))
    layers = 0
    under_way: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1) as other:
        for kind, run in groupby(_kinds(blocks, scale), key=itemgetter(1)):
            layers += kind is not Kind.INK
            if layers > LAYERS:
                return None
            while some := [each for each, _ in islice(run, PAGE if kind is Kind.INK else None)]:
                for work in _works(kind, some, canvas, scale, at, board=board, font=font):
                    under_way.append(other.submit(work))
                if len(under_way) > WAITING:
                    under_way.popleft().result()
        for each in under_way:
            each.result()
    return Image.fromarray(canvas[..., :3])


class Kind(Enum):
    """How something is painted where there is much: by PDFium, by PDFium as what darkens all below, or by resvg."""

    INK = auto()
    MARK = auto()
    LAYER = auto()


def _kinds(blocks: Iterable[list[Seen]], scale: float) -> Iterator[tuple[Seen, Kind]]:
    """Yield what is seen of each element, and how it is painted."""
    for block in blocks:
        for each, ink in zip(block, ink_pixels.paints(block, scale), strict=True):
            yield each, Kind.LAYER if not ink else Kind.MARK if each.multiplies else Kind.INK


def _works(
    kind: Kind,
    elements: Sequence[Seen],
    canvas: ink_pixels.Pixels,
    scale: float,
    at: tuple[float, float],
    *,
    board: tuple[float, float],
    font: str | None,
) -> Iterator[Callable[[], None]]:
    """Yield what another thread does to paint elements of one kind."""
    if kind is Kind.INK:
        yield partial(ink_pixels.paint, canvas, ink_pixels.page(elements, scale, at, canvas.shape[1::-1]))
    elif kind is Kind.LAYER:
        yield partial(_layer, canvas, elements, scale, at, board=board, font=font)
    elif region := _region(elements, canvas, scale, at, board):
        left, top, right, bottom = region
        place, size = (at[0] - left, at[1] - top), (right - left, bottom - top)
        page = ink_pixels.page(elements, scale, place, size)
        yield partial(ink_pixels.mark, canvas[top:bottom, left:right], page)


def _region(
    elements: Sequence[Seen],
    canvas: ink_pixels.Pixels,
    scale: float,
    at: tuple[float, float],
    board: tuple[float, float],
) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom of the pixels that elements may change; None where there are none."""
    whole = Rect(0.0, 0.0, *board)
    boxes = [around(part, whole) for element in elements for part in element.display]
    if not boxes:
        return None
    high, wide = canvas.shape[:2]
    left = max(0, math.floor(scale * min(box.x0 for box in boxes) + at[0]))
    top = max(0, math.floor(scale * min(box.y0 for box in boxes) + at[1]))
    right = min(wide, math.ceil(scale * max(box.x1 for box in boxes) + at[0]))
    bottom = min(high, math.ceil(scale * max(box.y1 for box in boxes) + at[1]))
    return (left, top, right, bottom) if left < right and top < bottom else None


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
    region = _region(elements, canvas, scale, at, board)
    if region is None:
        return
    left, top, right, bottom = region
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
