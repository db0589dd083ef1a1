"""Every road by which a room is read or changed, for every role, in an open and in a locked room, for what is one's own
and what is others': what the table of permissions says is what happens at the relay's door.

The rows are checked against the types of messages: one that is added has to get its row here. Each hole that is planted
is found.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed

from relay.access.authentication import Authenticator
from relay.access.tokens import Tokens
from relay.operations.admin_socket import AdminSocket
from relay.protocol import (
    CLOSE_ERASED,
    CLOSE_PROTOCOL,
    CLOSE_REFUSED,
    Accompanied,
    Accompany,
    Action,
    Cancel,
    Clear,
    ClientMessage,
    Code,
    Commit,
    Create,
    Delete,
    Done,
    Erase,
    Error,
    Event,
    Goodbye,
    History,
    Invite,
    Join,
    Leave,
    Lock,
    Mint,
    Minted,
    Operate,
    Patch,
    PeerCancel,
    PeerEvent,
    PeerLeft,
    PeerPreview,
    PeerState,
    Presence,
    Preview,
    Read,
    Refused,
    Remove,
    Request,
    Restore,
    Revert,
    RoomState,
    ServerMessage,
    Share,
    Snapshot,
    Ticket,
    Want,
    Welcome,
)
from relay.room.clients import Client
from relay.room.joining import AUTHOR, Applicant
from relay.room.permissions import EACH, Needs, Role
from relay.server.relay import Relay
from relay.store import MemoryStore

from ..support.raw_client import RawClient, relay_on, wire
from ..support.waiting import DEADLINE

VIEWER, EDITOR, MODERATOR, OWNER = Role
NOBODY = 99
TOKENS = Tokens(b"s" * 32)
FENCE = itertools.count(1_000_000)
ERASED = "what was erased"
LIVING = "what is there"


def kinds(union: Any) -> set[type]:
    return {get_origin(kind) or kind for kind in get_args(union)}


# --- one cell -------------------------------------------------------------------------------------------------


@dataclass
class Cell:
    """A room of its own. Olga owns it and drew `theirs`; the actor drew `mine` as operation 1, and erased `gone`, which
    was Olga's, as operation 2, when that was allowed."""

    actor: RawClient
    me: Welcome
    olga: RawClient
    olgas: Welcome
    guest: str
    """The peer id of an editor."""


class Row(NamedTuple):
    """What is sent, for what is one's own and what is others', and the least roles that may: for each of these in an
    open room, and in a locked one."""

    name: str
    message: Callable[[Cell, bool], ClientMessage]
    own: int
    other: int
    own_locked: int
    other_locked: int


def everybody(name: str, message: Callable[[Cell, bool], ClientMessage]) -> Row:
    return Row(name, message, VIEWER, VIEWER, VIEWER, VIEWER)


def act(*actions: Callable[[str], Action]) -> Callable[[Cell, bool], ClientMessage]:
    return lambda _, own: Operate(3, tuple(action("mine" if own else "theirs") for action in actions))


ROWS = [
    everybody("join again", lambda *_: Join("algebra")),
    everybody("accompany", lambda *_: Accompany("algebra", "t")),
    everybody("invite", lambda *_: Invite(id=1)),
    everybody("want previews", lambda *_: Want(True, id=1)),
    everybody("share", lambda *_: Share(id=1)),
    everybody("leave", lambda *_: Leave()),
    everybody("cursor", lambda *_: Presence({"cursor": [8, 8]})),
    Row("drag", lambda _, own: Presence({"moving": {"mine" if own else "theirs": [8, 8]}}), 2, 2, 3, 3),
    everybody("end a drag", lambda *_: Presence({"moving": None})),
    Row("lead", lambda *_: Presence({"leading": True}), 3, 3, 3, 3),
    Row("a field of a program", lambda *_: Presence({"mood": "merry"}), 2, 2, 2, 2),
    Row("a large presence", lambda *_: Presence({"tool": "x" * 2_000}), 2, 2, 2, 2),
    Row("a very large presence", lambda *_: Presence({"tool": "x" * 20_000}), NOBODY, NOBODY, NOBODY, NOBODY),
    Row("create", act(lambda key: Create(f"{key}-new", {})), 2, 2, 3, 3),
    Row("patch", act(lambda key: Patch(key, {"x": 1})), 2, 3, 3, 3),
    Row("bring to the front", act(lambda key: Patch(key, {"place": "front"})), 2, 3, 3, 3),
    Row("delete", act(lambda key: Delete((key,))), 2, 3, 3, 3),
    Row("delete among one's own", act(lambda key: Delete(("mine", key))), 2, 3, 3, 3),
    Row("clear", act(lambda _: Clear()), 3, 3, 3, 3),
    Row("revert", lambda _, own: Operate(3, (Revert(1 if own else 2),)), 2, 3, 3, 3),
    Row("preview", lambda *_: Preview("new", 0, (1, 2), {}), 2, 2, 3, 3),
    Row("cancel", lambda *_: Cancel("new"), 2, 2, 2, 2),
    Row("event", lambda *_: Event("mouse"), 2, 2, 3, 3),
    Row("event to one", lambda cell, own: Event("mouse", to=(cell.me if own else cell.olgas).peer), 2, 2, 3, 3),
    Row("read", lambda *_: Read(1, 1, id=1), 2, 2, 2, 2),
    Row("lock", lambda *_: Lock(True, id=1), 3, 3, 3, 3),
    Row("unlock", lambda *_: Lock(False, id=1), 3, 3, 3, 3),
    Row("remove", lambda cell, own: Remove(cell.guest if own else cell.olgas.peer, id=1), 3, 4, 3, 4),
    Row("mint", lambda _, own: Mint("viewer" if own else "owner", id=1), 4, 4, 4, 4),
    Row("erase", lambda cell, own: Erase(cell.me.room if own else "elsewhere", id=1), 4, NOBODY, 4, NOBODY),
]
ACTION = {"patch": Patch, "delete": Delete, "clear": Clear, "create": Create, "revert": Revert}


_SOMEBODY: Any = type("Somebody", (), {"peer": "p", "room": "room 0"})()
_ANYBODY = Cell(_SOMEBODY, _SOMEBODY, _SOMEBODY, _SOMEBODY, "p")


def kind_of(row: Row) -> type:
    """The type of what a row sends."""
    return type(row.message(_ANYBODY, True))


@contextlib.asynccontextmanager
async def connected(relay: Relay, role: Role | None, join: Join) -> AsyncIterator[tuple[RawClient, Welcome]]:
    """A connection with a token for its name; None: without one."""
    token = ""
    if role is not None:
        token, _ = TOKENS.mint(room=join.room, role=role, name=join.name, seconds=600, now=time.time())
    async with wire(relay.port) as client:
        await client.say(msgspec.structs.replace(join, token=token))
        yield client, await client.hear(Welcome)


async def commit(client: RawClient, op: int, *actions: Action) -> Commit:
    await client.say(Operate(op, actions))
    said: Commit = await client.hear(Commit, lambda commit: commit.op == op)
    return said


@contextlib.asynccontextmanager
async def cell(relay: Relay, room: str, role: Role, locked: bool) -> AsyncIterator[Cell]:
    olga_joins, ada_joins = Join(room, name="Olga"), Join(room, name="Ada")
    async with (
        connected(relay, OWNER, olga_joins) as (olga, olgas),
        connected(relay, EDITOR, Join(room, name="Guest")) as (_, guest),
    ):
        await commit(olga, 1, Create("theirs", {}), Create("gone", {}))
        async with connected(relay, MODERATOR, ada_joins) as (ada, before):
            await commit(ada, 1, Create("mine", {}))
            after = await commit(ada, 2, Delete(("gone",)))
        if locked:
            await olga.say(Lock(True, id=1))
            await olga.hear(Done)
        again = msgspec.structs.replace(
            ada_joins,
            client=before.client,
            resume_key=before.resume_key,
            epoch=before.epoch,
            seq=after.seq,
            mark=after.mark,
            settled=2,
        )
        async with connected(relay, role, again) as (ada, me):
            assert (me.client, me.role, me.locked) == (before.client, role.word, locked)
            yield Cell(ada, me, olga, olgas, guest.peer)


async def verdict_of(client: RawClient, id: str, message: Operate[Any]) -> Commit | Refused:
    """The verdict for an operation of the client `id`."""

    def is_it(said: Commit | Refused) -> bool:
        return said.op == message.op and (isinstance(said, Refused) or said.client == id)

    await client.say(message)
    verdict: Commit | Refused = await client.hear((Commit, Refused), is_it)
    return verdict


async def allowed(cell: Cell, message: ClientMessage) -> bool:
    """Whether the relay did what a message asks for."""
    actor = cell.actor
    if isinstance(message, Operate):
        return isinstance(await verdict_of(actor, cell.me.client, message), Commit)
    if isinstance(message, Leave):
        await actor.say(message)
        return await actor.closed() == 1000
    if isinstance(message, Erase):
        await actor.say(message)
        try:
            return not isinstance(await actor.hear(Error), Error)
        except ConnectionClosed:
            return actor.socket.close_code == CLOSE_ERASED
    if isinstance(message, Request):
        await actor.say(message)
        said = await actor.hear(
            (Error, History, Done, Minted, Ticket, Code), lambda said: said.re == message.id
        )
        return not isinstance(said, Error)
    # A request that fails for everybody shows that what came before it has been handled.
    fence = next(FENCE)
    await actor.say(message, Remove("nobody", id=fence))
    while (await actor.hear(Error)).re != fence:
        if not isinstance(message, Join | Accompany):  # A second one is refused to everybody, as what it is.
            return False
    return True


async def wrong(rows: Iterable[Row]) -> list[str]:
    """The cells in which something else happens than the table says."""
    found: list[str] = []
    number = itertools.count()
    authenticator = Authenticator(tokens=TOKENS, everybody=None)
    async with relay_on(MemoryStore(), authenticator=authenticator) as relay:
        for row, role, locked, own in itertools.product(rows, Role, (False, True), (True, False)):
            least = {
                (True, False): row.own,
                (False, False): row.other,
                (True, True): row.own_locked,
                (False, True): row.other_locked,
            }[own, locked]
            async with cell(relay, f"room {next(number)}", role, locked) as each:
                happened = await allowed(each, row.message(each, own))
            if happened is not (role >= least):
                what = "may" if happened else "may not"
                whose, state = "own" if own else "others'", "locked" if locked else "open"
                found.append(f"{role.phrase} {what} {row.name} ({whose}, {state})")
        for kind in {kind_of(row): row for row in rows}.values():
            async with wire(relay.port) as nobody:
                await nobody.say(kind.message(_ANYBODY, True))
                if await nobody.closed() not in (CLOSE_PROTOCOL, CLOSE_REFUSED):
                    found.append(f"who has not joined may {kind.name}")
    return found


def test_every_message_has_a_row_and_every_action_too() -> None:
    assert {kind_of(row) for row in ROWS} == kinds(ClientMessage)
    assert set(ACTION.values()) == kinds(Action)
    assert {row.name for row in ROWS} >= set(ACTION)


@pytest.mark.parametrize("part", range(4))
def test_every_role_may_do_what_the_table_says_and_nothing_else(part: int) -> None:
    assert asyncio.run(wrong(ROWS[part::4])) == []


# --- what is told, and to whom ----------------------------------------------------------------------------------


@dataclass
class Told:
    """All that a role was told of a room, by every road, as text; and the types of the messages."""

    text: str = ""
    types: set[type] = field(default_factory=set)

    def add(self, client: RawClient) -> None:
        self.types |= {type(message) for message in client.heard}
        self.text += msgspec.json.encode(client.heard).decode()
        for start in range(len(client.chunks)):
            with contextlib.suppress(zlib.error):
                stream = zlib.decompressobj()
                self.text += stream.decompress(b"".join(client.chunks[start:])).decode()


async def until_seq(client: RawClient, seq: int) -> None:
    await client.hear(Commit, lambda said: said.seq == seq)


SECRETS = ("olga's secret", "eve's secret")


async def told(role: Role) -> tuple[Told, set[str]]:
    """What a role is told by each road of reading, and what nobody else may be told."""
    result = Told()
    authenticator = Authenticator(tokens=TOKENS, everybody=None)
    async with (
        relay_on(MemoryStore(), authenticator=authenticator) as relay,
        connected(relay, OWNER, Join("algebra", name="Olga", secret=SECRETS[0])) as (olga, olgas),
    ):
        first = await commit(olga, 1, Create("a", {"text": ERASED}))
        await commit(olga, 2, Delete(("a",)))
        await commit(olga, 3, Create("b", {"text": LIVING}))
        asked = Join("algebra", name="Ada")
        known = msgspec.structs.replace(asked, epoch=olgas.epoch)
        roads = [
            asked,  # As somebody new.
            known,  # From before the first entry.
            msgspec.structs.replace(known, seq=first.seq, mark=first.mark),
            msgspec.structs.replace(known, client="x" * 32, resume_key="y" * 32),
        ]
        for number, join in enumerate(roads):
            async with connected(relay, role, join) as (ada, _):
                await ada.say(Read(1, 3, id=7))
                answer = await ada.hear((History, Error), lambda said: said.re == 7)
                if isinstance(answer, History):
                    await ada.snapshot(answer.size + sum(s.size for s in ada.heard if isinstance(s, Snapshot)))
                await olga.say(Event("to all", to="all"), Preview("c", 0, (1, 2), {}), Cancel("c"))
                await olga.say(Lock(True, id=8), Lock(False, id=9))
                await commit(olga, 4 + number, Create(f"live-{number}", {}))
                await until_seq(ada, 4 + number)
                result.add(ada)
    return result, {olgas.resume_key, *SECRETS}


TOLD_TO_ALL: set[type] = {
    *(
        Welcome,
        Snapshot,
        Commit,
        PeerState,
        PeerLeft,
        PeerPreview,
        PeerCancel,
        PeerEvent,
        RoomState,
        Error,
        Goodbye,
    )
}
"""Types whose messages anybody in a room may be told."""
ONLY_WHO_LOOKS_BACK: set[type] = {History}
ONLY_WHO_ASKED: set[type] = {Done, Minted, Refused, Ticket, Code, Accompanied}


async def leaks() -> list[str]:
    found = []
    for role in Role:
        said, secrets = await told(role)
        assert LIVING in said.text
        if role < EDITOR and ERASED in said.text:
            found.append(f"{role.phrase} is told what was erased")
        if role >= EDITOR and ERASED not in said.text:
            found.append(f"{role.phrase} cannot look back")
        found += [f"{role.phrase} is told a secret" for secret in secrets if secret in said.text]
        may = TOLD_TO_ALL | ONLY_WHO_LOOKS_BACK if role >= EDITOR else TOLD_TO_ALL
        found += [f"{role.phrase} is told {kind.__name__}" for kind in said.types - may]
    return found


def test_what_is_told_has_a_row_for_each_message() -> None:
    assert kinds(ServerMessage) == TOLD_TO_ALL | ONLY_WHO_LOOKS_BACK | ONLY_WHO_ASKED


def test_nobody_is_told_what_is_not_for_them() -> None:
    assert asyncio.run(leaks()) == []


# --- being somebody else ------------------------------------------------------------------------------------------


async def forged() -> list[str]:
    """The fields of a join by which somebody becomes the author of what another drew, from what others are told."""
    found = []
    words = [name for name in Join.__struct_fields__ if isinstance(getattr(Join("x"), name), str)]
    victims = {"without proof": "", "by a secret": SECRETS[0]}
    authenticator = Authenticator(everybody=EDITOR)
    for (what, secret), field_name in itertools.product(victims.items(), words):
        async with relay_on(MemoryStore(), authenticator=authenticator) as relay, wire(relay.port) as victim:
            await victim.say(Join("algebra", name="Vic", secret=secret))
            welcome = await victim.hear(Welcome)
            await commit(victim, 1, Create("v", {}))
            async with connected(relay, None, Join("algebra", name="Eve")) as (eve, _):
                await eve.hear(PeerState, lambda state: state.state["name"] == "Vic")
                await commit_of_nothing(eve)
                shown = msgspec.json.encode(eve.heard).decode()
            known = {welcome.author, welcome.author * 2, welcome.client, welcome.peer, welcome.peer * 2}
            assert welcome.author in shown
            await victim.say(Leave())
            await victim.closed()
            for text in known:
                fields = {"client": "e" * 32, "resume_key": "k" * 32, "epoch": welcome.epoch}
                attack = msgspec.structs.replace(Join("algebra", name="Eve"), **{**fields, field_name: text})
                async with wire(relay.port) as eve:
                    await eve.say(attack)
                    said = await eve.hear((Welcome, Error))
                    if isinstance(said, Error) or said.room != "algebra":
                        continue
                    verdict = await verdict_of(eve, said.client, Operate(said.last + 1, (Delete(("v",)),)))
                    if said.author == welcome.author or isinstance(verdict, Commit):
                        found.append(f"who says {text!r} as {field_name} is an author {what}")
    return found


async def commit_of_nothing(client: RawClient) -> None:
    """Hear all that has been told until now."""
    await commit(client, 1, Delete(("nothing",)))


def test_nobody_becomes_the_author_of_what_others_drew() -> None:
    assert asyncio.run(forged()) == []


# --- the doors beside the websocket -------------------------------------------------------------------------------


def test_what_everybody_may_ask_for_over_http_tells_nothing_of_a_room(tmp_path: Path) -> None:
    async def run() -> dict[str, str]:
        said: dict[str, str] = {}
        store = MemoryStore()
        async with (
            relay_on(store, authenticator=Authenticator(tokens=TOKENS, everybody=None)) as relay,
            connected(relay, OWNER, Join("algebra", name="Olga")) as (olga, olgas),
        ):
            await commit(olga, 1, Create("key-of-olga", {"text": LIVING}))
            for path in (
                "/",
                "/r/algebra",
                "/metrics",
                "/healthz",
                "/ipysketch.js",
                "/assets",
                "/r/algebra/log",
            ):
                said[path] = await asyncio.to_thread(fetch, f"http://127.0.0.1:{relay.port}{path}")
            for secret in (LIVING, "key-of-olga", "Olga", olgas.peer, olgas.client, olgas.author, olgas.epoch):
                assert not [path for path, text in said.items() if secret in text]
            assert "algebra" not in said["/metrics"] + said["/healthz"] + said["/"]
            admin = AdminSocket(relay, tmp_path / "socket")
            await admin.start()
            try:
                assert not (tmp_path / "socket").stat().st_mode & 0o077, "only its owner asks by this road"
            finally:
                await admin.close()
        return said

    said = asyncio.run(run())
    assert {path: text[:3] for path, text in said.items() if path in ("/assets", "/r/algebra/log")} == {
        "/assets": "404",
        "/r/algebra/log": "404",
    }


def fetch(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=DEADLINE) as answer:
            return f"{answer.status} {answer.headers} {answer.read().decode()}"
    except urllib.error.HTTPError as error:
        with error:
            return f"{error.code} {error.headers} {error.read().decode()}"


# --- the control: each hole is found --------------------------------------------------------------------------------

OPEN = Needs(VIEWER, VIEWER, VIEWER)
LOWERED = [kind for kind, needs in EACH.items() if needs != OPEN and kind is not Create]
"""A create is refused as the operation that it is part of: `Operate`."""


@pytest.mark.parametrize("kind", LOWERED, ids=lambda kind: kind.__name__)
def test_a_right_that_is_given_to_everybody_is_found(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.room.permissions.EACH", {**EACH, kind: OPEN})
    only: dict[type, str] = {Patch: "patch", Delete: "delete", Clear: "clear", Restore: "revert"}
    rows = [row for row in ROWS if (row.name == only[kind] if kind in only else kind_of(row) is kind)]
    assert asyncio.run(wrong(rows))


def keep(client: Applicant, id: str, resume_key: str) -> Client:
    """As it was: who shows nothing is the author that their client's id begins with."""
    return Client(id, client.key_hash(resume_key), client.author or id[:AUTHOR])


PLANTED: dict[str, tuple[str, Any, Callable[[], Coroutine[None, None, list[str]]]]] = {
    "viewers resume": ("relay.room.room.may_look_back", lambda *_: True, leaks),
    "nobody resumes": ("relay.room.permissions.EACH", {**EACH, Read: Needs(OWNER, OWNER, OWNER)}, leaks),
    "an author is the key itself": ("relay.room.joining.digest", lambda _, secret: secret, forged),
    "an author is an id": ("relay.room.joining.Applicant.client", keep, forged),
    "any presence": (
        "relay.room.room.check_presence",
        lambda *_: None,
        lambda: wrong(row for row in ROWS if row.name == "drag"),
    ),
    "any size of it": (
        "relay.room.members.presence_bytes",
        lambda _: 1 << 30,
        lambda: wrong(row for row in ROWS if row.name == "a large presence"),
    ),
    "unknown fields": (
        "relay.room.permissions.OTHER_PRESENCE",
        OPEN,
        lambda: wrong(row for row in ROWS if row.name == "a field of a program"),
    ),
}


@pytest.mark.parametrize("hole", PLANTED)
def test_a_hole_is_found(hole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, what, find = PLANTED[hole]
    monkeypatch.setattr(where, what)
    assert asyncio.run(find())
