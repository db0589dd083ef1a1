"""The whole matrix of who may do what, written down a second time and compared with the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args, get_origin

import pytest

from relay.protocol import (
    Accompany,
    Cancel,
    Change,
    Clear,
    ClientMessage,
    Create,
    Delete,
    Entry,
    Erase,
    Event,
    Invite,
    Join,
    Leave,
    Lock,
    Mint,
    Operate,
    Patch,
    Presence,
    Preview,
    Read,
    RemoteError,
    Remove,
    Restore,
    Share,
    Want,
)
from relay.room.permissions import EACH, Role, check_change, check_companion, check_message, role

VIEWER, EDITOR, MODERATOR, OWNER = Role

MESSAGES: dict[type, ClientMessage] = {
    Join: Join("algebra"),
    Accompany: Accompany("algebra", "t"),
    Leave: Leave(),
    Invite: Invite(),
    Want: Want(True),
    Share: Share(),
    Presence: Presence({}),
    Operate: Operate(1, ()),
    Preview: Preview("k", 0, ()),
    Cancel: Cancel("k"),
    Event: Event("mouse"),
    Read: Read(1, 1),
    Lock: Lock(True),
    Remove: Remove("p"),
    Mint: Mint("viewer"),
    Erase: Erase("algebra"),
}
# The least role that may send it, when the room is open and when it is locked.
EXPECTED: dict[type, tuple[Role, Role]] = {
    Join: (VIEWER, VIEWER),
    Accompany: (VIEWER, VIEWER),
    Leave: (VIEWER, VIEWER),
    Invite: (VIEWER, VIEWER),
    Want: (VIEWER, VIEWER),
    Share: (VIEWER, VIEWER),
    Presence: (VIEWER, VIEWER),
    Operate: (EDITOR, MODERATOR),
    Preview: (EDITOR, MODERATOR),
    Cancel: (EDITOR, EDITOR),
    Event: (EDITOR, MODERATOR),
    Read: (EDITOR, EDITOR),
    Lock: (MODERATOR, MODERATOR),
    Remove: (MODERATOR, MODERATOR),
    Mint: (OWNER, OWNER),
    Erase: (OWNER, OWNER),
}
MINE = Entry("mine", (1, 0), "me", 0.0, "", {}, {})
THEIRS = Entry("theirs", (2, 0), "them", 0.0, "", {}, {})
ENTRIES = {"mine": MINE, "theirs": THEIRS}
CHANGES = [
    (Create("new", {}), EDITOR),
    (Patch("mine", {}), EDITOR),
    (Patch("theirs", {}), MODERATOR),
    (Patch("dead", {}), EDITOR),
    (Delete(("mine",)), EDITOR),
    (Delete(("theirs",)), MODERATOR),
    (Delete(("mine", "theirs")), MODERATOR),
    (Delete(("dead",)), EDITOR),
    (Restore((MINE,)), EDITOR),
    (Restore((THEIRS,)), MODERATOR),
    (Restore((MINE, THEIRS)), MODERATOR),
    (Clear(), MODERATOR),
]


def _kinds(union: Any) -> set[type]:
    return {get_origin(kind) or kind for kind in get_args(union)}


def test_the_table_knows_every_message_and_every_change_and_nothing_else() -> None:
    assert set(EACH) == _kinds(ClientMessage) | _kinds(Change)
    assert set(MESSAGES) == set(EXPECTED) == _kinds(ClientMessage)
    assert {type(change) for change, _ in CHANGES} == _kinds(Change)


def test_a_message_that_the_table_lacks_is_refused_to_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "relay.room.permissions.EACH", {kind: needs for kind, needs in EACH.items() if kind is not Event}
    )
    with pytest.raises(RemoteError):
        check_message(OWNER, False, Event("mouse"))


def refusal(check: Callable[[], None]) -> str:
    """The code of the refusal; "" when it is allowed."""
    try:
        check()
    except RemoteError as bad:
        return bad.code
    return ""


@pytest.mark.parametrize("locked", [False, True], ids=["open", "locked"])
@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("mine", Role, ids=lambda mine: mine.word)
def test_every_message_of_every_role(mine: Role, kind: type, locked: bool) -> None:
    least, least_when_locked = EXPECTED[kind]
    expected = "role" if mine < least else "locked" if locked and mine < least_when_locked else ""
    assert refusal(lambda: check_message(mine, locked, MESSAGES[kind])) == expected


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_every_message_of_a_companion(kind: type) -> None:
    its_own = kind in (Leave, Presence, Preview, Cancel)
    assert refusal(lambda: check_companion(MESSAGES[kind])) == ("" if its_own else "companion")


@pytest.mark.parametrize(("change", "least"), CHANGES, ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("mine", [EDITOR, MODERATOR, OWNER], ids=lambda mine: mine.word)
def test_every_change_of_every_role(mine: Role, change: Change, least: Role) -> None:
    assert refusal(lambda: check_change(mine, "me", ENTRIES, change)) == ("" if mine >= least else "role")


def test_a_refusal_is_a_sentence_with_the_right_article() -> None:
    assert [mine.phrase for mine in Role] == ["a viewer", "an editor", "a moderator", "an owner"]
    with pytest.raises(RemoteError, match=r"^an editor may not lock the room here"):
        check_message(EDITOR, False, Lock(True))
    with pytest.raises(RemoteError, match=r"^an editor may not erase what others drew here"):
        check_change(EDITOR, "me", ENTRIES, Delete(("theirs",)))


def test_the_roles_have_words() -> None:
    assert [role(word) for word in ("viewer", "editor", "moderator", "owner")] == list(Role)
    with pytest.raises(RemoteError, match="no role 'king'"):
        role("king")
