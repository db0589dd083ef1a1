"""What a board shows and what hands do to it: the seam between a session and whatever displays it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .elements import Element


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the room; `cursor` is (x, y) in board units, or None when it is not over the board; `peer` is
    their connection's id, or "" where there is none."""

    name: str
    color: str
    me: bool
    cursor: tuple[float, float] | None
    peer: str = ""


@dataclass(frozen=True, slots=True)
class BoardState:
    """All that people see at one moment. `elements` in drawing order, `live` the ink under hands;
    `width` in board units, colours ``#rrggbb``."""

    elements: tuple[Element, ...]
    live: tuple[Element, ...]
    people: tuple[Person, ...]
    status: str
    connected: bool
    tool: str
    color: str
    width: float
    can_undo: bool
    can_redo: bool
    notice: str = ""
    can_draw: bool = True
    can_clear: bool = True


class View(Protocol):
    """Something that shows states. Called on the loop thread only."""

    def show(self, state: BoardState) -> bool:
        """Show `state`; False when it cannot now, and `Actions.changed` will say when it can."""
        ...


class Actions(Protocol):
    """What hands do, in board units. Called on the loop thread only."""

    def down(self, x: float, y: float) -> None: ...
    def move(self, x: float, y: float) -> None: ...
    def up(self, x: float, y: float) -> None: ...
    def out(self, x: float, y: float) -> None: ...
    def cancel(self) -> None: ...
    def choose(self, tool: str | None, color: str | None, width: float | None) -> None: ...
    def undo(self) -> bool: ...
    def redo(self) -> bool: ...
    def clear(self) -> None: ...
    def ready(self) -> None: ...
    def changed(self) -> None: ...
