"""What a relay tells when its store does not say what became of a write, or says that a room is held elsewhere."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum

import pytest

from relay.protocol import CLOSE_RESTART, Commit, Event, Goodbye, Join, Lock, PeerEvent, Refused, Snapshot
from relay.protocol import Error as ErrorMessage
from relay.records import BUSY, Batch, Hold, LogRow, StoreError, UnknownOutcomeError
from relay.server import committer
from relay.store import MemoryStore

from ..support.raw_client import RawClient, create, joined, relay_on
from ..support.waiting import DEADLINE


class Fault(Enum):
    """What happens to a write of the room that has trouble."""

    BEFORE = "the store is gone before it wrote"
    AFTER = "the store is gone after it wrote"
    REFUSED = "the store says that nothing is there"
    BUSY = "the store has locked the room, and wrote the others"


class Troubled(MemoryStore):
    """A store that fails for groups with the room "algebra" as `faults` says, one after the other; the last one again
    and again until `trouble` is cleared."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__()
        self.faults = list(faults)
        self.trouble = threading.Event()
        self.trouble.set()
        self.failed = 0

    def append(self, writes: Sequence[tuple[Hold, Batch]]) -> Mapping[str, str]:
        if not self.trouble.is_set() or not any(hold.room == "algebra" for hold, _ in writes):
            return super().append(writes)
        fault = self.faults.pop(0) if len(self.faults) > 1 else self.faults[0]
        self.failed += 1
        if fault is Fault.BUSY:
            super().append([(hold, batch) for hold, batch in writes if hold.room != "algebra"])
            return {"algebra": BUSY}
        if fault is Fault.REFUSED:
            raise StoreError("the store is starting; try again")
        if fault is Fault.AFTER:
            super().append(writes)
        raise UnknownOutcomeError("the store ended before it answered")

    def log(self, room: str = "algebra") -> Sequence[LogRow]:
        return self.load(room).rows


def go(work: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE):
            await work

    asyncio.run(bounded())


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again without waiting for long."""
    monkeypatch.setattr(committer, "ASK_AGAIN", 0.001)
    monkeypatch.setattr(committer, "ASK_RARELY", 0.01)


async def passed(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def echo(peer: RawClient, other: RawClient, text: str) -> None:
    """Wait until all that the relay had for `other` has come."""
    await peer.say(Event(text, None))
    await other.hear(PeerEvent, lambda event: event.name == text)


@pytest.mark.parametrize(
    "faults",
    [
        [Fault.BEFORE],
        [Fault.AFTER],
        [Fault.BEFORE, Fault.AFTER],
        [Fault.AFTER, Fault.REFUSED],
        [Fault.BEFORE, Fault.REFUSED],
        [Fault.BEFORE, Fault.BUSY],
        [Fault.AFTER, Fault.BUSY],
    ],
    ids=lambda faults: " ".join(fault.name.lower() for fault in faults),
)
def test_nobody_is_told_what_is_not_known(faults: list[Fault], caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        store = Troubled(*faults)
        async with (
            relay_on(store) as relay,
            joined(relay.port) as (ada, _),
            joined(relay.port) as (grace, _),
            joined(relay.port, room="biology") as (elsewhere, _),
        ):
            await ada.say(create(1, "first"))
            await passed(lambda: store.failed > len(faults))
            await ada.say(create(2, "second"), create(3, "third"))
            await elsewhere.say(create(1, "other"))
            assert (await elsewhere.hear(Commit)).seq == 1, "another room has no trouble"
            await echo(ada, grace, "a while later")
            await echo(grace, ada, "and back")
            for peer in (ada, grace):
                assert not [each for each in peer.heard if isinstance(each, Commit | Refused)]
            assert b"ipysketch_unknown_commits_total 1.0" in relay.metrics.text()
            store.trouble.clear()
            for peer in (ada, grace):
                commits = [await peer.hear((Commit, Refused)) for _ in range(3)]
                assert [(type(commit), commit.op, commit.seq) for commit in commits] == [
                    (Commit, op, op) for op in (1, 2, 3)
                ]
            assert [row.op for row in store.log()] == [1, 2, 3]

    go(run())
    for event in ("outcome of a commit unknown", "outcome of a commit known"):
        [line] = [line for line in caplog.messages if line.startswith(f"{event} ")]
        assert "rooms=algebra" in line


def test_a_room_that_is_held_elsewhere_sends_its_people_on_and_is_read_anew() -> None:
    async def run() -> None:
        store = MemoryStore()
        async with relay_on(store) as relay:
            async with joined(relay.port) as (ada, welcome), joined(relay.port) as (grace, _):
                await ada.say(create(1, "mine"))
                mine = await ada.hear(Commit)
                # Another relay takes the room, and writes.
                hold, loaded, _ = store.claim("algebra", "", 9)
                theirs = loaded.rows[0]._replace(
                    seq=2, mark=77, op=1, client="other", body=loaded.rows[0].body.replace(b"mine", b"hers")
                )
                theirs = theirs._replace(body=theirs.body.replace(b'"seq":1', b'"seq":2'))
                store.append([(hold, Batch("algebra", [theirs], [], []))])
                await ada.say(create(2, "lost"), create(3, "lost too"))
                for peer in (ada, grace):
                    goodbye = await peer.hear((Goodbye, Refused))
                    assert isinstance(goodbye, Goodbye)
                    assert goodbye.retry == 0.0
                    assert await peer.closed() == CLOSE_RESTART
                    assert not [each for each in peer.heard if isinstance(each, Refused)]
                    assert [each.op for each in peer.heard if isinstance(each, Commit)] == [1]
            assert b"ipysketch_lost_rooms_total 1.0" in relay.metrics.text()
            again = Join(
                "algebra",
                client=welcome.client,
                resume_key=welcome.resume_key,
                epoch=welcome.epoch,
                seq=1,
                mark=mine.mark,
            )
            async with joined(relay.port, again) as (ada, resumed):
                assert (resumed.client, resumed.last, resumed.reset, resumed.seq) == (
                    welcome.client,
                    1,
                    False,
                    2,
                )
                assert (await ada.hear(Commit)).changes[0].key == "hers", "what the other relay wrote"
                await ada.say(create(2, "lost"))
                assert (await ada.hear(Commit)).seq == 3
            assert [row.op for row in store.load("algebra").rows] == [1, 1, 2]

    go(run())


def test_a_lock_of_a_room_that_is_held_elsewhere_is_not_told_as_done() -> None:
    async def run() -> None:
        store = MemoryStore()
        async with relay_on(store) as relay, joined(relay.port) as (ada, _):
            store.claim("algebra", "", 9)
            await ada.say(Lock(True, id=4))
            error = await ada.hear(ErrorMessage)
            assert (error.re, error.code) == (4, "store")
            assert not store.load("algebra").locked
            await ada.say(create(1, "k"))
            assert await ada.closed() == CLOSE_RESTART

    go(run())


def test_a_room_that_is_closed_is_held_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.server.rooms.KEEP_OPEN", 0.0)

    class Noting(MemoryStore):
        released: list[Hold]

        def release(self, hold: Hold) -> None:
            super().release(hold)
            self.released.append(hold)

    async def run() -> None:
        store = Noting()
        store.released = []
        async with relay_on(store) as relay:
            async with joined(relay.port) as (ada, _):
                await ada.say(create(1, "k"))
                await ada.hear(Commit)
                assert not store.released
            await passed(lambda: bool(store.released))
            assert store.append([(store.released[0], Batch("algebra", [], [], []))])
            async with joined(relay.port) as (ada, _):
                await ada.hear(Snapshot)
                await ada.say(create(1, "l"))
                assert (await ada.hear(Commit)).seq == 2

    go(run())


def test_entries_are_dated_by_the_clock_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.server.watch.INTERVAL", 0.01)

    class Ahead(MemoryStore):
        def now(self) -> float:
            return 5e9

    async def run() -> None:
        store = Ahead()
        async with relay_on(store) as relay, joined(relay.port) as (ada, _):
            await passed(lambda: relay.clock.offset > 1e9)
            await ada.say(create(1, "k"))
            assert abs((await ada.hear(Commit)).at - 5e9) < DEADLINE

    go(run())
