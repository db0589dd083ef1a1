"""A board as a widget like others: a child of boxes, with `layout`, and traits to observe and link.

A trait here is no copy of the board's state: reading it asks the board. What changes by other hands is told on the
thread that observes it, between cells, as ipywidgets tells what a page changes. None of it is sent to pages.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from contextvars import copy_context
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython
from ipywidgets import VBox, Widget
from traitlets import All, TraitType

from ..client.view import BoardState, Person

if TYPE_CHECKING:
    from ..client.loop_thread import OnLoop
    from ..client.session import Session
    from .board import BoardWidget


class Live(TraitType[Any, Any]):
    """A trait whose value is that of a property, which is read each time."""

    def __init__(self, state: property) -> None:
        super().__init__(allow_none=True, read_only=state.fset is None, help=state.__doc__ or "")
        self._state = state

    def get(self, obj: Any, cls: Any = None) -> Any:  # noqa: ARG002  # the base class has it
        """Return the value; while its observers are called, the one that they are told of: a link compares the two."""
        return obj.told[self.name] if self.name in obj.told else self.read(obj)

    def read(self, board: Any) -> Any:
        """Return the value of the property, whatever is being told."""
        assert self._state.fget is not None
        return self._state.fget(board)

    def set(self, obj: Any, value: Any) -> None:
        """Set the property, and tell its observers at once."""
        assert self._state.fset is not None
        obj.told.pop(self.name, None)
        self._state.fset(obj, value)
        obj.tell()


class BoardTraits(VBox):
    """The widget's side of a board; `ipysketch.board` joins it with the board's own.

    Nothing is opened towards pages until somebody shows the board: one that nobody shows can be garbage.
    """

    _session: OnLoop[Session]
    children: tuple[Widget, ...]
    _watch: _Watch | None = None

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}
        """What observers are being told, by trait."""
        self._model_id = None
        # Past `Widget`, which opens the model, and tells libraries that it is there.
        super(Widget, self).__init__()
        self.add_class("ipysketch-sketch")

    # --- showing ------------------------------------------------------------------------------------------

    @property
    def widget(self) -> BoardWidget:
        """The widget that this one shows."""
        raise NotImplementedError

    def open(self) -> None:
        """Open nothing yet: see `come_up`."""

    def come_up(self) -> None:
        """Open the model towards pages, unless it is open."""
        if self.children != (self.widget,):
            self.children = (self.widget,)
        if self.comm is None:
            self.__dict__.pop("_repr_mimebundle_", None)  # A closed widget has none.
            Widget._call_widget_constructed(self)  # noqa: SLF001  # as its own constructor does
            super().open()

    @property
    def model_id(self) -> str:
        """The id of the model, by which boxes name their children."""
        self.come_up()
        return str(super().model_id)

    def close(self) -> None:
        """Take the board out of every page that shows it; it stays in its room, and can be shown again."""
        if self.comm is not None:
            parts = self.children
            super().close()
            for part in parts:
                part.close_parts()

    # --- observing ----------------------------------------------------------------------------------------

    def observe(self, handler: Callable[..., Any], names: Any = All, type: Any = "change") -> None:
        """Call `handler` with each change of the traits `names`: see `HasTraits.observe`.

        What others change, or a page, is told between cells, on the thread that observes first; the latest of several
        changes is told.
        """
        super().observe(handler, names, type)
        named = {names} if isinstance(names, str) else self.traits() if names is All else set(names)
        live = [name for name in named if isinstance(self.traits().get(name), Live)]
        if not live:
            return
        if self._watch is None:
            self._watch = watch = _Watch(self, self._session.object)
            self._session.call(lambda session: session.presenter.attach(watch))
        self._watch.begin(live)

    def tell(self) -> None:
        """Tell observers what has changed since they were told, on the caller's thread."""
        if self._watch is None:
            return
        for name, old, new in self._watch.changes():
            self.told[name] = new
            try:
                self._notify_trait(name, old, new)
            finally:
                self.told.pop(name, None)


class _Watch:
    """What the observers of one board were told last; as a view of the board it notices that there is more."""

    def __init__(self, board: BoardTraits, session: Session) -> None:
        self._board, self._session = board, session
        self._last: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._seen: object = None
        self._due = False
        self._context = copy_context()
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None  # A script: told on the thread of callbacks.

    def _read(self, name: str) -> Any:
        trait = self._board.traits()[name]
        assert isinstance(trait, Live)
        return trait.read(self._board)

    def begin(self, names: Iterable[str]) -> None:
        """Have these traits watched too, from what they are now."""
        with self._lock:
            for name in names:
                if name not in self._last:
                    self._last[name] = self._read(name)

    def changes(self) -> list[tuple[str, Any, Any]]:
        """Return what has changed since this was called last: each trait's name, what it was and what it is."""
        changed = []
        with self._lock:
            for name, old in self._last.items():
                if _compared(name, new := self._read(name)) != _compared(name, old):
                    changed.append((name, old, new))
                    self._last[name] = new
        return changed

    # --- on the loop thread -------------------------------------------------------------------------------

    def show(self, state: BoardState) -> bool:
        """Notice that something may have changed."""
        people, sync = _compared("people", state.people), self._session.sync
        seen = (
            *(state.tool, state.style.color, state.page, state.pages),
            *(people, sync.document.seq, sync.version),
        )
        if seen != self._seen:
            self._seen = seen
            if not self._due:
                self._due = True
                self._schedule()
        return True

    def _schedule(self) -> None:
        if self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(self._tell, context=self._context)
                return
            except RuntimeError:
                self._loop = None  # It is closed, as that of a subshell that ended.
        name = "observe"
        if not self._fallback:
            self._fallback = True
            self._session.callbacks.on(name, self._tell, self._context)
        self._session.callbacks.fire(name)

    _fallback = False

    # --- on the thread that observes ----------------------------------------------------------------------

    def _tell(self) -> None:
        # What comes from here on is told next time, even what makes it as it was when this was asked for.
        self._due, self._seen = False, None
        try:
            self._board.tell()
        except Exception:
            # It is the observer's, and nobody waits for it.
            shell = get_ipython()
            if shell is not None:
                shell.showtraceback()
            else:
                traceback.print_exc(file=sys.stderr)


def _compared(name: str, value: Any) -> Any:
    """Return what of a value makes a change: people move their cursors all the time."""
    if name != "people":
        return value
    people: tuple[Person, ...] = value
    return tuple([replace(person, cursor=None) for person in people])
