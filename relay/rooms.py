"""The rooms a relay has open: each loaded once, their operations committed in groups.

Whoever changes a room touches it. At the end of that pass of the event loop every touched room's bells ring, so
that its writers look what is new, and what it has queued goes to the store with what the other rooms have:
one durable write for all that came while the last one was under way.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec

from .log import Batch, Loaded, Store, StoreError
from .protocol import Commit
from .room import Room


@dataclass(eq=False, slots=True)
class OpenRoom:
    """A room in memory, and the bells that ring when there may be something new in it."""

    room: Room
    bells: set[asyncio.Event] = field(default_factory=set)


class Rooms:
    """The open rooms of one relay over `store`, which only this object's worker thread calls from now on."""

    def __init__(self, store: Store, log: logging.Logger) -> None:
        self._store = store
        self._log = log
        self._opening: dict[str, asyncio.Task[OpenRoom]] = {}
        self._open: list[OpenRoom] = []
        self._touched: set[OpenRoom] = set()
        self._due: set[OpenRoom] = set()
        self._work = asyncio.Event()
        self._settled = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="relay-store")
        self._committer = asyncio.create_task(self._commit_forever())

    async def get(self, name: str) -> OpenRoom:
        """The room `name`, loaded if it is not open; raises `StoreError`, and the next call tries again."""
        task = self._opening.get(name)
        if task is None:
            task = self._opening[name] = asyncio.create_task(self._load(name))
        try:
            return await asyncio.shield(task)
        except StoreError:
            if self._opening.get(name) is task:
                del self._opening[name]
            raise

    def touch(self, opened: OpenRoom) -> None:
        """Something happened in the room: its log and its peers are served at the end of this pass."""
        if not self._touched:
            asyncio.get_running_loop().call_soon(self._ring)
        self._touched.add(opened)

    async def settle(self, timeout: float) -> None:
        """Wait until no operation waits for its verdict, at most `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while busy := [opened for opened in self._open if opened.room.busy]:
                    self._settled.clear()
                    for opened in busy:
                        self.touch(opened)
                    await self._settled.wait()
        except TimeoutError:
            self._log.error("stopping with operations that the store has not taken; their senders keep them")

    async def close(self) -> None:
        """Commit nothing more and close the store."""
        self._committer.cancel()
        await asyncio.gather(self._committer, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(self._disk, self._store.close)
        self._disk.shutdown()

    def _ring(self) -> None:
        touched, self._touched = self._touched, set()
        for opened in touched:
            for notice in opened.room.take_notices():
                self._log.info("%s", notice)
            if opened.room.busy:
                self._due.add(opened)
                self._work.set()
            for bell in opened.bells:
                bell.set()

    async def _load(self, name: str) -> OpenRoom:
        loop = asyncio.get_running_loop()
        loaded = await loop.run_in_executor(self._disk, self._store.load, name, secrets.token_hex(8))
        # A large log takes a while to replay; the other rooms' loop and disk go on meanwhile.
        opened = OpenRoom(await asyncio.to_thread(_replay, name, loaded))
        self._open.append(opened)
        return opened

    async def _commit_forever(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            group = self._propose()
            if not group:
                continue
            batches = [batch for _, batch in group]
            reason = ""
            try:
                await asyncio.get_running_loop().run_in_executor(self._disk, self._store.append, batches)
            except StoreError as error:
                reason = str(error)
                self._log.error("commit failed reason=%r", reason)
            except Exception:
                reason = "the relay's store failed; its log says how"
                self._log.exception("commit failed")
            for opened, _ in group:
                if reason:
                    opened.room.failed(reason)
                else:
                    opened.room.committed()
                self.touch(opened)
            self._settled.set()

    def _propose(self) -> list[tuple[OpenRoom, Batch]]:
        now = time.time()
        due, self._due = self._due, set()
        group: list[tuple[OpenRoom, Batch]] = []
        for opened in due:
            try:
                batch = opened.room.propose(now)
            except Exception:
                self._log.exception("room=%r could not resolve its operations", opened.room.name)
                opened.room.failed("the relay could not work this operation out")
                self.touch(opened)
                continue
            if batch is not None:
                group.append((opened, batch))
        return group


def _replay(name: str, loaded: Loaded) -> Room:
    try:
        return Room(name, loaded, lambda: secrets.token_hex(16), lambda: secrets.randbits(53))
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
