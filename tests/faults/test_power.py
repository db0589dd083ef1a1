"""A power cut at any moment while a relay writes: what it acknowledged is there when it starts again."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from relay.records import Batch, Checkpoint, ClientRow, LogRow, RefusalRow, StoreError, Trim

from ..support.patching import replace
from ..support.stores import Holding, sqlite_store
from .disk import Disk

# SQLite ignores some errors at first, and apsw reports them as unraisable.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SEEDS = 208
ROOMS = ("algebra", "biology", "chemistry")


class Scene:
    """Random work on a store; `logs`, `last` and `points` are what it acknowledged, `tried` the request during which it
    failed."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.logs: dict[str, list[LogRow]] = {}
        self.first: dict[str, int] = {}
        self.last: dict[tuple[str, str], int] = {}
        self.refused: dict[tuple[str, str], list[int]] = {}
        self.locked: dict[str, bool] = {}
        self.revoked: set[str] = set()
        self.tried: list[Batch] = []
        self.maybe_first: dict[str, int] = {}
        self.maybe_locked: dict[str, bool] = {}

    def work(self, store: Holding, steps: int) -> None:
        for room in ROOMS:
            store.load(room, f"epoch of {room}")
            if room not in self.logs:
                self.logs[room], self.first[room], self.locked[room] = [], 1, False
        for _ in range(steps):
            match self.random.choices(["append", "checkpoint", "trim", "lock", "revoke"], [20, 2, 1, 1, 1])[0]:
                case "append":
                    self.append(store)
                case "checkpoint":
                    room = self.random.choice(ROOMS)
                    if self.logs[room]:
                        newest = self.logs[room][-1]
                        body = self.random.randbytes(self.random.randint(1, 9000))
                        store.checkpoint(
                            room, Checkpoint(newest.seq, newest.mark, newest.at, 3, 100 * newest.seq, body)
                        )
                case "trim":
                    room = self.random.choice(ROOMS)
                    latest = len(self.logs[room]) - 3
                    self.maybe_first = {room: latest + 1}
                    self.first[room] = store.trim(room, Trim(latest + 1, 0, latest))
                    self.maybe_first = {}
                case "lock":
                    room = self.random.choice(ROOMS)
                    self.maybe_locked = {room: not self.locked[room]}
                    store.lock(room, not self.locked[room])
                    self.locked.update(self.maybe_locked)
                    self.maybe_locked = {}
                case _:
                    token = f"token {self.random.randrange(1000)}"
                    store.revoke(token, 1e12)
                    self.revoked.add(token)

    def append(self, store: Holding) -> None:
        self.tried = []
        for room in self.random.sample(ROOMS, self.random.randint(1, len(ROOMS))):
            client = self.random.choice(["ada", "grace"])
            op = self.last.get((room, client), 0)
            rows, refusals = [], []
            for seq in range(len(self.logs[room]) + 1, len(self.logs[room]) + 1 + self.random.randint(1, 4)):
                op += 1
                body = self.random.randbytes(self.random.choice([40, 700, 700, 5000]))
                rows.append(LogRow(seq, self.random.getrandbits(53), seq * 1.5, client, op, body))
            if self.random.random() < 0.3:
                op += 1
                refusals.append(RefusalRow(client, op, "board-full", "no"))
            self.tried.append(Batch(room, rows, [ClientRow(client, "hash", "author", op)], refusals))
        store.append(self.tried)
        for batch in self.tried:
            self.logs[batch.room] += batch.rows
            for row in batch.clients:
                self.last[batch.room, row.client] = row.last
            for refusal in batch.refusals:
                self.refused.setdefault((batch.room, refusal.client), []).append(refusal.op)
        self.tried = []

    def check(self, store: Holding) -> None:
        """Check that what was acknowledged is there, and all or nothing of the request during which the power went."""
        store.check()
        took = set()
        for room, log in self.logs.items():
            loaded = store.load(room, "another epoch")
            assert loaded.epoch == f"epoch of {room}"
            assert loaded.first == self.first[room] or loaded.first <= self.maybe_first.get(room, 0)
            assert loaded.locked in (self.locked[room], self.maybe_locked.get(room, self.locked[room]))
            self.first[room], self.locked[room] = loaded.first, loaded.locked
            tried = next((batch for batch in self.tried if batch.room == room), None)
            more = list(tried.rows) if tried else []
            newest = store.rooms()[sorted(self.logs).index(room)].last
            if tried:
                took.add(newest == len(log) + len(more))
            if newest > len(log):
                log.extend(more)
                for row in tried.clients if tried else ():
                    self.last[room, row.client] = row.last
                for refusal in tried.refusals if tried else ():
                    self.refused.setdefault((room, refusal.client), []).append(refusal.op)
            assert newest == len(log)
            begins = loaded.checkpoint.seq if loaded.checkpoint else 0
            assert list(loaded.rows) == log[begins:]
            if loaded.first <= len(log):
                read = store.read(room, loaded.first, len(log))
                assert list(read.rows) == log[loaded.first - 1 :]
            for client in ("ada", "grace"):
                found = store.find(room, client, 0)
                assert (found.client.last if found.client else 0) == self.last.get((room, client), 0)
                assert [row.op for row in found.refusals] == self.refused.get((room, client), [])
        assert len(took) <= 1, "a part of a group"
        assert self.revoked <= set(store.revoked(0))
        self.tried, self.maybe_first, self.maybe_locked = [], {}, {}


@contextlib.contextmanager
def opened(path: Path, **options: Any) -> Iterator[Holding]:
    store = sqlite_store(path, **options)
    try:
        yield store
    finally:
        with contextlib.suppress(sqlite3.Error):
            store.close()


def careless(disk: Disk) -> Any:
    """A connection that does not wait for the disk."""

    def connect(path: str, **options: Any) -> sqlite3.Connection:
        db = disk.connect(path, **options)
        execute = db.execute

        def run(statement: str, *values: Any) -> Any:
            return execute(statement.replace("synchronous=FULL", "synchronous=OFF"), *values)

        replace(db, "execute", run)
        return db

    return connect


def lose_power(path: Path, seed: int, *, calls: int, cuts: int = 2, sync: bool = True) -> None:
    """Work, lose the power and check, twice: the second time on what the first one left."""
    random = Random(seed)
    scene = Scene(random)
    for _ in range(cuts):
        disk = Disk()
        disk.lose_at = random.randint(1, calls)
        try:
            with opened(path, connect=disk.connect if sync else careless(disk)) as store:
                scene.work(store, 1000)
        except StoreError:
            pass
        assert disk.lost, "nothing happened"
        disk.cut(random)
        # Check a copy: closing the store would clean up what the next power cut should find.
        for name in (path.name, f"{path.name}-wal", f"{path.name}-journal"):
            if (path.parent / name).exists():
                shutil.copy(path.parent / name, path.parent / f"seen-{name}")
        with opened(path.with_name(f"seen-{path.name}")) as store:
            scene.check(store)


@pytest.mark.parametrize("part", range(8))
def test_what_was_promised_survives_a_power_cut(tmp_path: Path, part: int) -> None:
    for seed in range(part, SEEDS, 8):
        try:
            lose_power(tmp_path / f"{seed}.sqlite", seed, calls={0: 6000, 1: 40}.get(seed % 10, 300))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_a_store_that_does_not_wait_for_the_disk_loses_what_it_promised(tmp_path: Path) -> None:
    lost = refused = 0
    for seed in range(12):
        try:
            lose_power(tmp_path / f"{seed}.sqlite", seed, calls=300, cuts=1, sync=False)
        except AssertionError:
            lost += 1
        except StoreError:
            refused += 1
    assert lost, f"{refused} were refused"
