"""The user's own relay: find the one that runs, or start it as a process that outlives this kernel.

It is found through a runtime file that only its user can read, never by its port alone: whatever answers at the
port must prove that it knows the file's token. Two that start one at a time race for the database's lock; the
loser's relay ends, and both use the winner's.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
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

from platformdirs import user_runtime_path

import relay.protocol

from .errors import SketchError
from .identity import data_dir

IDLE_EXIT = 12 * 3600
START_TIMEOUT = 15.0
PROBE_TIMEOUT = 2.0
POLL = 0.05
LOST_RACE = 3
"""A relay's exit code when another one holds the database."""

_children: list[subprocess.Popen[bytes]] = []
"""The relays that this process started; nobody waits for them, for they outlive it."""


@dataclass(frozen=True)
class Local:
    """A relay of this user: `url`, the secret `token` shared with it, its process id, its log file."""

    url: str
    token: str
    pid: int
    log: Path


def runtime_dir() -> Path:
    """Where the runtime file is: ``IPYSKETCH_RUNTIME_DIR``, else the platform's place. In a container without
    ``XDG_RUNTIME_DIR`` that would be a shared /tmp, with a warning in the cell: the user's data directory then."""
    chosen = os.environ.get("IPYSKETCH_RUNTIME_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform.startswith("linux") and not os.environ.get("XDG_RUNTIME_DIR"):
        return data_dir() / "runtime"
    return user_runtime_path("ipysketch", appauthor=False)


def find() -> Local | None:
    """This user's relay if one runs and proves to be it, else None."""
    path = runtime_dir() / "relay.json"
    try:
        if not _private(path.parent) or not _private(path):
            return None
        said = json.loads(path.read_text())
        port, token, pid = said["port"], said["token"], said["pid"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not (type(port) is int and 0 < port < 65536 and isinstance(token, str) and type(pid) is int):
        return None
    if not _proves(port, token):
        return None
    return Local(f"ws://127.0.0.1:{port}", token, pid, _log_file())


def ensure() -> tuple[Local, bool]:
    """This user's relay, and whether it was started now. Raises `SketchError` when none can be."""
    if (local := find()) is not None:
        return local, False
    local = start()
    return local, any(child.pid == local.pid for child in _children)


def start() -> Local:
    """Start a relay, or return the one that won the race. Raises `SketchError` when none answers."""
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
    said = ""
    deadline = time.monotonic() + START_TIMEOUT
    # A file, not a pipe: the relay may write to it after this process is gone.
    with tempfile.TemporaryFile() as words:
        while time.monotonic() < deadline:
            words.seek(0)
            words.truncate()
            child = _spawn(directory, words)
            if (local := _wait_for(child, deadline)) is not None:
                return local
            words.seek(0)
            said = words.read().decode(errors="replace").strip()[-1000:]
            if child.poll() not in (None, LOST_RACE):
                break
    raise SketchError(f"no relay could be started: {said or 'none answered in time'}; its log is {_log_file()}")


def _spawn(directory: Path, words: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [
        # -P: a notebook's folder may hold a relay.py of its own.
        *(sys.executable, "-P", "-m", "relay", "--host", "127.0.0.1", "--port", "0"),
        *("--db", str((data_dir() / "relay.sqlite").absolute())),
        *("--runtime-file", str((directory / "relay.json").absolute())),
        *("--log-file", str(_log_file().absolute())),
        *("--idle-exit", str(IDLE_EXIT)),
    ]
    environment = dict(os.environ)
    home = Path(relay.protocol.__file__).parents[2]
    if home.name not in ("site-packages", "dist-packages"):
        # A checkout that is not installed: -P has just taken away what made it importable.
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(home), environment.get("PYTHONPATH"))))
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=words,
        start_new_session=True,
        env=environment,
        cwd=data_dir(),
    )
    _children.append(child)
    return child


def _wait_for(child: subprocess.Popen[bytes], deadline: float) -> Local | None:
    """The relay that answers, or None: `child` ended and no other one answers, or time is up."""
    # When `child` lost a race, the winner holds the database, but may yet have to say where it is.
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


def _log_file() -> Path:
    return data_dir() / "relay.log"


def _private(path: Path) -> bool:
    """Whether `path` is this user's and nobody else can write it (nor read it, if it is a file)."""
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
    expected = hmac.new(token.encode(), challenge.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(answer.encode(), expected.encode())
