"""A cluster on this machine to draw on and to kill: ``make cluster``, or ``python -m tests.faults.cluster_demo``.

PostgreSQL, three relays and HAProxy with the file of docs/deploy, until Ctrl-C.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from ..support import postgres
from ..support.processes import ROOT, free_port, wait_until_it_answers
from .cluster import Cluster, cluster

RELAYS = 3
FILE = ROOT / "docs" / "deploy" / "haproxy-cluster.cfg"


def configuration(port: int, relays: list[int]) -> str:
    """The file of docs/deploy, with ports of this machine and without encryption."""
    text = FILE.read_text()
    pairs = [
        ("bind :443 ssl crt /etc/ssl/draw.school.example.both.pem alpn h2,http/1.1", f"bind 127.0.0.1:{port}"),
        *((f"10.0.0.{number}:8765", f"127.0.0.1:{relay}") for number, relay in enumerate(relays, 1)),
    ]
    for old, new in pairs:
        assert old in text, f"{old!r} is not in {FILE.name} any more"
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def haproxy(folder: Path, port: int, relays: list[int]) -> Iterator[None]:
    """HAProxy in front of relays at these ports."""
    program = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None, "HAProxy is not installed; run: make proxies"
    file, log = folder / "haproxy.cfg", folder / "haproxy.log"
    file.write_text(configuration(port, relays))
    command = [program, "-db", "-f", str(file)]
    with (
        log.open("w") as said,
        subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True) as process,
    ):
        try:
            wait_until_it_answers(process, f"http://127.0.0.1:{port}/readyz", log)
            yield
        finally:
            process.terminate()


@contextlib.asynccontextmanager
async def whole(
    folder: Path, address: str, port: int, *more: str, alteration: str = ""
) -> AsyncIterator[Cluster]:
    """A cluster behind HAProxy at a port; its relays have `more` options."""
    options = ("--behind-proxy", "--public-url", f"http://127.0.0.1:{port}", *more)
    async with cluster(folder, address, RELAYS, *options, alteration=alteration) as made:
        ports = [fellow.port for fellow in made.fellows]
        with contextlib.ExitStack() as stack:
            await asyncio.to_thread(lambda: stack.enter_context(haproxy(folder, port, ports)))
            yield made


async def show(folder: Path, address: str) -> None:
    """Run it until Ctrl-C."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    port = free_port()
    async with whole(folder, address, port) as made:
        print(
            f"Draw at http://127.0.0.1:{port}/r/demo, or in a notebook: %sketch connect ws://127.0.0.1:{port}"
        )
        for fellow in made.fellows:
            print(
                f"  relay {fellow.id}: process {fellow.popen.pid}, figures at http://127.0.0.1:{fellow.port}/metrics"
            )
        print(f"  PostgreSQL: {address}\nKill a relay while you draw. Ctrl-C ends all.", flush=True)
        await stopped.wait()


def main() -> int:
    with postgres.server("wheel") as server, tempfile.TemporaryDirectory() as folder:
        asyncio.run(show(Path(folder), server.address))
    return 0


if __name__ == "__main__":
    sys.exit(main())
