"""A board's state as the messages that show it in a page. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from ..client.view import BoardState
from ..model.elements.fields import EIGHTHS
from .page_messages import (
    ControlState,
    CursorPlace,
    FrameState,
    Ink,
    LaserPlaces,
    PageEntry,
    PersonState,
)

MAX_PLACES = 40
"""Places of a laser trail that a page needs: those of more than a second, and older ones have faded."""
DIGITS = 4
"""Of a part of the board, which is an eighth of a board unit."""

Size = tuple[int, int]
"""Width and height of a board, in board units."""


def control_state(state: BoardState, choices: Mapping[str, int]) -> ControlState:
    """Return what toolbar, people and status line show; `choices` is the last choice of each view."""
    return ControlState(
        tool=state.tool,
        ink=Ink(**asdict(state.style)),
        choices=dict(choices),
        can_draw=state.can_draw,
        can_clear=state.can_clear,
        can_undo=state.can_undo,
        can_redo=state.can_redo,
        people=tuple(
            PersonState(
                person.name,
                person.color,
                person.me,
                person.peer,
                person.page,
                person.author,
                person.role,
                person.verified,
            )
            for person in state.people
        ),
        pages=tuple(PageEntry(page.key, page.name) for page in state.pages),
        page=state.page,
        following=state.following,
        view_box=state.view,
        status=state.status,
        connected=state.connected,
        progress=state.progress,
        notice=state.notice,
        room=state.room,
        author=state.author,
        mode=state.mode,
        pending=state.pending,
        locked=state.locked,
        pens=state.pens,
        leading=state.leading,
        cleared=state.cleared,
        tabs=state.tabs,
        chooser=state.chooser,
        projectors=state.projectors,
    )


def frame_state(state: BoardState, cursors: tuple[CursorPlace, ...], size: Size) -> FrameState:
    """Return what is shown above the ink."""
    return FrameState(
        cursors=cursors,
        finished=state.finished,
        lasers=_lasers(state, size),
    )


def cursor_places(state: BoardState, size: Size) -> tuple[CursorPlace, ...]:
    """Return the cursors of the other people on this page."""
    width, height = size
    return tuple(
        CursorPlace(
            _part(person.cursor[0], width),
            _part(person.cursor[1], height),
            person.name,
            person.color,
            person.peer,
        )
        for person in state.people
        if person.cursor is not None and not person.me and person.page == state.page
    )


def _lasers(state: BoardState, size: Size) -> tuple[LaserPlaces, ...]:
    sides = tuple(EIGHTHS * side for side in size)
    return tuple(
        LaserPlaces(
            laser.name,
            laser.color,
            len(laser.points) // 2,
            tuple(
                _part(value, sides[number % 2]) for number, value in enumerate(laser.points[-2 * MAX_PLACES :])
            ),
        )
        for laser in state.lasers
    )


def _part(value: float, side: float) -> float:
    # As a float of Python: a coordinate may be one of numpy's.
    return round(float(value) / side, DIGITS)
