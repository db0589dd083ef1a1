"""The companions of a room's peers: pages that a kernel lets send and receive its live things by themselves. Pure.

To everybody else a peer and its companions are one: they have its id, its rights and its budget. A companion that says
a name is a guest: its presence is its own, and what it draws is its peer's. A companion is let in by a ticket that its
peer asked for, and ends with its peer.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from ..protocol import CLOSE_ALONE, MAX_COMPANIONS, TICKET_SECONDS, RemoteError
from .clients import digest
from .peer import JOINED, LEFT, Peer
from .permissions import presence_bytes
from .presence import Presence, normalize_state


class Companions:
    """The companions of one room, and the tickets that wait for one. `new_id` returns unguessable text."""

    def __init__(self, presence: Presence, new_id: Callable[[], str]) -> None:
        self.lines: dict[str, Peer] = {}
        """Those that have not left, by their lines."""
        self._presence = presence
        self._new_id = new_id
        self._numbers = count(1)
        self._tickets: dict[str, tuple[Peer, float]] = {}
        """Whose each is and until when it lets somebody in, by its hash."""

    def invite(self, lead: Peer, now: float) -> str:
        """Return a ticket for one companion of `lead`, good for `TICKET_SECONDS` from `now`; of too many, the oldest is
        void."""
        own = [name for name, (owner, _) in self._tickets.items() if owner is lead]
        for name in own[: max(0, len(own) - MAX_COMPANIONS + 1)]:
            del self._tickets[name]
        ticket = self._new_id()
        self._tickets[digest("ticket", ticket)] = (lead, now + TICKET_SECONDS)
        return ticket

    def admit(self, ticket: str, now: float, name: str = "", color: str = "") -> Peer:
        """Let a companion in by its ticket, which is void from now on: with a `name`, as a guest whom others see under
        it. Raises `RemoteError`."""
        guest = normalize_state({"name": name, "color": color or None}) if name else None
        lead, until = self._tickets.pop(digest("ticket", ticket), (None, 0.0))
        if lead is None or lead.life is not JOINED or now > until:
            raise RemoteError(
                "ticket", "this ticket lets nobody in, or not any more; ask the kernel for another"
            )
        if len(self.of(lead)) >= MAX_COMPANIONS:
            raise RemoteError(
                "room-full", f"a kernel may have {MAX_COMPANIONS} pages beside it here; close one"
            )
        companion = Peer(
            lead.id,
            lead.client,
            lead.name,
            lead.role,
            lead.named_by_token,
            lead=lead,
            line=f"{lead.id}+{next(self._numbers)}",
            is_guest=guest is not None,
        )
        self.lines[companion.line] = companion
        if guest is not None:
            limit = presence_bytes(lead.role)
            self._presence.arrive(companion.line, lead.author, {}, lead.role.word, limit)
            self._presence.update(companion.line, guest)
        return companion

    def of(self, lead: Peer) -> list[Peer]:
        """Return the companions of a peer."""
        return [companion for companion in self.lines.values() if companion.lead is lead]

    def want(self, lead: Peer, previews: bool) -> None:
        """Send a peer others' previews, or leave them to its companions; raises `RemoteError` where it has none."""
        if not previews and not self.of(lead):
            raise RemoteError(
                "companion", "no page beside this kernel receives others' ink in its place; let one in first"
            )
        lead.want(previews)

    def leave(self, companion: Peer) -> None:
        """End a companion. Its ink stays for its peer to go on with, or for `Presence.end_orphans`."""
        if companion.life is not JOINED:
            return
        companion.life = LEFT
        del self.lines[companion.line]
        if companion.is_guest:
            self._presence.depart(companion.line)
        if companion.lead is not None and companion.lead.life is JOINED:
            companion.orphans = self._presence.release(companion.id, companion.line)
            self._presence.withdraw(companion.id, sorted(companion.shown))
            if not self.of(companion.lead):
                companion.lead.want(True)

    def end(self, lead: Peer) -> None:
        """End all companions of a peer, which leaves, and void its tickets."""
        for name in [name for name, (owner, _) in self._tickets.items() if owner is lead]:
            del self._tickets[name]
        for companion in self.of(lead):
            companion.close(CLOSE_ALONE, "the kernel that this page accompanied has left the room")
            self.leave(companion)
