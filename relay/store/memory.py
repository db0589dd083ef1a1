"""A store that lasts as long as its process: for tests, and for rooms nobody needs tomorrow."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..protocol import WINDOW
from ..records import (
    ANOTHER_LOG,
    HELD_ELSEWHERE,
    Batch,
    Checkpoint,
    Claim,
    ClientRow,
    Hold,
    LoadedRoom,
    LogRange,
    LogRow,
    RefusalRow,
    ResumeFacts,
    RoomInfo,
    StoreError,
    Trim,
    check_read_size,
    check_room_count,
)
from .fences import Fences


@dataclass(slots=True)
class _MemoryRoom:
    epoch: str
    first: int = 1
    locked: bool = False
    rows: list[LogRow] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    clients: dict[str, ClientRow] = field(default_factory=dict)
    refusals: dict[tuple[str, int], RefusalRow] = field(default_factory=dict)

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    def has(self, rows: Sequence[LogRow]) -> bool:
        """Whether all of `rows` are in the log, with these marks."""
        begin = rows[0].seq - self.first
        found = self.rows[begin : begin + len(rows)] if begin >= 0 else []
        return [(row.seq, row.mark) for row in found] == [(row.seq, row.mark) for row in rows]

    def before(self, seq: int) -> Checkpoint | None:
        """The newest checkpoint at or before `seq`."""
        return next((point for point in reversed(self.checkpoints) if point.seq <= seq), None)

    def rows_after(self, point: Checkpoint | None, last: int | None = None) -> tuple[LogRow, ...]:
        start = point.seq if point else 0
        return tuple(row for row in self.rows[start + 1 - self.first :] if last is None or row.seq <= last)


class MemoryStore:
    """The contract of `relay.records.Store`, in dictionaries."""

    appends_beside = False

    def __init__(self) -> None:
        self._rooms: dict[str, _MemoryRoom] = {}
        self._revoked: dict[str, float] = {}
        self._fences = Fences()

    def _room(self, room: str) -> _MemoryRoom:
        if room not in self._rooms:
            raise StoreError(f"there is no room {room!r}; load it first")
        return self._rooms[room]

    def claim(self, room: str, new_epoch: str, most: int) -> Claim:
        if room not in self._rooms:
            check_room_count(len(self._rooms), most)
            self._rooms[room] = _MemoryRoom(new_epoch)
        return Claim(self._fences.claim(room), self.load(room))

    def release(self, hold: Hold) -> None:
        self._fences.release(hold)

    def load(self, room: str) -> LoadedRoom:
        stored = self._room(room)
        point = stored.before(max(stored.last - WINDOW, stored.first - 1))
        return LoadedRoom(stored.epoch, stored.first, stored.locked, point, stored.rows_after(point))

    def find(self, room: str, client: str, seq: int) -> ResumeFacts:
        stored = self._room(room)
        mark = 0 if seq == 0 else None
        if stored.first <= seq <= stored.last:
            mark = stored.rows[seq - stored.first].mark
        refusals = sorted(row for name, row in stored.refusals.items() if name[0] == client)
        return ResumeFacts(mark, stored.clients.get(client), tuple(refusals))

    def append(self, writes: Sequence[tuple[Hold, Batch]]) -> Mapping[str, str]:
        lost: dict[str, str] = {}
        for hold, batch in writes:
            if not self._fences.has(hold):
                lost[batch.room] = HELD_ELSEWHERE
                continue
            stored = self._rooms[batch.room]
            seqs = [row.seq for row in batch.rows]
            if seqs == list(range(stored.last + 1, stored.last + 1 + len(seqs))):
                self._append(stored, batch)
            elif not stored.has(batch.rows):
                lost[batch.room] = ANOTHER_LOG
        return lost

    def _append(self, stored: _MemoryRoom, batch: Batch) -> None:
        stored.rows += batch.rows
        stored.clients.update((client.client, client) for client in batch.clients)
        stored.refusals.update(((refusal.client, refusal.op), refusal) for refusal in batch.refusals)
        for client in {refusal.client for refusal in batch.refusals} & stored.clients.keys():
            oldest = stored.clients[client].last - WINDOW
            for name in [name for name in stored.refusals if name[0] == client and name[1] <= oldest]:
                del stored.refusals[name]

    def checkpoint(self, hold: Hold, checkpoint: Checkpoint) -> None:
        self._fences.check(hold)
        stored = self._room(hold.room)
        stored.checkpoints = sorted({*stored.checkpoints, checkpoint})

    def read(self, room: str, first: int, last: int) -> LogRange:
        stored = self._room(room)
        if not stored.first <= first <= last <= stored.last:
            raise StoreError(f"room {room!r} has entries {stored.first} to {stored.last} to read")
        point = stored.before(first - 1)
        rows = stored.rows_after(point, last)
        check_read_size(first, last, sum(len(row.body) for row in rows))
        return LogRange(point, rows)

    def trim(self, hold: Hold, trim: Trim) -> int:
        self._fences.check(hold)
        stored = self._room(hold.room)
        spare = [
            point
            for point in stored.checkpoints
            if point.seq <= trim.latest and (point.seq < trim.before or point.logged <= trim.logged)
        ]
        if spare and (point := spare[-1]).seq >= stored.first:
            stored.rows = list(stored.rows_after(point))
            stored.checkpoints = [other for other in stored.checkpoints if other.seq >= point.seq]
            stored.first = point.seq + 1
        return stored.first

    def lock(self, hold: Hold, locked: bool) -> None:
        self._fences.check(hold)
        self._room(hold.room).locked = locked

    def delete(self, room: str) -> None:
        self._room(room)
        del self._rooms[room]
        self._fences.forget(room)

    def restore(self, room: str, epoch: str, past: LogRange) -> None:
        if room in self._rooms:
            raise StoreError(f"there is a room {room!r} already; choose another name or delete it first")
        stored = _MemoryRoom(epoch, rows=list(past.rows))
        if past.checkpoint is not None:
            stored.first = past.checkpoint.seq + 1
            stored.checkpoints = [past.checkpoint]
        self._rooms[room] = stored

    def names(self) -> list[str]:
        return sorted(self._rooms)

    def rooms(self) -> list[RoomInfo]:
        infos = []
        for name, stored in sorted(self._rooms.items()):
            size = sum(len(row.body) for row in stored.rows) + sum(
                len(point.body) for point in stored.checkpoints
            )
            at = stored.rows[-1].at if stored.rows else stored.checkpoints[-1].at if stored.checkpoints else 0.0
            infos.append(RoomInfo(name, stored.epoch, stored.first, stored.last, at, size, stored.locked))
        return infos

    def revoke(self, token: str, until: float) -> None:
        self._revoked[token] = until

    def revoked(self, now: float) -> list[str]:
        return sorted(token for token, until in self._revoked.items() if until > now)

    def now(self) -> float:
        return time.time()

    def probe(self) -> None:
        """Memory can always be written."""

    def check_files(self) -> None:
        """There are none."""

    def vacuum(self) -> None:
        """Nothing is on a disk."""

    def backup(self, path: Path, new_epoch: Callable[[], str]) -> None:  # noqa: ARG002  # as `Store` has it
        raise StoreError("a relay that keeps its rooms in memory has nothing to back up; run it with --db FILE")

    def close(self) -> None:
        """Nothing is held but memory."""
