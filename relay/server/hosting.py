"""What membership among several relays asks of the relay: see `relay.cluster.membership`."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Protocol, cast

from ..cluster.membership import Membership, Notice
from ..observability.metrics import Metrics
from ..records import Member
from ..store.worker import StoreThread
from .rooms import Rooms


class _Relay(Protocol):
    def end_token(self, token: str) -> int: ...

    def end(self, why: str) -> None: ...


class _SharedStore(Protocol):
    member: Member | None

    def holder(self, room: str) -> Member | None: ...


async def holder_of(thread: StoreThread, room: str) -> Member | None:
    """Return the other relay that holds a room; None when none that lives does. Raises `StoreError`."""
    return await thread.ask(cast("_SharedStore", thread.store).holder, room)


class Host:
    """The `relay` with these `peers` as one of the relays of the store of `thread`."""

    def __init__(self, relay: _Relay, thread: StoreThread, rooms: Rooms, peers: Collection[object]) -> None:
        self._relay = relay
        self._thread = thread
        self._store = cast("_SharedStore", thread.store)
        self._rooms = rooms
        self._peers = peers

    def watch(self, metrics: Metrics, membership: Membership) -> None:
        """Show in `metrics` how it stands."""
        metrics.watch("owned_rooms", "Rooms that this relay holds.", lambda: len(self._rooms))
        metrics.watch(
            "lease_seconds_left", "Until the others may take its rooms.", lambda: membership.lease_left
        )
        metrics.watch("other_relays", "Other relays that live.", lambda: len(membership.others))
        metrics.watch("declared_dead", "Relays that this one declared dead.", lambda: membership.deaths)

    def begin(self, member: Member) -> None:
        """Hold rooms as `member` from now on."""
        self._store.member = member

    def counts(self) -> tuple[int, int]:
        """Return how many rooms it holds, and its peers."""
        return len(self._rooms), len(self._peers)

    async def catch_up(self) -> None:
        """Learn what the others told while this relay was not heard. Raises `StoreError`."""
        for token in await self._thread.ask(self._thread.store.revoked, time.time()):
            self._relay.end_token(token)

    def evict(self, why: str) -> None:
        """Send everybody on, and use nothing of what is in memory any more."""
        self._rooms.lose_all(why)

    def heed(self, notice: Notice) -> None:
        """Do what a notice of another relay asks for."""
        match notice.kind:
            case "deleted":
                self._rooms.lose(notice.what, "it was deleted")
            case "revoked":
                self._relay.end_token(notice.what)
            case _:
                pass  # A newer relay's.

    def end(self, why: str) -> None:
        """Stop: another relay has this one's name."""
        self._relay.end(why)
