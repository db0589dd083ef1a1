"""Makes the operations of all rooms durable, in groups: one write of the store for all that came during the last one.

What operations come to is worked out at once where that is cheap, and else in a thread, so that nobody waits for it.
A write whose outcome is unknown is made again until it is known, and so is that of a room which another session has
locked in the store; until then these rooms have no verdict to tell, and the others go on. Checkpoints are stored beside
the commits, one room after the other, so that nobody waits for them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from ..observability.event_log import event, fault
from ..observability.metrics import Metrics
from ..protocol import RemoteError
from ..records import BUSY, HELD_ELSEWHERE, Batch, Checkpoint, NotHeldError, StoreError, UnknownOutcomeError
from ..room.compact import EncodedEntries, compress
from ..store.worker import StoreThread
from .open_room import OpenRoom

MOST_NAMED = 5
"""Rooms that a line of the log names."""
ASK_AGAIN, ASK_RARELY = 0.01, 2.0
"""Seconds until a write is made again: at first, and at most, each time twice as long."""
LONG = 0.1
"""Seconds from which on such a wait is worth a word."""
WAITING = "the relay cannot save at the moment; what you draw is kept here, and saved as soon as it can"
AT_ONCE = 5e-3
"""Seconds of work up to which the event loop itself works out what operations come to."""


Group = list[tuple[OpenRoom, Batch]]


class Committer:
    """The group commits of one relay, dated by `clock`. `touch` is called with each room that has verdicts for its
    peers, and `lose` with each that turns out to be held elsewhere, and why."""

    def __init__(
        self,
        thread: StoreThread,
        log: logging.Logger,
        metrics: Metrics,
        *,
        clock: Callable[[], float],
        touch: Callable[[OpenRoom], None],
        lose: Callable[[OpenRoom, str], None],
    ) -> None:
        self._thread = thread
        self._store = thread.store
        self._log = log
        self._metrics = metrics
        self._clock = clock
        self._touch = touch
        self._lose = lose
        self._loop = asyncio.get_running_loop()
        self._due: set[OpenRoom] = set()
        self._resolved: Group = []
        self._waiting: Group = []
        """What is to be appended again."""
        self._reason = ""
        """Why, as was logged last."""
        self._asking: asyncio.Task[None] | None = None
        self._resolving: set[asyncio.Task[None]] = set()
        # One for all rooms: more would only take time from the loop.
        self._resolver = ThreadPoolExecutor(1, "resolver")
        self._work = asyncio.Event()
        self._settled = asyncio.Event()
        self._one_checkpoint = asyncio.Lock()
        self._task = asyncio.create_task(self._run())

    def add(self, opened: OpenRoom) -> None:
        """Commit what is queued in a room, with the next group."""
        self._due.add(opened)
        self._work.set()

    async def settle(self, opened: OpenRoom) -> None:
        """Wait until no operation of a room waits for its verdict."""
        while opened.room.queue.busy:
            self._settled.clear()
            self._touch(opened)
            await self._settled.wait()

    async def close(self) -> None:
        """Commit nothing more."""
        tasks = [self._task, *self._resolving, *([self._asking] if self._asking is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._resolver.shutdown(wait=False)

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            group = self.propose()
            if not group:
                continue
            try:
                missed = await self._append(group)
            except UnknownOutcomeError as error:
                self._metrics.unknown.inc()
                self._reason = str(error)
                event(
                    self._log, logging.ERROR, "outcome of a commit unknown", rooms=_rooms(group), reason=error
                )
                self._waiting += group
            except Exception as error:
                self._fail(group, error)
            else:
                self._waiting += self._tell(group, missed)
            if self._waiting and self._asking is None:
                self._asking = asyncio.create_task(self._ask_again())

    def _fail(self, group: Group, error: Exception) -> None:
        """Tell a group of which the store has nothing."""
        self._metrics.failures.inc()
        reason = str(error)
        if isinstance(error, StoreError):
            event(self._log, logging.ERROR, "commit failed", rooms=_rooms(group), reason=error)
        else:
            fault(self._log, "commit failed")
            reason = "the relay's store failed; its log says how"
        for opened, _ in group:
            if not opened.is_lost:
                opened.room.queue.failed(reason)
                opened.verdicts = True
                self._touch(opened)
        self._settled.set()

    def _tell(self, group: Group, missed: Mapping[str, str]) -> Group:
        """Tell a group that is durable, but for the rooms that were `missed`; returns what is to be appended again."""
        # What was lost meanwhile has nobody left to tell.
        group = [(opened, batch) for opened, batch in group if not opened.is_lost]
        kept = [(opened, batch) for opened, batch in group if batch.room not in missed]
        for opened, _ in kept:
            opened.room.queue.committed()
            opened.verdicts = True
            self._touch(opened)
        self._metrics.operations.inc(sum(len(batch.rows) for _, batch in kept))
        for opened, batch in group if missed else ():
            if missed.get(batch.room, BUSY) != BUSY:
                self._lose(opened, missed[batch.room])
        self._settled.set()
        for opened, _ in kept:
            idle = opened.checkpointing is None or opened.checkpointing.done()
            if idle and (due := opened.room.checkpoint()) is not None:
                opened.checkpointing = asyncio.create_task(self._checkpoint(opened, *due))
        return [(opened, batch) for opened, batch in group if missed.get(batch.room) == BUSY] if missed else []

    async def _ask_again(self) -> None:
        """Append again what may or may not be there, or was locked, until the store says which. Its rooms wait for
        that."""
        wait = ASK_AGAIN
        warned: set[str] = set()
        while self._waiting:
            await asyncio.sleep(wait)
            group = list(self._waiting)
            try:
                missed = await self._append(group)
            except (
                Exception
            ) as error:  # Also one that says that nothing is there: the first time may have been another.
                reason, waiting = str(error), group
            else:
                reason, waiting = BUSY, self._tell(group, missed)
                self._waiting[: len(group)] = waiting
                if len(waiting) < len(group):
                    wait = ASK_AGAIN
                if self._reason and not self._waiting:
                    self._reason = ""
                    event(self._log, logging.WARNING, "outcome of a commit known", rooms=_rooms(group))
            if waiting:
                wait = min(2 * wait, ASK_RARELY)
                if wait > LONG:
                    self._tell_waiting(waiting, warned)
                    if reason != self._reason:
                        self._reason = reason
                        event(self._log, logging.ERROR, "commits wait", rooms=_rooms(waiting), reason=reason)
        self._asking = None

    def _tell_waiting(self, group: Group, warned: set[str]) -> None:
        """Tell whose operations wait that they do, and that nothing of it is lost; each peer once, by their ids."""
        for opened, _ in group:
            for peer in () if opened.is_lost else opened.room.peers.values():
                if peer.unsettled and peer.id not in warned:
                    warned.add(peer.id)
                    opened.room.send_error(peer, RemoteError("store", WAITING))
                    self._touch(opened)

    def propose(self) -> Group:
        """Return the next group: a batch for each room that has operations queued."""
        due, self._due = self._due, set()
        group, self._resolved = self._resolved, []
        for opened in due:
            queue = opened.room.queue
            cost = queue.begin(self._loop.time())
            if wait := queue.wait(self._loop.time()):
                self._add_later(opened, wait)
            if cost > AT_ONCE:
                task = asyncio.create_task(self._resolve_aside(opened))
                self._resolving.add(task)
                task.add_done_callback(self._resolving.discard)
            elif not queue.busy:
                self._settled.set()  # What was left behind was dropped.
            elif cost and (batch := self._resolve(opened)) is not None:
                group.append((opened, batch))
        return group

    def _add_later(self, opened: OpenRoom, wait: float) -> None:
        if opened.queue_timer is not None:
            opened.queue_timer.cancel()
        opened.queue_timer = self._loop.call_later(wait, self.add, opened)

    def _resolve(self, opened: OpenRoom) -> Batch | None:
        try:
            return opened.room.queue.resolve(self._clock())
        except Exception:
            self._give_up(opened)
            return None

    async def _resolve_aside(self, opened: OpenRoom) -> None:
        """Work out what the operations of a room come to in a thread, for the group after that."""
        self._metrics.aside.inc()
        try:
            batch = await self._loop.run_in_executor(self._resolver, opened.room.queue.resolve, self._clock())
        except Exception:
            self._give_up(opened)
        else:
            self._resolved.append((opened, batch))
            self._work.set()

    def _give_up(self, opened: OpenRoom) -> None:
        fault(self._log, "operations could not be resolved", room=opened.room.name)
        if not opened.is_lost:
            opened.room.queue.failed("the relay could not work this operation out")
        self._settled.set()
        self._touch(opened)

    async def _append(self, group: Group) -> Mapping[str, str]:
        """Make a group durable; returns the rooms of which nothing was written, as `Store.append` does."""
        begun = time.perf_counter()
        writes = [(opened.hold, batch) for opened, batch in group]
        missed = await self._thread.append(writes)
        self._metrics.commits.observe(time.perf_counter() - begun)
        return missed

    async def _checkpoint(self, opened: OpenRoom, point: Checkpoint, entries: EncodedEntries) -> None:
        """Store a checkpoint, and trim the room's log as the limits say."""
        room = opened.room
        async with self._one_checkpoint:
            try:
                point = point._replace(body=await asyncio.to_thread(compress, entries, 1))
                await self._thread.ask(self._store.checkpoint, opened.hold, point)
                oldest = await self._thread.ask(self._store.trim, opened.hold, room.trim())
            except NotHeldError:
                self._lose(opened, HELD_ELSEWHERE)
                return
            except StoreError as error:
                event(
                    self._log, logging.ERROR, "checkpoint failed", room=room.name, seq=point.seq, reason=error
                )
                return
            except Exception:
                fault(self._log, "checkpoint failed", room=room.name)
                return
        trimmed = oldest if oldest != room.oldest else None
        room.oldest = oldest
        event(
            self._log,
            logging.INFO,
            "checkpoint",
            room=room.name,
            seq=point.seq,
            elements=point.entries,
            bytes=len(point.body),
            oldest=trimmed,
        )


def _rooms(group: Group) -> str:
    """Return the names of a group's rooms, for the log: a few, and how many more."""
    names = sorted({batch.room for _, batch in group})
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
