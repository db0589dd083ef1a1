"""Starting a module of these packages as a process of the same Python."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import relay.protocol


def command(module: str) -> list[str]:
    """Return the command that runs a module."""
    # -P: a notebook's folder may hold a module of the same name.
    return [sys.executable, "-P", "-m", module]


def environment(**more: str) -> dict[str, str]:
    """Return the environment for a command."""
    made = {**os.environ, **more}
    home = Path(relay.protocol.__file__).parents[2]
    if home.name not in ("site-packages", "dist-packages"):
        # A checkout that is not installed was importable from the current directory, which -P leaves out.
        made["PYTHONPATH"] = os.pathsep.join(filter(None, (str(home), made.get("PYTHONPATH"))))
    return made
