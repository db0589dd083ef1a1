"""A board is in its room while a page is there; the clock of the loop goes by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar, copy_context

import pytest

from ipysketch.client import attendance
from ipysketch.client.attendance import GIVEN_UP, GRACE, LOADING, Attendance, VisitorView
from ipysketch.client.view import BoardState


class Room:
    """What an `Attendance` has come and go."""

    def __init__(self) -> None:
        self.joining = True
        self.here = False
        self.given_up = 0

    def rejoin(self) -> None:
        self.joining = True

    async def disconnect(self, flush: float = 1.0) -> None:
        self.joining = False

    def out(self) -> bool:
        return not self.joining

    def give_up(self) -> None:
        self.given_up += 1


class Clock:
    """The time of a loop, which passes when a test says so."""

    def __init__(self, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = loop.time()
        monkeypatch.setattr(loop, "time", lambda: self._now)

    async def passes(self, seconds: float) -> None:
        for _ in range(round(seconds / attendance.INTERVAL)):
            self._now += attendance.INTERVAL
            for _ in range(4):
                await asyncio.sleep(0)


def play(monkeypatch: pytest.MonkeyPatch, story: Callable[[Room, Clock], object]) -> None:
    async def run() -> None:
        room, clock = Room(), Clock(asyncio.get_running_loop(), monkeypatch)
        attending = Attendance(room, lambda: room.here, room.give_up)
        await story(room, clock)  # type: ignore[misc]
        attending.end()

    asyncio.run(run())


def test_a_page_that_loads_slowly_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(room: Room, clock: Clock) -> None:
        await clock.passes(LOADING - 5)
        assert room.joining
        room.here = True
        await clock.passes(100)
        assert room.joining

    play(monkeypatch, story)


def test_a_page_that_closes_takes_its_board_out_of_the_room_and_one_that_loads_anew_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(room: Room, clock: Clock) -> None:
        room.here = True
        await clock.passes(5)
        room.here = False
        await clock.passes(GRACE - 2)
        assert room.joining
        room.here = True
        await clock.passes(5)
        room.here = False
        await clock.passes(GRACE + 2)
        assert room.out()
        assert GRACE + 2 < 20

    play(monkeypatch, story)


def test_a_page_that_is_back_joins_again_but_not_a_board_that_its_user_disconnected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(room: Room, clock: Clock) -> None:
        room.here = True
        await clock.passes(2)
        room.joining = False  # By hand.
        await clock.passes(5)
        assert room.out()
        room.joining, room.here = True, False
        await clock.passes(60)
        assert room.out()
        room.here = True
        await clock.passes(2)
        assert room.joining

    play(monkeypatch, story)


def test_a_session_that_nobody_comes_back_to_is_given_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(room: Room, clock: Clock) -> None:
        await clock.passes(GIVEN_UP + 100)
        assert room.given_up == 1
        assert room.out()

    play(monkeypatch, story)


def test_what_a_board_sends_goes_to_the_context_of_its_visitor() -> None:
    document: ContextVar[str] = ContextVar("document", default="nobody's")
    shown: list[str] = []

    class View:
        def show(self, state: BoardState) -> bool:
            shown.append(document.get())
            return True

    contexts = []
    for name in ("ada's", "grace's"):
        document.set(name)
        contexts.append(copy_context())
    document.set("nobody's")
    sent: list[str] = []
    for context, name in zip(contexts, ("ada", "grace"), strict=True):
        view = VisitorView(View(), context, lambda name=name: sent.append(name))  # type: ignore[misc]
        assert view.show(None)  # type: ignore[arg-type]  # no view looks at it
    assert (shown, sent) == (["ada's", "grace's"], ["ada", "grace"])
