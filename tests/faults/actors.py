"""Clients that draw without pause through crashes, and keep a journal of it.

An actor is a kernel's `Sync` on a socket. It keeps a few operations under way, and comes back as soon as the relay
does; now and then it comes back as somebody new, as a kernel that was restarted does.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Callable
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ipysketch.client.connection import frames
from ipysketch.client.sync import Sync
from ipysketch.model.document import Gap
from relay.protocol import (
    TERMINAL_CODES,
    Action,
    Clear,
    Commit,
    Create,
    Delete,
    Error,
    Goodbye,
    Patch,
    Refused,
    RemoteError,
    Revert,
    Snapshot,
    Welcome,
    decode_server,
    encode,
)

from .journal import Journal

ALIVE = 120
"""Elements that an actor lets live in its room, about."""


class Progress:
    """A count that others can wait for."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = asyncio.Event()

    def add(self, count: int) -> None:
        self.count += count
        self._changed.set()

    async def reach(self, count: int) -> None:
        while self.count < count:
            self._changed.clear()
            await self._changed.wait()


class Budget:
    """How many operations may yet be made, by all; `made` were."""

    def __init__(self) -> None:
        self.left = 0
        self.made = 0

    def take(self) -> bool:
        if not self.left:
            return False
        self.left -= 1
        self.made += 1
        return True


class Actor:
    """One client in `room` at `url`. `up` is set while a relay listens; `settled` counts everybody's verdicts."""

    def __init__(
        self,
        name: str,
        room: str,
        url: str,
        journals: Path,
        *,
        up: asyncio.Event,
        budget: Budget,
        settled: Progress,
        window: int = 16,
        seed: int = 0,
    ) -> None:
        self.name, self.room, self.url = name, room, url
        self.journal = Journal(journals, room, name)
        self.sync = Sync()
        self.drawing = True
        self.changed = asyncio.Event()
        self._up = up
        self._budget = budget
        self._settled = settled
        self.window = window
        self._random = random.Random(f"{seed} {room} {name}")
        self._keys = (f"{name}-{n}" for n in itertools.count(1))
        self._sent: set[tuple[str, int]] = set()
        self.shown: list[str] = []
        """Errors of which people would have been told."""
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None

    # --- coming and going ---------------------------------------------------------------------------------

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def leave(self) -> None:
        """Go away, and stay away until `start`."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def forget(self) -> None:
        """Be somebody new from the next connection on; what is pending comes along."""
        old, self.sync = self.sync, Sync()
        self.journal.write("left", old.client, list(old.pending))
        for actions in old.pending.values():
            kept = tuple(action for action in actions if not isinstance(action, Revert))
            if kept:
                self.sync.submit(kept)
        if self._socket is not None:
            self._socket.transport.abort()

    async def draw(self) -> None:
        """Draw what the budget now allows, if there is a relay to tell."""
        if self._socket is not None and self.sync.joined:
            self._draw(self.sync)
            with contextlib.suppress(ConnectionClosed):
                await self._send(self._socket, self.sync)

    async def until(self, condition: Callable[[Sync], bool]) -> None:
        """Wait until `condition` holds."""
        while not condition(self.sync):
            self.changed.clear()
            await self.changed.wait()

    async def caught_up(self, seq: int) -> None:
        """Wait until it has joined and its drawing is at `seq` or later."""
        await self.until(lambda sync: sync.joined and sync.document.seq >= seq)

    def finish(self) -> None:
        """Say in the journal where it ended."""
        document = self.sync.document
        self.journal.write("final", document.epoch, document.seq, document.digest())
        self.journal.close()

    async def _run(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        # An error while a connection closes takes the place of the cancellation that closed it.
        while not task.cancelling():
            await self._up.wait()
            try:
                async with connect(self.url, proxy=None, compression=None, close_timeout=0.1) as socket:
                    self._socket = socket
                    await self._talk(socket)
            except (OSError, ConnectionClosed, InvalidHandshake, EOFError, TimeoutError) as error:
                if isinstance(error, ConnectionClosed) and error.rcvd and error.rcvd.code in TERMINAL_CODES:
                    self.shown.append(str(error))
                # The relay has just died; when it is `up` again, this ends.
                await asyncio.sleep(0)
            except AttributeError:
                await asyncio.sleep(0)  # A transport that ended under `close` has no loop any more.
            except Gap as gap:
                self.journal.write("gap", str(gap))
                self.forget()
            finally:
                self._socket = None
                self.sync.joined = False

    async def _talk(self, socket: ClientConnection) -> None:
        sync = self.sync
        join = sync.join(self.room, name=self.name, color="#123456", secret=self.name, token="")
        await socket.send(encode([join]), text=True)
        async for frame in socket:
            if sync is not self.sync:
                return
            waiting = len(sync.pending)
            if isinstance(frame, bytes):
                waited = set(sync.pending)
                sync.chunk(frame)
                self._held(sync, waited)
            else:
                for message in decode_server(frame):
                    self._take(sync, message)
            self._settled.add(waiting - len(sync.pending))
            self._draw(sync)
            await self._send(socket, sync)
            self.changed.set()

    def _take(self, sync: Sync, message: object) -> None:
        match message:
            case Welcome():
                if message.reset:
                    self.journal.write("reset", message.epoch)
                sync.welcome(message)
            case Snapshot():
                waited = set(sync.pending)
                sync.snapshot(message)
                self._held(sync, waited)
            case Commit():
                epoch = sync.document.epoch
                self.journal.write("saw", epoch, message.seq, message.mark, message.client, message.op)
                sync.commit(message)
            case Refused():
                if message.final:
                    self.journal.write("refused", sync.client, message.op)
                sync.refused(message)
                if not message.final:
                    self.shown.append(f"{message.code}: {message.reason}")
                    sync.retry()
            case Error():
                self.shown.append(f"{message.code}: {message.reason}")
            case RemoteError() | Goodbye():
                pass

    def _held(self, sync: Sync, waited: set[int]) -> None:
        if sync.progress is None:  # Its last piece has come.
            document = sync.document
            self.journal.write("held", document.epoch, document.seq, document.mark, document.digest())
            if settled := sorted(waited - sync.pending.keys()):
                self.journal.write("settled", document.epoch, sync.client, settled)

    async def _send(self, socket: ClientConnection, sync: Sync) -> None:
        ready = sync.outgoing()
        for operation in ready:
            if (sync.client, operation.op) not in self._sent:
                self._sent.add((sync.client, operation.op))
                self.journal.write("attempt", sync.client, operation.op, operation.actions)
        for frame in frames(ready, sync.limits.usual):
            await socket.send(frame, text=True)

    # --- drawing ------------------------------------------------------------------------------------------

    def _draw(self, sync: Sync) -> None:
        while self.drawing and sync.joined and len(sync.pending) < self.window and self._budget.take():
            choice = self._random.random()
            if choice < 0.08:
                sync.undo()
            elif choice < 0.12:
                sync.redo()
            else:
                sync.submit(self._operation(list(sync.document.entries)))

    def _operation(self, alive: list[str]) -> list[Action]:
        pick = self._random
        if alive and pick.random() < 0.02:
            # Refused, all of it, unless the key dies before it comes.
            return [Create(next(self._keys), {"kind": "stroke"}), Create(pick.choice(alive), {"kind": "taken"})]
        choice = pick.random()
        if len(alive) > ALIVE and choice < 0.6:
            return [Delete(tuple(pick.sample(alive, 5)))]
        if not alive or choice < 0.7:
            return [
                Create(
                    next(self._keys), {"kind": "stroke", "points": [pick.randrange(9999) for _ in range(12)]}
                )
            ]
        if choice < 0.9:
            return [Patch(pick.choice(alive), {pick.choice("nm"): pick.randrange(99), "place": "front"})]
        if choice < 0.995:
            return [Delete((pick.choice(alive),)), Create(next(self._keys), {"kind": "cut"})]
        return [Clear()]
