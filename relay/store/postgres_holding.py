"""Who holds a room in PostgreSQL: how one of several relays takes it, in a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..records import HeldByRelayError, Member, StoreError
from .postgres_schema import BURY, TAKE
from .postgres_server import Connection

ROOM = "id, epoch, first, last, locked, fence"
"""The columns of a room besides its name."""
ALONE = "UPDATE ipysketch.rooms SET fence = %(fence)s, owner = NULL, incarnation = NULL WHERE name = %(room)s"
LIVES = "SELECT 1 FROM ipysketch.relays WHERE id = %(id)s AND incarnation = %(incarnation)s AND NOT dead"
HOLDER = """
SELECT r.owner, r.incarnation, l.address FROM ipysketch.rooms r
LEFT JOIN ipysketch.relays l ON l.id = r.owner AND l.incarnation = r.incarnation WHERE r.name = %(room)s
"""


def holder(connection: Connection, room: str) -> Member | None:
    """Return the relay that holds a room; None when none that lives does."""
    query = (
        "SELECT l.id, l.incarnation, l.address FROM ipysketch.rooms r JOIN ipysketch.relays l "
        "ON l.id = r.owner AND l.incarnation = r.incarnation WHERE r.name = %s AND NOT l.dead"
    )
    row = connection.execute(query, (room,)).fetchone()
    return None if row is None else Member(*row)


def take(connection: Connection, room: str, fence: int, member: Member | None) -> Sequence[Any] | None:
    """Hold a room with a new `fence`, as one of several relays or alone; returns its row and which relay had not given
    it up, None when there is no such room. Raises `HeldByRelayError` when another relay that lives holds it,
    `StoreError` when this one does not live."""
    given: dict[str, Any] = {"room": room, "fence": fence}
    if member is None:
        return connection.execute(f"{ALONE} RETURNING {ROOM}, ''", given).fetchone()
    given |= {"id": member.id, "incarnation": member.incarnation}
    connection.execute(BURY, given)
    row = connection.execute(
        f"{TAKE} RETURNING {ROOM}, (SELECT coalesce(owner, '') FROM before)", given
    ).fetchone()
    if row is not None:
        return row
    if connection.execute(LIVES, given).fetchone() is None:
        raise StoreError("the lease of this relay has ended, and it begins anew; try again")
    holder = connection.execute(HOLDER, given).fetchone()
    if holder is None:
        return None
    if None in holder:
        raise StoreError(f"room {room!r} has just changed hands; try again")
    raise HeldByRelayError(room, Member(*holder))
