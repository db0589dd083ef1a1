"""How often a room tells its peers what is new: at once while that is little work, in beats when it is much. Pure.

Telling costs a system call for each peer, however little there is to tell; in a beat, what came since the last one
goes out together. The work is that of all rooms of a relay, counted in frames. A verdict on an operation was waited
for while the disk took it: it is told at once for longer.
"""

from __future__ import annotations

from math import exp

BEAT = 1 / 60
"""Seconds between two beats: a frame of a display, so that nothing looks later than it would anyway."""
QUIET = 1_000.0
"""Frames a second up to which everything is told at once; about a hundredth of a core."""
BUSY = 15_000.0
"""Frames a second beyond which verdicts wait for a beat as well, and beats grow longer, up to twice as long."""
MEMORY = 0.25
"""Seconds over which frames are counted, roughly."""


class Pulse:
    """The rate of the frames of one relay, and what follows from it. Times are seconds of any clock."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._then = 0.0

    def count(self, frames: int, now: float) -> None:
        """So many frames were sent."""
        self._rate = self.rate(now) + frames / MEMORY
        self._then = now

    def rate(self, now: float) -> float:
        """Frames a second, lately."""
        return self._rate * exp((self._then - now) / MEMORY)

    def wait(self, last: float, now: float, *, verdicts: bool = False) -> float:
        """Seconds until a room that told its peers at `last` should tell them again; 0 when it may now. `verdicts`:
        there are some among what it has to tell."""
        rate = self.rate(now)
        if rate <= (BUSY if verdicts else QUIET):
            return 0.0
        return max(0.0, last + BEAT * min(2.0, max(1.0, rate / BUSY)) - now)
