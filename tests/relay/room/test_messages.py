"""The messages of a peer to its room, and the batches that its operations become."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from relay.protocol import (
    MAX_ACTIONS,
    MAX_DEPTH,
    MAX_KEY,
    SAFE_INTEGER,
    WINDOW,
    Cancel,
    ClientMessage,
    Commit,
    Create,
    Delete,
    Event,
    Goodbye,
    Join,
    Leave,
    Operate,
    PeerCancel,
    PeerEvent,
    PeerLeft,
    PeerPreview,
    Preview,
    Read,
    Refused,
    RemoteError,
    decode_server,
)
from relay.records import LoadedRoom
from relay.room.clients import Client
from relay.room.operation_queue import Notice
from relay.room.peer import Peer
from relay.room.room import Room


class Scene:
    """A room without a store, and what its peers hear."""

    def __init__(self) -> None:
        ids = (f"{n:016x}{n:016x}" for n in itertools.count(1))
        self.room = Room("algebra", LoadedRoom("epoch", 1, False, None, ()), lambda: next(ids), lambda: 7)

    def join(self, *names: str) -> list[Peer]:
        peers = [self.room.join(Join("algebra", name=name, secret=name)) for name in names]
        for peer in self.room.peers.values():
            self.heard(peer)
        return peers

    def heard(self, peer: Peer, *kinds: type) -> list[Any]:
        """What waits for `peer`, of some kinds or all."""
        messages: list[Any] = []
        while (frame := self.room.delivery.collect(peer)) is not None:
            if isinstance(frame, str):
                messages += decode_server(frame)
        return [message for message in messages if not kinds or isinstance(message, kinds)]

    def operate(self, peer: Peer, op: int, *keys: str) -> None:
        self.room.receive(peer, Operate(op, tuple(Create(key, {}) for key in keys)))

    def commit(self) -> None:
        assert self.room.queue.propose(1.0) is not None
        self.room.queue.committed()


@pytest.fixture
def scene() -> Scene:
    return Scene()


# --- previews and events ----------------------------------------------------------------------------------


def test_a_cancelled_preview_ends_for_the_others(scene: Scene) -> None:
    ada, grace = scene.join("Ada", "Grace")
    scene.room.receive(ada, Preview("k", 0, (1, SAFE_INTEGER), {"kind": "stroke"}))
    scene.room.receive(ada, Preview("k", 2, (3, 4)))
    assert scene.heard(grace) == [PeerPreview(ada.id, "k", 0, (1, SAFE_INTEGER, 3, 4), {"kind": "stroke"})]
    scene.room.receive(ada, Cancel("k"))
    assert scene.heard(grace) == [PeerCancel(ada.id, "k")]


def test_an_event_is_forwarded(scene: Scene) -> None:
    ada, grace = scene.join("Ada", "Grace")
    scene.room.receive(ada, Event("mouse", {"x": 1}))
    assert (scene.heard(ada), scene.heard(grace)) == ([], [PeerEvent(ada.id, "mouse", {"x": 1})])
    scene.room.send_event(ada, "clock", 7)
    assert (scene.heard(ada), scene.heard(grace)) == ([PeerEvent("", "clock", 7)], [])


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (Preview("", 0, (1, 2), {}), "bad-key-name"),
        (Preview("k", 0, (1, SAFE_INTEGER + 1), {}), "bad-value"),
        (Preview("k", 0, (1, 2), {"a": nested(MAX_DEPTH)}), "too-deep"),
        (Cancel("k" * (MAX_KEY + 1)), "bad-key-name"),
        (Event("", None), "bad-event"),
        (Event("mouse", nested(MAX_DEPTH)), "too-deep"),
        (Event("mouse", None, "nobody"), "no-such-peer"),
        (Join("algebra"), "joined-already"),
        (Read(1, 1), "bad-message"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refused_message_changes_nothing(scene: Scene, message: ClientMessage, code: str) -> None:
    ada, grace = scene.join("Ada", "Grace")
    with pytest.raises(RemoteError) as refusal:
        scene.room.receive(ada, message)
    assert refusal.value.code == code
    assert scene.heard(ada) == scene.heard(grace) == []
    assert not scene.room.queue.has_work


def test_leaving_ends_the_messages_of_a_peer(scene: Scene) -> None:
    ada, grace = scene.join("Ada", "Grace")
    scene.room.receive(ada, Leave())
    assert scene.heard(grace) == [PeerLeft(ada.id)]
    scene.room.receive(ada, Event("mouse"))
    scene.operate(ada, 1, "k")
    assert scene.heard(grace) == []
    assert not scene.room.queue.busy


def test_a_goodbye_is_for_everybody(scene: Scene) -> None:
    peers = scene.join("Ada", "Grace")
    scene.room.goodbye("restart", 2.5)
    assert [scene.heard(peer) for peer in peers] == [[Goodbye("restart", 2.5)]] * 2


# --- operations -------------------------------------------------------------------------------------------


def test_operations_are_numbered_without_gaps(scene: Scene) -> None:
    (ada,) = scene.join("Ada")
    scene.operate(ada, 2, "b")
    [refused] = scene.heard(ada)
    assert isinstance(refused, Refused)
    assert (refused.op, refused.code, refused.final) == (2, "gap", False)
    assert not scene.room.queue.busy
    scene.operate(ada, 1, "a")
    scene.operate(ada, 2, "b")
    scene.operate(ada, 2, "again")
    scene.commit()
    assert [commit.op for commit in scene.heard(ada, Commit)] == [1, 2]
    assert list(scene.room.log.entries) == ["a", "b"]


@pytest.mark.parametrize(("count", "codes"), [(MAX_ACTIONS, []), (MAX_ACTIONS + 1, ["too-many-actions"])])
def test_the_actions_of_one_operation_are_limited(scene: Scene, count: int, codes: list[str]) -> None:
    (ada,) = scene.join("Ada")
    scene.room.receive(ada, Operate(1, tuple(Delete(()) for _ in range(count))))
    scene.commit()
    assert [refused.code for refused in scene.heard(ada, Refused)] == codes
    assert [(notice.op, notice.code) for notice in scene.room.queue.take_notices()] == [
        (1, code) for code in codes
    ]
    assert scene.room.queue.take_notices() == []


def test_a_final_refusal_is_repeated_for_a_retry(scene: Scene) -> None:
    (ada,) = scene.join("Ada")
    scene.operate(ada, 1, "")
    scene.commit()
    first = scene.heard(ada, Refused)
    scene.operate(ada, 1, "")
    assert scene.heard(ada) == first
    assert [refused.code for refused in first] == ["bad-key-name"]


def test_unsettled_counts_operations_until_their_verdict(scene: Scene) -> None:
    (ada,) = scene.join("Ada")
    counts = [scene.room.queue.unsettled]
    steps: list[Callable[[], object]] = [
        lambda: scene.operate(ada, 1, "a"),
        lambda: scene.operate(ada, 2, "b"),
        lambda: scene.room.queue.propose(1.0),
        lambda: scene.operate(ada, 3, "c"),
        scene.room.queue.committed,
        lambda: scene.room.queue.propose(1.0),
        scene.room.queue.committed,
    ]
    for step in steps:
        step()
        counts.append(scene.room.queue.unsettled)
    assert counts == [0, 1, 2, 2, 3, 1, 1, 0]
    assert not scene.room.queue.busy


def test_one_batch_is_under_way_at_a_time(scene: Scene) -> None:
    (ada,) = scene.join("Ada")
    assert scene.room.queue.propose(1.0) is None
    scene.operate(ada, 1, "a")
    assert scene.room.queue.propose(1.0) is not None
    scene.operate(ada, 2, "b")
    assert scene.room.queue.propose(1.0) is None
    scene.room.queue.committed()
    for end in (scene.room.queue.committed, lambda: scene.room.queue.failed("disk full")):
        with pytest.raises(RuntimeError, match="no batch is under way"):
            end()
    assert list(scene.room.log.entries) == ["a"]


def test_a_failed_batch_takes_along_what_was_queued_behind_it(scene: Scene) -> None:
    (ada,) = scene.join("Ada")
    scene.operate(ada, 1, "a")
    scene.room.queue.propose(1.0)
    scene.operate(ada, 2, "b")
    scene.room.queue.failed("disk full")
    assert scene.heard(ada) == [Refused(op, "store", "disk full", final=False) for op in (1, 2)]
    assert (scene.room.seq, scene.room.queue.unsettled, len(scene.room.log.entries)) == (0, 0, 0)
    scene.operate(ada, 1, "a")
    scene.commit()
    assert [commit.op for commit in scene.heard(ada, Commit)] == [1]


def test_a_refusal_of_a_peer_that_left_is_for_the_operator_alone(scene: Scene) -> None:
    ada, grace = scene.join("Ada", "Grace")
    scene.operate(ada, 1, "")
    scene.room.leave(ada)
    scene.commit()
    [notice] = scene.room.queue.take_notices()
    assert isinstance(notice, Notice)
    assert (notice.peer, notice.op, notice.code) == (ada, 1, "bad-key-name")
    assert scene.heard(grace) == [PeerLeft(ada.id)]


# --- bounds ----------------------------------------------------------------------------------------------


def test_the_length_of_a_read_is_limited(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.room.room.MAX_READ", 2)
    (ada,) = scene.join("Ada")
    for op in (1, 2, 3):
        scene.operate(ada, op, f"k{op}")
    scene.commit()
    scene.room.check_read(2, 3)
    for first, last, match in (
        (1, 3, "at most 2"),
        (0, 1, "from 1 to 3"),
        (3, 4, "from 1 to 3"),
        (3, 2, "from"),
    ):
        with pytest.raises(RemoteError, match=match) as refusal:
            scene.room.check_read(first, last)
        assert refusal.value.code == "bad-range"


def test_the_latest_refusals_of_a_client_are_kept() -> None:
    client = Client("c" * 16, "key", "")
    for op in range(1, WINDOW + 3):
        client.refuse(op, "role", "no")
    assert list(client.refusals) == list(range(3, WINDOW + 3))
