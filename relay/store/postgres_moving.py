"""Rooms in PostgreSQL that are moved: read whole, written whole, and marked as being elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from ..records import Checkpoint, ClientRow, RefusalRow, StoreError
from .fences import FENCE_BITS
from .postgres import POINT, SEGMENT, PostgresStore, put_checkpoint, put_segment
from .postgres_holding import ROOM
from .postgres_server import Connection
from .whole import WholeRoom


class MovablePostgres(PostgresStore):
    """The rooms at `address`, also when they were moved away."""

    def __init__(self, address: str) -> None:
        super().__init__(address, may_be_moved=True)

    def each_room(self, give: Callable[[WholeRoom], None]) -> int:
        """Call `give` with each room, all of them as they were at one time; returns how many."""

        def work(connection: Connection) -> int:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            rooms = connection.execute(f"SELECT name, {ROOM} FROM ipysketch.rooms ORDER BY name").fetchall()
            for name, id, epoch, first, last, locked, _ in rooms:

                def read(columns: str, table: str, id: int = id) -> Iterator[Any]:
                    with connection.cursor(f"{table}{id}") as cursor:
                        cursor.itersize = 1 if table == "checkpoints" else SEGMENT
                        cursor.execute(
                            f"SELECT {columns} FROM ipysketch.{table} WHERE room = %s ORDER BY 1, 2", (id,)
                        )
                        yield from cursor

                give(
                    WholeRoom(
                        *(name, epoch, first, last, locked),
                        self._rows(connection, id, name, first, last),
                        (ClientRow(*row) for row in read("client, key_hash, author, last", "clients")),
                        (RefusalRow(*row) for row in read("client, op, code, reason", "refusals")),
                        (Checkpoint(*row) for row in read(POINT, "checkpoints")),
                    )
                )
            return len(rooms)

        return self._do(work, writes=False)

    def put_room(self, room: WholeRoom) -> None:
        """Store a room that is not there yet."""

        def work(connection: Connection) -> None:
            row = connection.execute(
                "INSERT INTO ipysketch.rooms (name, epoch, first, last, locked, fence) "
                "VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
                (*room[:5], secrets.randbits(FENCE_BITS)),
            ).fetchone()
            assert row is not None
            count, rows = 0, iter(room.rows)
            while segment := list(islice(rows, SEGMENT)):
                put_segment(connection, row[0], segment)
                count += len(segment)
            if count != room.last + 1 - room.first:
                raise StoreError(
                    f"entries of room {room.name!r} are missing; restore its database from a backup"
                )
            for table, more in (("clients", room.clients), ("refusals", room.refusals)):
                with connection.cursor() as cursor:
                    given = [(row[0], *each) for each in more]
                    cursor.executemany(f"INSERT INTO ipysketch.{table} VALUES (%s, %s, %s, %s, %s)", given)
            for point in room.checkpoints:
                put_checkpoint(connection, row[0], point)

        self._do(work)

    def mark_moved(self, where: str) -> None:
        """Note that the rooms are at `where` now, and no relay is to use these; "" that they are here."""

        def work(connection: Connection) -> None:
            connection.execute("DELETE FROM ipysketch.meta WHERE name = 'moved'")
            if where:
                connection.execute("INSERT INTO ipysketch.meta VALUES ('moved', %s)", (where,))

        self._do(work)

    def void_tokens(self) -> list[tuple[str, float]]:
        """Return the void tokens, and when each expires."""
        query = "SELECT token, until FROM ipysketch.revoked ORDER BY token"
        return self._do(lambda connection: connection.execute(query).fetchall(), writes=False)
