"""Pictures of other programs' drawings: turned, flipped, cut and in further formats, as images that fill a box.

Rules of this file: the size of a picture is read from its header, and one that is too large is never decoded.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
from typing import Any
from urllib.parse import unquote_to_bytes

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from ..errors import SketchError
from ..model.elements.fields import EIGHTHS
from ..model.geometry import Rect
from .images import LONGEST, MEGAPIXELS, dimensions, image_fields
from .svg_paths import Matrix

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")

Frame = tuple[float, float, float, float]
"""x, y, width and height; the last two are NaN where they follow from the picture."""


def embedded(address: str) -> tuple[str, bytes] | None:
    """Return the type and the bytes of what a ``data:`` address holds; None when it is another address, or broken."""
    head, comma, content = address.strip().partition(",")
    if not comma or not head.lower().startswith("data:"):
        return None
    mime, *options = head[5:].split(";")
    if not any(option.strip().lower() == "base64" for option in options):
        return mime.lower(), unquote_to_bytes(content)
    try:
        return mime.lower(), base64.b64decode("".join(unquote_to_bytes(content).decode("latin-1").split()))
    except binascii.Error:
        return None


def opened(data: bytes) -> Pillow.Image:
    """Return the picture in a file, upright; raise `SketchError` when it cannot be shown."""
    try:
        picture = Pillow.open(io.BytesIO(data), formats=FORMATS)
    # Broken files make the decoder raise many kinds of errors.
    except Exception:
        raise SketchError("neither PNG, JPEG, WebP nor GIF") from None
    if picture.width * picture.height > MEGAPIXELS * 1_000_000:
        raise SketchError(f"of more than {MEGAPIXELS} megapixels")
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:
        raise SketchError("damaged") from None


def sized(wide: float, high: float, own: tuple[float, float]) -> tuple[float, float]:
    """Return the sides of a picture, of which those that are NaN follow from its `own`."""
    if math.isnan(wide):
        return own if math.isnan(high) else (high * own[0] / own[1], high)
    return (wide, wide * own[1] / own[0]) if math.isnan(high) else (wide, high)


def slack(align: str, across: float, down: float) -> tuple[float, float]:
    """Return how much of the room that is left lies before what is aligned, such as ``xMidYMax``."""
    parts = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}
    return across * parts.get(align[1:4], 0.5), down * parts.get(align[5:8], 0.5)


def framed(data: bytes, frame: Frame, aspect: str, matrix: Matrix, clip: Rect | None) -> dict[str, Any] | None:
    """Return the fields of an image that shows a file in `frame`, before `matrix`, as `aspect` says; None when
    nothing of it is in `clip`. Raises `SketchError`."""
    picture = opened(data)
    x, y, wide, high = frame
    wide, high = sized(wide, high, picture.size)
    if wide <= 0 or high <= 0:
        return None
    sx, sy = wide / picture.width, high / picture.height
    words = aspect.split() or ["xMidYMid"]
    if words[0] != "none":
        sx = sy = max(sx, sy) if "slice" in words else min(sx, sy)
    dx, dy = slack(words[0], wide - picture.width * sx, high - picture.height * sy)
    left, top = max(0, round(-dx / sx)), max(0, round(-dy / sy))
    if left or top or "slice" in words:
        right, bottom = min(picture.width, left + round(wide / sx)), min(picture.height, top + round(high / sy))
        picture = picture.crop((left, top, max(left + 1, right), max(top + 1, bottom)))
        dx, dy = max(0.0, dx), max(0.0, dy)
    return placed(picture, matrix @ Matrix(sx, 0, 0, sy, x + dx, y + dy), clip, data)


def placed(
    picture: Pillow.Image, matrix: Matrix, clip: Rect | None = None, data: bytes | None = None
) -> dict[str, Any] | None:
    """Return the fields of an image that shows `picture`, whose pixels `matrix` puts on the board; None when nothing
    of it is in `clip`. `data` is its file, which is sent as it is where that can be. Raises `SketchError`."""
    corners = matrix.apply(
        np.array([(0, 0), (picture.width, 0), (picture.width, picture.height), (0, picture.height)])
    )
    whole = Rect.around(corners)
    seen = whole if clip is None else Rect(
        max(whole.x0, clip.x0), max(whole.y0, clip.y0), min(whole.x1, clip.x1), min(whole.y1, clip.y1)
    )  # fmt: skip
    if seen.x0 >= seen.x1 or seen.y0 >= seen.y1:
        return None
    if not matrix.is_turned and matrix.a > 0 and matrix.d > 0 and seen == whole:
        as_is = data is not None and dimensions(data) == picture.size
        return image_fields(data if as_is else picture, _box(whole))
    return image_fields(_moved(picture, matrix, seen), _box(seen))


def _moved(picture: Pillow.Image, matrix: Matrix, seen: Rect) -> Pillow.Image:
    """Return what is in `seen` of `picture` after `matrix`."""
    if (less := max(picture.size) // (2 * LONGEST)) > 1:
        # A large one is made smaller first: four channels of all its pixels would be much to hold.
        before = picture.size
        picture = picture.reduce(less)
        matrix = matrix @ Matrix(before[0] / picture.width, 0, 0, before[1] / picture.height)
    wide, high = seen.x1 - seen.x0, seen.y1 - seen.y0
    # Turned, its pixels lie between those of the new one: there are twice as many.
    finer = (2.0 if matrix.is_turned else 1.0) / (matrix.scale or 1.0)
    pixels = min(finer, LONGEST / max(wide, high))
    size = max(1, round(wide * pixels)), max(1, round(high * pixels))
    linear = np.array([[matrix.a, matrix.c, matrix.e], [matrix.b, matrix.d, matrix.f], [0, 0, 1]])
    try:
        back = np.linalg.inv(linear) @ [[wide / size[0], 0, seen.x0], [0, high / size[1], seen.y0], [0, 0, 1]]
    except np.linalg.LinAlgError:
        raise SketchError("flat") from None
    return picture.convert("RGBA").transform(
        size, Pillow.Transform.AFFINE, back[:2].ravel().tolist(), Pillow.Resampling.BICUBIC
    )


def _box(box: Rect) -> list[float]:
    sides = [round(part * EIGHTHS) / EIGHTHS for part in (box.x0, box.y0, box.x1, box.y1)]
    return [sides[0], sides[1], sides[2] - sides[0], sides[3] - sides[1]]
