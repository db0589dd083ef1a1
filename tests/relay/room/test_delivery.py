"""What each peer of a room is sent, in which order, and to whom an event goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relay.limits import Limits
from relay.protocol import (
    CLOSE_SLOW,
    MAX_CHUNK,
    MAX_EVENTS,
    MAX_FRAME,
    Commit,
    Create,
    Done,
    Error,
    Event,
    History,
    PeerEvent,
    PeerLeft,
    PeerPreview,
    PeerState,
    Preview,
    RemoteError,
    ServerMessage,
    Snapshot,
    decode_server,
    encode_message,
)
from relay.records import LoadedRoom, LogRow
from relay.room.clients import Client
from relay.room.delivery import Delivery
from relay.room.events import EVENT_BYTES, FRAME_BYTES
from relay.room.log import FRESH_BYTES, RoomLog, packed
from relay.room.peer import LEFT, Peer
from relay.room.permissions import Role
from relay.room.presence import Presence


class Scene:
    """A log, a presence and their delivery to peers, without a room."""

    def __init__(self) -> None:
        self.log = RoomLog(LoadedRoom("epoch", 1, False, None, ()), Limits())
        self.presence = Presence()
        self.peers: dict[str, Peer] = {}
        self.delivery = Delivery(self.log, self.presence, self.peers, {})

    def join(self, *ids: str) -> list[Peer]:
        for id in ids:
            self.peers[id] = Peer(id, Client(16 * id, "key", "author"), id, Role.EDITOR, False)
            self.presence.arrive(id, "author", {"name": id})
        for peer in self.peers.values():
            self.messages(peer)
        return [self.peers[id] for id in ids]

    def commit(self, size: int = 0) -> None:
        seq = self.log.seq + 1
        create = Create(f"k{seq}", {"text": "x" * size})
        draft = self.log.draft()
        record = self.log.propose(draft, [create], "author", 0.0)
        body = bytes(encode_message(Commit(seq, 7, 0.0, "client", seq, "author", (create,))))
        self.log.take(LogRow(seq, 7, 0.0, "client", seq, body), packed(record, draft.size))

    def frame(self, peer: Peer) -> list[ServerMessage | RemoteError]:
        """The messages of the next frame, which is text."""
        frame = self.delivery.collect(peer)
        assert isinstance(frame, str)
        return list(decode_server(frame))

    def messages(self, peer: Peer) -> list[ServerMessage | RemoteError | bytes]:
        """All that waits for `peer`."""
        messages: list[ServerMessage | RemoteError | bytes] = []
        while (frame := self.delivery.collect(peer)) is not None:
            messages += [frame] if isinstance(frame, bytes) else decode_server(frame)
        return messages


@pytest.fixture
def scene() -> Scene:
    return Scene()


# --- events -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("to", "receivers"), [("others", "bc"), ("all", "abc"), ("b", "b"), ("a", "a")])
def test_an_event_goes_to_the_peers_it_names(scene: Scene, to: str, receivers: str) -> None:
    sender, *_ = scene.join("a", "b", "c")
    scene.delivery.forward(sender, Event("mouse", [1, 2], to))
    event = PeerEvent("a", "mouse", [1, 2])
    assert {id: scene.messages(peer) for id, peer in scene.peers.items()} == {
        id: [event] if id in receivers else [] for id in scene.peers
    }


def test_an_event_for_an_unknown_peer_is_refused(scene: Scene) -> None:
    sender, other = scene.join("a", "b")
    with pytest.raises(RemoteError) as refusal:
        scene.delivery.forward(sender, Event("mouse", None, "c"))
    assert refusal.value.code == "no-such-peer"
    assert scene.messages(sender) == scene.messages(other) == []


def test_events_that_nobody_was_sent_are_refused_to_their_sender(scene: Scene) -> None:
    sender, other = scene.join("a", "b")
    for number in range(MAX_EVENTS):
        scene.delivery.forward(sender, Event("mouse", number))
    with pytest.raises(RemoteError) as refusal:
        scene.delivery.forward(sender, Event("mouse", "late"))
    assert refusal.value.code == "too-many-events"
    assert scene.messages(other) == [PeerEvent("a", "mouse", number) for number in range(MAX_EVENTS)]
    scene.delivery.forward(sender, Event("mouse", "again"))
    assert scene.messages(other) == [PeerEvent("a", "mouse", "again")]


def test_who_reads_too_slowly_loses_events_and_is_told_and_keeps_nobody_from_theirs(scene: Scene) -> None:
    sender, slow, quick = scene.join("a", "b", "c")
    for number in range(MAX_EVENTS + 1):
        scene.delivery.forward(sender, Event("mouse", number))
        assert scene.messages(quick) == [PeerEvent("a", "mouse", number)]
    [lost] = scene.messages(slow)
    assert isinstance(lost, Error)
    assert lost.code == "events-lost"
    assert scene.delivery.is_up_to_date(slow)
    scene.delivery.forward(sender, Event("mouse", "again"))
    assert scene.messages(slow) == scene.messages(quick) == [PeerEvent("a", "mouse", "again")]


def test_what_waits_takes_the_same_memory_however_many_read_slowly(scene: Scene) -> None:
    sender, quick, *slow = scene.join(*"abcdefgh")
    large = "x" * 60_000
    for _ in range(400):
        scene.delivery.forward(sender, Event("large", large))
        scene.messages(quick)
        assert scene.delivery.events.size <= EVENT_BYTES
    for peer in slow:
        while (frame := scene.delivery.collect(peer)) is not None:
            assert len(frame) <= FRAME_BYTES + 100


def test_one_event_larger_than_all_that_may_wait_is_passed_on(scene: Scene) -> None:
    sender, other = scene.join("a", "b")
    scene.delivery.forward(sender, Event("large", "x" * (EVENT_BYTES + 1)))
    assert len(scene.messages(other)) == 1


def test_a_frame_of_events_is_encoded_once_for_all_that_get_the_same(scene: Scene) -> None:
    sender, *others = scene.join("a", "b", "c", "d")
    scene.delivery.forward(sender, Event("mouse", 1))
    frames = [scene.delivery.collect(peer) for peer in others]
    assert frames[0] is frames[1] is frames[2] is not None


# --- what waits -------------------------------------------------------------------------------------------

WAITING: dict[str, Callable[[Scene, Peer], None]] = {
    "a message": lambda scene, peer: peer.direct.append(Done(re=7)),
    "an event": lambda scene, peer: scene.delivery.post(peer.id, PeerEvent("", "mouse")),
    "a history": lambda scene, peer: setattr(peer, "history", (History(0, 1, 1, 3), b"abc")),
    "a commit": lambda scene, peer: scene.commit(),
    "presence": lambda scene, peer: scene.presence.update("b", {"cursor": [1, 2]}),
    "a snapshot": lambda scene, peer: setattr(peer, "cursor", -1),
}


@pytest.mark.parametrize("thing", WAITING)
def test_a_peer_is_up_to_date_when_nothing_waits_for_it(scene: Scene, thing: str) -> None:
    peer, _ = scene.join("a", "b")
    assert scene.delivery.is_up_to_date(peer)
    WAITING[thing](scene, peer)
    frames = 0
    while not scene.delivery.is_up_to_date(peer):
        # The end of a stream is a call that yields no frame.
        frames += scene.delivery.collect(peer) is not None
    assert frames == (2 if thing in ("a history", "a snapshot") else 1)
    assert scene.delivery.collect(peer) is None


def test_a_peer_that_left_gets_no_frame(scene: Scene) -> None:
    (peer,) = scene.join("a")
    peer.direct.append(Done(re=7))
    peer.life = LEFT
    assert scene.delivery.collect(peer) is None


# --- the frames -------------------------------------------------------------------------------------------


def test_a_stream_is_cut_into_chunks_that_nothing_interrupts_but_direct_messages(scene: Scene) -> None:
    (peer,) = scene.join("a")
    stream = bytes(2 * MAX_CHUNK) + b"end"
    peer.history = (History(0, 0, 1, len(stream)), stream)
    assert scene.frame(peer) == [History(0, 0, 1, len(stream))]
    scene.commit()
    scene.delivery.post(peer.id, PeerEvent("", "mouse"))
    assert scene.delivery.collect(peer) == stream[:MAX_CHUNK]
    peer.direct.append(Done(re=7))
    assert scene.frame(peer) == [Done(re=7)]
    assert peer.is_reading
    assert scene.messages(peer)[:3] == [
        stream[MAX_CHUNK : 2 * MAX_CHUNK],
        b"end",
        PeerEvent("", "mouse"),
    ]
    assert not peer.is_reading


def test_presence_of_many_is_cut_into_frames_that_every_client_takes(scene: Scene) -> None:
    peers = scene.join(*(f"p{number}" for number in range(60)))
    for peer in peers:
        scene.presence.update(peer.id, {"selected": "x" * 30_000})
    late, _ = scene.join("late", "other")
    late.seen = 0
    frames = []
    while (frame := scene.delivery.collect(late)) is not None:
        assert len(frame) < MAX_FRAME
        frames.append(frame)
        if len(frames) == 1:
            # What changes while the rest waits is in it, or comes after it.
            scene.presence.update("p59", {"selected": None})
            scene.presence.depart("p58")
    assert scene.delivery.is_up_to_date(late)
    told = [
        message.peer for frame in frames for message in decode_server(frame) if isinstance(message, PeerState)
    ]
    assert sorted(told) == sorted([*(peer.id for peer in peers if peer.id != "p58"), "late", "other"])
    last = decode_server(frames[-1])
    assert PeerLeft("p58") in last
    assert PeerState("p59", "ada", {}) in last or any(
        isinstance(message, PeerState) and message.peer == "p59" and "selected" not in message.state
        for message in last
    )


def test_who_reads_an_old_snapshot_is_ended_when_those_that_are_read_take_too_much(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.room.delivery.SNAPSHOT_BYTES", 0)
    readers = scene.join(*"abcdef")
    for reader in readers:
        scene.commit(FRESH_BYTES + 1)
        reader.cursor = -1
        scene.delivery.collect(reader)
    streams = {id(reader.stream) for reader in readers if reader.stream is not None}
    assert 2 <= len(streams) <= 3
    assert [reader.closing and reader.closing[0] for reader in readers] == (
        [CLOSE_SLOW] * (6 - len(streams)) + [None] * len(streams)
    )
    # Many readers of one snapshot take no more than one.
    more = scene.join(*"ghijklmn")
    for reader in more:
        reader.cursor = -1
        scene.delivery.collect(reader)
    assert not any(reader.closing for reader in more)
    assert scene.delivery.memory < 10 * len(scene.log.snapshot().stream)


def test_a_frame_of_commits_is_full_at_its_limit_and_presence_follows_the_last(scene: Scene) -> None:
    (peer,) = scene.join("a")
    for _ in range(3):
        scene.commit(FRAME_BYTES // 2)
    scene.presence.update("a", {"cursor": [1, 2]})
    kinds = []
    while not scene.delivery.is_up_to_date(peer):
        kinds.append([type(message) for message in scene.frame(peer)])
    assert kinds == [[Commit], [Commit], [Commit, PeerState]]


def test_a_commit_larger_than_a_frame_is_a_frame(scene: Scene) -> None:
    (peer,) = scene.join("a")
    scene.commit(FRAME_BYTES + 1)
    assert [type(message) for message in scene.frame(peer)] == [Commit]


def test_a_frame_is_encoded_once_for_all_peers_at_the_same_place(scene: Scene) -> None:
    one, other, behind = scene.join("a", "b", "c")
    scene.commit()
    assert scene.delivery.collect(behind) is not None
    scene.commit()
    frame = scene.delivery.collect(one)
    assert frame is scene.delivery.collect(other)
    assert [type(message) for message in scene.frame(behind)] == [Commit], "it lacks only the second"


def test_long_ink_under_many_hands_grows_in_frames_that_all_share(scene: Scene) -> None:
    peers = scene.join(*(f"p{number}" for number in range(10)))
    for peer in peers:
        scene.presence.draw(peer.id, Preview("k", 0, tuple(range(6_000)), {"kind": "stroke"}))
    frames = []
    while (frame := scene.delivery.collect(peers[0])) is not None:
        frames.append(frame)
    assert len(frames) > 1, "all of it is too much for one"
    for peer in peers:
        scene.messages(peer)
    for peer in peers:
        scene.presence.draw(peer.id, Preview("k", 6_000, (1, 2)))
    news = [scene.delivery.collect(peer) for peer in peers]
    assert all(frame is news[0] for frame in news), "what is new is little, however much there is"
    assert news[0] is not None
    assert len(news[0]) < 1_000


def test_a_preview_is_not_sent_back_to_its_peer(scene: Scene) -> None:
    one, other = scene.join("a", "b")
    scene.presence.draw("a", Preview("k", 0, (1, 2), {"kind": "stroke"}))
    assert scene.messages(one) == []
    assert scene.messages(other) == [PeerPreview("a", "k", 0, (1, 2), {"kind": "stroke"})]


def test_a_peer_behind_the_commits_in_memory_gets_a_snapshot_and_what_follows(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.room.log.TAIL_BYTES", 1)
    one, other = scene.join("a", "b")
    scene.commit()
    assert [type(message) for message in scene.frame(one)] == [Commit]
    scene.commit()
    assert [type(message) for message in scene.frame(one)] == [Commit]
    [announced] = scene.frame(other)
    assert isinstance(announced, Snapshot)
    assert (announced.seq, announced.count) == (2, 2)
    assert other.cursor == 2
