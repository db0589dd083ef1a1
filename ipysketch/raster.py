"""Elements as pixels, without a browser: what `svg` writes, drawn by resvg."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

from . import fonts
from .elements import Element, TextRun
from .errors import SketchError
from .pictures import MEGAPIXELS
from .svg import PAPER, svg


def raster(
    elements: Sequence[Element], width: int, height: int, board: tuple[float, float]
) -> NDArray[np.uint8]:
    """The drawing on white paper as an array of shape (height, width, 3).

    `board` is the width and height of the paper in board units; where its proportions are others than the pixels',
    it lies in the middle. Raises `SketchError` for a size that cannot be."""
    with Image.open(io.BytesIO(png(elements, width, height, board))) as picture:
        return np.array(picture.convert("RGB"))


def png(elements: Sequence[Element], width: int, height: int, board: tuple[float, float]) -> bytes:
    """The drawing as a PNG file; see `raster`."""
    if width < 1 or height < 1 or width * height > MEGAPIXELS * 1_000_000:
        raise SketchError(f"a picture has 1 pixel to {MEGAPIXELS} megapixels, not {width} × {height}")
    font = fonts.sans()
    if font is None and any(isinstance(part, TextRun) for element in elements for part in element.display):
        warnings.warn(
            "no sans-serif font was found here, so texts may be missing: install DejaVu Sans", stacklevel=2
        )
    return resvg_py.svg_to_bytes(
        svg_string=svg(elements, board, (width, height)),
        background=PAPER,
        sans_serif_family=None if font is None else fonts.family(font),
        font_files=None if font is None else [str(font)],
    )
