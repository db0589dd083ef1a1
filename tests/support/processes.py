"""Real processes for the tests: a relay that can be killed and started again on the same port and database."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import IO, Any

from .waiting import DEADLINE, wait_until

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port that nothing listens on, and that the system gives to no connection while a relay is down."""
    # Workers of a parallel run do not take each other's: it is free again until its process binds it.
    first = 20_000 + 3_000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4)
    for port in random.sample(range(first, first + 3_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def environment(home: Path, **more: str) -> dict[str, str]:
    """An environment of its own: nothing of the user's runtime, data or Jupyter directories."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IPYSKETCH", "JUPYTER"))}
    return {
        **kept,
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "IPYSKETCH_RUNTIME_DIR": str(home / "runtime"),
        "IPYSKETCH_DATA_DIR": str(home / "data"),
        "JUPYTER_PLATFORM_DIRS": "1",
        **more,
    }


def wait_until_it_answers(process: subprocess.Popen[Any], address: str, log: Path) -> None:
    """Wait for a web server; raises AssertionError with its log when it ends instead."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            with opener.open(address, timeout=DEADLINE):
                return True
        except OSError:
            return False  # Refused until it listens.

    wait_until(answers, f"{address} answers")


class RelayProcess:
    """``python -m relay`` as users run it; `log` holds its lines."""

    def __init__(self, home: Path, database: str | None = None, *options: str) -> None:
        self.home = home
        self.options = options
        self.database = database or str(home / "relay.sqlite")
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}"
        self.log: list[str] = []
        self.start()

    @property
    def secret(self) -> str:
        """What shows who runs it: its holder owns every room."""
        shown = json.loads((self.home / "runtime" / f"relay-{self.port}.json").read_text())
        return str(shown["token"])

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "relay", "--port", str(self.port), "--db", self.database, *self.options],
            stderr=subprocess.PIPE,
            env=environment(self.home),
            text=True,
        )
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        assert "listening on" in line, line + self.process.stderr.read()
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.log.append(line.rstrip())

    def kill(self) -> None:
        """SIGKILL, as a power cut of the process would be."""
        self.process.send_signal(signal.SIGKILL)
        self._ended()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self._ended()

    def _ended(self) -> int:
        code = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code
