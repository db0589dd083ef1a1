"""The permission table: every message that a client can send, and every change that an operation can consist of. Pure.

Kinds that are not in the table are refused. For each kind, `EACH` has the least role that may do it to its own
elements, to those of others, and in a locked room. A revert needs the permission for the changes it resolves to:
undoing a delete puts elements back, so it needs the permission to create them; for elements of others, that for
those.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from ..protocol import (
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

MAX_PRESENCE_BYTES = 16 << 10
"""Bytes of one peer's presence as JSON: a drag of 200 elements has half of it. Everybody gets all of it again with each
change."""
MAX_WATCHING = 1 << 10
"""Bytes of the presence of somebody who only watches."""


class Role(IntEnum):
    """The role of a peer in a room; each may do everything that the ones before it may."""

    VIEWER = 1
    EDITOR = 2
    MODERATOR = 3
    OWNER = 4

    @property
    def word(self) -> str:
        """The role's name in tokens and messages."""
        return self.name.lower()

    @property
    def phrase(self) -> str:
        """The role's name with its article, for sentences."""
        return f"{'an' if self.word[0] in 'aeiou' else 'a'} {self.word}"


class Needs(NamedTuple):
    """The least roles for one kind of message or change."""

    own: Role
    other: Role
    locked: Role


VIEWER, EDITOR, MODERATOR, OWNER = Role

EACH: Mapping[type, Needs] = {
    Join: Needs(VIEWER, VIEWER, VIEWER),
    Accompany: Needs(VIEWER, VIEWER, VIEWER),
    Leave: Needs(VIEWER, VIEWER, VIEWER),
    Invite: Needs(VIEWER, VIEWER, VIEWER),
    Want: Needs(VIEWER, VIEWER, VIEWER),
    # What it makes a code for, its sender has.
    Share: Needs(VIEWER, VIEWER, VIEWER),
    Presence: Needs(VIEWER, VIEWER, VIEWER),
    Operate: Needs(EDITOR, EDITOR, MODERATOR),
    Preview: Needs(EDITOR, EDITOR, MODERATOR),
    Cancel: Needs(EDITOR, EDITOR, EDITOR),
    Event: Needs(EDITOR, EDITOR, MODERATOR),
    # A viewer must not see what was erased.
    Read: Needs(EDITOR, EDITOR, EDITOR),
    Lock: Needs(MODERATOR, MODERATOR, MODERATOR),
    Remove: Needs(MODERATOR, MODERATOR, MODERATOR),
    Mint: Needs(OWNER, OWNER, OWNER),
    Erase: Needs(OWNER, OWNER, OWNER),
    # The changes that an operation resolves to.
    Create: Needs(EDITOR, MODERATOR, MODERATOR),
    Patch: Needs(EDITOR, MODERATOR, MODERATOR),
    Delete: Needs(EDITOR, MODERATOR, MODERATOR),
    Restore: Needs(EDITOR, MODERATOR, MODERATOR),
    Clear: Needs(MODERATOR, MODERATOR, MODERATOR),
}

PRESENCE: Mapping[str, Needs] = {
    **dict.fromkeys(("name", "color", "cursor", "page", "view", "tool"), Needs(VIEWER, VIEWER, VIEWER)),
    # Everybody sees the elements that it names elsewhere. Clients know whose they are, and show no others.
    "moving": Needs(EDITOR, MODERATOR, MODERATOR),
    # Everybody goes where they go.
    "leading": Needs(MODERATOR, MODERATOR, MODERATOR),
}
"""The fields of a presence, by what they show."""
DRAWN = tuple(name for name, needs in PRESENCE.items() if needs.locked > EDITOR)
"""Those that only moderators show in a locked room."""
OTHER_PRESENCE = Needs(EDITOR, EDITOR, EDITOR)
"""Any other field: those of people's own programs."""

COMPANION = frozenset({Leave, Presence, Preview, Cancel})
"""Messages that a companion may send, where its peer may: all others are its peer's."""
COMPANION_PRESENCE = frozenset({"cursor", "view", "tool"})
"""Fields of its peer's presence that are those of a view, which a companion is."""
GUEST_PRESENCE = COMPANION_PRESENCE | {"page"}
"""Fields of the presence of a guest, which is a companion's own."""

_DOING = {
    Operate: "draw",
    Preview: "draw",
    Event: "send events",
    Read: "look back",
    Lock: "lock the room",
    Remove: "take somebody out of the room",
    Mint: "make tokens",
    Erase: "delete the room",
    Patch: "change what others drew",
    Delete: "erase what others drew",
    Restore: "bring back what others drew",
    Clear: "clear the board",
}


def role(word: str) -> Role:
    """Return the role of that name; raises `RemoteError`."""
    try:
        return Role[word.upper()]
    except KeyError:
        names = ", ".join(known.word for known in Role)
        raise RemoteError("bad-role", f"there is no role {word[:40]!r}; the roles are {names}") from None


def check_message(mine: Role, locked: bool, message: ClientMessage) -> None:
    """Raise `RemoteError` unless a peer with the role `mine` may send `message`, in a room that may be locked."""
    needs = EACH.get(type(message))
    if needs is None or mine < needs.own:
        doing = _DOING.get(type(message), "do that")
        raise RemoteError("role", f"{mine.phrase} may not {doing} here; ask a moderator for another role")
    if locked and mine < needs.locked:
        doing = _DOING.get(type(message), "do that")
        raise RemoteError("locked", f"a moderator has locked this room, so only moderators may {doing} now")


def check_companion(message: ClientMessage, *, is_guest: bool = False) -> None:
    """Raise `RemoteError` unless a companion may send `message`, whatever the role of its peer."""
    if type(message) not in COMPANION:
        raise RemoteError(
            "companion",
            "a page that accompanies its kernel sends live ink and its cursor; its kernel does the rest",
        )
    if isinstance(message, Presence):
        for name in message.state:
            if name not in (GUEST_PRESENCE if is_guest else COMPANION_PRESENCE):
                raise RemoteError("companion", f"what its kernel sets, a page does not: {name[:40]!r}")


def check_presence(mine: Role, locked: bool, state: Mapping[str, object]) -> None:
    """Raise `RemoteError` unless a peer with the role `mine` may set these fields of its presence; None removes one,
    which everybody may."""
    for name in [name for name, value in state.items() if value is not None]:
        needs = PRESENCE.get(name, OTHER_PRESENCE)
        if mine < needs.own:
            raise RemoteError("role", f"{mine.phrase} may not show {name[:40]!r} to the others here")
        if locked and mine < needs.locked:
            raise RemoteError(
                "locked", f"a moderator has locked this room, so only moderators may show {name[:40]!r}"
            )


def presence_bytes(mine: Role) -> int:
    """Return how many bytes the presence of a peer with the role `mine` may have."""
    return MAX_WATCHING if mine is VIEWER else MAX_PRESENCE_BYTES


def may_look_back(mine: Role, locked: bool) -> bool:
    """Return whether a peer may be told what is no longer in the drawing: by a `Read`, and when it resumes."""
    needs = EACH.get(Read)
    return needs is not None and mine >= (needs.locked if locked else needs.own)


def check_change(mine: Role, author: str, entries: Mapping[str, Entry], change: Change) -> None:
    """Raise `RemoteError` unless a peer with the role `mine`, whose author is `author`, may make `change`."""
    needs = EACH.get(type(change))
    match change:
        case Create():
            others = False
        case Patch(key=key):
            others = key in entries and entries[key].author != author
        case Delete(keys=keys):
            others = any(key in entries and entries[key].author != author for key in keys)
        case Restore(entries=restored):
            others = any(entry.author != author for entry in restored)
        case Clear():
            others = True
    if needs is None or mine < (needs.other if others else needs.own):
        doing = _DOING.get(type(change), "do that")
        raise RemoteError("role", f"{mine.phrase} may not {doing} here; ask a moderator to do it")
