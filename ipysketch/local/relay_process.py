"""The user's own relay: find the one that runs, or start it as a process that outlives this kernel.

It is found through a runtime file that only its user can read, never by its port alone: what answers at the port must
prove that it knows the file's token. Two kernels that start a relay at once race for the database's lock; the loser's
relay ends, and both use the winner's.

Hosts may share a home directory. Each has a runtime file of its own, for a port of one is nothing to the others; they
have one database all the same, and where the relay of another host holds it, that is said.
"""

from __future__ import annotations

import contextlib
import hmac
import http.client
import importlib.util
import json
import os
import secrets
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from platformdirs import user_runtime_path

from relay.protocol import prove

from ..errors import STARTING, SketchError
from . import host, modules
from .identity import data_dir

IDLE_EXIT = 12 * 3600
START_TIMEOUT = 15.0
PROBE_TIMEOUT = 2.0
POLL = 0.05
LOOPBACK = ("127.0.0.1", "localhost")
NOT_HERE = (
    "a relay of your own runs on Linux and macOS; on Windows run the kernel in WSL, or name a relay on another machine "
    "(%sketch connect wss://…)"
)
LOST_RACE, ON_NETWORK = 3, 4
"""The exit codes of a relay when another one holds the database, and when that would lie on a network file system."""
HOPELESS = 2
"""Lost races after which another host is taken to hold the database, if one left a file."""
FORGOTTEN = 365 * 86400
"""Seconds after which the runtime file of another host is removed."""

_children: list[subprocess.Popen[bytes]] = []
"""The relays that this process started. They outlive it, so nobody waits for them."""


@dataclass(frozen=True)
class LocalRelay:
    """A relay of this user: `url`, the secret `token` shared with it, its process id, its log file."""

    url: str
    token: str
    pid: int
    log: Path


def runtime_dir() -> Path:
    """Return the directory of the runtime file: ``IPYSKETCH_RUNTIME_DIR``, else the platform's place.

    In a container without ``XDG_RUNTIME_DIR`` that would be a shared /tmp, with a warning in the cell, so it is in the
    user's data directory then."""
    chosen = os.environ.get("IPYSKETCH_RUNTIME_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform.startswith("linux") and not os.environ.get("XDG_RUNTIME_DIR"):
        return data_dir() / "runtime"
    return user_runtime_path("ipysketch", appauthor=False)


def find() -> LocalRelay | None:
    """Return this user's relay if one runs and proves to be it, else None."""
    return _proven(runtime_file())


def runtime_file() -> Path:
    """Return the runtime file of this user's own relay on this host."""
    return runtime_dir() / f"own-{host.host_id()}.json"


def database() -> Path:
    """Return the database of this user's own relay: ``IPYSKETCH_DATABASE``, else in the user's data directory."""
    chosen = os.environ.get("IPYSKETCH_DATABASE")
    return Path(chosen).absolute() if chosen else (data_dir() / "relay.sqlite").absolute()


def find_at(url: str) -> LocalRelay | None:
    """Return the relay at the address `url` if this user runs it on this machine, and it proves to be it, else None."""
    parts = urlsplit(url)
    if parts.scheme != "ws" or parts.hostname not in LOOPBACK or not parts.port:
        return None
    local = _proven(_user_file(parts.port))
    return local if local is not None and urlsplit(local.url).port == parts.port else None


def _user_file(port: int) -> Path:
    """Return the file of a relay that this user started by hand, as `relay.operations.runtime_file` has it."""
    if chosen := os.environ.get("IPYSKETCH_RUNTIME_DIR"):
        return Path(chosen) / f"relay-{port}.json"
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "ipysketch" / "runtime" / f"relay-{port}.json"


def _proven(path: Path) -> LocalRelay | None:
    """Return the relay of a runtime file if it runs and proves to be it, else None."""
    try:
        if not _private(path.parent) or not _private(path):
            return None
        content = json.loads(path.read_text())
        port, token, pid = content["port"], content["token"], content["pid"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not (type(port) is int and 0 < port < 65536 and isinstance(token, str) and type(pid) is int):
        return None
    if not _proves(port, token):
        return None
    return LocalRelay(f"ws://127.0.0.1:{port}", token, pid, _log_file())


def ensure() -> tuple[LocalRelay, bool]:
    """Return this user's relay, and whether this process started it. Raises `SketchError` when none can be started."""
    if (local := find()) is not None:
        return local, False
    local = start()
    return local, any(child.pid == local.pid for child in _children)


def start() -> LocalRelay:
    """Start a relay, or return the one that won the race. Raises `SketchError` when none answers."""
    if importlib.util.find_spec("fcntl") is None:  # As `relay.__main__` has it.
        raise SketchError(NOT_HERE)
    directory = runtime_dir()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        data_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
        private = _private(directory)
    except OSError as error:
        raise SketchError(
            f"no relay can be started ({error}); set IPYSKETCH_RUNTIME_DIR and IPYSKETCH_DATA_DIR"
        ) from None
    if not private:
        raise SketchError(
            f"{directory} can be changed by others, so no relay is started; make it yours alone (chmod 700)"
        )
    _forget_others(directory)
    output, lost = "", 0
    deadline = time.monotonic() + START_TIMEOUT
    # A file, not a pipe: the relay may write to it after this process is gone.
    with tempfile.TemporaryFile() as stderr:
        while time.monotonic() < deadline:
            stderr.seek(0)
            stderr.truncate()
            child = _spawn(stderr)
            if (local := _wait_for(child, deadline)) is not None:
                return local
            stderr.seek(0)
            output = stderr.read().decode(errors="replace").strip()[-1000:]
            code = child.poll()
            if code == ON_NETWORK:
                raise SketchError(
                    f"the database of your own relay, {database()}, lies on a network file system, where it cannot be "
                    "kept safely; name a relay (%sketch connect wss://…), or set IPYSKETCH_DATABASE to a file on a "
                    "disk of this machine"
                )
            if code not in (None, LOST_RACE):
                break
            if code == LOST_RACE:
                lost += 1
                if (local := _any_of_this_user(directory)) is not None:
                    return local
                if lost >= HOPELESS and (others := _others(directory)):
                    raise SketchError(
                        f"your own relay runs on another computer or in another container ({', '.join(others)}), which "
                        "shares your home directory and cannot be reached from here; let both name one relay "
                        "(%sketch connect wss://…), or set IPYSKETCH_DATABASE to another file for drawings of this "
                        "host alone"
                    )
    raise SketchError(
        f"no relay could be started: {output or 'none answered in time'}; its log is {_log_file()}",
        "" if output else STARTING,
    )


def _spawn(stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [
        *(*modules.command("relay"), "--host", "127.0.0.1", "--port", "0"),
        *("--db", str(database())),
        *("--runtime-file", str(runtime_file().absolute())),
        *("--log-file", str(_log_file().absolute())),
        *("--idle-exit", str(IDLE_EXIT)),
    ]
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,
        env=modules.environment(),
        cwd=data_dir(),
    )
    _children.append(child)
    return child


def _wait_for(child: subprocess.Popen[bytes], deadline: float) -> LocalRelay | None:
    """Return the relay that answers, or None when `child` ended and no other one answers, or time is up."""
    # When `child` lost a race, the winner holds the database, but may not have written its runtime file yet.
    grace = float("inf")
    while (now := time.monotonic()) < min(deadline, grace):
        if (local := find()) is not None:
            return local
        if child.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(POLL)
        elif child.returncode != LOST_RACE:
            return find()
        else:
            grace = min(grace, now + 1.0)
            time.sleep(POLL)
    return None


def _any_of_this_user(directory: Path) -> LocalRelay | None:
    """Return a relay that this user runs on this host, though not as their own one: by hand, or of an older version."""
    folders = {directory, _user_file(0).parent}
    files = sorted(file for folder in folders for file in folder.glob("relay*.json"))
    return next((local for file in files if (local := _proven(file)) is not None), None)


def _others(directory: Path) -> list[str]:
    """Return the names of other hosts that left a runtime file, the latest first."""
    mine, found = runtime_file(), []
    for file in directory.glob("own-*.json"):
        with contextlib.suppress(OSError):
            if file != mine:
                found.append((file.stat().st_mtime, file.stem.removeprefix("own-").rpartition("-")[0]))
    return list(dict.fromkeys(name for _, name in sorted(found, reverse=True)))[:3]


def _forget_others(directory: Path) -> None:
    """Remove the runtime files of hosts that were not there for long: each container leaves one."""
    mine, before = runtime_file(), time.time() - FORGOTTEN
    for file in directory.glob("own-*.json"):
        with contextlib.suppress(OSError):
            if file != mine and file.stat().st_mtime < before:
                file.unlink()


def _log_file() -> Path:
    return data_dir() / "relay.log"


def _private(path: Path) -> bool:
    """Return whether `path` is this user's and nobody else can write it (nor read it, if it is a file)."""
    if not hasattr(os, "getuid"):
        return False  # Windows keeps that in another way, and runs no relay.
    status = path.lstat()
    if status.st_uid != os.getuid() or stat.S_ISLNK(status.st_mode):
        return False
    return not status.st_mode & (0o077 if stat.S_ISREG(status.st_mode) else 0o022)


def _proves(port: int, token: str) -> bool:
    challenge = secrets.token_hex(16)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PROBE_TIMEOUT)
    try:
        connection.request("GET", "/healthz", headers={"X-Ipysketch-Challenge": challenge})
        answer = connection.getresponse().headers.get("X-Ipysketch-Proof", "")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return hmac.compare_digest(answer.encode(), prove(token, challenge).encode())
