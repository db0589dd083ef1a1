"""The living elements of a room at rest: each as its JSON, in a few hundred bytes instead of a few thousand. Pure.

Looking at one decodes it, which happens where people change what is there; a picture of all is nothing but joining.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, MutableMapping, Sequence

import msgspec

from .protocol import Entry, encode_entry

PIECE = 256
"""Entries that are compressed together."""


class _Found(Entry, frozen=True):
    """An entry whose values stay encoded."""

    fields: dict[str, msgspec.Raw]


_found = msgspec.json.Decoder(_Found)


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
