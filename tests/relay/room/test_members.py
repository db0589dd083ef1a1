"""A peer's life in a room: from when it is let in until its last operation has its verdict."""

from __future__ import annotations

import itertools

import pytest

from relay.limits import Limits
from relay.protocol import CLOSE_REMOVED, CLOSE_REPLACED, Join, PeerLeft, PeerState, RemoteError
from relay.room.clients import Client
from relay.room.joining import Begin, Continue, introduce
from relay.room.members import Members
from relay.room.peer import JOINED, LEAVING, LEFT, Peer
from relay.room.permissions import Role
from relay.room.presence import Presence


class Scene:
    """A room's members without a room, and what others see of them."""

    def __init__(self, limit: int = 9) -> None:
        ids = (f"{n:016x}{n:016x}" for n in itertools.count(1))
        self.presence = Presence()
        self.members = Members(self.presence, Limits(max_peers=limit), lambda: next(ids))
        self.seen = 0

    def admit(self, client: Client | None = None) -> Peer:
        join = Join("algebra", secret="ada")
        identity = Begin(reset=False) if client is None else Continue(client)
        applicant = introduce(join, Limits(), "", "")
        return self.members.admit(join, applicant, client, identity, Role.EDITOR)[0]

    def news(self) -> list[type]:
        updates = self.presence.since(self.seen)
        self.seen = self.presence.version
        return [type(update) for update in updates]


def test_without_operations_under_way_a_peer_leaves_at_once() -> None:
    scene = Scene()
    peer = scene.admit()
    assert (peer.life, peer.gone, scene.news()) == (JOINED, False, [PeerState])
    scene.members.leave(peer)
    assert (peer.life, peer.gone, scene.news()) == (LEFT, True, [PeerLeft])
    assert not scene.members.peers
    scene.members.leave(peer)
    assert (peer.life, scene.news()) == (LEFT, []), "only once"


def test_with_operations_under_way_others_see_it_until_the_last_verdict() -> None:
    scene = Scene()
    peer = scene.admit()
    peer.unsettled = 2
    scene.news()
    scene.members.leave(peer)
    assert (peer.life, peer.client.peer_id, scene.news()) == (LEAVING, "", [])
    scene.members.settle(peer)
    assert peer.life is LEAVING
    scene.members.settle(peer)
    assert (peer.life, scene.news()) == (LEFT, [PeerLeft])


def test_a_verdict_does_not_end_a_peer_that_stays() -> None:
    scene = Scene()
    peer = scene.admit()
    peer.unsettled = 1
    scene.members.settle(peer)
    assert peer.life is JOINED


def test_a_client_has_one_connection_and_the_new_one_is_it() -> None:
    scene = Scene(limit=1)
    old = scene.admit()
    new = scene.admit(old.client)
    assert (old.life, old.closing) == (LEFT, (CLOSE_REPLACED, "another connection goes on as this client"))
    assert (new.client, new.client.peer_id) == (old.client, new.id)
    scene.members.leave(old)
    assert new.client.peer_id == new.id, "the old one no longer speaks for the client"
    with pytest.raises(RemoteError, match="has its 1 people"):
        scene.admit()


def test_a_client_stays_known_while_another_connection_of_it_waits_for_verdicts() -> None:
    scene = Scene()
    old = scene.admit()
    old.unsettled, old.client.accepted = 1, 1
    new = scene.admit(old.client)
    scene.members.leave(new)
    assert old.client.id in scene.members.clients
    assert (old.life, new.life) == (LEAVING, LEFT)
    scene.members.settle(old)
    assert old.life is LEFT


def test_the_first_reason_to_close_stays() -> None:
    scene = Scene()
    peer = scene.admit()
    scene.members.dismiss(peer, CLOSE_REMOVED, "out")
    scene.members.dismiss(peer, CLOSE_REPLACED, "replaced")
    assert peer.closing == (CLOSE_REMOVED, "out")
