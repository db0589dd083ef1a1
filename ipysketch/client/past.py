"""The past of a room: the drawing at one entry of the log or at one time, and all of the log as a film."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..errors import SketchError
from ..model.document import Document
from ..model.history import Film, HistoryRange

AT_A_TIME = 5_000
"""Entries of the log that one request reads."""

Reader = Callable[[int, int], Awaitable[HistoryRange]]
"""Reads the entries from the first number to the last of the log; raises `SketchError`."""


async def document_at(when: int | float, read: Reader, oldest: int, newest: int) -> Document:
    """Return the drawing after the entry `when` of the log; or, a float, at that time in seconds since 1970.

    Raises `SketchError` when that is not between `oldest` and `newest`, the entries that can be read.
    """
    seq = await _seq_at(when, read, oldest, newest) if isinstance(when, float) else when
    if seq == 0:
        return Document()
    if not oldest <= seq <= newest:
        raise SketchError(f"the past of this room goes from {oldest} to {newest}; {seq} is not in it")
    return (await read(seq, seq)).document(seq)


async def _seq_at(time: float, read: Reader, oldest: int, newest: int) -> int:
    """Return the latest entry committed by `time`; the one before the oldest when none was."""
    before, after = oldest - 1, newest + 1
    while after - before > 1:
        middle = (before + after) // 2
        if (await read(middle, middle)).time <= time:
            before = middle
        else:
            after = middle
    return before


async def film(read: Reader, oldest: int, newest: int, progress: Callable[[float], None]) -> Film:
    """Return the entries `oldest` to `newest` as a film; `progress` is called with the part that has come, 0 to 1."""
    if newest == 0:
        raise SketchError("nothing has been drawn in this room yet")
    ranges: list[HistoryRange] = []
    first, count = oldest, AT_A_TIME
    while first <= newest:
        try:
            ranges.append(await read(first, min(newest, first + count - 1)))
        except SketchError as error:
            if error.code != "bad-range" or count == 1:
                raise
            count = (count + 1) // 2  # They have more bytes than the relay reads at a time.
            continue
        first += count
        progress(min(1.0, first / (newest + 1)))
    return Film(ranges)
