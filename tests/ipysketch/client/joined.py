"""A session in a room, with a connection that only notes what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, cast

from ipysketch.client.connection_state import Connected
from ipysketch.client.session import Session
from relay.protocol import Commit, Operate, PeerState, Revert, Welcome

INK = {"kind": "stroke", "color": "#d1495b", "width": 32}


class FakeConnection:
    """Notes what is sent through it."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.measured = 0

    def send(self, messages: Iterable[Any]) -> None:
        self.sent.extend(messages)

    def measure(self) -> None:
        self.measured += 1


class Joined:
    """A session that has joined an empty room as peer "me", with Grace in it, who has the colour `grace`."""

    def __init__(self, session: Session | None = None, *, grace: str = "#666666") -> None:
        self.session = session or Session(name="Ada", color="#d1495b", secret="s")
        self.session.membership.room = "algebra"
        self.connection = FakeConnection()
        self.session.outbox.connection = cast(Any, self.connection)
        self.again(grace)

    def again(self, grace: str = "#666666") -> None:
        """Join, for the first time or after the connection was lost."""
        self.session.state(Connected("ws://relay"))
        seq = self.session.sync.document.seq
        welcome = Welcome(1, "algebra", "me", "client", "k", "ada", "e", seq, 0, False, 1280, 720)
        people = [PeerState("me", "me", {"name": "me"}), PeerState("grace", "grace", {"name": "grace"})]
        people[1].state["color"] = grace
        self.session.receive([welcome, *people])

    @property
    def sent(self) -> list[Any]:
        """What was sent since this was asked the last time."""
        taken = self.connection.sent
        self.connection.sent = []
        return taken

    @property
    def operations(self) -> list[Operate[Any]]:
        """The operations among these."""
        return [message for message in self.sent if isinstance(message, Operate)]

    def confirm(self, *operations: Operate[Any], author: str = "ada", client: str = "client") -> None:
        """Commit operations that were sent, as the relay does."""
        for each in operations:
            seq = self.session.sync.document.seq + 1
            changes = tuple(action for action in each.actions if not isinstance(action, Revert))
            assert len(changes) == len(each.actions), "a relay commits what an undo comes to"
            commit = Commit(seq, 0, 0.0, client, each.op, author, changes)
            self.session.receive([commit])


def run(story: Callable[[], Any]) -> None:
    async def awaited() -> None:
        story()

    asyncio.run(awaited())


def live_of(session: Session) -> list[tuple[str, list[int]]]:
    """The wet ink that views show, each with whose it is."""
    return [(ink.peer, ink.points) for ink in session.projection.board_state().live]
