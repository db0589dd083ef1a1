"""What users want to be told: their functions run on a worker thread of their own, one after another.

The loop thread only puts what happened into a queue, so a slow function delays nobody; one that fails is told of,
and the next one runs all the same.
"""

from __future__ import annotations

import difflib
import queue
import threading
from collections.abc import Callable

from .errors import SketchError

NAMES = ("stroke", "delete", "clear", "join", "leave")
MOST_WAITING = 10_000
"""Calls that may wait for a slow function; further ones are dropped, and that is told."""

Callback = Callable[..., object]


class Callbacks:
    """The functions of one board; `failed` is called, on the worker thread, with a sentence about one that failed."""

    def __init__(self, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self._functions: dict[str, list[Callback]] = {}
        self._waiting: queue.Queue[tuple[str, Callback, tuple[object, ...]]] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None

    def on(self, name: str, function: Callback) -> None:
        """Call `function` with what happened whenever `name` does; from any thread. Raises `SketchError`."""
        if not callable(function):
            raise SketchError("give the function that is to be called")
        self._functions[name] = [*self._functions.get(name, ()), function]
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="ipysketch-callbacks", daemon=True)
            self._thread.start()

    def fire(self, name: str, *what: object) -> None:
        """`name` happened; on the loop thread."""
        for function in self._functions.get(name, ()):
            try:
                self._waiting.put_nowait((name, function, what))
            except queue.Full:
                self._failed(f"your function for {name!r} is too slow: calls were dropped")

    def _work(self) -> None:
        while True:
            name, function, what = self._waiting.get()
            try:
                function(*what)
            except Exception as error:
                self._failed(f"your function for {name!r} failed: {type(error).__name__}: {error}"[:300])


def check(name: str) -> None:
    """Raise `SketchError` unless there is something of that name to be told of."""
    if name not in NAMES:
        close = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(NAMES)}"
        raise SketchError(f"there is no {name!r} to be told of; {hint}")
