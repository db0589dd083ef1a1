"""A session between its gestures and a connection that only notes what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from ipysketch.client import ghosts
from ipysketch.client import session as module
from ipysketch.client.connection import Target
from ipysketch.client.connection_state import Connected, Connecting, Ended, Waiting
from ipysketch.client.cutting import SendLimits
from ipysketch.client.opening import Stop
from ipysketch.client.session import Session
from ipysketch.client.view import BoardState
from ipysketch.errors import STARTING, SketchError
from relay.protocol import (
    MAX_ACTIONS,
    MAX_FRAME,
    Cancel,
    Clear,
    Commit,
    Create,
    Delete,
    Error,
    Event,
    Invite,
    Operate,
    PeerCancel,
    PeerPreview,
    PeerState,
    Presence,
    Preview,
    Refused,
    Revert,
    RoomState,
    Ticket,
    Welcome,
)


class FakeConnection:
    """Notes what is sent through it."""

    def __init__(self, handler: Session) -> None:
        self.sent: list[Any] = []

    def send(self, messages: Iterable[Any]) -> None:
        self.sent.extend(messages)

    async def close(self) -> None: ...

    def measure(self) -> None: ...


class Joined:
    """A session that has joined an empty room as peer "me", with Grace in it."""

    def __init__(self) -> None:
        self.session = Session(name="Ada", color="#d1495b", secret="s")
        self.session.connect("algebra", lambda: Target("ws://relay"))
        self.again()

    def again(self) -> None:
        """Join, for the first time or after the connection was lost."""
        self.session.state(Connected("ws://relay"))
        seq = self.session.sync.document.seq
        welcome = Welcome(1, "algebra", "me", "client", "k", "ada", "e", seq, 0, False, 1280, 720)
        people = [PeerState(peer, peer, {"name": peer}) for peer in ("me", "grace")]
        self.session.receive([welcome, *people])

    @property
    def sent(self) -> list[Any]:
        """What was sent since this was asked the last time."""
        connection: Any = self.session._connection  # noqa: SLF001  # the fake
        taken: list[Any] = connection.sent
        connection.sent = []
        return taken

    def confirm(self, *operations: Operate[Any], author: str = "ada", client: str = "client") -> None:
        """Commit operations that were sent, as the relay does."""
        for each in operations:
            seq = self.session.sync.document.seq + 1
            changes = tuple(action for action in each.actions if not isinstance(action, Revert))
            assert len(changes) == len(each.actions), "a relay commits what an undo comes to"
            commit = Commit(seq, 0, 0.0, client, each.op, author, changes)
            self.session.receive([commit])


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Connection", FakeConnection)


def run(story: Callable[[], Any]) -> None:
    async def awaited() -> None:
        story()

    asyncio.run(awaited())


def test_a_stroke_is_sent_as_previews_and_one_operation() -> None:
    def story() -> None:
        ada = Joined()
        session, _ = ada.session, ada.sent
        session.pointer_down("v/1", 10, 10)
        session.pointer_move("v/1", 20, 10)
        session.pointer_up("v/1")
        sent = [message for message in ada.sent if not isinstance(message, Presence)]
        assert [type(message) for message in sent] == [Preview, Preview, Operate]
        session.pointer_down("v/1", 10, 10)
        session.pointer_cancel("v/1")
        assert isinstance(ada.sent[-1], Cancel)

    run(story)


def test_what_a_gesture_comes_to_is_shown_in_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    def story() -> None:
        session = Joined().session
        asked: list[None] = []
        monkeypatch.setattr(session.presenter, "refresh", lambda: asked.append(None))
        for step in (
            lambda: session.pointer_down("v/1", 10, 10),
            lambda: session.pointer_move("v/1", 20, 10),
            lambda: session.pointer_up("v/1"),
            lambda: session.choose(tool="eraser"),
            lambda: session.submit([Clear()]),
        ):
            asked.clear()
            step()
            assert len(asked) == 1

    run(story)


def test_a_board_without_a_view_leaves_a_page_that_somebody_deleted() -> None:
    def story() -> None:
        ada = Joined()
        key = ada.session.add_page("Draft")
        ada.session.turn(key)
        ada.confirm(*(message for message in ada.sent if isinstance(message, Operate)))
        assert ada.session.page == key
        ada.confirm(Operate(1, (Clear(key), Delete((key,)))), author="grace", client="other")
        assert ada.session.page == ""
        assert Presence({"page": None}) in ada.sent
        assert ada.session.undo(), "and my own undo of the page is as it was"

    run(story)


def test_others_are_told_the_page_again_when_the_connection_was_lost() -> None:
    def story() -> None:
        ada = Joined()
        key = ada.session.add_page("Draft")
        ada.session.turn(key)
        ada.confirm(*(message for message in ada.sent if isinstance(message, Operate)))
        ada.session.state(Waiting(0.0, "the connection was lost"))
        ada.again()
        assert Presence({"page": key}) in ada.sent

    run(story)


def test_that_the_relay_cannot_save_is_a_notice_until_it_has_saved() -> None:
    def story() -> None:
        ada = Joined()
        session = ada.session
        session.submit([Create("a", {"kind": "stroke"})])
        session.receive([Error("store", "it cannot save at the moment")])
        assert session.membership.notice == "it cannot save at the moment"
        session.receive([PeerState("grace", "grace", {"name": "grace"})])
        assert session.membership.notice == "it cannot save at the moment"
        ada.confirm(*(message for message in ada.sent if isinstance(message, Operate)))
        assert session.membership.notice == ""

    run(story)


def test_others_are_told_again_where_a_cursor_rests() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.point_at(10, 20)
        ada.session.state(Waiting(1.0, "the connection was lost"))
        assert ada.sent
        ada.again()
        assert Presence({"cursor": [80, 160]}) in ada.sent

    run(story)


def test_others_are_seen_as_they_were_until_a_relay_tells_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """With their ink, and what they drag; who is not back in time is gone, and at an end all are."""

    def shown(session: Session) -> tuple[list[Any], list[str]]:
        state = session.presenter.board_state()
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
        monkeypatch.setattr(ghosts, "GHOST_SECONDS", 0.01)
        session.state(Waiting(1.0, "the connection was lost"))
        monkeypatch.setattr(session.presenter, "refresh", refreshed.set)
        while shown(session) != ([], []):
            refreshed.clear()
            await refreshed.wait()  # It is over by itself.
        session.receive([there])
        session.state(Ended("you were taken out of the room"))
        assert shown(session) == ([], [])

    asyncio.run(story())


def test_a_request_without_a_relay_is_an_error_at_once() -> None:
    async def story() -> None:
        session = Session(name="Ada", color="#d1495b", secret="s")
        with pytest.raises(SketchError, match="not connected"):
            await session.requests.lock(True)

    asyncio.run(story())


def test_an_editor_who_rubs_over_what_others_drew_is_told_why_it_stays() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.pointer_down("v/1", 10, 10)
        ada.session.pointer_up("v/1")
        [mine] = (message for message in ada.sent if isinstance(message, Operate))
        create = mine.actions[0]
        assert isinstance(create, Create)
        hers = Create("hers", {**create.fields, "points": [80, 320]})
        ada.confirm(mine)
        ada.confirm(Operate(1, (hers,)), author="grace", client="other")
        ada.session.membership.role = "editor"
        ada.session.pointer_down("v/1", 10, 40, tool="eraser")
        ada.session.pointer_up("v/1")
        assert ada.session.membership.notice == "Only a moderator may erase what others drew."
        assert not any(isinstance(message, Operate) for message in ada.sent)
        ada.session.pointer_down("v/1", 10, 10, tool="eraser")
        ada.session.pointer_up("v/1")
        assert any(isinstance(message, Operate) for message in ada.sent)

    run(story)


def test_a_viewer_sees_why_nothing_happens() -> None:
    states: list[BoardState] = []

    async def story() -> None:
        ada = Joined()

        class View:
            def show(self, state: BoardState) -> bool:
                states.append(state)
                return True

        ada.session.attach(View())
        ada.session.membership.role = "viewer"
        ada.session.pointer_down("v/1", 10, 10)
        await asyncio.sleep(0)
        assert not states[-1].can_draw
        assert "you are watching" in states[-1].status

    asyncio.run(story())


def test_what_many_refusals_ask_to_send_again_is_sent_again_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr(module, "RETRY_AFTER", 0.0)
        ada = Joined()
        for key in "abc":
            ada.session.submit([Create(key, {"n": 1})])
        assert len(ada.sent) > 2
        ada.session.receive([Refused(op, "store", "the disk is full", final=False) for op in (1, 2, 3)])
        for _ in range(5):
            await asyncio.sleep(0)
        assert [message.op for message in ada.sent if isinstance(message, Operate)] == [1, 2, 3]

    asyncio.run(story())


def test_refused_parts_are_told_together() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.submit([Create(f"k{n}", {"n": 1}) for n in range(MAX_ACTIONS + 2)])
        ada.session.receive([Refused(op, "board-full", "it is full", final=True) for op in (1, 2)])
        notice = ada.session.membership.notice
        assert notice == f"{MAX_ACTIONS + 2} elements were refused: it is full. They are kept in board.lost."
        assert not ada.session.undo()

    run(story)


def test_a_gesture_that_comes_to_more_than_the_relay_takes_is_told_and_its_ink_ends() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.sync.limits = SendLimits(400)
        ada.session.operate([Create("k", {"kind": "text", "text": "words " * 100})])
        assert "larger than the relay takes" in ada.session.membership.notice
        assert isinstance(ada.sent[-1], Cancel)
        assert not ada.session.sync.pending

    run(story)


def test_an_event_that_no_frame_holds_is_an_error() -> None:
    def story() -> None:
        with pytest.raises(SketchError, match="larger than the relay takes"):
            Joined().session.emit(Event("large", "x" * MAX_FRAME))

    run(story)


@pytest.mark.parametrize(
    ("role", "locked", "expected"),
    [
        ("viewer", False, set()),
        ("editor", False, {"graces"}),
        ("editor", True, set()),
        ("moderator", True, {"graces", "adas"}),
        ("owner", False, {"graces", "adas"}),
        ("", False, {"graces"}),  # A relay of 0.1.0.
        ("", True, set()),
    ],
)
def test_nobody_is_seen_moving_what_they_may_not_move(role: str, locked: bool, expected: set[str]) -> None:
    async def run() -> None:
        ada = Joined()
        for seq, author in enumerate(("grace", "ada"), 1):
            create = Create(
                f"{author}s", {"kind": "line", "points": [0, 0, 8, 8], "color": "#123456", "width": 8}
            )
            ada.session.receive([Commit(seq, seq, 1.0, author, 1, author, (create,))])
        moving = {"graces": [800, 0], "adas": [800, 0]}
        ada.session.receive([PeerState("grace", "grace", {"moving": moving}, role), RoomState(locked)])
        presenter, peers = ada.session.presenter, ada.session.peers
        assert set(peers.moving(presenter.may_move)) == expected

    asyncio.run(run())


def test_who_has_a_pen_draws_in_a_locked_room() -> None:
    async def run() -> None:
        ada = Joined()
        ada.session.membership.role = "editor"
        for pens, may in ((("me",), True), (("grace",), False)):
            ada.session.receive([RoomState(True, pens)])
            assert ada.session.can_draw is may
        assert ada.session.membership.capabilities_of("editor", "grace").draw
        ada.again()
        assert not ada.session.membership.pens, "the relay tells them again"

    asyncio.run(run())


def test_people_have_the_author_of_what_they_draw_and_whether_they_are_verified() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.receive(
            [
                PeerState("me", "ada", {"name": "ada"}, "editor", True),
                PeerState("grace", "hub:grace", {"name": "grace"}, "editor", True),
                PeerState("m", "0f", {"name": "grace", "verified": True}, "editor"),
            ]
        )
        people = {person.peer: (person.author, person.verified) for person in ada.session.presenter.people()}
        assert people == {"me": ("ada", True), "grace": ("hub:grace", True), "m": ("0f", False)}

    run(story)


def test_an_undo_turns_to_the_page_that_it_changes() -> None:
    def story() -> None:
        ada = Joined()
        session = ada.session
        session.submit([Create("a", {"kind": "stroke"}, "")])
        key = session.add_page("Draft")
        session.turn(key)
        ada.confirm(*(message for message in ada.sent if isinstance(message, Operate)))
        assert session.undo(), "the page goes"
        (undo,) = [message for message in ada.sent if isinstance(message, Operate)]
        ada.confirm(Operate(undo.op, (Delete((key,)),)))
        assert session.page == ""
        second = session.add_page("Second")
        session.turn(second)
        ada.confirm(*(message for message in ada.sent if isinstance(message, Operate)))
        session.undo()
        assert session.undo(), "the stroke of the first page"
        undoes = [message for message in ada.sent if isinstance(message, Operate)]
        ada.confirm(Operate(undoes[1].op, (Delete(("a",)),)))
        assert session.page == "", "it is seen"

    run(story)


def test_who_cleared_a_page_is_told_and_a_projector_is_nobody() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.submit([Create("a", {"kind": "stroke"}, "")])
        ada.confirm(*(message for message in ada.sent if isinstance(message, Operate)))
        ada.confirm(Operate(1, (Clear(""),)), author="grace", client="other")
        assert ada.session.presenter.board_state().cleared == ("", "grace", 2)
        ada.session.receive([PeerState("screen", "s", {"name": "screen", "tool": "projector"})])
        assert [person.peer for person in ada.session.presenter.people()] == ["me", "grace"]
        assert ada.session.presenter.board_state().projectors == ("",)

    run(story)


# --- companions --------------------------------------------------------------------------------------------------

FIELDS = {"kind": "stroke", "color": "#d1495b", "width": 32}


def live_of(session: Session) -> list[tuple[str, list[int]]]:
    return [(ink.peer, ink.points) for ink in session.presenter.board_state().live]


def test_ink_of_a_page_past_the_kernel_is_seen_by_its_other_views() -> None:
    async def run() -> None:
        session = Joined().session
        session.receive([PeerPreview("me", "k", 0, (1, 2), FIELDS), PeerPreview("me", "k", 2, (3, 4))])
        assert live_of(session) == [("pages", [1, 2, 3, 4])]
        session.preview("k", 0, [1, 2, 3, 4, 5, 6], FIELDS, "v")
        session.receive([PeerPreview("me", "k", 0, (1, 2, 3, 4, 5, 6), FIELDS)])
        assert live_of(session) == [("v", [1, 2, 3, 4, 5, 6])], "over the kernel now, and once"
        session.receive([PeerCancel("me", "k")])
        assert live_of(session) == []

    asyncio.run(run())


def test_ink_past_the_kernel_ends_with_the_connection() -> None:
    async def run() -> None:
        session = Joined().session
        session.receive([PeerPreview("me", "k", 0, (1, 2), FIELDS)])
        session.state(Waiting(0.0, "gone"))
        assert live_of(session) == []

    asyncio.run(run())


def test_a_page_gets_a_ticket_of_a_relay_that_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        monkeypatch.setattr("ipysketch.client.road.page_address.server_address", lambda _: "")
        joined = Joined()
        session = joined.session
        assert (await session.road("tab.1")).why == "the relay is of an older version"
        session.membership.companions, session.membership.url = True, "ws://127.0.0.1:8765"
        asked = asyncio.ensure_future(session.road("tab.1"))
        invites: list[Invite] = []
        while not invites:
            await asyncio.sleep(0)
            invites = [message for message in joined.sent if isinstance(message, Invite)]
        session.receive([Ticket("t", 30.0, re=invites[0].id)])
        assert await asked == ("algebra", "t", ("ws://127.0.0.1:8765/",), "", "", "")
        for tab in ("tab", "guest"):
            session.enter_view(f"{tab}.1")
        asked = asyncio.ensure_future(session.road("guest.1"))
        invites.clear()
        while not invites:
            await asyncio.sleep(0)
            invites = [message for message in joined.sent if isinstance(message, Invite)]
        session.receive([Ticket("u", 30.0, re=invites[0].id)])
        offer = await asked
        assert (offer.ticket, offer.name) == ("u", "me (2)")
        assert offer.color not in ("", session.presence.color)
        monkeypatch.setenv("IPYSKETCH_SHORT_ROAD", "0")
        assert (await session.road("tab.1")).why == "IPYSKETCH_SHORT_ROAD is 0"
        monkeypatch.delenv("IPYSKETCH_SHORT_ROAD")
        session.state(Waiting(0.0, "gone"))
        assert (await session.road("tab.1")).why == "the board is not connected"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("code", "was_in", "raised"),
    [("", False, Stop), (STARTING, False, SketchError), ("", True, SketchError)],
    ids=["cannot-start", "starts-slowly", "was-in"],
)
def test_a_board_goes_on_trying_where_a_relay_may_yet_answer(
    code: str, was_in: bool, raised: type[Exception]
) -> None:
    def resolve() -> Target:
        raise SketchError("no relay could be started", code)

    async def run() -> None:
        session = Joined().session if was_in else Session(name="Ada", color="#d1495b", secret="s")
        session.connect("algebra", resolve)
        with pytest.raises(raised, match="no relay could be started"):
            await session.target()

    asyncio.run(run())
