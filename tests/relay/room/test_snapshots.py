"""A snapshot is built once for many: one that is a little old serves whoever has nothing of their own after it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ipysketch.client.sync import Sync
from relay.protocol import MAX_COMMIT, Commit, Create, Operate, Refused, Snapshot, Welcome, decode_server
from relay.records import LoadedRoom
from relay.room.compact import CompactEntries, EncodedEntries
from relay.room.log import FRESH_BYTES
from relay.room.peer import Peer
from relay.room.room import Room

BASE = 5


class Scene:
    """A room with `BASE` strokes that somebody else drew, and the number of snapshots that were built."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.built = 0
        kept = CompactEntries.encoded

        def counted(packed: CompactEntries) -> EncodedEntries:
            self.built += 1
            return kept(packed)

        monkeypatch.setattr(CompactEntries, "encoded", counted)
        ids = (f"{number:032x}" for number in itertools.count())
        self.room = Room("algebra", LoadedRoom("epoch", 1, False, None, ()), lambda: next(ids), lambda: 7)
        self.artist = Guest(self.room)
        for _ in range(BASE):
            self.artist.draw()

    def guest(self) -> Guest:
        guest = Guest(self.room)
        guest.listen()
        assert guest.sync.document.seq == self.room.seq
        assert guest.sync.document.digest() == self.truth()
        return guest

    def truth(self) -> str:
        self.artist.listen()
        return self.artist.sync.document.digest()


class Guest:
    """A replica joined to the room, without a network."""

    def __init__(self, room: Room, sync: Sync | None = None) -> None:
        self.room = room
        self.sync = sync or Sync()
        self.heard: list[Any] = []
        self.peer: Peer = room.join(self.sync.join("algebra", name="", color="#000000", secret="", token=""))

    def draw(self, size: int = 1) -> None:
        key = f"{self.peer.client.id[-6:]}-{self.peer.client.accepted}"
        self.commit(Operate(self.peer.client.accepted + 1, (Create(key, {"data": "x" * size}),)))

    def commit(self, operation: Operate[Any]) -> None:
        self.room.receive(self.peer, operation)
        assert self.room.queue.propose(1.0) is not None
        self.room.queue.committed()

    def listen(self) -> None:
        while (frame := self.room.delivery.collect(self.peer)) is not None:
            if isinstance(frame, bytes):
                self.sync.chunk(frame)
                continue
            for message in decode_server(frame):
                self.heard.append(message)
                match message:
                    case Welcome():
                        self.sync.welcome(message)
                    case Snapshot():
                        self.sync.snapshot(message)
                    case Commit():
                        self.sync.commit(message)
                    case Refused():
                        self.sync.refused(message)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def test_joins_while_somebody_draws_share_one(scene: Scene) -> None:
    for _ in range(20):
        scene.artist.draw()
        scene.guest()
    assert scene.built == 1


def test_who_drew_after_it_gets_a_new_one_that_holds_what_last_says(scene: Scene) -> None:
    guest = scene.guest()
    assert scene.built == 1
    for _ in range(2):
        guest.draw()
    guest.listen()
    # Its kernel restarts: the identity is kept, the drawing is not, and 1 and 2 are pending as far as it knows.
    sync = guest.sync
    guest.room.leave(guest.peer)
    sync.document.replace((), 0, 0)
    sync.pending = {1: (), 2: ()}
    again = Guest(scene.room, sync)
    again.peer.cursor = -1
    again.listen()
    announced = next(message for message in again.heard if isinstance(message, Snapshot))
    assert (scene.built, announced.seq, announced.last) == (2, BASE + 2, 2)
    assert sync.pending == {}
    assert sync.document.digest() == scene.truth()


def test_when_much_came_after_it_the_next_join_gets_a_new_one(scene: Scene) -> None:
    scene.guest()
    for _ in range(3):
        scene.artist.draw(FRESH_BYTES // 2)
    scene.guest()
    assert scene.built == 2


def test_after_a_commit_too_large_to_be_sent_everybody_gets_a_new_one(scene: Scene) -> None:
    scene.guest()
    scene.artist.draw(MAX_COMMIT + 1)
    scene.guest()
    # One for the guest and the artist, who is sent no commit either.
    assert scene.built == 2
