"""The file in which a relay says how its user reaches it: its port, its secret, its process."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from pathlib import Path


def user_file(port: int) -> Path:
    """Return the file in which a relay on loopback shows its own user's kernels who runs it."""
    if chosen := os.environ.get("IPYSKETCH_RUNTIME_DIR"):
        return Path(chosen) / f"relay-{port}.json"
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "ipysketch" / "runtime" / f"relay-{port}.json"


def announce(path: Path, port: int, token: str) -> None:
    """Write the file, for its owner only, and remove those beside it whose relays were killed.

    It is written aside and moved into place, so that nobody reads half of it. Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(path.parent)
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"port": port, "token": token, "pid": os.getpid(), "host": _host()}, file)
    aside.replace(path)


def _host() -> str:
    """Return where process ids mean what they mean here: this machine, and this container of it."""
    with contextlib.suppress(OSError):
        return f"{platform.node()} {os.readlink('/proc/self/ns/pid')}"
    return platform.node()


def _sweep(directory: Path) -> None:
    """Remove the files of relays that ended without withdrawing them; a home may be shared by several machines."""
    for path in directory.glob("relay-*.json"):
        with contextlib.suppress(OSError, ValueError, TypeError, LookupError, AttributeError):
            content = json.loads(path.read_text())
            if content.get("host") == _host() and not _runs(content["pid"]):
                path.unlink()


def _runs(pid: int) -> bool:
    """Return whether there is a process of this id, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def withdraw(path: Path, token: str) -> None:
    """Remove the file, unless another relay has written it since."""
    with contextlib.suppress(OSError, ValueError):
        if json.loads(path.read_text()).get("token") == token:
            path.unlink()
