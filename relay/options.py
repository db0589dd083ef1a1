"""The command line of a relay that runs, and what its options come to."""

from __future__ import annotations

import argparse
import hmac
import logging
import os
import re
import secrets
import ssl
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_type_hints
from urllib.parse import urlsplit

from . import __version__
from .access.authentication import Authenticator
from .access.base_path import base_path
from .access.courses import INSTRUCTORS, STUDENTS, Courses
from .access.hub import Hub, HubService
from .access.origins import OriginPolicy, bind_refusal, frame_ancestor, is_loopback
from .access.tokens import Tokens, read_secret
from .limits import Limits
from .operations.commands import COMMANDS, default_secret
from .room.permissions import Role
from .server.hub_door import HubDoor
from .server.plugins import Plugin, load_plugin
from .store import is_address

MEMORY = ":memory:"
"""The name of a database that is none."""


@dataclass(frozen=True)
class Settings:
    """How one relay runs. `shared_secret` is written to the runtime file, or where there is none to the one by which
    this user's kernels find the relay of a port; "" for neither. `database` may be `MEMORY`; with several workers the
    names of their files come from it. `door` is that of a Hub's service."""

    host: str
    port: int
    database: str
    limits: Limits
    origins: OriginPolicy
    authenticator: Authenticator
    encryption: ssl.SSLContext | None
    insecure_lan: bool
    plugins: tuple[Plugin, ...]
    idle_exit: float | None
    runtime_file: Path | None
    shared_secret: str
    store: str = ""
    """The address of the PostgreSQL database that has the rooms; `database` is then only the name beside which the
    secret and the operators' socket are."""
    copies: int = 1
    relay_id: str = ""
    """Its name among several relays of that database; "" when it is the only one."""
    advertise: str = ""
    cluster_secret: bytes = b""
    token_secret: bytes = b""
    """What tokens are signed with: the same for all those relays; empty where there are none."""
    workers: int = 1
    worker: int | None = None
    """Which of several workers this process is, from 0; None when it is the relay, or the front of several."""
    door: HubDoor | None = None


def default_database() -> Path:
    """Return the path of this user's database."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "ipysketch" / "relay.sqlite"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the options of a relay."""
    commands = "\n".join(f"  {name:<8} {text}" for name, text in COMMANDS.items())
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
    add("--store", default="", metavar="ADDRESS", help="rooms in PostgreSQL (postgresql://…) instead of a file")
    add(
        "--copies",
        type=int,
        default=1,
        metavar="N",
        help="synchronous copies it must have (default: %(default)s)",
    )
    add(
        "--relay-id",
        default="",
        metavar="NAME",
        help="be one of several relays of --store, under this name (see docs/how-to/cluster.md)",
    )
    add(
        "--advertise",
        default="",
        metavar="ADDRESS",
        help="where the other relays reach this one, on a network of their own, such as ws://10.0.0.3:8766",
    )
    add(
        "--cluster-secret-file",
        type=Path,
        metavar="FILE",
        help="the secret by which these relays know each other",
    )
    add(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes, each with its rooms (default: %(default)s)",
    )
    # How the front starts a worker.
    add("--worker", type=int, help=argparse.SUPPRESS)
    add("--handed", type=int, help=argparse.SUPPRESS)
    result.set_defaults(shared_secret=None)
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
        help="a Python function that sees each named event first (see docs/how-to/plugins.md)",
    )
    add("--reload", action="store_true", help="start anew whenever the relay's code or a plugin's changes")
    add("--version", action="version", version=f"ipysketch-relay {__version__}")
    access = result.add_argument_group("who may come in")
    add = access.add_argument
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
    add(
        "--base-url",
        metavar="PREFIX",
        help="the path that a proxy has for this relay, such as /draw/ (default: that of --public-url)",
    )
    add("--allow-host", action="append", default=[], metavar="NAME", help="another name this relay answers to")
    add("--allow-origin", action="append", default=[], metavar="ORIGIN", help="pages that may use this relay")
    add(
        "--frame-ancestors",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="pages that may show this relay's pages in a frame, such as those of a learning platform",
    )
    add = result.add_argument_group("as a service of a JupyterHub (see docs/how-to/jupyterhub.md)").add_argument
    add("--hub", action="store_true", help="let in whom the Hub of this environment knows, and nobody else")
    add(
        "--hub-students",
        default=STUDENTS,
        metavar="GROUP",
        help="the group of the Hub whose members draw in the rooms of a course (default: %(default)s)",
    )
    add(
        "--hub-instructors",
        default=INSTRUCTORS,
        metavar="GROUP",
        help="the group whose members are moderators there (default: %(default)s)",
    )
    add(
        "--hub-recheck",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="who may no longer be in is out within so long (default: %(default)s)",
    )
    group = result.add_argument_group("limits (see docs/how-to/operate.md)")
    types = get_type_hints(Limits)
    for field in fields(Limits):
        name = "--" + field.name.replace("_", "-")
        group.add_argument(
            name, type=types[field.name], default=field.default, metavar="N", help="default: %(default)s"
        )
    return result


def read_settings(options: argparse.Namespace) -> Settings:
    """Return what `options`, parsed by `parser`, come to; raises ValueError with a sentence when that cannot be."""
    if not 0 <= options.port <= 65535:
        raise ValueError(f"{options.port} is no port; choose one from 0 to 65535")
    if refusal := _refused_store(options) or _refused_workers(options) or _refused_cluster(options):
        raise ValueError(refusal)
    if bool(options.cert) != bool(options.key):
        raise ValueError("--cert and --key go together; give both")
    if options.hub:
        return _hub_settings(options)
    refusal = bind_refusal(
        options.host,
        encrypted=bool(options.cert),
        tokens=options.require_token,
        behind_proxy=options.behind_proxy > 0,
        insecure_lan=options.insecure_lan,
    )
    if refusal:
        raise ValueError(refusal)
    closed = options.require_token or options.runtime_file
    # On loopback everybody means every user of this machine; the one who runs the relay shows to be that.
    is_shown = options.runtime_file or (is_loopback(options.host) and not closed and not options.behind_proxy)
    shared_secret = secrets.token_hex(32) if is_shown else ""
    cluster_secret = read_secret(options.cluster_secret_file) if options.relay_id else b""
    if cluster_secret and is_shown:  # A proof is passed on with its connection, and holds at each relay.
        shared_secret = hmac.digest(cluster_secret, b"who runs the relays", "sha256").hex()
    limits = _limits(options)
    if options.worker is not None:
        shared_secret, limits = options.shared_secret, limits.share(options.workers)
    tokens = _tokens(options)
    return Settings(
        host=options.host,
        port=options.port,
        database=_database(options),
        limits=limits,
        origins=OriginPolicy(
            options.public_url,
            tuple(options.allow_host),
            tuple(options.allow_origin),
            options.behind_proxy,
            base=base_path(_base_url(options)),
            frame_ancestors=tuple(map(frame_ancestor, options.frame_ancestors)),
            any_name=bool(closed),
        ),
        authenticator=Authenticator(shared_secret, tokens=tokens, everybody=None if closed else Role.EDITOR),
        encryption=_encryption(options.cert, options.key),
        insecure_lan=options.insecure_lan,
        plugins=tuple(load_plugin(name) for name in options.plugin),
        idle_exit=options.idle_exit,
        runtime_file=options.runtime_file,
        shared_secret=shared_secret,
        store=options.store,
        copies=options.copies,
        relay_id=options.relay_id,
        advertise=options.advertise,
        cluster_secret=cluster_secret,
        token_secret=_secret(options) if options.relay_id and tokens is not None else b"",
        workers=options.workers,
        worker=options.worker,
    )


def _refused_store(options: argparse.Namespace) -> str:
    """Return why rooms cannot be there; "" when they can."""
    if options.store and not is_address(options.store):
        return "--store is an address such as postgresql://relay@db/ipysketch; a file is --db"
    if options.store and options.db == MEMORY:
        return "rooms are in PostgreSQL or in memory; leave --store or --db :memory: away"
    if options.copies != 1 and not options.store:
        return "--copies is for rooms in PostgreSQL; say --store too"
    if options.copies < 1:
        return f"{options.copies} copies would keep nothing; choose 1 or more"
    return ""


def _refused_cluster(options: argparse.Namespace) -> str:  # a sentence for each
    """Return why this cannot be one of several relays; "" when it can, or is not to be."""
    if not options.relay_id:
        given = [name for name in ("advertise", "cluster_secret_file") if getattr(options, name)]
        return (
            f"--{given[0].replace('_', '-')} is for one of several relays; say --relay-id too" if given else ""
        )
    if not options.store:
        return "several relays share a PostgreSQL database; say --store postgresql://…, a file has one relay"
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", options.relay_id):
        return "--relay-id is a name of at most 64 letters, digits, dots, dashes and underscores"
    if not options.advertise or options.cluster_secret_file is None:
        return "one of several relays needs --advertise ws://HOST:PORT and --cluster-secret-file FILE"
    parts = urlsplit(options.advertise)
    try:
        is_address = parts.scheme == "ws" and parts.hostname and parts.port and parts.path in ("", "/")
    except ValueError:
        is_address = False
    if not is_address or parts.port == options.port:
        return "--advertise is an address such as ws://10.0.0.3:8766, with another port than --port"
    if options.hub:
        return "a service of a Hub is one relay; leave --relay-id away"
    if options.idle_exit is not None:
        return "--idle-exit is for a relay of its own; leave it or --relay-id away"
    return ""


def _database(options: argparse.Namespace) -> str:
    """Return the database, or the name beside which a relay has its files."""
    if options.relay_id and not options.db:
        return str(default_database().with_name(f"relay-{options.relay_id}"))
    return options.db or str(default_database())


def _refused_workers(options: argparse.Namespace) -> str:
    """Return why there cannot be so many workers; "" when there can."""
    if options.workers < 1:
        return f"{options.workers} workers cannot serve anybody; choose 1 or more"
    if options.workers == 1:
        return ""
    if options.db == MEMORY:
        return "rooms in memory are those of one process; say --db FILE, or leave --workers away"
    if options.idle_exit is not None:
        return "--idle-exit is for a relay of one process; leave it or --workers away"
    if options.store:
        return "rooms in PostgreSQL are served by one process as yet; leave --workers away"
    if options.hub:
        return "a service of a Hub is a relay of one process; leave --workers away"
    if options.reload:
        return "--reload is for a relay of one process; leave it or --workers away"
    return ""


def _hub_settings(options: argparse.Namespace) -> Settings:
    """Return how a service of a Hub runs: the Hub says where, and who comes in."""
    if options.require_token or options.runtime_file:
        raise ValueError("--hub lets in whom the Hub knows; leave out --require-token and --runtime-file")
    if not options.hub_recheck > 0:
        raise ValueError("--hub-recheck must be more than 0 seconds")
    service = HubService.of(os.environ)
    courses = Courses(options.hub_students, options.hub_instructors)
    hub = Hub(service, recheck=options.hub_recheck, now=time.monotonic, log=logging.getLogger("relay"))
    host, port = service.listens_on(options.host, options.port)
    return Settings(
        host=host,
        port=port,
        database=options.db or str(default_database()),
        limits=_limits(options),
        origins=OriginPolicy(
            options.public_url or service.public_url,
            tuple(options.allow_host),
            tuple(options.allow_origin),
            # The Hub's proxy is in front of people; kernels may come by themselves.
            options.behind_proxy or 1,
            base=base_path(service.prefix),
            frame_ancestors=tuple(map(frame_ancestor, options.frame_ancestors)),
            any_name=True,
        ),
        authenticator=Authenticator(),
        encryption=_encryption(options.cert, options.key),
        insecure_lan=False,
        plugins=tuple(load_plugin(name) for name in options.plugin),
        idle_exit=None,
        runtime_file=None,
        shared_secret="",
        store=options.store,
        copies=options.copies,
        door=HubDoor(service, hub, courses, _secret(options), recheck=options.hub_recheck),
    )


def _limits(options: argparse.Namespace) -> Limits:
    return Limits(**{field.name: getattr(options, field.name) for field in fields(Limits)})


def _base_url(options: argparse.Namespace) -> str:
    return str(urlsplit(options.public_url).path if options.base_url is None else options.base_url)


def _tokens(options: argparse.Namespace) -> Tokens | None:
    if options.runtime_file and options.db == MEMORY:
        return Tokens(secrets.token_bytes(32))
    if not (options.require_token or options.secret_file or options.runtime_file):
        return None
    return Tokens(_secret(options))


def _secret(options: argparse.Namespace) -> bytes:
    """Return the secret that is kept beside the database, or where it was said."""
    if options.db == MEMORY and not options.secret_file:
        raise ValueError("a relay in memory has no place for its secret; say --secret-file")
    database = Path(_database(options))
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return read_secret(options.secret_file or default_secret(database))


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
