"""Which room somebody of a Hub means, and their role there."""

from __future__ import annotations

import pytest

from relay.access.courses import Courses, HubUser, Seat
from relay.protocol import RemoteError
from relay.room.permissions import Role

GROUPS = ("algebra-students", "algebra-instructors", "physics-students", "staff")
ADA = HubUser("ada", frozenset(["algebra-students", "staff"]))
EMMY = HubUser("emmy", frozenset(["algebra-instructors", "algebra-students", "physics-students"]))
NOBODY = HubUser("grace", frozenset(["staff"]))
PROF = HubUser("prof", admin=True)
COURSES = Courses()


@pytest.mark.parametrize(
    ("user", "room", "seat"),
    [
        (ADA, "lesson1", Seat("algebra.lesson1", Role.EDITOR)),
        (ADA, "algebra.lesson1", Seat("algebra.lesson1", Role.EDITOR)),
        (ADA, "algebra.lesson.1", Seat("algebra.lesson.1", Role.EDITOR)),
        (EMMY, "algebra.lesson1", Seat("algebra.lesson1", Role.MODERATOR)),
        (EMMY, "physics.lesson1", Seat("physics.lesson1", Role.EDITOR)),
        (PROF, "physics.lesson1", Seat("physics.lesson1", Role.MODERATOR)),
        (ADA, "~ada.notes", Seat("~ada.notes", Role.OWNER)),
    ],
)
def test_a_room_is_one_of_a_course(user: HubUser, room: str, seat: Seat) -> None:
    assert COURSES.seat(user, room, GROUPS) == seat


@pytest.mark.parametrize("user", [ADA, NOBODY, PROF])
@pytest.mark.parametrize("room", ["lesson1", "v1.2", "algebra.lesson1"])
def test_without_courses_everybody_is_in_one_namespace(user: HubUser, room: str) -> None:
    role = Role.MODERATOR if user.admin else Role.EDITOR
    assert COURSES.seat(user, room, ["staff", "teachers"]) == Seat(room, role)


@pytest.mark.parametrize(
    ("user", "room", "code", "words"),
    [
        (ADA, "physics.lesson1", "token", "ada is in no group of 'physics'; ask its instructor"),
        (ADA, "Algebra.lesson1", "token", "ada is in no group of 'Algebra'; ask its instructor"),
        (NOBODY, "lesson1", "token", "grace is in no group of a course; ask an instructor"),
        (NOBODY, "staff.lesson1", "token", "grace is in no group of 'staff'"),
        (EMMY, "lesson1", "bad-room", "say of which course: algebra.lesson1, physics.lesson1"),
        (PROF, "chess.club", "token", "there is no course 'chess' at this Hub"),
        (PROF, "~ada.notes", "token", "not a room of prof's own: those begin with ~prof."),
        (HubUser("ad"), "~ada.notes", "token", "~ad."),
        (HubUser("ada.b"), "~ada.b.notes", "bad-room", "characters that no room's name can have"),
        (ADA, "~ada.", "token", "not a room"),
        (ADA, "~", "bad-room", "cannot be used"),
        (ADA, "a" * 60, "bad-room", "cannot be used"),
    ],
)
def test_what_cannot_be_is_refused_in_words(user: HubUser, room: str, code: str, words: str) -> None:
    with pytest.raises(RemoteError) as caught:
        COURSES.seat(user, room, GROUPS)
    assert (caught.value.code, words in caught.value.reason) == (code, True), caught.value.reason


def test_many_courses_are_not_all_proposed() -> None:
    groups = [f"course{n}-students" for n in range(9)]
    with pytest.raises(RemoteError, match=r"course3\.main or that of another course$"):
        COURSES.seat(HubUser("ada", frozenset(groups)), "main", groups)


def test_groups_are_called_what_the_hub_calls_them() -> None:
    courses = Courses("kurs/{course}", "kurs/{course}/leitung")
    assert courses.of(["kurs/analysis", "kurs/analysis/leitung", "kurs/", "kurs", "x"]) == {
        "analysis": Role.MODERATOR
    }
    for wrong in ("students", "{course}{course}"):
        with pytest.raises(ValueError, match="in it once, unlike"):
            Courses(wrong)


def test_an_author_is_nobody_elses() -> None:
    assert ADA.author == "hub:ada"
