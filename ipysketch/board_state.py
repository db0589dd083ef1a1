"""What a board shows and what hands do to it: the seam between a session and whatever displays it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .elements import Element, Text
from .geometry import Rect
from .hands import Style
from .others import Ink, Laser


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the room; `cursor` is (x, y) in board units, or None when it is not over the board; `peer` is
    their connection's id, or "" where there is none; `page` the key of the page they have turned to.
    """

    name: str
    color: str
    me: bool
    cursor: tuple[float, float] | None
    peer: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a board, by its key; `name` may be "". The first has the key ""."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class BoardState:
    """All that people see at one moment. `elements` in drawing order, `live` the ink under others' hands, `mine` under
    mine, each with its hand; `finished` the hands that ended lately, whose strokes are in `elements` or came to
    nothing. `chosen` are the bounds of the chosen elements, `written` the text that is chosen alone,
    `band` the box that is being drawn around others.
    `progress` says how much of a drawing that is being loaded is here, from 0 to 1.
    `following` is the peer this client goes along with, `view` what that one sees: x, y, width and height in board
    units, or None for the whole board."""

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
    chosen: tuple[Rect, ...] = ()
    written: Text | None = None
    band: Rect | None = None
    progress: float | None = None
    lasers: tuple[Laser, ...] = ()
    pages: tuple[Page, ...] = (Page("", ""),)
    page: str = ""
    following: str = ""
    view: tuple[float, float, float, float] | None = None
    can_draw: bool = True
    can_clear: bool = True


class View(Protocol):
    """Something that shows states. Called on the loop thread only."""

    def show(self, state: BoardState) -> bool:
        """Show `state`; False when it cannot now, and `Actions.changed` will say when it can."""
        ...


class Actions(Protocol):
    """What hands do, in board units. Called on the loop thread only. A hand is a name: of a pointer on a page, or of
    the mouse that ipycanvas tells of; its strokes are told apart from any other's."""

    def begin(
        self,
        hand: str,
        x: float,
        y: float,
        *,
        tool: str = "",
        style: Mapping[str, Any] | None = None,
        at: float = 0.0,
        pressure: float | None = None,
        more: bool = False,
    ) -> None:
        """A hand touches the paper, with the tool and style that were chosen or with others (fields of `Style`); `at`
        in seconds, `more` to choose elements besides those that are chosen."""
        ...

    def motion(self, hand: str, x: float, y: float, *, at: float = 0.0, pressure: float | None = None) -> None:
        """It moves, on the paper or above it."""
        ...

    def straighten(self, hand: str, x: float, y: float, *, at: float = 0.0) -> None:
        """Its stroke is a straight line to (x, y)."""
        ...

    def end(self, hand: str) -> None:
        """It leaves the paper where it was last."""
        ...

    def cancel(self, hand: str = "") -> None:
        """Its stroke, or everybody's, is not meant."""
        ...

    def forget_hands(self, page: str) -> None:
        """A page closed: its hands, whose names begin with its own, leave the paper."""
        ...

    def point_at(self, x: float, y: float) -> None:
        """A hand is above (x, y)."""
        ...

    def point_away(self) -> None:
        """No hand is above the paper."""
        ...

    def choose(self, **changes: Any) -> None:
        """Another `tool`, or other fields of `Style`."""
        ...

    def act(self, what: str) -> None:
        """Do `what` to the chosen elements."""
        ...

    def type_text(self, x: float, y: float, text: str) -> None:
        """A text was typed, its upper left corner at (x, y)."""
        ...

    def rewrite(self, key: str, text: str) -> None:
        """The text of that key was changed."""
        ...

    def undo(self) -> bool: ...
    def redo(self) -> bool: ...
    def clear(self) -> None: ...
    def turn(self, page: str) -> None:
        """Show the page of that key."""
        ...

    def add_page(self, name: str) -> str: ...
    def rename_page(self, key: str, name: str) -> None: ...
    def remove_page(self, key: str) -> None: ...
    def follow(self, peer: str) -> None:
        """Go along with a peer; "" for nobody."""
        ...

    def look(self, view: Sequence[float] | None) -> None:
        """A page shows that much of the board; None for all of it."""
        ...

    def ready(self) -> None: ...
    def changed(self) -> None: ...
