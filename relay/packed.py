"""What a room keeps at rest, as JSON: a few hundred bytes each instead of a few thousand. Pure.

Of its living elements, and of what its latest operations did. Looking at one decodes it, which happens where people
change what is there or undo; a picture of all elements is nothing but joining.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import msgspec

from .protocol import WINDOW, Entry, Record, Touch, encode_entry

PIECE = 256
"""Entries that are compressed together."""
RECORDS_BYTES = 16 << 20
"""Bytes of records kept of one client; its last operation in any case."""


class _Found(Entry, frozen=True):
    """An entry whose values stay encoded."""

    fields: dict[str, msgspec.Raw]


class _Touched(msgspec.Struct, frozen=True, array_like=True):
    """A `Touch`, as much of it as a revert looks at: of what was there afterwards the versions, not the values."""

    key: str
    before: _Found | None
    after: dict[str, int] | None


_found = msgspec.json.Decoder(_Found)
_touched = msgspec.json.Decoder(tuple[_Touched, ...])
_encoder = msgspec.json.Encoder()


class Packed(MutableMapping[str, Entry]):
    """Entries by key, in the order in which they came. What is read is a copy; its values are `msgspec.Raw`."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def __getitem__(self, key: str) -> Entry:
        return _found.decode(self._kept[key])

    def __setitem__(self, key: str, entry: Entry) -> None:
        # A copy: what an encoder gives was once larger, and leaves a hole beside it as long as it is kept.
        self._kept[key] = bytes(memoryview(encode_entry(entry)))

    def __delitem__(self, key: str) -> None:
        del self._kept[key]

    def get(self, key: str, default: Any = None) -> Any:
        """As every mapping's, without an exception for what is new, as nearly all is."""
        kept = self._kept.get(key)
        return default if kept is None else _found.decode(kept)

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def discard(self, key: str) -> None:
        """Forget `key`, if it is there, without looking at it."""
        self._kept.pop(key, None)

    def encoded(self) -> list[bytes]:
        """The JSON of each, as it is now: what `compressed` takes."""
        return list(self._kept.values())


class Records(MutableMapping[int, Record]):
    """What the latest operations of one client did, by their numbers: at most 1,024, and at most 16 MiB. Enough to
    revert them; what is read is a copy. `size` is how many bytes they take."""

    def __init__(self) -> None:
        self.size = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def __getitem__(self, op: int) -> Record:
        return tuple(
            Touch(
                touched.key,
                touched.before,
                None if touched.after is None else Entry(touched.key, (0, 0), "", 0.0, "", {}, touched.after),
            )
            for touched in _touched.decode(self._kept[op])
        )

    def __setitem__(self, op: int, record: Record) -> None:
        data = _encoder.encode(
            [
                (
                    touch.key,
                    None if touch.before is None else msgspec.Raw(encode_entry(touch.before)),
                    None if touch.after is None else touch.after.versions,
                )
                for touch in record
            ]
        )
        self.size += len(data) - len(self._kept.get(op, b""))
        self._kept[op] = bytes(memoryview(data))
        while len(self._kept) > WINDOW or (self.size > RECORDS_BYTES and len(self._kept) > 1):
            del self[next(iter(self._kept))]

    def __delitem__(self, op: int) -> None:
        self.size -= len(self._kept.pop(op))

    def __contains__(self, op: object) -> bool:
        return op in self._kept

    def __iter__(self) -> Iterator[int]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def compressed(entries: Sequence[bytes], level: int = 4) -> bytes:
    """One zlib stream of the JSON array of `entries`. Level 4 gives it as small as it gets in twice the time of the
    fastest, for coordinates are like what filters make. It is fed in pieces: of a large drawing, all at once would take
    several times its size of memory, which would not come back."""
    press = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_FILTERED)
    parts = [press.compress(b"[")]
    for start in range(0, len(entries), PIECE):
        piece = b",".join(entries[start : start + PIECE])
        parts.append(press.compress(b"," + piece if start else piece))
    return b"".join([*parts, press.compress(b"]"), press.flush()])
