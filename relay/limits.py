"""How much of everything: every limit of a relay. Pure.

What exceeds a limit is refused with the limit's name, never cut or dropped. Only operations that come too fast wait
instead: nothing a person drew may be refused for its speed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

from .protocol import MAX_FRAME, MAX_NAME

WAITING = 1_024
"""Connections at most whose request has not been answered; of few descriptors, a quarter."""
LEAST_PER_ADDRESS = 16
"""Connections from one address that each worker takes, however many there are."""
KEPT_BACK = 64
"""Descriptors for the database, the log and the like; of few, an eighth."""


@dataclass(frozen=True)
class Limits:
    """The limits of one relay; each is an option of the command line under the same name."""

    max_message: int = MAX_FRAME
    """bytes of one frame from a client"""
    max_elements: int = 50_000
    """living elements in one room"""
    max_drawing: int = 64 << 20
    """bytes of the living elements of one room, as a snapshot has them"""
    max_log: int = 1 << 30
    """bytes of the log of one room; beyond, its oldest past is forgotten"""
    history: int = 10_000_000
    """operations that can be read back in one room; older ones are forgotten"""
    max_memory: int = 1 << 30
    """bytes that all rooms and all that waits for peers may have in memory"""
    max_rooms: int = 10_000
    """rooms in the database"""
    max_peers: int = 200
    """peers in one room at a time"""
    max_connections: int = 4_096
    """connections at a time"""
    max_connections_per_address: int = 1_024
    """connections from one address at a time"""
    operation_rate: float = 200.0
    """operations a second from one peer, on average; faster ones wait"""
    work_rate: float = 0.25
    """seconds of the relay's work a second that one peer may cause, on average; what costs more waits"""
    presence_rate: float = 400.0
    """presence messages and parts of previews a second from one peer, on average"""
    event_rate: float = 100.0
    """events a second from one peer, on average"""
    plugin_seconds: float = 1.0
    """seconds a plugin may take for one event; then it is disabled"""
    max_name: int = MAX_NAME
    """characters of a peer's name"""
    handshake_seconds: float = 10.0
    """seconds for a connection's handshake"""
    join_seconds: float = 10.0
    """seconds from the handshake to the join"""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0 and field.name != "history":
                raise ValueError(f"--{field.name.replace('_', '-')} must be more than 0")

    @property
    def descriptors(self) -> int:
        """The descriptors that so many connections need."""
        return self.max_connections + WAITING + KEPT_BACK

    def within(self, descriptors: int) -> Limits:
        """Return the limits of a process with so many descriptors. Where those are too few for all connections, one
        address gets half of them at most."""
        connections = descriptors - waiting_within(descriptors) - min(KEPT_BACK, descriptors // 8)
        if self.max_connections <= connections:
            return self
        share = max(1, min(self.max_connections_per_address, connections // 2))
        return replace(self, max_connections=max(1, connections), max_connections_per_address=share)

    def share(self, workers: int) -> Limits:
        """Return the limits of each of so many workers: of memory its part, and of what is not spread evenly twice its
        part."""
        if workers == 1:
            return self

        def twice(limit: int) -> int:
            return min(limit, math.ceil(2 * limit / workers))

        return replace(
            self,
            max_memory=math.ceil(self.max_memory / workers),
            max_rooms=twice(self.max_rooms),
            max_connections=twice(self.max_connections),
            max_connections_per_address=min(
                self.max_connections_per_address,
                max(LEAST_PER_ADDRESS, twice(self.max_connections_per_address)),
            ),
        )


def waiting_within(descriptors: int) -> int:
    """Return how many connections may wait for an answer, in a process with so many descriptors."""
    return min(WAITING, descriptors // 4)
