"""``python -m relay``, also installed as ``ipysketch-relay``: run a relay until it is told to stop, or ask one."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import gc
import json
import logging
import os
import secrets
import shlex
import signal
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_type_hints

from . import __version__, operators
from .admin import Admin, socket_path
from .admission import Admission
from .doors import Doors, bind_refusal, is_loopback
from .limits import Limits
from .log import Store, StoreError
from .logs import JsonFormatter, TextFormatter
from .naps import napping_loop
from .plugins import Plugin, load_plugin, plugin_folder
from .roles import Role
from .server import Relay
from .store import StoreInUse, open_store
from .tokens import Tokens, read_secret

SWITCH = 0.0005
"""Seconds after which Python lets another thread in. The store's needs moments, between two calls of the disk, and
waited ten times as long for each."""
IN_USE = 3
"""Exit code when another relay holds the database; who started this one as a race finds the winner."""


def default_database() -> Path:
    """Where this user's drawings are kept."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "ipysketch" / "relay.sqlite"


def parser() -> argparse.ArgumentParser:
    """The command line of a relay that runs."""
    commands = "\n".join(f"  {name:<8} {text}" for name, text in operators.COMMANDS.items())
    result = argparse.ArgumentParser(
        prog="ipysketch-relay",
        description="The relay that people draw together through.",
        epilog=f"For its operator (ipysketch-relay COMMAND --help):\n{commands}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = result.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8765, help="0 for any free one (default: %(default)s)")
    add("--db", default=None, help="the database file, or :memory: (default: in your home)")
    add("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    add("--log-format", default="text", choices=["text", "json"])
    add("--log-file", help="write the log there instead of to standard error")
    add("--idle-exit", type=float, metavar="SECONDS", help="end after so long without a peer")
    add("--runtime-file", type=Path, help="say there, readable by this user only, how to reach this relay")
    add(
        "--plugin",
        action="append",
        default=[],
        metavar="MODULE:FUNCTION",
        help="a Python function that sees each named event first (see docs/plugins.md)",
    )
    add("--reload", action="store_true", help="start anew whenever the relay's code or a plugin's changes")
    add("--version", action="version", version=f"ipysketch-relay {__version__}")
    doors = result.add_argument_group("who may come in")
    add = doors.add_argument
    add("--require-token", action="store_true", help="let in only who has a token of this relay")
    add(
        "--secret-file", type=Path, help="the secret that tokens are signed with (default: beside the database)"
    )
    add("--cert", type=Path, metavar="PEM", help="encrypt, with this certificate chain")
    add("--key", type=Path, metavar="PEM", help="and its private key")
    add(
        "--insecure-lan",
        action="store_true",
        help="listen beyond loopback without encryption, with tokens only",
    )
    add(
        "--behind-proxy",
        type=int,
        nargs="?",
        const=1,
        default=0,
        metavar="HOPS",
        help="proxies in front that encrypt and admit; as many X-Forwarded-For entries are believed",
    )
    add(
        "--public-url",
        default="",
        metavar="URL",
        help="where people reach this relay; pages from there may use it",
    )
    add("--allow-host", action="append", default=[], metavar="NAME", help="another name this relay answers to")
    add("--allow-origin", action="append", default=[], metavar="ORIGIN", help="pages that may use this relay")
    limits = result.add_argument_group("limits (see docs/operations.md)")
    types = get_type_hints(Limits)
    for field in dataclasses.fields(Limits):
        name = "--" + field.name.replace("_", "-")
        limits.add_argument(
            name, type=types[field.name], default=field.default, metavar="N", help="default: %(default)s"
        )
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the relay; the exit code is 0 after SIGTERM or SIGINT, `IN_USE` when another relay holds the
    database, 2 when it cannot start for another reason. With a command: do it, and 0 or 2."""
    argv = sys.argv[1:] if argv is None else argv
    if argv and argv[0] in operators.COMMANDS:
        return operators.run(argv, default_database())
    options = parser().parse_args(argv)
    if options.reload:
        return _reload(options, [word for word in argv if word != "--reload"])
    try:
        _log_to(options.log_file, options.log_level, options.log_format)
        settings = _settings(options)
        store = open_store(options.db or str(default_database()))
    except (StoreError, ValueError, OSError) as error:
        print(f"ipysketch-relay: {error}", file=sys.stderr)
        return IN_USE if isinstance(error, StoreInUse) else 2
    sys.setswitchinterval(SWITCH)
    gc.freeze()  # What came with the imports is never garbage, and need not be looked through for any.
    try:
        with asyncio.Runner(loop_factory=napping_loop) as runner:
            return runner.run(_run(options, settings, store))
    finally:
        store.close()


@dataclasses.dataclass(frozen=True)
class _Settings:
    """What the options come to."""

    limits: Limits
    doors: Doors
    admission: Admission
    encryption: ssl.SSLContext | None
    shared: str
    plugins: tuple[Plugin, ...]


def _settings(options: argparse.Namespace) -> _Settings:
    """Raises ValueError with a sentence when the options cannot be."""
    if not 0 <= options.port <= 65535:
        raise ValueError(f"{options.port} is no port; choose one from 0 to 65535")
    if bool(options.cert) != bool(options.key):
        raise ValueError("--cert and --key go together; give both")
    refusal = bind_refusal(
        options.host,
        encrypted=bool(options.cert),
        tokens=options.require_token,
        behind_proxy=options.behind_proxy > 0,
        insecure_lan=options.insecure_lan,
    )
    if refusal:
        raise ValueError(refusal)
    tokens = None
    if options.runtime_file and options.db == ":memory:":
        tokens = Tokens(secrets.token_bytes(32))
    elif options.require_token or options.secret_file or options.runtime_file:
        database = Path(options.db or default_database())
        if options.db == ":memory:" and not options.secret_file:
            raise ValueError("a relay in memory has no place for its secret; say --secret-file")
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        tokens = Tokens(read_secret(options.secret_file or operators.default_secret(database)))
    everybody = Role.MODERATOR if is_loopback(options.host) else Role.EDITOR
    shared = secrets.token_hex(32) if options.runtime_file else ""
    return _Settings(
        Limits(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Limits)}),
        Doors(options.public_url, tuple(options.allow_host), tuple(options.allow_origin), options.behind_proxy),
        Admission(shared, tokens=tokens, everybody=None if options.require_token else everybody),
        _encryption(options.cert, options.key),
        shared,
        tuple(load_plugin(name) for name in options.plugin),
    )


def _encryption(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(
            f"the certificate {cert} or its key {key} cannot be used ({error.strerror or error})"
        ) from None
    return context


async def _run(options: argparse.Namespace, settings: _Settings, store: Store) -> int:
    log = logging.getLogger("relay")
    relay = Relay(
        store,
        host=options.host,
        port=options.port,
        admission=settings.admission,
        doors=settings.doors,
        limits=settings.limits,
        encryption=settings.encryption,
        plugins=settings.plugins,
        idle_exit=options.idle_exit,
        log=log,
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
    except StoreError as error:
        print(f"ipysketch-relay: {error}", file=sys.stderr)
        return 2
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, relay.finished.set)
    host = f"[{options.host}]" if ":" in options.host else options.host
    database = options.db or default_database()
    scheme = "wss" if settings.encryption else "ws"
    log.info("listening on %s://%s:%d db=%s", scheme, host, relay.port, database)
    if options.insecure_lan:
        log.warning("nothing is encrypted: who listens on this network sees every drawing and every token")
    failed = ""
    admin = None
    try:
        if options.db != ":memory:":
            admin = Admin(relay, socket_path(Path(database)))
            await admin.start()
    except OSError as error:
        admin = None
        log.warning("operators' commands cannot reach this relay: %s", error)
    if options.runtime_file:
        try:
            _announce(options.runtime_file, relay.port, settings.shared)
        except OSError as error:
            failed = f"the runtime file {options.runtime_file} cannot be written ({error.strerror})"
            print(f"ipysketch-relay: {failed}; choose another --runtime-file", file=sys.stderr)
            relay.finished.set()
    await relay.finished.wait()
    log.info("stopping")
    if options.runtime_file:
        _withdraw(options.runtime_file, settings.shared)
    if admin is not None:
        await admin.close()
    await relay.stop()
    return 2 if failed else 0


def _reload(options: argparse.Namespace, argv: list[str]) -> int:
    """Run the relay in a process of its own, and another one whenever a file changes."""
    try:
        from watchfiles import PythonFilter, run_process
    except ImportError:
        print("ipysketch-relay: --reload needs watchfiles; run: pip install watchfiles", file=sys.stderr)
        return 2
    try:
        watched = {Path(__file__).parent, *map(plugin_folder, options.plugin)}
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


def _log_to(path: str | None, level: str, form: str) -> None:
    handler = logging.FileHandler(path) if path else logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("relay").setLevel(level.upper())


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
