"""The contract of a store, run on every store; and what only a file can do."""

from __future__ import annotations

import contextlib
import itertools
import logging
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from relay.protocol import WINDOW, RemoteError
from relay.records import (
    ANOTHER_LOG,
    HELD_ELSEWHERE,
    Batch,
    Checkpoint,
    ClientRow,
    LoadedRoom,
    LogRange,
    LogRow,
    NotHeldError,
    RefusalRow,
    ResumeFacts,
    RoomInfo,
    StoreError,
    Trim,
)
from relay.store import MemoryStore, SqliteStore, StoreInUse, open_store
from relay.store.database import file_system

from ...support import postgres
from ...support.stores import Holding, sqlite_store
from ...support.waiting import DEADLINE


def row(seq: int, op: int = 1, client: str = "ada") -> LogRow:
    return LogRow(seq, seq * 7, 1000.5 + seq, client, op, f'{{"seq": {seq}, "text": "é"}}'.encode())


def batch(room: str, *seqs: int, last: int = 1) -> Batch:
    return Batch(room, [row(seq, seq) for seq in seqs], [ClientRow("ada", "hash", "author", last)], [])


def other_marks(some: Batch) -> Batch:
    """The same rows, of another relay."""
    return some._replace(rows=[row._replace(mark=row.mark + 1) for row in some.rows])


def point(seq: int) -> Checkpoint:
    """A checkpoint at `seq`, where 100 bytes are said to be logged for each entry."""
    return Checkpoint(seq, seq * 7, 1000.5 + seq, seq, 100 * seq, f"drawing at {seq}".encode())


def filled(store: Holding, last: int, *points: int, room: str = "a") -> None:
    """`room` with entries up to `last`, and checkpoints."""
    store.load(room, "one")
    store.append([batch(room, *range(1, last + 1), last=last)])
    for seq in points:
        store.checkpoint(room, point(seq))


def seqs(loaded: LoadedRoom | LogRange) -> list[int]:
    return [row.seq for row in loaded.rows]


STORES = ["memory", "sqlite", *postgres.programs()]


@pytest.fixture(scope="module")
def servers() -> Iterator[Callable[[str], postgres.Server]]:
    """A PostgreSQL server of each kind, started when it is first asked for."""
    with contextlib.ExitStack() as stack:
        started: dict[str, postgres.Server] = {}

        def get(name: str) -> postgres.Server:
            if name not in started:
                started[name] = stack.enter_context(postgres.server(name))
            started[name].empty()
            return started[name]

        yield get


@pytest.fixture(params=STORES)
def store(
    request: pytest.FixtureRequest, tmp_path: Path, servers: Callable[[str], postgres.Server]
) -> Iterator[Holding]:
    match request.param:
        case "memory":
            address = ":memory:"
        case "sqlite":
            address = str(tmp_path / "relay.sqlite")
        case name:
            address = servers(name).address
    opened = Holding(open_store(address))
    yield opened
    opened.close()


class TestContract:
    def test_a_new_room_is_empty_and_keeps_its_first_epoch(self, store: Holding) -> None:
        assert store.load("algebra", "one") == ("one", 1, False, None, ())
        again = store.load("algebra", "two")
        assert again.epoch == "one"
        assert not again.rows

    def test_rows_come_back_as_they_were_in_order(self, store: Holding) -> None:
        store.load("algebra", "one")
        store.append([batch("algebra", 1, 2)])
        store.append([batch("algebra", 3, last=3)])
        loaded = store.load("algebra", "")
        assert list(loaded.rows) == [row(1, 1), row(2, 2), row(3, 3)]
        assert isinstance(loaded.rows[0], LogRow)
        assert store.find("algebra", "ada", 2) == (14, ClientRow("ada", "hash", "author", 3), ())
        assert store.find("algebra", "grace", 4) == (None, None, ())
        assert store.find("algebra", "", 0).mark == 0

    def test_rooms_are_apart(self, store: Holding) -> None:
        for room in ("b", "a"):
            store.load(room, f"epoch of {room}")
        store.append([batch("a", 1), batch("b", 1, 2)])
        assert len(store.load("a", "").rows) == 1
        assert len(store.load("b", "").rows) == 2
        assert store.names() == ["a", "b"]

    def test_two_batches_of_one_room_in_one_append(self, store: Holding) -> None:
        store.load("a", "one")
        store.append([batch("a", 1, last=1), batch("a", 2, 3, last=3)])
        assert len(store.load("a", "").rows) == 3
        assert store.find("a", "ada", 0).client == ClientRow("ada", "hash", "author", 3)

    def test_new_and_old_clients_of_many_rooms_in_one_append(self, store: Holding) -> None:
        names = [f"room {number}" for number in range(1_200)]
        for name in names:
            store.load(name, "one")
        store.append([batch(name, 1) for name in names[::2]])
        grace = ClientRow("grace", "hers", "she", 4)
        store.append(
            [batch(name, 2 if place % 2 == 0 else 1, last=9) for place, name in enumerate(names[:-1])]
            + [Batch(names[-1], [row(1)], [grace], [RefusalRow("grace", 3, "code", "no")])]
        )
        for name in (names[0], names[1], names[-3]):
            assert store.find(name, "ada", 0).client == ClientRow("ada", "hash", "author", 9)
        assert store.find(names[-1], "grace", 0) == ResumeFacts(
            0, grace, (RefusalRow("grace", 3, "code", "no"),)
        )
        if isinstance(store.store, SqliteStore):
            store.check()  # It counts clients and refusals.

    def test_the_largest_mark_comes_back(self, store: Holding) -> None:
        store.load("a", "one")
        store.append([Batch("a", [row(1)._replace(mark=2**53 - 1)], [], [])])
        assert store.load("a", "").rows[0].mark == 2**53 - 1

    def test_refusals_come_back_by_number_and_old_ones_are_forgotten(self, store: Holding) -> None:
        store.load("a", "one")
        for op in (10, 2):
            store.append(
                [Batch("a", [], [ClientRow("ada", "h", "x", op)], [RefusalRow("ada", op, "c", f"no {op}")])]
            )
        assert [refusal.op for refusal in store.find("a", "ada", 0).refusals] == [2, 10]
        op = WINDOW + 5
        store.append([Batch("a", [], [ClientRow("ada", "h", "x", op)], [RefusalRow("ada", op, "c", "no")])])
        assert [refusal.op for refusal in store.find("a", "ada", 0).refusals] == [10, op]

    @pytest.mark.parametrize(
        ("bad", "why"),
        [
            (batch("a", 3), ANOTHER_LOG),
            (batch("a", 2, 4), ANOTHER_LOG),
            (batch("a", 1, 2), ANOTHER_LOG),
            (other_marks(batch("a", 1)), ANOTHER_LOG),
            (batch("nowhere", 1), HELD_ELSEWHERE),
        ],
    )
    def test_what_does_not_follow_is_lost_and_the_others_are_durable(
        self, store: Holding, bad: Batch, why: str
    ) -> None:
        store.load("a", "one")
        store.load("b", "one")
        store.append([batch("a", 1)])
        lost = store.store.append([(store.hold(some.room), some) for some in (bad, batch("b", 1))])
        assert lost == {bad.room: why}
        assert list(store.load("a", "").rows) == [row(1)]
        assert seqs(store.load("b", "")) == [1]
        store.append([batch("b", 2), batch("a", 2)])
        assert len(store.load("a", "").rows) == 2

    def test_a_batch_that_is_there_already_is_durable_and_there_once(self, store: Holding) -> None:
        refusal = RefusalRow("ada", 3, "code", "no")
        first = batch("a", 1, 2, last=3)._replace(refusals=[refusal])
        store.load("a", "one")
        store.append([first])
        store.append([batch("a", 3, last=4)])
        store.append([first, batch("a", 4, last=5)])
        store.append([batch("a", 4, last=5)])
        assert seqs(store.load("a", "")) == [1, 2, 3, 4]
        assert store.find("a", "ada", 0) == (0, ClientRow("ada", "hash", "author", 5), (refusal,))
        only_refused = Batch("a", [], [ClientRow("ada", "hash", "author", 6)], [refusal._replace(op=6)])
        for _ in range(2):
            store.append([only_refused])
        assert [row.op for row in store.find("a", "ada", 0).refusals] == [3, 6]
        if isinstance(store.store, SqliteStore):
            store.check()

    def test_each_claim_has_another_fence_and_ends_the_holds_before_it(self, store: Holding) -> None:
        store.load("a", "one")
        holds = [store.hold("a")]
        loaded = store.load("a", "two")
        holds.append(store.hold("a"))
        for _ in range(2):
            assert store.load("a", "two") == loaded
            holds.append(store.hold("a"))
        store.load("b", "one")
        assert len({hold.fence for hold in [*holds, store.hold("b")]}) == 5, "none is given twice"
        for old in holds[:-1]:
            assert store.store.append([(old, batch("a", 1)), (store.hold("b"), batch("b"))]) == {
                "a": HELD_ELSEWHERE
            }
            for write in (
                lambda hold: store.store.checkpoint(hold, point(1)),
                lambda hold: store.store.trim(hold, Trim(0, 0, 0)),
                lambda hold: store.store.lock(hold, True),
            ):
                with pytest.raises(NotHeldError, match="'a' is held elsewhere"):
                    write(old)
            store.release(old)
        assert store.store.load("a") == loaded
        store.append([batch("a", 1)])
        store.lock("a", True)

    def test_a_room_that_is_held_no_longer_is_not_written(self, store: Holding) -> None:
        filled(store, 2)
        store.release(store.hold("a"))
        assert store.store.append([(store.hold("a"), batch("a", 3))]) == {"a": HELD_ELSEWHERE}
        with pytest.raises(NotHeldError):
            store.lock("a", True)
        assert seqs(store.store.load("a")) == [1, 2], "whoever does not write it needs no hold"
        assert seqs(store.load("a", "")) == [1, 2]
        store.append([batch("a", 3)])

    def test_no_hold_outlives_its_room(self, store: Holding) -> None:
        filled(store, 2)
        old = store.hold("a")
        store.delete("a")
        assert store.store.append([(old, batch("a", 1))]) == {"a": HELD_ELSEWHERE}
        store.load("a", "two")
        assert store.store.append([(old, batch("a", 1))]) == {"a": HELD_ELSEWHERE}
        assert not store.store.load("a").rows

    def test_there_are_no_more_rooms_than_may_be(self, store: Holding) -> None:
        for name in ("a", "b"):
            store.claim(name, "one", 2)
        with pytest.raises(RemoteError, match="has its 2 rooms") as refusal:
            store.claim("c", "one", 2)
        assert refusal.value.code == "too-many-rooms"
        store.claim("a", "one", 1)
        assert store.names() == ["a", "b"]
        store.delete("b")
        store.claim("c", "one", 2)
        assert store.names() == ["a", "c"]

    def test_its_clock_goes_on(self, store: Holding) -> None:
        first = store.now()
        assert first <= store.now()
        assert first > 1_700_000_000

    def test_a_whole_second_comes_back(self, store: Holding) -> None:
        store.load("a", "one")
        store.append([Batch("a", [row(1)._replace(at=1000)], [], [])])
        assert list(store.load("a", "").rows) == [row(1)._replace(at=1000.0)]

    @pytest.mark.parametrize(
        ("points", "begins"),
        [
            ([], None),
            ([7], None),
            ([1, 6], 6),
            ([6, 1], 6),
            ([3, 5, 6, 7], 6),
        ],
    )
    def test_a_room_is_opened_from_a_checkpoint_a_window_back(
        self, store: Holding, points: list[int], begins: int | None
    ) -> None:
        filled(store, WINDOW + 6, *points)
        loaded = store.load("a", "")
        assert loaded.checkpoint == (point(begins) if begins else None)
        assert seqs(loaded) == list(range((begins or 0) + 1, WINDOW + 7))

    @pytest.mark.parametrize(
        ("first", "last", "begins"), [(1, 9, None), (4, 9, None), (5, 5, 4), (6, 7, 4), (9, 9, 8)]
    )
    def test_a_stretch_of_the_past_begins_at_the_checkpoint_before_it(
        self, store: Holding, first: int, last: int, begins: int | None
    ) -> None:
        filled(store, 9, 4, 8)
        past = store.read("a", first, last)
        assert past.checkpoint == (point(begins) if begins else None)
        assert seqs(past) == list(range((begins or 0) + 1, last + 1))

    @pytest.mark.parametrize("stretch", [(0, 3), (3, 2), (8, 10), (10, 10), (-1, 1)])
    def test_what_is_not_there_cannot_be_read(self, store: Holding, stretch: tuple[int, int]) -> None:
        filled(store, 9)
        with pytest.raises(StoreError, match="entries 1 to 9"):
            store.read("a", *stretch)

    @pytest.mark.parametrize(
        ("trim", "first"),
        [
            (Trim(0, 0, 9), 1),  # Nothing is old.
            (Trim(4, 0, 9), 1),  # Up to 3 is old, and no checkpoint stands in for it.
            (Trim(5, 0, 9), 5),  # The checkpoint at 4 stands in for entries 1 to 4.
            (Trim(9, 0, 9), 9),
            (Trim(100, 0, 9), 9),
            (Trim(0, 399, 9), 1),
            (Trim(0, 400, 9), 5),  # The first 400 bytes are entries 1 to 4.
            (Trim(5, 800, 9), 9),  # Either reason will do.
            (Trim(100, 10_000, 7), 5),  # Nothing after 7 may go.
            (Trim(100, 10_000, 3), 1),
        ],
    )
    def test_only_what_a_checkpoint_stands_in_for_is_trimmed(
        self, store: Holding, trim: Trim, first: int
    ) -> None:
        filled(store, 9, 4, 8)
        assert store.trim("a", trim) == first
        loaded = store.load("a", "")
        assert loaded.first == first
        assert loaded.checkpoint == (point(first - 1) if first > 1 else None)
        assert seqs(loaded) == list(range(first, 10))
        assert store.read("a", 9, 9).checkpoint == point(8)
        assert store.find("a", "", first - 1).mark == (0 if first == 1 else None)
        assert store.find("a", "", first).mark == first * 7
        if first > 1:
            with pytest.raises(StoreError):
                store.read("a", first - 1, 9)
        assert store.trim("a", trim) == first
        store.append([batch("a", 10)])
        assert seqs(store.load("a", ""))[-1] == 10

    def test_a_log_of_which_only_a_checkpoint_is_left_goes_on(self, store: Holding) -> None:
        filled(store, 5, 5)
        assert store.trim("a", Trim(100, 0, 5)) == 6
        assert store.load("a", "") == ("one", 6, False, point(5), store.load("a", "").rows)
        assert not store.load("a", "").rows
        assert store.rooms() == [RoomInfo("a", "one", 6, 5, point(5).at, len(point(5).body), False)]
        with pytest.raises(StoreError):
            store.append([batch("a", 1)])
        store.append([batch("a", 6)])
        assert seqs(store.load("a", "")) == [6]

    def test_a_lock_is_remembered_and_opened(self, store: Holding) -> None:
        filled(store, 2)
        store.lock("a", True)
        assert store.load("a", "").locked is True
        store.append([batch("a", 3)])
        assert store.rooms()[0].locked is True
        store.lock("a", False)
        assert store.load("a", "").locked is False
        assert seqs(store.load("a", "")) == [1, 2, 3]

    def test_a_deleted_room_is_gone_and_its_name_is_free(self, store: Holding) -> None:
        filled(store, 3, 2)
        filled(store, 4, 2, room="b")
        store.append([Batch("a", [], [], [RefusalRow("ada", 1, "c", "no")])])
        store.delete("a")
        assert store.names() == ["b"]
        with pytest.raises(StoreError, match="no room 'a'"):
            store.find("a", "ada", 1)
        with pytest.raises(StoreError, match="lost"):
            store.append([batch("a", 4)])
        assert store.load("a", "two") == ("two", 1, False, None, ())
        assert store.find("a", "ada", 1) == (None, None, ())
        assert seqs(store.load("b", "")) == [1, 2, 3, 4]

    def test_no_more_is_read_at_a_time_than_memory_is_meant_for(
        self, store: Holding, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filled(store, 9)
        monkeypatch.setattr("relay.records.READ_BYTES", 3 * len(row(1).body))
        assert seqs(store.read("a", 1, 3)) == [1, 2, 3]
        with pytest.raises(RemoteError, match="read fewer at a time") as refusal:
            store.read("a", 1, 4)
        assert refusal.value.code == "bad-range"
        assert seqs(store.read("a", 9, 9))[-1] == 9, "one entry can always be read"

    @pytest.mark.parametrize("first", [1, 5])
    def test_a_room_is_restored_from_its_past(self, store: Holding, first: int) -> None:
        filled(store, 9, 4)
        past = store.read("a", first, 9)
        store.restore("copy", "two", past)
        copy = store.load("copy", "three")
        begins = past.checkpoint.seq if past.checkpoint else 0
        assert copy[:4] == ("two", begins + 1, False, past.checkpoint)
        assert list(copy.rows) == list(past.rows)
        assert store.find("copy", "ada", 9) == (63, None, ())
        store.append([batch("copy", 10)])
        assert seqs(store.load("a", ""))[-1] == 9
        with pytest.raises(StoreError, match="already"):
            store.restore("a", "two", past)
        assert store.load("a", "").epoch == "one"

    def test_rooms_are_listed_by_name_with_what_they_have(self, store: Holding) -> None:
        assert store.rooms() == []
        filled(store, 9, 4, room="é")
        store.load("b", "two")
        store.lock("b", True)
        store.trim("é", Trim(5, 0, 9))
        size = sum(len(row(seq).body) for seq in range(5, 10)) + len(point(4).body)
        infos = store.rooms()
        if not isinstance(store.store, MemoryStore | SqliteStore):  # It counts whole segments, and packed ones.
            assert infos[1].size >= size
            infos[1] = infos[1]._replace(size=size)
        assert infos == [
            RoomInfo("b", "two", 1, 0, 0.0, 0, True),
            RoomInfo("é", "one", 5, 9, row(9).at, size, False),
        ]
        assert store.names() == ["b", "é"]

    def test_revoked_tokens_are_known_until_they_expire(self, store: Holding) -> None:
        store.revoke("one", 10)
        store.revoke("two", 20)
        store.revoke("one", 15)
        assert store.revoked(10) == ["one", "two"]
        assert store.revoked(15) == ["two"]
        assert store.revoked(20) == []

    def test_probe_and_vacuum_change_nothing(self, store: Holding) -> None:
        filled(store, 9, 4)
        before = store.load("a", "")
        store.probe()
        store.vacuum()
        store.probe()
        assert store.load("a", "") == before

    @pytest.mark.parametrize(
        "work",
        [
            lambda store: store.find("x", "ada", 0),
            lambda store: store.store.load("x"),
            lambda store: store.read("x", 1, 1),
            lambda store: store.delete("x"),
        ],
    )
    def test_a_room_that_is_not_there_is_named(self, store: Holding, work: Callable[[Holding], object]) -> None:
        with pytest.raises(StoreError, match="no room 'x'"):
            work(store)
        assert store.names() == []

    def test_closing_twice_is_fine(self, store: Holding) -> None:
        store.close()
        store.close()


class TestFile:
    def test_survives_being_closed(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "relay.sqlite"
        store = sqlite_store(path)
        store.load("a", "one")
        store.append([batch("a", 1, 2, last=2)])
        before = store.load("a", "")
        store.close()
        assert path.stat().st_mode & 0o077 == 0
        store = sqlite_store(path)
        assert store.load("a", "two") == before
        store.close()

    def test_is_held_by_one_relay_in_another_process_too(self, tmp_path: Path) -> None:
        path = tmp_path / "relay.sqlite"
        store = sqlite_store(path)
        with pytest.raises(StoreInUse, match="in use by another relay"):
            sqlite_store(path)
        script = (
            "import sys; from relay.store import SqliteStore, StoreInUse\n"
            "try: SqliteStore(sys.argv[1])\n"
            "except StoreInUse: sys.exit(7)"
        )
        assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == 7
        store.load("a", "one")
        store.close()
        sqlite_store(path).close()

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
            sqlite_store(path)
        if path.is_file() and before.startswith(b"This"):
            assert path.read_bytes() == before

    def test_takes_all_or_nothing_when_sqlite_fails_halfway(self, tmp_path: Path) -> None:
        store = sqlite_store(tmp_path / "relay.sqlite")
        store.load("a", "one")
        store.load("b", "one")
        broken = Batch("b", [row(1)._replace(body=cast(bytes, "no bytes"))], [], [])
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
        store = sqlite_store(path)
        store.load("a", "one")
        store.append([batch("a", 1, 2, 3)])
        store.close()
        _run(path, "DELETE FROM log WHERE seq = 2")
        store = sqlite_store(path)
        with pytest.raises(StoreError, match="'a' lacks entry 2"):
            store.load("a", "")
        store.close()

    @pytest.mark.parametrize(("damage", "used"), [([6], 3), ([6, 3], None), ([3], 6)])
    def test_a_damaged_checkpoint_falls_back_to_an_older_one(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: list[int], used: int | None
    ) -> None:
        with _store(tmp_path / "relay.sqlite") as store:
            filled(store, WINDOW + 8, 3, 6)
        for seq in damage:
            _run(tmp_path / "relay.sqlite", f"UPDATE checkpoints SET body = x'00' WHERE seq = {seq}")
        with _store(tmp_path / "relay.sqlite") as store, caplog.at_level(logging.ERROR, "relay"):
            loaded = store.load("a", "")
        assert loaded.checkpoint == (point(used) if used else None)
        assert seqs(loaded) == list(range((used or 0) + 1, WINDOW + 9))
        assert [record.getMessage() for record in caplog.records] == (
            [
                f"damaged checkpoint room='a' seq={seq}; an older one is used"
                for seq in damage
                if seq > (used or 0)
            ]
        )

    def test_a_damaged_checkpoint_that_the_log_begins_from_is_refused(self, tmp_path: Path) -> None:
        with _store(tmp_path / "relay.sqlite") as store:
            filled(store, 8, 3, 6)
            store.trim("a", Trim(5, 0, 8))
        _run(tmp_path / "relay.sqlite", "UPDATE checkpoints SET body = x'00' WHERE seq = 3")
        with _store(tmp_path / "relay.sqlite") as store:
            with pytest.raises(StoreError, match="the checkpoint from which room 'a' begins"):
                store.load("a", "")
            assert seqs(store.read("a", 7, 8)) == [7, 8]

    @pytest.mark.parametrize(
        "damage",
        [
            "DELETE FROM log WHERE seq = 3",
            "DELETE FROM clients",
            "DELETE FROM refusals",
            "UPDATE clients SET client = 'eve'",
            "UPDATE clients SET room = 9",
            "UPDATE refusals SET op = 7",
            "UPDATE rooms SET epoch = 'other'",
            "UPDATE rooms SET first = 2",
            "UPDATE rooms SET locked = 1",
            "UPDATE rooms SET last = 2",
            "UPDATE rooms SET id = 9",
            "UPDATE log SET at = 5 WHERE seq = 2",
        ],
    )
    def test_what_changed_behind_the_relay_is_noticed_in_that_room_only(
        self, tmp_path: Path, damage: str
    ) -> None:
        path = tmp_path / "relay.sqlite"
        with _store(path) as store:
            filled(store, 3)
            store.append([Batch("a", [], [], [RefusalRow("ada", 3, "c", "no")])])
        _run(path, damage)
        with _store(path) as store:
            with pytest.raises(StoreError, match="'a'"):
                store.load("a", "")
            with pytest.raises(StoreError, match="is damaged"):
                store.check()
            if "rooms" not in damage:
                assert store.load("b", "new").epoch == "new"

    def test_a_new_room_costs_the_same_however_many_there_are(self, tmp_path: Path) -> None:
        """Counted are the steps of SQLite's machine: opening rooms one after the other took the square of them."""
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = sqlite3.connect(*arguments, **named)
            connection.set_progress_handler(count, 10)
            return connection

        store = sqlite_store(tmp_path / "relay.sqlite", connect=connect)
        taken = []
        for block in range(5):
            before = steps
            for number in range(100):
                store.load(f"room {block}-{number}", "one")
            taken.append(steps - before)
        store.close()
        assert taken[4] < 2 * taken[1]

    def test_a_name_that_changed_does_not_make_an_empty_room(self, tmp_path: Path) -> None:
        path = tmp_path / "relay.sqlite"
        with _store(path) as store:
            filled(store, 3)
        _run(path, "UPDATE rooms SET name = 'b'")
        with _store(path) as store:
            for work in (lambda: store.load("a", "new"), lambda: store.load("b", ""), store.names, store.rooms):
                with pytest.raises(StoreError, match="is damaged"):
                    work()

    def test_a_backup_of_a_running_store_is_a_store_with_epochs_of_its_own(self, tmp_path: Path) -> None:
        epochs = (f"new {number}" for number in itertools.count())
        with _store(tmp_path / "relay.sqlite") as store:
            filled(store, 9, 4)
            filled(store, 2, room="b")
            store.append([Batch("a", [], [], [RefusalRow("ada", 9, "c", "no")])])
            store.lock("b", True)
            store.revoke("token", 50)
            store.backup(tmp_path / "copy.sqlite", lambda: next(epochs))
            store.append([batch("a", 10, last=9)])
            (tmp_path / "taken").write_text("a letter")
            for taken in (tmp_path / "taken", tmp_path / "copy.sqlite", tmp_path / "relay.sqlite"):
                with pytest.raises(StoreError, match="cannot be written"):
                    store.backup(taken, lambda: "")
            with pytest.raises(StoreError, match="cannot be written"):
                store.backup(tmp_path / "nowhere" / "copy", lambda: "")
            with _store(tmp_path / "copy.sqlite") as copy:
                copy.check()
                assert copy.revoked(0) == ["token"]
                assert copy.find("a", "ada", 9) == store.find("a", "ada", 9)
                assert copy.read("a", 9, 9) == store.read("a", 9, 9)
                assert [info.locked for info in copy.rooms()] == [False, True]
                assert {info.epoch for info in copy.rooms()} == {"new 0", "new 1"}
                assert seqs(copy.load("a", "")) == list(range(1, 10))
            assert seqs(store.load("a", ""))[-1] == 10
            assert store.load("a", "").epoch == "one"
        assert (tmp_path / "taken").read_text() == "a letter"
        assert (tmp_path / "copy.sqlite").stat().st_mode & 0o077 == 0
        assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.sqlite", "relay.sqlite", "taken"]

    def test_memory_has_no_backup_and_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="run it with --db"):
            MemoryStore().backup(tmp_path / "copy", lambda: "")

    def test_vacuum_gives_space_back(self, tmp_path: Path) -> None:
        path = tmp_path / "relay.sqlite"
        with _store(path) as store:
            store.load("a", "one")
            store.append([Batch("a", [row(1)._replace(body=bytes(1 << 20))], [], [])])
            store.delete("a")
            store.vacuum()
            assert path.stat().st_size < 1 << 18

    def test_a_database_of_the_first_relays_reads_the_same(self, tmp_path: Path) -> None:
        path = tmp_path / "relay.sqlite"
        rows = [row(seq, seq) for seq in range(1, 6)]
        with contextlib.closing(sqlite3.connect(path)) as old:
            old.executescript(VERSION_1)
            old.execute("INSERT INTO rooms VALUES (1, 'a', 'one'), (4, 'é', 'two')")
            old.executemany("INSERT INTO log VALUES (1, ?, ?, ?, ?, ?, ?)", rows)
            old.execute("INSERT INTO log VALUES (4, 1, 7, 1000, 'ada', 1, x'7b7d')")
            old.execute("INSERT INTO clients VALUES (1, 'ada', 'hash', 'author', 6)")
            old.execute("INSERT INTO refusals VALUES (1, 'ada', 6, 'c', 'no')")
            old.commit()
        for _ in range(2):
            with _store(path) as store:
                store.check()
                loaded = store.load("a", "new")
                assert loaded[:4] == ("one", 1, False, None)
                assert list(loaded.rows) == rows
                assert list(store.load("é", "").rows) == [LogRow(1, 7, 1000.0, "ada", 1, b"{}")]
                assert store.find("a", "ada", 2) == (
                    14,
                    ClientRow("ada", "hash", "author", 6),
                    (RefusalRow("ada", 6, "c", "no"),),
                )
                assert store.names() == ["a", "é"]
        with _store(path) as store:
            store.load("a", "")
            store.append([batch("a", 6)])
            store.checkpoint("a", point(3))
            store.revoke("token", 5)

    def test_a_damaged_database_of_the_first_relays_is_not_upgraded(self, tmp_path: Path) -> None:
        path = tmp_path / "relay.sqlite"
        with contextlib.closing(sqlite3.connect(path)) as old:
            old.executescript(VERSION_1)
            old.execute("INSERT INTO rooms VALUES (1, 'needle', 'one')")
            old.commit()
        data = path.read_bytes()
        path.write_bytes(data.replace(b"needle", b"noodle", 1))  # In the table or its index, not both.
        with pytest.raises(StoreError, match="is damaged"):
            sqlite_store(path)
        with contextlib.closing(sqlite3.connect(path)) as old:
            assert old.execute("PRAGMA user_version").fetchone() == (1,)

    def test_open_store_knows_the_name_of_memory(self) -> None:
        assert isinstance(open_store(":memory:"), MemoryStore)


VERSION_1 = """
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    epoch TEXT NOT NULL
);
CREATE TABLE log (
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    at REAL NOT NULL,
    client TEXT NOT NULL,
    op INTEGER NOT NULL,
    body BLOB NOT NULL CHECK (typeof(body) = 'blob'),
    PRIMARY KEY (room, seq)
);
CREATE TABLE clients (
    room INTEGER NOT NULL REFERENCES rooms (id),
    client TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    author TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (room, client)
) WITHOUT ROWID;
CREATE TABLE refusals (
    room INTEGER NOT NULL REFERENCES rooms (id),
    client TEXT NOT NULL,
    op INTEGER NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (room, client, op)
) WITHOUT ROWID;
PRAGMA user_version = 1;
"""


@contextlib.contextmanager
def _store(path: Path) -> Iterator[Holding]:
    store = sqlite_store(path)
    try:
        yield store
    finally:
        store.close()


def _run(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    with db:
        db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    ("kind", "refused"),
    [("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("ext4", False), ("overlay", False)],
)
def test_a_network_file_system_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, refused: bool
) -> None:
    real = Path.read_text
    mounts = f"none / ext4 rw 0 0\nserver:/homes {tmp_path.parent} {kind} rw 0 0\n"
    monkeypatch.setattr(
        Path, "read_text", lambda path: mounts if str(path) == "/proc/self/mounts" else real(path)
    )
    assert file_system(tmp_path / "relay.sqlite") == kind
    if refused:
        with pytest.raises(StoreError, match="network file system"):
            sqlite_store(tmp_path / "relay.sqlite")
        assert not (tmp_path / "relay.sqlite").exists()
    else:
        sqlite_store(tmp_path / "relay.sqlite").close()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how much memory there is in use")
def test_what_a_checkpoint_took_is_given_back(tmp_path: Path) -> None:
    """sqlite3 keeps with a statement what it was given last: the drawing of a room, until the next checkpoint."""
    script = """
import re, sys
from pathlib import Path
from relay.store import SqliteStore
from relay.records import Checkpoint

def resident():
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) << 10

size = 48 << 20
store = SqliteStore(sys.argv[1])
hold, *_ = store.claim("a", "one", 1)
store.checkpoint(hold, Checkpoint(1, 7, 1.5, 1, 1, b"small"))
before = resident()
store.checkpoint(hold, Checkpoint(2, 7, 1.5, 1, 1, bytes(size)))
print((resident() - before) / size)
"""
    command = [sys.executable, "-c", script, str(tmp_path / "relay.sqlite")]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE)
    assert float(said.stdout) < 0.5
