"""What only a PostgreSQL server can do: end before it answered, be set up wrongly, be used by two relays."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from relay.__main__ import main
from relay.operations import commands
from relay.protocol import Commit, Refused
from relay.records import (
    BUSY,
    HELD_ELSEWHERE,
    Batch,
    Hold,
    LogRow,
    NotHeldError,
    StoreError,
    UnknownOutcomeError,
)
from relay.store import SqliteStore, StoreInUse, open_store
from relay.store.migrating import migrate
from relay.store.moving import reshard
from relay.store.postgres import PostgresStore
from relay.store.postgres_schema import check_settings
from relay.store.segments import packed, unpacked
from relay.store.shards import shard_count

from ...support import postgres
from ...support.raw_client import Process, create, joined, relay_on
from ...support.stores import Holding
from ...support.waiting import DEADLINE, wait_until
from .test_shards import ROOMS, everything, fill
from .test_store import batch, filled, point, row, seqs

GOOD: dict[str, Any] = {
    "version": 150004,
    "standby": False,
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "standbys": 1,
}


@pytest.fixture(scope="module")
def running() -> Iterator[postgres.Server]:
    with postgres.server("wheel") as made:
        yield made


@pytest.fixture
def server(running: postgres.Server) -> postgres.Server:
    running.empty()
    return running


@pytest.fixture
def store(server: postgres.Server) -> Iterator[Holding]:
    made = Holding(PostgresStore(server.address))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"version": 130012}, "PostgreSQL 13 is too old"),
        ({"standby": True}, "is a standby"),
        ({"fsync": "off"}, "fsync=off"),
        ({"full_page_writes": "off"}, "full_page_writes=off"),
        ({"synchronous_commit": "local"}, "synchronous_commit=local"),
        ({"standbys": 0}, "1 of 2 synchronous copies"),
    ],
)
def test_a_server_that_may_lose_something_is_refused(wrong: dict[str, Any], words: str) -> None:
    check_settings(GOOD, 2)
    with pytest.raises(StoreError, match=words):
        check_settings({**GOOD, **wrong}, 2)


def test_segments_come_back() -> None:
    rows = [
        LogRow(seq, 2**53 - seq, 1.5 * seq, f"é{seq}", seq, bytes([seq % 256]) * 99) for seq in range(1, 300)
    ]
    for count in (0, 1, 3, 4, 299):
        assert unpacked(packed(rows[:count])) == rows[:count]
    assert len(packed(rows)) < sum(len(row.body) for row in rows) / 2


def test_what_cannot_be_used_is_said_in_a_sentence(server: postgres.Server) -> None:
    with pytest.raises(StoreError, match="is no address of PostgreSQL"):
        open_store("postgresql://a b c")
    with pytest.raises(StoreError, match=r"does not answer"):
        open_store("postgresql://relay@127.0.0.1:1/postgres")
    with pytest.raises(StoreError, match=r"does not answer .*no_such"):
        open_store(server.address.replace("/postgres", "/no_such"))
    first = open_store(server.address)
    with pytest.raises(StoreInUse, match="in use by another relay"):
        open_store(server.address)
    first.close()
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("UPDATE ipysketch.meta SET value = '99' WHERE name = 'schema_version'")
    with pytest.raises(StoreError, match="written by a newer relay"):
        open_store(server.address)
    with pytest.raises(StoreError, match="1 of 2 synchronous copies"):
        PostgresStore(server.address, copies=2)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for name in [name for name in sys.modules if name.startswith("relay.store.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(StoreError, match=r"pip install 'ipysketch-live\[cluster\]'"):
        open_store("postgresql://relay@127.0.0.1:1/postgres")


def test_a_password_is_not_shown() -> None:
    with pytest.raises(StoreError) as error:
        open_store("postgresql://relay:secret@127.0.0.1:1/postgres")
    assert "secret" not in str(error.value)


def test_a_damaged_segment_is_reported(store: Holding, server: postgres.Server) -> None:
    filled(store, 9)
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("UPDATE ipysketch.log SET body = set_byte(body, 20, 1)")
    for work in (lambda: store.load("a", ""), lambda: store.read("a", 1, 9), lambda: store.find("a", "ada", 3)):
        with pytest.raises(StoreError, match="is damaged: entries from"):
            work()
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("DELETE FROM ipysketch.log")
    with pytest.raises(StoreError, match="lacks entry 1"):
        store.read("a", 1, 9)


def test_rooms_move_to_a_server_and_back_as_they_were(server: postgres.Server, tmp_path: Path) -> None:
    database = tmp_path / "relay.sqlite"
    fill(database)
    before = everything(database)
    with contextlib.closing(SqliteStore(database)) as store:
        assert store.names()
    for count in (1, 2):
        if count > 1:
            reshard(database, count)
        assert migrate(str(database), server.address) == len(ROOMS)
        assert shard_count(database) == 0
        moved = open_store(server.address)
        assert moved.revoked(0) == ["token"]
        for name, (info, loaded, found, past) in before.items():
            assert moved.load(name)[:3] == loaded[:3]
            assert list(moved.load(name).rows) == list(loaded.rows)
            assert [moved.find(name, client, info.last) for client in ("ada", "eve")] == found
            assert moved.read(name, info.last, info.last) == (past[1].checkpoint, list(past[1].rows))
        moved.close()
        with pytest.raises(StoreError, match="there is no database"):
            migrate(str(database), server.address)
        assert migrate(server.address, str(database)) == len(ROOMS)
        assert everything(database) == before
        with pytest.raises(StoreError, match=r"were moved to .*relay\.sqlite; use those"):
            open_store(server.address)
        with pytest.raises(StoreError, match="were moved to"):
            migrate(server.address, str(tmp_path / "other.sqlite"))
    with pytest.raises(StoreError, match="name one of each"):
        migrate(str(database), str(tmp_path / "other.sqlite"))
    with pytest.raises(StoreError, match="there is a database"):
        migrate(server.address, str(database))


def test_a_move_that_fails_leaves_the_rooms_where_they_were(server: postgres.Server, tmp_path: Path) -> None:
    database = tmp_path / "relay.sqlite"
    fill(database)
    with contextlib.closing(sqlite3.connect(database)) as raw:
        raw.execute("UPDATE log SET body = x'00' WHERE seq = 3")
        raw.commit()
    with pytest.raises(StoreError, match="is damaged"):
        migrate(str(database), server.address)
    assert shard_count(database) == 1
    empty = open_store(server.address)
    assert empty.names() == []
    empty.claim("a", "one", 9)
    empty.close()
    with pytest.raises(StoreError, match="there are rooms in"):
        migrate(str(database), server.address)


def test_a_relay_as_operators_run_it(
    server: postgres.Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "here"
    with Process("--db", database, "--store", server.address) as process:

        async def run() -> None:
            async with joined(process.port) as (ada, _):
                await ada.say(create(1, "k"))
                await ada.hear(Commit)

        asyncio.run(run())
        assert commands.run(["rooms", "--db", str(database)], database) == 0
        assert "algebra" in capsys.readouterr().out
        assert commands.run(["backup", "--db", str(database), str(tmp_path / "copy")], database) == 2
        assert "pg_dump" in capsys.readouterr().err
        code, log = process.end(signal.SIGTERM)
        assert code == 0
        assert "Traceback" not in log
    assert not database.exists()
    assert commands.run(["rooms", "--db", str(database)], database) == 2
    capsys.readouterr()
    for words in (
        ["--store", "relay.sqlite"],
        ["--store", server.address, "--workers", "2"],
        ["--copies", "2"],
    ):
        assert main(["--port", "0", "--db", str(database), *words]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert commands.run(["migrate", "--db", str(database), "--from", server.address], database) == 0
    assert commands.run(["rooms", "--db", str(database)], database) == 0
    assert commands.run(["migrate", "--db", str(database), "--to", server.address], database) == 0
    assert commands.run(["migrate", "--db", str(database)], database) == 2


def ended(server: postgres.Server, work: Callable[[], object], wait: str, how: str) -> BaseException | None:
    """What `work` raised, whose connection was ended or cancelled while it waited."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    with psycopg.connect(server.address, autocommit=True) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'ipysketch-relay' AND wait_event_type = %s"
        found = wait_until(lambda: connection.execute(query, (wait,)).fetchone(), "it waits")
        connection.execute(f"SELECT {how}(%s)", found)
    thread.join(DEADLINE)
    return raised[0] if raised else None


def test_a_connection_that_ends_leaves_the_outcome_unknown_and_the_same_batch_settles_it(
    store: Holding, server: postgres.Server
) -> None:
    filled(store, 2)
    with psycopg.connect(server.address) as other:
        other.execute("LOCK TABLE ipysketch.log IN SHARE MODE")
        error = ended(server, lambda: store.append([batch("a", 3, last=3)]), "Lock", "pg_terminate_backend")
    assert isinstance(error, UnknownOutcomeError)
    for _ in range(2):
        store.append([batch("a", 3, last=3)])
    assert seqs(store.store.load("a")) == [1, 2, 3]


def test_an_append_waits_for_no_room_that_another_session_has_locked(
    store: Holding, server: postgres.Server
) -> None:
    for room in ("a", "b"):
        store.load(room, "one")
    writes = [(store.hold(room), batch(room, 1, 2, last=2)) for room in ("a", "b")]
    with psycopg.connect(server.address) as other:
        other.execute("SELECT FROM ipysketch.rooms WHERE name = 'a' FOR UPDATE")
        assert store.store.append(writes) == {"a": BUSY}
        assert store.store.append(writes) == {"a": BUSY}, "what is there of the other is no second time"
        assert store.store.append([(store.hold("a"), Batch("a", (), (), ()))]) == {"a": BUSY}
    assert store.store.append([*writes, (store.hold("a"), batch("a", 3, last=3))]) == {}
    assert [seqs(store.store.load(room)) for room in ("a", "b")] == [[1, 2, 3], [1, 2]]
    with psycopg.connect(server.address) as other:
        # One who claims the room, and one who deletes it.
        other.execute("UPDATE ipysketch.rooms SET fence = 1 WHERE name = 'a'")
        other.execute("DELETE FROM ipysketch.rooms WHERE name = 'b'")
        write = [(store.hold("a"), batch("a", 4, last=4)), (store.hold("b"), batch("b", 3, last=3))]
        assert store.store.append(write) == {"a": BUSY, "b": BUSY}
    assert store.store.append(write) == {"a": HELD_ELSEWHERE, "b": HELD_ELSEWHERE}


def test_a_room_that_was_locked_a_moment_ago_is_not_lost(
    store: Holding, server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement that appends found it locked, and the one that looks for why it did not append finds it free."""
    filled(store, 2)
    missed = vars(PostgresStore)["_missed"]
    with psycopg.connect(server.address) as other:

        def late(asked: PostgresStore, hold: Hold, batch: Batch) -> str:
            other.rollback()
            return str(missed(asked, hold, batch))

        monkeypatch.setattr(PostgresStore, "_missed", late)
        for write in ((store.hold("a"), batch("a", 3, last=3)), (store.hold("a"), Batch("a", (), (), ()))):
            other.execute("SELECT FROM ipysketch.rooms FOR UPDATE")
            assert store.store.append([write]) == {"a": BUSY}
            assert store.store.append([write]) == {}


def test_what_waits_for_a_row_does_so_for_a_while(
    server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.store.postgres_server.ROW_WAITS", "10ms")
    with contextlib.closing(Holding(PostgresStore(server.address))) as store:
        filled(store, 2)
        with ThreadPoolExecutor(1) as executor, psycopg.connect(server.address) as other:
            other.execute("SELECT FROM ipysketch.rooms FOR UPDATE")
            for work in (lambda: store.lock("a", True), lambda: store.load("a", ""), lambda: store.delete("a")):
                with pytest.raises(StoreError, match="another session has locked it"):
                    executor.submit(work).result(DEADLINE)
        store.lock("a", True)
        assert store.load("a", "").locked


def test_a_checkpoint_of_a_room_that_is_claimed_meanwhile_is_not_stored(
    server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.store.postgres_server.ROW_WAITS", f"{DEADLINE:g}s")
    with (
        contextlib.closing(Holding(PostgresStore(server.address))) as store,
        ThreadPoolExecutor(1) as executor,
        psycopg.connect(server.address, autocommit=True) as other,
        psycopg.connect(server.address) as locking,
    ):
        filled(store, 2)
        locking.execute("LOCK TABLE ipysketch.checkpoints IN SHARE MODE")
        storing = executor.submit(store.checkpoint, "a", point(2))
        waits = (
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'INSERT INTO ipysketch.checkpoints%' "
            "AND wait_event_type = 'Lock'"
        )
        wait_until(lambda: other.execute(waits).fetchone(), "it is being stored")
        other.execute("UPDATE ipysketch.rooms SET fence = 1")
        locking.rollback()
        with pytest.raises(NotHeldError):
            storing.result(DEADLINE)
        assert other.execute("SELECT seq FROM ipysketch.checkpoints").fetchall() == []


def test_nothing_is_appended_without_the_copies_that_were_asked_for(
    store: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, 2)
    monkeypatch.setattr(vars(store.store)["_server"], "_copies", 2)
    for work in (
        store.check_files,
        lambda: store.append([batch("a", 3, last=3)]),
        lambda: store.lock("a", True),
    ):
        with pytest.raises(StoreError, match="1 of 2 synchronous copies"):
            work()
    assert seqs(store.store.load("a")) == [1, 2]
    monkeypatch.undo()
    store.check_files()
    store.append([batch("a", 3, last=3)])


def test_a_wait_for_a_standby_that_was_cancelled_is_unknown(store: Holding, server: postgres.Server) -> None:
    """The server says that all went well, with a warning: one disk has it, and a standby that takes over has not."""
    filled(store, 2)
    hold = store.hold("a")
    store.close()
    server.stop()
    server.start("synchronous_standby_names=nobody")
    waiting = PostgresStore(server.address)
    try:
        write = [(hold, batch("a", 3, last=3))]
        error = ended(server, lambda: waiting.append(write), "IPC", "pg_cancel_backend")
        assert isinstance(error, UnknownOutcomeError)
        # Asking again waits too: to read would have been to believe one disk.
        error = ended(server, lambda: waiting.append(write), "IPC", "pg_cancel_backend")
        assert isinstance(error, UnknownOutcomeError)
    finally:
        waiting.close()
        server.stop()
        server.start()
    again = PostgresStore(server.address)
    assert again.append(write) == {}
    assert list(again.load("a").rows) == [row(1, 1), row(2, 2), row(3, 3)]
    again.close()


def test_a_relay_goes_on_when_its_server_was_killed(
    server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.server.committer.ASK_AGAIN", 0.01)

    async def run() -> None:
        store = PostgresStore(server.address)
        async with relay_on(store) as relay, joined(relay.port) as (ada, _), joined(relay.port) as (grace, _):
            op = 0
            for _ in range(3):
                await ada.say(*(create(op + more, f"k{op + more}") for more in range(1, 21)))
                await asyncio.to_thread(server.stop, kill=True)
                await asyncio.to_thread(server.start)
                # Whatever is told as not taken is sent again; the rest is known at last.
                done = op
                while done < op + 20:
                    answer = await ada.hear((Commit, Refused))
                    if isinstance(answer, Commit):
                        assert answer.op == done + 1
                        done = answer.op
                    else:
                        assert (answer.code, answer.final) in (("store", False), ("gap", False))
                        if answer.op == done + 1:
                            await asyncio.sleep(0.05)
                            await ada.say(*(create(more, f"k{more}") for more in range(done + 1, op + 21)))
                op += 20
            heard = [await grace.hear(Commit) for _ in range(op)]
            assert [commit.op for commit in heard] == list(range(1, op + 1))
            rows = (await relay.store_thread.ask(store.load, "algebra")).rows
            assert [entry.op for entry in rows] == list(range(1, op + 1))

    asyncio.run(asyncio.wait_for(run(), DEADLINE))
