"""The drawing messages of a page as calls of the parts of a session. On the loop thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from relay.protocol import Action, Clear, Create, Delete, Patch, RemoteError, normalize_action

from ..client.hands import Hands
from ..client.session import Session
from .page_messages import (
    AddPage,
    CancelStrokes,
    ChooseStyle,
    ClearPage,
    CursorMoved,
    EndPreview,
    FollowPeer,
    LookAt,
    Moderate,
    MovingElements,
    PageMessage,
    PenSamples,
    PreviewInk,
    Redo,
    RemovePage,
    RenamePage,
    SubmitActions,
    TurnPage,
    Undo,
)

MAX_SAMPLES = 5_000
"""Samples of one message that are used."""
Submitted = Create[Any] | Patch[Any] | Delete | Clear
MAX_PAGE_NAME = 80
"""Characters of a page's name that are kept."""


def perform(message: PageMessage, session: Session) -> None:  # noqa: C901, PLR0912  # a case for each message
    """Do what `message` asks; the messages about a view itself are not handled here."""
    match message:
        case PenSamples():
            _draw(message, session.hands)
        case CursorMoved(x=float(x), y=float(y)):
            session.presence.point_at(x, y)
        case CursorMoved():
            session.presence.point_away()
        case ChooseStyle(tool=tool, view=view):
            changes = message.style() if tool is UNSET else {**message.style(), "tool": tool}
            if changes:
                session.hands.choose(view, **changes)
        case CancelStrokes():
            session.hands.pointer_cancel()
        case Undo(view=view):
            session.operations.undo(view)
        case Redo(view=view):
            session.operations.redo(view)
        case ClearPage():
            session.operations.clear()
        case TurnPage(page=page):
            session.pages.turn(page)
        case AddPage():
            session.pages.turn(session.operations.add_page(""))
        case RenamePage(page=page, name=name):
            if page:
                session.operations.rename_page(page, name[:MAX_PAGE_NAME])
        case RemovePage(page=page):
            session.operations.remove_page(page)
        case FollowPeer(peer=peer):
            session.pages.follow(peer)
        case LookAt(view=view):
            session.presence.look(view)
        case SubmitActions(actions=encoded, view=view):
            if decoded := decode_actions(encoded):
                session.operations.operate(decoded, view)
        case PreviewInk(key=key, view=view, start=start, points=points, fields=fields, x=x, y=y):
            session.hands.preview(key, start, points, fields, view)
            if x is not None and y is not None:
                session.presence.point_at(x, y)
        case EndPreview(key=key):
            session.hands.end_preview(key)
        case MovingElements(offsets=offsets):
            session.hands.drag(offsets)
        case Moderate(locked=locked, pens=pens, lead=lead, remove=peer):
            session.moderation.ask(locked=locked, pens=pens, lead=lead, remove=peer)


def decode_actions(encoded: Sequence[object]) -> list[Action]:
    """Return the actions of an operation, which belong together: none where one of them breaks the relay's protocol.

    A page does not number operations as the relay does, so it cannot revert one.
    """
    try:
        return [normalize_action(action) for action in msgspec.convert(encoded, list[Submitted])]
    except (msgspec.ValidationError, RemoteError, UnicodeError):
        return []


def _draw(message: PenSamples, hands: Hands) -> None:
    pointer = f"{message.view}/{message.pointer}"
    for number, sample in enumerate(message.samples[:MAX_SAMPLES]):
        x, y, at, pressure = sample.x, sample.y, sample.milliseconds / 1000, sample.pressure
        if message.phase == "begin" and number == 0:
            hands.pointer_down(
                pointer,
                x,
                y,
                tool=message.tool,
                style=message.style(),
                at=at,
                pressure=pressure,
            )
        elif message.straight:
            hands.pointer_straighten(pointer, x, y, at=at)
        else:
            hands.pointer_move(pointer, x, y, at=at, pressure=pressure)
    if message.last:
        hands.pointer_up(pointer)
    elif message.phase == "cancel":
        hands.pointer_cancel(pointer)
