"""Whether a write-ahead log lost entries that were once durable.

SQLite ends its reading at the first frame that does not fit, which is right for a write that power cut short and
wrong for a byte that changed later: what follows would be dropped without a word. A frame that does not fit is
damage, not the end, when a later transaction of the same log follows its own: that one began after it was
durable. So there are two commits from it on, and the store sees to it that nothing is left in the log of
transactions that failed or were cut short (see `SqliteStore`), whose commits would count too.

What cannot be told: the last transaction damaged from the last one cut short; nor, when the end of the one before
is gone altogether (a whole frame overwritten), from both. Nor that a log was made shorter, or taken away. Clients
that saw what is gone notice by its mark.
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
    """What is wrong with the write-ahead log at `path`, in a few words; "" when nothing is."""
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
    before = (sum1, sum2)
    broken = commits = 0
    step = _FRAME.size + page
    starts = range(_HEADER.size, len(data) - step + 1, step)
    for number, start in enumerate(starts, 1):
        _, size, frame1, frame2, sum1, sum2 = _FRAME.unpack_from(data, start)
        ours = (frame1, frame2) == (salt1, salt2)
        sums = _sum(data[start : start + 8], order, before)
        sums = _sum(data[start + _FRAME.size : start + step], order, sums)
        # Behind a broken frame, a frame is whole when it fits to the sum that stands in the one before it.
        whole = ours and sums == (sum1, sum2)
        before = (sum1, sum2)
        if not whole and not broken:
            broken = number
            # Other salts are an older log's frame, unless what follows fits: then only these bytes changed.
            ours = ours or _fits(data, start + step, step, order, before, (salt1, salt2))
        # A frame's head that lies in two sectors may be half old; its size then means nothing.
        if broken and ours and size and (whole or start % _SECTOR + _FRAME.size <= _SECTOR):
            commits += 1
            if commits == 2:
                return f"frame {broken} is damaged"
    return ""


def _fits(
    data: bytes, start: int, step: int, order: str, before: tuple[int, int], salts: tuple[int, int]
) -> bool:
    if start + step > len(data):
        return False
    _, _, salt1, salt2, sum1, sum2 = _FRAME.unpack_from(data, start)
    sums = _sum(data[start : start + 8], order, before)
    sums = _sum(data[start + _FRAME.size : start + step], order, sums)
    return (salt1, salt2) == salts and sums == (sum1, sum2)


def _sum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & _MASK
        second = (second + two + first) & _MASK
    return first, second
