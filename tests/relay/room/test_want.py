"""Others' previews, which a peer leaves to its companions and asks for again: without a gap, and none twice. Each rule has
the bug that breaks it, which is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from relay.protocol import (
    MAX_STROKES,
    Cancel,
    Create,
    Done,
    Operate,
    PeerCancel,
    PeerLeft,
    PeerPreview,
    PeerState,
    Presence,
    Preview,
    RemoteError,
)
from relay.room.companions import Companions
from relay.room.delivery import Delivery
from relay.room.events import FRAME_BYTES
from relay.room.peer import Peer
from relay.room.presence import TEXT_OF_NUMBER
from relay.room.presence import Presence as RoomPresence

from .test_companions import INK, Pair

LONG = tuple(range(100_000, 100_000 + 2 * 10_000))


class Watched(Pair):
    """Grace draws, by her page; Ada's kernel leaves that to Ada's page."""

    def __init__(self) -> None:
        super().__init__()
        self.want(False, 1)
        self.quiet()

    def want(self, previews: bool, id: int = 0) -> None:
        self.room.want(self.ada, previews, id)

    def draw(self, key: str, start: int, *points: int) -> None:
        self.room.receive(self.other, Preview(key, start, points, INK if start == 0 else None))

    def ink(self) -> dict[str, list[int]]:
        """What Ada's kernel shows after all it was sent, beginning with nothing."""
        ink: dict[str, list[int]] = {}
        for said in self.heard(self.ada, PeerPreview, PeerCancel):
            if isinstance(said, PeerCancel):
                ink.pop(said.key, None)
            elif said.start == 0:
                ink[said.key] = list(said.points)
            elif said.start == len(ink.get(said.key, ())):
                ink[said.key] += said.points
        return ink


@pytest.fixture
def watched() -> Watched:
    return Watched()


def leaves_ink_to_its_companion(watched: Watched) -> bool:
    watched.draw("k", 0, 1, 2)
    watched.draw("k", 2, 3, 4)
    return not watched.heard(watched.ada) and len(watched.heard(watched.page, PeerPreview)) == 1


def test_a_kernel_whose_page_receives_ink_is_not_sent_it(watched: Watched) -> None:
    assert leaves_ink_to_its_companion(watched)


def test_it_is_sent_everything_else(watched: Watched) -> None:
    watched.draw("k", 0, 1, 2)
    watched.room.receive(watched.grace, Presence({"page": "p"}))
    watched.room.receive(watched.grace, Operate(1, (Create("k", {}),)))
    watched.commit()
    kinds = [type(said).__name__ for said in watched.heard(watched.ada)]
    assert sorted(kinds) == ["Commit", "PeerCancel", "PeerState"]
    watched.room.leave(watched.grace)
    assert [type(said) for said in watched.heard(watched.ada)] == [PeerLeft]


def has_no_gap(watched: Watched) -> bool:
    watched.draw("ended", 0, 9, 9)
    watched.draw("k", 0, 1, 2)
    watched.heard(watched.ada)
    watched.draw("k", 2, 3, 4)
    watched.room.receive(watched.other, Cancel("ended"))
    watched.want(True)
    watched.draw("k", 4, 5, 6)
    there = watched.ink()
    watched.draw("k", 6, 7, 8)
    said = watched.heard(watched.ada, PeerPreview)
    return there == {"k": [1, 2, 3, 4, 5, 6]} and said == [PeerPreview(watched.grace.id, "k", 6, (7, 8))]


def test_who_asks_for_ink_again_misses_none_and_has_none_twice(watched: Watched) -> None:
    assert has_no_gap(watched)


def answers_when_all_is_there(watched: Watched) -> bool:
    watched.draw("k", 0, 1, 2)
    watched.heard(watched.ada)
    watched.want(True, 7)
    said = [message for message in watched.heard(watched.ada) if not isinstance(message, PeerState)]
    return said == [PeerPreview(watched.grace.id, "k", 0, (1, 2), INK), Done(re=7)]


def test_the_answer_follows_the_ink(watched: Watched) -> None:
    assert answers_when_all_is_there(watched)


def test_the_answer_follows_much_ink_that_goes_in_parts(watched: Watched) -> None:
    count = MAX_STROKES
    assert TEXT_OF_NUMBER * len(LONG) * count > 2 * FRAME_BYTES
    for number in range(count):
        watched.draw(f"k{number}", 0, *LONG)
    assert watched.heard(watched.ada) == [], "nothing of it, however much"
    watched.want(True, 7)
    said = watched.heard(watched.ada, PeerPreview, Done)
    assert [type(message) for message in said] == [PeerPreview] * count + [Done]


def test_asking_for_what_is_sent_already_costs_nothing(watched: Watched) -> None:
    watched.want(True)
    watched.draw("k", 0, 1, 2)
    watched.heard(watched.ada)
    watched.want(True, 8)
    assert watched.heard(watched.ada) == [Done(re=8)]


def comes_back_by_itself(watched: Watched) -> bool:
    watched.draw("k", 0, 1, 2)
    watched.heard(watched.ada)
    watched.room.leave(watched.page)
    return watched.ink() == {"k": [1, 2]}


def test_without_its_last_companion_it_is_sent_ink_again(watched: Watched) -> None:
    second = watched.companion(watched.ada)
    watched.room.leave(second)
    assert leaves_ink_to_its_companion(watched), "one of two has left"
    assert comes_back_by_itself(Watched())


def needs_a_companion(watched: Watched) -> bool:
    watched.want(True)
    watched.room.leave(watched.page)
    watched.heard(watched.ada)
    refused = ""
    try:
        watched.want(False)
    except RemoteError as error:
        refused = error.code
    watched.draw("k", 0, 1, 2)
    return refused == "companion" and watched.ink() == {"k": [1, 2]}


def test_who_has_no_companion_is_refused(watched: Watched) -> None:
    assert needs_a_companion(watched)


def test_others_are_sent_as_before(watched: Watched) -> None:
    (third,) = watched.join("Third")
    watched.draw("k", 0, 1, 2)
    # In either order: what is encoded for one is not what the other is sent.
    assert watched.heard(watched.ada) == []
    assert watched.heard(third) == [PeerPreview(watched.grace.id, "k", 0, (1, 2), INK)]
    watched.draw("k", 2, 3, 4)
    assert watched.heard(third) == [PeerPreview(watched.grace.id, "k", 2, (3, 4))]
    assert watched.heard(watched.ada) == []


# --- the control: each bug is found -----------------------------------------------------------------------------


def as_it_was(self: Peer, previews: bool) -> None:
    """It is sent what changes from now on, and not what it began with."""
    self.previews = previews


def at_once(self: Delivery, peer: Peer) -> Any:
    """The answer comes before what it is about."""
    if peer.wants:
        peer.direct += [Done(re=id) for id in peer.wants]
        peer.wants = []
    return real_own(self, peer)


def one_for_all(self: Any, where: Any, now: Any, previews: bool) -> Any:
    """What is encoded is the same for those who want previews."""
    return real_encode(self, where, now, True)


def kept(self: Companions, companion: Peer) -> None:
    """The wish outlives the companion."""
    lead, companion.lead = companion.lead, None
    assert lead is not None
    companion.life = type(companion.life).LEFT
    del self.lines[companion.line]


def unasked(self: Companions, lead: Peer, previews: bool) -> None:
    """Nobody looks whether somebody receives the ink in its place."""
    lead.want(previews)


real_own = Delivery._collect_own  # noqa: SLF001
real_encode = Delivery._encode_from  # noqa: SLF001
BUGS: dict[str, tuple[Any, str, Any, Callable[[Watched], bool]]] = {
    "a gap": (Peer, "want", as_it_was, has_no_gap),
    "an early answer": (Delivery, "_collect_own", at_once, answers_when_all_is_there),
    "sent all the same": (Delivery, "_encode_from", one_for_all, leaves_ink_to_its_companion),
    "no way back": (Companions, "leave", kept, comes_back_by_itself),
    "no companion": (Companions, "want", unasked, needs_a_companion),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, what, rule = BUGS[bug]
    assert rule(Watched())
    monkeypatch.setattr(owner, name, what)
    assert not rule(Watched())


def test_it_costs_its_sender_what_it_makes_the_relay_encode() -> None:
    presence = RoomPresence()
    presence.arrive("p", "a", {})
    empty = presence.size
    presence.draw("p", Preview("k", 0, LONG, INK))
    assert presence.size - empty >= 4 * len(LONG)
