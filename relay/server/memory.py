"""The memory of one relay, as one account. Pure.

Everything that a peer can make the relay keep has a limit of its own: what waits for one peer, and the events,
previews, undo records and drawing of one room. All rooms and peers together are limited here. The sum is computed
once a second; what is added in between counts at once. Above the limit the relay releases memory in this order: empty
rooms are closed; requests for the past are refused; the slowest peers are closed; drawings may not grow beyond their
share; rooms larger than that are not opened. All shares together are a quarter of the limit, so that people can go on
drawing in small rooms, whatever happens in large ones.
"""

from __future__ import annotations

from ..protocol import RemoteError


class Memory:
    """The account: `held` of `limit` bytes are in use, by `rooms` rooms and by what waits in sockets."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.rooms = 0

    @property
    def is_full(self) -> bool:
        """Whether memory has to be released."""
        return self.held > self.limit

    @property
    def share(self) -> int:
        """Bytes that each room may have, whatever the others have."""
        return self.limit // (4 * max(1, self.rooms))

    @property
    def most(self) -> float:
        """Bytes up to which the drawing of a room may grow now."""
        return self.share if self.is_full else float("inf")

    def open_room(self, size: int) -> None:
        """Add a room that was loaded; raises `RemoteError` when it is too large for what is left."""
        if self.held + size > self.limit and size > self.share:
            raise RemoteError(
                "relay-full",
                "the relay's memory is full, and this room is large; come back when others have left",
            )
        self.held += size
        self.rooms += 1

    def read(self, size: int) -> None:
        """Add the answer to a request for the past; raises `RemoteError` when there is no memory for it."""
        if self.held + size > self.limit:
            raise RemoteError("busy", "the relay's memory is full; read the past again in a while")
        self.held += size

    def weigh(self, rooms: int, held: int) -> None:
        """Replace the sum by a new one."""
        self.rooms, self.held = rooms, held
