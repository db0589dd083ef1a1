"""The tests' way to JavaScript: a node that is there, or the one that Playwright brings."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

WEB = Path(__file__).parents[1] / "relay" / "web"
FLAG = "--experimental-websocket"


@functools.cache
def node() -> str:
    """The path of a node."""
    if found := shutil.which("node"):
        return found
    from playwright._impl._driver import compute_driver_executable

    return str(compute_driver_executable()[0])


def says(*arguments: str, script: str = "", given: str = "", timeout: float = 60.0) -> str:
    """What node prints when it runs these arguments, or a module's text, with `given` on its standard input."""
    command = [node(), *arguments]
    if script:
        command += ["--input-type=module", "-e", script]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@functools.cache
def socket_flags() -> tuple[str, ...] | None:
    """What node needs to be told to have websockets; None when it has none."""
    for flags in ((), (FLAG,)):
        # An older node does not know the flag, and ends with an error.
        done = subprocess.run(
            [node(), *flags, "-e", "process.exit(typeof WebSocket === 'function' ? 0 : 1)"], capture_output=True
        )
        if done.returncode == 0:
            return flags
    return None
