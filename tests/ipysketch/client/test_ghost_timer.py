"""What is shown of others while a connection is lost, and for how long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ipysketch.client import ghosts
from ipysketch.client.connection_state import Connected, Connecting, Ended, Waiting
from ipysketch.client.session import Session
from ipysketch.client.view import BoardState
from relay.protocol import Commit, Create, Delete, PeerCancel, PeerPreview, PeerState, Welcome

from .joined import Joined


def test_others_are_seen_as_they_were_until_a_relay_tells_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """With their ink, and what they drag; who is not back in time is gone, and at an end all are."""

    def shown(session: Session) -> tuple[list[Any], list[str]]:
        state = session.projection.board_state()
        people = [(person.name, person.cursor) for person in state.people if not person.me]
        return people, [f"{ink.peer}/{ink.key}" for ink in state.live]

    async def story() -> None:
        monkeypatch.setattr(ghosts, "GHOST_SECONDS", 60.0)
        session = Joined().session
        style = {"kind": "stroke", "color": "#112233", "width": 8}
        there = PeerState("grace", "grace", {"name": "grace", "cursor": [8, 16]})
        session.receive([there, PeerPreview("grace", "k", 0, (8, 8, 16, 16), style)])
        session.receive([PeerPreview("grace", "l", 0, (8, 8, 16, 16), style)])
        before = shown(session)
        assert before == ([("grace", (1.0, 2.0))], ["grace/k", "grace/l"])
        session.state(Waiting(1.0, "the connection was lost"))
        assert shown(session) == before
        session.state(Connecting("ws://relay"))
        session.join("")
        session.state(Connected("ws://relay"))
        session.receive([Welcome(1, "algebra", "me2", "client", "k", "ada", "e", 0, 0, False, 1280, 720)])
        assert shown(session) == before
        session.receive([PeerState("grace2", "grace", {"name": "grace"})])
        assert shown(session) == (before[0], ["grace2/k", "grace2/l"])
        session.receive([Commit(1, 0, 0.0, "other", 1, "grace", (Create("k", {**style, "points": [8, 8]}),))])
        assert shown(session)[1] == ["grace2/l"]
        session.receive([Commit(2, 0, 0.0, "other", 2, "grace", (Delete(("k",)),))])
        assert shown(session)[1] == ["grace2/l"], "what was drawn and erased is not ink again"
        there = PeerState("grace2", "grace", {"name": "grace", "cursor": [8, 16]})
        session.receive([there, PeerCancel("grace2", "l")])
        refreshed = asyncio.Event()

        class View:
            def show(self, state: BoardState) -> bool:
                refreshed.set()
                return True

        session.presenter.attach(View())
        monkeypatch.setattr(ghosts, "GHOST_SECONDS", 0.01)
        session.state(Waiting(1.0, "the connection was lost"))
        while shown(session) != ([], []):
            refreshed.clear()
            await refreshed.wait()  # It is over by itself.
        session.receive([there])
        session.state(Ended("you were taken out of the room"))
        assert shown(session) == ([], [])

    asyncio.run(story())
