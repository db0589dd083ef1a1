from __future__ import annotations

import pytest

from ipysketch.client.ghosts import MOST, MOST_NUMBERS
from ipysketch.client.peers import LaserTrail, Moved, Peers
from ipysketch.model.elements import Element, Stroke
from ipysketch.model.elements.preview import deltas, preview_fields
from relay.protocol import PeerCancel, PeerLeft, PeerPreview, PeerState

FIELDS: dict[str, object] = {"kind": "stroke", "color": "#123456", "width": 32}


@pytest.fixture
def others() -> Peers:
    made = Peers()
    made.me = "me"
    for peer in ("me", "p"):
        made.receive(PeerState(peer, f"author-{peer}", {"name": peer}))
    return made


def preview(start: int, *points: int, peer: str = "p", key: str = "s") -> PeerPreview:
    return PeerPreview(peer, key, start, points, FIELDS if start == 0 else None)


def elements(others: Peers) -> list[Element]:
    """What is to be seen of others' ink."""
    return [ink.element for ink in others.ink({}) if ink.element is not None]


def test_ink_grows_and_carries_its_author(others: Peers) -> None:
    others.receive(preview(0, 0, 0))
    [dot] = elements(others)
    others.receive(preview(2, 80, 80, 160, 80))
    [stroke] = elements(others)
    assert stroke is not dot
    assert stroke.author == "author-p"
    assert stroke.bounds.x1 >= 20
    assert elements(others)[0] is stroke, "nothing new, nothing decoded again"


def test_a_part_that_does_not_fit_is_left_out(others: Peers) -> None:
    others.receive(preview(2, 80, 80))
    assert elements(others) == []
    others.receive(preview(0, 0, 0))
    [before] = elements(others)
    others.receive(preview(8, 80, 80))
    assert elements(others) == [before]


def test_ink_sent_whole_again_replaces_what_was_there(others: Peers) -> None:
    others.receive(preview(0, 0, 0, 800, 800))
    others.receive(preview(0, 0, 0))
    [dot] = elements(others)
    assert dot.bounds.x1 < 50


def test_it_ends_with_its_commit_its_cancel_or_its_peer(others: Peers) -> None:
    for key in ("a", "b", "c"):
        others.receive(preview(0, 0, 0, key=key))
    assert [ink.key for ink in others.ink({"a": object()})] == ["b", "c"]
    others.receive(PeerCancel("p", "b"))
    assert [ink.key for ink in others.ink({"a": object()})] == ["c"]
    others.receive(PeerLeft("p"))
    assert elements(others) == []
    assert list(others.peers) == ["me"]


def test_my_own_ink_is_not_others(others: Peers) -> None:
    others.receive(preview(0, 0, 0, peer="me"))
    assert elements(others) == []


def test_nonsense_is_not_painted(others: Peers) -> None:
    others.receive(PeerPreview("p", "s", 0, (0, 0), {"kind": "volcano"}))
    others.receive(PeerPreview("p", "t", 0, (0, 0), {"kind": "stroke", "color": "red", "width": "wide"}))
    assert elements(others) == []


def test_deltas() -> None:
    assert deltas([]) == []
    assert deltas([5, 6]) == [5, 6]
    assert deltas([5, 6, 8, 4]) == [5, 6, 3, -2]


def test_live_ink_under_a_pen_has_its_pressure(others: Peers) -> None:
    fields = {**FIELDS, "stride": 3}
    others.receive(PeerPreview("p", "s", 0, (0, 0, 255, 80, 80), fields))
    others.receive(PeerPreview("p", "s", 5, (0, 160, 80, 128), None))
    [stroke] = elements(others)
    assert isinstance(stroke, Stroke)
    assert stroke.points.tolist() == [[0, 0], [10, 10], [20, 10]]
    assert stroke.pressure is not None
    assert stroke.pressure.tolist() == [1, 0, 128 / 255]


def test_the_preview_of_a_box_is_its_two_corners() -> None:
    assert preview_fields({"kind": "ellipse"}, [80, 16, 0, 8])["box"] == [0, 8, 80, 8]
    assert "box" not in preview_fields({"kind": "ellipse"}, [80, 16])


def test_what_a_peer_sees_and_drags_is_read_only_where_it_makes_sense(others: Peers) -> None:
    others.receive(
        PeerState(
            "p",
            "grace",
            {"view": [0, 80, 800, 400], "moving": {"k": [8, -8], "t": [8, 8, 1, 2, 3, 4], "odd": [1]}},
        )
    )
    assert others.view("p") == (0, 10, 100, 50)
    turned = Moved((8, 8), (1, 2, 3, 4))
    assert others.moving(lambda *_: True) == {"k": Moved((8, -8)), "t": turned}
    assert turned.fields == {"offset": [8, 8], "transform": [1, 2, 3, 4]}
    assert others.moving(lambda peer, key: (peer.author, key) != ("grace", "k")) == {"t": turned}
    for view in (None, [0, 0, 0, 80], [0, 0, 80], ["0", 0, 8, 8]):
        others.receive(PeerState("p", "grace", {"view": view, "moving": [1]}))
        assert others.view("p") is None
    assert others.moving(lambda *_: True) == {}
    assert others.view("nobody") is None


def test_trails_are_seen_on_the_page_of_their_owner(others: Peers) -> None:
    others.receive(PeerPreview("p", "light", 0, (0, 0, 8, 8), {"kind": "laser", "color": "#123456"}))
    assert others.lasers() == (LaserTrail("p/light", "#123456", (0, 0, 8, 8)),)
    assert others.lasers("another page") == ()
    assert others.ink({}) == ()
    assert not others.alone
    others.forget()
    assert others.alone


def test_ink_of_a_key_ends_whoever_draws_it(others: Peers) -> None:
    assert not others.alone
    for peer in ("p", "q"):
        others.receive(preview(0, 0, 0, peer=peer))
    others.receive(preview(0, 8, 8, key="other"))
    others.end("s")
    assert [element.key for element in elements(others)] == ["other"]
    others.receive(PeerLeft("p"))
    assert others.alone


def test_of_what_a_broken_relay_tells_little_outlives_the_connection(others: Peers) -> None:
    for start in range(0, MOST_NUMBERS, 1 << 14):
        others.receive(preview(start, *range(1 << 14), key="endless"))
    others.receive(preview(MOST_NUMBERS, 1, 2, key="endless"))
    for number in range(2 * MOST):
        others.receive(preview(0, 8, 8, 16, 16, key=f"k{number}"))
        others.receive(PeerState(f"p{number}", "author", {"name": "x"}))
    for _ in range(3):
        others.lose(100.0)
    assert len(others.ink({})) == len(list(others.seen)) == MOST
    assert "endless" not in {ink.key for ink in others.ink({})}
    assert others.expire(103.0)
    assert not others.weight()
