"""A relay of several workers, as people and operators meet it: one relay."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import trustme
from websockets.asyncio.client import connect

from relay.access.code_words import WORDS
from relay.access.codes import AT_ONCE, EVERY
from relay.operations import commands
from relay.protocol import (
    CLOSE_REFUSED,
    CLOSE_RESTART,
    CLOSE_REVOKED,
    Code,
    Commit,
    Create,
    Error,
    Join,
    Leave,
    Operate,
    PeerState,
    Share,
    Snapshot,
    Welcome,
)
from relay.store.shards import shard_of

from ..support import http
from ..support.raw_client import Process, RawClient, create
from ..support.waiting import DEADLINE, wait_until
from .test_origins import fetch

WORKERS = 2
ROOMS = {shard_of(f"room{number}", WORKERS): f"room{number}" for number in range(9)}
"""A room of each worker."""


def go(work: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE):
            await work

    asyncio.run(bounded())


@contextlib.asynccontextmanager
async def at(port: int, path: str, scheme: str = "ws", **options: Any) -> AsyncIterator[RawClient]:
    """A connection to an address."""
    url = f"{scheme}://127.0.0.1:{port}{path}"
    async with connect(url, compression=None, proxy=None, open_timeout=DEADLINE, **options) as socket:
        yield RawClient(socket)


async def join(peer: RawClient, room: str, token: str = "", **fields: Any) -> Any:
    await peer.say(Join(room, token=token, **fields))
    return await peer.hear((Welcome, Error))


async def own_commit(peer: RawClient, welcome: Any) -> Any:
    """The next commit of the client that was welcomed."""
    return await peer.hear(Commit, lambda commit: commit.client == welcome.client)


async def arrived(peer: RawClient, welcome: Any) -> None:
    """Wait until the relay tells of the peer that was welcomed."""
    await peer.hear(PeerState, lambda state: state.peer == welcome.peer)


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def holder(pid: int, file: Path) -> int:
    """The worker of the front `pid` that has a file open."""
    for child in children(pid):
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{child}/fd").iterdir():
                if descriptor.resolve() == file.resolve():
                    return child
    return 0


class Scene:
    """A relay with two workers that asks for tokens."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "relay.sqlite"
        self.process = Process("--db", self.database, "--workers", WORKERS, "--require-token")
        self.port = self.process.port

    def command(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
        """The exit code of an operator's command, and what it said."""
        capsys.readouterr()
        code = commands.run([words[0], "--db", str(self.database), *words[1:]], self.database)
        return code, *capsys.readouterr()

    def token(self, capsys: pytest.CaptureFixture[str], room: str = "*") -> tuple[str, str]:
        """A token, and its id."""
        _, token, said = self.command(capsys, "token", "--room", room, "--role", "owner", "--name", "Ada")
        return token.strip(), said.split()[1].rstrip(":")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("workers"))
    with made.process:
        yield made


@pytest.fixture
def token(scene: Scene, capsys: pytest.CaptureFixture[str]) -> str:
    return scene.token(capsys)[0]


@pytest.mark.parametrize("room", ROOMS.values())
def test_a_code_is_opened_by_any_worker(scene: Scene, token: str, room: str) -> None:
    async def run() -> None:
        async with at(scene.port, f"/?room={room}") as peer:
            await join(peer, room, token)
            await peer.say(Share(token, id=1))
            words = quote((await peer.hear((Code, Error))).words)
            for _ in range(2 * WORKERS):  # They go to the workers in turn.
                answer = await asyncio.to_thread(http.fetch, scene.port, f"/code?words={words}")
                assert (answer.status, answer.headers["Location"]) == (303, f"r/{room}#token={token}")

    go(run())


def test_wrong_codes_are_counted_once_for_all_workers(tmp_path: Path) -> None:
    alone = Scene(tmp_path)
    began = time.monotonic()

    async def run() -> None:
        statuses: list[int] = []
        for first in range(0, 4 * AT_ONCE * WORKERS, 4):  # They go to the workers in turn.
            words = quote(" ".join(WORDS[first : first + 4]))
            statuses.append((await asyncio.to_thread(http.fetch, alone.port, f"/code?words={words}")).status)
            if statuses[-1] == 429:
                break
        assert statuses == [404] * (len(statuses) - 1) + [429]
        # On a busy machine there is another one each six seconds.
        assert AT_ONCE < len(statuses) <= AT_ONCE + 1 + (time.monotonic() - began) / EVERY

    with alone.process:
        go(run())


@pytest.mark.parametrize("room", ROOMS.values())
def test_who_names_the_room_in_the_address_and_who_does_not_meet(scene: Scene, token: str, room: str) -> None:
    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            # Those without a room go to the workers in turn: one of two comes to the wrong one.
            peers = [
                await stack.enter_async_context(at(scene.port, path)) for path in ("/", "/", f"/?room={room}")
            ]
            welcomes = [await join(peer, room, token) for peer in peers]
            assert len({welcome.epoch for welcome in welcomes}) == 1
            for op in range(1, 4):
                for peer in peers:
                    await peer.say(create(op, f"{room} {id(peer)} {op}"))
            heard = [[await peer.hear(Commit) for _ in range(9)] for peer in peers]
            assert heard[0] == heard[1] == heard[2]
            assert [commit.seq for commit in heard[0]] == list(range(1, 10))
            marks.update(commit.mark for commit in heard[0])
            large = Operate(4, (Create("k", {"kind": "x", "text": "x" * 500_000}),))
            await peers[0].say(large)
            assert len((await peers[1].hear(Commit)).changes[0].fields["text"]) == 500_000
            async with at(scene.port, "/") as late:
                await join(late, room, token)
                announced = await late.hear(Snapshot)
                assert len(await late.snapshot(announced.size)) == 10
                await late.say(Leave())
                assert await late.closed() == 1000

    go(run())


marks: set[int] = set()


def test_workers_give_other_marks(scene: Scene, token: str) -> None:
    async def run() -> None:
        begun = len(marks)
        for room in ROOMS.values():
            async with at(scene.port, f"/?room={room}") as peer:
                welcome = await join(peer, room, token)
                for op in range(1, 20):
                    await peer.say(create(op, f"mark {op}"))
                    marks.add((await own_commit(peer, welcome)).mark)
        assert len(marks) == begun + 19 * WORKERS

    go(run())


def test_who_may_not_come_in_is_told_so_by_whichever_worker(scene: Scene, token: str) -> None:
    async def run() -> None:
        said = set()
        for path in ("/?room=room0", "/", "/"):
            async with at(scene.port, path) as peer:
                error = await join(peer, "room0", "no token")
                assert await peer.closed() == CLOSE_REFUSED
                said.add((error.code, error.reason, error.fatal))
        assert len(said) == 1
        async with at(scene.port, "/?room=room1") as peer:
            assert (await join(peer, "room0", token)).code == "bad-room"

    go(run())


def test_a_token_that_is_taken_back_ends_its_connections_everywhere(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    token, id = scene.token(capsys)

    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            peers = []
            for room in ROOMS.values():
                for path in ("/", "/", f"/?room={room}"):
                    peers.append(await stack.enter_async_context(at(scene.port, path)))
                    await join(peers[-1], room, token)
            code, said, _ = await asyncio.to_thread(scene.command, capsys, "revoke", id)
            assert (code, said.strip()) == (
                0,
                f"token {id} is void; {len(peers)} connection(s) with it ended",
            )
            for peer in peers:
                assert await peer.closed() == CLOSE_REVOKED
        for room in ROOMS.values():
            for path in ("/", f"/?room={room}"):
                async with at(scene.port, path) as peer:
                    assert (await join(peer, room, token)).code == "token-revoked"

    go(run())


def test_figures_are_those_of_all(scene: Scene, token: str) -> None:
    def value(text: str, name: str) -> float:
        found = re.findall(rf"^ipysketch_{name} (\S+)$", text, re.MULTILINE)
        assert len(found) == 1, name
        return float(found[0])

    async def run() -> None:
        before = (await fetch(scene.port, "/metrics"))[1]
        async with contextlib.AsyncExitStack() as stack:
            for room in ROOMS.values():
                peer = await stack.enter_async_context(at(scene.port, f"/?room={room}"))
                welcome = await join(peer, room, token)
                await arrived(peer, welcome)
                await peer.say(create(1, f"figure {room}"))
                await own_commit(peer, welcome)
            for _ in range(WORKERS):
                text = (await fetch(scene.port, "/metrics"))[1]
                assert value(text, "operations_total") == value(before, "operations_total") + WORKERS
                assert value(text, "peers") == WORKERS
                assert value(text, "workers") == WORKERS
                assert value(text, 'commit_seconds_bucket{le="+Inf"}'.replace("+", r"\+")) >= WORKERS
        for path in ("/healthz", "/livez", "/readyz"):
            assert await fetch(scene.port, path) == (200, "ok\n")

    go(run())


def test_operators_commands_reach_the_worker_that_has_the_room(
    scene: Scene, token: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> None:
        for room in ("ours 1", "ours 2", "ours 3", *ROOMS.values()):
            async with at(scene.port, "/") as peer:
                await join(peer, room, token)
                await peer.say(create(1, f"an operator's {room}"))
                await peer.hear(Commit)

    go(run())
    _, said, _ = scene.command(capsys, "rooms")
    names = [line[:32].strip() for line in said.splitlines()[1:]]
    assert names == sorted(names)
    assert {"ours 1", "ours 2", "ours 3", *ROOMS.values()} <= set(names)
    file = tmp_path / "room.jsonl"
    assert scene.command(capsys, "export", "ours 1", str(file))[0] == 0
    assert scene.command(capsys, "delete", "ours 2", "--yes")[0] == 0
    assert scene.command(capsys, "import", str(file), "--room", "ours 4")[0] == 0
    assert scene.command(capsys, "vacuum")[0] == 0
    code, said, _ = scene.command(capsys, "backup", str(tmp_path / "copy.sqlite"))
    assert code == 0
    assert "--workers 2" in said
    copy = tmp_path / "copy.sqlite"
    assert commands.run(["check", "--db", str(copy)], copy) == 0
    capsys.readouterr()
    assert commands.run(["rooms", "--db", str(copy)], copy) == 0
    names = [line[:32].strip() for line in capsys.readouterr().out.splitlines()[1:]]
    assert {"ours 1", "ours 3", "ours 4"} <= set(names)
    assert "ours 2" not in names


def test_a_request_that_comes_in_pieces_is_answered(scene: Scene) -> None:
    async def run() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", scene.port)
        for piece in (b"GET /li", b"vez HTTP/1.1\r\nHo", b"st: localhost\r\n\r\n"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()

    go(run())


def test_a_worker_that_is_killed_is_back_and_the_others_go_on(scene: Scene, token: str) -> None:
    files = {number: Path(f"{scene.database}.{number + 1}-of-{WORKERS}") for number in ROOMS}
    victim = holder(scene.process.popen.pid, files[0])

    async def run() -> None:
        async with (
            at(scene.port, f"/?room={ROOMS[0]}") as hit,
            at(scene.port, "/") as first,
            at(scene.port, "/") as second,
            at(scene.port, f"/?room={ROOMS[1]}") as spared,
        ):
            welcome = await join(hit, ROOMS[0], token)
            await hit.say(create(1, "before the kill"))
            await own_commit(hit, welcome)
            for peer in (first, second):
                await join(peer, ROOMS[0], token)
            mine = await join(spared, ROOMS[1], token)
            os.kill(victim, signal.SIGKILL)
            assert await hit.closed() == 1006
            # One was passed on by the other worker, and one was the killed one's own.
            assert {await first.closed(), await second.closed()} <= {1006, CLOSE_RESTART}
            async with at(scene.port, f"/?room={ROOMS[0]}") as back, at(scene.port, "/") as passed_on:
                again = Join(
                    ROOMS[0],
                    client=welcome.client,
                    resume_key=welcome.resume_key,
                    epoch=welcome.epoch,
                    token=token,
                )
                await back.say(again)
                resumed = await back.hear(Welcome)
                assert (resumed.client, resumed.last, resumed.reset) == (welcome.client, 1, False)
                assert (await join(passed_on, ROOMS[0], token)).epoch == welcome.epoch
            await spared.say(create(1, "as if nothing was"))
            await own_commit(spared, mine)

    go(run())
    assert holder(scene.process.popen.pid, files[0]) not in (0, victim)


def test_without_encryption_of_their_own_or_with_it_rooms_are_found(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)

    async def run(port: int) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for room in ROOMS.values():
                peers = [
                    await stack.enter_async_context(at(port, f"/?room={room}", "wss", ssl=context))
                    for _ in range(3)
                ]
                for peer in peers:
                    await join(peer, room)
                await peers[0].say(create(1, "k"))
                for peer in peers:
                    assert (await peer.hear(Commit)).seq == 1

    pem = tmp_path / "pem"
    arguments = ("--db", tmp_path / "relay.sqlite", "--workers", 2, "--cert", pem, "--key", pem)
    with Process(*arguments, says="wss") as process:
        go(run(process.port))
        # Whoever is killed leaves nobody behind.
        workers = children(process.popen.pid)
        assert len(workers) == WORKERS
        process.popen.kill()
        process.popen.wait()
        wait_until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in workers), "the workers end")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--workers", "0"], "0 workers cannot serve anybody"),
        (["--workers", "2", "--db", ":memory:"], "rooms in memory are those of one process"),
        (["--workers", "2", "--idle-exit", "5"], "--idle-exit is for a relay of one process"),
        (["--workers", "2", "--reload"], "--reload is for a relay of one process"),
        (["--workers", "3", "--db", "{database}"], "in 2 files: start the relay with --workers 2, or move"),
        (["--db", "{database}"], "in 2 files: start the relay with --workers 2, or move"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    scene: Scene, options: list[str], words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from relay.__main__ import main

    given = [option.format(database=scene.database) for option in options]
    if "--db" not in given:
        given += ["--db", str(tmp_path / "relay.sqlite")]
    assert main(["--port", "0", *given]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_two_relays_do_not_share_the_files(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    from relay.__main__ import IN_USE, main

    assert main(["--port", "0", "--workers", "2", "--db", str(scene.database)]) == IN_USE
    assert "in use by another relay" in capfd.readouterr().err
