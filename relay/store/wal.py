"""Whether a write-ahead log lost entries that were once durable.

SQLite ends its reading at the first frame that does not fit, which is right for a write that power cut short and
wrong for a byte that changed later: what follows would be dropped without a word. A frame that does not fit is
damage, not the end, when later transactions of the same log follow it: they began after it was durable.
The last transaction cannot be told from one cut short; clients that saw it notice by its mark.
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_LITTLE, _BIG = 0x377F0682, 0x377F0683
_MASK = 0xFFFFFFFF


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
    sums = (sum1, sum2)
    broken = 0
    commits = 0
    step = _FRAME.size + page
    for number, start in enumerate(range(_HEADER.size, len(data) - step + 1, step), 1):
        _, size, frame1, frame2, sum1, sum2 = _FRAME.unpack_from(data, start)
        ours = (frame1, frame2) == (salt1, salt2)
        if not broken:
            if ours:
                sums = _sum(data[start : start + 8], order, sums)
                sums = _sum(data[start + _FRAME.size : start + step], order, sums)
            if not ours or sums != (sum1, sum2):
                broken = number
        # The transaction of the broken frame may itself have been cut short; one more commit tells.
        if broken and ours and size:
            commits += 1
            if commits == 2:
                return f"frame {broken} is damaged"
    return ""


def _sum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & _MASK
        second = (second + two + first) & _MASK
    return first, second
