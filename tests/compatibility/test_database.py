"""A database of an older relay opens in this one, and everything in it is as the older one said."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

import ipysketch
from ipysketch.model.document import Document
from relay.protocol import (
    Commit,
    Entry,
    History,
    Join,
    Operate,
    Read,
    Refused,
    Revert,
    Snapshot,
    order,
)

from ..support.processes import RelayProcess
from ..support.raw_client import RawClient, joined

ROOMS = ["algebra", "locked.room"]


async def stream(client: RawClient, announced: Snapshot | History) -> Any:
    """The JSON that `announced` speaks of."""
    client.chunks.clear()
    return await client.snapshot(announced.size)


def entries(values: Any) -> list[Entry]:
    return msgspec.convert(values, list[Entry])


def commits(values: Any) -> list[Commit]:
    return msgspec.convert(values, list[Commit])


@pytest.mark.parametrize("room", ROOMS)
def test_the_drawing_and_the_log_are_the_same(relay: RelayProcess, older: dict[str, Any], room: str) -> None:
    before = older["rooms"][room]

    async def look() -> None:
        async with joined(relay.port, room=room) as (client, welcome):
            assert (welcome.epoch, welcome.seq) == (before["epoch"], before["seq"])
            assert (welcome.oldest, welcome.locked) == (before["oldest"], before["locked"])
            snapshot = await client.hear(Snapshot)
            assert (snapshot.seq, snapshot.mark) == (before["seq"], before["mark"])
            assert entries(await stream(client, snapshot)) == entries(before["entries"])
            await client.say(Read(first=welcome.oldest, last=welcome.seq))
            history = await client.hear(History)
            past = await stream(client, history)
            assert history.base == before["base"]
            assert entries(past["entries"]) == entries(before["past"]["entries"])
            assert commits(past["commits"]) == commits(before["past"]["commits"])

    asyncio.run(look())


@pytest.mark.parametrize(
    ("name", "room"), [("early", "algebra"), ("grace", "algebra"), ("owner", "locked.room")]
)
def test_a_client_resumes_where_it_was(
    relay: RelayProcess, older: dict[str, Any], name: str, room: str
) -> None:
    place, before = older["clients"][name], older["rooms"][room]
    log = commits(before["past"]["commits"])
    document = Document()
    for commit in log[: place["seq"]]:
        document.apply(commit)

    async def resume() -> None:
        async with joined(relay.port, Join(room, **place)) as (client, welcome):
            assert (welcome.client, welcome.reset) == (place["client"], False)
            assert welcome.last == place["settled"]
            # The missing commits, or where those are more than the drawing, the drawing.
            while document.seq < welcome.seq:
                message = await client.hear((Commit, Snapshot))
                if isinstance(message, Snapshot):
                    document.replace(entries(await stream(client, message)), message.seq, message.mark)
                else:
                    document.apply(message)
            assert document.mark == before["mark"]
            assert {entry.key: entry for entry in entries(before["entries"])} == document.entries

    asyncio.run(resume())


def test_a_client_of_the_older_relay_undoes_its_last_operation(
    relay: RelayProcess, older: dict[str, Any]
) -> None:
    place = older["clients"]["grace"]
    color = older["rooms"]["algebra"]["past"]["commits"][-1]["changes"][0]["fields"]["color"]

    async def undo() -> None:
        async with joined(relay.port, Join("algebra", **place)) as (client, welcome):
            # Its number is taken: the verdict of the older relay stands.
            await client.say(Operate(welcome.last, (Revert(welcome.last),)))
            await client.say(Operate(welcome.last + 1, (Revert(welcome.last),)))
            answer = await client.hear((Commit, Refused))
            assert isinstance(answer, Commit)
            assert (answer.seq, answer.op) == (welcome.seq + 1, welcome.last + 1)
            document = Document()
            document.replace(entries(older["rooms"]["algebra"]["entries"]), welcome.seq, 0)
            assert document.entries["grace3"].fields["color"] == color
            document.apply(answer)
            assert document.entries["grace3"].fields["color"] != color
            assert "place" not in document.entries["grace3"].fields

    asyncio.run(undo())


def test_a_board_of_the_same_user_goes_on(
    relay: RelayProcess, older: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYSKETCH_DATA_DIR", str(tmp_path))
    (tmp_path / "author").write_text(older["author"])
    (tmp_path / "author").chmod(0o600)
    board = ipysketch.connect(relay.url, room="algebra", name="Ada")
    try:
        kinds = [element.kind for element in board.elements]
        assert sorted(set(kinds)) == ["arrow", "ellipse", "highlighter", "line", "rectangle", "stroke", "text"]
        ordered = sorted(entries(older["rooms"]["algebra"]["entries"]), key=order)
        assert [element.key for element in board.elements] == [entry.key for entry in ordered if not entry.page]
        assert [page.name for page in board.pages] == ["", "Second"]
        with board.group("axes"):
            pass
        assert [element.kind for element in board.elements].count("arrow") == kinds.count("arrow") - 2
        assert board.flush()
        assert not board.lost
        assert [element.kind for element in board.at(1)] == ["stroke"]
        board.turn(1)
        assert [element.kind for element in board.elements] == ["stroke", "image"]
    finally:
        board.disconnect()


def test_the_older_database_is_whole(database: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "relay", "check", "--db", str(database)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_room_of_the_older_database_is_exported_and_imported(database: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for command in (
        ["export", "algebra", first],
        ["import", "--room", "copy", first],
        ["export", "copy", second],
    ):
        arguments = [command[0], "--db", database, *command[1:]]
        done = subprocess.run(
            [sys.executable, "-m", "relay", *map(str, arguments)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    # The first line names the room.
    assert first.read_text().splitlines()[1:] == second.read_text().splitlines()[1:]
    assert len(first.read_text().splitlines()) > 1000
