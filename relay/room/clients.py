"""The clients of a room: each one's last operation number, its refusals, and its undo records. Pure.

The store has all clients for ever; a room has in memory those that are connected and those that left lately.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field

from ..limits import Limits
from ..protocol import WINDOW, Record
from ..records import ClientRow, ResumeFacts
from .compact import UndoRecords
from .costs import Budget

DEPARTED = 256
"""Clients without a connection kept in memory; the store has the others."""
DEPARTED_BYTES = 16 << 20
"""Bytes of the undo records kept for all of them together; those of the last one to leave are kept in any case."""

ROOM_RECORDS = 64 << 20
"""Bytes of the undo records kept for all clients of a room together."""


@dataclass(eq=False, slots=True)
class Client:
    """One sequence of operations; it outlives its connections. `accepted` is the last operation that was queued,
    `last` the last with a verdict, `committed` the seq of its latest entry in the log, or a later one. `peer_id`
    is the id of the peer that is this client now, or "". `budget` is what its messages may cost."""

    id: str
    key_hash: str
    author: str
    last: int = 0
    accepted: int = 0
    committed: int = 0
    refusals: OrderedDict[int, tuple[str, str]] = field(default_factory=OrderedDict)
    records: UndoRecords = field(default_factory=UndoRecords)
    peer_id: str = ""
    budget: Budget = field(default_factory=lambda: Budget(Limits.work_rate))

    def refuse(self, op: int, code: str, reason: str) -> None:
        """Keep a final refusal, to be sent again after a reconnect."""
        self.refusals[op] = (code, reason)
        while len(self.refusals) > WINDOW:
            self.refusals.popitem(last=False)

    def row(self, last: int) -> ClientRow:
        """Return the row of the store once operation `last` has its verdict."""
        return ClientRow(self.id, self.key_hash, self.author, last)


def digest(purpose: str, secret: str) -> str:
    """Return the hash of a secret, which is all of it that the relay keeps and shows."""
    return hashlib.sha256(f"ipysketch {purpose}\0{secret}".encode()).hexdigest()


class Clients:
    """The clients of one room that are in memory."""

    def __init__(self) -> None:
        self._loaded: dict[str, Client] = {}
        self._departed: OrderedDict[str, int] = OrderedDict()
        """By id, the bytes of the undo records of each."""
        self._records: dict[str, UndoRecords] = {}

    def __len__(self) -> int:
        return len(self._loaded)

    def __contains__(self, id: str) -> bool:
        return id in self._loaded

    def add_record(self, id: str, op: int, record: Record) -> None:
        """Keep the undo record of an operation, read from the log, until its client resumes."""
        self._records.setdefault(id, UndoRecords())[op] = record

    def find(self, id: str, facts: ResumeFacts, seq: int) -> Client | None:
        """Return the client `id`, from memory or from the store's `facts`; None if neither has it. The room is at
        `seq`."""
        if (client := self._loaded.get(id)) is not None:
            return client
        row = facts.client
        if row is None or row.client != id:
            return None
        client = Client(id, row.key_hash, row.author, row.last, row.last, seq)
        for refusal in facts.refusals:
            client.refuse(refusal.op, refusal.code, refusal.reason)
        client.records = self._records.pop(id, client.records)
        return client

    @property
    def memory(self) -> int:
        """Bytes of the undo records of all clients."""
        return sum(client.records.size for client in self._loaded.values()) + sum(
            records.size for records in self._records.values()
        )

    def shed_records(self) -> None:
        """Forget the oldest undo records of the clients that have the most, where all have too many."""
        if (memory := self.memory) <= ROOM_RECORDS:
            return
        all_records = [*self._records.values(), *(client.records for client in self._loaded.values())]
        while memory > ROOM_RECORDS:
            most = max(all_records, key=lambda records: records.size)
            before = most.size
            del most[next(iter(most))]
            memory -= before - most.size

    def arrive(self, client: Client) -> None:
        """Keep `client` in memory while it is connected."""
        self._loaded[client.id] = client
        self._departed.pop(client.id, None)

    def depart(self, client: Client) -> None:
        """Keep `client`, which is no longer connected, for a while. All its operations have their verdict."""
        if not client.accepted:
            # It did nothing; if it resumes, it is `Renew`ed.
            del self._loaded[client.id]
            return
        self._departed[client.id] = client.records.size
        departed = self._departed
        while len(departed) > DEPARTED or (sum(departed.values()) > DEPARTED_BYTES and len(departed) > 1):
            del self._loaded[departed.popitem(last=False)[0]]
