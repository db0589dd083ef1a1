"""One worker as the front has it: a process that is started again whenever it ends, and the way to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Callable, Sequence

from ..observability.event_log import event
from ..server.accepting import Accepted
from ..server.handed import HANDED, READY

BRIEF = 5.0
"""Seconds within which a process that ends has not been of use: the next one waits a little before it is started."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds of that, at first and at most."""
MOST_WAITING = 1_024
"""Connections that wait for it at most, while it is started."""
STOP = 8.0
"""Seconds for a process to end by itself; it needs up to 5."""


class Worker:
    """The worker with this `number`. `command` returns the command of its process for the descriptor of its end of the
    way; `secret` is what it reads from its standard input."""

    def __init__(
        self, number: int, command: Callable[[int, int], Sequence[str]], secret: bytes, log: logging.Logger
    ) -> None:
        self.number = number
        self.started = asyncio.Event()
        """Set once it has taken connections."""
        self.is_ready = False
        self.code: int | None = None
        """The exit code of its first process, when that ended before it took connections."""
        self._command = command
        self._secret = secret
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._way: socket.socket | None = None
        self._waiting: deque[Accepted] = deque()
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self.ended = self._loop.create_task(self._keep())
        """Done once it is stopped, or could not be started."""

    # --- its process --------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Start it, and start it anew whenever it ends."""
        pause = FIRST_PAUSE
        while True:
            begun = self._loop.time()
            code = await self._run()
            if self._stopping:
                return
            if not self.started.is_set():
                self.code = code
                return
            event(self._log, logging.ERROR, "worker ended; starting it anew", worker=self.number, code=code)
            if self._loop.time() - begun > BRIEF:
                pause = FIRST_PAUSE
                continue
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _run(self) -> int:
        """Start its process and wait for the end of it; returns the exit code."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command(self.number, theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in a terminal is for the front, which stops all.
            )
        self._way = ours
        self._loop.add_reader(ours.fileno(), self._hear)
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(self._secret + b"\n")
            await process.stdin.drain()
            process.stdin.close()
        code = await process.wait()
        self._lose_way()
        return code

    def _hear(self) -> None:
        """Note that it takes connections, or does not any more."""
        assert self._way is not None
        try:
            said = self._way.recv(1)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            said = b""
        if said != READY:
            self._lose_way()
            return
        self.is_ready = True
        self.started.set()
        self._flush()

    def _lose_way(self) -> None:
        """Close the way to a process that has ended, and with it what it had not taken."""
        self.is_ready = False
        if self._way is not None:
            self._loop.remove_reader(self._way.fileno())
            self._loop.remove_writer(self._way.fileno())
            self._way.close()
            self._way = None

    async def stop(self) -> None:
        """End it, and have it not started any more."""
        self._stopping = True
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            _, late = await asyncio.wait([self.ended], timeout=STOP)
            if late:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        elif not self.ended.done():
            self.ended.cancel()  # It pauses.
        await asyncio.gather(self.ended, return_exceptions=True)
        for accepted in self._waiting:
            accepted.close()

    # --- connections --------------------------------------------------------------------------------------

    def take(self, accepted: Accepted) -> None:
        """Hand a connection over, as soon as it takes some."""
        self._waiting.append(accepted)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft().close()
        if self.is_ready:
            self._flush()

    def _flush(self) -> None:
        way = self._way
        while self._waiting and way is not None and self.is_ready:
            accepted = self._waiting[0]
            if accepted.fileno() >= 0:
                try:
                    socket.send_fds(way, [HANDED], [accepted.fileno()])
                except (BlockingIOError, InterruptedError):
                    self._loop.add_writer(way.fileno(), self._flush)
                    return
                except OSError:
                    self.is_ready = False  # It has ended, as is seen in a moment; the next process takes it.
                    return
            self._waiting.popleft()
            accepted.close()
        if way is not None and self._way is way:
            self._loop.remove_writer(way.fileno())
