"""Functions of the user that a board calls, and named events."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

from relay.protocol import Event, RemoteError, decode_event

from ..client.callbacks import Callback, check
from ..client.view import Person
from ..errors import ArgumentError
from .state import State


class Events(State):
    """The callbacks of one board, and the events that it sends."""

    def on(self, name: str, function: Callback | None = None) -> Callable[[Callback], Callback]:
        """Call a function whenever something happens, once the relay has it, whoever did it: ``@board.on("stroke")``.

        Functions run one after another on a thread of their own; an error of one is shown on the board.

        Args:
            name: "stroke" (the function gets the new `Stroke`), "delete" (the element that was deleted), "clear" (the
                author who cleared a page), "join" or "leave" (the `Person`).
            function: the function; None to decorate one.

        Returns:
            A decorator, which returns its function.

        Raises:
            SketchError: there is no such name, or `function` cannot be called.
        """
        check(name)
        return self._register(name, function)

    def on_event(self, name: str, function: Callback | None = None) -> Callable[[Callback], Callback]:
        """Call a function whenever an event arrives that somebody sent by `emit`: ``@board.on_event("mouse")``.

        It runs as the functions of `on` do.

        Args:
            name: of the events.
            function: the function; None to decorate one. It gets the data, and the `Person` who sent it; None for the
                relay itself.

        Returns:
            A decorator, which returns its function.

        Raises:
            SketchError: `function` cannot be called.
        """
        return self._register(f"event {name}", function)

    def _register(self, name: str, function: Callback | None) -> Callable[[Callback], Callback]:
        def register(function: Callback) -> Callback:
            # What it prints belongs below the cell that registers it.
            context = contextvars.copy_context()
            self._session.call(lambda session: session.callbacks.on(name, function, context))
            return function

        if function is not None:
            register(function)
        return register

    def emit(self, name: str, data: Any = None, to: str | Person = "others") -> None:
        """Send a named event. Nobody keeps it: only those who are connected receive it.

        Args:
            name: of the event.
            data: anything that JSON can express.
            to: "others", "all" (this user too), or one `Person`.

        Raises:
            SketchError: an argument is not allowed, or the board is not connected.
        """
        try:
            event = decode_event(Event(name, data, to.peer if isinstance(to, Person) else to))
        except RemoteError as bad:
            raise ArgumentError(bad.reason, bad.code) from None
        self._session.call(lambda session: session.outbox.emit(event))
