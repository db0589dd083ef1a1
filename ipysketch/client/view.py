"""The seam between a session and whatever displays it: what a board shows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from relay.protocol import Entry

from ..editing.style import Style
from ..model.elements import Element
from .peers import LaserTrail
from .wet_ink import Ink


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the room. `cursor` is (x, y) in board units, or None when it is not over the board; `peer` is the id
    of their connection, or "" where there is none; `page` is the key of the page that they see.

    `author` is the author of what they draw, as elements and strokes have it; `role` is what they may do, "" where the
    relay does not tell. `verified`: the relay knows who this is, by its Hub or by a token with that name, and
    nobody else can have that author; other people chose their names.
    """

    name: str
    color: str
    me: bool
    cursor: tuple[float, float] | None
    peer: str = ""
    page: str = ""
    author: str = ""
    role: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class SceneChanges:
    """The entries of all pages at a `version`; only those of the keys in `touched` may differ from an earlier version
    that was asked about, any of them where it is None. `page` is the key of the page that is shown."""

    version: int
    page: str
    entries: Mapping[str, Entry]
    touched: Collection[str] | None


@dataclass(frozen=True, slots=True)
class PageInfo:
    """A page of a board, by its key; `name` may be "". The first has the key ""."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class BoardState:
    """All that people see at one moment.

    `elements` are in drawing order. `live` is the wet ink of others, `mine` that of this client, each with its pointer;
    `finished` are the pointers whose gestures ended lately: their ink is in `elements`, or was discarded.
    `progress` is the part of a snapshot that has arrived, from 0 to 1. `following` is the peer that this client
    follows, `view` what that one sees: x, y, width and height in board units, or None for the whole board. `mode` says
    in words why this client may not draw; `pending` counts its operations without a verdict. `locked`: only
    moderators draw, and the peers with `pens`; `leading`: this client asks everybody to follow. `cleared`: the page
    that was cleared or deleted last, by which author, and the seq of that. `live_is_here`: `live` and `lasers` are all
    there are; the relay has not been told to leave them to the pages. `tabs`, where several show the board: what each
    can undo and redo; `chooser` is the one in which the tool was chosen, "" when code chose it. `projectors` are the
    pages that screens show which only watch: these are nobody.
    """

    elements: tuple[Element, ...]
    live: tuple[Ink, ...]
    people: tuple[Person, ...]
    status: str
    connected: bool
    tool: str
    style: Style
    can_undo: bool
    can_redo: bool
    notice: str = ""
    mine: tuple[tuple[str, Element], ...] = ()
    finished: tuple[str, ...] = ()
    progress: float | None = None
    lasers: tuple[LaserTrail, ...] = ()
    pages: tuple[PageInfo, ...] = (PageInfo("", ""),)
    page: str = ""
    following: str = ""
    view: tuple[float, float, float, float] | None = None
    can_draw: bool = True
    can_clear: bool = True
    room: str = ""
    author: str = ""
    mode: str = ""
    pending: int = 0
    locked: bool = False
    pens: tuple[str, ...] = ()
    leading: bool = False
    cleared: tuple[str, str, int] = ("", "", 0)
    live_is_here: bool = True
    tabs: Mapping[str, tuple[bool, bool]] = field(default_factory=dict)
    chooser: str = ""
    projectors: tuple[str, ...] = ()


class RoadOffer(NamedTuple):
    """A `ticket` for one page in `room`, and where to try it; or, without `addresses`, `why` there is none, in words.
    A guest's has the `name` and `color` under which others see them.

    Who has the ticket may send live ink as this client: it belongs in no output, state or log."""

    room: str = ""
    ticket: str = ""
    addresses: tuple[str, ...] = ()
    why: str = ""
    name: str = ""
    color: str = ""


class BoardView(Protocol):
    """Something that shows states of a board. Called on the loop thread only."""

    def show(self, state: BoardState) -> bool:
        """Show `state`; return False when that is not possible now, and call `Presenter.refresh` when it is."""
        ...
