"""An operator's commands, through a running relay and on a database that no relay holds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from relay.__main__ import main
from relay.access.tokens import Tokens, read_secret
from relay.protocol import Commit, Delete, Join, Operate, Welcome
from relay.records import Batch, LogRow
from relay.room.permissions import Role
from relay.store import SqliteStore

from ..support.raw_client import Process, create, joined, wire
from ..support.stores import sqlite_store
from ..support.waiting import DEADLINE


def go(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, DEADLINE))


@pytest.fixture(params=["a relay runs", "none runs"])
def running(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "a relay runs")


async def draw(port: int, room: str, count: int) -> None:
    async with joined(port, room=room) as (ada, _):
        await ada.say(*(create(op, f"k{op}") for op in range(1, count + 1)))
        await ada.say(Operate(count + 1, (Delete(("k1",)),)))
        await ada.hear(Commit, lambda commit: commit.op == count + 1)


async def keys(port: int, room: str) -> set[str]:
    async with wire(port) as late:
        await late.say(Join(room))
        await late.hear(Welcome)
        from relay.protocol import Snapshot

        snapshot = await late.hear(Snapshot)
        return {entry["key"] for entry in await late.snapshot(snapshot.size)}


class Scene:
    """A database with two rooms, and a relay on it or not."""

    def __init__(self, path: Path, running: bool) -> None:
        self.database = path / "deep" / ("d" * 90) / "relay.sqlite"
        self.relay: Process | None = self.start()
        go(draw(self.relay.port, "algebra", 5))
        go(draw(self.relay.port, "geometry", 2))
        if not running:
            self.stop()

    def start(self, database: Path | None = None) -> Process:
        return Process("--db", database or self.database)

    def stop(self) -> None:
        if self.relay is not None:
            self.relay.end(15)
            self.relay = None

    def do(self, command: str, *arguments: str | Path) -> int:
        return main([command, "--db", str(self.database), *map(str, arguments)])

    def keys(self, room: str, database: Path | None = None) -> set[str]:
        running = self.relay
        if running is not None and database is None:
            found: list[set[str]] = []

            async def look() -> None:
                found.append(await keys(running.port, room))

            go(look())
            return found[0]
        with self.start(database) as relay:

            async def look_there() -> None:
                found_there.append(await keys(relay.port, room))

            found_there: list[set[str]] = []
            go(look_there())
            relay.end(15)
            return found_there[0]


@pytest.fixture
def scene(tmp_path: Path, running: bool) -> Any:
    made = Scene(tmp_path, running)
    yield made
    made.stop()


def test_rooms(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert scene.do("rooms", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["name"], row["last"], row["peers"]) for row in rows] == [("algebra", 6, 0), ("geometry", 3, 0)]
    assert scene.do("rooms") == 0
    assert "algebra" in capsys.readouterr().out


def test_export_and_import(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "algebra.jsonl"
    assert scene.do("export", "algebra", file) == 0
    assert "6 operations" in capsys.readouterr().out
    assert scene.do("import", file) == 2
    assert "there is a room 'algebra' already" in capsys.readouterr().err
    assert scene.do("import", file, "--room", "copy") == 0
    assert scene.keys("copy") == scene.keys("algebra") == {"k2", "k3", "k4", "k5"}
    lines = file.read_text().splitlines()
    for broken in (lines[:-1], lines[1:], [*lines[:3], *lines[4:]], [], ["{}"], ["not json"]):
        file.write_text("\n".join(broken))
        assert scene.do("import", file, "--room", "broken") == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "cannot be imported" in said

    def damaged(number: int, was: str, now: str) -> list[str]:
        assert was in lines[number]
        return [*lines[:number], lines[number].replace(was, now, 1), *lines[number + 1 :]]

    for broken in (
        damaged(2, '\\"fields\\":{', '\\"fields\\":{\\"place\\":\\"high\\",'),
        damaged(2, '\\"fields\\":{', '\\"fields\\":{\\"place\\":true,'),
        damaged(2, '\\"fields\\":{', f'\\"fields\\":{{\\"deep\\":{"[" * 20}{"]" * 20},'),
        damaged(2, '\\"changes\\":[', '\\"changes\\":[7,'),
        damaged(2, '\\"seq\\":2', '\\"seq\\":3'),
        damaged(2, '"body": "{', '"body": "'),
        damaged(2, '"at": ', '"at": "noon", "was": '),
    ):
        file.write_text("\n".join(broken))
        assert scene.do("import", file, "--room", "broken") == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "cannot be imported: line 3 is damaged" in said
    assert scene.do("export", "nowhere", file) == 2
    assert "there is no room 'nowhere'" in capsys.readouterr().err


def test_delete(scene: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "no")
    assert scene.do("delete", "geometry") == 2
    monkeypatch.setattr("builtins.input", lambda _: "geometry")
    assert scene.do("delete", "geometry") == 0
    capsys.readouterr()
    scene.do("rooms", "--json")
    assert [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()] == ["algebra"]


def test_vacuum(scene: Scene) -> None:
    assert scene.do("delete", "geometry", "--yes") == 0
    assert scene.do("vacuum") == 0
    assert scene.keys("algebra") == {"k2", "k3", "k4", "k5"}


def test_a_backup_is_another_relays_database(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.sqlite"
    assert scene.do("backup", copy) == 0
    assert scene.do("backup", copy) == 2, "a file that is there is left alone"
    assert scene.keys("algebra", copy) == {"k2", "k3", "k4", "k5"}
    scene.stop()
    mine, theirs = SqliteStore(scene.database), SqliteStore(copy)
    assert mine.load("algebra").rows == theirs.load("algebra").rows
    assert mine.load("algebra").epoch != theirs.load("algebra").epoch
    mine.close()
    theirs.close()


def test_check(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    code = scene.do("check")
    said = capsys.readouterr()
    if scene.relay is not None:
        assert code == 2
        assert "in use by another relay" in said.err
    else:
        assert code == 0
        assert "is sound" in said.out


def test_check_reads_every_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = tmp_path / "relay.sqlite"
    assert main(["check", "--db", str(database)]) == 2
    assert "there is no database" in capsys.readouterr().err
    assert not database.exists()
    store = sqlite_store(database)
    store.load("algebra", "one")
    store.append([Batch("algebra", [LogRow(1, 7, 1.0, "ada", 1, b"{}")], [], [])])
    store.close()
    assert main(["check", "--db", str(database)]) == 0
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE log SET body = x'7b20'")
    assert main(["check", "--db", str(database)]) == 2
    assert "is damaged (a row of the table log)" in capsys.readouterr().err


def test_tokens_are_made_and_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = tmp_path / "relay.sqlite"
    made = main(["token", "--db", str(database), "--room", "algebra", "--role", "viewer", "--name", "Ada"])
    assert made == 0
    said = capsys.readouterr()
    token = said.out.strip()
    grant = Tokens(read_secret(tmp_path / "relay.sqlite.secret")).read(token, "algebra", time.time())
    assert (grant.role, grant.name) == (Role.VIEWER, "Ada")
    assert grant.id in said.err
    with Process("--db", database, "--require-token") as relay:

        async def run() -> None:
            async with wire(relay.port, Authorization=f"Bearer {token}") as ada:
                await ada.say(Join("algebra"))
                assert (await ada.hear(Welcome)).role == "viewer"
                assert await asyncio.to_thread(main, ["revoke", "--db", str(database), grant.id]) == 0
                assert await ada.closed() == 4005

        go(run())
        assert "1 connection(s)" in capsys.readouterr().out
        _, log = relay.end(15)
    assert token not in log


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["token", "--room", "../etc"], "room name"),
        (["token", "--room", "a", "--role", "king"], "no role 'king'"),
        (["token", "--room", "a", "--expires", "400d"], "within 366 days"),
        (["rooms"], "there is no database"),
        (["export", "a", "b"], "there is no database"),
        (["import", "nowhere.jsonl"], "nowhere.jsonl"),
    ],
)
def test_mistakes_are_one_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([arguments[0], "--db", str(tmp_path / "relay.sqlite"), *arguments[1:]]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert error.startswith("ipysketch-relay: ")
    assert not list(tmp_path.glob("*.part")), "what failed leaves nothing half done"
