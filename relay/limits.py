"""How much of everything: every limit of a relay, and the bucket that counts per second. Pure.

What is over a limit is refused with the limit's name, never cut or dropped; only operations that come too fast
wait instead, for nothing a person drew may be refused for its speed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from .protocol import MAX_FRAME, MAX_NAME


@dataclass(frozen=True)
class Limits:
    """The limits of one relay; each is an option of the command line under the same name."""

    max_message: int = MAX_FRAME
    """bytes of one frame from a client"""
    max_elements: int = 50_000
    """living elements in one room"""
    max_drawing: int = 64 << 20
    """bytes of the living elements of one room"""
    max_log: int = 1 << 30
    """bytes of the log of one room; beyond, its oldest past is forgotten"""
    history: int = 10_000_000
    """operations that can be read back in one room; older ones are forgotten"""
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


BURST = 5.0
"""Seconds' worth that may come at once, as after a reconnect."""


class Bucket:
    """Counts what comes against `rate` a second; `BURST` seconds' worth, and at least `least`, may come at once."""

    __slots__ = ("_full", "_level", "_rate", "_then")

    def __init__(self, rate: float, *, least: float = 1.0) -> None:
        self._rate = rate
        self._full = max(least, BURST * rate)
        self._level = self._full
        self._then = 0.0

    def take(self, now: float) -> bool:
        """Whether one more may come at `now`, in seconds of a clock that only goes forward; then it counts."""
        level = self._level + self._rate * (now - self._then)
        self._then = now
        if level > self._full:
            level = self._full
        if level < 1.0:
            self._level = level
            return False
        self._level = level - 1.0
        return True

    def owe(self, count: int, now: float) -> float:
        """Let `count` come at `now` in any case; returns for how many seconds nothing more should."""
        level = self._level + self._rate * (now - self._then)
        self._level, self._then = min(self._full, level) - count, now
        return max(0.0, -self._level / self._rate)
