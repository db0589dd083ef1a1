"""A token bucket: how many messages a peer may send. Pure."""

from __future__ import annotations

BURST = 5.0
"""Seconds' worth that may come at once, as after a reconnect."""


class Bucket:
    """Counts messages against `rate` a second; `BURST` seconds' worth, and at least `least`, may come at once."""

    __slots__ = ("__weakref__", "_counted_at", "_full", "_level", "rate")

    def __init__(self, rate: float, *, least: float = 1.0) -> None:
        self.rate = rate
        self._full = max(least, BURST * rate)
        self._level = self._full
        self._counted_at = 0.0

    def take(self, now: float) -> bool:
        """Return whether one more may come at `now`, in seconds of a clock that only goes forward; then it counts."""
        level = min(self._full, self._level + self.rate * (now - self._counted_at))
        self._counted_at = now
        if level < 1.0:
            self._level = level
            return False
        self._level = level - 1.0
        return True

    def owe(self, count: int, now: float) -> float:
        """Let `count` come at `now` in any case; returns for how many seconds nothing more should."""
        level = self._level + self.rate * (now - self._counted_at)
        self._level, self._counted_at = min(self._full, level) - count, now
        return max(0.0, -self._level / self.rate)
