"""Drawings as files: written as .png, .svg, .pdf and .json, read from .json, .svg and .excalidraw.

What a file cannot keep is its format's limit, what of a file cannot be read is counted; a file that is not what its
name says is refused in one sentence, and nothing has changed then.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from relay.protocol import Bad, check_value

from .elements import Element, Page
from .errors import SketchError
from .from_excalidraw import from_excalidraw
from .from_svg import from_svg
from .items import Item, Loaded
from .pdf import pdf
from .raster import png
from .svg import svg

BOARD = (1280, 720)
VERSION = 1
LARGEST = 200 << 20
"""Bytes of a file that is read, at most."""

Drawing = Iterable[Item | Element]


def save(
    drawing: Drawing,
    path: str | os.PathLike[str],
    *,
    board: tuple[float, float] = BOARD,
    page: str = "",
    scale: float = 1.0,
) -> None:
    """Write `drawing`, the lowest element first, as the end of the name says: .json has all of it, .pdf all pages, .svg
    and .png the one page with the key `page`; `scale` is pixels to a board unit. Raises `SketchError`."""
    where = Path(path)
    data = written(drawing, where.suffix, board=board, page=page, scale=scale)
    try:
        where.write_bytes(data)
    except OSError as error:
        raise SketchError(f"{str(where)!r} cannot be written: {error.strerror}") from None


def load(path: str | os.PathLike[str], *, board: tuple[float, float] = BOARD) -> Loaded:
    """Read a file by the end of its name; what is larger than `board` is made smaller, but not from .json.

    Raises `SketchError`."""
    where = Path(path)
    _reader(where.suffix)
    try:
        if where.stat().st_size > LARGEST:
            raise SketchError(f"{where.name!r} is larger than {LARGEST >> 20} MB")
        data = where.read_bytes()
    except (OSError, ValueError) as error:
        raise SketchError(f"{str(where)!r} cannot be read: {getattr(error, 'strerror', error)}") from None
    try:
        return read(data, where.suffix, board=board)
    except SketchError as error:
        raise SketchError(f"{where.name!r} {error}") from None


def written(
    drawing: Drawing,
    suffix: str,
    *,
    board: tuple[float, float] = BOARD,
    page: str = "",
    scale: float = 1.0,
) -> bytes:
    """The bytes that `save` writes to a file whose name ends with `suffix`."""
    items = [item if isinstance(item, Item) else Item(item.encode(), item.key) for item in drawing]
    match suffix.lower():
        case ".json":
            return _to_json(items, board)
        case ".svg":
            return svg(_page(items, page), board, (board[0] * scale, board[1] * scale)).encode()
        case ".png":
            if not 0 < scale < 1000:
                raise SketchError("a picture has more than 0 and less than 1000 pixels to a board unit")
            return png(_page(items, page), round(board[0] * scale), round(board[1] * scale), board)
        case ".pdf":
            pages = ["", *(item.key for item in items if isinstance(item.element, Page))]
            return pdf([_page(items, key) for key in pages], board)
    raise SketchError(f"a drawing cannot be written as {suffix or 'a file without an ending'!r}: {_CHOICE}")


def read(data: bytes, suffix: str, *, board: tuple[float, float] = BOARD) -> Loaded:
    """What `load` reads of a file of `data` whose name ends with `suffix`."""
    return _reader(suffix)(data, board)


_CHOICE = "write .png, .svg, .pdf or .json; read .json, .svg or .excalidraw"


def _reader(suffix: str) -> Callable[[bytes, tuple[float, float]], Loaded]:
    readers = {".json": _from_json, ".svg": from_svg, ".excalidraw": from_excalidraw}
    if suffix.lower() not in readers:
        raise SketchError(f"a drawing cannot be read from {suffix or 'a file without an ending'!r}: {_CHOICE}")
    return readers[suffix.lower()]


def _page(items: Sequence[Item], page: str) -> list[Element]:
    """The elements of one page."""
    return [element for item in items if item.page == page and (element := item.element) is not None]


def _to_json(items: Sequence[Item], board: tuple[float, float]) -> bytes:
    elements = [{"key": item.key, "page": item.page, "fields": item.fields} for item in items]
    try:
        return msgspec.json.encode({"ipysketch": VERSION, "board": board, "elements": elements})
    except (UnicodeEncodeError, msgspec.MsgspecError, TypeError) as error:
        raise SketchError(f"the drawing cannot be written as JSON: {error}") from None


def _from_json(data: bytes, board: tuple[float, float]) -> Loaded:
    try:
        content = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SketchError(f"is not JSON: {error}") from None
    if (
        not isinstance(content, dict)
        or not isinstance(content.get("elements"), list)
        or "ipysketch" not in content
    ):
        raise SketchError("is JSON, but no drawing of ipysketch")
    if content["ipysketch"] != VERSION:
        raise SketchError("was written by a newer ipysketch: install the newest to read it")
    found: list[Item] = []
    skipped: Counter[str] = Counter()
    for one in content["elements"]:
        item = _item(one)
        if item is None:
            skipped["broken element"] += 1
        elif item.element is None:
            kind = item.fields.get("kind")
            skipped[f"element of kind {str(kind)[:40]!r}"] += 1
        else:
            found.append(item)
    return Loaded(tuple(found), skipped)


def _item(one: object) -> Item | None:
    if not isinstance(one, dict):
        return None
    fields, key, page = one.get("fields"), one.get("key"), one.get("page", "")
    if not isinstance(fields, dict) or not isinstance(key, str) or not isinstance(page, str):
        return None
    try:
        check_value(fields)
    except Bad:
        return None
    return Item(fields, key, page)
