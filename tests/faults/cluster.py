"""Several relays on one PostgreSQL server, with a balancer in front that goes to whatever answers, for the harnesses here.

Each relay reaches the server by a link of its own, which a test can stop: what is sent then arrives nowhere and nothing
ends, as in a network that is cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import psycopg

from relay.access.tokens import read_secret

from ..support.processes import ROOT, free_port
from ..support.waiting import DEADLINE, wait_until
from .crash import UNHURRIED

PIECE = 1 << 16


class Pipe:
    """A way for connections from a port of its own to what `where` returns at the time; None: nobody."""

    def __init__(self, where: Callable[[], int | None]) -> None:
        self.port = 0
        self._where = where
        self._flows = asyncio.Event()
        self._flows.set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._readers: dict[asyncio.StreamReader, asyncio.StreamWriter] = {}

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Carry nothing more, and end nothing."""
        self._flows.clear()

    def go_on(self) -> None:
        """Carry what waits, and what comes."""
        self._flows.set()

    async def carried(self) -> None:
        """Wait until all that has come is with who it is for, or in the buffers of their socket."""
        while any(_waiting(reader, writer) for reader, writer in self._readers.items()):
            await asyncio.sleep(0)

    async def drop(self) -> None:
        """End all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self.drop()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            far_reader, far_writer = await self._connect()
            with contextlib.closing(far_writer):
                ways = [
                    asyncio.create_task(self._carry(reader, far_writer)),
                    asyncio.create_task(self._carry(far_reader, writer)),
                ]
                self._readers.update({reader: writer, far_reader: far_writer})
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    del self._readers[reader], self._readers[far_reader]
                    for way in ways:
                        way.cancel()
                    await asyncio.gather(*ways, return_exceptions=True)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(8):
            await self._flows.wait()
            if (port := self._where()) is not None:
                with contextlib.suppress(OSError):
                    return await asyncio.open_connection("127.0.0.1", port)
        raise OSError("nobody is there")

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(PIECE):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()


def _waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Return whether something has come from the other end of `writer`, and was not carried on."""
    if writer.is_closing() or reader.at_eof():
        return False
    size = fcntl.ioctl(writer.get_extra_info("socket").fileno(), termios.FIONREAD, bytes(4))
    return bool(struct.unpack("i", size)[0]) or bool(vars(reader)["_buffer"])


class Fellow:
    """One of the relays, a process with the name `id`, altered as `altered.ALTERATIONS` names it, or as it is."""

    link: Pipe
    """Its way to the server."""

    def __init__(self, id: str, folder: Path, store: str, *options: str, alteration: str) -> None:
        self.id = id
        self.folder = folder
        self.inner = free_port()
        self.port = 0
        self._first_port = 0
        self.lines: list[str] = []
        self.starts = 0
        self._store = store
        self._options = options
        self._program = ("tests.faults.altered", alteration) if alteration else ("relay",)
        self.start()

    def start(self) -> None:
        """Start it, again after it has ended, at the same addresses."""
        self.port = 0
        self.starts += 1
        self.popen = subprocess.Popen(
            [
                *(sys.executable, "-m", *self._program),
                *("--store", self._store, "--relay-id", self.id),
                *("--port", str(self._first_port), "--advertise", f"ws://127.0.0.1:{self.inner}"),
                *("--cluster-secret-file", str(self.folder / "secret"), "--db", str(self.folder / self.id)),
                *UNHURRIED,
                *self._options,
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C in a terminal is for who started it.
        )
        assert self.popen.stderr is not None
        self._reader = threading.Thread(target=self._read, args=[self.popen.stderr], daemon=True)
        self._reader.start()

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self.lines.append(line)
                if found := re.search(r"listening on ws://127\.0\.0\.1:(\d+)", line):
                    self.port = self._first_port = int(found[1])

    @property
    def said(self) -> str:
        """Its log so far."""
        return "".join(self.lines)

    def ready(self) -> None:
        """Wait until it takes people in."""
        wait_until(lambda: self.port or self.popen.poll() is not None, f"{self.id} listens")
        assert self.port, self.said

    def says(self, words: str) -> None:
        """Wait until its log has these words."""
        wait_until(lambda: words in self.said, f"{self.id} says {words!r}; it said {self.said[-3000:]}")

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.popen.pid, number)
        if number == signal.SIGKILL:
            self.ended()

    def ended(self) -> int:
        """Wait for its end; returns the exit code."""
        code = self.popen.wait(DEADLINE)
        self._reader.join(DEADLINE)
        self.port = 0
        return code

    def close(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.ended()


class Cluster:
    """`fellows` on one server, and a `balancer` that takes them in turn."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        read_secret(folder / "secret")  # Made before all relays want it at once.
        self.fellows: list[Fellow] = []
        self.address = server
        self._turn = itertools.count()
        self.balancer = Pipe(self._next)
        self.out: set[str] = set()
        """Relays to which it does not go."""

    def _next(self) -> int | None:
        ports = [fellow.port for fellow in self.fellows if fellow.port and fellow.id not in self.out]
        return ports[next(self._turn) % len(ports)] if ports else None

    async def add(self, id: str, *options: str, alteration: str = "unaltered") -> Fellow:
        """Start one more."""
        where = urlsplit(self.address)
        link = Pipe(lambda: where.port)
        await link.open()
        store = self.address.replace(f":{where.port}/", f":{link.port}/")
        fellow = Fellow(id, self.folder, store, *options, alteration=alteration)
        fellow.link = link
        self.fellows.append(fellow)
        await asyncio.to_thread(fellow.ready)
        return fellow

    def holder(self, room: str) -> Fellow:
        """The relay that holds a room, once one does: while it goes from one to another, none may."""
        holder = wait_until(lambda: self._holder(room), f"a relay holds {room}")
        assert holder is not None
        return holder

    async def met(self, fellow: Fellow) -> None:
        """Wait until a relay knows of all that live now: the answer to its next beat names them, and is there when it
        beats once more."""
        for _ in range(2):
            await asyncio.to_thread(self._await_beat, fellow)

    def _await_beat(self, fellow: Fellow) -> None:
        before = self._beat(fellow)
        wait_until(lambda: self._beat(fellow) != before, f"{fellow.id} beats")

    def _beat(self, fellow: Fellow) -> object:
        query = "SELECT expires FROM ipysketch.relays WHERE id = %s"
        with psycopg.connect(self.address) as connection:
            return connection.execute(query, (fellow.id,)).fetchone()

    def _holder(self, room: str) -> Fellow | None:
        with psycopg.connect(self.address) as connection:
            row = connection.execute("SELECT owner FROM ipysketch.rooms WHERE name = %s", (room,)).fetchone()
        assert row is not None
        return next((fellow for fellow in self.fellows if fellow.id == row[0]), None)


@contextlib.asynccontextmanager
async def cluster(
    folder: Path, server: str, count: int, *options: str, alteration: str = "unaltered"
) -> AsyncIterator[Cluster]:
    """So many relays on the server at the address `server`."""
    made = Cluster(folder, server)
    await made.balancer.open()
    try:
        # Together: each takes a while.
        names = [f"r{number}" for number in range(count)]
        await asyncio.gather(*(made.add(name, *options, alteration=alteration) for name in names))
        made.fellows.sort(key=lambda fellow: fellow.id)
        yield made
    finally:
        for pipe in (*(fellow.link for fellow in made.fellows), made.balancer):
            pipe.go_on()
        for fellow in made.fellows:
            with contextlib.suppress(ProcessLookupError):
                os.kill(fellow.popen.pid, signal.SIGCONT)
            await asyncio.to_thread(fellow.close)
        for pipe in (*(fellow.link for fellow in made.fellows), made.balancer):
            await pipe.close()
