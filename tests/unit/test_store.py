"""The contract of a store, run on every store; and what only a file can do."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relay.log import Batch, ClientRow, LogRow, RefusalRow, Store, StoreError
from relay.protocol import WINDOW
from relay.store import MemoryStore, SqliteStore, StoreInUse, open_store


def row(seq: int, op: int = 1, client: str = "ada") -> LogRow:
    return LogRow(seq, seq * 7, 1000.5 + seq, client, op, f'{{"seq": {seq}, "text": "é"}}'.encode())


def batch(room: str, *seqs: int, last: int = 1) -> Batch:
    return Batch(room, [row(seq, seq) for seq in seqs], [ClientRow("ada", "hash", "author", last)], [])


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(":memory:" if request.param == "memory" else str(tmp_path / "relay.sqlite"))
    yield opened
    opened.close()


class TestContract:
    def test_a_new_room_is_empty_and_keeps_its_first_epoch(self, store: Store) -> None:
        assert store.load("algebra", "one") == ("one", 1, False, None, ())
        again = store.load("algebra", "two")
        assert again.epoch == "one"
        assert not again.rows

    def test_rows_come_back_as_they_were_in_order(self, store: Store) -> None:
        store.load("algebra", "one")
        store.append([batch("algebra", 1, 2)])
        store.append([batch("algebra", 3, last=3)])
        loaded = store.load("algebra", "")
        assert list(loaded.rows) == [row(1, 1), row(2, 2), row(3, 3)]
        assert isinstance(loaded.rows[0], LogRow)
        assert store.find("algebra", "ada", 2) == (14, ClientRow("ada", "hash", "author", 3), ())
        assert store.find("algebra", "grace", 4) == (None, None, ())
        assert store.find("algebra", "", 0).mark == 0

    def test_rooms_are_apart(self, store: Store) -> None:
        for room in ("b", "a"):
            store.load(room, f"epoch of {room}")
        store.append([batch("a", 1), batch("b", 1, 2)])
        assert len(store.load("a", "").rows) == 1
        assert len(store.load("b", "").rows) == 2
        assert store.names() == ["a", "b"]

    def test_two_batches_of_one_room_in_one_append(self, store: Store) -> None:
        store.load("a", "one")
        store.append([batch("a", 1), batch("a", 2, 3)])
        assert len(store.load("a", "").rows) == 3

    def test_the_largest_mark_comes_back(self, store: Store) -> None:
        store.load("a", "one")
        store.append([Batch("a", [row(1)._replace(mark=2**53 - 1)], [], [])])
        assert store.load("a", "").rows[0].mark == 2**53 - 1

    def test_refusals_come_back_by_number_and_old_ones_are_forgotten(self, store: Store) -> None:
        store.load("a", "one")
        for op in (10, 2):
            store.append(
                [Batch("a", [], [ClientRow("ada", "h", "x", op)], [RefusalRow("ada", op, "c", f"no {op}")])]
            )
        assert [refusal.op for refusal in store.find("a", "ada", 0).refusals] == [2, 10]
        op = WINDOW + 5
        store.append([Batch("a", [], [ClientRow("ada", "h", "x", op)], [RefusalRow("ada", op, "c", "no")])])
        assert [refusal.op for refusal in store.find("a", "ada", 0).refusals] == [10, op]

    @pytest.mark.parametrize("bad", [batch("a", 3), batch("a", 1), batch("a", 2, 4), batch("nowhere", 1)])
    def test_what_does_not_follow_is_refused_and_nothing_is_there(self, store: Store, bad: Batch) -> None:
        store.load("a", "one")
        store.load("b", "one")
        store.append([batch("a", 1)])
        with pytest.raises(StoreError):
            store.append([batch("b", 1), bad])
        assert len(store.load("a", "").rows) == 1
        assert not store.load("b", "").rows
        store.append([batch("b", 1), batch("a", 2)])
        assert len(store.load("a", "").rows) == 2

    def test_closing_twice_is_fine(self, store: Store) -> None:
        store.close()
        store.close()


class TestFile:
    def test_survives_being_closed(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "relay.sqlite"
        store = SqliteStore(path)
        store.load("a", "one")
        store.append([batch("a", 1, 2, last=2)])
        before = store.load("a", "")
        store.close()
        assert path.stat().st_mode & 0o077 == 0
        store = SqliteStore(path)
        assert store.load("a", "two") == before
        store.close()

    def test_is_held_by_one_relay_in_another_process_too(self, tmp_path: Path) -> None:
        path = tmp_path / "relay.sqlite"
        store = SqliteStore(path)
        with pytest.raises(StoreInUse, match="in use by another relay"):
            SqliteStore(path)
        script = (
            "import sys; from relay.store import SqliteStore, StoreInUse\n"
            "try: SqliteStore(sys.argv[1])\n"
            "except StoreInUse: sys.exit(7)"
        )
        assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == 7
        store.load("a", "one")
        store.close()
        SqliteStore(path).close()

    @pytest.mark.parametrize(
        "make",
        [
            lambda path: path.write_bytes(b"This is a letter, not a database. " * 200),
            lambda path: path.mkdir(),
            lambda path: _run(path, "CREATE TABLE songs (title TEXT)"),
            lambda path: _run(path, "PRAGMA user_version=99"),
        ],
        ids=["text", "directory", "another program's", "from the future"],
    )
    def test_says_in_one_sentence_that_a_file_is_not_its_own(
        self, tmp_path: Path, make: Callable[[Path], object]
    ) -> None:
        path = tmp_path / "relay.sqlite"
        make(path)
        before = path.read_bytes() if path.is_file() else b""
        with pytest.raises(StoreError, match=r"^[^.\n]*relay\.sqlite[^\n]*[^.]$"):
            SqliteStore(path)
        if path.is_file() and before.startswith(b"This"):
            assert path.read_bytes() == before

    def test_takes_all_or_nothing_when_sqlite_fails_halfway(self, tmp_path: Path) -> None:
        store = SqliteStore(tmp_path / "relay.sqlite")
        store.load("a", "one")
        store.load("b", "one")
        broken = Batch("b", [row(1)._replace(body="no bytes")], [], [])  # type: ignore[arg-type]
        with pytest.raises(StoreError, match="could not be written"):
            store.append([batch("a", 1), broken])
        assert not store.load("a", "").rows
        store.append([batch("a", 1)])
        assert len(store.load("a", "").rows) == 1
        store.close()
        with pytest.raises(StoreError):
            store.append([batch("a", 2)])

    def test_a_log_with_a_hole_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "relay.sqlite"
        store = SqliteStore(path)
        store.load("a", "one")
        store.append([batch("a", 1, 2, 3)])
        store.close()
        _run(path, "DELETE FROM log WHERE seq = 2")
        store = SqliteStore(path)
        with pytest.raises(StoreError, match="'a' lacks entry 2"):
            store.load("a", "")
        store.close()

    def test_open_store_knows_the_name_of_memory(self) -> None:
        assert isinstance(open_store(":memory:"), MemoryStore)


def _run(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    with db:
        db.execute(statement)
    db.close()
