"""A room's log as far as it is in memory: the living elements, the latest entries, and pictures of the whole. Pure.

`propose` an operation's changes on an overlay, `take` them over once they are durable. Entries further back are the
store's; `checkpoint` and `trim` say when it should keep a picture, and what it may forget.
"""

from __future__ import annotations

import zlib
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from .limits import Limits
from .log import Checkpoint, Loaded, LogRow, Trim
from .packed import Kept, Packed, compressed
from .protocol import (
    MAX_COMMIT,
    Bad,
    Change,
    Commit,
    Create,
    Entry,
    Overlay,
    Patch,
    Record,
    Restore,
    apply,
    decode_entries,
)

TAIL_BYTES = 4 << 20
"""Commits kept encoded in memory for peers a little behind; who is further behind gets a snapshot."""
FRESH_BYTES = 256 << 10
"""A snapshot serves new peers until so many bytes of commits came after it."""
CHECKPOINT_ENTRIES = 1024
"""Entries between two checkpoints at least; the log must also have grown by as much as the drawing has."""
MARKS = 65_536
"""Marks of the latest entries kept in memory; the store has the others."""
RESUME_WINDOW = 4_096
"""Entries that are never trimmed, so that who was away for a while resumes exactly."""


class Picture(NamedTuple):
    """The whole drawing at `seq`: the zlib stream of the JSON of so many `entries`."""

    seq: int
    entries: int
    stream: bytes


@dataclass(slots=True)
class Draft:
    """Operations proposed and not yet durable, laid over the drawing."""

    overlay: Overlay
    seq: int
    count: int
    size: int


class Drawing:
    """The drawing of one room, opened from what the store has."""

    def __init__(self, loaded: Loaded, limits: Limits) -> None:
        self.entries = Packed()
        self.seq = 0
        self.at = 0.0
        self.size = 0
        self.replayed: list[tuple[Commit, Record]] = []
        self._limits = limits
        self._base = 0
        self._marks = array("Q", [0])
        self._tail: deque[tuple[int, msgspec.Raw]] = deque()
        self._tail_bytes = 0
        self._picture = Picture(-1, 0, b"")
        self._since_picture = 0
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
            record = apply(self.entries, changes, commit.seq, commit.author, commit.at)
            self.replayed.append((commit, record))
            self._append(row)
        self.size = sum(map(size_of, self.entries.values()))

    # --- marks --------------------------------------------------------------------------------------------

    def remembers(self, seq: int) -> bool:
        """Whether the mark of the entry `seq` is in memory."""
        return seq == 0 or self._base <= seq <= self.seq

    def mark(self, seq: int) -> int:
        """The mark of the entry `seq`, which must be remembered; 0 before the first."""
        return self._marks[seq - self._base] if seq else 0

    # --- changing -----------------------------------------------------------------------------------------

    def draft(self) -> Draft:
        """Something to propose operations on."""
        return Draft(Overlay(self.entries), self.seq, len(self.entries), self.size)

    def propose(self, draft: Draft, changes: Sequence[Change], author: str, at: float) -> Record:
        """Lay `changes` on `draft` under the next seq; raises `Bad`, and changes nothing, when the drawing would
        grow larger than it may be."""
        record = apply(draft.overlay, changes, draft.seq + 1, author, at)
        count = draft.count + sum((touch.after is not None) - (touch.before is not None) for touch in record)
        size = draft.size + sum(size_of(touch.after) - size_of(touch.before) for touch in record)
        full = ""
        if count > max(draft.count, self._limits.max_elements):
            full = f"{self._limits.max_elements} elements"
        elif size > max(draft.size, self._limits.max_drawing):
            full = f"{self._limits.max_drawing} bytes"
        if full:
            for touch in record:
                if touch.before is not None:
                    draft.overlay[touch.key] = touch.before
                else:
                    draft.overlay.pop(touch.key, None)
            raise Bad("board-full", f"the drawing has its {full}; erase something, or draw in another room")
        draft.seq, draft.count, draft.size = draft.seq + 1, count, size
        return record

    def take(self, row: LogRow, record: Record, size: int) -> None:
        """The next entry is durable: the drawing is what `record` says, and so large."""
        for touch in record:
            if touch.after is None:
                self.entries.discard(touch.key)
            else:
                self.entries[touch.key] = touch.after
        self.size = size
        self._append(row)

    def _append(self, row: LogRow) -> None:
        self.seq, self.at = row.seq, row.at
        self._marks.append(row.mark)
        if len(self._marks) > 2 * MARKS:
            del self._marks[:MARKS]
            self._base += MARKS
        length = len(row.body)
        self._logged += length
        self._since_picture += length
        self._tail.append((row.seq, msgspec.Raw(row.body)))
        self._tail_bytes += length
        if length > MAX_COMMIT:
            # Undoing a large clear, say: everybody gets it as a snapshot, in chunks that let others' ink by.
            self._tail.clear()
            self._tail_bytes = 0
        while self._tail_bytes > TAIL_BYTES and len(self._tail) > 1:
            self._tail_bytes -= len(bytes(self._tail.popleft()[1]))

    # --- showing ------------------------------------------------------------------------------------------

    @property
    def tail_start(self) -> int:
        """The lowest seq after which the commits in memory lead up to now."""
        return self._tail[0][0] - 1 if self._tail else self.seq

    def after(self, seq: int) -> Iterator[msgspec.Raw]:
        """The encoded commits after `seq`, which must not be before `tail_start`."""
        return (self._tail[offset][1] for offset in range(seq - self.tail_start, len(self._tail)))

    def picture(self) -> Picture:
        """The drawing as it is now."""
        if self._picture.seq != self.seq:
            self._picture = Picture(self.seq, len(self.entries), compressed(self.entries.kept()))
            self._since_picture = 0
        return self._picture

    def recent_picture(self, seq: int) -> Picture:
        """A picture from which the commits in memory lead on, of `seq` or later: one serves many who join."""
        recent = self._since_picture <= FRESH_BYTES and self._picture.seq >= max(seq, self.tail_start)
        return self._picture if recent else self.picture()

    def checkpoint(self) -> tuple[Checkpoint, Kept] | None:
        """The drawing as it is, when the log has grown so much since the last one that it is worth keeping: a
        checkpoint without its body, and the entries of which `compressed` makes that, which takes longer than a loop
        has."""
        last = self._checkpointed
        # As much log as drawing: all checkpoints together are never larger than the log.
        if self.seq - last.seq < CHECKPOINT_ENTRIES or self._logged - last.logged < self.size:
            return None
        count, mark = len(self.entries), self.mark(self.seq)
        self._checkpointed = Checkpoint(self.seq, mark, self.at, count, self._logged, b"")
        return self._checkpointed, self.entries.kept()

    def trim(self) -> Trim:
        """What of the past may be forgotten now."""
        limits = self._limits
        return Trim(self.seq + 1 - limits.history, self._logged - limits.max_log, self.seq - RESUME_WINDOW)


def size_of(entry: Entry | None) -> int:
    """What an entry counts against the room's limit, in bytes."""
    if entry is None:
        return 0
    size = len(entry.key)
    for name, value in entry.fields.items():
        size += len(name) + len(bytes(value if type(value) is msgspec.Raw else _raw(value)))
    return size


def encoded(change: Change) -> Change:
    """`change` with its field values as encoded JSON: opaque, compact, and encoded once."""
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
    fields = {name: _raw(value) for name, value in entry.fields.items()}
    return msgspec.structs.replace(entry, fields=fields)


def _raw(value: object) -> msgspec.Raw:
    return value if isinstance(value, msgspec.Raw) else msgspec.Raw(msgspec.json.encode(value))
