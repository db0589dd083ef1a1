"""A relay that starts anew whenever its code changes, for those who write plugins."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..server.plugins import plugin_folder


def run_reloading(argv: Sequence[str], plugins: Sequence[str]) -> int:
    """Run a relay with the options `argv` in a process of its own, and start another whenever a file changes: the
    relay's or one of its `plugins`'. Returns the exit code."""
    try:
        from watchfiles import PythonFilter, run_process  # noqa: PLC0415  # an extra
    except ImportError:
        print("ipysketch-relay: --reload needs watchfiles; run: pip install watchfiles", file=sys.stderr)
        return 2
    try:
        watched = {Path(__file__).parents[1], *map(plugin_folder, plugins)}
    except ValueError as error:
        print(f"ipysketch-relay: {error}", file=sys.stderr)
        return 2
    run_process(
        *watched,
        target=shlex.join([sys.executable, "-m", "relay", *argv]),
        target_type="command",
        watch_filter=PythonFilter(),
        callback=_say_changes,
        sigint_timeout=10,  # It makes durable what came.
    )
    return 0


def _say_changes(changes: set[tuple[Any, str]]) -> None:
    names = sorted({Path(path).name for _, path in changes})
    print(f"ipysketch-relay: {', '.join(names)} changed; starting anew", file=sys.stderr)
