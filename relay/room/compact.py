"""Entries and undo records stored as JSON: a few hundred bytes each instead of a few thousand. Pure.

Reading one decodes it, which happens when an element is changed or an operation undone. A snapshot only
concatenates the encoded entries.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping
from itertools import islice
from typing import Any

import msgspec

from ..protocol import WINDOW, Entry, Record, Touch, encode_message

PIECE = 256
"""Entries that are compressed together."""
EncodedEntries = dict[str, bytes]
"""Encoded entries by their keys, which are not part of them."""
RECORDS_BYTES = 16 << 20
"""Bytes of the undo records kept of one client; that of its last operation is kept in any case."""


KEYS_BYTES = 64 << 10
"""Bytes of an undo record up to which its keys are looked at to know its price; a larger one is dear by its size."""


class _Unchanged(msgspec.Struct, gc=False):
    """An entry as nearly all are: on the first page, and unchanged since it was created."""

    first: tuple[int, int]
    author: str
    at: float
    fields: dict[str, msgspec.Raw]


class _Stored(msgspec.Struct, kw_only=True, gc=False):
    """Any other entry, with the versions that differ from the seq that created it. Decodes an `_Unchanged` too."""

    page: str = ""
    versions: dict[str, int] = {}
    first: tuple[int, int]
    author: str
    at: float
    fields: dict[str, msgspec.Raw]


class _StoredTouch(msgspec.Struct, array_like=True, gc=False):
    """A `Touch`, as much of it as a revert reads: of the entry afterwards only the versions."""

    key: str
    before: _Stored | None
    after: dict[str, int] | None


class _TouchedKey(msgspec.Struct, array_like=True, gc=False):
    """Of a `_StoredTouch` only the key."""

    key: str


_decoder = msgspec.json.Decoder(_Stored)
_key_decoder = msgspec.json.Decoder(list[_TouchedKey])
_touch_decoder = msgspec.json.Decoder(_StoredTouch)
_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_encoder = msgspec.json.Encoder()
_UNCHANGED = b'{"first"'


def pack(entry: Entry) -> bytes:
    """Return `entry` as it is stored, without its key."""
    first = entry.first[0]
    versions = {name: seq for name, seq in entry.versions.items() if seq != first}
    if not versions and not entry.page:
        data = _encoder.encode(_Unchanged(entry.first, entry.author, entry.at, entry.fields))
    else:
        data = _encoder.encode(
            _Stored(
                page=entry.page,
                versions=versions,
                first=entry.first,
                author=entry.author,
                at=entry.at,
                fields=entry.fields,
            )
        )
    # A copy: the buffer that an encoder returns was once larger, and leaves a hole beside it as long as it lives.
    return bytes(memoryview(data))


def _unpack(key: str, stored: _Stored) -> Entry:
    return Entry(key, stored.first, stored.author, stored.at, stored.page, stored.fields, stored.versions)


def _with_key(key: str, data: bytes) -> bytes:
    """Return the JSON of an entry in a snapshot, with its key."""
    between = b',"page":"","versions":{},' if data.startswith(_UNCHANGED) else b","
    return b"".join((b'{"key":', _encoder.encode(key), between, memoryview(data)[1:]))


class CompactEntries(MutableMapping[str, Entry]):
    """Entries by key, in the order of insertion. Reading returns a copy, whose values are `msgspec.Raw`."""

    def __init__(self) -> None:
        self._encoded: EncodedEntries = {}

    def __getitem__(self, key: str) -> Entry:
        return _unpack(key, _decoder.decode(self._encoded[key]))

    def __setitem__(self, key: str, entry: Entry) -> None:
        self._encoded[key] = pack(entry)

    def __delitem__(self, key: str) -> None:
        del self._encoded[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return an entry or `default`. Raises no `KeyError` inside, for nearly all keys are new."""
        return self[key] if key in self._encoded else default

    def __contains__(self, key: object) -> bool:
        return key in self._encoded

    def __iter__(self) -> Iterator[str]:
        return iter(self._encoded)

    def __len__(self) -> int:
        return len(self._encoded)

    def discard(self, key: str) -> None:
        """Remove `key`, if it is there, without decoding it."""
        self._encoded.pop(key, None)

    def size(self, key: str) -> int:
        """Return the bytes that `key` takes here; 0 when it is not there."""
        return len(self._encoded.get(key, b""))

    def put(self, entries: EncodedEntries) -> None:
        """Set entries that `pack` returned."""
        self._encoded.update(entries)

    def encoded(self) -> EncodedEntries:
        """Return all as they are now, for `compress`."""
        return self._encoded.copy()


class ReadOnce(Mapping[str, Entry]):
    """Entries of which each is decoded once, however often it is looked at."""

    def __init__(self, entries: CompactEntries) -> None:
        self._entries = entries
        self._read: dict[str, Entry] = {}

    def __getitem__(self, key: str) -> Entry:
        entry = self._read.get(key)
        if entry is None:
            entry = self._read[key] = self._entries[key]
        return entry

    def get(self, key: str, default: Any = None) -> Any:
        """Return an entry or `default`. Raises no `KeyError` inside, for nearly all keys are new."""
        return self[key] if key in self._entries else default

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def pack_record(record: Record) -> bytes:
    """Return an undo record as it is stored."""
    # Each touch by itself: one call for very many would keep all other threads from running.
    touches = [
        encode_message(
            (
                touch.key,
                None if touch.before is None else msgspec.Raw(pack(touch.before)),
                None if touch.after is None else touch.after.versions,
            )
        )
        for touch in record
    ]
    return bytes(memoryview(_encoder.encode(touches)))


class UndoRecords(MutableMapping[int, Record]):
    """The undo records of the latest operations of one client, by their numbers: at most 1,024, and at most 16 MiB.
    Reading returns a copy. `size` is their number of bytes."""

    def __init__(self) -> None:
        self.size = 0
        self._encoded: OrderedDict[int, bytes] = OrderedDict()

    def __getitem__(self, op: int) -> Record:
        return tuple(
            Touch(
                touch.key,
                None if touch.before is None else _unpack(touch.key, touch.before),
                None if touch.after is None else Entry(touch.key, (0, 0), "", 0.0, "", {}, touch.after),
            )
            # Each by itself, as in `pack_record`.
            for touch in map(_touch_decoder.decode, _list_decoder.decode(self._encoded[op]))
        )

    def __setitem__(self, op: int, record: Record) -> None:
        self.put(op, pack_record(record))

    def put(self, op: int, data: bytes) -> None:
        """Set the record of `op` to what `pack_record` returned."""
        self.size += len(data) - len(self._encoded.get(op, b""))
        self._encoded[op] = data
        while len(self._encoded) > WINDOW or (self.size > RECORDS_BYTES and len(self._encoded) > 1):
            del self[next(iter(self._encoded))]

    def size_of(self, op: int) -> int:
        """Return the bytes of one record; 0 when it is not there."""
        return len(self._encoded.get(op, b""))

    def keys_of(self, op: int) -> list[str]:
        """Return the keys that a record of at most `KEYS_BYTES` touched; none of a larger one."""
        data = self._encoded.get(op, b"[]")
        return [touch.key for touch in _key_decoder.decode(data)] if len(data) <= KEYS_BYTES else []

    def __delitem__(self, op: int) -> None:
        self.size -= len(self._encoded.pop(op))

    def __contains__(self, op: object) -> bool:
        return op in self._encoded

    def __iter__(self) -> Iterator[int]:
        return iter(self._encoded)

    def __len__(self) -> int:
        return len(self._encoded)


def compress(entries: EncodedEntries, level: int = 4) -> bytes:
    """Return the zlib stream of the JSON array of entries, which come from `CompactEntries.encoded`.

    Level 4 compresses as well as any in twice the time of the fastest, for coordinates look like filtered data. The
    compressor is fed in pieces: all at once, a large drawing would take several times its size of memory, which the
    process would not give back."""
    press = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_FILTERED)
    parts = [press.compress(b"[")]
    rest = iter(entries.items())
    while piece := b",".join([_with_key(key, data) for key, data in islice(rest, PIECE)]):
        parts.append(press.compress(b"," + piece if len(parts) > 1 else piece))
    return b"".join([*parts, press.compress(b"]"), press.flush()])
