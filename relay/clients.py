"""Who numbers operations in a room: each client's last number, its refusals, and what its operations did. Pure.

The store remembers clients for ever; a room has in memory only those who are here and those who left lately.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from .log import ClientRow, Found
from .packed import Records
from .protocol import WINDOW, Record

DEPARTED = 256
"""Clients without a connection kept in memory; the store has the others."""
DEPARTED_BYTES = 16 << 20
"""Bytes of records kept of all of them together; those of the last one to go in any case."""


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
    records: Records = field(default_factory=Records)
    here: str = ""

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
        """Each with how many bytes of records are kept for it."""
        self._records: dict[str, Records] = {}

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, id: str) -> bool:
        return id in self._known

    def replayed(self, id: str, op: int, record: Record) -> None:
        """The log says what operation `op` of a client did that has not come yet."""
        self._records.setdefault(id, Records())[op] = record

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
        client.records = self._records.pop(id, client.records)
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
        self._departed[client.id] = client.records.size
        departed = self._departed
        while len(departed) > DEPARTED or (sum(departed.values()) > DEPARTED_BYTES and len(departed) > 1):
            del self._known[departed.popitem(last=False)[0]]
