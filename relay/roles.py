"""Who may do what: one table for every message a client can send and every change it can come to. Pure.

What is not in the table is refused. `EACH` has, for each kind, the least role that may do it to what is its own,
to what is another's, and in a locked room. A revert needs the right of what it comes to: undoing an erasing puts
elements back, so it needs the right to create them; another's elements need the right over another's.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from .protocol import (
    Bad,
    Cancel,
    Change,
    Clear,
    ClientMessage,
    Create,
    Delete,
    Entry,
    Erase,
    Event,
    Join,
    Leave,
    Lock,
    Mint,
    Operate,
    Patch,
    Presence,
    Preview,
    Read,
    Remove,
    Restore,
)


class Role(IntEnum):
    """What a peer is in a room; each may do what the ones before it may."""

    VIEWER = 1
    EDITOR = 2
    MODERATOR = 3
    OWNER = 4

    @property
    def word(self) -> str:
        """The role's name as tokens and messages have it."""
        return self.name.lower()


class Needs(NamedTuple):
    """The least roles for one kind of message or change."""

    own: Role
    other: Role
    locked: Role


VIEWER, EDITOR, MODERATOR, OWNER = Role

EACH: Mapping[type, Needs] = {
    Join: Needs(VIEWER, VIEWER, VIEWER),
    Leave: Needs(VIEWER, VIEWER, VIEWER),
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
    # What an operation comes to.
    Create: Needs(EDITOR, MODERATOR, MODERATOR),
    Patch: Needs(EDITOR, MODERATOR, MODERATOR),
    Delete: Needs(EDITOR, MODERATOR, MODERATOR),
    Restore: Needs(EDITOR, MODERATOR, MODERATOR),
    Clear: Needs(MODERATOR, MODERATOR, MODERATOR),
}

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
    """The role of that name; raises `Bad`."""
    try:
        return Role[word.upper()]
    except KeyError:
        names = ", ".join(known.word for known in Role)
        raise Bad("bad-role", f"there is no role {word[:40]!r}; the roles are {names}") from None


def check_message(mine: Role, locked: bool, message: ClientMessage) -> None:
    """Raise `Bad` unless `mine` may send `message`, in a room that may be locked."""
    needs = EACH.get(type(message))
    if needs is None or mine < needs.own:
        doing = _DOING.get(type(message), "do that")
        raise Bad("role", f"a {mine.word} may not {doing} here; ask a moderator for another role")
    if locked and mine < needs.locked:
        doing = _DOING.get(type(message), "do that")
        raise Bad("locked", f"a moderator has locked this room, so only moderators may {doing} now")


def check_change(mine: Role, author: str, entries: Mapping[str, Entry], change: Change) -> None:
    """Raise `Bad` unless a peer that is `mine` and the author `author` may make `change` to `entries`."""
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
        raise Bad("role", f"a {mine.word} may not {doing} here; ask a moderator to do it")
