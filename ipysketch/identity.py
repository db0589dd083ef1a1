"""Who this user is: the secret that makes strokes theirs after a kernel restart, a name, a colour."""

from __future__ import annotations

import getpass
import hashlib
import os
import secrets
from pathlib import Path

from platformdirs import user_data_path

from .errors import SketchError

PALETTE = ("#d1495b", "#1f6fb2", "#2e8b57", "#8e5bb5", "#c46a1b", "#00798c", "#b0307a", "#5b6f1f")
"""Colours that read well on white paper; a user without a choice gets one of them by name."""


def data_dir() -> Path:
    """Where this user's files are: ``IPYSKETCH_DATA_DIR``, else the platform's place for user data."""
    chosen = os.environ.get("IPYSKETCH_DATA_DIR")
    return Path(chosen) if chosen else user_data_path("ipysketch", appauthor=False)


def author_secret() -> str:
    """The personal secret, made at first use in a file that only its user reads.

    Raises `SketchError` when the file can be neither read nor made.
    """
    path = data_dir() / "author"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            secret = path.read_text().strip()
            if len(secret) >= 32:
                return secret
            made = os.open(path, os.O_WRONLY | os.O_TRUNC, 0o600)
        secret = secrets.token_hex(32)
        with os.fdopen(made, "w") as file:
            file.write(secret)
        return secret
    except OSError as error:
        raise SketchError(
            f"the file {path} that says which strokes are yours cannot be used ({error.strerror}); "
            "set IPYSKETCH_DATA_DIR to a directory of yours"
        ) from None


def default_name() -> str:
    """The hub's user name, else the system's, else "guest"."""
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (OSError, KeyError):
        return "guest"


def default_color(name: str) -> str:
    """A colour of the palette, the same for the same `name`."""
    return PALETTE[hashlib.sha256(name.encode()).digest()[0] % len(PALETTE)]
