"""Elements that others are dragging: whose may be seen to move."""

from __future__ import annotations

import pytest

from ipysketch.model.elements import Element
from relay.protocol import Commit, Create, PeerState, RoomState

from .joined import Joined, run


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
        session = ada.session
        assert set(session.peers.moving(session.dragged.may_move)) == expected

    run(story)


def test_a_dragged_element_is_shown_where_it_is_with_the_lines_that_are_bound_to_it() -> None:
    def story() -> None:
        ada = Joined()
        box = {"kind": "rectangle", "box": [800, 0, 80, 80], "color": "#123456", "width": 8}
        line = {"kind": "line", "points": [0, 0, 800, 0], "color": "#123456", "width": 8, "to": ["box", 0, 0]}
        ada.session.receive([Commit(1, 1, 1.0, "g", 1, "grace", (Create("box", box), Create("line", line)))])
        at_rest = ada.session.drawing.elements()

        def shown(*offset: int) -> tuple[Element, ...]:
            moving = {"moving": {"box": list(offset)}} if offset else {}
            ada.session.receive([PeerState("grace", "grace", moving, "editor")])
            return ada.session.projection.board_state().elements

        assert shown() is at_rest
        first = shown(80, 40)
        assert [before.bounds != after.bounds for before, after in zip(at_rest, first, strict=True)] == [
            True,
            True,
        ]
        again = shown(80, 40)
        assert again[0] is first[0], "it rests there"
        assert shown(160, 40)[0] is not first[0]
        assert shown() is at_rest

    run(story)


def test_lines_that_are_bound_to_what_rests_rest_too() -> None:
    def story() -> None:
        ada = Joined()
        box = {"kind": "rectangle", "box": [800, 0, 80, 80], "color": "#123456", "width": 8}
        line = {"kind": "line", "points": [0, 0, 800, 0], "color": "#123456", "width": 8}
        made = (
            *(Create(key, box) for key in ("one", "two", "free")),
            *(Create(f"to {key}", {**line, "to": [key, 0, 0]}) for key in ("one", "two")),
        )
        ada.session.receive([Commit(1, 1, 1.0, "g", 1, "grace", made)])
        at_rest = ada.session.drawing.elements()

        def moved(key: str) -> set[str]:
            moving = {"moving": {key: [80, 40]}}
            ada.session.receive([PeerState("grace", "grace", moving, "editor")])
            shown = ada.session.projection.board_state().elements
            return {before.key for before, after in zip(at_rest, shown, strict=True) if before is not after}

        assert moved("one") == {"one", "to one"}
        assert moved("free") == {"free"}

    run(story)
