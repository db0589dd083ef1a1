"""The hands on one board: which tool each holds, what was chosen, and what comes of it.

Rules of this file: pure; new ids come from an argument. A hand is a name: of a pointer on a page, or of the mouse that
ipycanvas tells of; its strokes are told apart from any other's. What tools give back goes to `out`, in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from relay.protocol import Action, Create, Delete, Patch

from .elements import Element, restyled
from .elements.fields import EIGHTHS
from .elements.mark import Mark
from .geometry import Rect
from .tools import Commit, Cutter, Eraser, Laser, Output, Pen, Selector, Shape, Tool
from .tools.selection import offset

SHAPES = ("line", "arrow", "rectangle", "ellipse")
TOOLS = ("pen", "highlighter", *SHAPES, "text", "eraser", "cutter", "select", "laser")
COLORED = ("pen", "highlighter", *SHAPES, "text", "laser")
"""Those that use the chosen colour."""
HARMLESS = ("select", "laser")
"""What does not draw, so that who may only watch can take it."""
ERASER_RADIUS = 6.0
MOST_HANDS = 16
"""Gestures under way in one kernel at a time: fingers of several pages."""
DUPLICATE = 16 * EIGHTHS
"""How far to the right and down of its original a duplicate lies, in eighths."""


class Paper(Protocol):
    """What hands need to know of the drawing."""

    @property
    def page(self) -> str:
        """The page that is turned to."""
        ...

    @property
    def can_draw(self) -> bool: ...

    def elements(self) -> Sequence[Element]:
        """What is on that page, bottom first."""
        ...

    def entry(self, key: str) -> tuple[Mapping[str, Any], float] | None:
        """The fields of an element and its place in the drawing order."""
        ...


@dataclass(frozen=True, slots=True)
class Style:
    """How new ink looks: `color` and `fill` #rrggbb ("" for no fill), `width` in board units, `dash` "", "dashed" or
    "dotted", `opacity` in per cent (0: as the tool has it)."""

    color: str
    width: float = 4.0
    fill: str = ""
    dash: str = ""
    opacity: int = 0

    @property
    def text_size(self) -> float:
        """The height of type of this width, in board units."""
        return round(8 + 6 * float(self.width**0.75))

    def fields(self, kind: str) -> dict[str, Any]:
        """The fields that a new element of `kind` has of it."""
        found: dict[str, Any] = {"kind": kind, "color": self.color}
        if kind == "text":
            found["size"] = round(self.text_size * EIGHTHS)
        else:
            # A highlighter is a broad thing.
            found["width"] = round(self.width * EIGHTHS * (4 if kind == "highlighter" else 1))
        if self.fill and kind in ("rectangle", "ellipse"):
            found["fill"] = self.fill
        if self.dash and kind in SHAPES:
            found["dash"] = self.dash
        if self.opacity:
            found["opacity"] = self.opacity
        return found


class Hands:
    """All hands of one board. `out` gets what they do; `new_key` makes the key of an element."""

    def __init__(
        self, paper: Paper, out: Callable[[Sequence[Output]], None], new_key: Callable[[], str], style: Style
    ) -> None:
        self.tool = "pen"
        self.style = style
        self.finished: deque[str] = deque(maxlen=64)
        """The hands that ended lately."""
        self._paper = paper
        self._out = out
        self._new_key = new_key
        self._gestures: dict[str, Tool] = {}
        self._selector = Selector(paper.elements, self._fields)

    # --- gestures -----------------------------------------------------------------------------------------

    def begin(
        self,
        hand: str,
        x: float,
        y: float,
        *,
        tool: str,
        style: Style,
        at: float,
        pressure: float | None,
        more: bool,
    ) -> None:
        """A hand touches the paper at (x, y) with a tool; nothing happens where it may not draw, for the status line
        and the greyed tools say why."""
        self.cancel(hand)
        if len(self._gestures) >= MOST_HANDS or not (self._paper.can_draw or tool in HARMLESS):
            return
        if tool == "select" and self._selector in self._gestures.values():
            return  # One hand chooses at a time.
        if tool != "select":
            self.choose_none()
        gesture = self._gestures[hand] = self._take(tool, style)
        self._out(gesture.begin(x, y, key=self._new_key(), at=at, pressure=pressure, more=more))

    def _take(self, tool: str, style: Style) -> Tool:
        page = self._paper.page
        match tool:
            case "eraser":
                return Eraser(ERASER_RADIUS, self._hits)
            case "cutter":
                return Cutter(ERASER_RADIUS, self._hits, self._entry, page)
            case "select":
                return self._selector
            case "laser":
                return Laser(style.color)
            case "highlighter":
                return Pen(style.fields("highlighter"), page)
            case _ if tool in SHAPES:
                return Shape(style.fields(tool), page)
            case _:
                return Pen(style.fields("stroke"), page)

    def motion(self, hand: str, x: float, y: float, *, at: float, pressure: float | None) -> None:
        """It moves on the paper."""
        if (gesture := self._gestures.get(hand)) is not None:
            self._out(gesture.motion(x, y, at=at, pressure=pressure))

    def straighten(self, hand: str, x: float, y: float, *, at: float) -> None:
        """Its stroke is a straight line to (x, y), its shape a plain one."""
        if (gesture := self._gestures.get(hand)) is not None:
            self._out(gesture.straighten(x, y, at=at))

    def end(self, hand: str) -> None:
        """It leaves the paper where it was last."""
        self.finished.append(hand)
        if (gesture := self._gestures.pop(hand, None)) is not None:
            self._out(gesture.lift())

    def cancel(self, hand: str = "") -> None:
        """Its gesture, or everybody's, is not meant."""
        for name in [hand] if hand else list(self._gestures):
            if (gesture := self._gestures.pop(name, None)) is not None:
                self.finished.append(name)
                self._out(gesture.cancel())

    def forget(self, page: str) -> None:
        """A page of the notebook closed: its hands, whose names begin with its own, leave the paper."""
        for hand in [hand for hand in self._gestures if hand.startswith(page)]:
            self.end(hand)

    def again(self) -> None:
        """Tell all that is under way anew, to listeners that know nothing of it."""
        for gesture in self._gestures.values():
            self._out(gesture.again())

    def _hits(self, x: float, y: float, radius: float) -> Sequence[str]:
        return [element.key for element in self._paper.elements() if element.hit(x, y, radius)]

    def _entry(self, key: str) -> tuple[Mapping[str, Any], float]:
        return self._paper.entry(key) or ({}, 0.0)

    def _fields(self, key: str) -> Mapping[str, Any]:
        return self._entry(key)[0]

    # --- what is seen of it -------------------------------------------------------------------------------

    def ink(self, author: str) -> list[tuple[str, Element]]:
        """What is under these hands, each element with its hand."""
        return [
            (hand, element) for hand, gesture in self._gestures.items() for element in gesture.elements(author)
        ]

    def hidden(self) -> set[str]:
        """The keys that are being erased."""
        return {
            key
            for gesture in self._gestures.values()
            if isinstance(gesture, Eraser | Cutter)
            for key in gesture.touched
        }

    def moving(self) -> Mapping[str, tuple[int, int]]:
        """The offsets, in eighths, with which elements that are on their way are shown."""
        return self._selector.offsets

    @property
    def band(self) -> Rect | None:
        """The box that is being drawn around elements."""
        return self._selector.band

    # --- what is chosen -----------------------------------------------------------------------------------

    @property
    def chosen(self) -> tuple[str, ...]:
        """The keys of the chosen elements that are there."""
        return tuple(key for key in self._selector.chosen if self._paper.entry(key) is not None)

    def choose_none(self) -> None:
        self._selector.chosen = ()

    def choose_all(self) -> None:
        self.tool = "select"
        self._selector.chosen = tuple(element.key for element in self._paper.elements())

    def act(self, what: str) -> None:
        """Do to the chosen elements: "delete", "duplicate", "front", "back", or nudge "left", "right", "up", "down"."""
        chosen = self.chosen
        if not chosen or not self._paper.can_draw:
            return
        actions: list[Action] = []
        match what:
            case "delete":
                actions.append(Delete(chosen))
            case "duplicate":
                actions = self._duplicates(chosen)
            case "front":
                actions = [Patch(key, {"place": "front"}) for key in chosen]
            case "back":
                lowest = min(self._entry(element.key)[1] for element in self._paper.elements())
                actions = [
                    Patch(key, {"place": lowest - len(chosen) + number}) for number, key in enumerate(chosen)
                ]
            case "left" | "right" | "up" | "down":
                dx, dy = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}[what]
                for key in chosen:
                    x, y = offset(self._fields(key))
                    actions.append(Patch(key, {"offset": [x + EIGHTHS * dx, y + EIGHTHS * dy]}))
        if actions:
            self._out([Commit(tuple(actions))])

    def _duplicates(self, chosen: Sequence[str]) -> list[Action]:
        made: list[Action] = []
        keys = []
        for key in chosen:
            fields = {
                name: value for name, value in self._fields(key).items() if name not in ("place", "group")
            }
            x, y = offset(fields)
            keys.append(self._new_key())
            made.append(
                Create(keys[-1], {**fields, "offset": [x + DUPLICATE, y + DUPLICATE]}, self._paper.page)
            )
        self._selector.chosen = tuple(keys)
        return made

    def restyle(self, changes: Mapping[str, Any]) -> None:
        """Give the chosen elements other values of some fields of a `Style`, where they have those."""
        given = dict(changes)
        actions: list[Action] = []
        chosen = set(self.chosen)
        for element in self._paper.elements():
            if element.key in chosen and isinstance(element, Mark):
                if "opacity" in changes:
                    given["opacity"] = (changes["opacity"] or element.opaque) / 100
                if fields := restyled(element, **given):
                    actions.append(Patch(element.key, fields))
        if actions and self._paper.can_draw:
            self._out([Commit(tuple(actions))])

    def type_text(self, x: float, y: float, text: str, style: Style) -> None:
        """Put a text on the paper, its upper left corner at (x, y)."""
        if text.strip() and self._paper.can_draw:
            fields = {**style.fields("text"), "at": [round(x * EIGHTHS), round(y * EIGHTHS)], "text": text}
            self._out([Commit((Create(self._new_key(), fields, self._paper.page),))])

    def rewrite(self, key: str, text: str) -> None:
        """Change what a text says; one that says nothing is deleted."""
        if self._fields(key).get("kind") == "text" and self._paper.can_draw:
            self._out([Commit((Patch(key, {"text": text}) if text.strip() else Delete((key,)),))])
