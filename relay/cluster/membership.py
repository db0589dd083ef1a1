"""This relay as one of several: it beats, notices when it is not heard, and begins anew when it was declared dead.

Time is for progress only. Whoever writes without being the holder any more is refused by the fence of the room; what is
here ends that as soon as it is known. Three states: *heard*; *an island*, when the store has not heard it for nearly a
lease, where people go on with ink and wait for verdicts; and *cut off*, when the lease has ended and another relay says
that the store hears that one: then its people are sent on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, Protocol, TypeVar

from ..observability.event_log import event, fault
from ..records import Member, StoreError
from .asking import NotThereError, OtherDeploymentError, ask
from .signs import Answer

P = ParamSpec("P")
T = TypeVar("T")

LEASE = 6.0
"""Seconds for which a relay lives after a beat, by the store's clock."""
INTERVAL = 1.5
"""Seconds between two beats."""
MARGIN = 1.0
"""Seconds before the end of its lease from which on a relay takes nobody in."""
PATIENCE = 30.0
"""Seconds after that for which people stay with a relay that nobody hears, and that hears of none that is heard."""
LOOK = 0.25
"""Seconds between two looks at the clock."""

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Beats(Protocol):
    """What a beat brought."""

    @property
    def others(self) -> Sequence[Member]:
        """The other relays that live."""
        ...

    @property
    def takers(self) -> Sequence[Member]:
        """Those of them that take rooms."""
        ...

    @property
    def notices(self) -> Sequence[Notice]:
        """What they told within the last minute."""
        ...


class Notice(Protocol):
    """What a relay tells all others."""

    @property
    def number(self) -> int:
        """Its number, another for each."""
        ...

    @property
    def relay(self) -> str:
        """Who told it."""
        ...

    @property
    def kind(self) -> str:
        """What happened."""
        ...

    @property
    def what(self) -> str:
        """To what."""
        ...


class Relays(Protocol):
    """The relays of a store, as `relay.store.postgres_relays` has them. One thread at a time calls it."""

    def check_secret(self, name: str, secret: bytes) -> None:
        """Raise `StoreError` unless all have this secret."""
        ...

    def holder(self, id: str) -> Member | None:
        """Return who lives under a name."""
        ...

    def enter(self, id: str, address: str, lease: float) -> Member:
        """Begin to live under a name."""
        ...

    def beat(self, member: Member, lease: float, rooms: int, peers: int, *, draining: bool) -> Beats | None:
        """Live on; None when this member is dead."""
        ...

    def declare_dead(self, member: Member) -> bool:
        """Free the rooms of a relay; returns whether it was not dead before."""
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


class Hosting(Protocol):
    """The relay whose membership this is."""

    def begin(self, member: Member) -> None:
        """Hold rooms as `member` from now on."""
        ...

    def counts(self) -> tuple[int, int]:
        """Return how many rooms it holds, and its peers."""
        ...

    async def catch_up(self) -> None:
        """Learn what the others told while this relay was not heard. Raises `StoreError`."""
        ...

    def evict(self, why: str) -> None:
        """Send everybody on, and use nothing of what is in memory any more."""
        ...

    def heed(self, notice: Notice) -> None:
        """Do what a notice of another relay asks for."""
        ...

    def end(self, why: str) -> None:
        """Stop: another relay has this one's name."""
        ...


class Membership:
    """A relay with the name `id`, which the others reach at `address`, and know by `secret`, among those of
    `directory`."""

    def __init__(
        self,
        directory: Relays,
        id: str,
        address: str,
        secret: bytes,
        log: logging.Logger,
        *,
        clock: Callable[[], float] = lambda: time.clock_gettime(_CLOCK),
    ) -> None:
        self.secret = secret
        self.address = address
        self.id = id
        self.member = Member(id, 0, address)
        self.others: Sequence[Member] = ()
        self.takers: Sequence[Member] = ()
        """Those of the others that take rooms."""
        self.draining = False
        """Whether somebody wants it to give its rooms away."""
        self.is_cut_off = False
        self.deaths = 0
        """Relays that this one declared dead."""
        self._directory = directory
        self._log = log
        self._clock = clock
        self._lives_until = 0.0
        self._was_evicted = False
        self._told_island = False
        self._heeded: dict[int, None] = {}
        self._heard = asyncio.Event()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="relay-beat")
        self._tasks: list[asyncio.Task[None]] = []
        self._host: Hosting | None = None

    # --- states -------------------------------------------------------------------------------------------

    @property
    def lease_left(self) -> float:
        """Seconds for which the others still believe that it lives, reckoned from when its last beat was sent."""
        return self._lives_until - self._clock()

    @property
    def is_heard(self) -> bool:
        """Whether it may take people in."""
        return self.lease_left > MARGIN

    async def heard(self, seconds: float) -> bool:
        """Wait until the store hears this relay, at most so long; returns whether it does."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.is_heard:
                    self._heard.clear()
                    await self._heard.wait()
        return self.is_heard

    @property
    def gives_away(self) -> bool:
        """Whether it gives its rooms to others, and takes none: not when nobody would take them."""
        return self.draining and bool(self.takers)

    @property
    def answer(self) -> Answer:
        """What it answers another relay that asks."""
        return Answer(self.id, self.member.incarnation, self.is_heard)

    # --- life ---------------------------------------------------------------------------------------------

    async def enter(self, host: Hosting, secrets: dict[str, bytes]) -> None:
        """Begin to live; this relay answers at its address already. Raises `StoreError` when another has its name, or
        other secrets, or its address leads elsewhere."""
        for name, secret in {"relays": self.secret, **secrets}.items():
            await self._ask(self._directory.check_secret, name, secret)
        await self._check_address()
        other = await self._ask(self._directory.holder, self.id)
        if other is not None and other.address != self.address:
            with contextlib.suppress(NotThereError, OtherDeploymentError, OSError, TimeoutError):
                if (await ask(other.address, self.secret)).id == self.id:
                    raise StoreError(
                        f"a relay named {self.id!r} runs at {other.address}; give this one another --relay-id"
                    )
        self._host = host
        await self._begin()
        self._tasks = [asyncio.create_task(self._beat_forever()), asyncio.create_task(self._look_forever())]

    async def _check_address(self) -> None:
        """Raise `StoreError` unless this relay answers at the address that it gives the others."""
        try:
            answer = await ask(self.address, self.secret)
        except (NotThereError, OSError, TimeoutError) as error:
            reason = str(error) or "no answer"
            raise StoreError(
                f"nobody reaches this relay at {self.address} ({reason}); name an address of this "
                "machine with --advertise"
            ) from None
        except OtherDeploymentError as error:
            raise StoreError(f"{error}; choose another --advertise") from None
        if answer.id != self.id:
            raise StoreError(f"at {self.address} the relay {answer.id!r} answers; choose another --advertise")

    async def _begin(self) -> None:
        assert self._host is not None
        sent = self._clock()
        self.member = await self._ask(self._directory.enter, self.id, self.address, LEASE)
        self._host.begin(self.member)
        self._live(sent)
        event(self._log, logging.INFO, "member", relay=self.id, address=self.address)

    def _live(self, sent: float) -> None:
        self._lives_until = sent + LEASE
        self.is_cut_off = self._was_evicted = False
        if self._told_island:
            self._told_island = False
            event(self._log, logging.WARNING, "heard again", relay=self.id)
        self._heard.set()

    async def drain(self, wanted: bool) -> None:
        """Give all rooms away from now on, or take rooms again, and say so to the others. Raises `StoreError` when
        nobody would take them."""
        if wanted and not self.takers:
            raise StoreError(
                "no other relay lives that would take the rooms; start one, or stop this relay, and they wait for it"
            )
        self.draining = wanted
        event(self._log, logging.WARNING, "draining" if wanted else "not draining", relay=self.id)
        with contextlib.suppress(StoreError):  # The next beat says it.
            await self._beat()

    async def leave(self) -> None:
        """Give all rooms up at once: others may take them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._lives_until = 0.0
        try:
            async with asyncio.timeout(MARGIN):
                await self._ask(self._directory.declare_dead, self.member)
        except (StoreError, TimeoutError) as error:
            event(self._log, logging.WARNING, "not left", relay=self.id, reason=str(error) or "no answer")

    async def close(self) -> None:
        """Stop; the rooms stay this relay's until its lease has ended, unless it has left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._executor.submit(self._directory.close)
        self._executor.shutdown(wait=False)

    async def declare_dead(self, member: Member) -> None:
        """Free the rooms of a relay that does not run any more. Raises `StoreError`."""
        if await self._ask(self._directory.declare_dead, member):
            self.deaths += 1
            event(self._log, logging.WARNING, "relay is gone", relay=member.id, address=member.address)

    async def _ask(self, method: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: method(*arguments, **named))

    # --- beating ------------------------------------------------------------------------------------------

    async def _beat_forever(self) -> None:
        told = ""
        while True:
            begun = self._clock()
            try:
                await self._beat()
            except StoreError as error:
                if str(error) != told:
                    told = str(error)
                    event(self._log, logging.ERROR, "beat failed", relay=self.id, reason=told)
            except (
                Exception
            ):  # A fault of one beat must not be the last beat: the relay would lose its rooms, unsaid.
                fault(self._log, "beat failed", relay=self.id)
            else:
                told = ""
            await asyncio.sleep(max(0.0, begun + INTERVAL - self._clock()))

    async def _beat(self) -> None:
        assert self._host is not None
        sent = self._clock()
        beat = await self._ask(
            self._directory.beat, self.member, LEASE, *self._host.counts(), draining=self.draining
        )
        if beat is None:
            await self._begin_anew()
            return
        self.others, self.takers = beat.others, beat.takers
        if not self.is_heard:
            await self._host.catch_up()
        self._live(sent)
        for notice in beat.notices:
            if notice.number not in self._heeded and notice.relay != self.id:
                self._host.heed(notice)
        self._heeded = dict.fromkeys(notice.number for notice in beat.notices)

    async def _begin_anew(self) -> None:
        """Give up the rooms that others may have by now, and live on as another member."""
        assert self._host is not None
        other = await self._ask(self._directory.holder, self.id)
        if other is not None and other.address != self.address:
            self._host.evict("another relay has this one's name")
            self._host.end(
                f"another relay took the name {self.id!r}, at {other.address}; give each relay a --relay-id of its own"
            )
            return
        event(self._log, logging.ERROR, "declared dead; beginning anew", relay=self.id)
        self._host.evict("its lease had ended")
        await self._host.catch_up()
        await self._begin()

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            if self.is_heard or self._was_evicted:
                continue
            if not self._told_island:
                self._told_island = True
                event(self._log, logging.ERROR, "the store does not hear this relay", relay=self.id)
            if self.lease_left < 0 and await self._is_another_heard() and not await self._is_heard_at_once():
                self._evict("the store hears other relays, and not this one")
                self.is_cut_off = not self.is_heard
            elif self.lease_left < MARGIN - PATIENCE:
                self._evict("no relay is heard by the store")

    async def _is_heard_at_once(self) -> bool:
        """Beat: where the store was away for all, another one was heard first by chance."""
        with contextlib.suppress(Exception):  # The next beat tells of it.
            async with asyncio.timeout(MARGIN):
                await self._beat()
        return self.is_heard

    def _evict(self, why: str) -> None:
        assert self._host is not None
        if not self.is_heard:
            self._was_evicted = True
            self._host.evict(why)

    async def heard_others(self) -> list[Member]:
        """Return the other relays that say that the store hears them."""

        async def answers(member: Member) -> Member | None:
            try:
                answer = await ask(member.address, self.secret)
            except (NotThereError, OtherDeploymentError, OSError, TimeoutError):
                return None
            return member._replace(incarnation=answer.incarnation) if answer.is_heard else None

        found = await asyncio.gather(*map(answers, self.others))
        return [member for member in found if member is not None]

    async def _is_another_heard(self) -> bool:
        return bool(await self.heard_others())
