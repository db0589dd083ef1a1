"""The seam between a session and whatever displays it: what a board shows, and what people do on it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from relay.protocol import Action, Entry

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
        """Show `state`; return False when that is not possible now, and call `BoardActions.changed` when it is."""
        ...


class BoardActions(Protocol):
    """What people do on a view of a board. Called on the loop thread only.

    Coordinates are in board units. `pointer` names one pointer of one view, as "VIEW/POINTER", or the mouse that
    ipycanvas reports; strokes of two pointers never mix.
    """

    def pointer_down(
        self,
        pointer: str,
        x: float,
        y: float,
        *,
        tool: str = "",
        style: Mapping[str, Any] | None = None,
        at: float = 0.0,
        pressure: float | None = None,
    ) -> None:
        """Begin a gesture at (x, y), with the chosen tool and style or with others (`style`: fields of `Style`).

        `at` is a time in seconds, on any clock; `pressure` from 0 to 1, None where it is not measured.
        """
        ...

    def pointer_move(
        self, pointer: str, x: float, y: float, *, at: float = 0.0, pressure: float | None = None
    ) -> None:
        """Move to (x, y), on the board or above it."""
        ...

    def pointer_straighten(self, pointer: str, x: float, y: float, *, at: float = 0.0) -> None:
        """Make the stroke a straight line to (x, y)."""
        ...

    def pointer_up(self, pointer: str) -> None:
        """End the gesture where the pointer was last."""
        ...

    def pointer_cancel(self, pointer: str = "") -> None:
        """Discard the gesture of `pointer`; "" discards those of all pointers."""
        ...

    def enter_view(self, view: str) -> None:
        """Take account of a view that is there."""
        ...

    def forget_view(self, view: str) -> None:
        """End the gestures of all pointers whose names begin with `view`, which closed."""
        ...

    def point_at(self, x: float, y: float) -> None:
        """Show the cursor at (x, y)."""
        ...

    def point_away(self) -> None:
        """Show no cursor."""
        ...

    def choose(self, view: str = "", **changes: Any) -> None:
        """Take another `tool`, or another style, as chosen in `view`: fields of `Style`."""
        ...

    def scene(self, since: int) -> SceneChanges:
        """Return the entries, and which of them may have changed since version `since`, -1 for any."""
        ...

    def operate(self, actions: Sequence[Action], view: str = "") -> None:
        """Do `actions` as one operation of `view`; what cannot be sent is told as a notice."""
        ...

    def preview(
        self, key: str, start: int, points: Sequence[int], fields: Mapping[str, Any] | None, view: str = ""
    ) -> None:
        """Show others, and other views, ink under a hand in `view`: `points` go in at number `start`, where 0 begins it
        anew."""
        ...

    def end_preview(self, key: str) -> None:
        """End a preview that becomes no element."""
        ...

    async def road(self, view: str) -> RoadOffer:
        """Return what one page needs to send and receive live ink past this kernel."""
        ...

    def want_previews(self, wanted: bool) -> None:
        """Have the ink under others' hands sent to this kernel, or not: all pages have it from the relay."""
        ...

    def drag(self, offsets: Mapping[str, Sequence[int]]) -> None:
        """Show others elements that are being dragged, in whole numbers as in presence; none when the drag ended."""
        ...

    def undo(self, view: str = "") -> bool: ...
    def redo(self, view: str = "") -> bool: ...
    def clear(self) -> None: ...
    def turn(self, page: str) -> None:
        """Show the page of that key."""
        ...

    def add_page(self, name: str) -> str: ...
    def rename_page(self, key: str, name: str) -> None: ...
    def remove_page(self, key: str) -> None: ...
    def follow(self, peer: str) -> None:
        """Turn pages with a peer, and see what they see; "" for nobody."""
        ...

    def look(self, view: Sequence[float] | None) -> None:
        """See a part of the board: x, y, width and height in board units; None for all of it."""
        ...

    def moderate(
        self,
        *,
        locked: bool | None = None,
        pens: Sequence[str] = (),
        lead: bool | None = None,
        remove: str = "",
    ) -> None:
        """Let only moderators draw, or everybody; have everybody follow this client, or not; end a peer's connection.

        What is left out stays as it is; a refusal is shown as a notice.
        """
        ...

    def ready(self) -> None:
        """Show the board: a view has come."""
        ...

    def changed(self) -> None:
        """Show the board: a view can take a frame again, or its own state has changed."""
        ...
