"""A relay of several workers, from its start until it is stopped: this process is the front."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence

from ..limits import Limits
from .front import Front
from .worker import Worker


class NotStartedError(Exception):
    """A worker could not start, and has said why; `code` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class WorkingRelay:
    """A front at `host`:`port` with so many workers, each of which runs with the options `argv` and more. With
    `encrypted` the front cannot see which room a connection wants. `secret` is what all of them share."""

    def __init__(
        self,
        argv: Sequence[str],
        count: int,
        *,
        host: str,
        port: int,
        limits: Limits,
        encrypted: bool,
        secret: str,
        log: logging.Logger,
    ) -> None:
        self.finished = asyncio.Event()
        self._argv = argv
        self._secret = secret
        self._log = log
        self._workers: list[Worker] = []
        self._front = Front(host, port, self._workers, limits, log, readable=not encrypted)
        self._count = count

    @property
    def port(self) -> int:
        """The port that people connect to."""
        return self._front.port

    async def start(self) -> None:
        """Listen, once all workers can be reached. Raises OSError when the port is taken, `NotStartedError`."""
        await self._front.bind()
        for number in range(self._count):
            self._workers.append(Worker(number, self._command, self._secret.encode(), self._log))
        for worker in self._workers:
            started = asyncio.create_task(worker.started.wait())
            await asyncio.wait([started, worker.ended], return_when=asyncio.FIRST_COMPLETED)
            started.cancel()
            if not worker.started.is_set():
                await self.stop()
                raise NotStartedError(worker.code if worker.code is not None else 2)
        self._front.listen()

    async def stop(self) -> None:
        """Accept no more, and end all workers, each of which says goodbye to its people."""
        self._front.close()
        await asyncio.gather(*(worker.stop() for worker in self._workers))

    def _command(self, number: int, descriptor: int) -> Sequence[str]:
        own = ("--port", str(self.port), "--worker", str(number), "--handed", str(descriptor))
        return (sys.executable, "-m", "relay", *self._argv, *own)
