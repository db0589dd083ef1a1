"""This user: the secret by which strokes are theirs after a kernel restart, a name, a colour."""

from __future__ import annotations

import getpass
import hashlib
import os
import secrets
from pathlib import Path

from platformdirs import user_data_path

from ..errors import SketchError
from ..model.palette import COMMON, PEOPLE


def data_dir() -> Path:
    """Return the directory of this user's files: ``IPYSKETCH_DATA_DIR``, else the platform's place for user data."""
    chosen = os.environ.get("IPYSKETCH_DATA_DIR")
    return Path(chosen) if chosen else user_data_path("ipysketch", appauthor=False)


def author_secret() -> str:
    """Return the personal secret; it is made at first use, in a file that only its user can read.

    Raises `SketchError` when the file can be neither read nor made.
    """
    path = data_dir() / "author"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            secret = path.read_text().strip()
            if len(secret) >= 32:
                return secret
            descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC, 0o600)
        secret = secrets.token_hex(32)
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
        return secret
    except OSError as error:
        raise SketchError(
            f"the file {path} that says which strokes are yours cannot be used ({error.strerror}); "
            "set IPYSKETCH_DATA_DIR to a directory of yours"
        ) from None


def default_name() -> str:
    """Return the hub's user name, else the system's, else "guest"."""
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (OSError, KeyError):
        return "guest"


def default_color(name: str) -> str:
    """Return a colour of the first ones of the palette, always the same for the same `name`.

    In a room where somebody has it, a client takes another: `free_color`.
    """
    return PEOPLE[hashlib.sha256(name.encode()).digest()[0] % COMMON]
