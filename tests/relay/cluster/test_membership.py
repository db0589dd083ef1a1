"""When a relay takes people in, sends them on, and begins anew: by a clock of the test."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from relay.cluster import membership
from relay.cluster.membership import LEASE, MARGIN, PATIENCE, Membership, Notice
from relay.cluster.signs import Answer
from relay.records import Member, StoreError

from ...support.waiting import DEADLINE

OTHER = Member("r2", 5, "ws://10.0.0.2:1")


class Told(NamedTuple):
    number: int
    relay: str
    kind: str
    what: str


class Brought(NamedTuple):
    others: Sequence[Member]
    takers: Sequence[Member]
    notices: Sequence[Notice]


@dataclass
class Directory:
    """A directory that answers, or does not, as a test says."""

    is_there: bool = True
    is_dead: bool = False
    entered: int = 0
    beats: int = 0
    holds: Member | None = None
    notices: list[Told] = field(default_factory=list)

    def check_secret(self, name: str, secret: bytes) -> None:
        pass

    def holder(self, id: str) -> Member | None:
        return self.holds

    def enter(self, id: str, address: str, lease: float) -> Member:
        self.entered += 1
        self.is_dead = False
        return Member(id, self.entered, address)

    def beat(self, member: Member, lease: float, rooms: int, peers: int, *, draining: bool) -> Brought | None:
        self.beats += 1
        if not self.is_there:
            raise StoreError("it does not answer")
        return None if self.is_dead else Brought([OTHER], [OTHER], list(self.notices))

    def declare_dead(self, member: Member) -> bool:
        return True

    def close(self) -> None:
        pass


@dataclass
class Host:
    """What is asked of the relay, in order."""

    asked: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def _note(self, what: str) -> None:
        self.asked.append(what)
        self.changed.set()

    async def until(self, what: str) -> None:
        """Wait until this was asked."""
        while what not in self.asked:
            self.changed.clear()
            await self.changed.wait()

    def begin(self, member: Member) -> None:
        self._note(f"begin {member.incarnation}")

    def counts(self) -> tuple[int, int]:
        return 0, 0

    async def catch_up(self) -> None:
        self._note("catch up")

    def evict(self, why: str) -> None:
        self._note(f"evict: {why}")

    def heed(self, notice: Notice) -> None:
        self._note(f"{notice.kind} {notice.what}")

    def end(self, why: str) -> None:
        self._note(f"end: {why}")


class Scene:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.directory, self.host = Directory(), Host()
        self.other_is_heard = False
        monkeypatch.setattr(membership, "INTERVAL", 0.0)
        monkeypatch.setattr(membership, "LOOK", 0.001)
        monkeypatch.setattr(membership, "ask", self._ask)
        self.membership = Membership(
            self.directory, "r1", "ws://10.0.0.1:1", b"s", logging.getLogger("test"), clock=lambda: self.now
        )

    async def _ask(self, address: str, _secret: bytes) -> Answer:
        return (
            Answer("r2", 5, self.other_is_heard) if address == OTHER.address else Answer("r1", 0, is_heard=True)
        )

    async def silent(self) -> None:
        """Have the directory answer no more, and wait until whatever it answered before is known."""
        while not self.membership.others:  # It knows of them by its first beat.
            await asyncio.sleep(0)
        self.directory.is_there = False
        beats = self.directory.beats
        while self.directory.beats < beats + 2:
            await asyncio.sleep(0)


Story = Callable[[Scene], Awaitable[None]]


def tell(story: Story, monkeypatch: pytest.MonkeyPatch) -> Scene:
    async def told() -> Scene:
        async with asyncio.timeout(DEADLINE):
            scene = Scene(monkeypatch)
            await scene.membership.enter(scene.host, {})
            try:
                await story(scene)
            finally:
                await scene.membership.close()
            return scene

    return asyncio.run(told())


def test_an_island_keeps_its_people_while_no_relay_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(scene: Scene) -> None:
        await scene.silent()
        assert scene.membership.lease_left > MARGIN
        scene.now += LEASE - MARGIN
        assert not scene.membership.is_heard
        assert not await scene.membership.heard(0.0)
        scene.now += PATIENCE - 1
        assert scene.host.asked == ["begin 1"]
        scene.now += 2
        await scene.host.until("evict: no relay is heard by the store")
        assert not scene.membership.is_cut_off
        scene.directory.is_there = True
        assert await scene.membership.heard(DEADLINE)
        assert "catch up" in scene.host.asked

    tell(story, monkeypatch)


def test_who_alone_is_not_heard_sends_its_people_on_when_its_lease_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(scene: Scene) -> None:
        scene.other_is_heard = True
        await scene.silent()
        scene.now += LEASE - MARGIN / 2
        assert scene.host.asked == ["begin 1"]
        scene.now += MARGIN
        await scene.host.until("evict: the store hears other relays, and not this one")
        while not scene.membership.is_cut_off:
            await asyncio.sleep(0)
        scene.directory.is_there = True
        assert await scene.membership.heard(DEADLINE)
        assert not scene.membership.is_cut_off

    tell(story, monkeypatch)


def test_who_is_not_the_first_to_be_heard_when_the_store_is_back_keeps_its_people(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(scene: Scene) -> None:
        await scene.silent()
        # It beats again in a while.
        monkeypatch.setattr(membership, "INTERVAL", 1e9)
        beats = -1
        while beats != scene.directory.beats:
            beats = scene.directory.beats
            await asyncio.sleep(0.05)
        scene.now += LEASE + MARGIN
        scene.directory.is_there = scene.other_is_heard = True
        assert await scene.membership.heard(DEADLINE)

    assert tell(story, monkeypatch).host.asked == ["begin 1", "catch up"]


def test_a_fault_of_one_beat_is_told_and_not_the_last_beat(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(scene: Scene) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(scene.host, "counts", lambda: 1 / 0)
            while "beat failed" not in caplog.text:
                await asyncio.sleep(0)
        beats = scene.directory.beats
        while scene.directory.beats < beats + 2:
            await asyncio.sleep(0)
        assert scene.membership.is_heard

    tell(story, monkeypatch)
    assert "beat failed" in caplog.text
    assert "relay=r1" in caplog.text


def test_who_was_declared_dead_gives_up_its_rooms_before_it_lives_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(scene: Scene) -> None:
        scene.directory.is_dead = True
        await scene.host.until("begin 2")

    assert tell(story, monkeypatch).host.asked == [
        "begin 1",
        "evict: its lease had ended",
        "catch up",
        "begin 2",
    ]


def test_who_has_lost_its_name_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(scene: Scene) -> None:
        scene.directory.holds = Member("r1", 9, "ws://10.0.0.9:1")
        scene.directory.is_dead = True
        await scene.host.until("evict: another relay has this one's name")
        assert any(what.startswith("end: another relay took the name 'r1'") for what in scene.host.asked)

    tell(story, monkeypatch)


def test_each_notice_of_another_relay_is_heeded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(scene: Scene) -> None:
        scene.directory.notices += [Told(2, "r2", "revoked", "a"), Told(3, "r1", "revoked", "own")]
        await scene.host.until("revoked a")
        # One that was numbered before, and committed after.
        scene.directory.notices.insert(0, Told(1, "r2", "deleted", "b"))
        await scene.host.until("deleted b")

    assert tell(story, monkeypatch).host.asked == ["begin 1", "revoked a", "deleted b"]
