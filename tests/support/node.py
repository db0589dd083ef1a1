"""The tests' way to JavaScript: a node that is there, or the one that Playwright brings."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from .waiting import DEADLINE

WEB = Path(__file__).parents[2] / "relay" / "web"
FLAG = "--experimental-websocket"


@functools.cache
def node() -> str:
    """The path of a node."""
    if found := shutil.which("node"):
        return found
    from playwright._impl._driver import compute_driver_executable

    return str(compute_driver_executable()[0])


def says(*arguments: str, script: str = "", given: str = "", timeout: float = DEADLINE) -> str:
    """What node prints when it runs these arguments, or a module's text, with `given` on its standard input."""
    command = [node(), *arguments]
    if script:
        command += ["--input-type=module", "-e", script]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Different(AssertionError):
    """The two languages do not say or know the same."""


class Script:
    """A node process that answers line by line: a request is a value, an answer {"said"} or {"wrong"}, in JSON."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [node(), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, request: object) -> Any:
        """Return what the script says to `request`; raises `Different` when it raised an error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "wrong" in answer:
            raise Different(answer["wrong"])
        return answer["said"]

    def close(self) -> None:
        """Let the process end, and wait for it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(DEADLINE)
        self._process.stdout.close()


@functools.cache
def no_waiting_flags() -> tuple[str, ...]:
    """What node needs to be told so that WebAssembly cannot wait for a promise; nothing where it cannot anyway."""
    script = "process.exit(typeof WebAssembly.Suspending === 'function' ? 1 : 0)"
    done = subprocess.run([node(), "-e", script], capture_output=True, check=False)
    return () if done.returncode == 0 else ("--no-experimental-wasm-jspi",)


@functools.cache
def socket_flags() -> tuple[str, ...] | None:
    """What node needs to be told to have websockets; None when it has none."""
    for flags in ((), (FLAG,)):
        # An older node does not know the flag, and ends with an error.
        done = subprocess.run(
            [node(), *flags, "-e", "process.exit(typeof WebSocket === 'function' ? 0 : 1)"],
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            return flags
    return None
