"""Relays that share a PostgreSQL server: one room by way of any of them, rights, words for what is set up wrongly."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from websockets.exceptions import InvalidStatus

from relay.__main__ import IN_USE, main
from relay.access.code_words import WORDS
from relay.access.codes import AT_ONCE
from relay.access.tokens import Tokens, read_secret
from relay.cluster.signs import HOP, Hop, Question, read_reply, sign_hop, sign_question
from relay.operations import commands
from relay.protocol import (
    CLOSE_RESTART,
    CLOSE_REVOKED,
    Code,
    Commit,
    Error,
    Event,
    Goodbye,
    Join,
    Lock,
    PeerEvent,
    PeerPreview,
    Preview,
    Refused,
    RoomState,
    Share,
    Welcome,
)
from relay.room.permissions import Role
from relay.server.code_page import NO_CODE
from relay.server.committer import WAITING

from ..faults.cluster import Cluster, Fellow, cluster
from ..faults.cluster_demo import whole
from ..support import postgres
from ..support.http import Answer, fetch
from ..support.processes import free_port
from ..support.raw_client import RawClient, create, joined, wire
from ..support.waiting import DEADLINE, PAUSE

ROOM = "algebra"


@pytest.fixture(scope="module")
def running() -> Iterator[postgres.Server]:
    with postgres.server("wheel") as made:
        yield made


@pytest.fixture
def server(running: postgres.Server) -> postgres.Server:
    running.empty()
    return running


def with_relays(
    story: Callable[[Cluster], Awaitable[None]],
    folder: Path,
    address: str,
    *options: str,
    count: int = 2,
    alteration: str = "",
) -> None:
    """Have a `story` told with so many relays as operators run them."""

    async def told() -> None:
        async with (
            asyncio.timeout(DEADLINE),
            cluster(folder, address, count, *options, alteration=alteration) as made,
        ):
            await story(made)
            assert all("Traceback" not in fellow.said for fellow in made.fellows)

    asyncio.run(told())


async def change(server: postgres.Server, statement: str) -> None:
    """Execute `statement` at the server; on a thread, as it may wait for a relay whose bytes this loop carries."""

    def execute() -> None:
        with psycopg.connect(server.address, autocommit=True) as connection:
            connection.execute(statement)

    await asyncio.to_thread(execute)


async def elsewhere(made: Cluster, room: str = ROOM) -> tuple[Fellow, Fellow]:
    """Return the relay that holds a room, and another one."""
    holder = await asyncio.to_thread(made.holder, room)
    return holder, next(fellow for fellow in made.fellows if fellow is not holder)


async def figure(fellow: Fellow, name: str) -> float:
    """One of a relay's metrics."""
    text = (await asyncio.to_thread(fetch, fellow.port, "/metrics")).body.decode()
    found = re.search(rf"^ipysketch_{name} (\S+)$", text, re.M)
    assert found is not None, text
    return float(found[1])


def test_a_room_is_the_same_by_way_of_any_relay(tmp_path: Path, server: postgres.Server) -> None:
    async def story(made: Cluster) -> None:
        first, second = made.fellows
        async with joined(first.port) as (ada, _), joined(second.port) as (bob, _):
            await bob.say(create(1, "b"))
            assert (await ada.hear(Commit)).changes == (await bob.hear(Commit)).changes
            await ada.say(Event("hello", {"a": 1}))
            assert (await bob.hear(PeerEvent)).name == "hello"
            assert await asyncio.to_thread(made.holder, ROOM) is first
            assert await figure(first, "owned_rooms") == 1
            assert await figure(second, "owned_rooms") == 0
            assert (await figure(second, "tunnels"), await figure(first, "tunnels")) == (1, 0)
            said = (await asyncio.to_thread(fetch, second.port, "/healthz")).body.decode()
            assert re.match(r"ok, relay r1, with [01] others\n", said)
            # What is sent by way of a room's relay reaches that room alone.
            async with joined(second.port, room="botany") as (carol, _):
                await ada.say(create(1, "a"))
                await carol.say(create(1, "c"))
                assert (await carol.hear(Commit)).changes[0].key == "c"

    with_relays(story, tmp_path, server.address)


async def typed(fellow: Fellow, words: str) -> Answer:
    """What the start page of a relay answers to who types words."""
    return await asyncio.to_thread(fetch, fellow.port, f"/code?words={quote(words)}")


def test_a_word_code_opens_its_room_at_any_relay(tmp_path: Path, server: postgres.Server) -> None:
    async def story(made: Cluster) -> None:
        first, second, third = made.fellows
        for fellow in made.fellows:
            await made.met(fellow)
        async with joined(first.port) as (ada, _), joined(third.port) as (bob, _):
            # Both are asked by way of the relay that has the room, and remembers what its code opens.
            for asking in (ada, bob):
                await asking.say(Share(id=5))
                code = await asking.hear(Code)
                for fellow in made.fellows:
                    page = await typed(fellow, code.words)
                    assert (page.status, page.headers["Location"]) == (303, f"r/{ROOM}"), fellow.id
            # Guesses are counted at the first one for all. A right one does not count, wherever it was typed.
            wrong = " ".join(WORDS[:4])
            told = [(await typed(made.fellows[n % 3], wrong)).status for n in range(2 * AT_ONCE)]
            assert 429 in told
            assert told[:AT_ONCE] == [404] * AT_ONCE
            # A question that nobody with the secret signed is answered like one about the relay.
            forged = sign_question(b"x" * 32, Question(1, time.time(), "code", code.words), "abc")
            inner = await asyncio.to_thread(fetch, first.inner, "/relay?abc", X_Ipysketch_Question=forged)
            assert ROOM not in inner.body.decode()
            assert read_reply(b"x" * 32, inner.body.decode(), "abc") is None
            # What a code opens is in the memory of one relay alone, and goes with it; each then counts by itself.
            assert await asyncio.to_thread(made.holder, ROOM) is first
            first.signal(signal.SIGKILL)
            page = await typed(second, code.words)
            assert (page.status, NO_CODE in page.body.decode()) == (404, True)

    with_relays(story, tmp_path, server.address, count=3)


def test_a_room_is_locked_for_all_and_a_token_is_void_at_all(
    tmp_path: Path, server: postgres.Server, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "tokens"
    tokens = Tokens(read_secret(secret))
    now = time.time()
    owner, _ = tokens.mint(room="*", role=Role.OWNER, name="", seconds=999, now=now)
    editor, grant = tokens.mint(room=ROOM, role=Role.EDITOR, name="Bob", seconds=999, now=now)

    async def story(made: Cluster) -> None:
        first, second = made.fellows
        async with joined(first.port, token=owner) as (ada, _), joined(second.port, token=editor) as (bob, _):
            holder, _ = await elsewhere(made)
            assert holder is first
            await ada.say(Lock(True, id=1))
            assert (await bob.hear(RoomState)).locked
            await bob.say(create(1, "b"))
            assert (await bob.hear(Refused)).code == "locked"
            # The holder looks at the token itself: a relay is believed where a connection came from, and nothing else.
            async with passed_on(made, first) as carol:
                await carol.say(Join(ROOM, token="forged"))
                assert (await carol.hear(Error)).code == "token"
            code = await asyncio.to_thread(
                commands.run, ["revoke", "--db", str(tmp_path / second.id), grant.id], tmp_path
            )
            assert code == 0, capsys.readouterr()
            assert await bob.closed() == CLOSE_REVOKED
        async with wire(second.port) as bob:
            await bob.say(Join(ROOM, token=editor))
            assert (await bob.hear(Error)).code == "token-revoked"

    with_relays(story, tmp_path, server.address, "--require-token", "--secret-file", str(secret))


def test_a_token_is_void_at_all_relays_and_for_all_who_came_by_it(
    tmp_path: Path, server: postgres.Server, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "tokens"
    tokens = Tokens(read_secret(secret))
    token, grant = tokens.mint(room="*", role=Role.EDITOR, name="", seconds=999, now=time.time())
    other, _ = tokens.mint(room="*", role=Role.EDITOR, name="", seconds=999, now=time.time())

    async def story(made: Cluster) -> None:
        async with contextlib.AsyncExitStack() as stack:
            people = []
            for number, fellow in enumerate(made.fellows):
                # Each relay has a room of its own; from the next one somebody is passed on to it.
                for port in (fellow.port, made.fellows[number - 1].port):
                    room = f"room{number}"
                    person, _ = await stack.enter_async_context(joined(port, room=room, token=token))
                    people.append(person)
                stays, _ = await stack.enter_async_context(joined(fellow.port, room=room, token=other))
                assert await asyncio.to_thread(made.holder, room) is fellow
            code = await asyncio.to_thread(run, made.fellows[0], "revoke", grant.id)
            assert code == 0, capsys.readouterr()
            assert [await person.closed() for person in people] == [CLOSE_REVOKED] * len(people)
            await stays.say(create(1, "a"))
            await stays.hear(Commit)
        for fellow in made.fellows:
            async with wire(fellow.port) as late:
                await late.say(Join(ROOM, token=token))
                assert (await late.hear(Error)).code == "token-revoked"

    with_relays(story, tmp_path, server.address, "--require-token", "--secret-file", str(secret), count=3)


def passed_on(
    made: Cluster, to: Fellow, secret: bytes = b"", incarnation: int | None = None
) -> contextlib.AbstractAsyncContextManager[RawClient]:
    """A connection as another relay would pass it on."""
    with psycopg.connect(made.address) as connection:
        row = connection.execute("SELECT incarnation FROM ipysketch.relays WHERE id = %s", (to.id,)).fetchone()
    assert row is not None
    hop = Hop(row[0] if incarnation is None else incarnation, time.time(), "10.1.2.3", may_go_on=False)
    signed = sign_hop(secret or read_secret(to.folder / "secret"), hop, "/")
    return wire(to.inner, "/", **{HOP.replace("-", "_"): signed})


def test_only_relays_of_the_deployment_pass_connections_on(tmp_path: Path, server: postgres.Server) -> None:
    async def refused(connection: contextlib.AbstractAsyncContextManager[RawClient], code: int) -> None:
        with pytest.raises(InvalidStatus) as refusal:
            async with connection:
                pass
        assert refusal.value.response.status_code == code

    async def story(made: Cluster) -> None:
        [only] = made.fellows
        async with passed_on(made, only) as ada:
            await ada.say(Join(ROOM))
            await ada.hear(Welcome)
            await asyncio.to_thread(only.says, "address=10.1.2.3")
        await refused(wire(only.inner), 403)
        await refused(passed_on(made, only, b"x" * 64), 403)
        await refused(passed_on(made, only, incarnation=7), 421)
        assert (await asyncio.to_thread(fetch, only.inner, "/metrics")).status == 404
        # Whoever comes the public way is not believed to come from elsewhere.
        async with wire(only.port, **{"X_Ipysketch_Address": "10.9.9.9"}) as bob:
            await bob.say(Join(ROOM))
            await bob.hear(Welcome)
        assert "10.9.9.9" not in only.said

    with_relays(story, tmp_path, server.address, count=1)


def test_a_room_that_is_deleted_at_another_relay_is_gone(tmp_path: Path, server: postgres.Server) -> None:
    async def story(made: Cluster) -> None:
        first, second = made.fellows
        async with joined(first.port) as (ada, before):
            await ada.say(create(1, "a"))
            await ada.hear(Commit)
            words = ["delete", "--db", str(tmp_path / second.id), ROOM, "--yes"]
            assert await asyncio.to_thread(commands.run, words, tmp_path) == 0
            assert await ada.closed() == CLOSE_RESTART
        async with joined(second.port) as (_, after):
            assert after.epoch != before.epoch
            assert after.seq == 0

    with_relays(story, tmp_path, server.address)


def test_a_relay_that_is_stopped_hands_its_rooms_over(tmp_path: Path, server: postgres.Server) -> None:
    async def story(made: Cluster) -> None:
        first, second = made.fellows
        async with joined(first.port) as (ada, before), joined(second.port) as (bob, _):
            await ada.say(create(1, "a"))
            await bob.hear(Commit)
            first.signal(signal.SIGTERM)
            assert (await ada.hear(Goodbye)).retry < 1
            assert await ada.closed() == await bob.closed() == CLOSE_RESTART
        async with joined(second.port) as (_, after):
            assert (after.epoch, after.seq) == (before.epoch, 1)
        assert await asyncio.to_thread(first.ended) == 0
        assert "is gone" not in second.said

    with_relays(story, tmp_path, server.address)


def test_a_relay_that_is_started_again_has_its_rooms_again(tmp_path: Path, server: postgres.Server) -> None:
    async def story(made: Cluster) -> None:
        [only] = made.fellows
        async with joined(only.port) as (ada, before):
            await ada.say(create(1, "a"))
            await ada.hear(Commit)
            await asyncio.to_thread(only.signal, signal.SIGKILL)
        await asyncio.to_thread(only.start)
        await asyncio.to_thread(only.ready)
        async with joined(only.port) as (_, after):
            assert (after.epoch, after.seq) == (before.epoch, 1)

    with_relays(story, tmp_path, server.address, count=1)


# --- what is set up wrongly -----------------------------------------------------------------------------------


def start(
    folder: Path, address: str, capsys: pytest.CaptureFixture[str], *more: str, inner: str = ""
) -> tuple[int, str]:
    """Try to start a relay that must not start; returns its exit code and what it said."""
    capsys.readouterr()
    words = (
        *(
            "--store",
            address,
            "--port",
            "0",
            "--relay-id",
            "r9",
            "--cluster-secret-file",
            str(folder / "secret"),
        ),
        *("--advertise", inner or f"ws://127.0.0.1:{free_port()}", "--db", str(folder / "r9")),
    )
    return main([*words, *more]), capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--store", "", "--db", "x.sqlite"), "several relays share a PostgreSQL database"),
        (("--relay-id", "a b"), "--relay-id is a name of at most 64 letters"),
        (("--relay-id", ""), "--advertise is for one of several relays; say --relay-id too"),
        (("--advertise", ""), "needs --advertise ws://HOST:PORT"),
        (("--advertise", "http://127.0.0.1:7"), "--advertise is an address such as ws://"),
        (("--advertise", "ws://127.0.0.1:nine"), "--advertise is an address such as ws://"),
        (("--advertise", "ws://127.0.0.1:8765", "--port", "8765"), "with another port than --port"),
        (("--workers", "2"), "served by one process as yet"),
        (("--idle-exit", "9"), "--idle-exit is for a relay of its own"),
        (("--hub",), "a service of a Hub is one relay"),
    ],
)
def test_options_that_do_not_go_together_get_a_sentence(
    more: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, words = start(tmp_path, "postgresql://relay@127.0.0.1:1/none", capsys, *more)
    assert code == 2
    assert said in words
    assert words.count("\n") == 1


def test_relays_that_do_not_fit_together_get_a_sentence(
    tmp_path: Path, server: postgres.Server, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(made: Cluster) -> None:
        [only] = made.fellows

        async def refused(words: str, *more: str, code: int = 2, inner: str = "") -> None:
            got, said = await asyncio.to_thread(start, tmp_path, server.address, capsys, *more, inner=inner)
            assert words in said
            assert got == code

        await refused("a relay named 'r0' runs at ws://127.0.0.1", "--relay-id", "r0")
        (tmp_path / "other").write_bytes(b"y" * 64)
        (tmp_path / "other").chmod(0o600)
        await refused("have another secret for relays", "--cluster-secret-file", str(tmp_path / "other"))
        await refused(
            "have another secret for tokens", "--require-token", "--secret-file", str(tmp_path / "other")
        )
        await refused("address already in use", inner=f"ws://127.0.0.1:{only.inner}")
        await change(server, "UPDATE ipysketch.meta SET value = '99' WHERE name = 'schema_version'")
        await refused("was written by a newer relay")
        await change(server, "UPDATE ipysketch.meta SET value = '1' WHERE name = 'schema_version'")
        alone = await asyncio.to_thread(main, ["--store", server.address, "--port", "0"])
        assert alone == IN_USE
        assert "give all of them a --relay-id" in capsys.readouterr().err

    with_relays(
        story, tmp_path, server.address, "--require-token", "--secret-file", str(tmp_path / "tokens"), count=1
    )


def test_an_address_that_leads_elsewhere_gets_a_sentence(
    tmp_path: Path, server: postgres.Server, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = start(tmp_path, server.address, capsys, inner=f"ws://192.0.2.1:{free_port()}")
    assert code == 2
    assert "nobody can be listened to at ws://192.0.2.1" in said


def test_of_two_relays_with_one_name_the_first_one_ends(tmp_path: Path, server: postgres.Server) -> None:
    async def story(made: Cluster) -> None:
        [only] = made.fellows
        await change(server, "UPDATE ipysketch.relays SET incarnation = 1, address = 'ws://10.0.0.9:1'")
        assert await asyncio.to_thread(only.ended) == 2
        assert "another relay took the name 'r0', at ws://10.0.0.9:1" in only.said

    with_relays(story, tmp_path, server.address, count=1)


# --- days on which the server is away -------------------------------------------------------------------------


def test_without_the_server_people_draw_on_and_no_balancer_takes_a_relay_out(
    tmp_path: Path, server: postgres.Server
) -> None:
    """Through HAProxy with the file of docs/deploy, which ends the connections of a relay that it takes out."""

    async def ink(ada: RawClient, bob: RawClient, key: str) -> None:
        await ada.say(Preview(key, 0, (8, 8, 16, 16), {"kind": "stroke", "color": "#123456", "width": 8}))
        assert (await bob.hear(PeerPreview, lambda preview: preview.key == key)).points == (8, 8, 16, 16)

    async def story() -> None:
        port = free_port()
        async with (
            asyncio.timeout(DEADLINE),
            whole(tmp_path, server.address, port, alteration="patient") as made,
            joined(port) as (ada, _),
            joined(port) as (bob, _),
        ):
            await ada.say(create(1, "a"))
            await bob.hear(Commit)
            await asyncio.to_thread(server.stop, kill=True)
            await ink(ada, bob, "k")
            await ada.say(create(2, "b"))
            told = await ada.hear(Error)
            assert (told.code, told.reason, told.fatal) == ("store", WAITING, False)
            for fellow in made.fellows:
                # From here on it is asked some more times by HAProxy, which believes the second time.
                await asyncio.to_thread(fellow.says, "the store does not hear this relay")
                assert await until(fellow, "/readyz", 200) == "ok"
                assert (await until(fellow, "/healthz", 503)) != "ok"
            await ink(ada, bob, "l")
            await asyncio.to_thread(server.start)
            commit = await bob.hear(Commit)
            assert (commit.seq, commit.changes[0].key) == (2, "b")
            assert (await ada.hear(Commit, lambda commit: commit.op == 2)).seq == 2
            await ink(ada, bob, "m")
            assert not any(isinstance(message, Error | Refused) for message in bob.heard), (
                "he waited for nothing"
            )
            for fellow in made.fellows:
                await asyncio.to_thread(fellow.says, "heard again")
                assert "leave room" not in fellow.said, "nobody was sent away"
            assert "is DOWN" not in (tmp_path / "haproxy.log").read_text()

    asyncio.run(story())


def test_a_balancer_would_take_relays_out_that_are_not_ready_without_the_server(
    tmp_path: Path, server: postgres.Server
) -> None:
    """What the test before this one must be able to see."""

    async def story() -> None:
        port = free_port()
        async with (
            asyncio.timeout(DEADLINE),
            whole(tmp_path, server.address, port, alteration="patient+unready") as made,
            joined(port) as (ada, _),
        ):
            holder = await asyncio.to_thread(made.holder, ROOM)
            await asyncio.to_thread(server.stop, kill=True)
            await ada.closed()
            await asyncio.to_thread(holder.says, "leave room")
            while "is DOWN" not in (tmp_path / "haproxy.log").read_text():
                await asyncio.sleep(PAUSE)
            await asyncio.to_thread(server.start)

    asyncio.run(story())


def test_people_draw_on_while_others_wait_for_a_room_whose_holder_sleeps(
    tmp_path: Path, server: postgres.Server
) -> None:
    """At the relay that waits for it, and takes it over at last."""

    async def story(made: Cluster) -> None:
        first, second = made.fellows
        async with joined(first.port), joined(second.port, room="botany") as (bob, _):
            assert await asyncio.to_thread(made.holder, ROOM) is first
            assert await asyncio.to_thread(made.holder, "botany") is second
            first.signal(signal.SIGSTOP)
            async with wire(second.port) as carol:
                await carol.say(Join(ROOM))
                waits = asyncio.create_task(carol.hear(Welcome))
                drawn = 0
                while not waits.done():
                    drawn += 1
                    await bob.say(create(drawn, f"b{drawn}"))
                    assert (await bob.hear(Commit)).op == drawn
                await waits
                assert drawn > 20, "while a lease ran out"
                assert await asyncio.to_thread(made.holder, ROOM) is second

    with_relays(story, tmp_path, server.address)


def run(fellow: Fellow, *words: str) -> int:
    """Run an operator's command for a relay."""
    return commands.run([*words, "--db", str(fellow.folder / fellow.id)], fellow.folder)


async def until(fellow: Fellow, path: str, status: int) -> str:
    """Wait until a relay answers with this status; returns what it says."""
    while (answer := await asyncio.to_thread(fetch, fellow.port, path)).status != status:
        pass
    return answer.body.decode().strip()


def test_a_relay_that_is_drained_gives_its_rooms_away_and_ends(tmp_path: Path, server: postgres.Server) -> None:
    async def story(made: Cluster) -> None:
        first, second = made.fellows
        await made.met(first)
        async with joined(first.port) as (ada, _):
            await ada.say(create(1, "a"))
            await ada.hear(Commit)
            assert await asyncio.to_thread(run, first, "drain") == 0
            goodbye = await ada.hear(Goodbye)
            assert goodbye.retry == 0
            assert await ada.closed() == CLOSE_RESTART
        async with joined(second.port) as (ada, welcome):
            assert welcome.seq == 1
        assert await asyncio.to_thread(first.ended) == 0
        assert "handed over room=" in first.said
        assert "taken over" not in second.said

    with_relays(story, tmp_path, server.address)


def test_a_drain_can_be_undone_and_wants_somebody_who_takes_the_rooms(
    tmp_path: Path, server: postgres.Server, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(made: Cluster) -> None:
        first, second = made.fellows
        await made.met(first)
        async with joined(first.port) as (ada, _):
            assert await asyncio.to_thread(run, first, "drain") == 0
            assert await until(first, "/readyz", 503) == "this relay is draining"
            # Who comes for a room that nobody has is passed on, and who is there stays until it is their room's turn.
            async with joined(first.port, room="botany") as (bob, _):
                await bob.say(create(1, "b"))
                await bob.hear(Commit)
                assert await asyncio.to_thread(made.holder, "botany") is second
            await made.met(second)
            assert await asyncio.to_thread(run, second, "drain") == 2, "the other one drains too"
            assert await asyncio.to_thread(run, first, "drain", "--undo") == 0
            assert await until(first, "/readyz", 200) == "ok"
            await ada.say(create(1, "a"))
            await ada.hear(Commit)
            assert await asyncio.to_thread(made.holder, ROOM) is first

    with_relays(story, tmp_path, server.address, alteration="endless_notice")
    assert "no other relay lives that would take the rooms" in capsys.readouterr().err
