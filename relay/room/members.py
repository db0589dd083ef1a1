"""The peers of a room, from when they join until the room forgets them, and the clients that they are. Pure."""

from __future__ import annotations

from collections.abc import Callable

from ..limits import Limits
from ..protocol import CLOSE_REPLACED, Join, RemoteError
from .clients import Client, Clients
from .companions import Companions
from .joining import Applicant, Begin, Continue, Identity, Renew
from .peer import JOINED, LEAVING, LEFT, Peer
from .permissions import Role, presence_bytes
from .presence import Presence


class Members:
    """The peers and clients of one room, as `limits` allow; `new_id` returns unguessable text."""

    def __init__(self, presence: Presence, limits: Limits, new_id: Callable[[], str]) -> None:
        self.peers: dict[str, Peer] = {}
        """Those that have not left, by their ids: see `Life`."""
        self.clients = Clients()
        self.companions = Companions(presence, new_id)
        self._presence = presence
        self._limits = limits
        self._new_id = new_id

    def admit(
        self, join: Join, applicant: Applicant, client: Client | None, identity: Identity, role: Role
    ) -> tuple[Peer, str]:
        """Let an applicant in as `identity`, and close the connection that is `client` now, the one that `join` names.

        Returns the peer and the resume key of its client. Raises `RemoteError` when the room is full.
        """
        other = self.peers.get(client.peer_id) if client is not None else None
        if len(self.peers) - (other is not None) >= self._limits.max_peers:
            raise RemoteError(
                "room-full", f"this room has its {self._limits.max_peers} people; try again when somebody left"
            )
        if other is not None:
            self.dismiss(other, CLOSE_REPLACED, "another connection goes on as this client")
        resume_key = join.resume_key
        match identity:
            case Continue(client):
                pass
            case Renew():
                client = applicant.client(join.client, resume_key)
            case Begin():
                resume_key = self._new_id()
                client = applicant.client(self._new_id(), resume_key)
        peer = Peer(self._new_id()[:16], client, applicant.name, role, applicant.named_by_token)
        client.budget.rate = self._limits.work_rate
        self.clients.arrive(client)
        client.peer_id = peer.id
        self.peers[peer.id] = peer
        state = {"name": applicant.name, "color": applicant.color}
        self._presence.arrive(
            peer.id, client.author, state, role.word, presence_bytes(role), verified=applicant.verified
        )
        return peer, resume_key

    def dismiss(self, peer: Peer, code: int, reason: str) -> None:
        """Have the relay close the connection of `peer`, which leaves."""
        peer.close(code, reason)
        self.leave(peer)

    def leave(self, peer: Peer) -> None:
        """End the connection of `peer`, and those of its companions; the others see it until its last operations have
        their verdict."""
        if peer.life is not JOINED:
            return
        if peer.lead is not None:
            self.companions.leave(peer)
            return
        peer.life = LEAVING
        self.companions.end(peer)
        if peer.client.peer_id == peer.id:
            peer.client.peer_id = ""
        self._forget_if_settled(peer)

    def settle(self, peer: Peer) -> None:
        """Count one verdict for an operation of `peer`."""
        peer.unsettled -= 1
        self._forget_if_settled(peer)

    def _forget_if_settled(self, peer: Peer) -> None:
        if peer.life is not LEAVING or peer.unsettled:
            return
        peer.life = LEFT
        del self.peers[peer.id]
        self._presence.depart(peer.id)
        client = peer.client
        if not client.peer_id and not any(other.client is client for other in self.peers.values()):
            self.clients.depart(client)
