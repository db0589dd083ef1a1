"""Drawings as files: written as .png, .svg, .pdf, .excalidraw and .json, read from .json, .svg and .excalidraw.

Pictures are written, and everything is read, in the file process (``process.py``).

What a format cannot hold is left out; what cannot be read of a file is counted. A file that is not what its name says
is refused in one sentence, before anything has changed.
"""

from __future__ import annotations

import codecs
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from tqdm.auto import tqdm

from relay.protocol import HEIGHT, WIDTH, RemoteError, check_value

from ..errors import ArgumentError, SketchError
from ..model.archive import Item, LoadReport
from ..model.elements import Element, Page
from ..model.elements.fields import EIGHTHS
from ..model.geometry import Rect
from .process import Job, Limits, Overspent, packed, run
from .rasterize import DRAWING, packed_fields, png, svg, whole
from .read_excalidraw import from_excalidraw
from .read_svg import from_svg

BOARD = (WIDTH, HEIGHT)
VERSION = 1
BESIDE = 1.5
"""How much desk there is on each side of a sheet, in sheets."""
LARGEST = 200 << 20
"""Bytes of a file that is read, at most."""
LARGE = 1 << 20
"""Bytes of a file from which on a bar shows how far it is read."""
PIECE = 64 << 10
"""Bytes of a file that are sent at once."""
HEAVIEST = 200 << 20
"""Bytes of memory that the elements of a file take, at most."""
READING = Limits(4, 200 << 20)
"""What reading a file may take."""

Drawing = Iterable[Item | Element]


def save(
    drawing: Drawing,
    path: str | os.PathLike[str],
    *,
    board: tuple[float, float] = BOARD,
    page: str = "",
    scale: float = 1.0,
    desk: bool = False,
) -> None:
    """Write `drawing`, the lowest element first, in the format that the name's suffix says.

    .json holds all of it, .pdf all pages, .svg, .png and .excalidraw the one page with the key `page`; `scale` is
    pixels to a board unit. With `desk` a picture shows what lies beside the sheet too. Raises `SketchError` when the
    suffix is another, or the file cannot be written."""
    where = Path(path)
    data = written(drawing, where.suffix, board=board, page=page, scale=scale, desk=desk)
    try:
        where.write_bytes(data)
    except OSError as error:
        raise SketchError(f"{str(where)!r} cannot be written: {error.strerror}") from None


def load(path: str | os.PathLike[str], *, board: tuple[float, float] = BOARD) -> LoadReport:
    """Read a file in the format that its name's suffix says, in the file process.

    A drawing that is larger than `board` is made smaller, but not one from .json. Raises `SketchError` when the file
    cannot be read, or is not what its name says."""
    where = Path(path)
    _reader(where.suffix)
    try:
        size = where.stat().st_size
    except (OSError, ValueError) as error:
        raise _unreadable(where, error) from None
    try:
        if size > LARGEST:
            raise SketchError(f"is larger than {LARGEST >> 20} MB")
        return _reported(
            Job("load", {"path": str(where.absolute()), "board": board}, READING),
            (),
            where.name if size > LARGE else "",
        )
    except SketchError as error:
        raise SketchError(f"{where.name!r} {error}") from None


def from_file(where: Path, board: tuple[float, float]) -> LoadReport:
    """Read a file as `load` does, in this process."""
    try:
        data = where.read_bytes()
    except OSError as error:
        raise _unreadable(where, error) from None
    return from_bytes(data, where.suffix, board)


def written(
    drawing: Drawing,
    suffix: str,
    *,
    board: tuple[float, float] = BOARD,
    page: str = "",
    scale: float = 1.0,
    desk: bool = False,
) -> bytes:
    """Return the bytes that `save` writes to a file whose name ends with `suffix`."""
    items = [item if isinstance(item, Item) else Item(item.encode(), item.key) for item in drawing]
    ending = suffix.lower()
    if desk and ending in (".svg", ".png", ".pdf"):
        items, board = _with_desk(items if ending == ".pdf" else _page(items, page), board)
    match ending:
        case ".json":
            return _to_json(items, board)
        case ".excalidraw":
            return whole(Job("excalidraw", {}, DRAWING), packed(map(_keyed, _page(items, page))))
        case ".svg":
            return svg(_page(items, page), board, (board[0] * scale, board[1] * scale))
        case ".png":
            if not 0 < scale < 1000:
                raise ArgumentError("a picture has more than 0 and less than 1000 pixels to a board unit")
            return png(_page(items, page), round(board[0] * scale), round(board[1] * scale), board)
        case ".pdf":
            pages = ["", *(item.key for item in items if isinstance(item.element, Page))]
            return _pdf([_page(items, key) for key in pages], board)
    raise ArgumentError(f"a drawing cannot be written as {suffix or 'a file without an ending'!r}: {_CHOICE}")


def read(data: bytes, suffix: str, *, board: tuple[float, float] = BOARD) -> LoadReport:
    """Return what `load` reads of a file of `data` whose name ends with `suffix`."""
    _reader(suffix)
    pieces = (data[start : start + PIECE] for start in range(0, len(data), PIECE))
    return _reported(Job("read", {"suffix": suffix, "board": board}, READING), pieces, "")


def from_bytes(data: bytes, suffix: str, board: tuple[float, float]) -> LoadReport:
    """Read a file as `read` does, in this process."""
    report = _reader(suffix)(data, board)
    if sum(_weight(item.fields) for item in report.items) > HEAVIEST:
        raise SketchError(
            f"holds more than {HEAVIEST >> 20} MB of elements: save it in parts, and load one after another"
        )
    return report


_CHOICE = "write .png, .svg, .pdf, .json, .excalidraw, .gif or .webp; read .json, .svg or .excalidraw"


def _reader(suffix: str) -> Callable[[bytes, tuple[float, float]], LoadReport]:
    readers = {".json": _from_json, ".svg": from_svg, ".excalidraw": from_excalidraw}
    if suffix.lower() not in readers:
        raise ArgumentError(
            f"a drawing cannot be read from {suffix or 'a file without an ending'!r}: {_CHOICE}"
        )
    return readers[suffix.lower()]


def _reported(job: Job, frames: Iterable[bytes], name: str) -> LoadReport:
    """Return what a job of the file process reads, with a bar where it has a `name`."""
    found: list[Item] = []
    head: list[tuple[int, dict[str, int]]] = []
    with tqdm(desc=f"reading {name}", unit=" elements", leave=False, disable=not name) as bar:

        def take(piece: bytes) -> None:
            if not head:
                head.append(msgspec.msgpack.decode(piece, type=tuple[int, dict[str, int]]))
                bar.reset(head[0][0])
            else:
                items = msgspec.msgpack.decode(piece, type=list[tuple[dict[str, Any], str, str]])
                found.extend(map(Item._make, items))
                bar.update(len(items))

        try:
            run(job, frames, take)
        except Overspent as error:
            raise SketchError(
                f"{error} to read, so nothing of it was taken: make a smaller file of it"
            ) from None
    return LoadReport(tuple(found), Counter(head[0][1]))


def _unreadable(where: Path, error: OSError | ValueError) -> SketchError:
    return SketchError(f"{str(where)!r} cannot be read: {getattr(error, 'strerror', error)}")


def _weight(value: object) -> int:
    """Return about how many bytes of memory the fields of an element take."""
    match value:
        case list():
            if set(map(type, value)) == {int}:
                # Small whole numbers exist once.
                return 56 + 8 * len(value) + 32 * sum([not -6 < one < 257 for one in value])
            return 56 + sum(8 + _weight(one) for one in value)
        case dict():
            return 200 + sum(60 + len(key) + _weight(one) for key, one in value.items())
        case str():
            return 60 + len(value)
        case int():
            return 0 if -6 < value < 257 else 32
    return 32


def _page(items: Sequence[Item], page: str) -> list[Item]:
    """Return the elements of one page."""
    return [item for item in items if item.page == page]


def _with_desk(items: Sequence[Item], board: tuple[float, float]) -> tuple[list[Item], tuple[float, float]]:
    """Return the elements, moved so that a larger board shows all that lies on the desk, and the size of that board."""
    wide, high = board
    shown = Rect(0, 0, wide, high)
    for item in items:
        if (element := item.element) is not None and not isinstance(element, Page):
            shown = shown.union(element.bounds)
    x0, y0 = (max(-BESIDE * side, math.floor(at)) for side, at in zip(board, (shown.x0, shown.y0), strict=True))
    x1, y1 = (
        min((1 + BESIDE) * side, math.ceil(at)) for side, at in zip(board, (shown.x1, shown.y1), strict=True)
    )
    return [_moved(item, -x0, -y0) for item in items], (x1 - x0, y1 - y0)


def _moved(item: Item, dx: float, dy: float) -> Item:
    element = item.element
    if element is None or isinstance(element, Page):
        return item
    x, y = element.offset
    return item._replace(
        fields={**item.fields, "offset": [round(EIGHTHS * (x + dx)), round(EIGHTHS * (y + dy))]}
    )


def _pdf(pages: Sequence[Sequence[Item]], board: tuple[float, float]) -> bytes:
    numbered = (
        msgspec.msgpack.encode((number, msgspec.Raw(packed_fields(item))))
        for number, page in enumerate(pages)
        for item in page
    )
    return whole(Job("pdf", {"pages": len(pages), "board": board}, DRAWING), packed(numbered))


def _keyed(item: Item) -> bytes:
    """Return the fields of an element with its key for a job."""
    key = item.key.encode(errors="replace").decode()
    return msgspec.msgpack.encode((msgspec.Raw(packed_fields(item)), key))


def _to_json(items: Sequence[Item], board: tuple[float, float]) -> bytes:
    encode = msgspec.json.encode
    try:
        # One after another: a large drawing at once would hold up everything else here.
        elements = [encode({"key": item.key, "page": item.page, "fields": item.fields}) for item in items]
        return b"".join([
            *(b'{"ipysketch":', encode(VERSION), b',"board":', encode(board), b',"elements":['),
            b",".join(elements),
            b"]}",
        ])  # fmt: skip
    except (UnicodeEncodeError, msgspec.MsgspecError, TypeError) as error:
        raise SketchError(f"the drawing cannot be written as JSON: {error}") from None


class _Drawing(msgspec.Struct):
    """A file of ours; its elements are decoded one after another."""

    ipysketch: Any
    elements: list[msgspec.Raw]


def _from_json(data: bytes, _board: tuple[float, float]) -> LoadReport:
    found: list[Item] = []
    skipped: Counter[str] = Counter()
    try:
        # What is no JSON is said to be that, also where it differs from a drawing before.
        text = msgspec.json.decode(data.removeprefix(codecs.BOM_UTF8), type=msgspec.Raw)
        content = msgspec.json.decode(text, type=_Drawing)
        if content.ipysketch != VERSION:
            raise SketchError("was written by a newer ipysketch: install the newest to read it")
        for raw in content.elements:
            item = _item(msgspec.json.decode(raw))
            if item is None:
                skipped["broken element"] += 1
            elif item.element is None:
                kind = item.fields.get("kind")
                skipped[f"element of kind {str(kind)[:40]!r}"] += 1
            else:
                found.append(item)
    except msgspec.ValidationError:
        raise SketchError("is JSON, but no drawing of ipysketch") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SketchError(f"is not JSON: {error}") from None
    return LoadReport(tuple(found), skipped)


def _item(one: object) -> Item | None:
    if not isinstance(one, dict):
        return None
    fields, key, page = one.get("fields"), one.get("key"), one.get("page", "")
    if not isinstance(fields, dict) or not isinstance(key, str) or not isinstance(page, str):
        return None
    try:
        check_value(fields)
    except RemoteError:
        return None
    return Item(fields, key, page)
