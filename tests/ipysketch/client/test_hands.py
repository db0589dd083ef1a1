"""From hands at a view to what is sent: previews, operations, and why nothing happens."""

from __future__ import annotations

import asyncio

import pytest

from ipysketch.client import presenter
from ipysketch.client.view import BoardState
from relay.protocol import Cancel, Clear, Create, Operate, Presence, Preview

from .joined import Joined, run


def test_a_stroke_is_sent_as_previews_and_one_operation() -> None:
    def story() -> None:
        ada = Joined()
        session, _ = ada.session, ada.sent
        session.hands.pointer_down("v/1", 10, 10)
        session.hands.pointer_move("v/1", 20, 10)
        session.hands.pointer_up("v/1")
        sent = [message for message in ada.sent if not isinstance(message, Presence)]
        assert [type(message) for message in sent] == [Preview, Preview, Operate]
        session.hands.pointer_down("v/1", 10, 10)
        session.hands.pointer_cancel("v/1")
        assert isinstance(ada.sent[-1], Cancel)

    run(story)


def test_what_a_gesture_comes_to_is_shown_in_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presenter, "FRAME", 0.0)
    states: list[BoardState] = []

    class View:
        def show(self, state: BoardState) -> bool:
            states.append(state)
            return True

    async def story() -> None:
        session = Joined().session
        session.presenter.attach(View())
        await asyncio.sleep(0)
        for step in (
            lambda: session.hands.pointer_down("v/1", 10, 10),
            lambda: session.hands.pointer_move("v/1", 20, 10),
            lambda: session.hands.pointer_up("v/1"),
            lambda: session.hands.choose(tool="eraser"),
            lambda: session.operations.submit([Clear()]),
        ):
            states.clear()
            step()
            for _ in range(5):
                await asyncio.sleep(0)
            assert len(states) == 1

    asyncio.run(story())


def test_an_editor_who_rubs_over_what_others_drew_is_told_why_it_stays() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.hands.pointer_down("v/1", 10, 10)
        ada.session.hands.pointer_up("v/1")
        [mine] = ada.operations
        create = mine.actions[0]
        assert isinstance(create, Create)
        hers = Create("hers", {**create.fields, "points": [80, 320]})
        ada.confirm(mine)
        ada.confirm(Operate(1, (hers,)), author="grace", client="other")
        ada.session.membership.role = "editor"
        ada.session.hands.pointer_down("v/1", 10, 40, tool="eraser")
        ada.session.hands.pointer_up("v/1")
        assert ada.session.membership.notice == "Only a moderator may erase what others drew."
        assert not ada.operations
        ada.session.hands.pointer_down("v/1", 10, 10, tool="eraser")
        ada.session.hands.pointer_up("v/1")
        assert ada.operations

    run(story)


def test_a_viewer_sees_why_nothing_happens() -> None:
    states: list[BoardState] = []

    async def story() -> None:
        ada = Joined()

        class View:
            def show(self, state: BoardState) -> bool:
                states.append(state)
                return True

        ada.session.presenter.attach(View())
        ada.session.membership.role = "viewer"
        ada.session.hands.pointer_down("v/1", 10, 10)
        await asyncio.sleep(0)
        assert not states[-1].can_draw
        assert "you are watching" in states[-1].status

    asyncio.run(story())
