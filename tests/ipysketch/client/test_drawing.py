"""What a client reads of the drawing, and what it may do in it."""

from __future__ import annotations

from relay.protocol import Commit, Create, Patch

from .joined import Joined, run

LINE = {"kind": "line", "points": [0, 0, 800, 0], "color": "#123456", "width": 8}
BOX = {"kind": "rectangle", "box": [800, 0, 80, 80], "color": "#123456", "width": 8}


def drawn(ada: Joined, *creates: Create[object], author: str) -> None:
    seq = ada.session.sync.document.seq + 1
    ada.session.receive([Commit(seq, seq, 1.0, author, seq, author, creates)])


def test_lines_of_others_are_let_go_by_a_moderator_only() -> None:
    def story() -> None:
        ada = Joined()
        bound = {**LINE, "to": ["box", 0, 0]}
        drawn(ada, Create("box", BOX), Create("mine", bound), Create("free", LINE), author="ada")
        drawn(ada, Create("hers", bound), author="grace")
        drawing = ada.session.drawing
        for role, keys in (("editor", ["mine"]), ("moderator", ["mine", "hers"])):
            ada.session.membership.role = role
            patches = drawing.let_go("box")
            assert [patch.key for patch in patches if isinstance(patch, Patch)] == keys
        assert drawing.let_go("free") == []

    run(story)


def test_a_view_reads_what_has_changed_since_it_read_last() -> None:
    def story() -> None:
        ada = Joined()
        drawing = ada.session.drawing
        assert drawing.changes(-1).touched is None
        version = drawing.changes(-1).version
        ada.session.operations.submit([Create("a", LINE)])
        changes = drawing.changes(version)
        assert (set(changes.touched or ()), set(changes.entries), changes.page) == ({"a"}, {"a"}, "")
        assert not drawing.changes(changes.version).touched
        assert drawing.elements() is drawing.elements()

    run(story)
