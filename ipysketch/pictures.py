"""Files of pictures: what a person gives becomes the fields of an image, and an image the bytes that can be painted.

Rules of this file: how large a picture is comes from its header, and one that is too large is never decoded. What
others sent is decoded here and encoded anew, so that no page's decoder sees what a stranger made.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from . import given
from .elements import Image, Picture
from .elements.image import MAX_DATA
from .errors import SketchError
from .geometry import Rect

MEGAPIXELS = 40
"""What a picture may have at most to be decoded."""
LONGEST = 2048
"""Pixels of the longer side of what is sent or painted, at most."""
QUALITY = 85

_PNG = b"\x89PNG\r\n\x1a\n"
_FITS = MAX_DATA // 4 * 3


def image_fields(source: object, box: Sequence[float | None]) -> dict[str, Any]:
    """The fields of an image element that shows `source` in `box`: x, y, width, height in board units, one of the last
    two None for what keeps the proportions.

    `source` is the bytes or the path of a PNG or JPEG file, an array of shape (height, width), (height, width, 3) or
    (height, width, 4) with whole numbers from 0 to 255 or fractions from 0 to 1, an image of Pillow, or a figure of
    matplotlib. It is made smaller until it fits an element. Raises `SketchError`."""
    data = _given(source)
    if isinstance(data, bytes):
        data = _kept(data)
    encoded, size = _fitted(data) if isinstance(data, Pillow.Image) else (data, dimensions(data) or (1, 1))
    mime = "image/png" if encoded.startswith(_PNG) else "image/jpeg"
    return Image("", _placed(box, size), mime, base64.b64encode(encoded).decode()).encode()


def dimensions(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels that the header of a PNG or JPEG file tells; None when it is neither."""
    if data.startswith(_PNG):
        if len(data) < 24 or data[12:16] != b"IHDR":
            return None
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        # Start of frame, of whatever kind; the three between are tables.
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def showable(picture: Picture) -> bool:
    """Whether the header of `picture` is one of a PNG or JPEG file that is not too large."""
    size = dimensions(base64.b64decode(picture.data))
    return size is not None and 0 < size[0] * size[1] <= MEGAPIXELS * 1_000_000


def paintable(picture: Picture) -> bytes | None:
    """A PNG or JPEG file that shows `picture`, written here; None when it cannot be shown."""
    if not showable(picture):
        return None
    try:
        found = Pillow.open(io.BytesIO(base64.b64decode(picture.data)), formats=("PNG", "JPEG"))
        return _encoded(_shrunk(_upright(found), LONGEST))
    # Broken files make the decoder raise many kinds of errors.
    except Exception:
        return None


def _given(source: object) -> bytes | Pillow.Image:
    """The bytes of a file, or a picture."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, Pillow.Image):
        return source
    if isinstance(source, str | os.PathLike):
        try:
            return File(source).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SketchError(f"the image {str(source)!r} cannot be read: {reason}") from None
    if callable(save := getattr(source, "savefig", None)):
        stream = io.BytesIO()
        save(stream, format="png", bbox_inches="tight")
        return stream.getvalue()
    return _from_array(source)


def _from_array(source: object) -> Pillow.Image:
    try:
        array = np.asarray(source)
        numeric = np.issubdtype(array.dtype, np.number) or array.dtype == bool
    except (TypeError, ValueError):
        numeric = False
    if not numeric or not array.ndim:
        raise SketchError(
            f"an image is the bytes or path of a PNG or JPEG file, an array, or a figure, not {type(source).__name__}"
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        raise SketchError(
            "the array of an image has shape (height, width), (height, width, 3) or (height, width, 4), "
            f"not {array.shape}"
        )
    _refuse_large(array.shape[1], array.shape[0])
    if np.issubdtype(array.dtype, np.complexfloating) or not np.isfinite(array).all():
        raise SketchError("the array of an image holds values that are not finite numbers, such as NaN")
    fractions = np.issubdtype(array.dtype, np.floating) or array.dtype == bool
    most = 1 if fractions else 255
    if array.min() < 0 or array.max() > most:
        kind = "fractions from 0 to 1" if fractions else "whole numbers from 0 to 255"
        raise SketchError(f"the array of an image holds {kind}, not {array.min()} to {array.max()}")
    return Pillow.fromarray(np.rint(array * (255 // most)).astype(np.uint8))


def _kept(data: bytes) -> bytes | Pillow.Image:
    """The file itself where it can stay as it is, else the picture in it."""
    size = dimensions(data)
    if size is None or 0 in size:
        raise SketchError("this is neither a PNG nor a JPEG image")
    _refuse_large(*size)
    try:
        picture = Pillow.open(io.BytesIO(data), formats=("PNG", "JPEG"))
        turned = picture.getexif().get(0x0112, 1) != 1
        picture.load()
    # Broken files make the decoder raise many kinds of errors.
    except Exception as error:
        raise SketchError(f"the image is damaged: {error}") from None
    return data if len(data) <= _FITS and max(size) <= LONGEST and not turned else picture


def _refuse_large(width: int, height: int) -> None:
    if width * height > MEGAPIXELS * 1_000_000:
        raise SketchError(
            f"image of {round(width * height / 1_000_000)} megapixels: {MEGAPIXELS} are the most that can be read"
        )


def _fitted(picture: Pillow.Image) -> tuple[bytes, tuple[int, int]]:
    """A file of `picture` that fits an element, and the size of what it shows."""
    _refuse_large(*picture.size)
    picture = _upright(picture)
    longest = min(LONGEST, max(picture.size))
    while True:
        small = _shrunk(picture, longest)
        data = _encoded(small)
        if len(data) <= _FITS:
            return data, picture.size
        longest = max(1, int(longest * min(0.9, (_FITS / len(data)) ** 0.5)))


def _upright(picture: Pillow.Image) -> Pillow.Image:
    """`picture` turned as its camera says, in grey or colours of 8 bits, with or without transparency."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("L", "RGB", "RGBA"):
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _shrunk(picture: Pillow.Image, longest: int) -> Pillow.Image:
    """`picture` with at most `longest` pixels on its longer side."""
    factor = longest / max(picture.size)
    if factor >= 1:
        return picture
    width, height = (max(1, round(side * factor)) for side in picture.size)
    return picture.resize((width, height), Pillow.Resampling.LANCZOS)


def _encoded(picture: Pillow.Image) -> bytes:
    """A file of `picture`: PNG where that fits or where it is translucent, else JPEG."""
    # Of a fresh image: what else the file told, such as profiles, stays behind.
    fresh = Pillow.frombytes(picture.mode, picture.size, picture.tobytes())
    stream = io.BytesIO()
    fresh.save(stream, "PNG", optimize=False)
    if len(stream.getvalue()) > _FITS and picture.mode != "RGBA":
        stream = io.BytesIO()
        fresh.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _placed(box: Sequence[float | None], size: tuple[int, int]) -> Rect:
    """The box on the board for a picture of `size`."""
    try:
        x, y, width, height = box
        if width is None and height is not None:
            width = height * size[0] / size[1]
        elif height is None and width is not None:
            height = width * size[1] / size[0]
    except (TypeError, ValueError):
        raise SketchError("the box of an image is x, y, width, height in board units") from None
    return given.box((x, y, width, height))
