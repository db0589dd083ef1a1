"""A relay in its own process, as the harnesses here need it: its log, its memory, its end."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

from ..support.waiting import DEADLINE

ROOT = Path(__file__).parents[2]


class Running:
    """A relay, altered as `altered.ALTERATIONS` names it. Killed at the end if it still runs."""

    def __init__(self, *arguments: str | Path, alteration: str = "unaltered", port: int = 0) -> None:
        self.popen = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.faults.altered",
                alteration,
                "--port",
                str(port),
                *map(str, arguments),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self.lines: list[str] = []
        self.port = 0
        self._known = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._known.wait(DEADLINE)
        if not self.port:
            self.popen.kill()
            raise AssertionError(f"the relay did not start: {self.text()}")

    def _read(self) -> None:
        assert self.popen.stderr is not None
        for line in self.popen.stderr:
            self.lines.append(line)
            if not self.port and (found := re.search(r"listening on ws://127\.0\.0\.1:(\d+)", line)):
                self.port = int(found[1])
                self._known.set()
        self._known.set()

    def text(self) -> str:
        """The log so far."""
        return "".join(self.lines)

    def memory(self, what: str = "VmRSS") -> float:
        """Resident memory, or ``VmHWM`` for its peak, in MiB."""
        status = Path(f"/proc/{self.popen.pid}/status").read_text()
        found = re.search(rf"^{what}:\s+(\d+) kB", status, re.M)
        assert found is not None
        return int(found[1]) / 1024

    def cpu(self) -> float:
        """Seconds of CPU that the process has used."""
        fields = Path(f"/proc/{self.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def end(self) -> tuple[int, float]:
        """SIGTERM: the exit code (of a kill, after the deadline) and the seconds that it took."""
        loop = asyncio.get_running_loop()
        before = loop.time()
        self.popen.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.to_thread(self.popen.wait, DEADLINE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            code = await asyncio.to_thread(self.popen.wait)
        await asyncio.to_thread(self._reader.join)
        return code, loop.time() - before

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.popen.kill()
        self.popen.wait()
        self._reader.join()
        assert self.popen.stderr is not None
        self.popen.stderr.close()


def troubles(log: str) -> list[str]:
    """The lines of a relay's log that no healthy relay writes."""
    marks = (" ERROR ", " CRITICAL ", "Traceback", "never retrieved", "never awaited")
    return [line for line in log.splitlines() if any(mark in line for mark in marks)]
