"""Named events, from one notebook or page to the others, and the plugins that see them on their way."""

from __future__ import annotations

import asyncio
import logging
import queue
import signal
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from ipysketch import Sketch, SketchError
from relay.__main__ import main
from relay.limits import Limits
from relay.protocol import Commit, Error, Event, PeerEvent
from relay.server.plugins import PluginEvent
from relay.store import MemoryStore

from ..support.processes import RelayProcess, free_port
from ..support.raw_client import Process, RawClient, create, joined, relay_on
from ..support.waiting import DEADLINE


@pytest.fixture
def pair(relay: RelayProcess) -> Iterator[tuple[Sketch, Sketch]]:
    ada, grace = Sketch(name="Ada"), Sketch(name="Grace")
    for board in (ada, grace):
        board.connect(relay.url, "events")
    yield ada, grace
    for board in (ada, grace):
        board.disconnect()


def heard(board: Sketch, name: str) -> queue.Queue[tuple[Any, Any]]:
    found: queue.Queue[tuple[Any, Any]] = queue.Queue()
    board.on_event(name, lambda data, who: found.put((data, who)))
    return found


def test_the_others_hear_it_and_from_whom(pair: tuple[Sketch, Sketch]) -> None:
    ada, grace = pair
    at_ada, at_grace = heard(ada, "mouse"), heard(grace, "mouse")
    ada.emit("mouse", {"x": 1, "y": 2})
    data, who = at_grace.get(timeout=DEADLINE)
    assert data == {"x": 1, "y": 2}
    assert who.name == "Ada"
    ada.emit("mouse", 2, to="all")
    assert at_grace.get(timeout=DEADLINE)[0] == 2
    data, who = at_ada.get(timeout=DEADLINE)
    assert (data, who.me) == (2, True)  # And not the first, which was for the others.
    grace.emit("mouse", 3, to=next(person for person in grace.people if person.name == "Ada"))
    assert at_ada.get(timeout=DEADLINE)[0] == 3
    assert at_grace.empty()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("", 1, "1 to"),
        ("x" * 200, 1, "1 to"),
        ("mouse", object(), "JSON"),
        ("mouse", 2**80, "JSON|2.53"),
        ("mouse", [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]], "nested"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words(
    pair: tuple[Sketch, Sketch], name: str, data: object, words: str
) -> None:
    with pytest.raises(SketchError, match=words):
        pair[0].emit(name, data)


def test_without_a_relay_nobody_hears(pair: tuple[Sketch, Sketch]) -> None:
    with pytest.raises(SketchError, match="not connected"):
        Sketch().emit("mouse")


# --- plugins ---------------------------------------------------------------------------------------------


async def passed(
    plugins: list[Any], *events: Event, hears: int = 1, **options: Any
) -> tuple[list[Any], list[Any]]:
    """What the sender and another peer hear of events that go through plugins."""
    options.setdefault("limits", Limits(plugin_seconds=DEADLINE))
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(relay_on(MemoryStore(), plugins=plugins, **options))
        sender, _ = await stack.enter_async_context(joined(relay.port, name="Ada"))
        other, _ = await stack.enter_async_context(joined(relay.port, name="Grace"))
        await sender.say(*events, Event("end", to="all"))
        return await until_end(sender), await until_end(other)


async def until_end(wire: RawClient) -> list[Any]:
    found: list[Any] = []
    while True:
        message = await wire.hear((PeerEvent, Error))
        if isinstance(message, PeerEvent) and message.name == "end":
            return found
        found.append(message)


def test_a_plugin_changes_renames_drops_and_answers() -> None:
    def plugin(event: PluginEvent) -> None:
        match event.name:
            case "change":
                event.data = {"x": event.data["x"] * 2}
            case "rename":
                event.name = "renamed"
            case "drop":
                event.drop()
            case "ask":
                event.answer("answer", [event.room, event.sender])
                event.drop()

    events = [Event("change", {"x": 4}), Event("rename", 1), Event("drop"), Event("ask"), Event("as-is", 5)]
    sender, other = asyncio.run(passed([plugin], *events))
    assert [(said.name, said.data) for said in other] == [("change", {"x": 8}), ("renamed", 1), ("as-is", 5)]
    assert [(said.peer, said.name, said.data) for said in sender] == [("", "answer", ["algebra", "Ada"])]


def test_one_after_another_each_sees_what_the_last_one_made() -> None:
    def double(event: PluginEvent) -> None:
        event.data = event.data and event.data * 2

    def add(event: PluginEvent) -> None:
        event.data = event.data and event.data + 1

    _, other = asyncio.run(passed([double, add], *(Event("n", n) for n in range(1, 51))))
    assert [said.data for said in other] == [2 * n + 1 for n in range(1, 51)]


@pytest.mark.parametrize("fault", ["raise", "exit", "no-json", "no-name"])
def test_an_exception_is_logged_and_the_event_goes_on_unchanged(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    def plugin(event: PluginEvent) -> None:
        if event.name == "end":
            return
        event.data["x"] = 0
        match fault:
            case "raise":
                raise ZeroDivisionError("of mine")
            case "exit":
                raise SystemExit(1)
            case "no-json":
                event.data = object()
            case "no-name":
                event.name = ""

    with caplog.at_level(logging.ERROR, "relay"):
        _, other = asyncio.run(passed([plugin], Event("mouse", {"x": 1}), Event("mouse", {"x": 2})))
    assert [said.data for said in other] == [{"x": 1}, {"x": 2}]
    assert len([record for record in caplog.records if "plugin" in record.getMessage()]) == 2


def test_one_over_its_time_is_disabled_and_the_events_go_on(caplog: pytest.LogCaptureFixture) -> None:
    let_go = threading.Event()
    calls = []

    def stuck(event: PluginEvent) -> None:
        calls.append(event.name)
        let_go.wait(2 * DEADLINE)

    def after(event: PluginEvent) -> None:
        event.data = "seen"

    try:
        with caplog.at_level(logging.ERROR, "relay"):
            _, other = asyncio.run(
                passed([stuck, after], Event("a"), Event("b"), limits=Limits(plugin_seconds=2.0))
            )
    finally:
        let_go.set()
    assert [(said.name, said.data) for said in other] == [("a", "seen"), ("b", "seen")]
    assert calls == ["a"]
    [record] = caplog.records
    assert "disabled" in record.getMessage()


def test_operations_never_come_to_a_plugin() -> None:
    seen = []

    async def run() -> None:
        plugins = [lambda event: seen.append(event.name)]
        async with relay_on(MemoryStore(), plugins=plugins) as relay, joined(relay.port) as (sender, _):
            await sender.say(create(1, "k"), Event("end", to="all"))
            await sender.hear((Commit, PeerEvent))
            await sender.hear((Commit, PeerEvent))

    asyncio.run(run())
    assert seen == ["end"]


def test_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lesson.py").write_text("def loud(event):\n    event.data = event.data.upper()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))

    async def run(port: int) -> str:
        async with joined(port, name="Ada") as (ada, _):
            await ada.say(Event("word", "quiet", to="all"))
            return str((await ada.hear(PeerEvent)).data)

    with Process("--db", ":memory:", "--plugin", "lesson:loud") as relay:
        assert asyncio.run(run(relay.port)) == "QUIET"


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        ("lesson", "module:function"),
        ("no_such_module_at_all:f", "cannot be loaded: ModuleNotFoundError"),
        ("json:nothing", "AttributeError"),
        ("json:__name__", "is no function"),
    ],
)
def test_a_plugin_that_is_none(plugin: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--db", ":memory:", "--plugin", plugin]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_a_changed_plugin_takes_effect_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = tmp_path / "lesson.py"
    lesson.write_text("def say(event):\n    event.data = 'before'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    port = free_port()

    def said_at(board: Sketch) -> str:
        found = heard(board, "word")
        board.emit("word", to="all")
        return str(found.get(timeout=DEADLINE)[0])

    options = [
        "--port",
        str(port),
        "--db",
        str(tmp_path / "drawing.sqlite"),
        "--plugin",
        "lesson:say",
        "--reload",
    ]
    with Process(*options) as relay:
        board = Sketch(name="Ada").connect(f"ws://127.0.0.1:{port}", "lesson")
        assert said_at(board) == "before"
        board.stroke([(0, 0), (9, 9)])
        assert board.flush(DEADLINE)
        lesson.write_text("def say(event):\n    event.data = 'after'\n")
        relay.until("starting anew")
        relay.until("listening on")
        again = Sketch(name="Grace").connect(f"ws://127.0.0.1:{port}", "lesson")
        assert said_at(again) == "after"
        assert len(again.elements) == 1
        again.disconnect()
        board.disconnect()
        code, _ = relay.end(signal.SIGTERM)
    assert code == 0
