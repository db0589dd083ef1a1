"""Bytes that change on the disk, and disks that fill up or fail: nothing is read that was not written, nothing is shown
that was not stored, and everything goes on when the disk works again.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import shutil
from collections.abc import Coroutine, Iterator
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from ipysketch import Sketch
from relay.protocol import WINDOW, Commit, Create, Operate, Refused, Snapshot
from relay.records import Batch, Checkpoint, ClientRow, LogRow, RefusalRow, StoreError, Trim
from relay.server.relay import Relay
from relay.store import SqliteStore

from ..support.boards import until, until_shown
from ..support.processes import environment
from ..support.raw_client import create, joined, relay_on
from ..support.stores import Holding, sqlite_store
from ..support.waiting import DEADLINE
from .disk import Disk

FLIPS = 1500


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Silence the log: each damaged checkpoint is logged, and there are a thousand of them."""
    logging.getLogger("relay").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("relay").setLevel(logging.NOTSET)


def batch(room: str, first: int, count: int, size: int = 60, client: str = "ada") -> Batch:
    """`count` entries whose bodies name their room and seq."""
    rows = [
        LogRow(seq, seq * 7 + 2**52, 1e9 + seq / 4, client, seq, f"{room} {seq} ".encode().ljust(size, b"."))
        for seq in range(first, first + count)
    ]
    return Batch(room, rows, [ClientRow(client, f"hash of {client}", "author", first + count - 1)], [])


def fill(store: Holding) -> None:
    """Fill rooms with everything that a room can have."""
    for room in ("algebra", "biology", "empty"):
        store.load(room, f"epoch of {room}")
    store.append([batch("algebra", 1, 60), batch("biology", 1, 40, 200)])
    store.append([batch("biology", 41, WINDOW, 20, client="grace")])
    store.checkpoint("algebra", Checkpoint(20, 20 * 7 + 2**52, 1e9 + 5, 3, 1200, b"the drawing " * 40))
    store.checkpoint("biology", Checkpoint(30, 30 * 7 + 2**52, 1e9 + 7.5, 3, 6000, b"the drawing " * 40))
    store.append([Batch("algebra", [], [], [RefusalRow("ada", 60, "board-full", "no room for that")])])
    store.trim("algebra", Trim(21, 0, 40))
    store.lock("biology", True)
    store.revoke("token", 1e12)


def everything(store: Holding) -> dict[str, Any]:
    """Everything that a store returns."""
    answers: dict[str, Any] = {
        "names": store.names(),
        "rooms": [info._replace(size=0) for info in store.rooms()],  # A size is a figure for operators.
        "revoked": store.revoked(0),
    }
    for room in ("algebra", "biology", "empty"):
        loaded = store.load(room, "never")
        # An older checkpoint with more entries is the same drawing.
        answers[f"load {room}"] = (loaded.epoch, loaded.first, loaded.locked)
        answers[f"end {room}"] = list(loaded.rows)[-WINDOW:]
        for client in ("ada", "grace", "nobody"):
            answers[f"find {room} {client}"] = store.find(room, client, loaded.first)
    answers["read"] = store.read("algebra", 21, 60), store.read("biology", 1, 40)
    return answers


def answered(path: Path) -> dict[str, Any] | StoreError:
    """Everything that a store on the file `path` returns, or the sentence of its refusal."""
    try:
        store = sqlite_store(path)
        try:
            return everything(store)
        finally:
            store.close()
    except StoreError as error:
        return error


def is_sentence(text: str) -> bool:
    """Return whether `text` is one line with what is wrong and, after punctuation, what to do."""
    return "\n" not in text and not text.endswith(".") and ("; " in text or ": " in text)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a closed database, and everything that its store returns."""
    path = tmp_path_factory.mktemp("whole") / "relay.sqlite"
    store = sqlite_store(path)
    fill(store)
    answers = everything(store)
    store.close()
    data = path.read_bytes()
    assert answered(path) == answers
    return data, answers


def damages(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Copies of `data` with changed bytes, with pages of zeros, and with the end cut off."""
    random = Random(7)
    places = {*range(100), *(random.randrange(len(data)) for _ in range(FLIPS))}
    for place in sorted(places):
        new = random.choice(
            [data[place] ^ 0xFF, data[place] ^ 1 << random.randrange(8), 0, random.randrange(256)]
        )
        if new != data[place]:
            yield f"byte {place} {data[place]} {new}", data[:place] + bytes([new]) + data[place + 1 :]
    for page in range(0, len(data), 4096):
        yield f"page at {page}", data[:page] + bytes(4096) + data[page + 4096 :]
        if page:
            yield f"end at {page}", data[:page]
            yield f"end at {page + 100}", data[: page + 100]


def test_a_changed_byte_of_the_database_is_never_taken_for_an_answer(
    tmp_path: Path, whole: tuple[bytes, dict[str, Any]]
) -> None:
    data, answers = whole
    path = tmp_path / "relay.sqlite"
    seen = {True: 0, False: 0}
    for what, damaged in damages(data):
        path.write_bytes(damaged)
        try:
            said = answered(path)
        except BaseException as error:
            error.add_note(what)
            raise
        for side in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + side).unlink(missing_ok=True)
        if isinstance(said, StoreError):
            assert is_sentence(str(said)), f"{what}: {said}"
        else:
            wrong = [name for name, answer in said.items() if answer != answers[name]]
            assert not wrong, f"{what}: {wrong}"
        seen[isinstance(said, StoreError)] += 1
    assert min(seen.values()) > 50, seen


class Killed:
    """A database and its journal as a killed relay leaves them, with everything that its store returns after each of the
    last transactions; `ends` is the size of the journal after each."""

    def __init__(self, folder: Path) -> None:
        path = folder / "relay.sqlite"
        store = sqlite_store(path)
        fill(store)
        store.close()
        store = sqlite_store(path)
        store.load("algebra", "never")
        journal = path.with_name("relay.sqlite-wal")
        self.answers: list[dict[str, Any]] = []
        self.ends: list[int] = []
        for first in range(61, 121, 4):
            # The smallest changes one page, the largest many; the last ones have several pages.
            store.append([batch("algebra", first, 4, 60 if first % 8 == 5 else 3000)])
            self.answers.append(everything(store))
            self.ends.append(journal.stat().st_size)
        self.data, self.journal = path.read_bytes(), journal.read_bytes()[: self.ends[-1]]
        store.close()

    def answered(self, path: Path, journal: bytes) -> dict[str, Any] | StoreError:
        path.write_bytes(self.data)
        path.with_name(path.name + "-wal").write_bytes(journal)
        return answered(path)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    return Killed(tmp_path_factory.mktemp("killed"))


def test_a_changed_byte_of_a_killed_relays_journal_costs_the_last_transaction_at_most(
    tmp_path: Path, killed: Killed
) -> None:
    path = tmp_path / "relay.sqlite"
    assert killed.answered(path, killed.journal) == killed.answers[-1]
    random = Random(11)
    # The headers of all frames, which say where transactions end, and samples of their content.
    heads = [start + i for start in range(32, len(killed.journal), 4120) for i in range(24)][-360:]
    places = sorted({*range(32), *heads, *(random.randrange(len(killed.journal)) for _ in range(150))})
    seen = {"all": 0, "but the last": 0, "refused": 0}
    for place in places:
        old = killed.journal[place]
        for new in {random.choice([old ^ 0xFF, old ^ 1 << random.randrange(8)]), 0} - {old}:
            said = killed.answered(path, killed.journal[:place] + bytes([new]) + killed.journal[place + 1 :])
            if isinstance(said, StoreError):
                assert is_sentence(str(said))
                seen["refused"] += 1
            elif said == killed.answers[-1]:
                seen["all"] += 1
            else:
                assert said == killed.answers[-2], f"byte {place} of {len(killed.journal)}: {old} {new}"
                assert place >= killed.ends[-2], f"byte {place}: it is not the last transaction's"
                seen["but the last"] += 1
    assert min(seen["refused"], seen["but the last"]) > 10, seen


def test_a_journal_that_was_cut_off_is_read_to_its_last_whole_transaction(
    tmp_path: Path, killed: Killed
) -> None:
    """A journal cut off anywhere, as by a power cut, is not damage."""
    for number, end in enumerate(killed.ends[1:], 1):
        for short in (1, 600, 4000):
            for rest in (b"", bytes(short)):
                said = killed.answered(tmp_path / "relay.sqlite", killed.journal[: end - short] + rest)
                assert said == killed.answers[number - 1], (number, short, rest[:1])


def test_what_failed_writes_leave_in_the_journal_is_no_damage(tmp_path: Path) -> None:
    disk = Disk()
    path = tmp_path / "relay.sqlite"
    store = sqlite_store(path, connect=disk.connect)
    store.load("algebra", "one")
    disk.fail = lambda what, call: apsw.IOError if what == "sync" else None
    for count in (40, 20):
        with pytest.raises(StoreError, match="look at its disk"):
            store.append([batch("algebra", 1, count, 900)])
    disk.fail = lambda what, call: None
    store.append([batch("algebra", 1, 3)])
    disk.flush()
    seen = tmp_path / "seen.sqlite"
    for side in ("", "-wal"):
        shutil.copy(f"{path}{side}", f"{seen}{side}")
    store.close()
    again = sqlite_store(seen)
    assert list(again.load("algebra", "").rows) == batch("algebra", 1, 3).rows
    again.close()


@pytest.mark.parametrize("error", [apsw.FullError, apsw.IOError])
@pytest.mark.parametrize("what", ["write", "sync"])
def test_a_write_that_fails_anywhere_takes_nothing_and_the_next_one_goes_through(
    tmp_path: Path, what: str, error: type[apsw.Error]
) -> None:
    rows = [*batch("algebra", 1, 3).rows, *batch("algebra", 4, 20, 900).rows]
    for nth in range(1, 12):
        disk = Disk()
        store = sqlite_store(tmp_path / f"{nth}.sqlite", connect=disk.connect)
        store.load("algebra", "one")
        store.append([batch("algebra", 1, 3)])
        countdown = [nth]

        def fail(doing: str, call: int, countdown: list[int] = countdown) -> type[apsw.Error] | None:
            countdown[0] -= doing == what
            return error if countdown[0] == 0 and doing == what else None

        disk.fail = fail
        failed: list[str] = []
        while list(store.load("algebra", "").rows) != rows:
            assert list(store.load("algebra", "").rows) == rows[:3]
            try:
                store.append([batch("algebra", 4, 20, 900)])
            except StoreError as refused:
                failed.append(str(refused))
        assert len(failed) <= 1
        assert all(map(is_sentence, failed))
        store.close()
        disk.flush()
        again = sqlite_store(tmp_path / f"{nth}.sqlite")
        assert list(again.load("algebra", "").rows) == rows
        again.close()


# --- through the relay --------------------------------------------------------------------------------------


class Trouble:
    """A relay's store on a disk that can be made to refuse writes, in one of two ways: `full` uses SQLite's own size limit,
    which behaves like a full disk; otherwise every write fails."""

    def __init__(self, path: Path, full: bool) -> None:
        self.disk = Disk()
        self.full = full
        self.store = SqliteStore(path) if full else SqliteStore(path, connect=self.disk.connect)

    async def begin(self, relay: Relay) -> None:
        if self.full:
            await relay.store_thread.ask(self._limit, 1)  # It cannot be set below what there is.
        self.disk.fail = lambda what, call: apsw.IOError

    async def end(self, relay: Relay) -> None:
        if self.full:
            await relay.store_thread.ask(self._limit, 1 << 30)
        self.disk.fail = lambda what, call: None

    def _limit(self, pages: int) -> None:
        self.store._db.execute(f"PRAGMA max_page_count={pages}").fetchall()


def large(op: int, key: str) -> Operate[Any]:
    """A stroke that does not fit into the free space of the database's pages."""
    return Operate(op, (Create(key, {"kind": "stroke", "points": list(range(20_000))}),))


async def healthz(port: int) -> tuple[int, str]:
    def get() -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text.strip()

    return await asyncio.to_thread(get)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("full", [True, False], ids=["full", "failing"])
class TestRelay:
    @pytest.fixture(autouse=True)
    def at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Check the disk on every request of /healthz."""
        monkeypatch.setattr("relay.server.http.PROBE_INTERVAL", 0.0)

    def test_nothing_is_shown_that_is_not_kept_and_all_goes_on_when_the_disk_does(
        self, tmp_path: Path, full: bool
    ) -> None:
        async def run() -> None:
            trouble = Trouble(tmp_path / "relay.sqlite", full)
            async with relay_on(trouble.store) as relay, contextlib.AsyncExitStack() as stack:
                join = stack.enter_async_context
                ada, _ = await join(joined(relay.port))
                grace, _ = await join(joined(relay.port))
                await ada.say(create(1, "before"))
                assert (await grace.hear(Commit)).seq == 1
                assert await healthz(relay.port) == (200, "ok")

                await trouble.begin(relay)
                await ada.say(large(2, "meanwhile"))
                for _ in range(2):
                    refused = await ada.hear(Refused)
                    assert (refused.op, refused.code, refused.final) == (2, "store", False)
                    assert "relay.sqlite" in refused.reason
                    assert is_sentence(refused.reason)
                    await ada.say(large(2, "meanwhile"))
                await ada.hear(Refused)
                status, text = await healthz(relay.port)
                assert status == 503
                assert is_sentence(text)
                late, welcome = await join(joined(relay.port))
                assert welcome.seq == 1
                announced = await late.hear(Snapshot)
                assert [entry["key"] for entry in await late.snapshot(announced.size)] == ["before"]
                assert [
                    row.seq for row in (await relay.store_thread.ask(trouble.store.load, "algebra")).rows
                ] == [1]

                await trouble.end(relay)
                assert await healthz(relay.port) == (200, "ok")
                await ada.say(large(2, "meanwhile"), large(2, "meanwhile"), create(3, "after"))
                for hears in (ada, grace, late):
                    commits = [await hears.hear(Commit, lambda commit: commit.seq > 1) for _ in range(2)]
                    assert [(commit.seq, commit.op, commit.changes[0].key) for commit in commits] == [
                        (2, 2, "meanwhile"),
                        (3, 3, "after"),
                    ]
                rows = (await relay.store_thread.ask(trouble.store.load, "algebra")).rows
                assert [row.op for row in rows] == [1, 2, 3]

        asyncio.run(run())

    def test_a_board_keeps_what_is_not_saved_says_so_and_saves_it_later(
        self, tmp_path: Path, full: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in environment(tmp_path).items():
            if name.startswith("IPYSKETCH"):
                monkeypatch.setenv(name, value)

        async def run() -> None:
            loop = asyncio.get_running_loop()
            trouble = Trouble(tmp_path / "relay.sqlite", full)
            async with relay_on(trouble.store) as relay:

                def draw() -> None:
                    def ask(work: Coroutine[Any, Any, None]) -> None:
                        asyncio.run_coroutine_threadsafe(work, loop).result(DEADLINE)

                    url = f"ws://127.0.0.1:{relay.port}"
                    ada, grace = Sketch(name="Ada").connect(url), Sketch(name="Grace").connect(url)
                    ada.stroke([(1, 1), (2, 2)])
                    until(grace, 1)
                    assert ada.flush(DEADLINE)
                    ask(trouble.begin(relay))
                    ada.stroke([(n % 1000, n // 7) for n in range(18_000)])
                    until_shown(ada, lambda state: state.notice.startswith("Not saved yet: "), "a notice")
                    assert ada.pending == 1
                    assert len(ada.elements) == 2
                    assert not ada.lost
                    assert len(grace.elements) == 1
                    ask(trouble.end(relay))
                    assert ada.flush(DEADLINE)
                    until(grace, 2)
                    until_shown(ada, lambda state: not state.notice, "without the notice")
                    assert not ada.lost
                    late = Sketch(name="Late").connect(url)
                    until(late, 2)
                    for board in (ada, grace, late):
                        board.disconnect()

                await asyncio.to_thread(draw)
                assert [row.op for row in (await relay.store_thread.ask(trouble.store.load, "main")).rows] == [
                    1,
                    2,
                ]

        asyncio.run(run())
