"""What a room keeps at rest, as JSON: a few hundred bytes each instead of a few thousand. Pure.

Of its living elements, and of what its latest operations did. Looking at one decodes it, which happens where people
change what is there or undo; a picture of all elements is nothing but joining.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from itertools import islice
from typing import Any

import msgspec

from .protocol import WINDOW, Entry, Record, Touch

PIECE = 256
"""Entries that are compressed together."""
Kept = dict[str, bytes]
"""What is kept of entries, by their keys."""
RECORDS_BYTES = 16 << 20
"""Bytes of records kept of one client; its last operation in any case."""


class _Fresh(msgspec.Struct, gc=False):
    """An entry at rest, as nearly all are: on the first page, and as it was made. Its key is where it lies."""

    first: tuple[int, int]
    author: str
    at: float
    fields: dict[str, msgspec.Raw]


class _Kept(msgspec.Struct, kw_only=True, gc=False):
    """Any other, with the versions that are not the seq that made it. `_Fresh` reads as one of these."""

    page: str = ""
    versions: dict[str, int] = {}
    first: tuple[int, int]
    author: str
    at: float
    fields: dict[str, msgspec.Raw]


class _Touched(msgspec.Struct, array_like=True, gc=False):
    """A `Touch`, as much of it as a revert looks at: of what was there afterwards the versions, not the values."""

    key: str
    before: _Kept | None
    after: dict[str, int] | None


_kept = msgspec.json.Decoder(_Kept)
_touched = msgspec.json.Decoder(tuple[_Touched, ...])
_encoder = msgspec.json.Encoder()
_FRESH = b'{"first"'


def _pack(entry: Entry) -> bytes:
    first = entry.first[0]
    versions = {name: seq for name, seq in entry.versions.items() if seq != first}
    if not versions and not entry.page:
        data = _encoder.encode(_Fresh(entry.first, entry.author, entry.at, entry.fields))
    else:
        data = _encoder.encode(
            _Kept(
                page=entry.page,
                versions=versions,
                first=entry.first,
                author=entry.author,
                at=entry.at,
                fields=entry.fields,
            )
        )
    # A copy: what an encoder gives was once larger, and leaves a hole beside it as long as it is kept.
    return bytes(memoryview(data))


def _unpack(key: str, kept: _Kept) -> Entry:
    return Entry(key, kept.first, kept.author, kept.at, kept.page, kept.fields, kept.versions)


def _whole(key: str, kept: bytes) -> bytes:
    """The JSON of an entry in a snapshot."""
    between = b',"page":"","versions":{},' if kept.startswith(_FRESH) else b","
    return b"".join((b'{"key":', _encoder.encode(key), between, memoryview(kept)[1:]))


class Packed(MutableMapping[str, Entry]):
    """Entries by key, in the order in which they came. What is read is a copy; its values are `msgspec.Raw`."""

    def __init__(self) -> None:
        self._kept: Kept = {}

    def __getitem__(self, key: str) -> Entry:
        return _unpack(key, _kept.decode(self._kept[key]))

    def __setitem__(self, key: str, entry: Entry) -> None:
        self._kept[key] = _pack(entry)

    def __delitem__(self, key: str) -> None:
        del self._kept[key]

    def get(self, key: str, default: Any = None) -> Any:
        """As every mapping's, without an exception for what is new, as nearly all is."""
        return self[key] if key in self._kept else default

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def discard(self, key: str) -> None:
        """Forget `key`, if it is there, without looking at it."""
        self._kept.pop(key, None)

    def kept(self) -> Kept:
        """All as they are now: what `compressed` takes."""
        return self._kept.copy()


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
                None if touched.before is None else _unpack(touched.key, touched.before),
                None if touched.after is None else Entry(touched.key, (0, 0), "", 0.0, "", {}, touched.after),
            )
            for touched in _touched.decode(self._kept[op])
        )

    def __setitem__(self, op: int, record: Record) -> None:
        data = _encoder.encode(
            [
                (
                    touch.key,
                    None if touch.before is None else msgspec.Raw(_pack(touch.before)),
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


def compressed(entries: Kept, level: int = 4) -> bytes:
    """One zlib stream of the JSON array of entries, of what `Packed.kept` gave.

    Level 4 gives it as small as it gets in twice the time of the fastest, for coordinates are like what filters make.
    It is fed in pieces: of a large drawing, all at once would take several times its size of memory, which would not
    come back."""
    press = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_FILTERED)
    parts = [press.compress(b"[")]
    rest = iter(entries.items())
    while piece := b",".join([_whole(key, kept) for key, kept in islice(rest, PIECE)]):
        parts.append(press.compress(b"," + piece if len(parts) > 1 else piece))
    return b"".join([*parts, press.compress(b"]"), press.flush()])
