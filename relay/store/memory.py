"""A store that lasts as long as its process: for tests, and for rooms nobody needs tomorrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..log import (
    Batch,
    Checkpoint,
    ClientRow,
    Found,
    Loaded,
    LogRow,
    Past,
    RefusalRow,
    RoomInfo,
    StoreError,
    Trim,
)
from ..protocol import WINDOW


@dataclass(slots=True)
class _Kept:
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

    def before(self, seq: int) -> Checkpoint | None:
        """The newest checkpoint at or before `seq`."""
        return next((point for point in reversed(self.checkpoints) if point.seq <= seq), None)

    def rows_after(self, point: Checkpoint | None, last: int | None = None) -> tuple[LogRow, ...]:
        start = point.seq if point else 0
        return tuple(row for row in self.rows[start + 1 - self.first :] if last is None or row.seq <= last)


class MemoryStore:
    """The contract of `relay.log.Store`, in dictionaries."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._revoked: dict[str, float] = {}

    def _room(self, room: str) -> _Kept:
        if room not in self._kept:
            raise StoreError(f"there is no room {room!r}; load it first")
        return self._kept[room]

    def load(self, room: str, new_epoch: str) -> Loaded:
        kept = self._kept.setdefault(room, _Kept(new_epoch))
        point = kept.before(max(kept.last - WINDOW, kept.first - 1))
        return Loaded(kept.epoch, kept.first, kept.locked, point, kept.rows_after(point))

    def find(self, room: str, client: str, seq: int) -> Found:
        kept = self._room(room)
        mark = 0 if seq == 0 else None
        if kept.first <= seq <= kept.last:
            mark = kept.rows[seq - kept.first].mark
        refusals = sorted(row for name, row in kept.refusals.items() if name[0] == client)
        return Found(mark, kept.clients.get(client), tuple(refusals))

    def append(self, batches: Sequence[Batch]) -> None:
        following: dict[str, int] = {}
        for batch in batches:
            seq = following.get(batch.room, self._room(batch.room).last + 1)
            if [row.seq for row in batch.rows] != list(range(seq, seq + len(batch.rows))):
                raise StoreError(f"the rows for room {batch.room!r} do not follow its log; load the room again")
            following[batch.room] = seq + len(batch.rows)
        for batch in batches:
            kept = self._kept[batch.room]
            kept.rows += batch.rows
            kept.clients.update((client.client, client) for client in batch.clients)
            kept.refusals.update(((refusal.client, refusal.op), refusal) for refusal in batch.refusals)
            for client in {refusal.client for refusal in batch.refusals} & kept.clients.keys():
                oldest = kept.clients[client].last - WINDOW
                for name in [name for name in kept.refusals if name[0] == client and name[1] <= oldest]:
                    del kept.refusals[name]

    def checkpoint(self, room: str, checkpoint: Checkpoint) -> None:
        kept = self._room(room)
        kept.checkpoints = sorted({*kept.checkpoints, checkpoint})

    def read(self, room: str, first: int, last: int) -> Past:
        kept = self._room(room)
        if not kept.first <= first <= last <= kept.last:
            raise StoreError(f"room {room!r} has entries {kept.first} to {kept.last} to read")
        point = kept.before(first - 1)
        return Past(point, kept.rows_after(point, last))

    def trim(self, room: str, trim: Trim) -> int:
        kept = self._room(room)
        spare = [
            point
            for point in kept.checkpoints
            if point.seq <= trim.latest and (point.seq < trim.before or point.logged <= trim.logged)
        ]
        if spare and (point := spare[-1]).seq >= kept.first:
            kept.rows = list(kept.rows_after(point))
            kept.checkpoints = [other for other in kept.checkpoints if other.seq >= point.seq]
            kept.first = point.seq + 1
        return kept.first

    def lock(self, room: str, locked: bool) -> None:
        self._room(room).locked = locked

    def delete(self, room: str) -> None:
        self._room(room)
        del self._kept[room]

    def restore(self, room: str, epoch: str, past: Past) -> None:
        if room in self._kept:
            raise StoreError(f"there is a room {room!r} already; choose another name or delete it first")
        kept = _Kept(epoch, rows=list(past.rows))
        if past.checkpoint is not None:
            kept.first = past.checkpoint.seq + 1
            kept.checkpoints = [past.checkpoint]
        self._kept[room] = kept

    def names(self) -> list[str]:
        return sorted(self._kept)

    def rooms(self) -> list[RoomInfo]:
        infos = []
        for name, kept in sorted(self._kept.items()):
            size = sum(len(row.body) for row in kept.rows) + sum(len(point.body) for point in kept.checkpoints)
            at = kept.rows[-1].at if kept.rows else kept.checkpoints[-1].at if kept.checkpoints else 0.0
            infos.append(RoomInfo(name, kept.epoch, kept.first, kept.last, at, size, kept.locked))
        return infos

    def revoke(self, token: str, until: float) -> None:
        self._revoked[token] = until

    def revoked(self, now: float) -> list[str]:
        return sorted(token for token, until in self._revoked.items() if until > now)

    def probe(self) -> None:
        """Memory can always be written."""

    def vacuum(self) -> None:
        """Nothing is on a disk."""

    def backup(self, path: Path, new_epoch: Callable[[], str]) -> None:
        raise StoreError("a relay that keeps its rooms in memory has nothing to back up; run it with --db FILE")

    def close(self) -> None:
        """Nothing is held but memory."""
