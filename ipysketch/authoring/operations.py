"""Operations from code: several changes as one, and the handles of what was drawn."""

from __future__ import annotations

import contextlib
import math
import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relay.protocol import Action, Create, Delete, Patch

from .. import arguments
from ..errors import ArgumentError, SketchError
from ..model.connector import followed
from ..model.elements import Element, decode, moved, restyled
from ..model.elements.anchor import bound
from ..model.elements.base import StyledElement
from ..model.elements.fields import column
from ..model.elements.transform import MOST, Linear, composed, encoded, linear
from .fields import style_fields


@dataclass(frozen=True)
class Handle:
    """One element that code drew. Changes are operations, which `Sketch.undo` takes back.

    Attributes:
        key: the name of the element in its room.
    """

    key: str
    _surface: Operations = field(repr=False, compare=False)

    def _ipython_display_(self) -> None:
        """Show nothing below a cell that ends with a handle: what it drew is on the board."""

    @property
    def element(self) -> Element | None:
        """The element as it is now, whoever changed it; None when it was deleted."""
        return self._surface._element(self.key)  # noqa: SLF001  # of this module

    def move(self, dx: float, dy: float) -> Handle:
        """Move the element.

        Args:
            dx: board units to the right.
            dy: board units down.

        Returns:
            This handle.

        Raises:
            SketchError: a distance is not a finite number.
        """
        dx, dy = arguments.number(dx, "dx"), arguments.number(dy, "dy")
        element = self.element
        return self._patch(moved(element, dx, dy)) if isinstance(element, StyledElement) else self

    def restyle(
        self,
        *,
        color: str | None = None,
        width: float | None = None,
        fill: str | None = None,
        dash: str | None = None,
        opacity: float | None = None,
        text: str | None = None,
        size: float | str | None = None,
    ) -> Handle:
        r"""Change the look of the element, or its text. What its kind does not have is ignored.

        Args:
            color: of the line or the type, ``#rrggbb``.
            width: of the line, 0.125 to 200 board units.
            fill: the colour inside a rectangle, an ellipse or an area; "" for none.
            dash: "dashed", "dotted", or "" for a whole line.
            opacity: 0.01 to 1.
            text: of a text, a rectangle or an ellipse: 1 to 10,000 characters, lines parted by ``\n``.
            size: the height of the type, 0.125 to 1,000 board units, or "S", "M", "L" or "XL".

        Returns:
            This handle.

        Raises:
            SketchError: an argument is not one of these.
        """
        style_fields(color, width, fill, dash, opacity)
        high = None if size is None else arguments.size(size)
        fields = {"text": arguments.text(text)} if text is not None else {}
        element = self.element
        if isinstance(element, StyledElement):
            fields |= restyled(
                element, color=color, width=width, opacity=opacity, dash=dash, fill=fill, size=high
            )
        return self._patch(fields) if fields and element is not None else self

    def scale(self, x: float, y: float | None = None) -> Handle:
        """Enlarge the element about its middle, a text about its upper left corner. Lines keep their width.

        Args:
            x: the factor of its width; below 0 flips it.
            y: the factor of its height; None is that of its width.

        Returns:
            This handle.

        Raises:
            SketchError: a factor is not a finite number, or is 0.
        """
        x = arguments.number(x, "x")
        y = x if y is None else arguments.number(y, "y")
        if not x or not y:
            raise ArgumentError("a factor of 0 would leave nothing to see; delete the element instead")
        return self._transform((x, 0.0, 0.0, y))

    def rotate(self, degrees: float) -> Handle:
        """Turn the element about its middle (a text about its upper left corner).

        Args:
            degrees: clockwise.

        Returns:
            This handle.

        Raises:
            SketchError: `degrees` is not a finite number.
        """
        angle = math.radians(arguments.number(degrees, "degrees"))
        return self._transform((math.cos(angle), math.sin(angle), -math.sin(angle), math.cos(angle)))

    def _transform(self, matrix: Linear) -> Handle:
        fields = self._surface._fields(self.key)  # of this module
        if fields is None:
            return self
        before = linear(column(fields.get("transform"), -MOST, MOST))
        return self._patch({"transform": encoded(composed(matrix, before))})

    def lock(self, locked: bool = True) -> Handle:
        """Have hands leave the element as it is, or not any more; code changes it all the same.

        Returns:
            This handle.
        """
        return self._patch({"lock": True if locked else None})

    def front(self) -> Handle:
        """Put the element over everything else, and return this handle."""
        return self._patch({"place": "front"})

    def back(self) -> Handle:
        """Put the element under everything else, and return this handle."""
        return self._patch({"place": self._surface._lowest_place() - 1})  # noqa: SLF001  # of this module

    def delete(self) -> None:
        """Delete the element; do nothing when it is deleted already."""
        self._surface._do([Delete((self.key,))])  # noqa: SLF001  # of this module

    def _patch(self, fields: dict[str, Any]) -> Handle:
        self._surface._do([Patch(self.key, fields)])  # noqa: SLF001  # of this module
        return self


@dataclass
class Batch:
    """The actions that are to become one operation. `group` marks the elements that it creates."""

    group: str = ""
    actions: list[Action] = field(default_factory=list)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The elements of `actions` as they will be, by key."""

    def add(self, actions: Sequence[Action], before: Mapping[str, Any] | None = None) -> None:
        """Add `actions`; `before` are the fields that a patched element has outside of this batch."""
        for action in actions:
            match action:
                case Create(key=key, fields=fields):
                    self.fields[key] = dict(fields)
                case Patch(key=key, fields=fields):
                    self.fields[key] = {**(self.fields.get(key) or before or {}), **fields}
                case Delete(keys=keys):
                    for key in keys:
                        self.fields.pop(key, None)
            self.actions.append(action)


class Operations(ABC):
    """Commits what code does, at once or in a batch. A batch belongs to the thread that began it."""

    def __init__(self) -> None:
        super().__init__()
        self._local = threading.local()

    @abstractmethod
    def _submit(self, actions: Sequence[Action]) -> None:
        """Commit `actions` as one operation; raise `SketchError` when one of them is too large."""

    @abstractmethod
    def _lowest_place(self) -> float:
        """Return the place of the lowest element on the page."""

    @abstractmethod
    def _entry_fields(self, key: str) -> Mapping[str, Any] | None:
        """Return the fields of an element, or None when there is none of this key."""

    @abstractmethod
    def _own_group(self, group: str) -> tuple[str, ...]:
        """Return the keys of this user's elements that were drawn together as `group`."""

    @abstractmethod
    def _pen_color(self) -> str:
        """Return the colour for elements that are drawn without one."""

    @abstractmethod
    def _page(self) -> str:
        """Return the key of the page that is shown."""

    # --- several at a time --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Make one operation of everything that the block draws and changes; `undo` takes it back as one.

        When an exception leaves the block, nothing is drawn. What is more than a relay takes at once goes out in parts.

        Raises:
            SketchError: a batch is open on this thread, or one element is larger than the relay takes.
        """
        with self._collect(Batch()):
            yield

    @contextlib.contextmanager
    def group(self, name: str) -> Iterator[None]:
        """Draw a group as one operation, in place of what this user drew before as the group of the same name.

        Args:
            name: 1 to 64 characters.

        Raises:
            SketchError: the name is not allowed, a batch is open on this thread, or one element is larger than the
                relay takes.
        """
        batch = Batch(arguments.group(name))
        if old := self._own_group(name):
            batch.add([Delete(old)])
        with self._collect(batch):
            yield

    @contextlib.contextmanager
    def _collect(self, batch: Batch) -> Iterator[None]:
        if self._batch is not None:
            raise SketchError("a batch is open on this thread already; end it first")
        self._local.batch = batch
        try:
            yield
        finally:
            self._local.batch = None
        if batch.actions:
            self._submit(batch.actions)

    @property
    def _batch(self) -> Batch | None:
        return getattr(self._local, "batch", None)

    def _do(self, actions: Sequence[Action]) -> None:
        if (batch := self._batch) is None:
            self._submit(actions)
            return
        for action in actions:
            batch.add([action], self._entry_fields(action.key) if isinstance(action, Patch) else None)

    def _fields(self, key: str) -> Mapping[str, Any] | None:
        batch = self._batch
        fields = batch.fields.get(key) if batch is not None else None
        return fields if fields is not None else self._entry_fields(key)

    def _element(self, key: str) -> Element | None:
        fields = self._fields(key)
        if fields is None:
            return None
        return decode(key, followed(fields, self._element) if bound(fields) else fields)

    def _create(self, fields: dict[str, Any]) -> Handle:
        batch = self._batch
        if batch is not None and batch.group:
            fields["group"] = batch.group
        key = secrets.token_hex(8)
        if decode(key, fields) is None:
            raise ArgumentError(
                f"that {fields['kind']} cannot be: some of it lies too far out, or is too large"
            )
        self._do([Create(key, fields, self._page())])
        return Handle(key, self)
