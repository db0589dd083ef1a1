"""A user's image as the fields of an element: the file process decodes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ..errors import SketchError
from .images import bytes_or_image, fields_of, refuse_large, upright
from .process import Job, Limits, Overspent, run

SECONDS, MEMORY = 4, 240 << 20
"""Limits of reading an image, in addition to its bytes: 40 megapixels are 160 MB, and half their size 40 MB more."""
PIECE = 1 << 20


def picture_fields(source: object, box: Sequence[float | None]) -> dict[str, Any]:
    """Return what `image_fields` returns; raise `SketchError` as it does."""
    data = bytes_or_image(source)
    arguments: dict[str, Any] = {"mode": "", "size": (0, 0)}
    if not isinstance(data, bytes):
        refuse_large(*data.size)
        picture = upright(data)
        arguments = {"mode": picture.mode, "size": picture.size}
        data = picture.tobytes()
    frames = (data[start : start + PIECE] for start in range(0, len(data), PIECE))
    found = bytearray()
    try:
        run(Job("picture", arguments, Limits(SECONDS, MEMORY + len(data))), frames, found.extend)
    except Overspent as error:
        raise SketchError(f"the image {error} to read; make it smaller first") from None
    encoded, size = msgspec.msgpack.decode(bytes(found), type=tuple[bytes, tuple[int, int]])
    return fields_of(encoded, size, box)
