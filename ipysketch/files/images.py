"""Image files: from a user's image to the fields of an element, and from an element to bytes that can be painted.

Rules of this file: the size of an image is read from its header, and one that is too large is never decoded. An image
that others sent is decoded here and encoded anew, so that no browser's decoder sees bytes that a stranger made.
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

from relay.protocol import HEIGHT, WIDTH

from .. import arguments
from ..errors import ArgumentError, ArgumentTypeError, SketchError
from ..model.elements import DisplayImage, Image
from ..model.elements.image import MAX_DATA
from ..model.geometry import Rect

MEGAPIXELS = 40
"""An image with more is not decoded."""
LARGEST = 200 << 20
"""Bytes of an image file, at most."""
BAND = 256
"""Rows of an image that are made smaller at once; even."""
LONGEST = 2048
"""Pixels of the longer side of an image that is sent or painted, at most."""
QUALITY = 85

_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 0x0112
_FITS = MAX_DATA // 4 * 3


def image_fields(source: object, box: Sequence[float | None]) -> dict[str, Any]:
    """Return the fields of an image element that shows `source` in `box`: x, y, width, height in board units. Of the
    last two one may be None, and follows from the proportions, or both: a pixel is a board unit then, and what is
    larger than a board is made as large as one.

    `source` is the bytes or the path of a PNG or JPEG file, an array of shape (height, width), (height, width, 3) or
    (height, width, 4) with whole numbers from 0 to 255 or fractions from 0 to 1, an image of Pillow, or a figure of
    matplotlib. It is made smaller until it fits an element. Raises `SketchError`."""
    return fields_of(*fitted(bytes_or_image(source)), box)


def fields_of(data: bytes, size: tuple[int, int], box: Sequence[float | None]) -> dict[str, Any]:
    """Return the fields of an image element that shows a file which fits, of an image of `size` pixels, in `box`."""
    mime = "image/png" if data.startswith(_PNG) else "image/jpeg"
    return Image("", _placed(box, size), mime, base64.b64encode(data).decode()).encode()


def fitted(source: bytes | Pillow.Image) -> tuple[bytes, tuple[int, int]]:
    """Return a PNG or JPEG file that fits an element, and the size of the image before it was made smaller."""
    if isinstance(source, Pillow.Image):
        return _fitted(source)
    size = dimensions(source)
    if size is None or 0 in size:
        raise ArgumentError("this is neither a PNG nor a JPEG image")
    refuse_large(*size)
    try:
        picture, turned = _opened(source)
    except MemoryError:
        raise
    # Broken files make the decoder raise many kinds of errors.
    except Exception as error:
        raise ArgumentError(f"the image is damaged: {error}") from None
    if len(source) <= _FITS and max(size) <= LONGEST and not turned:
        return source, size
    data, (width, height) = _fitted(picture)
    return data, size if (width > height) == (size[0] > size[1]) else (size[1], size[0])


def from_pixels(mode: str, size: tuple[int, int], data: bytes) -> Pillow.Image:
    """Return the image of so many pixels."""
    return Pillow.frombytes(mode, size, data)


def dimensions(data: bytes) -> tuple[int, int] | None:
    """Return the width and height in pixels from the header of a PNG or JPEG file; None when `data` is neither."""
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


def showable(picture: DisplayImage) -> bool:
    """Return whether the header of `picture` is that of a PNG or JPEG file that is not too large."""
    size = dimensions(base64.b64decode(picture.data))
    return size is not None and 0 < size[0] * size[1] <= MEGAPIXELS * 1_000_000


def paintable(picture: DisplayImage) -> bytes | None:
    """Return a PNG or JPEG file that shows `picture`, encoded here; None when it cannot be shown."""
    if not showable(picture):
        return None
    try:
        found, _ = _opened(base64.b64decode(picture.data))
        return _encoded(_shrunk(upright(found), LONGEST))
    # Broken files make the decoder raise many kinds of errors.
    except Exception:
        return None


def bytes_or_image(source: object) -> bytes | Pillow.Image:
    """Return the bytes of an image file, or an image."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, Pillow.Image):
        return source
    if isinstance(source, str | os.PathLike):
        try:
            if File(source).stat().st_size > LARGEST:
                raise SketchError(f"the image {str(source)!r} is larger than {LARGEST >> 20} MB")
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
        raise ArgumentTypeError(
            f"an image is the bytes or path of a PNG or JPEG file, an array, or a figure, not {type(source).__name__}"
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        raise ArgumentError(
            "the array of an image has shape (height, width), (height, width, 3) or (height, width, 4), "
            f"not {array.shape}"
        )
    refuse_large(array.shape[1], array.shape[0])
    if np.issubdtype(array.dtype, np.complexfloating) or not np.isfinite(array).all():
        raise ArgumentError("the array of an image holds values that are not finite numbers, such as NaN")
    fractions = np.issubdtype(array.dtype, np.floating) or array.dtype == bool
    most = 1 if fractions else 255
    if array.min() < 0 or array.max() > most:
        kind = "fractions from 0 to 1" if fractions else "whole numbers from 0 to 255"
        raise ArgumentError(f"the array of an image holds {kind}, not {array.min()} to {array.max()}")
    # Whole numbers as they are: rounding those takes a second for an image of 12 megapixels.
    return Pillow.fromarray((np.rint(array * 255) if fractions else array).astype(np.uint8))


def _opened(data: bytes) -> tuple[Pillow.Image, bool]:
    """Return the image in a file, one that is far too large in half its size, and whether it is to be turned."""
    picture: Pillow.Image = Pillow.open(io.BytesIO(data), formats=("PNG", "JPEG"))
    turned = picture.getexif().get(_ORIENTATION, 1) != 1
    picture.load()
    return (_halved(picture) if max(picture.size) >= 2 * LONGEST else picture), turned


def _halved(picture: Pillow.Image) -> Pillow.Image:
    """Return `picture` in half its size, and forget it: forty megapixels are 160 MB."""
    width, height = picture.size
    half = Pillow.new("RGBA" if picture.has_transparency_data else "RGB", ((width + 1) // 2, (height + 1) // 2))
    for top in range(0, height, BAND):
        # In bands, because for transparency the library makes copies of what it reduces.
        band = picture.crop((0, top, width, min(height, top + BAND)))
        half.paste(band.convert(half.mode).reduce(2), (0, top // 2))
    half.info = dict(picture.info)
    picture.close()
    return half


def refuse_large(width: int, height: int) -> None:
    if width * height > MEGAPIXELS * 1_000_000:
        raise ArgumentError(
            f"image of {round(width * height / 1_000_000)} megapixels: {MEGAPIXELS} are the most that can be read"
        )


def _fitted(picture: Pillow.Image) -> tuple[bytes, tuple[int, int]]:
    """Return a file of `picture` that fits an element, and the size of the image before it was made smaller."""
    refuse_large(*picture.size)
    picture = upright(picture)
    longest = min(LONGEST, max(picture.size))
    while True:
        small = _shrunk(picture, longest)
        data = _encoded(small)
        if len(data) <= _FITS:
            return data, picture.size
        longest = max(1, int(longest * min(0.9, (_FITS / len(data)) ** 0.5)))


def upright(picture: Pillow.Image) -> Pillow.Image:
    """Return `picture` turned as its camera says, in grey or colours of 8 bits, with or without transparency."""
    if picture.getexif().get(_ORIENTATION, 1) != 1:
        picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("L", "RGB", "RGBA"):
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _shrunk(picture: Pillow.Image, longest: int) -> Pillow.Image:
    """Return `picture` with at most `longest` pixels on its longer side."""
    factor = longest / max(picture.size)
    if factor >= 1:
        return picture
    width, height = (max(1, round(side * factor)) for side in picture.size)
    return picture.resize((width, height), Pillow.Resampling.LANCZOS)


def _encoded(picture: Pillow.Image) -> bytes:
    """Return a file of `picture`: PNG where that fits or where it is translucent, else JPEG."""
    # Of a fresh image, without the metadata of the file, such as profiles.
    fresh = Pillow.frombytes(picture.mode, picture.size, picture.tobytes())
    stream = io.BytesIO()
    fresh.save(stream, "PNG", optimize=False)
    if len(stream.getvalue()) > _FITS and picture.mode != "RGBA":
        stream = io.BytesIO()
        fresh.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _placed(box: Sequence[float | None], size: tuple[int, int]) -> Rect:
    """Return the box on the board for an image of `size`, in pixels."""
    try:
        x, y, width, height = box
        if width is None and height is None:
            width = size[0] * min(1, WIDTH / size[0], HEIGHT / size[1])
        if width is None and height is not None:
            width = height * size[0] / size[1]
        elif height is None and width is not None:
            height = width * size[1] / size[0]
    except (TypeError, ValueError):
        raise ArgumentError("the box of an image is x, y, width, height in board units") from None
    return arguments.box((x, y, width, height))
