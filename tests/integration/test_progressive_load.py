"""A large drawing is seen from its lowest elements up while it is decoded, and one that is there never in part."""

from __future__ import annotations

import threading
import zlib

from ipysketch import Sketch
from ipysketch.client.presenter import LOWEST
from ipysketch.client.session import Session
from ipysketch.client.view import BoardState
from ipysketch.model.elements import Element
from relay.protocol import Snapshot, encode_entries

from ..support.boards import until
from ..support.processes import RelayProcess
from ..support.sessions import session_of
from ..support.waiting import DEADLINE

MANY = 5 * LOWEST


class Eye:
    """Keeps what it is shown, as long as that changes."""

    def __init__(self) -> None:
        self.seen: list[tuple[Element, ...]] = []
        self.all = threading.Event()

    def show(self, state: BoardState) -> bool:
        if not self.seen or state.elements != self.seen[-1]:
            self.seen.append(state.elements)
        if len(state.elements) == MANY:
            self.all.set()
        return True


def filled(relay: RelayProcess, room: str) -> None:
    ada = Sketch(name="Ada")
    ada.connect(relay.url, room)
    for _ in range(5):
        with ada.batch():
            for number in range(LOWEST):
                ada.line([(number, 0), (number, 100)])
    assert ada.flush(DEADLINE)
    ada.disconnect()


def joined(relay: RelayProcess, room: str) -> tuple[Sketch, Eye]:
    grace, eye = Sketch(name="Grace"), Eye()
    session_of(grace).call(lambda session: session.presenter.attach(eye))
    grace.connect(relay.url, room)
    assert eye.all.wait(DEADLINE)
    return grace, eye


def test_what_comes_is_shown_from_below(relay: RelayProcess) -> None:
    filled(relay, "rising")
    grace, eye = joined(relay, "rising")
    counts = [len(elements) for elements in eye.seen]
    assert counts == [0, LOWEST, 2 * LOWEST, 4 * LOWEST, MANY]
    for part in eye.seen[:-1]:
        # The very objects, so that nothing is decoded or painted twice.
        assert all(one is other for one, other in zip(part, eye.seen[-1], strict=False))
    assert grace.elements == eye.seen[-1]
    grace.disconnect()


def test_what_is_there_is_never_shown_in_part(relay: RelayProcess) -> None:
    filled(relay, "risen")
    grace, eye = joined(relay, "risen")

    def comes_again(session: Session) -> None:
        sync = session.sync
        stream = zlib.compress(encode_entries(list(sync.entries.values())))
        sync.snapshot(Snapshot(sync.document.seq, sync.document.mark, len(stream), MANY, 0))
        eye.seen.clear()
        session.receive([stream])

    session_of(grace).call(comes_again)
    grace.stroke([(0, 0), (9, 9)])
    until(grace, MANY + 1)
    assert {len(elements) for elements in eye.seen} <= {MANY, MANY + 1}
    grace.disconnect()


def test_code_that_asks_gets_all_of_it(relay: RelayProcess) -> None:
    filled(relay, "asked")
    grace = Sketch(name="Grace")
    grace.connect(relay.url, "asked")
    assert len(grace.elements) == MANY
    grace.disconnect()
