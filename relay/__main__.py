"""``python -m relay``, also installed as ``ipysketch-relay``: run a relay until it is stopped, or ask one."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .cluster.membership import Membership
from .observability.event_log import JsonFormatter, TextFormatter
from .operations import commands
from .operations.admin_socket import AdminSocket, socket_path
from .operations.reload import run_reloading
from .operations.runtime_file import announce, user_file, withdraw
from .options import MEMORY, Settings, default_database, parser, read_settings
from .records import Store, StoreError
from .server.accepting import raise_descriptors
from .server.batching_loop import new_batching_loop
from .server.handed import HandedListener
from .server.relay import Relay
from .store import StoreInUse, StoreOnNetwork, open_store
from .store.moving import make_shards
from .store.shards import check_shards, shard_paths
from .workers.fellows import DatabaseFellows
from .workers.running import NotStartedError, WorkingRelay

SWITCH = 0.0005
"""Seconds after which Python lets another thread in. The store's needs moments, between two calls of the disk, and
waited ten times as long for each."""
IN_USE = 3
"""Exit code when another relay holds the database; who started this one as a race finds the winner."""
ON_NETWORK = 4
"""Exit code when the database would lie on a network file system; who started this one knows another place."""
PLATFORMS = (
    "ipysketch-relay runs on Linux and macOS; on Windows run it in WSL, or use a relay on another machine"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the relay; the exit code is 0 after SIGTERM or SIGINT, `IN_USE` when another relay holds the
    database, `ON_NETWORK` when that is on a network file system, 2 when it cannot start for another reason. With a
    command: do it, and 0 or 2."""
    argv = sys.argv[1:] if argv is None else argv
    if importlib.util.find_spec("fcntl") is None:  # Of all that Windows lacks, what the store needs first.
        return _fail(PLATFORMS)
    if argv and argv[0] in commands.COMMANDS:
        return commands.run(argv, default_database())
    options = parser().parse_args(argv)
    if options.reload and options.workers == 1:
        return run_reloading([word for word in argv if word != "--reload"], options.plugin)
    if options.worker is not None:
        options.shared_secret = sys.stdin.readline().strip()
    try:
        _log_to(options.log_file, options.log_level, options.log_format)
        settings = read_settings(options)
        if settings.database != MEMORY and settings.worker is None and not settings.store:
            check_shards(Path(settings.database), settings.workers)
        if settings.workers > 1 and settings.worker is None:
            make_shards(Path(settings.database), settings.workers)
            raise_descriptors(settings.limits)
            return asyncio.run(_run_workers(settings, argv))
        shared = bool(settings.relay_id)
        store = open_store(settings.store or _own_database(settings), settings.copies, shared=shared)
    except (StoreError, ValueError, OSError) as error:
        code = _fail(str(error))
        if isinstance(error, StoreInUse):
            return IN_USE
        return ON_NETWORK if isinstance(error, StoreOnNetwork) else code
    raise_descriptors(settings.limits)
    sys.setswitchinterval(SWITCH)
    gc.freeze()  # What came with the imports is never garbage, and need not be looked through for any.
    try:
        with asyncio.Runner(loop_factory=new_batching_loop) as runner:
            run = (
                _run(settings, store)
                if settings.worker is None
                else _run_worker(settings, store, options.handed)
            )
            return runner.run(run)
    finally:
        store.close()


def _own_database(settings: Settings) -> str:
    """Return the database of this process."""
    if settings.worker is None:
        return settings.database
    return str(shard_paths(Path(settings.database), settings.workers)[settings.worker])


def _relay(settings: Settings, store: Store, log: logging.Logger, **more: Any) -> Relay:
    return Relay(
        store,
        host=settings.host,
        port=settings.port,
        authenticator=settings.authenticator,
        origins=settings.origins,
        limits=settings.limits,
        encryption=settings.encryption,
        plugins=settings.plugins,
        idle_exit=settings.idle_exit,
        door=settings.door,
        log=log,
        **more,
    )


async def _run(settings: Settings, store: Store) -> int:
    log = logging.getLogger("relay")
    more: dict[str, Any] = {}
    try:
        if settings.relay_id:
            secrets = {"tokens": settings.token_secret} if settings.token_secret else {}
            more = {"membership": _membership(settings, log), "secrets": secrets}
        relay = _relay(settings, store, log, **more)
        await relay.start()
    except OSError as error:
        return _fail_at_port(settings.port, error)
    except StoreError as error:
        return _fail(str(error))
    _stop_at_signals(relay.finished)
    code = _announce(settings, relay.port, relay.finished, log)
    _say_where(settings, relay.port, log)
    admin = (
        None
        if settings.database == MEMORY
        else await _listen_for_operators(relay, Path(settings.database), log)
    )
    await relay.finished.wait()
    log.info("stopping")
    _withdraw(settings, relay.port)
    if admin is not None:
        await admin.close()
    await relay.stop()
    return _fail(relay.problem_at_end) if relay.problem_at_end else code


def _membership(settings: Settings, log: logging.Logger) -> Membership:
    """Return this relay's place among those of its database. Raises `StoreError`."""
    from .store.postgres_relays import Directory  # noqa: PLC0415  # an extra

    return Membership(
        Directory(settings.store), settings.relay_id, settings.advertise, settings.cluster_secret, log
    )


async def _run_worker(settings: Settings, store: Store, handed: int) -> int:
    """Serve the rooms of this worker until the front is gone, or says so."""
    log = logging.getLogger("relay")
    assert settings.worker is not None
    fellows = DatabaseFellows(Path(settings.database), settings.workers, settings.worker)
    relay = _relay(settings, store, log, handed=HandedListener(handed), fellows=fellows)
    try:
        await relay.start()
    except (OSError, StoreError) as error:
        return _fail(str(error))
    admin = await _listen_for_operators(relay, Path(_own_database(settings)), log)
    _stop_at_signals(relay.finished)
    await relay.finished.wait()
    if admin is not None:
        await admin.close()
    await relay.stop()
    return 0


async def _run_workers(settings: Settings, argv: Sequence[str]) -> int:
    """Be the front of several workers until stopped."""
    log = logging.getLogger("relay")
    relay = WorkingRelay(
        argv,
        settings.workers,
        host=settings.host,
        port=settings.port,
        limits=settings.limits,
        encrypted=settings.encryption is not None,
        secret=settings.shared_secret,
        log=log,
    )
    try:
        await relay.start()
    except OSError as error:
        return _fail_at_port(settings.port, error)
    except NotStartedError as error:
        return error.code
    _stop_at_signals(relay.finished)
    code = _announce(settings, relay.port, relay.finished, log)
    _say_where(settings, relay.port, log)
    await relay.finished.wait()
    log.info("stopping")
    _withdraw(settings, relay.port)
    await relay.stop()
    return code


def _stop_at_signals(finished: asyncio.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, finished.set)


def _announce(settings: Settings, port: int, finished: asyncio.Event, log: logging.Logger) -> int:
    """Write the runtime file, if there is to be one; returns the exit code, with `finished` set when it must be written
    and cannot."""
    if not settings.shared_secret:
        return 0
    runtime_file = settings.runtime_file or user_file(port)
    try:
        announce(runtime_file, port, settings.shared_secret)
    except OSError as error:
        reason = error.strerror or str(error)
        if settings.runtime_file:
            finished.set()
            return _fail(
                f"the runtime file {runtime_file} cannot be written ({reason}); choose another --runtime-file"
            )
        log.warning("who runs this relay is an editor like everybody: %s: %s", runtime_file, reason)
    return 0


def _withdraw(settings: Settings, port: int) -> None:
    if settings.shared_secret:
        withdraw(settings.runtime_file or user_file(port), settings.shared_secret)


def _say_where(settings: Settings, port: int, log: logging.Logger) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    scheme = "wss" if settings.encryption else "ws"
    workers = f" workers={settings.workers}" if settings.workers > 1 else ""
    where = "postgresql" if settings.store else settings.database
    log.info("listening on %s://%s:%d db=%s%s", scheme, host, port, where, workers)
    if settings.encryption and settings.workers > 1:
        log.warning(
            "most connections pass through two workers, because the front cannot read them; a proxy in front that "
            "encrypts, and --behind-proxy, saves that"
        )
    if settings.insecure_lan:
        log.warning("nothing is encrypted: who listens on this network sees every drawing and every token")


async def _listen_for_operators(relay: Relay, database: Path, log: logging.Logger) -> AdminSocket | None:
    admin = AdminSocket(relay, socket_path(database))
    try:
        await admin.start()
    except OSError as error:
        log.warning("operators' commands cannot reach this relay: %s", error)
        return None
    return admin


def _log_to(path: str | None, level: str, form: str) -> None:
    handler = (
        logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
        if path
        else logging.StreamHandler()
    )
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("relay").setLevel(level.upper())


def _fail_at_port(port: int, error: OSError) -> int:
    reason = (error.strerror or str(error)).lower()
    return _fail(f"port {port} cannot be used ({reason}); choose another --port")


def _fail(reason: str) -> int:
    """Say why the relay does not run; returns the exit code."""
    print(f"ipysketch-relay: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
