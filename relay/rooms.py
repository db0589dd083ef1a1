"""The rooms a relay has open: each loaded once, their operations committed in groups.

Whoever changes a room touches it. At the end of that pass of the event loop what every touched room has queued goes
to the store with what the other rooms have: one durable write for all that came while the last one was under way.
And its bells ring, so that its peers are told what is new; `pulse` says whether now or with its next beat.
A room that is empty for a while is let go.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

import msgspec

from .limits import Limits
from .log import Batch, Checkpoint, Found, Loaded, Past, Store, StoreError
from .logs import event
from .metrics import Metrics
from .packed import Kept, compressed
from .protocol import Bad, Commit, Join
from .pulse import QUIET, Pulse
from .room import Room, encode_past

KEEP_OPEN = 60.0
"""Seconds for which an empty room stays in memory."""

_marks = random.Random()
"""Marks may be guessed, but no two relays may give the same ones; the system's numbers cost a call each."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(eq=False, slots=True)
class OpenRoom:
    """A room in memory, how many have it in use, and the bells that ring when there may be something new in it.
    They rang at `rung`, and `ringing` is when they will. `verdicts`: operations of it have just become durable.
    `keeping` keeps a checkpoint of it."""

    room: Room
    users: int = 0
    bells: set[Callable[[], int]] = field(default_factory=set)
    leaving: asyncio.TimerHandle | None = None
    rung: float = 0.0
    ringing: asyncio.TimerHandle | None = None
    verdicts: bool = False
    keeping: asyncio.Task[None] | None = None


class Rooms:
    """The open rooms of one relay over `store`, which only this object's worker thread calls from now on."""

    def __init__(self, store: Store, log: logging.Logger, limits: Limits, metrics: Metrics) -> None:
        self._store = store
        self._log = log
        self._limits = limits
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._pulse = Pulse()
        self._names: set[str] | None = None
        self._opening: dict[str, asyncio.Task[OpenRoom]] = {}
        self._open: dict[str, OpenRoom] = {}
        self._closing: dict[str, asyncio.Event] = {}
        self._touched: set[OpenRoom] = set()
        self._due: set[OpenRoom] = set()
        self._work = asyncio.Event()
        self._settled = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="relay-store")
        self._keeping = asyncio.Lock()
        self._committer = asyncio.create_task(self._commit_forever())

    def __len__(self) -> int:
        return len(self._open)

    @property
    def queued(self) -> int:
        """Operations that wait for their verdict."""
        return sum(opened.room.waiting for opened in self._open.values())

    async def ask(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """What `work`, a method of the store, answers, called on the store's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._disk, lambda: work(*arguments, **named))

    # --- opening and closing ------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def visit(self, name: str) -> AsyncIterator[OpenRoom]:
        """The room `name`, made and loaded if need be, and open as long as somebody is in this context. Raises
        `StoreError`, and the next call tries again; `Bad` when there may be no further room."""
        opened = await self._get(name)
        opened.users += 1
        if opened.leaving is not None:
            opened.leaving.cancel()
            opened.leaving = None
        try:
            yield opened
        finally:
            opened.users -= 1
            self._let_go_later(opened)

    async def _get(self, name: str) -> OpenRoom:
        while (closing := self._closing.get(name)) is not None:
            await closing.wait()
        task = self._opening.get(name)
        if task is None:
            task = self._opening[name] = asyncio.create_task(self._load(name))
        try:
            return await asyncio.shield(task)
        except (StoreError, Bad):
            if self._opening.get(name) is task:
                del self._opening[name]
            raise

    async def _load(self, name: str) -> OpenRoom:
        if self._names is None:
            self._names = set(await self.ask(self._store.names))
        if name not in self._names:
            if len(self._names) >= self._limits.max_rooms:
                raise Bad(
                    "too-many-rooms", f"this relay has its {self._limits.max_rooms} rooms; use one of them"
                )
            self._names.add(name)
        try:
            loaded = await self.ask(self._store.load, name, secrets.token_hex(8))
        except StoreError:
            self._names = None
            raise
        # A large log takes a while to replay; the other rooms' loop and disk go on meanwhile.
        opened = OpenRoom(await asyncio.to_thread(_replay, name, loaded, self._limits))
        self._open[name] = opened
        return opened

    def _let_go_later(self, opened: OpenRoom) -> None:
        if not opened.users and opened.leaving is None and self._open.get(opened.room.name) is opened:
            opened.leaving = asyncio.get_running_loop().call_later(KEEP_OPEN, self._let_go, opened)

    def _let_go(self, opened: OpenRoom) -> None:
        opened.leaving = None
        keeping = opened.keeping is not None and not opened.keeping.done()
        if opened.room.busy or opened.room.peers or keeping:
            self._let_go_later(opened)
        elif not opened.users and self._open.get(opened.room.name) is opened:
            del self._open[opened.room.name]
            del self._opening[opened.room.name]

    async def find(self, opened: OpenRoom, join: Join) -> Found:
        """What the store knows of somebody who resumes, beyond what the room has in memory."""
        return await self.ask(self._store.find, opened.room.name, join.client, join.seq)

    async def lock(self, opened: OpenRoom, locked: bool) -> None:
        """Lock or unlock a room, durably."""
        await self.ask(self._store.lock, opened.room.name, locked)
        opened.room.lock(locked)
        self.touch(opened)

    async def read(self, opened: OpenRoom, first: int, last: int) -> tuple[Past, bytes]:
        """A stretch of a room's past, and its encoding."""
        past = await self.ask(self._store.read, opened.room.name, first, last)
        return past, await asyncio.to_thread(encode_past, past)

    async def delete(self, name: str) -> None:
        """Delete a room, whoever is in it."""
        while (closing := self._closing.get(name)) is not None:
            await closing.wait()
        done = self._closing[name] = asyncio.Event()
        try:
            task = self._opening.get(name)
            if task is not None:
                await asyncio.gather(asyncio.shield(task), return_exceptions=True)
            if (opened := self._open.get(name)) is not None:
                opened.room.close()
                self.touch(opened)
                await self._settle_room(opened)
                if opened.keeping is not None:
                    await opened.keeping  # Or it would be in a later room of this name.
            await self.ask(self._store.delete, name)
            self._opening.pop(name, None)
            self._open.pop(name, None)
            if self._names is not None:
                self._names.discard(name)
        finally:
            del self._closing[name]
            done.set()

    async def _settle_room(self, opened: OpenRoom) -> None:
        while opened.room.busy:
            self._settled.clear()
            self.touch(opened)
            await self._settled.wait()

    def forget_names(self) -> None:
        """The store has a room that did not come about here."""
        self._names = None

    # --- working ------------------------------------------------------------------------------------------

    def touch(self, opened: OpenRoom) -> None:
        """Something happened in the room: at the end of this pass its log is served, and its peers soon."""
        if opened.ringing is not None and not (opened.room.wants or opened.verdicts):
            return  # They will be told with the next beat, and nothing else is to be done.
        if not self._touched:
            self._loop.call_soon(self._serve)
        self._touched.add(opened)

    async def settle(self, timeout: float) -> None:
        """Wait until no operation waits for its verdict, at most `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                for opened in list(self._open.values()):
                    await self._settle_room(opened)
        except TimeoutError:
            event(self._log, logging.ERROR, "stopping with operations that the store has not taken")

    async def close(self) -> None:
        """Commit nothing more and close the store."""
        self._committer.cancel()
        for opened in self._open.values():
            for timer in (opened.leaving, opened.ringing):
                if timer is not None:
                    timer.cancel()
        keeping = [opened.keeping for opened in self._open.values() if opened.keeping is not None]
        for task in keeping:
            task.cancel()
        await asyncio.gather(self._committer, *keeping, return_exceptions=True)
        await self.ask(self._store.close)
        self._disk.shutdown()

    def serve(self, opened: OpenRoom) -> None:
        """The same as `touch`, but at once while the relay is quiet; for who is not called by a room. A busy one waits
        for what else has come in this pass."""
        quiet = opened.ringing is None and not self._touched and self._pulse.rate(self._loop.time()) <= QUIET
        if quiet:
            self._serve_room(opened)
        else:
            self.touch(opened)

    def _serve(self) -> None:
        touched, self._touched = self._touched, set()
        for opened in touched:
            self._serve_room(opened)

    def _serve_room(self, opened: OpenRoom) -> None:
        for notice in opened.room.take_notices():
            self._metrics.refusals.labels(notice.code).inc()
            event(
                self._log,
                logging.INFO,
                "refused",
                room=opened.room.name,
                peer=notice.peer.id,
                name=notice.peer.name,
                op=notice.op,
                code=notice.code,
                reason=notice.reason,
            )
        if opened.room.busy:
            self._due.add(opened)
            self._work.set()
        now = self._loop.time()
        wait = self._pulse.wait(opened.rung, now, verdicts=opened.verdicts)
        if not wait:
            self._ring(opened)
        elif opened.ringing is None:
            opened.ringing = self._loop.call_at(now + wait, self._ring, opened)

    def _ring(self, opened: OpenRoom) -> None:
        if opened.ringing is not None:
            opened.ringing.cancel()
        opened.ringing, opened.verdicts = None, False
        frames = 0
        for bell in list(opened.bells):
            frames += bell()
        opened.rung = self._loop.time()
        self._pulse.count(frames, opened.rung)

    async def _commit_forever(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            group = self._propose()
            if not group:
                continue
            batches = [batch for _, batch in group]
            reason = ""
            begun = time.perf_counter()
            try:
                await self.ask(self._store.append, batches)
            except StoreError as error:
                reason = str(error)
                event(self._log, logging.ERROR, "commit failed", reason=reason)
            except Exception:
                reason = "the relay's store failed; its log says how"
                self._log.exception("commit failed")
            if reason:
                self._metrics.failures.inc()
            else:
                self._metrics.commits.observe(time.perf_counter() - begun)
                self._metrics.operations.inc(sum(len(batch.rows) for batch in batches))
            for opened, _ in group:
                if reason:
                    opened.room.failed(reason)
                else:
                    opened.room.committed()
                opened.verdicts = True
                self.touch(opened)
            self._settled.set()
            for opened, _ in group:
                idle = opened.keeping is None or opened.keeping.done()
                if idle and (due := opened.room.checkpoint()) is not None:
                    opened.keeping = asyncio.create_task(self._keep(opened, *due))

    async def _keep(self, opened: OpenRoom, point: Checkpoint, entries: Kept) -> None:
        """Keep a checkpoint, and forget what the limits say: beside the commits, and one room after the other."""
        room = opened.room
        async with self._keeping:
            try:
                point = point._replace(body=await asyncio.to_thread(compressed, entries, 1))
                await self.ask(self._store.checkpoint, room.name, point)
                oldest = await self.ask(self._store.trim, room.name, room.trim())
            except StoreError as error:
                event(
                    self._log, logging.ERROR, "checkpoint failed", room=room.name, seq=point.seq, reason=error
                )
                return
            except Exception:
                self._log.exception("a checkpoint of a room failed: %r", room.name)
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

    def _propose(self) -> list[tuple[OpenRoom, Batch]]:
        now = time.time()
        due, self._due = self._due, set()
        group: list[tuple[OpenRoom, Batch]] = []
        for opened in due:
            try:
                batch = opened.room.propose(now)
            except Exception:
                self._log.exception("operations of a room could not be resolved: %r", opened.room.name)
                opened.room.failed("the relay could not work this operation out")
                self.touch(opened)
                continue
            if batch is not None:
                group.append((opened, batch))
        return group


def _replay(name: str, loaded: Loaded, limits: Limits) -> Room:
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
