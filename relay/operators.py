"""The commands of an operator: ``ipysketch-relay rooms | export | import | delete | vacuum | backup | check |
token | revoke``. They go through the running relay, which alone holds the database; where none runs, they open it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import re
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from .admin import Line, answers, ask, parse_export, socket_path
from .limits import Limits
from .log import RoomInfo, Store, StoreError
from .metrics import Metrics
from .protocol import Bad, check_room
from .roles import role
from .rooms import Rooms
from .store import SqliteStore
from .tokens import ANY_ROOM, MAX_SECONDS, Tokens, read_secret

COMMANDS = {
    "rooms": "list the rooms",
    "export": "write a room to a file",
    "import": "make a room of a file",
    "delete": "delete a room, for good",
    "vacuum": "give unused space back to the disk",
    "backup": "write a copy of the database while the relay runs",
    "check": "look for damage in a database that no relay holds",
    "token": "make a token that lets somebody in",
    "revoke": "take a token back",
}

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


class _Failed(Exception):
    """The command cannot be done; the text says why."""


def seconds(text: str) -> float:
    """A time such as 90s, 30m, 8h or 14d, in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write one like 30m, 8h or 14d")
    return float(found[1]) * _UNITS[found[2]]


def parser(database: Path) -> argparse.ArgumentParser:
    """The command line of all of them."""
    result = argparse.ArgumentParser(prog="ipysketch-relay")
    commands = result.add_subparsers(dest="command", required=True)
    made: dict[str, argparse.ArgumentParser] = {}
    for name, text in COMMANDS.items():
        made[name] = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        made[name].add_argument("--db", type=Path, default=database, help="the database (default: %(default)s)")
    made["rooms"].add_argument("--json", action="store_true", help="a JSON object for each room")
    for name in ("export", "delete"):
        made[name].add_argument("room")
    made["export"].add_argument("file", type=Path, help="written; - for the standard output")
    made["import"].add_argument("file", type=Path)
    made["import"].add_argument("--room", help="its name here (default: the name in the file)")
    made["delete"].add_argument("--yes", action="store_true", help="do not ask")
    made["backup"].add_argument("file", type=Path)
    token = made["token"]
    token.add_argument("--room", required=True, help=f"the room it opens; {ANY_ROOM} for every room")
    token.add_argument(
        "--role", default="editor", help="viewer, editor, moderator or owner (default: %(default)s)"
    )
    token.add_argument("--name", default="", help="what its holder is called; also whose the strokes are")
    token.add_argument("--expires", type=seconds, default=8 * 3600.0, help="such as 30m, 8h, 14d (default: 8h)")
    token.add_argument("--secret-file", type=Path, help="the relay's secret (default: beside the database)")
    made["revoke"].add_argument("token", help="the id that `token` printed, or the log shows")
    return result


def run(argv: Sequence[str], database: Path) -> int:
    """Do one command; the exit code."""
    options = parser(database).parse_args(argv)
    options.db = options.db.absolute()
    try:
        if options.command == "token":
            _token(options)
        elif options.command == "check":
            SqliteStore(options.db).close()
            print(f"{options.db} is sound")
        else:
            getattr(sys.modules[__name__], f"_{options.command}")(options)
    except (_Failed, StoreError, Bad, ValueError) as error:
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
    """Where the secret of the relay of `database` is kept."""
    return database.with_name(database.name + ".secret")


# --- each command ---------------------------------------------------------------------------------------------


def _rooms(options: argparse.Namespace) -> None:
    rows = list(_ask(options.db, {"command": "rooms"}))
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
        parse_export(lines)  # The same that the relay will do, before it is bothered.
        room = options.room or json.loads(lines[0])["room"]
    except (ValueError, KeyError, TypeError) as error:
        raise _Failed(f"{options.file} cannot be imported: {error}") from None
    request = {"command": "import", "room": check_room(room), "lines": len(lines)}
    list(_ask(options.db, request, lines))
    print(f"room {room} is there, with {len(lines) - 1} operations")


def _delete(options: argparse.Namespace) -> None:
    if not options.yes:
        said = input(f"Delete room {options.room}, its drawing and its past, for good? Type its name: ")
        if said != options.room:
            raise _Failed("nothing was deleted")
    list(_ask(options.db, {"command": "delete", "room": options.room}))
    print(f"room {options.room} is deleted")


def _vacuum(options: argparse.Namespace) -> None:
    before = options.db.stat().st_size
    list(_ask(options.db, {"command": "vacuum"}))
    print(f"{options.db} has {options.db.stat().st_size / 2**20:.1f} MiB, before {before / 2**20:.1f}")


def _backup(options: argparse.Namespace) -> None:
    file = options.file.absolute()
    list(_ask(options.db, {"command": "backup", "file": str(file)}))
    print(f"{file} has a copy of {options.db}; a relay can be started on it with --db")


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
    for line in _ask(options.db, {"command": "revoke", "token": options.token, "until": until}, last=True):
        print(f"token {options.token} is void; {line['done']} connection(s) with it ended")


# --- the relay, or its database -------------------------------------------------------------------------------


def _ask(
    database: Path, request: Line, lines: list[bytes] | None = None, *, last: bool = False
) -> Iterator[Line]:
    """The lines of the answer, with the last one if `last`; raises `_Failed` with what the relay says."""
    try:
        found = ask(socket_path(database), request, lines)
        line = next(found)
    except (ConnectionError, FileNotFoundError):
        if not database.exists():
            raise _Failed(f"there is no database {database}; say which with --db") from None
        found = iter(asyncio.run(_alone(database, request, lines)))
        line = next(found)
    while "done" not in line and "error" not in line:
        yield line
        line = next(found, {"error": "the relay ended before it had answered; look at its log"})
    if "error" in line:
        raise _Failed(line["error"])
    if last:
        yield line


async def _alone(database: Path, request: Line, lines: list[bytes] | None) -> list[Line]:
    """The answer of a database that no relay holds."""
    relay = _Alone(SqliteStore(database))
    try:
        reader = asyncio.StreamReader(limit=2**30)
        reader.feed_data(b"".join(line.rstrip(b"\n") + b"\n" for line in lines or ()))
        reader.feed_eof()
        return [line async for line in answers(relay, request, reader)]
    finally:
        await relay.close()


class _Alone:
    """What `relay.admin` asks for, without a relay."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rooms = Rooms(store, logging.getLogger("relay"), Limits(), Metrics())

    async def rooms(self) -> list[tuple[RoomInfo, int]]:
        return [(info, 0) for info in await self._rooms.ask(self._store.rooms)]

    async def delete(self, room: str) -> None:
        await self._rooms.ask(self._store.delete, room)

    async def revoke(self, token: str, until: float) -> int:
        await self._rooms.ask(self._store.revoke, token, until)
        return 0

    def store(self) -> tuple[Store, Rooms]:
        return self._store, self._rooms

    async def close(self) -> None:
        await self._rooms.close()
