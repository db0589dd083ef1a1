"""Who numbers operations in a room: each client's last number, its refusals, and what its operations did. Pure.

The store remembers clients for ever; a room has in memory only those who are here and those who left lately.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from .drawing import size_of
from .log import ClientRow, Found
from .protocol import WINDOW, Record, revertible

DEPARTED = 256
"""Clients without a connection kept in memory; the store has the others."""
TAKEN_AWAY = 16 << 20
"""Bytes of elements kept for one client, for reverts of what it deleted or changed; its last operation in any case."""
TAKEN_BY_DEPARTED = 8 << 20
"""The same for all clients together that are without a connection; the last one to go in any case."""


@dataclass(eq=False, slots=True)
class Client:
    """An identity that numbers its operations; it outlives its connections. `accepted` is the last operation
    taken, `last` the last with a verdict, `committed` the seq of its latest entry in the log, or a later one.
    `here` is the id of the peer that is this client now, or ""."""

    id: str
    key_hash: str
    author: str
    last: int = 0
    accepted: int = 0
    committed: int = 0
    refusals: OrderedDict[int, tuple[str, str]] = field(default_factory=OrderedDict)
    records: OrderedDict[int, Record] = field(default_factory=OrderedDict)
    here: str = ""
    taken: int = 0
    """Bytes of elements in `records`, as they were before."""

    def remember(self, op: int, record: Record) -> None:
        """Keep what operation `op` did, for a revert of it."""
        self.records[op] = revertible(record)
        self.taken += _taken(record)
        while len(self.records) > WINDOW or (self.taken > TAKEN_AWAY and len(self.records) > 1):
            self.taken -= _taken(self.records.popitem(last=False)[1])

    def refuse(self, op: int, code: str, reason: str) -> None:
        """Keep a final refusal, to be told again to who did not hear it."""
        self.refusals[op] = (code, reason)
        while len(self.refusals) > WINDOW:
            self.refusals.popitem(last=False)

    def row(self, last: int) -> ClientRow:
        """What the store keeps of it once operation `last` has its verdict."""
        return ClientRow(self.id, self.key_hash, self.author, last)


class Clients:
    """The clients of one room that are in memory."""

    def __init__(self) -> None:
        self._known: dict[str, Client] = {}
        self._departed: OrderedDict[str, int] = OrderedDict()
        """Each with how many bytes are kept for it."""
        self._records: dict[str, OrderedDict[int, Record]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, id: str) -> bool:
        return id in self._known

    def replayed(self, id: str, op: int, record: Record) -> None:
        """The log says what operation `op` of a client did that has not come yet."""
        self._records.setdefault(id, OrderedDict())[op] = revertible(record)

    def find(self, id: str, found: Found, seq: int) -> Client | None:
        """The client `id`, from memory or from what the store found; the room is at `seq`."""
        if (client := self._known.get(id)) is not None:
            return client
        row = found.client
        if row is None or row.client != id:
            return None
        client = Client(id, row.key_hash, row.author, row.last, row.last, seq)
        for refusal in found.refusals:
            client.refuse(refusal.op, refusal.code, refusal.reason)
        for op, record in self._records.pop(id, {}).items():
            client.remember(op, record)
        return client

    def arrive(self, client: Client) -> None:
        """`client` is here, and stays in memory while it is."""
        self._known[client.id] = client
        self._departed.pop(client.id, None)

    def depart(self, client: Client) -> None:
        """`client` has gone, with a verdict for all it did."""
        if not client.accepted:
            # It did nothing; if it comes back, it stays who it is all the same: see `Room.join`.
            del self._known[client.id]
            return
        self._departed[client.id] = client.taken
        departed = self._departed
        while len(departed) > DEPARTED or (sum(departed.values()) > TAKEN_BY_DEPARTED and len(departed) > 1):
            del self._known[departed.popitem(last=False)[0]]


def _taken(record: Record) -> int:
    return sum(size_of(touch.before) for touch in record)
