"""The user's functions that are called when something happens, on a worker thread of their own, one after another.

The loop thread only puts calls into a queue, so a slow function delays nobody. One that fails is reported on the
board, and the next one runs all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import queue
import threading
import weakref
from collections.abc import Callable
from contextvars import Context, copy_context

from relay.protocol import Clear, Commit, Record

from ..errors import ArgumentError, ArgumentTypeError
from ..model.elements import Stroke, decode
from .threads import THREADS

NAMES = ("stroke", "delete", "clear", "join", "leave")
MOST_WAITING = 10_000
"""Calls that may wait for a slow function; further ones are dropped, and that is reported."""

Callback = Callable[..., object]
_Calls = queue.Queue[tuple[str, Callback, Context, tuple[object, ...]] | None]


class Callbacks:
    """The functions of one board; `failed` is called, on the worker thread, with a sentence about one that failed."""

    def __init__(self, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self._functions: dict[str, list[tuple[Callback, Context]]] = {}
        self._waiting: _Calls = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None

    def on(self, name: str, function: Callback, context: Context | None = None) -> None:
        """Call `function` in `context` whenever `name` happens, with what it is about. Raises `ArgumentTypeError`."""
        if not callable(function):
            raise ArgumentTypeError(f"give the function that is to be called, not {function!r:.40}")
        each = (function, context or copy_context())
        self._functions[name] = [*self._functions.get(name, ()), each]
        if self._thread is None and THREADS:
            # It ends with the board: it must not be what keeps it.
            weakref.finalize(self, _end, self._waiting)
            arguments = (self._waiting, weakref.WeakMethod(self._report))
            self._thread = threading.Thread(
                target=_work, args=arguments, name="ipysketch-callbacks", daemon=True
            )
            self._thread.start()

    @property
    def any(self) -> bool:
        """Whether there is a function that may be called."""
        return bool(self._functions)

    def _report(self, sentence: str) -> None:
        self._failed(sentence)

    def fire(self, name: str, *what: object) -> None:
        """Queue a call of each function for `name`."""
        for function, context in self._functions.get(name, ()):
            if not THREADS:
                asyncio.get_running_loop().call_soon(_call, self._report, name, function, context, what)
                continue
            try:
                self._waiting.put_nowait((name, function, context, what))
            except queue.Full:
                self._failed(f"your function for {name!r} is too slow: calls were dropped")

    def committed(self, commit: Commit, record: Record) -> None:
        """Queue the calls for what an operation did; elements that no function waits for are not decoded."""
        for touch in record if "stroke" in self._functions else ():
            if touch.before is None and touch.after is not None:
                element = decode(touch.key, touch.after.fields, touch.after.author, commit.seq)
                if isinstance(element, Stroke):
                    self.fire("stroke", element)
        if any(isinstance(change, Clear) for change in commit.changes):
            self.fire("clear", commit.author)
            return
        for touch in record if "delete" in self._functions else ():
            if touch.before is not None and touch.after is None:
                before = touch.before
                if (old := decode(touch.key, before.fields, before.author, before.first[0])) is not None:
                    self.fire("delete", old)


def _call(
    report: Callable[[str], None], name: str, function: Callback, context: Context, what: tuple[object, ...]
) -> None:
    try:
        context.run(function, *what)
    except Exception as error:
        report(_failure(name, error))


def _failure(name: str, error: Exception) -> str:
    return f"your function for {name!r} failed: {type(error).__name__}: {error}"[:300]


def _work(waiting: _Calls, report: weakref.WeakMethod[Callable[[str], None]]) -> None:
    while (call := waiting.get()) is not None:
        name, function, context, what = call
        try:
            context.run(function, *what)
        except Exception as error:
            if (failed := report()) is not None:
                failed(_failure(name, error))
            failed = None
        del call, function, context, what  # What waits for the next call keeps nothing.


def _end(waiting: _Calls) -> None:
    """Let the thread of calls that nobody is there for any more end."""
    with contextlib.suppress(queue.Empty):
        while True:
            waiting.get_nowait()
    waiting.put_nowait(None)


def check(name: str) -> None:
    """Raise `ArgumentError` unless `name` is one of `NAMES`."""
    if name not in NAMES:
        close = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(NAMES)}"
        raise ArgumentError(f"nothing is called {name!r} that a function can be called for; {hint}")
