"""One file of rooms for each worker: where a room is, what files there may be, and rooms that move to others."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from relay.records import Batch, ClientRow, RefusalRow, StoreError, Trim
from relay.store import SqliteStore
from relay.store.moving import make_shards, reshard
from relay.store.shards import check_shards, shard_count, shard_of, shard_paths

from ...support.stores import sqlite_store
from .test_store import batch, filled, row

ROOMS = ["a", "room", "Ü 2", *(f"room {number}" for number in range(20))]


def test_a_room_is_in_the_same_file_for_ever() -> None:
    assert [shard_of(room, 4) for room in ("a", "room", "Ü 2", "main", "algebra")] == [2, 0, 1, 3, 0]
    assert {shard_of(room, 1) for room in ROOMS} == {0}
    spread = Counter(shard_of(f"room {number}", 8) for number in range(4_000))
    assert len(spread) == 8
    assert min(spread.values()) > 400


def test_files_for_several_workers_say_how_many_there_are(tmp_path: Path) -> None:
    database = tmp_path / "relay.sqlite"
    assert shard_count(database) == 0
    assert shard_paths(database, 1) == [database]
    make_shards(database, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["relay.sqlite.1-of-2", "relay.sqlite.2-of-2"]
    assert shard_count(database) == 2
    make_shards(database, 2)
    check_shards(database, 2)
    with pytest.raises(StoreError, match=r"in 2 files: start the relay with --workers 2, or .* reshard 1 "):
        check_shards(database, 1)
    shard_paths(database, 2)[0].rename(tmp_path / "away")
    with pytest.raises(StoreError, match="1-of-2 is missing"):
        check_shards(database, 2)
    (tmp_path / "away").rename(shard_paths(database, 2)[0])
    SqliteStore(database).close()
    with pytest.raises(StoreError, match="files for 1 and 2 workers"):
        check_shards(database, 2)
    for path in shard_paths(database, 2):
        path.unlink()
    with pytest.raises(StoreError, match=r"in 1 file: start the relay with no --workers, or .* reshard 3 "):
        check_shards(database, 3)


def fill(database: Path) -> None:
    """Rooms with all a room can have."""
    with contextlib.closing(sqlite_store(database)) as store:
        for number, room in enumerate(ROOMS):
            filled(store, 9 + number, 4, 8, room=room)
        store.append([Batch("a", [], [ClientRow("eve", "h", "she", 4)], [RefusalRow("eve", 4, "code", "no")])])
        store.trim("room", Trim(5, 0, 9))
        store.lock("Ü 2", True)
        store.revoke("token", 1e12)


def everything(database: Path) -> dict[str, Any]:
    """All that is asked of rooms, wherever they are."""
    said: dict[str, Any] = {}
    files = shard_paths(database, shard_count(database))
    for number, file in enumerate(files):
        with contextlib.closing(SqliteStore(file)) as store:
            store.check()
            assert store.revoked(0) == ["token"]
            for info in store.rooms():
                assert shard_of(info.name, len(files)) == number
                found = [store.find(info.name, client, info.last) for client in ("ada", "eve")]
                past = store.read(info.name, info.first, info.last), store.read(info.name, info.last, info.last)
                said[info.name] = (info, store.load(info.name), found, past)
    return said


def test_rooms_that_move_are_as_they_were(tmp_path: Path) -> None:
    database = tmp_path / "relay.sqlite"
    fill(database)
    before = everything(database)
    assert set(before) == set(ROOMS)
    for count in (3, 2, 1):
        assert reshard(database, count) == len(ROOMS)
        assert shard_count(database) == count
        assert everything(database) == before
    assert {path.name for path in tmp_path.iterdir() if not path.name.endswith(".old")} == {"relay.sqlite"}
    with contextlib.closing(sqlite_store(database)) as store:
        store.load("a", "")
        store.append([batch("a", 10)])
        assert store.load("a", "").rows[-1] == row(10, 10)


@pytest.mark.parametrize("step", range(7))
def test_a_move_that_is_interrupted_is_finished_or_has_not_begun(
    tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "relay.sqlite"
    fill(database)
    before = everything(database)
    reshard(database, 2)
    replace, left = Path.replace, iter(range(step))

    def failing(path: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", failing)
        if step < 6:  # The marker, two old files, three new ones.
            with pytest.raises(KeyboardInterrupt):
                reshard(database, 3)
        else:
            reshard(database, 3)
    if 0 < step < 6:
        with pytest.raises(StoreError, match=r"was interrupted; finish it with ipysketch-relay reshard 3 --db"):
            check_shards(database, 2)
    if step < 6:
        reshard(database, 3)
    assert shard_count(database) == 3
    assert everything(database) == before


def test_a_damaged_room_is_not_moved_and_all_stays(tmp_path: Path) -> None:
    database = tmp_path / "relay.sqlite"
    fill(database)
    with contextlib.closing(sqlite3.connect(database)) as raw:
        raw.execute("UPDATE log SET body = x'00' WHERE seq = 3")
        raw.commit()
    with pytest.raises(StoreError, match="is damaged"):
        reshard(database, 2)
    assert shard_count(database) == 1
    with pytest.raises(StoreError, match="in 1 file already"):
        reshard(database, 1)
    with pytest.raises(StoreError, match="there is no database"):
        reshard(tmp_path / "other.sqlite", 2)
