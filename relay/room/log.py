"""The part of a room's log that is in memory: the living elements, the latest commits, and the last snapshot. Pure.

`propose` lays an operation's changes on an overlay, `take` applies them once they are durable. Older commits are in
the store; `checkpoint` and `trim` say when it should keep a checkpoint, and how much of the log it may drop.
"""

from __future__ import annotations

import math
import zlib
from array import array
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from ..limits import Limits
from ..protocol import (
    MAX_COMMIT,
    MAX_FIELDS,
    Change,
    Commit,
    Create,
    Entry,
    Overlay,
    Patch,
    Record,
    RemoteError,
    Restore,
    apply,
    decode_entries,
)
from ..records import Checkpoint, LoadedRoom, LogRow, Trim
from .compact import CompactEntries, EncodedEntries, ReadOnce, compress, pack

TAIL_BYTES = 4 << 20
"""Bytes of encoded commits kept for peers a little behind; peers further behind get a snapshot."""
FRESH_BYTES = 256 << 10
"""Bytes of commits after a snapshot until which it serves new peers."""
CHECKPOINT_ENTRIES = 1024
"""Entries between two checkpoints at least; the log must also have grown by as much as the drawing has."""
MARKS = 65_536
"""Latest commits whose marks are in memory; the store has the others."""
RESUME_WINDOW = 4_096
"""Latest commits that are never trimmed, so that a client that was away for a while resumes exactly."""


class EncodedSnapshot(NamedTuple):
    """The whole drawing at `seq`: the zlib stream of the JSON of so many `entries`. `lasts` are the last operations
    with a verdict by then, by the ids of their peers."""

    seq: int
    entries: int
    stream: bytes
    lasts: Mapping[str, int] = {}  # never written


@dataclass(slots=True)
class Draft:
    """Operations proposed and not yet durable, laid over the drawing."""

    overlay: Overlay
    seq: int
    count: int
    size: int


class Packed(NamedTuple):
    """What a commit leaves of the keys that it touched, as `CompactEntries` has it: their entries, or nothing."""

    entries: EncodedEntries
    gone: list[str]
    size: int


class RoomLog:
    """The log and the drawing of one room, opened from the store."""

    def __init__(self, loaded: LoadedRoom, limits: Limits) -> None:
        self.entries = CompactEntries()
        self.seq = 0
        self.at = 0.0
        self.size = 0
        self.replayed: list[tuple[Commit, Record]] = []
        self.most = math.inf
        """Bytes up to which the drawing may grow now, where the relay's memory is full."""
        self.snapshot_at_once = math.inf
        """Bytes of a drawing up to which a snapshot is made where it is needed, and not elsewhere."""
        self.is_snapshot_wanted = False
        self._limits = limits
        self._base = 0
        self._marks = array("Q", [0])
        self._tail: deque[tuple[int, msgspec.Raw]] = deque()
        self._tail_bytes = 0
        self._snapshot = EncodedSnapshot(-1, 0, b"")
        self._since_snapshot = 0
        self._logged = 0
        self._checkpointed = Checkpoint(0, 0, 0.0, 0, 0, b"")
        if (point := loaded.checkpoint) is not None:
            for entry in decode_entries(zlib.decompress(point.body)):
                self.entries[entry.key] = entry
            self.seq, self.at, self._base = point.seq, point.at, point.seq
            self._marks[0] = point.mark
            self._logged, self._checkpointed = point.logged, point._replace(body=b"")
        for row in loaded.rows:
            commit = msgspec.json.decode(row.body, type=Commit)
            changes = [encoded(change) for change in commit.changes]
            # On an overlay: an entry is packed once, however often the commit changes it.
            record = apply(Overlay(ReadOnce(self.entries)), changes, commit.seq, commit.author, commit.at)
            for touch in record:
                if touch.after is None:
                    self.entries.discard(touch.key)
                else:
                    self.entries[touch.key] = touch.after
            self.replayed.append((commit, record))
            self._append(row)
        self.size = sum(map(size_of, self.entries.values()))

    @property
    def memory(self) -> int:
        """Bytes of all that is kept here, roughly."""
        return (
            self.size
            + ENTRY_MEMORY * len(self.entries)
            + self._tail_bytes
            + len(self._snapshot.stream)
            + self._marks.itemsize * len(self._marks)
        )

    # --- marks --------------------------------------------------------------------------------------------

    def remembers(self, seq: int) -> bool:
        """Return whether the mark of the entry `seq` is in memory."""
        return seq == 0 or self._base <= seq <= self.seq

    def mark(self, seq: int) -> int:
        """Return the mark of the entry `seq`, which must be in memory; 0 before the first."""
        return self._marks[seq - self._base] if seq else 0

    # --- changing -----------------------------------------------------------------------------------------

    def draft(self) -> Draft:
        """Return a draft on which operations can be proposed."""
        return Draft(Overlay(ReadOnce(self.entries)), self.seq, len(self.entries), self.size)

    def propose(self, draft: Draft, changes: Sequence[Change], author: str, at: float) -> Record:
        """Lay `changes` on `draft` under the next seq, and return their record. Raises `RemoteError`, and changes
        nothing, when the drawing would exceed a limit."""
        record = apply(draft.overlay, changes, draft.seq + 1, author, at)
        count = draft.count + sum((touch.after is not None) - (touch.before is not None) for touch in record)
        size = draft.size + sum(size_of(touch.after) - size_of(touch.before) for touch in record)
        for touch in record:
            before = 0 if touch.before is None else len(touch.before.fields)
            if touch.after is not None and len(touch.after.fields) > max(before, MAX_FIELDS):
                self._drop(draft, record)
                raise RemoteError("too-many-fields", f"an element may have at most {MAX_FIELDS} fields")
        full = ""
        if count > max(draft.count, self._limits.max_elements):
            full = f"{self._limits.max_elements} elements"
        elif size > max(draft.size, self._limits.max_drawing):
            full = f"{self._limits.max_drawing} bytes"
        elif size > max(draft.size, self.most):
            full = f"share of {self.most:.0f} bytes of the relay's memory"
        if full:
            self._drop(draft, record)
            raise RemoteError(
                "board-full", f"the drawing has its {full}; erase something, or draw in another room"
            )
        draft.seq, draft.count, draft.size = draft.seq + 1, count, size
        return record

    def _drop(self, draft: Draft, record: Record) -> None:
        for touch in record:
            if touch.before is not None:
                draft.overlay[touch.key] = touch.before
            else:
                draft.overlay.pop(touch.key, None)

    def take(self, row: LogRow, packed: Packed) -> None:
        """Apply the next commit, which is durable: what `packed` returned for it."""
        for key in packed.gone:
            self.entries.discard(key)
        self.entries.put(packed.entries)
        self.size = packed.size
        self._append(row)

    def _append(self, row: LogRow) -> None:
        self.seq, self.at = row.seq, row.at
        self._marks.append(row.mark)
        if len(self._marks) > 2 * MARKS:
            del self._marks[:MARKS]
            self._base += MARKS
        length = len(row.body)
        self._logged += length
        self._since_snapshot += length
        self._tail.append((row.seq, msgspec.Raw(row.body)))
        self._tail_bytes += length
        if length > MAX_COMMIT:
            # The undo of a large clear, say: peers get it as a snapshot, in chunks between which previews fit.
            self._tail.clear()
            self._tail_bytes = 0
        while self._tail_bytes > TAIL_BYTES and len(self._tail) > 1:
            self._tail_bytes -= len(bytes(self._tail.popleft()[1]))

    # --- reading ------------------------------------------------------------------------------------------

    @property
    def tail_start(self) -> int:
        """The lowest seq after which the commits in memory lead up to now."""
        return self._tail[0][0] - 1 if self._tail else self.seq

    def after(self, seq: int) -> Iterator[msgspec.Raw]:
        """Return the encoded commits after `seq`, which must not be before `tail_start`."""
        return (self._tail[offset][1] for offset in range(seq - self.tail_start, len(self._tail)))

    def snapshot(self) -> EncodedSnapshot:
        """Return a snapshot of the drawing as it is now."""
        if self._snapshot.seq != self.seq:
            self.keep_snapshot(*self.begin_snapshot({}))
        return self._snapshot

    def begin_snapshot(self, lasts: Mapping[str, int]) -> tuple[EncodedSnapshot, EncodedEntries]:
        """Return the drawing as it is, for `keep_snapshot`: a snapshot without its stream, and the entries that
        `compress` makes the stream of, which takes too long for the event loop."""
        self._since_snapshot = 0
        return EncodedSnapshot(self.seq, len(self.entries), b"", lasts), self.entries.encoded()

    def keep_snapshot(
        self, snapshot: EncodedSnapshot, entries: EncodedEntries, stream: bytes | None = None
    ) -> None:
        """Keep a snapshot that was begun, for those who need one; its `stream` is made of `entries` if need be."""
        self._snapshot = snapshot._replace(stream=compress(entries) if stream is None else stream)
        self.is_snapshot_wanted = False  # Whom this one does not serve says so again.

    def recent_snapshot(self, seq: int, peer: str = "") -> EncodedSnapshot | None:
        """Return a snapshot that the commits in memory continue, at `seq` or later or else with the last operation of
        `peer`: one serves many new peers. None when it has to be made first and is too large to be made at once; then
        `is_snapshot_wanted`."""
        found = self._snapshot
        holds_own = found.seq >= seq or peer in found.lasts
        if self._since_snapshot <= FRESH_BYTES and found.seq >= self.tail_start and holds_own:
            return found
        if self.size <= self.snapshot_at_once:
            return self.snapshot()
        self.is_snapshot_wanted = True
        return None

    def checkpoint(self) -> tuple[Checkpoint, EncodedEntries] | None:
        """Return the drawing as it is, when the log has grown enough since the last checkpoint: a checkpoint without
        its body, and the entries that `compress` makes the body of, which takes too long for the event loop."""
        last = self._checkpointed
        # As much log as drawing: all checkpoints together are never larger than the log.
        if self.seq - last.seq < CHECKPOINT_ENTRIES or self._logged - last.logged < self.size:
            return None
        count, mark = len(self.entries), self.mark(self.seq)
        self._checkpointed = Checkpoint(self.seq, mark, self.at, count, self._logged, b"")
        return self._checkpointed, self.entries.encoded()

    def trim(self) -> Trim:
        """Return how much of the log may be dropped now."""
        limits = self._limits
        return Trim(self.seq + 1 - limits.history, self._logged - limits.max_log, self.seq - RESUME_WINDOW)


ENTRY_MEMORY = 200
"""Bytes of memory that an entry takes besides those that count, roughly: Python's, for its key and its bytes."""
ENTRY_BYTES = 128
"""Bytes of an entry in a snapshot besides its texts and fields, at most."""
FIELD_BYTES = 24
"""Bytes of a field besides its name, which is there twice, and its value, at most: its version, and what is between."""


def packed(record: Record, size: int) -> Packed:
    """Return what a commit with this `record` leaves, with the `size` of the drawing after it."""
    entries = {touch.key: pack(touch.after) for touch in record if touch.after is not None}
    return Packed(entries, [touch.key for touch in record if touch.after is None], size)


def size_of(entry: Entry | None) -> int:
    """Return the bytes that an entry counts against the limit of a drawing: as many as it takes in a snapshot, or some
    more. A patch changes that by its values alone: a drawing that is full can still be moved and coloured."""
    if entry is None:
        return 0
    size = ENTRY_BYTES + _length(entry.key) + _length(entry.page) + _length(entry.author)
    for name, value in entry.fields.items():
        size += FIELD_BYTES + 2 * _length(name)
        size += len(bytes(value if type(value) is msgspec.Raw else _raw(value)))
    return size


def _length(text: str) -> int:
    return len(msgspec.json.encode(text))


def encoded(change: Change) -> Change:
    """Return `change` with its field values as encoded JSON: opaque, compact, and encoded once."""
    match change:
        case Create(fields=fields) | Patch(fields=fields):
            for value in fields.values():
                if type(value) is not msgspec.Raw:
                    raw = {name: _raw(value) for name, value in fields.items()}
                    return msgspec.structs.replace(change, fields=raw)
            return change
        case Restore(entries=entries):
            return Restore(tuple(map(_encoded_entry, entries)))
        case _:
            return change


def _encoded_entry(entry: Entry) -> Entry:
    if all(type(value) is msgspec.Raw for value in entry.fields.values()):
        return entry
    fields = {name: _raw(value) for name, value in entry.fields.items()}
    return msgspec.structs.replace(entry, fields=fields)


def _raw(value: object) -> msgspec.Raw:
    return value if isinstance(value, msgspec.Raw) else msgspec.Raw(msgspec.json.encode(value))
