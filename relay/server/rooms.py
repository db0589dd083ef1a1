"""The rooms a relay has open: each loaded once, its operations committed, its subscribers notified.

Whatever changes a room touches it. At the end of that pass of the event loop, touched rooms are served: queued
operations go to the committer, and subscribers are notified, now or with the room's next beat, as `pacing` says.
A room that is empty for a while is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
from collections.abc import AsyncIterator, Callable

import msgspec

from ..limits import Limits
from ..observability.event_log import event
from ..observability.metrics import Metrics
from ..protocol import Commit, Join, Lock, RemoteError
from ..records import LoadedRoom, LogRange, ResumeFacts, StoreError
from ..room.compact import compress
from ..room.history import encode_history
from ..room.peer import Peer
from ..room.room import Room
from ..store.worker import StoreThread
from .clock import StoreClock
from .committer import Committer
from .memory import Memory
from .open_room import OpenRoom, peer_event
from .pacing import QUIET, BroadcastPacer

KEEP_OPEN = 60.0
"""Seconds for which an empty room stays in memory."""
MOVED = "this room is served elsewhere now"
SETTLE = 2.0
"""Seconds for which what is under way in a room that is handed over may wait for the store."""

SNAPSHOT_AT_ONCE = 64 << 10
"""Bytes of a drawing up to which the event loop itself makes a snapshot of it."""

_marks = random.Random()
"""Marks may be guessed, but no two relays may give the same ones; the system's numbers cost a call each."""


class Rooms:
    """The open rooms of one relay over the store of `thread`, whose `clock` dates their entries."""

    def __init__(
        self,
        thread: StoreThread,
        log: logging.Logger,
        limits: Limits,
        metrics: Metrics,
        clock: StoreClock | None = None,
    ) -> None:
        self.pacer = BroadcastPacer()
        self.memory = Memory(limits.max_memory)
        self._thread = thread
        self._store = thread.store
        self._log = log
        self._limits = limits
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._opening: dict[str, asyncio.Task[OpenRoom]] = {}
        self._open: dict[str, OpenRoom] = {}
        self._ending: dict[str, asyncio.Event] = {}
        """Rooms that are just deleted, or handed over: whoever wants them waits."""
        self._touched: set[OpenRoom] = set()
        self._served: set[OpenRoom] = set()
        self._weight = 0
        # What is read has not been compressed yet: one after the other, however many ask.
        self._one_read = asyncio.Lock()
        self._releases: set[asyncio.Task[None]] = set()
        self._evictions = 0
        self.is_closed_to: Callable[[], bool] = lambda: False
        """Whether no room may be opened now, because others take them."""
        self._committer = Committer(
            thread,
            log,
            metrics,
            clock=(clock or StoreClock(thread, log)).now,
            touch=self.touch,
            lose=self._lose,
        )

    def __len__(self) -> int:
        return len(self._open)

    @property
    def queued(self) -> int:
        """The number of operations that wait for their verdict."""
        return sum(opened.room.queue.unsettled for opened in self._open.values())

    def weigh(self, besides: int) -> None:
        """Take the sum of what is in memory anew, with so many bytes besides the rooms; see `Memory`."""
        was_full = self.memory.is_full
        self._weigh(besides)
        if self.memory.is_full:
            self._close_all_unused()
            self._weigh(besides)
        if was_full or self.memory.is_full:
            for opened in self._open.values():
                opened.room.log.most = self.memory.most

    def _weigh(self, besides: int) -> None:
        # Only what was served since: there may be thousands of rooms in which nothing happens.
        for opened in self._served:
            self._weigh_room(opened)
        self._served.clear()
        self.memory.weigh(len(self._open), besides + self._weight)

    def _weigh_room(self, opened: OpenRoom) -> None:
        weight = opened.room.memory if self._open.get(opened.room.name) is opened else 0
        self._weight += weight - opened.weight
        self.memory.held += weight - opened.weight
        opened.weight = weight

    def _close_all_unused(self) -> None:
        for opened in list(self._open.values()):
            if opened.close_timer is not None:
                opened.close_timer.cancel()
                self._close_unused(opened)

    # --- opening and closing ------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def visit(self, name: str) -> AsyncIterator[OpenRoom]:
        """The room `name`, created and loaded if need be, and open as long as this context. Raises `StoreError`, and
        the next call tries again; `RemoteError` when there may be no further room."""
        opened = await self._get(name)
        opened.users += 1
        if opened.close_timer is not None:
            opened.close_timer.cancel()
            opened.close_timer = None
        try:
            yield opened
        finally:
            opened.users -= 1
            self._close_later(opened)

    def is_open(self, name: str) -> bool:
        """Return whether the room `name` is in memory."""
        return name in self._open

    async def _until_ended(self, name: str) -> None:
        while (ending := self._ending.get(name)) is not None:
            await ending.wait()

    @contextlib.asynccontextmanager
    async def _end(self, name: str) -> AsyncIterator[None]:
        """End what is here of a room, as nobody else does meanwhile; whoever wants the room waits."""
        await self._until_ended(name)
        ended = self._ending[name] = asyncio.Event()
        try:
            yield
        finally:
            del self._ending[name]
            ended.set()

    async def _get(self, name: str) -> OpenRoom:
        await self._until_ended(name)
        task = self._opening.get(name)
        if task is None:
            task = self._opening[name] = asyncio.create_task(self._load(name))
        try:
            return await asyncio.shield(task)
        except (StoreError, RemoteError):
            if self._opening.get(name) is task:
                del self._opening[name]
            raise

    async def _load(self, name: str) -> OpenRoom:
        if self.is_closed_to():
            raise StoreError("this relay gives its rooms to others; try again")
        most, evictions = self._limits.max_rooms, self._evictions
        hold, loaded, before = await self._thread.ask(self._store.claim, name, secrets.token_hex(8), most)
        # A large log takes a while to replay; the other rooms' loop and disk go on meanwhile.
        opened = OpenRoom(await asyncio.to_thread(_replay, name, loaded, self._limits), hold)
        if evictions != self._evictions:
            raise StoreError("this relay has just given up its rooms; try again")
        if before:
            self._metrics.takeovers.inc()
            event(self._log, logging.WARNING, "taken over", room=name, relay=before)
        if self.memory.is_full:
            self._close_all_unused()
        opened.weight = opened.room.memory
        self.memory.open_room(opened.weight)
        self._weight += opened.weight
        opened.room.log.most = self.memory.most
        self._served.add(opened)
        opened.room.log.snapshot_at_once = SNAPSHOT_AT_ONCE
        self._open[name] = opened
        return opened

    def _close_later(self, opened: OpenRoom) -> None:
        if not opened.users and opened.close_timer is None and self._open.get(opened.room.name) is opened:
            opened.close_timer = self._loop.call_later(KEEP_OPEN, self._close_unused, opened)

    def _close_unused(self, opened: OpenRoom) -> None:
        opened.close_timer = None
        checkpointing = opened.checkpointing is not None and not opened.checkpointing.done()
        if opened.room.queue.busy or opened.room.peers or checkpointing:
            self._close_later(opened)
        elif not opened.users and self._open.get(opened.room.name) is opened:
            del self._open[opened.room.name]
            del self._opening[opened.room.name]
            self._served.add(opened)
            release = self._loop.create_task(self._release(opened))
            self._releases.add(release)
            release.add_done_callback(self._releases.discard)

    async def _release(self, opened: OpenRoom) -> None:
        try:
            await self._thread.ask(self._store.release, opened.hold)
        except StoreError as error:
            event(self._log, logging.WARNING, "not released", room=opened.room.name, reason=error)

    def _lose(self, opened: OpenRoom, why: str) -> None:
        """Send the peers of a room on that is held elsewhere, and use what is in memory of it no more."""
        if opened.is_lost:
            return
        name = opened.room.name
        self._metrics.lost.inc()
        event(self._log, logging.ERROR, "lost", room=name, reason=why, peers=len(opened.subscribers))
        self._send_on(opened)

    def _send_on(self, opened: OpenRoom) -> None:
        opened.is_lost = True
        name = opened.room.name
        if self._open.get(name) is opened:
            del self._open[name]
            self._opening.pop(name, None)
            self._served.add(opened)
        for timer in (opened.close_timer, opened.queue_timer):
            if timer is not None:
                timer.cancel()
        opened.room.abandon(MOVED)
        self._notify(opened)

    def lose(self, name: str, why: str) -> None:
        """Send the peers of a room on, if it is open here."""
        if (opened := self._open.get(name)) is not None:
            self._lose(opened, why)

    def lose_all(self, why: str) -> None:
        """Send the peers of all rooms on, and use nothing of what is in memory any more."""
        self._evictions += 1
        for opened in list(self._open.values()):
            self._lose(opened, why)

    def smallest(self) -> OpenRoom | None:
        """Return the room with the fewest people; None when none is open."""
        return min(self._open.values(), key=lambda opened: len(opened.subscribers), default=None)

    async def hand_over(self, opened: OpenRoom) -> None:
        """Give up a room so that another relay can claim it at once, and send its peers on.

        What they send from now on stays theirs. What is under way gets its verdict first, unless the store keeps that
        waiting: then nobody is told of it here, and the next holder finds out. Who joins meanwhile waits.
        """
        name = opened.room.name
        async with self._end(name):
            if opened.is_lost or self._open.get(name) is not opened:
                return
            begun = self._loop.time()
            opened.room.queue.take_no_more()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE):
                    await self._committer.settle(opened)
            await self._release(opened)
            if not opened.is_lost:
                self._metrics.handed_over.inc()
                seconds, peers = round(self._loop.time() - begun, 3), len(opened.subscribers)
                event(self._log, logging.INFO, "handed over", room=name, peers=peers, seconds=seconds)
                self._send_on(opened)

    async def close(self) -> None:
        """Commit and notify nothing more. The store stays open."""
        await self._committer.close()
        for opened in self._open.values():
            for timer in (opened.close_timer, opened.notify_timer, opened.queue_timer):
                if timer is not None:
                    timer.cancel()
        tasks = [
            task
            for room in self._open.values()
            for task in (room.checkpointing, room.drawing)
            if task is not None
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._releases, return_exceptions=True)

    # --- what is asked of the store -----------------------------------------------------------------------

    async def find(self, opened: OpenRoom, join: Join) -> ResumeFacts:
        """Return what the store knows of a client that resumes, beyond what the room has in memory."""
        if not opened.room.needs_store_lookup(join):
            return ResumeFacts()
        return await self._thread.ask(self._store.find, opened.room.name, join.client, join.seq)

    async def lock(self, opened: OpenRoom, request: Lock, asker: Peer) -> None:
        """Lock or unlock a room, durably, as a request of `asker`; raises `RemoteError`. Pens last as long as the room
        is open and locked."""
        pens = opened.room.authors_of(request.pens)
        await self._thread.ask(self._store.lock, opened.hold, request.locked)
        opened.room.lock(request.locked, asker, request.id, pens=pens)
        self.touch(opened)

    async def read(self, opened: OpenRoom, first: int, last: int) -> tuple[LogRange, bytes]:
        """Return a range of a room's log, and its encoding."""
        async with self._one_read:
            past = await self._thread.ask(self._store.read, opened.room.name, first, last)
            stream = await asyncio.to_thread(encode_history, past)
        self.memory.read(len(stream))
        return past, stream

    async def delete(self, name: str) -> None:
        """Delete a room and end its connections. Raises `StoreError`."""
        async with self._end(name):
            task = self._opening.get(name)
            if task is not None:
                await asyncio.gather(asyncio.shield(task), return_exceptions=True)
            if (opened := self._open.get(name)) is not None:
                opened.room.close()
                self.touch(opened)
                await self._committer.settle(opened)
                if opened.checkpointing is not None:
                    await opened.checkpointing  # Or it would be in a later room of this name.
            await self._thread.ask(self._store.delete, name)
            self._opening.pop(name, None)
            if (opened := self._open.pop(name, None)) is not None:
                self._served.add(opened)
        event(self._log, logging.WARNING, "deleted", room=name)

    async def restore(self, name: str, past: LogRange) -> None:
        """Make a new room of an exported one. Raises `StoreError`."""
        await self._thread.ask(self._store.restore, name, secrets.token_hex(8), past)

    # --- serving ------------------------------------------------------------------------------------------

    def touch(self, opened: OpenRoom) -> None:
        """Serve a room that has changed at the end of this pass of the event loop."""
        if opened.notify_timer is not None and not (opened.room.queue.has_work or opened.verdicts):
            return  # Its subscribers are notified with the next beat, and nothing else is to be done.
        if not self._touched:
            self._loop.call_soon(self._serve_touched)
        self._touched.add(opened)

    def serve(self, opened: OpenRoom) -> None:
        """Like `touch`, but serve the room immediately when the relay is idle. For callers outside the room's own
        callbacks. Under load, other input of this pass is served together with it."""
        idle = opened.notify_timer is None and not self._touched and self.pacer.rate(self._loop.time()) <= QUIET
        if idle:
            self._serve(opened)
        else:
            self.touch(opened)

    async def settle(self, timeout: float) -> None:
        """Wait until no operation waits for its verdict, at most `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                for opened in list(self._open.values()):
                    await self._committer.settle(opened)
        except TimeoutError:
            event(self._log, logging.ERROR, "stopping with operations that the store has not taken")

    def goodbye(self, reason: str, retry: float) -> None:
        """Say in all rooms that the relay is stopping, and in how many seconds to try again."""
        for opened in self._open.values():
            opened.room.goodbye(reason, retry)

    def _serve_touched(self) -> None:
        touched, self._touched = self._touched, set()
        for opened in touched:
            self._serve(opened)

    def _serve(self, opened: OpenRoom) -> None:
        for notice in opened.room.queue.take_notices():
            self._metrics.refusals.labels(notice.code).inc()
            peer_event(
                self._log,
                logging.INFO,
                "refused",
                opened,
                notice.peer,
                op=notice.op,
                code=notice.code,
                reason=notice.reason,
            )
        if opened.verdicts:
            # Before more is worked out: a second may bring very much.
            self._weigh_room(opened)
            opened.room.log.most = self.memory.most
        if opened.room.queue.busy:
            self._committer.add(opened)
        now = self._loop.time()
        wait = self.pacer.wait(opened.last_notified, now, verdicts=opened.verdicts)
        if not wait:
            self._notify(opened)
        elif opened.notify_timer is None:
            opened.notify_timer = self._loop.call_at(now + wait, self._notify, opened)

    def _notify(self, opened: OpenRoom) -> None:
        self._served.add(opened)
        if opened.notify_timer is not None:
            opened.notify_timer.cancel()
        opened.notify_timer, opened.verdicts = None, False
        frames = 0
        for subscriber in list(opened.subscribers):
            frames += subscriber.notify()
        opened.last_notified = self._loop.time()
        self.pacer.count(frames, opened.last_notified)
        self.draw(opened)

    def draw(self, opened: OpenRoom) -> None:
        """Make a snapshot of a room in a thread, when a peer waits for one."""
        if opened.room.log.is_snapshot_wanted and (opened.drawing is None or opened.drawing.done()):
            opened.drawing = asyncio.create_task(self._draw(opened))

    async def _draw(self, opened: OpenRoom) -> None:
        log = opened.room.log
        snapshot, entries = opened.room.delivery.begin_snapshot()
        log.keep_snapshot(snapshot, entries, await asyncio.to_thread(compress, entries))
        self.touch(opened)


def _replay(name: str, loaded: LoadedRoom, limits: Limits) -> Room:
    try:
        return Room(name, loaded, lambda: secrets.token_hex(16), lambda: _marks.getrandbits(53), limits)
    except Exception as error:
        for row in loaded.rows:
            try:
                msgspec.json.decode(row.body, type=Commit)
            except (msgspec.MsgspecError, UnicodeError, RecursionError) as unreadable:
                raise StoreError(
                    f"entry {row.seq} of room {name!r} cannot be read ({unreadable}); "
                    "restore the relay's database from a backup"
                ) from None
        raise StoreError(
            f"the log of room {name!r} cannot be replayed ({error}); restore the relay's database from a backup"
        ) from error
