"""The lives of boards: those that are left are freed, those that end together do not wait for one another."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

import ipysketch
from ipysketch import Sketch, board
from ipysketch.client.session import Session
from ipysketch.sketch import leaving

from ..faults.test_broken_relay import BrokenRelay
from ..support.processes import RelayProcess, environment
from ..support.sessions import session_of
from ..support.waiting import DEADLINE, wait_until

COUNT = 12


def callback_threads() -> int:
    return sum(thread.name == "ipysketch-callbacks" for thread in threading.enumerate())


def leave_boards(relay: RelayProcess, count: int) -> list[weakref.ref[Any]]:
    """Join `count` rooms, draw, and leave them; return what nothing should hold any more."""
    alive: list[weakref.ref[Any]] = []
    for number in range(count):
        joined = ipysketch.connect(relay.url, room=f"room{number}")

        @joined.on("stroke")
        def drawn(_: object, joined: Sketch = joined) -> None:
            joined.text(10, 10, "heard")

        joined.stroke([(0, 0), (10, 10)])
        assert joined.flush(DEADLINE)
        alive += [weakref.ref(joined), weakref.ref(session_of(joined).object)]
        joined.disconnect()
        assert joined in ipysketch.boards(), "while somebody has it"
        del joined, drawn
    return alive


def freed(alive: list[weakref.ref[Any]]) -> bool:
    gc.collect()
    return not any(ref() for ref in alive)


def test_boards_that_were_left_are_freed_with_their_threads(relay: RelayProcess) -> None:
    before = callback_threads()
    alive = leave_boards(relay, COUNT)
    wait_until(lambda: freed(alive) and callback_threads() <= before, "boards and threads are gone")
    assert not [each for each in ipysketch.boards() if each.room.startswith("room")]


def test_a_board_that_somebody_holds_is_found_out(relay: RelayProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: boards that were left are remembered for good, and by nothing else."""
    held: dict[object, Sketch] = {}
    monkeypatch.setattr(board, "_left", held)
    alive = leave_boards(relay, 2)
    assert not freed(alive)
    assert len(held) == 2
    held.clear()
    wait_until(lambda: freed(alive), "what held them was the fault")


def test_a_board_that_was_left_is_joined_again_by_its_name(relay: RelayProcess) -> None:
    first = ipysketch.connect(relay.url, room="again")
    first.disconnect()
    assert ipysketch.connect(relay.url, room="again") is first
    first.disconnect()


def leave_all(monkeypatch: pytest.MonkeyPatch, seconds: float) -> int:
    """Leave `COUNT` rooms as at the end of a process, and return how many have begun to leave within `seconds`.

    Each waits until all have begun: one after the other, none would."""
    boards = [Sketch(name=f"B{number}") for number in range(COUNT)]
    begun = 0

    async def disconnect(session: Session, flush: float) -> None:
        nonlocal begun
        begun += 1
        while begun < COUNT:
            await asyncio.sleep(0)

    monkeypatch.setattr(Session, "disconnect", disconnect)
    monkeypatch.setattr(Session, "joining", True)
    monkeypatch.setattr(leaving, "_living", set(map(session_of, boards)))
    monkeypatch.setattr(leaving, "EXIT_FLUSH", seconds)
    leaving._leave_all()  # noqa: SLF001  # what runs at the end
    return begun


def test_boards_are_left_together_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert leave_all(monkeypatch, DEADLINE) == COUNT


def test_boards_that_are_left_one_after_another_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def one_by_one(*coroutines: Coroutine[Any, Any, None]) -> None:
        tasks = [asyncio.ensure_future(each) for each in coroutines[:1]]
        for each in coroutines[1:]:
            each.close()
        await tasks[0]

    monkeypatch.setattr(asyncio, "gather", one_by_one)
    assert leave_all(monkeypatch, 0.1) == 1


SCRIPT = """
import sys
import ipysketch
boards = [ipysketch.Sketch(name=f"B{n}").connect(sys.argv[1], f"room{n}") for n in range(12)]
for board in boards:
    board.line([(0, 0), (10, 10)])
"""


@pytest.fixture
def hung() -> Iterator[BrokenRelay]:
    """A relay that lets everybody in and never answers again."""
    relay = BrokenRelay(lambda: iter(()), seq=0)
    yield relay
    relay.close()


def said_at_the_end(hung: BrokenRelay, home: Path, script: str) -> str:
    """Return what a script says at its end, after drawing 12 lines that no relay takes."""
    done = subprocess.run(
        [sys.executable, "-c", script, hung.url],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0
    return done.stderr


def test_the_end_of_a_process_says_what_was_not_stored(hung: BrokenRelay, tmp_path: Path) -> None:
    said = said_at_the_end(hung, tmp_path, SCRIPT)
    assert said == "ipysketch: 12 strokes were not stored: no relay answered before this process ended\n"


def test_a_process_that_ends_without_leaving_is_found_out(hung: BrokenRelay, tmp_path: Path) -> None:
    fault = "import atexit, ipysketch.sketch.leaving as leaving\natexit.unregister(leaving._leave_all)\n"
    assert said_at_the_end(hung, tmp_path, fault + SCRIPT) == ""


def test_a_closed_widget_is_shown_again_as_another(relay: RelayProcess) -> None:
    sketch = Sketch(name="A").connect(relay.url, "closed")
    first = sketch.widget
    assert sketch.widget is first
    first.close()
    second = sketch.widget
    assert second is not first
    assert sketch.widget is second
    second.children[0].close()
    third = sketch.widget
    assert third is not second
    assert not third.is_closed


def test_a_board_that_nobody_has_leaves_its_room_and_its_drawing_stays(home: Path, relay: RelayProcess) -> None:
    eye = Sketch(name="Eye").connect(relay.url, "left")
    board: Sketch | None = Sketch(name="Ada").connect(relay.url, "left")
    assert board is not None
    board.rect(0, 0, 100, 100)
    wait_until(lambda: len(eye.people) == 2, "Ada is there")
    # The cell runs again.
    board = Sketch(name="Ada").connect(relay.url, "left")
    gc.collect()
    wait_until(lambda: len(eye.people) == 2, "Ada is there once")
    wait_until(lambda: len(eye.elements) == 1, "what she drew is there")
    # A function that is called keeps its board there, though nobody has it.
    board.on("stroke", print)
    del board
    gc.collect()
    other = Sketch(name="Grace").connect(relay.url, "left")
    wait_until(lambda: len(eye.people) == 3, "Ada is there still")
    other.disconnect()
    wait_until(lambda: len(eye.people) == 2, "Grace has left")
    assert {person.name for person in eye.people} == {"Ada", "Eye"}
    eye.disconnect()


def test_a_cell_that_runs_twice_and_a_kernel_that_restarts_are_one_person(
    home: Path, relay: RelayProcess
) -> None:
    eye = Sketch(name="Eye").connect(relay.url, "twice")
    kernel = KernelManager(kernel_name="python3")
    kernel.shutdown_wait_time = DEADLINE
    kernel.start_kernel(env=environment(home, IPYSKETCH_URL=relay.url))
    client = kernel.client()
    client.start_channels()

    def run_cell() -> None:
        client.wait_for_ready(timeout=DEADLINE)
        done = client.execute_interactive(
            "%load_ext ipysketch\n%sketch connect --room twice --name Ada",
            timeout=DEADLINE,
            output_hook=lambda _: None,
        )
        assert done["content"]["status"] == "ok"
        wait_until(lambda: any(person.name == "Ada" for person in eye.people), "Ada is there")

    try:
        for _ in range(2):
            run_cell()
        assert len(eye.people) == 2
        first = next(person.peer for person in eye.people if not person.me)
        kernel.restart_kernel()
        run_cell()
        wait_until(lambda: first not in {person.peer for person in eye.people}, "the old kernel's peer left")
        assert len(eye.people) == 2
    finally:
        client.stop_channels()
        kernel.shutdown_kernel()
        kernel.cleanup_resources()
    wait_until(lambda: len(eye.people) == 1, "Ada left with her kernel")
    eye.disconnect()


def test_strokes_and_people_have_the_same_authors(
    home: Path, relay: RelayProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Sketch(name="Ada").connect(relay.url, "authors")
    monkeypatch.setenv("IPYSKETCH_DATA_DIR", str(home / "another user"))
    grace = Sketch(name="Grace").connect(relay.url, "authors")
    for each in (ada, grace, ada):
        each.stroke([(0, 0), (10, 10)])
    wait_until(lambda: len(ada.strokes) == 3 and len(ada.people) == 2, "all strokes and people are there")
    names = {person.author: person.name for person in ada.people}
    assert sorted(names[author] for author in ada.to_dataframe().drop_duplicates("stroke")["author"]) == [
        "Ada",
        "Ada",
        "Grace",
    ]
    assert not any(person.verified for person in ada.people)
    ada.disconnect()
    grace.disconnect()
