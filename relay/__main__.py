"""``python -m relay``, also installed as ``ipysketch-relay``: run a relay until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import logging
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__
from .log import Store, StoreError
from .server import Relay
from .store import StoreInUse, open_store

IN_USE = 3
"""Exit code when another relay holds the database; who started this one as a race finds the winner."""


def default_database() -> Path:
    """Where this user's drawings are kept."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "ipysketch" / "relay.sqlite"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="ipysketch-relay", description="The relay that people draw together through."
    )
    result.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    result.add_argument("--port", type=int, default=8765, help="0 for any free one (default: %(default)s)")
    result.add_argument("--db", default=None, help="the database file, or :memory: (default: in your home)")
    result.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    result.add_argument("--log-file", help="write the log there instead of to standard error")
    result.add_argument(
        "--behind-proxy",
        action="store_true",
        help="listen beyond loopback: a proxy in front admits and encrypts",
    )
    result.add_argument("--idle-exit", type=float, metavar="SECONDS", help="end after so long without a peer")
    result.add_argument(
        "--runtime-file", type=Path, help="say there, readable by this user only, how to reach this relay"
    )
    result.add_argument("--version", action="version", version=f"ipysketch-relay {__version__}")
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the relay; the exit code is 0 after SIGTERM or SIGINT, `IN_USE` when another relay holds the
    database, 2 when it cannot start for another reason."""
    options = parser().parse_args(argv)
    try:
        _log_to(options.log_file, options.log_level)
        if not _is_loopback(options.host) and not options.behind_proxy:
            raise StoreError(
                f"{options.host} can be reached by others, and this relay neither asks who they are "
                "nor encrypts; use an SSH tunnel, or a proxy that does and --behind-proxy"
            )
        if not 0 <= options.port <= 65535:
            raise StoreError(f"{options.port} is no port; choose one from 0 to 65535")
        store = open_store(options.db or str(default_database()))
    except (StoreError, OSError) as error:
        print(f"ipysketch-relay: {error}", file=sys.stderr)
        return IN_USE if isinstance(error, StoreInUse) else 2
    try:
        return asyncio.run(_run(options, store))
    finally:
        store.close()


async def _run(options: argparse.Namespace, store: Store) -> int:
    log = logging.getLogger("relay")
    token = secrets.token_hex(32) if options.runtime_file else ""
    relay = Relay(
        store, host=options.host, port=options.port, token=token, idle_exit=options.idle_exit, log=log
    )
    try:
        await relay.start()
    except OSError as error:
        reason = error.strerror or str(error)
        print(
            f"ipysketch-relay: port {options.port} cannot be used ({reason.lower()}); choose another --port",
            file=sys.stderr,
        )
        return 2
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, relay.finished.set)
    host = f"[{options.host}]" if ":" in options.host else options.host
    log.info("listening on ws://%s:%d db=%s", host, relay.port, options.db or default_database())
    failed = ""
    if options.runtime_file:
        try:
            _announce(options.runtime_file, relay.port, token)
        except OSError as error:
            failed = f"the runtime file {options.runtime_file} cannot be written ({error.strerror})"
            print(f"ipysketch-relay: {failed}; choose another --runtime-file", file=sys.stderr)
            relay.finished.set()
    await relay.finished.wait()
    log.info("stopping")
    if options.runtime_file:
        _withdraw(options.runtime_file, token)
    await relay.stop()
    return 2 if failed else 0


def _log_to(path: str | None, level: str) -> None:
    handler = logging.FileHandler(path) if path else logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("relay").setLevel(level.upper())


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _announce(path: Path, port: int, token: str) -> None:
    """Written aside and moved into place, so that nobody reads half of it; only its owner can."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"port": port, "token": token, "pid": os.getpid()}, file)
    aside.replace(path)


def _withdraw(path: Path, token: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        if json.loads(path.read_text()).get("token") == token:
            path.unlink()


if __name__ == "__main__":
    sys.exit(main())
