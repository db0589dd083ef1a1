"""Moves all rooms from SQLite to PostgreSQL, or back, while no relay runs.

Rooms keep all they have, so clients resume exactly. Where something goes wrong, the rooms stay where they were. What
they were moved from is kept, and no relay takes it by mistake: files get another name, a PostgreSQL database a mark.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from ..records import StoreError
from . import is_address
from .database import Database
from .moving import OLD, PART, put_room, put_void_tokens, room_count, void_tokens, whole_rooms
from .postgres_moving import MovablePostgres
from .shards import shard_count, shard_paths


def migrate(source: str, target: str) -> int:
    """Move all rooms from one store, a database file or an address of PostgreSQL, to one of the other kind; returns how
    many. Raises `StoreError`."""
    if is_address(source) == is_address(target):
        raise StoreError("rooms move between a database file and PostgreSQL: name one of each")
    if is_address(target):
        return _to_postgres(Path(source), target)
    return _to_file(source, Path(target))


def _to_postgres(database: Path, address: str) -> int:
    count = shard_count(database)
    if not count:
        raise StoreError(f"there is no database {database}; say which with --from")
    files = shard_paths(database, count)
    with contextlib.ExitStack() as stack:
        sources = [stack.enter_context(contextlib.closing(Database(path))) for path in files]
        store = stack.enter_context(contextlib.closing(MovablePostgres(address)))
        if store.moved():
            _remove_all(store)
        if store.names():
            raise StoreError(f"there are rooms in {store.shown} already; choose another database for them")
        moved = sum(room_count(source) for source in sources)
        try:
            for source in sources:
                for room in whole_rooms(source):
                    store.put_room(room)
                for token, until in void_tokens(source):
                    store.revoke(token, until)
            if len(store.names()) != moved:
                raise StoreError("rooms are missing there, and the files were left as they are")
        except BaseException:
            _remove_all(store)
            raise
        store.mark_moved("")
    for path in files:
        path.replace(path.with_name(path.name + OLD))
    return moved


def _remove_all(store: MovablePostgres) -> None:
    for name in store.names():
        store.delete(name)


def _to_file(address: str, database: Path) -> int:
    if shard_count(database):
        raise StoreError(f"there is a database {database} already; choose another file")
    part = database.with_name(database.name + PART)
    part.unlink(missing_ok=True)
    with contextlib.closing(MovablePostgres(address)) as store:
        if where := store.moved():
            raise StoreError(f"the rooms of {store.shown} were moved to {where} already")
        with contextlib.closing(Database(part)) as target:
            moved = store.each_room(lambda room: put_room(target, room))
            put_void_tokens(target, store.void_tokens())
            if room_count(target) != moved:
                raise StoreError("rooms are missing in the file, and those in PostgreSQL were left as they are")
        store.mark_moved(str(database.absolute()))
    part.replace(database)
    return moved
