"""The living elements of a room at rest: each as its JSON, in a few hundred bytes instead of a few thousand. Pure.

Looking at one decodes it, which happens where people change what is there; a picture of all is nothing but joining.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

import msgspec

from .protocol import Entry, encode_entry


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
        self._kept[key] = encode_entry(entry)

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

    def encoded(self) -> bytes:
        """The JSON of a snapshot of all."""
        return b"[%b]" % b",".join(self._kept.values())
