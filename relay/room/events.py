"""The named events of a room that some peer has yet to be sent. Pure.

There is one queue, into which each peer has a cursor: what waits takes the same memory however many read slowly. The
oldest events make room for new ones, and a peer that had yet to be sent one of those is told so. An event is refused to
its sender only where nobody has been sent the oldest, for then it is the sender who is too fast.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import NamedTuple

import msgspec

from ..protocol import MAX_EVENTS, RemoteError

EVENT_BYTES = 4 << 20
"""Bytes of the events of one room that wait; a larger one waits alone."""
FRAME_BYTES = 256 << 10
"""Bytes of messages after which a frame is full."""
ALL, OTHERS = "all", "others"


class _Waiting(NamedTuple):
    """An encoded event of `sender` for the peer `to`, or for `ALL` or `OTHERS`."""

    sender: str
    to: str
    raw: msgspec.Raw
    size: int


class RoomEvents:
    """The latest events of one room, numbered 1, 2, 3 …; `last` is the number of the newest, `size` their bytes."""

    def __init__(self) -> None:
        self.last = 0
        self.size = 0
        self._queue: deque[_Waiting] = deque()
        self._collected = 0

    def post(self, sender: str, to: str, encoded: msgspec.Raw) -> None:
        """Let an event wait; raises `RemoteError` when as many wait as may, and nobody has been sent any of them."""
        size = len(bytes(encoded))
        queue = self._queue
        while queue and (len(queue) >= MAX_EVENTS or self.size + size > EVENT_BYTES):
            if self._collected <= self.last - len(queue):
                raise RemoteError(
                    "too-many-events",
                    "events came faster than they could be passed on; send fewer, or smaller ones",
                )
            self.size -= queue.popleft().size
        self.last += 1
        self.size += size
        queue.append(_Waiting(sender, to, encoded, size))

    def lost(self, cursor: int) -> int:
        """Return how many events after the number `cursor` no longer wait."""
        return max(0, self.last - len(self._queue) - cursor)

    def after(self, cursor: int, peer: str) -> tuple[list[msgspec.Raw], int]:
        """Return the events after the number `cursor` that are for `peer`, as many as fit into one frame, and the
        number up to which that is all."""
        queue = self._queue
        first = self.last - len(queue)
        cursor = max(cursor, first)
        events: list[msgspec.Raw] = []
        size = 0
        for sender, to, raw, length in islice(queue, cursor - first, None):
            if to in (ALL, peer) or (to == OTHERS and sender != peer):
                size += length
                if events and size > FRAME_BYTES:
                    break
                events.append(raw)
            cursor += 1
        self._collected = max(self._collected, cursor)
        return events, cursor
