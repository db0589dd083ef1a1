"""Companions: one person by two roads, with the rights of one, for as long as the kernel is there. Each rule has the bug
that breaks it, which is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from relay.protocol import (
    CLOSE_ALONE,
    MAX_COMPANIONS,
    TICKET_SECONDS,
    Accompanied,
    Accompany,
    Cancel,
    Commit,
    Create,
    Event,
    Invite,
    Leave,
    Lock,
    Operate,
    PeerCancel,
    PeerEvent,
    PeerLeft,
    PeerPreview,
    PeerState,
    Presence,
    Preview,
    Read,
    RemoteError,
    Remove,
    Ticket,
    Want,
)
from relay.room.companions import Companions
from relay.room.peer import Peer
from relay.room.permissions import Role
from relay.room.presence import Presence as RoomPresence

from .test_messages import Scene

INK: dict[str, Any] = {"kind": "stroke"}


class Pair(Scene):
    """Ada with a companion, and Grace with one."""

    def __init__(self) -> None:
        super().__init__()
        self.ada, self.grace = self.join("Ada", "Grace")
        self.page, self.other = self.companion(self.ada), self.companion(self.grace)
        self.quiet()

    def companion(self, lead: Peer) -> Peer:
        return self.room.accompany(Accompany("algebra", self.ticket(lead)), 0.0)

    def ticket(self, lead: Peer) -> str:
        self.room.invite(lead, 0.0)
        return str(self.heard(lead, Ticket)[-1].ticket)

    def quiet(self) -> None:
        for each in (self.ada, self.grace, self.page, self.other):
            self.heard(each)

    def refused(self, sender: Peer, message: Any) -> str:
        """The code with which a message is refused; "" when it is not."""
        try:
            self.room.receive(sender, message)
        except RemoteError as error:
            return error.code
        return ""


@pytest.fixture
def pair() -> Pair:
    return Pair()


# --- one person -----------------------------------------------------------------------------------------------


def speaks_as_its_peer(pair: Pair) -> bool:
    pair.room.receive(pair.page, Preview("k", 0, (1, 2), INK))
    seen = [pair.heard(each) for each in (pair.grace, pair.other)]
    return seen == [[PeerPreview(pair.ada.id, "k", 0, (1, 2), INK)]] * 2


def test_ink_of_a_companion_is_its_peers(pair: Pair) -> None:
    assert speaks_as_its_peer(pair)
    assert pair.heard(pair.page) == [], "who sent it needs no echo"


def test_another_page_of_the_same_kernel_sees_it_and_the_kernel_too(pair: Pair) -> None:
    second = pair.companion(pair.ada)
    pair.heard(second)
    pair.room.receive(pair.page, Preview("k", 0, (1, 2), INK))
    assert [len(pair.heard(each, PeerPreview)) for each in (second, pair.ada, pair.page)] == [1, 1, 0]


def test_nobody_else_is_told_that_it_is_there(pair: Pair) -> None:
    third = pair.companion(pair.grace)
    assert pair.heard(pair.ada) == pair.heard(pair.page) == []
    pair.room.leave(third)
    assert pair.heard(pair.ada) == pair.heard(pair.page) == []
    assert len(pair.room.peers) == 2


def test_the_cursor_is_the_persons_and_goes_with_the_page(pair: Pair) -> None:
    pair.room.receive(pair.page, Presence({"cursor": [8, 8]}))
    assert pair.heard(pair.grace, PeerState)[-1].state == {"name": "Ada", "color": "#1f77b4", "cursor": [8, 8]}
    pair.room.leave(pair.page)
    assert "cursor" not in pair.heard(pair.grace, PeerState)[-1].state


# --- a guest --------------------------------------------------------------------------------------------------


def guest_of(pair: Pair, name: str = "Carol", color: str = "#2E8B57") -> Peer:
    return pair.room.accompany(Accompany("algebra", pair.ticket(pair.ada), name=name, color=color), 0.0)


def test_a_guest_is_somebody_with_a_cursor_and_a_page_of_their_own(pair: Pair) -> None:
    guest = guest_of(pair)
    (told,) = pair.heard(guest, Accompanied)
    assert (told.peer, told.guest) == (pair.ada.id, guest.line)
    (seen,) = pair.heard(pair.grace, PeerState)
    assert seen.peer == guest.line not in pair.room.peers
    assert seen.state == {"name": "Carol", "color": "#2e8b57"}
    assert (seen.author, seen.role, seen.verified) == (pair.ada.author, pair.ada.role.word, False)
    pair.room.receive(guest, Presence({"cursor": [8, 8], "page": "p", "view": [0, 0, 8, 8]}))
    pair.room.receive(pair.page, Presence({"cursor": [16, 16]}))
    states = {state.peer: state.state for state in pair.heard(pair.grace, PeerState)}
    assert states[guest.line]["cursor"] == [8, 8]
    assert states[guest.line]["page"] == "p"
    assert states[pair.ada.id]["cursor"] == [16, 16]
    assert "page" not in states[pair.ada.id]


def test_a_guest_leaves_alone_and_with_their_kernel(pair: Pair) -> None:
    first, second = guest_of(pair), guest_of(pair, "Dave")
    pair.quiet()
    pair.room.leave(first)
    assert pair.heard(pair.grace) == [PeerLeft(first.line)]
    pair.room.leave(pair.ada)
    assert {left.peer for left in pair.heard(pair.grace, PeerLeft)} == {second.line, pair.ada.id}


def test_what_a_guest_draws_is_their_kernels(pair: Pair) -> None:
    guest = guest_of(pair)
    pair.quiet()
    pair.room.receive(guest, Preview("k", 0, (1, 2), INK))
    assert pair.heard(pair.grace) == [PeerPreview(pair.ada.id, "k", 0, (1, 2), INK)]


@pytest.mark.parametrize(
    "message",
    [
        Presence({"name": "Grace"}),
        Presence({"color": "#000000"}),
        Presence({"leading": True}),
        Lock(True),
        Invite(),
    ],
    ids=repr,
)
def test_a_guest_may_do_no_more_than_a_companion(pair: Pair, message: Any) -> None:
    assert pair.refused(guest_of(pair), message) == "companion"


def test_who_takes_a_guest_out_takes_out_their_kernel(pair: Pair) -> None:
    guest = guest_of(pair)
    pair.room.receive(pair.grace, Remove(guest.line))
    assert pair.ada.closing is not None
    assert guest.closing is not None


def test_an_event_for_a_guest_is_their_kernels(pair: Pair) -> None:
    guest = guest_of(pair)
    pair.quiet()
    pair.room.receive(pair.grace, Event("hello", 1, to=guest.line))
    assert [event.name for event in pair.heard(pair.ada, PeerEvent)] == ["hello"]


def test_a_name_that_cannot_be_is_no_guests_and_the_ticket_stays_good(pair: Pair) -> None:
    ticket = pair.ticket(pair.ada)
    pair.quiet()
    with pytest.raises(RemoteError) as refused:
        pair.room.accompany(Accompany("algebra", ticket, name="x" * 10_000), 0.0)
    assert refused.value.code == "bad-name"
    with pytest.raises(RemoteError) as refused:
        pair.room.accompany(Accompany("algebra", ticket, name="Carol", color="red"), 0.0)
    assert refused.value.code == "bad-color"
    assert pair.heard(pair.grace) == []
    assert pair.room.accompany(Accompany("algebra", ticket, name="Carol"), 0.0).is_guest


# --- rights ---------------------------------------------------------------------------------------------------

ITS_PEERS: list[Any] = [
    Operate(1, (Create("k", {}),)),
    Event("mouse"),
    Read(1, 1),
    Lock(True),
    Invite(),
    Want(True),
    Remove("p"),
    Presence({"name": "Grace"}),
    Presence({"color": "#000000"}),
    Presence({"leading": True}),
    Presence({"moving": {}}),
    Presence({"page": "p"}),
    Presence({"mood": "merry"}),
]


@pytest.mark.parametrize("message", ITS_PEERS, ids=repr)
def test_what_is_its_peers_a_companion_may_not_send(pair: Pair, message: Any) -> None:
    assert pair.refused(pair.page, message) == "companion"
    with pytest.raises(RemoteError, match="kernel"):
        pair.room.check_allowed(pair.page, message)
    assert pair.heard(pair.grace) == []


def test_it_never_has_more_rights_than_its_peer_now(pair: Pair) -> None:
    assert pair.refused(pair.page, Preview("k", 0, (1, 2), INK)) == ""
    pair.ada.role = Role.EDITOR
    pair.room.lock(True)
    assert [type(said) for said in pair.heard(pair.other)] == [PeerCancel]
    assert pair.refused(pair.page, Preview("l", 0, (1, 2), INK)) == "locked"
    pair.ada.role = Role.VIEWER
    assert pair.refused(pair.page, Preview("l", 0, (1, 2), INK)) == "role"


def reads_nothing(pair: Pair) -> bool:
    pair.operate(pair.grace, 1, "a")
    pair.commit()
    pair.room.receive(pair.grace, Event("mouse"))
    late = pair.companion(pair.ada)
    said = [*pair.heard(pair.page), *pair.heard(late)]
    return {type(message) for message in said} <= {PeerState, Accompanied} and bool(said)


def test_it_is_sent_neither_log_nor_snapshot_nor_events(pair: Pair) -> None:
    assert reads_nothing(pair)
    assert pair.heard(pair.grace, Commit), "a peer is"


# --- tickets --------------------------------------------------------------------------------------------------


def enters(pair: Pair, ticket: str, now: float = 0.0) -> bool:
    try:
        return bool(pair.room.accompany(Accompany("algebra", ticket), now).id)
    except RemoteError as error:
        if error.code != "ticket":
            raise
        return False


def test_a_ticket_lets_one_in_once_and_not_for_ever(pair: Pair) -> None:
    ticket = pair.ticket(pair.ada)
    assert enters(pair, ticket)
    assert not enters(pair, ticket)
    assert not enters(pair, pair.ticket(pair.ada), TICKET_SECONDS + 1.0)
    assert not enters(pair, "")


def test_a_ticket_of_who_left_lets_nobody_in(pair: Pair) -> None:
    ticket = pair.ticket(pair.ada)
    pair.room.leave(pair.ada)
    assert not enters(pair, ticket)


def test_tickets_and_companions_are_bounded(pair: Pair) -> None:
    tickets = [pair.ticket(pair.grace) for _ in range(MAX_COMPANIONS + 1)]
    assert [enters(pair, ticket) for ticket in tickets[:2]] == [False, True]
    for ticket in tickets[2:-1]:
        if len(pair.room._members.companions.of(pair.grace)) < MAX_COMPANIONS:  # noqa: SLF001
            assert enters(pair, ticket)
    with pytest.raises(RemoteError, match="pages beside"):
        pair.room.accompany(Accompany("algebra", tickets[-1]), 0.0)


# --- its end --------------------------------------------------------------------------------------------------


def ends_with_its_peer(pair: Pair) -> bool:
    pair.operate(pair.ada, 1, "a")  # Others see her until its verdict; her page is not hers any more.
    pair.room.leave(pair.ada)
    pair.room.receive(pair.page, Preview("k", 0, (1, 2), INK))
    seen = pair.heard(pair.other, PeerPreview)
    pair.commit()
    return pair.page.gone and pair.page.closing is not None and pair.page.closing[0] == CLOSE_ALONE and not seen


def test_it_ends_with_its_peer(pair: Pair) -> None:
    assert ends_with_its_peer(pair)
    assert [type(said) for said in pair.heard(pair.other)] == [PeerLeft]


def test_it_may_leave_alone(pair: Pair) -> None:
    pair.room.receive(pair.page, Leave())
    assert (pair.page.gone, pair.ada.gone) == (True, False)
    assert pair.heard(pair.grace) == []


def ends_with_the_commit(pair: Pair) -> bool:
    pair.room.receive(pair.page, Preview("k", 0, (1, 2), INK))
    pair.operate(pair.ada, 1, "k")
    pair.commit()
    pair.room.receive(pair.page, Preview("k", 2, (3, 4)))
    pair.room.receive(pair.page, Preview("k", 0, (1, 2), INK))
    seen = pair.heard(pair.other)
    return PeerPreview(pair.ada.id, "k", 0, (1, 2), INK) not in seen and seen[-1:] == [
        PeerCancel(pair.ada.id, "k", 1)
    ]


def test_its_preview_ends_with_the_commit_which_is_named(pair: Pair) -> None:
    assert ends_with_the_commit(pair)


def test_what_came_to_nothing_names_no_commit(pair: Pair) -> None:
    pair.room.receive(pair.page, Preview("k", 0, (1, 2), INK))
    pair.heard(pair.other)
    pair.room.receive(pair.page, Cancel("k"))
    assert pair.heard(pair.other) == [PeerCancel(pair.ada.id, "k")]


# --- changes of the road ----------------------------------------------------------------------------------------


def points_of(pair: Pair, watcher: Peer) -> list[int]:
    """The ink that a watcher shows after all it was sent, as a client puts it together."""
    points: list[int] = []
    for said in pair.heard(watcher, PeerPreview, PeerCancel):
        if isinstance(said, PeerCancel):
            points.clear()
        elif said.start in (0, len(points)):
            points[said.start :] = said.points
    return points


def goes_over_to_the_page(pair: Pair) -> bool:
    pair.room.receive(pair.ada, Preview("k", 0, (1, 2), INK))
    pair.room.receive(pair.page, Preview("k", 0, (1, 2, 3, 4, 5, 6), INK))
    # By the long way, late.
    pair.room.receive(pair.ada, Preview("k", 0, (1, 2), INK))
    pair.room.receive(pair.ada, Preview("k", 2, (3, 4)))
    pair.room.receive(pair.page, Preview("k", 6, (7, 8)))
    return points_of(pair, pair.other) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_stroke_goes_over_to_the_short_road(pair: Pair) -> None:
    assert goes_over_to_the_page(pair)


def test_a_stroke_goes_back_to_the_long_road_without_a_gap(pair: Pair) -> None:
    pair.room.receive(pair.page, Preview("k", 0, (1, 2), INK))
    pair.room.leave(pair.page)
    assert pair.heard(pair.other, PeerCancel) == [], "it waits for its peer"
    pair.room.receive(pair.ada, Preview("k", 0, (1, 2, 3, 4), INK))
    pair.room.end_orphans(pair.page)
    pair.room.receive(pair.ada, Preview("k", 4, (5, 6)))
    assert points_of(pair, pair.grace) == [1, 2, 3, 4, 5, 6]


def test_ink_that_nobody_goes_on_with_ends(pair: Pair) -> None:
    pair.room.receive(pair.page, Preview("k", 0, (1, 2), INK))
    pair.room.leave(pair.page)
    pair.room.end_orphans(pair.page)
    assert pair.heard(pair.other) == [PeerCancel(pair.ada.id, "k")]


# --- the control: each bug is found -----------------------------------------------------------------------------


def outlive(self: Companions, lead: Peer) -> None:
    """A companion outlives its peer."""


def whose_author_it_is_not(self: Companions, ticket: str, now: float, *guest: str) -> Peer:
    """A companion speaks for somebody else."""
    companion = real_admit(self, ticket, now, *guest)
    companion.id = next(id for id in ids if id != companion.id)
    return companion


real_admit = Companions.admit
ids: list[str] = []


def late_ink(self: Any, peer: str, key: str, seq: int = 0) -> None:
    """A preview outlives its commit."""


def as_any_peer(self: Companions, ticket: str, now: float, *guest: str) -> Peer:
    """A companion reads what only its kernel may."""
    companion = real_admit(self, ticket, now, *guest)
    lead, companion.lead = companion.lead, None
    assert lead is not None
    companion.cursor = 0
    return companion


def whoever_draws(draw: Any) -> Any:
    """What comes late by the long way begins the stroke anew."""
    return lambda self, peer, preview, sender="": draw(self, peer, preview, sender or peer)


BUGS: dict[str, tuple[str, Any, Callable[[Any], bool]]] = {
    "outlives its peer": ("relay.room.companions.Companions.end", outlive, ends_with_its_peer),
    "speaks for another": (
        "relay.room.companions.Companions.admit",
        whose_author_it_is_not,
        speaks_as_its_peer,
    ),
    "outlives its commit": ("relay.room.presence.Presence.end", late_ink, ends_with_the_commit),
    "reads the log": ("relay.room.companions.Companions.admit", as_any_peer, reads_nothing),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, what, rule = BUGS[bug]
    before = Pair()
    ids[:] = [before.ada.id, before.grace.id]
    monkeypatch.setattr(where, what)
    try:
        pair = Pair()
        kept = rule(pair)
    except (KeyError, ValueError):
        kept = False
    assert not kept


def test_a_late_frame_that_begins_anew_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RoomPresence, "draw", whoever_draws(RoomPresence.draw))
    assert not goes_over_to_the_page(Pair())


def test_the_controls_have_something_to_break() -> None:
    for _, _, rule in BUGS.values():
        assert rule(Pair())
