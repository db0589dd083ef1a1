"""A store that lasts as long as its process: for tests, and for rooms nobody needs tomorrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..log import Batch, ClientRow, Loaded, LogRow, RefusalRow, StoreError
from ..protocol import WINDOW


@dataclass(slots=True)
class _Kept:
    epoch: str
    rows: list[LogRow] = field(default_factory=list)
    clients: dict[str, ClientRow] = field(default_factory=dict)
    refusals: dict[tuple[str, int], RefusalRow] = field(default_factory=dict)


class MemoryStore:
    """The contract of `relay.log.Store`, in dictionaries."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def load(self, room: str, new_epoch: str) -> Loaded:
        kept = self._kept.setdefault(room, _Kept(new_epoch))
        refusals = [kept.refusals[name] for name in sorted(kept.refusals)]
        return Loaded(kept.epoch, tuple(kept.rows), tuple(kept.clients.values()), tuple(refusals))

    def append(self, batches: Sequence[Batch]) -> None:
        following: dict[str, int] = {}
        for batch in batches:
            if batch.room not in self._kept:
                raise StoreError(f"the room {batch.room!r} was never loaded; load it before appending to it")
            seq = following.get(batch.room, len(self._kept[batch.room].rows) + 1)
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

    def rooms(self) -> list[str]:
        return sorted(self._kept)

    def close(self) -> None:
        """Nothing is held but memory."""
