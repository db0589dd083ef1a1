"""Drawings as files: written as .png, .svg, .pdf, .excalidraw and .json, read from .json, .svg and .excalidraw.

Pictures are written, and everything is read, in the file process (``process.py``).

What a format cannot hold is left out; what cannot be read of a file is counted. A file that is not what its name says
is refused in one sentence, before anything has changed.
"""

from __future__ import annotations

import codecs
import contextlib
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
from .rasterize import DRAWING, packed_fields, png, whole
from .read_excalidraw import from_excalidraw
from .read_svg import from_svg
from .svg_source import source_of, with_source
from .write_svg import svg

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
    here = _page(items, page)
    match ending:
        case ".json":
            return to_json(items, board)
        case ".excalidraw":
            return whole(Job("excalidraw", {}, DRAWING), packed(map(_keyed, here)))
        case ".svg":
            return _svg(here, _shown(here, board, desk=desk), scale)
        case ".png":
            if not 0 < scale < 1000:
                raise ArgumentError("a picture has more than 0 and less than 1000 pixels to a board unit")
            here, board = _moved_to(here, _shown(here, board, desk=desk))
            return png(here, round(board[0] * scale), round(board[1] * scale), board)
        case ".pdf":
            items, board = _moved_to(items, _shown(items, board, desk=desk))
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
    readers = {".json": _from_json, ".svg": _from_svg, ".excalidraw": from_excalidraw}
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


def _shown(items: Iterable[Item], board: tuple[float, float], *, desk: bool) -> Rect:
    """Return what a picture shows: the sheet, or with `desk` the part of the desk that has the elements too."""
    wide, high = board
    shown = Rect(0, 0, wide, high)
    if not desk:
        return shown
    for item in items:
        if (element := item.element) is not None and not isinstance(element, Page):
            shown = shown.union(element.bounds)
    x0, y0 = (max(-BESIDE * side, math.floor(at)) for side, at in zip(board, (shown.x0, shown.y0), strict=True))
    x1, y1 = (
        min((1 + BESIDE) * side, math.ceil(at)) for side, at in zip(board, (shown.x1, shown.y1), strict=True)
    )
    return Rect(x0, y0, x1, y1)


def _moved_to(items: Sequence[Item], shown: Rect) -> tuple[list[Item], tuple[float, float]]:
    """Return the elements as they lie on a board that is what is shown, and the size of that board."""
    moved = [_moved(item, -shown.x0, -shown.y0) for item in items] if (shown.x0, shown.y0) != (0, 0) else items
    return list(moved), (shown.x1 - shown.x0, shown.y1 - shown.y0)


def _moved(item: Item, dx: float, dy: float) -> Item:
    element = item.element
    if element is None or isinstance(element, Page):
        return item
    x, y = element.offset
    return item._replace(
        fields={**item.fields, "offset": [round(EIGHTHS * (x + dx)), round(EIGHTHS * (y + dy))]}
    )


def _svg(items: Sequence[Item], shown: Rect, scale: float) -> bytes:
    corner, board = (shown.x0, shown.y0), (shown.x1 - shown.x0, shown.y1 - shown.y0)
    pixels = (board[0] * scale, board[1] * scale)
    job = Job("svg_file", {"board": board, "pixels": pixels, "corner": corner}, DRAWING)
    return whole(job, packed(map(_keyed, items)))


def svg_file(
    items: Sequence[Item],
    board: tuple[float, float],
    pixels: tuple[float, float],
    corner: tuple[float, float],
) -> bytes:
    """Return the elements of one page as an SVG file that holds those that are seen in it; see `write_svg.svg`."""
    decoded = ((item, item.element) for item in items)
    found = [(item, one) for item, one in decoded if one is not None and not isinstance(one, Page)]
    data = svg([element for _, element in found], board, pixels, corner=corner).encode()
    shown = Rect(*corner, corner[0] + board[0], corner[1] + board[1])
    # What lies beside the sheet was not meant to be given away.
    seen = [item for item, element in found if element.bounds.meets(shown)]
    try:
        return with_source(data, to_json(seen, board))
    except SketchError:
        return data


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


def to_json(items: Sequence[Item], board: tuple[float, float]) -> bytes:
    """Return elements as a .json file has them."""
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


def _from_svg(data: bytes, board: tuple[float, float]) -> LoadReport:
    """Read the drawing that a file of ours holds, or the shapes of any other."""
    if (source := source_of(data)) is not None:
        # One that a newer version wrote has its shapes.
        with contextlib.suppress(SketchError):
            return _from_json(source, board)
    return from_svg(data, board)


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
