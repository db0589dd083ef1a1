"""Which room somebody of a JupyterHub means, and their role in it, by the groups that they are in there. Pure.

A **course** is a namespace of rooms, ``COURSE.ROOM``, for the people of two groups of the Hub: its students are
editors, its instructors moderators. ``~NAME.ROOM`` is a room of one person's own. Where no group is that of a course,
everybody of the Hub shares one namespace.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from ..protocol import RemoteError, check_room
from ..room.permissions import Role

COURSE = "{course}"
STUDENTS, INSTRUCTORS = f"{COURSE}-students", f"{COURSE}-instructors"
OWN = "~"
_COURSE = re.compile(r"\w[\w \-]*")
SHOWN = 4
"""Rooms that a sentence proposes at most."""


@dataclass(frozen=True)
class HubUser:
    """Somebody whom the Hub knows, as it says now."""

    name: str
    groups: frozenset[str] = frozenset()
    admin: bool = False

    @property
    def author(self) -> str:
        """Who they are on a relay; a hash, which is every other author, has no colon."""
        return f"hub:{self.name}"


class Seat(NamedTuple):
    """The `room` that was meant, with its course, and the role in it."""

    room: str
    role: Role


class Courses:
    """Reads courses from the names of groups: `students` and `instructors` are those names, with ``{course}`` in them.

    Raises ValueError with a sentence.
    """

    def __init__(self, students: str = STUDENTS, instructors: str = INSTRUCTORS) -> None:
        for pattern in (students, instructors):
            if pattern.count(COURSE) != 1:
                raise ValueError(f"the name of a group of a course has {COURSE} in it once, unlike {pattern!r}")
        self._patterns = ((students, Role.EDITOR), (instructors, Role.MODERATOR))

    def of(self, groups: Collection[str]) -> dict[str, Role]:
        """Return the courses of these groups, in order, each with the highest role in it."""
        found: dict[str, Role] = {}
        for group in sorted(groups):
            for pattern, role in self._patterns:
                before, _, after = pattern.partition(COURSE)
                course = group[len(before) : len(group) - len(after)]
                if group == before + course + after and _COURSE.fullmatch(course):
                    found[course] = max(role, found.get(course, role))
        return found

    def seat(self, user: HubUser, room: str, groups: Collection[str]) -> Seat:
        """Return the seat of `user` in what they call `room`, at a Hub that has `groups`; raises `RemoteError`."""
        check_room(room)
        if room.startswith(OWN):
            return self._own(user, room)
        courses = self.of(groups)
        if not courses:
            return Seat(room, Role.MODERATOR if user.admin else Role.EDITOR)
        mine = dict.fromkeys(courses, Role.MODERATOR) if user.admin else self.of(user.groups)
        course, dot, _ = room.partition(".")
        if not dot:
            course = self._only(user, room, list(mine))
            room = f"{course}.{room}"
            check_room(room)
        if course not in mine:
            if user.admin:
                raise RemoteError("token", f"there is no course {course!r} at this Hub; make its groups first")
            raise RemoteError("token", f"{user.name} is in no group of {course!r}; ask its instructor")
        return Seat(room, mine[course])

    @staticmethod
    def _only(user: HubUser, room: str, mine: list[str]) -> str:
        """Return the only course that somebody is in."""
        if not mine:
            raise RemoteError("token", f"{user.name} is in no group of a course; ask an instructor")
        if len(mine) > 1:
            rooms = ", ".join(f"{course}.{room}" for course in mine[:SHOWN])
            more = " or that of another course" if len(mine) > SHOWN else ""
            raise RemoteError("bad-room", f"say of which course: {rooms}{more}")
        return mine[0]

    @staticmethod
    def _own(user: HubUser, room: str) -> Seat:
        own = f"{OWN}{user.name}."
        if not _COURSE.fullmatch(user.name):
            raise RemoteError("bad-room", "your name at the Hub has characters that no room's name can have")
        if not room.startswith(own) or room == own:
            raise RemoteError("token", f"{room!r} is not a room of {user.name}'s own: those begin with {own}")
        return Seat(room, Role.OWNER)
