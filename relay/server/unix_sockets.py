"""Sockets in the file system, for their owner only, however deep the folder lies."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

MAX_PATH = 100
"""Bytes in the path of a socket that every system takes."""


@contextlib.contextmanager
def short_name(path: Path) -> Iterator[str]:
    """Yield a name for `path` that fits into a socket's address."""
    if len(os.fsencode(path)) <= MAX_PATH:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def bind(path: Path) -> socket.socket:
    """Return a socket at `path`, in place of one that a killed process left behind. Raises OSError."""
    path.unlink(missing_ok=True)
    before = os.umask(0o077)
    bound = socket.socket(socket.AF_UNIX)
    try:
        with short_name(path) as name:
            bound.bind(name)
    except BaseException:
        bound.close()
        raise
    finally:
        os.umask(before)
    return bound
