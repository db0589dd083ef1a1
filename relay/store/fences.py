"""The holds of the rooms of a store that one process has for itself: its file's lock keeps all others out.

So the fences need not be kept: whoever opens the file next claims anew. They tell a room that was deleted, or claimed
again, from what this process still has of it in memory.
"""

from __future__ import annotations

import secrets

from ..records import Hold, NotHeldError

FENCE_BITS = 63
"""Of a signed integer of 64 bits, as databases have them."""


class Fences:
    """The fence of each room that is held."""

    def __init__(self) -> None:
        self._fences: dict[str, int] = {}

    def claim(self, room: str) -> Hold:
        """Hold `room` from now on, instead of whoever held it."""
        fence = self._fences[room] = secrets.randbits(FENCE_BITS)
        return Hold(room, fence)

    def has(self, hold: Hold) -> bool:
        """Whether `hold` is still its room's."""
        return self._fences.get(hold.room) == hold.fence

    def check(self, hold: Hold) -> None:
        """Raise `NotHeldError` unless `hold` is still its room's."""
        if not self.has(hold):
            raise NotHeldError(hold.room)

    def release(self, hold: Hold) -> None:
        """Hold a room no longer, unless it has been claimed anew."""
        if self.has(hold):
            del self._fences[hold.room]

    def forget(self, room: str) -> None:
        """Let nobody hold `room`, for it is deleted."""
        self._fences.pop(room, None)
