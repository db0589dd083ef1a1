"""Elements as pixels, without a browser. The file process draws them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relay.protocol import HEIGHT, WIDTH

from .. import arguments
from ..errors import ArgumentError, SketchError
from ..model.archive import Item
from ..model.elements import Element, Text
from . import fonts
from .images import MEGAPIXELS
from .process import Job, Limits, Overspent, packed, run

DRAWING = Limits(120, 1 << 30)
"""What one picture or file of a drawing may take."""
POSTER = Limits(20, 1 << 30)
"""What an image beside a widget may take: nobody asked for it."""

Drawing = Sequence[Item | Element] | Sequence[Element] | Sequence[Item]


def to_array(elements: Sequence[Element], *, width: int = WIDTH) -> NDArray[np.uint8]:
    """Draw elements on white paper as pixels.

    Args:
        elements: those of one page, the lowest first: of `Sketch.elements`, `Sketch.at` or `Film.at`.
        width: in pixels; the height follows from the proportions of a board.

    Returns:
        Red, green and blue from 0 to 255, shape (height, width, 3).

    Raises:
        SketchError: `width` is not a number, or makes no pixel or more than 40 megapixels.
    """
    width = round(arguments.number(width, "width"))
    return raster(elements, width, round(width * HEIGHT / WIDTH), (WIDTH, HEIGHT))


def to_svg(elements: Sequence[Element], *, width: float = WIDTH) -> str:
    """Draw elements on white paper as SVG.

    Args:
        elements: those of one page, the lowest first: of `Sketch.elements`, `Sketch.at` or `Film.at`.
        width: how wide the drawing is shown, in pixels; its height follows from the proportions of a board.

    Returns:
        The text of an SVG file. It refers to nothing outside itself, and nothing in an element becomes markup.

    Raises:
        SketchError: `width` is not a finite number above 0.
    """
    if not arguments.number(width, "width") > 0:
        raise ArgumentError(f"width must be more than 0 pixels, not {width!r:.40}")
    return svg(elements, (WIDTH, HEIGHT), (width, width * HEIGHT / WIDTH)).decode()


def raster(
    elements: Sequence[Element], width: int, height: int, board: tuple[float, float]
) -> NDArray[np.uint8]:
    """Return the drawing on white paper as an array of shape (height, width, 3).

    `board` is the width and height of the paper in board units; where its proportions are others than the pixels',
    it lies in the middle. Raises `ArgumentError` for a size that cannot be."""
    check(width, height)
    pixels = np.empty(width * height * 3, dtype=np.uint8)
    at = 0

    def take(piece: bytes) -> None:
        nonlocal at
        pixels[at : at + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        at += len(piece)

    drawn(
        Job("pixels", {"width": width, "height": height, "board": board, "font": font(elements)}, DRAWING),
        frames(elements),
        take,
    )
    return pixels.reshape(height, width, 3)


def png(drawing: Drawing, width: int, height: int, board: tuple[float, float]) -> bytes:
    """Return the drawing as a PNG file; see `raster`."""
    check(width, height)
    job = Job("png", {"width": width, "height": height, "board": board, "font": font(drawing)}, DRAWING)
    return whole(job, frames(drawing))


def poster(drawing: Drawing, widths: Sequence[int], most: int, board: tuple[float, float]) -> bytes:
    """Return the drawing as the first PNG file of one of `widths` that has at most `most` bytes; no bytes, if none."""
    arguments = {"widths": widths, "most": most, "board": board, "font": font(drawing)}
    return whole(Job("poster", arguments, POSTER), frames(drawing))


def svg(drawing: Drawing, board: tuple[float, float], shown: tuple[float, float]) -> bytes:
    """Return the drawing as an SVG file that is shown `shown` pixels large."""
    return whole(Job("svg", {"board": board, "shown": shown}, DRAWING), frames(drawing))


def whole(job: Job, frames: Iterable[bytes]) -> bytes:
    """Return the result of a job with a drawing."""
    pieces: list[bytes] = []
    drawn(job, frames, pieces.append)
    # Joining lets other threads run, which copying a large buffer does not.
    return b"".join(pieces)


def drawn(job: Job, frames: Iterable[bytes], take: Callable[[bytes], object]) -> None:
    """Do a job with a drawing; raise `SketchError` where it needs too much."""
    try:
        run(job, frames, take)
    except Overspent as error:
        raise SketchError(f"the drawing {error}: delete what is not needed, or spread it over pages") from None


def frames(drawing: Drawing) -> Iterator[bytes]:
    """Yield the frames of a drawing."""
    return packed(map(packed_fields, drawing))


def packed_fields(part: Item | Element) -> bytes:
    """Return the fields of a part of a drawing for a job."""
    try:
        return msgspec.msgpack.encode(part.fields if isinstance(part, Item) else part.encode())
    # What others wrote may hold fields of any kind, and halves of characters.
    except (UnicodeEncodeError, OverflowError, TypeError, ValueError):
        element = part.element if isinstance(part, Item) else part
        fields = {} if element is None else element.encode()
        return msgspec.msgpack.encode(
            {
                name: value.encode(errors="replace").decode() if isinstance(value, str) else value
                for name, value in fields.items()
            }
        )


def font(drawing: Drawing) -> str | None:
    """Return the file of the font for the texts in a drawing; warn where there is none."""
    found = fonts.sans()
    if found is None and any(_is_text(part) for part in drawing):
        warnings.warn(
            "no sans-serif font was found here, so texts may be missing: install DejaVu Sans", stacklevel=3
        )
    return None if found is None else str(found)


def check(width: int, height: int) -> None:
    """Raise `ArgumentError` for the size of a picture that cannot be."""
    if width < 1 or height < 1 or width * height > MEGAPIXELS * 1_000_000:
        raise ArgumentError(f"a picture has 1 pixel to {MEGAPIXELS} megapixels, not {width} × {height}")


def _is_text(part: Item | Element) -> bool:
    return part.fields.get("kind") == "text" if isinstance(part, Item) else isinstance(part, Text)
