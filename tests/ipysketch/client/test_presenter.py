"""When a board shows its next frame, in step with what comes; and whom it shows, and what of theirs."""

from __future__ import annotations

import itertools

import pytest

from ipysketch.client.presenter import FRAME, SLACK, next_frame
from relay.protocol import Clear, Commit, Create, Operate, PeerState, RoomState

from .joined import Joined, run


def shown(times: list[float]) -> list[float]:
    """When frames are shown of what comes at `times`: at once, or as soon as the next frame may be."""
    due, frames = 0.0, []
    for time in times:
        now = max(time, due)
        due = next_frame(due, now)
        frames.append(now)
    return frames


def test_no_more_than_sixty_a_second() -> None:
    frames = shown([1 + number / 1000 for number in range(1000)])
    within = sum(time < 2.0 for time in frames)
    assert within <= 61
    assert all(after - before >= FRAME - SLACK - 1e-9 for before, after in itertools.pairwise(frames))


def test_after_a_frame_that_was_late_the_next_ones_are_in_step_again() -> None:
    beats = [1 + number * FRAME for number in range(60)]
    late = beats[10]
    beats[10] += SLACK
    frames = shown(beats)
    assert frames[10] == late + SLACK
    assert frames[11:] == pytest.approx(beats[11:])


def test_a_board_at_rest_shows_what_comes_at_once() -> None:
    assert shown([1.0, 3.0, 3.5]) == [1.0, 3.0, 3.5]


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
    def story() -> None:
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

    run(story)


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


def test_who_cleared_a_page_is_told_and_a_projector_is_nobody() -> None:
    def story() -> None:
        ada = Joined()
        ada.session.operations.submit([Create("a", {"kind": "stroke"}, "")])
        ada.confirm(*ada.operations)
        ada.confirm(Operate(1, (Clear(""),)), author="grace", client="other")
        assert ada.session.presenter.board_state().cleared == ("", "grace", 2)
        ada.session.receive([PeerState("screen", "s", {"name": "screen", "tool": "projector"})])
        assert [person.peer for person in ada.session.presenter.people()] == ["me", "grace"]
        assert ada.session.presenter.board_state().projectors == ("",)

    run(story)
