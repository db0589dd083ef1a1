"""What code draws: the same elements that hands draw, with handles that change them, several at a time if need be.

Every method checks its arguments first and raises `SketchError`, with nothing drawn, when one cannot be. Coordinates
and lengths are board units, colours ``#rrggbb``; see docs/elements.md for what the elements are.
"""

from __future__ import annotations

import contextlib
import math
import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from relay.protocol import Action, Create, Delete, Operate, Patch, encode

from . import given
from .elements import Element, decode, moved, restyled
from .elements.fields import EIGHTHS, eighths, flat
from .elements.line import MAX_CORNERS
from .elements.mark import Mark
from .errors import SketchError

if TYPE_CHECKING:
    from .geometry import Points

MOST_ACTIONS = 4_096
LARGEST = 900_000
"""Bytes of one operation; a frame has a little more."""


@dataclass(frozen=True)
class Handle:
    """One element that code drew, known by its `key`; what was done to it since, by anybody, is in `element`."""

    key: str
    _drawing: Drawing = field(repr=False, compare=False)

    @property
    def element(self) -> Element | None:
        """The element as it is now; None when it is gone."""
        fields = self._drawing._fields(self.key)
        return decode(self.key, fields) if fields is not None else None

    def move(self, dx: float, dy: float) -> Handle:
        """Move it by (dx, dy)."""
        dx, dy = _number(dx, "dx"), _number(dy, "dy")
        element = self.element
        return self._patch(moved(element, dx, dy)) if isinstance(element, Mark) else self

    def restyle(
        self,
        *,
        color: str | None = None,
        width: float | None = None,
        fill: str | None = None,
        dash: str | None = None,
        opacity: float | None = None,
        text: str | None = None,
        size: float | None = None,
    ) -> Handle:
        """Give it another look, or another text; what is left out stays. `fill` and `dash` "" take them away."""
        _style(color, width, fill, dash, opacity)
        if size is not None:
            given.size(size)
        fields = {"text": given.text(text)} if text is not None else {}
        element = self.element
        if isinstance(element, Mark):
            fields |= restyled(
                element, color=color, width=width, opacity=opacity, dash=dash, fill=fill, size=size
            )
        return self._patch(fields) if fields and element is not None else self

    def front(self) -> Handle:
        """Put it over everything else."""
        return self._patch({"place": "front"})

    def delete(self) -> None:
        """Take it away; nothing happens when it is gone."""
        self._drawing._do([Delete((self.key,))])

    def _patch(self, fields: dict[str, Any]) -> Handle:
        self._drawing._do([Patch(self.key, fields)])
        return self


@dataclass
class _Batch:
    """What is to become one operation; `group` marks what it creates."""

    group: str = ""
    actions: list[Action] = field(default_factory=list)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, actions: Sequence[Action], known: Mapping[str, Any] | None = None) -> None:
        for action in actions:
            match action:
                case Create(key=key, fields=fields):
                    self.fields[key] = dict(fields)
                case Patch(key=key, fields=fields):
                    self.fields[key] = {**(self.fields.get(key) or known or {}), **fields}
                case Delete(keys=keys):
                    for key in keys:
                        self.fields.pop(key, None)
            self.actions.append(action)


class Drawing(ABC):
    """A board as code draws on it. Usable from any thread; a batch belongs to the thread that began it."""

    def __init__(self) -> None:
        self._local = threading.local()

    @abstractmethod
    def _submit(self, actions: Sequence[Action]) -> None:
        """Do `actions` as one operation."""

    @abstractmethod
    def _entry_fields(self, key: str) -> Mapping[str, Any] | None:
        """The fields of a living element."""

    @abstractmethod
    def _own_group(self, group: str) -> tuple[str, ...]:
        """The keys of my elements that were drawn together as `group`."""

    @abstractmethod
    def _pen_color(self) -> str:
        """The colour where none is given."""

    @abstractmethod
    def _page(self) -> str:
        """The key of the page that is turned to."""

    # --- elements -----------------------------------------------------------------------------------------

    def stroke(
        self,
        points: ArrayLike,
        *,
        color: str | None = None,
        width: float = 4.0,
        opacity: float | None = None,
        t: ArrayLike | None = None,
        pressure: ArrayLike | None = None,
    ) -> Handle:
        """Draw a smooth stroke through `points`, shape (n, 2), `width` units wide. `t`, shape (n,), are seconds that do
        not go back, `pressure`, shape (n,), goes from 0 to 1."""
        array = given.points(points)
        fields = self._styled("stroke", color, width, opacity=opacity)
        fields["points"] = _flat(array)
        if t is not None:
            times = _column(t, len(array), "t")
            if (np.diff(times) < 0).any():
                raise SketchError("t must not go back in time")
            fields["times"] = np.diff(np.rint(1000 * (times - times[0])), prepend=0).astype(int).tolist()
        if pressure is not None:
            pressed = _column(pressure, len(array), "pressure")
            if pressed.min() < 0 or pressed.max() > 1:
                raise SketchError("pressure must lie between 0 and 1")
            fields["pressure"] = np.rint(255 * pressed).astype(int).tolist()
        return self._create(fields)

    def highlight(self, points: ArrayLike, *, color: str | None = None, width: float = 16.0) -> Handle:
        """Draw a broad, translucent stroke through `points`, shape (n, 2)."""
        fields = self._styled("highlighter", color, width)
        return self._create({**fields, "points": _flat(given.points(points))})

    def line(
        self,
        points: ArrayLike,
        *,
        color: str | None = None,
        width: float = 4.0,
        dash: str = "",
        opacity: float | None = None,
    ) -> Handle:
        """Draw straight lines from each of `points`, shape (n ≥ 2, 2), to the next; `dash` "dashed" or "dotted"."""
        fields = self._styled("line", color, width, dash=dash, opacity=opacity)
        return self._create({**fields, "points": _flat(given.points(points, least=2, most=MAX_CORNERS))})

    def arrow(
        self,
        points: ArrayLike,
        *,
        color: str | None = None,
        width: float = 4.0,
        dash: str = "",
        opacity: float | None = None,
    ) -> Handle:
        """Draw as `line` does, with a head at the last point."""
        fields = self._styled("arrow", color, width, dash=dash, opacity=opacity)
        return self._create({**fields, "points": _flat(given.points(points, least=2, most=MAX_CORNERS))})

    def rect(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        *,
        color: str | None = None,
        width: float = 4.0,
        fill: str = "",
        dash: str = "",
        opacity: float | None = None,
    ) -> Handle:
        """Draw a rectangle of `w` × `h` units, its upper left corner at (x, y), with a line `width` units wide."""
        fields = self._styled("rectangle", color, width, fill=fill, dash=dash, opacity=opacity)
        return self._create({**fields, "box": _box(x, y, w, h)})

    def ellipse(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        *,
        color: str | None = None,
        width: float = 4.0,
        fill: str = "",
        dash: str = "",
        opacity: float | None = None,
    ) -> Handle:
        """Draw the ellipse inside the rectangle of the same arguments."""
        fields = self._styled("ellipse", color, width, fill=fill, dash=dash, opacity=opacity)
        return self._create({**fields, "box": _box(x, y, w, h)})

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 24.0,
        color: str | None = None,
        opacity: float | None = None,
    ) -> Handle:
        r"""Write `text`, its upper left corner at (x, y), `size` units high; lines are parted by ``\n``."""
        fields: dict[str, Any] = {
            "kind": "text",
            **_style(color or self._pen_color(), None, None, None, opacity),
        }
        [(left, top)] = given.points([(x, y)]).tolist()
        fields |= {
            "at": _eighths([left, top]),
            "text": given.text(text),
            "size": round(given.size(size) * EIGHTHS),
        }
        return self._create(fields)

    def image(
        self,
        source: object,
        x: float = 0.0,
        y: float = 0.0,
        w: float | None = None,
        h: float | None = None,
        *,
        opacity: float | None = None,
    ) -> Handle:
        """Put a picture on the board, its upper left corner at (x, y), `w` units wide and `h` high; left out, they keep
        its proportions. `source` is a PNG or JPEG as bytes or a path, an array (height, width[, 3 or 4]), an image of
        Pillow, or a figure of matplotlib; a large one is made smaller."""
        from .pictures import image_fields

        fields = image_fields(source, (x, y, w, h if w is not None or h is not None else None))
        return self._create({**fields, **_style(None, None, None, None, opacity)})

    def plot(
        self, figure: object, x: float = 0.0, y: float = 0.0, w: float | None = 640.0, h: float | None = None
    ) -> Handle:
        """Put a figure of matplotlib on the board, as `image` does."""
        if not hasattr(figure, "savefig"):
            raise SketchError("plot takes a figure of matplotlib; for other pictures there is board.image")
        return self.image(figure, x, y, w, h)

    # --- several at a time --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Make all that is drawn and changed within one operation, which `undo` takes back as one; nothing of it
        happens when an exception leaves the block."""
        with self._collect(_Batch()):
            yield

    @contextlib.contextmanager
    def group(self, name: str) -> Iterator[None]:
        """Draw one group: as `batch`, in place of what I drew as the group `name` before."""
        if not isinstance(name, str) or not 0 < len(name) <= 64:
            raise SketchError("a group's name must have 1 to 64 characters")
        batch = _Batch(name)
        if old := self._own_group(name):
            batch.add([Delete(old)])
        with self._collect(batch):
            yield

    @contextlib.contextmanager
    def _collect(self, batch: _Batch) -> Iterator[None]:
        if self._batch is not None:
            raise SketchError("a batch is under way here already; end it first")
        self._local.batch = batch
        try:
            yield
        finally:
            self._local.batch = None
        if batch.actions:
            self._checked_submit(batch.actions)

    @property
    def _batch(self) -> _Batch | None:
        return getattr(self._local, "batch", None)

    def _do(self, actions: Sequence[Action]) -> None:
        if (batch := self._batch) is None:
            self._checked_submit(actions)
            return
        for action in actions:
            batch.add([action], self._entry_fields(action.key) if isinstance(action, Patch) else None)

    def _checked_submit(self, actions: Sequence[Action]) -> None:
        if len(actions) > MOST_ACTIONS:
            raise SketchError(
                f"{len(actions)} changes are more than one operation may have ({MOST_ACTIONS}); make several"
            )
        if (size := len(encode([Operate(1, tuple(actions))]))) > LARGEST:
            raise SketchError(
                f"{size} bytes are more than one operation may have ({LARGEST}); draw less at a time"
            )
        self._submit(actions)

    def _fields(self, key: str) -> Mapping[str, Any] | None:
        batch = self._batch
        found = batch.fields.get(key) if batch is not None else None
        return found if found is not None else self._entry_fields(key)

    def _create(self, fields: dict[str, Any]) -> Handle:
        batch = self._batch
        if batch is not None and batch.group:
            fields["group"] = batch.group
        key = secrets.token_hex(8)
        if decode(key, fields) is None:
            raise SketchError(f"that {fields['kind']} cannot be: some of it lies too far out, or is too large")
        self._do([Create(key, fields, self._page())])
        return Handle(key, self)

    def _styled(
        self,
        kind: str,
        color: str | None,
        width: float,
        *,
        fill: str = "",
        dash: str = "",
        opacity: float | None = None,
    ) -> dict[str, Any]:
        fields = _style(color or self._pen_color(), width, fill, dash, opacity)
        return {"kind": kind, **{name: value for name, value in fields.items() if value is not None}}


# --- arguments -------------------------------------------------------------------------------------------


def _style(
    color: str | None, width: float | None, fill: str | None, dash: str | None, opacity: float | None
) -> dict[str, Any]:
    """Those of them that are given, as fields; None takes one away."""
    fields: dict[str, Any] = {}
    if color is not None:
        fields["color"] = given.color(color)
    if fill is not None:
        fields["fill"] = given.color(fill) if fill else None
    if width is not None:
        fields["width"] = round(given.width(width) * EIGHTHS)
    if dash is not None:
        fields["dash"] = given.dash(dash) or None
    if opacity is not None:
        fields["opacity"] = round(100 * given.opacity(opacity))
    return fields


def _number(value: object, name: str) -> float:
    if not isinstance(value, int | float | np.number) or not math.isfinite(value):
        raise SketchError(f"{name} must be a finite number, not {value!r:.40}")
    return float(value)


def _box(x: float, y: float, w: float, h: float) -> list[int]:
    found = given.box((x, y, w, h))
    return _eighths([found.x0, found.y0, found.x1 - found.x0, found.y1 - found.y0])


def _eighths(values: Sequence[float]) -> list[int]:
    return [round(value * EIGHTHS) for value in values]


def _column(values: ArrayLike, count: int, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise SketchError(f"{name} must be numbers, one for each point") from None
    if array.shape != (count,) or not np.isfinite(array).all():
        raise SketchError(f"{name} must be a finite number for each of the {count} points")
    return array


def _flat(array: Points) -> list[int]:
    return flat(eighths(array))
