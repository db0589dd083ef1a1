"""The servers that are compared: each a process of its own on a core of its own, started and measured alike."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

HERE = Path(__file__).parent
ROOT = HERE.parent
PEERS = HERE / "peers"
_TICKS = os.sysconf("SC_CLK_TCK")
_PORT = re.compile(r"(?:^port |listening on ws://127\.0\.0\.1:)(\d+)")


_ALLOWED = sorted(os.sched_getaffinity(0))
SERVERS, GENERATORS = _ALLOWED[0], _ALLOWED[-1]
"""The server's core and the load generator's; one and the same where there is only one."""


@contextmanager
def apart() -> Iterator[None]:
    """This process runs on the generator's core, and on all it had before afterwards."""
    os.sched_setaffinity(0, {GENERATORS})
    try:
        yield
    finally:
        os.sched_setaffinity(0, _ALLOWED)


def _command(name: str, arguments: tuple[str, ...], folder: str) -> list[str]:
    node, python = shutil.which("node") or "node", sys.executable
    match name:
        case "ours":
            relay = [python, "-m", "relay", "--port", "0", "--db", f"{folder}/relay.sqlite"]
            # What is measured is the work, not where it would be refused.
            limits = [
                "--max-peers",
                "4000",
                "--max-connections-per-address",
                "4000",
                "--presence-rate",
                "10000",
            ]
            return [*relay, "--log-level", "info", *limits, *arguments]
        case "ws" | "socketio":
            return [node, str(PEERS / f"{name}.mjs")]
        case "ywebsocket":
            return [node, str(PEERS / "ywebsocket.cjs")]
        case _:
            return [python, "-m", f"benchmarks.peers.{name}", *arguments]


class Server:
    """A running server, killed at the end. `name` is one of `TITLES`; our relay may be that of another `tree`."""

    def __init__(self, name: str, *arguments: str, tree: Path = ROOT) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory()
        self._popen = subprocess.Popen(
            ["taskset", "-c", str(SERVERS), *_command(name, arguments, self._folder.name)],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self.pid = self._popen.pid
        self.port = 0
        self._lines: list[str] = []
        self._known = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._known.wait(30)
        if not self.port:
            self.__exit__(None, None, None)
            raise RuntimeError(f"{name} did not start:\n{self.text()}")

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self._lines.append(line)
            if not self.port and (found := _PORT.search(line)):
                self.port = int(found[1])
                self._known.set()
        self._known.set()

    def text(self) -> str:
        """What it wrote so far."""
        return "".join(self._lines)

    def cpu(self) -> float:
        """Seconds of CPU used by all its threads."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / _TICKS

    def waited(self) -> float:
        """Seconds for which its main thread could run and had no core: what the machine's other work cost it."""
        return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[1]) / 1e9

    def memory(self) -> int:
        """Resident bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)
        assert found is not None
        return int(found[1]) * 1024

    @property
    def database(self) -> Path:
        """Our relay's file."""
        return Path(self._folder.name) / "relay.sqlite"

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._popen.kill()
        self._popen.wait()
        self._reader.join()
        assert self._popen.stdout is not None
        self._popen.stdout.close()
        self._folder.cleanup()
