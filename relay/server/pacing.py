"""When a room notifies its peers: at once while the relay sends little, in beats when it sends much. Pure.

Sending costs a system call for each peer, however little there is to send; in a beat, everything since the last one
goes out together. The load is that of all rooms of a relay, counted in frames. The author of an operation has waited
for the disk already: verdicts are sent at once up to a higher load.
"""

from __future__ import annotations

from math import exp

BEAT = 1 / 60
"""Seconds between two beats: a frame of a display, so that nothing looks later than it would anyway."""
QUIET = 1_000.0
"""Frames a second up to which everything is sent at once; about a hundredth of a core."""
BUSY = 15_000.0
"""Frames a second beyond which verdicts wait for a beat as well, and beats grow longer, up to twice as long."""
MEMORY = 0.25
"""Seconds over which frames are counted, roughly."""


class BroadcastPacer:
    """The frame rate of one relay, and the pauses that follow from it. Times are seconds of any clock."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._counted_at = 0.0

    def count(self, frames: int, now: float) -> None:
        """Count frames that were sent at `now`."""
        self._rate = self.rate(now) + frames / MEMORY
        self._counted_at = now

    def rate(self, now: float) -> float:
        """Return the frames a second, lately."""
        return self._rate * exp((self._counted_at - now) / MEMORY)

    def wait(self, last: float, now: float, *, verdicts: bool = False) -> float:
        """Return the seconds until a room that notified its peers at `last` should do so again; 0 when it may now.
        `verdicts`: it has verdicts for them."""
        rate = self.rate(now)
        if rate <= (BUSY if verdicts else QUIET):
            return 0.0
        return max(0.0, last + BEAT * min(2.0, max(1.0, rate / BUSY)) - now)
