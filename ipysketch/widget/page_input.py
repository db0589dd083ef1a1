"""The drawing messages of a page as calls of `BoardActions`. On the loop thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from relay.protocol import Action, Clear, Create, Delete, Patch, RemoteError, normalize_action

from ..client.view import BoardActions
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


def perform(message: PageMessage, actions: BoardActions) -> None:  # noqa: C901, PLR0912  # a case for each message
    """Do what `message` asks; the messages about a view itself are not handled here."""
    match message:
        case PenSamples():
            _draw(message, actions)
        case CursorMoved(x=float(x), y=float(y)):
            actions.point_at(x, y)
        case CursorMoved():
            actions.point_away()
        case ChooseStyle(tool=tool, view=view):
            changes = message.style() if tool is UNSET else {**message.style(), "tool": tool}
            if changes:
                actions.choose(view, **changes)
        case CancelStrokes():
            actions.pointer_cancel()
        case Undo(view=view):
            actions.undo(view)
        case Redo(view=view):
            actions.redo(view)
        case ClearPage():
            actions.clear()
        case TurnPage(page=page):
            actions.turn(page)
        case AddPage():
            actions.turn(actions.add_page(""))
        case RenamePage(page=page, name=name):
            if page:
                actions.rename_page(page, name[:MAX_PAGE_NAME])
        case RemovePage(page=page):
            actions.remove_page(page)
        case FollowPeer(peer=peer):
            actions.follow(peer)
        case LookAt(view=view):
            actions.look(view)
        case SubmitActions(actions=encoded, view=view):
            if decoded := decode_actions(encoded):
                actions.operate(decoded, view)
        case PreviewInk(key=key, view=view, start=start, points=points, fields=fields, x=x, y=y):
            actions.preview(key, start, points, fields, view)
            if x is not None and y is not None:
                actions.point_at(x, y)
        case EndPreview(key=key):
            actions.end_preview(key)
        case MovingElements(offsets=offsets):
            actions.drag(offsets)
        case Moderate(locked=locked, pens=pens, lead=lead, remove=peer):
            actions.moderate(locked=locked, pens=pens, lead=lead, remove=peer)


def decode_actions(encoded: Sequence[object]) -> list[Action]:
    """Return the actions of an operation, which belong together: none where one of them breaks the relay's protocol.

    A page does not number operations as the relay does, so it cannot revert one.
    """
    try:
        return [normalize_action(action) for action in msgspec.convert(encoded, list[Submitted])]
    except (msgspec.ValidationError, RemoteError, UnicodeError):
        return []


def _draw(message: PenSamples, actions: BoardActions) -> None:
    pointer = f"{message.view}/{message.pointer}"
    for number, sample in enumerate(message.samples[:MAX_SAMPLES]):
        x, y, at, pressure = sample.x, sample.y, sample.milliseconds / 1000, sample.pressure
        if message.phase == "begin" and number == 0:
            actions.pointer_down(
                pointer,
                x,
                y,
                tool=message.tool,
                style=message.style(),
                at=at,
                pressure=pressure,
            )
        elif message.straight:
            actions.pointer_straighten(pointer, x, y, at=at)
        else:
            actions.pointer_move(pointer, x, y, at=at, pressure=pressure)
    if message.last:
        actions.pointer_up(pointer)
    elif message.phase == "cancel":
        actions.pointer_cancel(pointer)
