"""Rows of the tables, written and read with their check sums: a row is as it was written, or a `StoreError` is raised.

A room's row says how many entries, clients and refusals there must be. They are counted when the room is loaded, so
no index can hide one, and a damaged room does not keep the others from being used.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any, NamedTuple

from ..records import Checkpoint, ClientRow, LogRow, RefusalRow, ResumeFacts, StoreError
from .database import Database
from .schema import crc

AT_ONCE = 500
"""Names in one statement; an old SQLite takes 999."""

_ROW = "seq, mark, at, client, op, body"
_POINT = "seq, mark, at, entries, logged, body"
SUMMED = {
    "log": f"room, {_ROW}",
    "clients": "room, client, key_hash, author, last",
    "refusals": "room, client, op, code, reason",
    "checkpoints": f"room, {_POINT}",
    "revoked": "token, until",
}
"""The columns that a row's check sum is of, by table."""

_log = logging.getLogger("relay")


class RoomRow(NamedTuple):
    """A room's own row: its entries are `first` to `last`, and it has so many `clients` and `refusals`."""

    id: int
    name: str
    epoch: str
    first: int
    locked: int
    last: int
    clients: int
    refusals: int


_ROOMS = "SELECT id, name, epoch, first, locked, last, clients, refusals, crc FROM rooms"


class Rows:
    """The rows of one database; call its methods in a transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._names: set[str] | None = None

    def insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, each with its room's id first; of all tables but the log, those that are there are replaced."""
        if not rows:
            return
        if table in ("log", "checkpoints"):
            # The column `at` holds real numbers only: a whole one must be summed as it will come back.
            rows = [(*row[:3], float(row[3]), *row[4:]) for row in rows]
        values: list[tuple[Any, ...]] = [(*row, crc(*row)) for row in rows]
        how = "INSERT" if table == "log" else "INSERT OR REPLACE"
        given = f"VALUES ({', '.join('?' * len(values[0]))})"
        if table == "checkpoints":
            # One more that is not inserted: a statement keeps what it was given last, and these may be large.
            given = f"SELECT {', '.join('?' * len(values[0]))} WHERE ?"
            values = [*((*row, True) for row in values), (*(None for _ in values[0]), False)]
        self._db.executemany(f"{how} INTO {table} {given}", values)

    def note_added(self, name: str) -> None:
        """Expect the room `name` from now on, which has been added durably."""
        if self._names is not None:
            self._names.add(name)

    def note_deleted(self, name: str) -> None:
        """Expect the room `name` no more, which is about to be deleted."""
        if self._names is not None:
            self._names.discard(name)

    def all_rooms(self) -> list[RoomRow]:
        """Return all rooms by name, without trusting the index of their names."""
        rooms = []
        for *columns, check in self._db.execute(f"{_ROOMS} NOT INDEXED"):
            if check != crc(*columns):
                raise self._db.damaged(f"the entry of room {columns[1]!r}")
            rooms.append(RoomRow(*columns))
        (named,) = self._db.execute("SELECT count(*) FROM rooms INDEXED BY sqlite_autoindex_rooms_1").fetchone()
        if named != len(rooms):
            raise self._db.damaged("rooms are missing")
        return sorted(rooms, key=lambda room: room.name)

    def count(self) -> int:
        """Return how many rooms there are."""
        if self._names is None:
            self._names = {room.name for room in self.all_rooms()}
        return len(self._names)

    def find_room(self, name: str) -> RoomRow | None:
        """Return the room `name`, or None when there is none."""
        row = self._db.execute(f"{_ROOMS} WHERE name = ?", (name,)).fetchone()
        if row is None:
            # All are read once, not for each room that is new: opening many would take the square of their number.
            if self._names is None:
                self._names = {room.name for room in self.all_rooms()}
            if name in self._names:
                raise self._db.damaged(f"room {name!r} is not among the names of rooms")
            return None
        *columns, check = row
        room = RoomRow(*columns)
        if check != crc(*columns) or room.name != name:
            raise self._db.damaged(f"the entry of room {name!r}")
        return room

    def rooms_named(self, names: Collection[str]) -> dict[str, RoomRow]:
        """Return the rooms of these names, each of which must be there."""
        rooms: dict[str, RoomRow] = {}
        rest = iter(names)
        while chunk := tuple(islice(rest, AT_ONCE)):
            for *columns, check in self._db.execute(
                f"{_ROOMS} WHERE name IN ({', '.join('?' * len(chunk))})", chunk
            ):
                if check == crc(*columns):
                    rooms[columns[1]] = RoomRow(*columns)
        return {name: rooms.get(name) or self.room(name) for name in names}

    def room(self, name: str) -> RoomRow:
        """Return the room `name`, which must be there."""
        room = self.find_room(name)
        if room is None:
            raise StoreError(f"there is no room {name!r}; load it first")
        return room

    def log(self, room: RoomRow, first: int, last: int) -> list[LogRow]:
        """Return the entries `first` to `last`."""
        rows: list[LogRow] = []
        for *columns, check in self._db.execute(
            f"SELECT {_ROW}, crc FROM log WHERE room = ? AND seq BETWEEN ? AND ? ORDER BY seq",
            (room.id, first, last),
        ):
            row = LogRow(*columns)
            if row.seq != first + len(rows):
                break
            if check != crc(room.id, *row):
                raise self._db.damaged(f"entry {row.seq} of room {room.name!r}")
            rows.append(row)
        if len(rows) != max(0, last + 1 - first):
            raise StoreError(
                f"the log of room {room.name!r} lacks entry {first + len(rows)}; "
                f"restore {self._db.path} from a backup"
            )
        return rows

    def has(self, room: RoomRow, rows: Sequence[LogRow]) -> bool:
        """Return whether all of `rows`, which are at least one, are in the log with these marks."""
        first, last = rows[0].seq, rows[-1].seq
        if not room.first <= first <= last <= room.last:
            return False
        found = [(row.seq, row.mark) for row in self.log(room, first, last)]
        return found == [(row.seq, row.mark) for row in rows]

    def before(self, room: RoomRow, seq: int) -> Checkpoint | None:
        """Return the newest sound checkpoint at or before `seq`; None when the log is whole and begins with nothing."""
        for *columns, check in self._db.execute(
            f"SELECT {_POINT}, crc FROM checkpoints WHERE room = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC",
            (room.id, room.first - 1, seq),
        ):
            if check == crc(room.id, *columns):
                return Checkpoint(*columns)
            _log.error("damaged checkpoint room=%r seq=%r; an older one is used", room.name, columns[0])
        if room.first > 1:
            raise self._db.damaged(f"the checkpoint from which room {room.name!r} begins")
        return None

    def check_people(self, room: RoomRow) -> None:
        """Raise `StoreError` unless all clients of `room` and their refusals are there as they were."""
        for table, expected in (("clients", room.clients), ("refusals", room.refusals)):
            count = 0
            for *columns, check in self._db.execute(
                f"SELECT {SUMMED[table]}, crc FROM {table} WHERE room = ?", (room.id,)
            ):
                count += 1
                if check != crc(*columns):
                    raise self._db.damaged(f"a row of {table} of room {room.name!r}")
            if count != expected:
                raise self._db.damaged(f"{table} of room {room.name!r} are missing")

    def facts(self, room: RoomRow, client: str, seq: int) -> ResumeFacts:
        """Return what the log of `room` knows of `client`, and the mark of the entry `seq`."""
        mark = 0 if seq == 0 else None
        if room.first <= seq <= room.last:
            mark = self.log(room, seq, seq)[0].mark
        row = self._db.execute(
            f"SELECT {SUMMED['clients']}, crc FROM clients WHERE room = ? AND client = ?", (room.id, client)
        ).fetchone()
        if row is None:
            return ResumeFacts(mark, None, ())
        refusals = self._db.execute(
            f"SELECT {SUMMED['refusals']}, crc FROM refusals WHERE room = ? AND client = ? ORDER BY op",
            (room.id, client),
        ).fetchall()
        for *columns, check in (row, *refusals):
            if check != crc(*columns):
                raise self._db.damaged(f"the entry of client {client!r} of room {room.name!r}")
        return ResumeFacts(
            mark, ClientRow(*row[1:-1]), tuple(RefusalRow(*refusal[1:-1]) for refusal in refusals)
        )
