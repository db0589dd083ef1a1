"""The commands of an operator: ``ipysketch-relay rooms | export | import | delete | vacuum | backup | check |
migrate | reshard | token | revoke | drain``.
They go through the running relay, which alone holds the database; where none
runs, they open it. Of a relay with several workers they ask the one that has the room, or all.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from ..access.tokens import ANY_ROOM, MAX_SECONDS, Tokens, read_secret
from ..protocol import RemoteError, check_room
from ..records import LogRange, RoomInfo, Store, StoreError
from ..room.permissions import role
from ..store import SqliteStore, StoreInUse
from ..store.moving import OLD, reshard
from ..store.shards import shard_count, shard_of, shard_paths
from ..store.worker import StoreThread
from .admin_socket import Line, answers, ask, parse_export, socket_path

COMMANDS = {
    "rooms": "list the rooms",
    "export": "write a room to a file",
    "import": "create a room from a file",
    "delete": "delete a room, for good",
    "vacuum": "give unused space back to the disk",
    "backup": "write a copy of the database while the relay runs",
    "check": "look for damage in a database that no relay holds",
    "migrate": "move the rooms of a database that no relay holds to PostgreSQL, or back",
    "reshard": "move the rooms of a database that no relay holds to files for another number of workers",
    "token": "create a token that lets somebody in",
    "revoke": "make a token void",
    "drain": "have one of several relays give its rooms to the others, and end when it has none",
}

STARTING, PAUSE = 10.0, 0.2
"""Seconds for which a worker that is starting is waited for, and between two looks."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


class _CommandError(Exception):
    """The command cannot be done; the text says why."""


def seconds(text: str) -> float:
    """Return the seconds of a time such as 90s, 30m, 8h or 14d."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write one like 30m, 8h or 14d")
    return float(match[1]) * _UNITS[match[2]]


def parser(database: Path) -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    result = argparse.ArgumentParser(prog="ipysketch-relay")
    commands = result.add_subparsers(dest="command", required=True)
    parsers: dict[str, argparse.ArgumentParser] = {}
    for name, text in COMMANDS.items():
        parsers[name] = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        parsers[name].add_argument(
            "--db", type=Path, default=database, help="the database (default: %(default)s)"
        )
    parsers["rooms"].add_argument("--json", action="store_true", help="a JSON object for each room")
    for name in ("export", "delete"):
        parsers[name].add_argument("room")
    parsers["export"].add_argument("file", type=Path, help="written; - for the standard output")
    parsers["import"].add_argument("file", type=Path)
    parsers["import"].add_argument("--room", help="its name here (default: the name in the file)")
    parsers["delete"].add_argument("--yes", action="store_true", help="do not ask")
    parsers["backup"].add_argument("file", type=Path)
    parsers["migrate"].add_argument("--to", metavar="ADDRESS", help="of the PostgreSQL database that gets them")
    parsers["migrate"].add_argument("--from", metavar="ADDRESS", dest="origin", help="of the one that has them")
    parsers["reshard"].add_argument("workers", type=int, help="1 for a relay of one process")
    token = parsers["token"]
    token.add_argument("--room", required=True, help=f"the room it opens; {ANY_ROOM} for every room")
    token.add_argument(
        "--role", default="editor", help="viewer, editor, moderator or owner (default: %(default)s)"
    )
    token.add_argument("--name", default="", help="what its holder is called; also whose the strokes are")
    token.add_argument("--expires", type=seconds, default=8 * 3600.0, help="such as 30m, 8h, 14d (default: 8h)")
    token.add_argument("--secret-file", type=Path, help="the relay's secret (default: beside the database)")
    parsers["revoke"].add_argument("token", help="the id that `token` printed, or the log shows")
    parsers["drain"].add_argument("--undo", action="store_true", help="take rooms again")
    return result


def run(argv: Sequence[str], database: Path) -> int:
    """Do one command; returns the exit code."""
    options = parser(database).parse_args(argv)
    options.db = options.db.absolute()
    try:
        _RUN[options.command](options)
    except (_CommandError, StoreError, RemoteError, ValueError) as error:
        print(f"ipysketch-relay: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"ipysketch-relay: {error.filename or options.db}: {(error.strerror or '').lower()}",
            file=sys.stderr,
        )
        return 2
    return 0


def default_secret(database: Path) -> Path:
    """Return the file with the secret of the relay of `database`."""
    return database.with_name(database.name + ".secret")


# --- each command ---------------------------------------------------------------------------------------------


def _rooms(options: argparse.Namespace) -> None:
    rows = sorted(_ask(options.db, {"command": "rooms"}), key=lambda row: str(row["name"]))
    if options.json:
        for row in rows:
            print(json.dumps(row))
        return
    print(f"{'room':<32} {'peers':>5} {'operations':>10} {'from':>8} {'MiB':>8}  last change")
    for row in rows:
        at = datetime.fromtimestamp(row["at"]).strftime("%Y-%m-%d %H:%M") if row["at"] else "never"
        size = row["size"] / 2**20
        locked = "  locked" if row["locked"] else ""
        print(
            f"{row['name']:<32} {row['peers']:>5} {row['last']:>10} {row['first']:>8} {size:>8.1f}  {at}{locked}"
        )


def _export(options: argparse.Namespace) -> None:
    lines = _ask(options.db, {"command": "export", "room": options.room})
    if str(options.file) == "-":
        for line in lines:
            print(json.dumps(line))
        return
    aside = options.file.with_name(options.file.name + ".part")
    count = -1
    try:
        with aside.open("w") as file:
            for line in lines:
                file.write(json.dumps(line) + "\n")
                count += 1
        aside.replace(options.file)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    print(f"{count} operations of room {options.room} are in {options.file}")


def _import(options: argparse.Namespace) -> None:
    lines = options.file.read_bytes().splitlines()
    try:
        parse_export(lines)  # As the relay will, which then need not refuse it.
        room = options.room or json.loads(lines[0])["room"]
    except (ValueError, KeyError, TypeError) as error:
        raise _CommandError(f"{options.file} cannot be imported: {error}") from None
    check_room(room)
    request = {"command": "import", "room": room, "lines": len(lines)}
    list(_ask(options.db, request, lines))
    print(f"room {room} is there, with {len(lines) - 1} operations")


def _delete(options: argparse.Namespace) -> None:
    if not options.yes:
        typed = input(f"Delete room {options.room}, its drawing and its past, for good? Type its name: ")
        if typed != options.room:
            raise _CommandError("nothing was deleted")
    list(_ask(options.db, {"command": "delete", "room": options.room}))
    print(f"room {options.room} is deleted")


def _vacuum(options: argparse.Namespace) -> None:
    before = _size(options.db)
    list(_ask(options.db, {"command": "vacuum"}))
    print(f"{options.db} has {_size(options.db) / 2**20:.1f} MiB, before {before / 2**20:.1f}")


def _size(database: Path) -> int:
    return sum(file.stat().st_size for file in _files(database) if file.exists())


def _backup(options: argparse.Namespace) -> None:
    file = options.file.absolute()
    list(_ask(options.db, {"command": "backup", "file": str(file)}))
    count = len(_files(options.db))
    workers = f" and --workers {count}" if count > 1 else ""
    print(f"{file} has a copy of {options.db}; a relay can be started on it with --db{workers}")


def _check(options: argparse.Namespace) -> None:
    for file in _files(options.db):
        with contextlib.closing(SqliteStore(file)) as store:
            store.check()
    print(f"{options.db} is sound")


def _reshard(options: argparse.Namespace) -> None:
    if options.workers < 1:
        raise _CommandError("choose 1 worker or more")
    rooms = reshard(options.db, options.workers)
    how = f"with --workers {options.workers}" if options.workers > 1 else "without --workers"
    print(
        f"{rooms} rooms of {options.db} were moved; start the relay {how}. The files before end with {OLD}; delete them"
    )


def _migrate(options: argparse.Namespace) -> None:
    if bool(options.to) == bool(options.origin):
        raise _CommandError(
            "say --to ADDRESS for the rooms of the database, or --from ADDRESS to have them there"
        )
    try:
        from ..store.migrating import migrate  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        raise _CommandError(
            "rooms in PostgreSQL need psycopg; run: pip install 'ipysketch-live[cluster]'"
        ) from None
    rooms = migrate(options.origin or str(options.db), options.to or str(options.db))
    where = "with --store" if options.to else f"with --db {options.db}"
    print(f"{rooms} rooms were moved; start the relay {where}")


def _token(options: argparse.Namespace) -> None:
    tokens = Tokens(read_secret(options.secret_file or default_secret(options.db)))
    token, grant = tokens.mint(
        room=options.room,
        role=role(options.role),
        name=options.name,
        seconds=options.expires,
        now=time.time(),
    )
    print(token)
    until = datetime.fromtimestamp(grant.expires).strftime("%Y-%m-%d %H:%M")
    print(f"id {grant.id}: {grant.role.word} in {grant.room} until {until}", file=sys.stderr)


def _revoke(options: argparse.Namespace) -> None:
    until = time.time() + MAX_SECONDS
    lines = _ask(options.db, {"command": "revoke", "token": options.token, "until": until}, last=True)
    ended = sum(line["done"] for line in lines)
    print(f"token {options.token} is void; {ended} connection(s) with it ended")


def _drain(options: argparse.Namespace) -> None:
    [line] = _ask(options.db, {"command": "drain", "wanted": not options.undo}, last=True)
    if options.undo:
        print(f"the relay takes rooms again; it holds {line['done']}")
    else:
        print(f"the relay gives {line['done']} room(s) to others, and ends when it has none")


_RUN: dict[str, Callable[[argparse.Namespace], None]] = {
    "rooms": _rooms,
    "export": _export,
    "import": _import,
    "delete": _delete,
    "vacuum": _vacuum,
    "backup": _backup,
    "check": _check,
    "migrate": _migrate,
    "reshard": _reshard,
    "token": _token,
    "revoke": _revoke,
    "drain": _drain,
}


# --- the relay, or its database -------------------------------------------------------------------------------


def _files(database: Path) -> list[Path]:
    """Return the files that have the rooms of `database`."""
    if not (count := shard_count(database)):
        if socket_path(database).exists():  # The relay that runs has its rooms elsewhere.
            return [database]
        raise _CommandError(f"there is no database {database}; say which with --db")
    return shard_paths(database, count)


def _ask(
    database: Path, request: Line, lines: list[bytes] | None = None, *, last: bool = False
) -> Iterator[Line]:
    """Yield the lines of the answer, the last one only if `last`: of the worker that has the room which the request is
    for, or of all. Raises `_CommandError` with the relay's reason."""
    files = _files(database)
    if "room" in request:
        files = [files[shard_of(request["room"], len(files))]]
    backups = shard_paths(Path(request["file"]), len(files)) if "file" in request else []
    for number, file in enumerate(files):
        one = {**request, "file": str(backups[number])} if backups else request
        end = time.monotonic() + (STARTING if shard_count(database) > 1 else 0.0)
        while True:
            try:
                yield from _ask_one(file, one, lines, last=last)
                break
            except StoreInUse:
                # A worker that is just starting has its file before it answers.
                if time.monotonic() > end:
                    raise
                time.sleep(PAUSE)


def _ask_one(database: Path, request: Line, lines: list[bytes] | None, *, last: bool) -> Iterator[Line]:
    try:
        answer = ask(socket_path(database), request, lines)
        line = next(answer)
    except (ConnectionError, FileNotFoundError):
        if not database.exists():
            raise _CommandError(f"no relay runs that has {database}; start it") from None
        answer = iter(asyncio.run(_offline(database, request, lines)))
        line = next(answer)
    while "done" not in line and "error" not in line:
        yield line
        line = next(answer, {"error": "the relay ended before it had answered; look at its log"})
    if "error" in line:
        raise _CommandError(line["error"])
    if last:
        yield line


async def _offline(database: Path, request: Line, lines: list[bytes] | None) -> list[Line]:
    """Return the answer of a database that no relay holds."""
    relay = _Offline(SqliteStore(database))
    try:
        reader = asyncio.StreamReader(limit=2**30)
        reader.feed_data(b"".join(line.rstrip(b"\n") + b"\n" for line in lines or ()))
        reader.feed_eof()
        return [line async for line in answers(relay, request, reader)]
    finally:
        await relay.store_thread.close()


class _Offline:
    """A database that no relay holds, as `admin_socket.Operated`: nobody is connected."""

    def __init__(self, store: Store) -> None:
        self.store_thread = StoreThread(store)
        self._store = store

    async def rooms(self) -> list[tuple[RoomInfo, int]]:
        return [(info, 0) for info in await self.store_thread.ask(self._store.rooms)]

    async def delete(self, room: str) -> None:
        await self.store_thread.ask(self._store.delete, room)

    async def restore(self, room: str, past: LogRange) -> None:
        await self.store_thread.ask(self._store.restore, room, secrets.token_hex(8), past)

    async def revoke(self, token: str, until: float) -> int:
        await self.store_thread.ask(self._store.revoke, token, until)
        return 0

    def of_a_fellow(self, _command: str, _subject: str) -> None:
        raise StoreError("no relay runs, so it has no codes")

    async def drain(self, _wanted: bool) -> int:
        raise StoreError("no relay runs")

    async def figures(self) -> str:
        raise StoreError("no relay runs, so it has no figures")

    async def problem(self) -> str:
        raise StoreError("no relay runs")
