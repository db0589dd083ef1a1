"""A store that forgets when it ends: for tests, and for ``--db :memory:``."""

from __future__ import annotations

from collections.abc import Sequence

from ..log import Batch, ClientRow, Loaded, LogRow, RefusalRow
from ..protocol import WINDOW


class MemoryStore:
    """Rooms in dictionaries."""

    def __init__(self) -> None:
        self._epochs: dict[str, str] = {}
        self._rows: dict[str, list[LogRow]] = {}
        self._clients: dict[str, dict[str, ClientRow]] = {}
        self._refusals: dict[str, dict[tuple[str, int], RefusalRow]] = {}

    def load(self, room: str, new_epoch: str) -> Loaded:
        epoch = self._epochs.setdefault(room, new_epoch)
        return Loaded(
            epoch,
            list(self._rows.get(room, ())),
            list(self._clients.get(room, {}).values()),
            list(self._refusals.get(room, {}).values()),
        )

    def append(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            self._rows.setdefault(batch.room, []).extend(batch.rows)
            clients = self._clients.setdefault(batch.room, {})
            refusals = self._refusals.setdefault(batch.room, {})
            clients.update((row.client, row) for row in batch.clients)
            refusals.update(((row.client, row.op), row) for row in batch.refusals)
            for client, op in list(refusals):
                if op <= clients[client].last - WINDOW:
                    del refusals[client, op]

    def rooms(self) -> list[str]:
        return sorted(self._epochs)

    def close(self) -> None:
        return
