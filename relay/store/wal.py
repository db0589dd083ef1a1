"""Finds out whether a write-ahead log lost entries that were once durable.

SQLite ends its reading at the first frame that does not fit, which is right for a write that power cut short and
wrong for a byte that changed later: what follows would be dropped without a word. A frame that does not fit is
damage, not the end, when a later transaction of the same log follows its own: that one began after it was
durable. So there are two commits from it on, and the store sees to it that nothing is left in the log of
transactions that failed or were cut short (see `SqliteStore`), whose commits would count too.

What cannot be found: the last transaction damaged from the last one cut short; nor, when the frame that ends the one
before is overwritten altogether, from both cut short. Nor that a log was made shorter, or taken away. Clients that
saw what is gone notice by its mark.
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_LITTLE, _BIG = 0x377F0682, 0x377F0683
_MASK = 0xFFFFFFFF
_SECTOR = 512
"""A disk writes so many bytes at least wholly or not at all."""


def damaged(path: Path) -> str:
    """Return how the write-ahead log at `path` is damaged, in a few words; "" when it is not."""
    try:
        data = path.read_bytes()
    except OSError:
        return ""
    if len(data) < _HEADER.size + _FRAME.size:
        return ""
    magic, _, page, _, salt1, salt2, sum1, sum2 = _HEADER.unpack_from(data)
    order = {_LITTLE: "<", _BIG: ">"}.get(magic)
    if order is None or _sum(data[:24], order, (0, 0)) != (sum1, sum2) or not 512 <= page <= 65536:
        return "its header is damaged"
    # A frame's sum goes on from the one before: as that was computed, or, behind a broken frame, as it stands there.
    computed = stated = (sum1, sum2)
    broken = commits = 0
    step = _FRAME.size + page
    for number, start in enumerate(range(_HEADER.size, len(data) - step + 1, step), 1):
        number_of_page, size, frame1, frame2, *sums = _FRAME.unpack_from(data, start)
        ours = (frame1, frame2) == (salt1, salt2)
        content = data[start : start + 8], data[start + _FRAME.size : start + step]
        before, computed = computed, _sum(content[1], order, _sum(content[0], order, computed))
        fits = computed == tuple(sums)
        if broken and not fits and ours:
            fits = _sum(content[1], order, _sum(content[0], order, stated)) == tuple(sums)
        stated = (sums[0], sums[1])
        if not broken and not (ours and fits):
            broken = number
            ours = ours or fits  # Its salts are not summed: only they changed.
            if ours and not fits:
                page_then, size_then = _head(content[1], order, before, stated)
                if page_then == number_of_page:
                    size, fits = size_then, True  # Only its size changed.
        # A head may be cut between its size and its salts: then its size is an older log's.
        if broken and ours and size and (fits or start % _SECTOR != _SECTOR - 8):
            commits += 1
            if commits == 2:
                return f"frame {broken} is damaged"
    return ""


def _head(data: bytes, order: str, before: tuple[int, int], after: tuple[int, int]) -> tuple[int, int]:
    """Return the page number and the size with which a frame of the page `data` leads from one sum to the other."""
    first, second = after
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, two in zip(words[-2::-2], words[:0:-2], strict=True):
        second = (second - two - first) & _MASK
        first = (first - one - second) & _MASK
    one = (first - before[0] - before[1]) & _MASK
    two = (second - before[1] - first) & _MASK
    head = struct.unpack(">2I", struct.pack(f"{order}2I", one, two))
    return head[0], head[1]


def _sum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & _MASK
        second = (second + two + first) & _MASK
    return first, second
