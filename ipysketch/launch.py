"""The user's own relay: find the one that runs, or start it as a process that outlives this kernel.

It is found through a runtime file that only its user can read, never by its port alone: whatever answers at the
port must prove that it knows the file's token. Two that start one at a time race for the database's lock; the
loser's relay ends, and both use the winner's.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import secrets
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_runtime_path

from .errors import SketchError
from .identity import data_dir

IDLE_EXIT = 12 * 3600
START_TIMEOUT = 15.0
PROBE_TIMEOUT = 2.0


@dataclass(frozen=True)
class Local:
    """A relay of this user: `url`, the secret `token` shared with it, its process id, its log file."""

    url: str
    token: str
    pid: int
    log: Path


def runtime_dir() -> Path:
    """Where the runtime file is: ``IPYSKETCH_RUNTIME_DIR``, else the platform's place."""
    chosen = os.environ.get("IPYSKETCH_RUNTIME_DIR")
    return Path(chosen) if chosen else user_runtime_path("ipysketch", appauthor=False)


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
    directory = runtime_dir()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        data_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SketchError(f"no relay can be started: {error}; set IPYSKETCH_RUNTIME_DIR") from None
    if not _private(directory):
        raise SketchError(
            f"{directory} can be changed by others, so no relay is started; make it yours alone (chmod 700)"
        )
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "relay", "--host", "127.0.0.1", "--port", "0"),
            *("--db", str(data_dir() / "relay.sqlite")),
            *("--runtime-file", str(directory / "relay.json")),
            *("--log-file", str(_log_file())),
            *("--idle-exit", str(IDLE_EXIT)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if (local := find()) is not None:
            started = local.pid == process.pid
            return local, started
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        # It ended. When it lost a race, the winner answers within a moment; else its words say why.
        assert process.stderr is not None
        words = process.stderr.read().strip()
        if "another relay uses" not in words:
            raise SketchError(f"no relay could be started: {words or 'see ' + str(_log_file())}")
        time.sleep(0.05)
    raise SketchError(f"no relay answered within {START_TIMEOUT:.0f} s; its log is {_log_file()}")


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
