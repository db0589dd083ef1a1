"""What an operator's own Python does with the named events of a room: see, change, rename, drop or answer each.

A plugin is a function that is given one `Passing` at a time and changes it in place. Each runs on a thread of its own,
so a slow one delays events and nothing else: operations and presence never come here. One that raises changes nothing;
one that takes too long is disabled, and its thread left to itself, for nothing can end it.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import importlib
import importlib.util
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .logs import event
from .protocol import Bad, Event, check_event

MAX_WAITING = 1_000
"""Events that may wait for the plugins; further ones are refused."""


@dataclass
class Passing:
    """One event on its way. `room` and `sender` (a name) say where and who, `peer` is the sender's id; `name`, `data`
    (JSON) and `to` ("others", "all" or a peer's id) may be changed."""

    room: str
    peer: str
    sender: str
    name: str
    data: Any = None
    to: str = "others"
    answers: list[tuple[str, Any]] = field(default_factory=list)
    dropped: bool = False

    def drop(self) -> None:
        """Let nobody hear it."""
        self.dropped = True

    def answer(self, name: str, data: Any = None) -> None:
        """Say something to its sender alone, who hears it from the peer ``""``, the relay."""
        self.answers.append((name, data))


Plugin = Callable[[Passing], object]


def _parts(name: str) -> tuple[str, str]:
    module, colon, function = name.partition(":")
    if not (module and colon and function):
        raise ValueError(f"{name!r} names no plugin; say it as module:function")
    if (here := os.getcwd()) not in sys.path:
        sys.path.insert(0, here)
    return module, function


def plugin_folder(name: str) -> Path:
    """Where the file of the plugin ``module:function`` is; raises ValueError with a sentence."""
    module, _ = _parts(name)
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError) as error:
        raise ValueError(f"the plugin {name} cannot be found: {error}") from None
    if found is None or found.origin is None:
        raise ValueError(f"the plugin {name} cannot be found: there is no module {module}")
    return Path(found.origin).parent


def load_plugin(name: str) -> Plugin:
    """The function ``module:function``, looked for in the working directory too; raises ValueError with a sentence."""
    module, function = _parts(name)
    try:
        found: object = importlib.import_module(module)
        for part in function.split("."):
            found = getattr(found, part)
    except Exception as error:
        raise ValueError(f"the plugin {name} cannot be loaded: {type(error).__name__}: {error}") from None
    if not callable(found):
        raise ValueError(f"the plugin {name} is no function")
    return found


class Plugins:
    """Passes events through `functions`, in order; each has `seconds` for one event."""

    def __init__(self, functions: Sequence[Plugin], *, seconds: float, log: logging.Logger) -> None:
        self._seconds = seconds
        self._log = log
        self._workers = [_Worker(function) for function in functions]
        self._waiting: asyncio.Queue[tuple[Passing, Callable[[Passing], None]]] = asyncio.Queue(MAX_WAITING)
        self._task: asyncio.Task[None] | None = None

    def __bool__(self) -> bool:
        return bool(self._workers)

    def start(self) -> None:
        """Begin to pass events."""
        if self._workers:
            self._task = asyncio.create_task(self._pass())

    def close(self) -> None:
        """What still waits is not passed on any more."""
        if self._task is not None:
            self._task.cancel()
        for worker in self._workers:
            worker.close()

    def offer(self, passing: Passing, done: Callable[[Passing], None]) -> None:
        """Call `done` with what the plugins made of it, later, in the order of the offers; raises `Bad`."""
        try:
            self._waiting.put_nowait((passing, done))
        except asyncio.QueueFull:
            raise Bad(
                "too-many-events", "events came faster than they could be passed on; send fewer"
            ) from None

    async def _pass(self) -> None:
        while True:
            passing, done = await self._waiting.get()
            for worker in list(self._workers):
                passing = await self._ask(worker, passing)
                if passing.dropped:
                    break
            done(passing)

    async def _ask(self, worker: _Worker, passing: Passing) -> Passing:
        given = copy.deepcopy(passing)
        try:
            async with asyncio.timeout(self._seconds):
                await worker.ask(given)
            return _checked(given)
        except TimeoutError:
            self._workers.remove(worker)
            worker.close()
            reason = f"took longer than {self._seconds:g} s and is disabled until the relay restarts"
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        event(self._log, logging.ERROR, "plugin", plugin=worker.name, event=passing.name, reason=reason[:300])
        return passing


def _checked(passing: Passing) -> Passing:
    """`passing` as it can be sent; raises `Bad` or TypeError when it cannot."""
    said = check_event(Event(passing.name, passing.data, passing.to))
    passing.data = said.data
    passing.answers = [(name, check_event(Event(name, data)).data) for name, data in passing.answers]
    return passing


class _Worker:
    """A plugin and its thread."""

    def __init__(self, function: Plugin) -> None:
        self.name = getattr(function, "__qualname__", repr(function))
        self._function = function
        self._given: queue.SimpleQueue[tuple[Passing, asyncio.Future[None]] | None] = queue.SimpleQueue()
        threading.Thread(target=self._work, name=f"plugin {self.name}", daemon=True).start()

    def ask(self, passing: Passing) -> asyncio.Future[None]:
        """Resolved once the function returned; fails as it failed."""
        future = asyncio.get_running_loop().create_future()
        self._given.put((passing, future))
        return future

    def close(self) -> None:
        self._given.put(None)

    def _work(self) -> None:
        while (given := self._given.get()) is not None:
            passing, future = given
            error: BaseException | None = None
            try:
                self._function(passing)
            except BaseException as raised:  # SystemExit ends no relay either.
                error = raised
            with contextlib.suppress(RuntimeError):  # The relay has stopped meanwhile.
                future.get_loop().call_soon_threadsafe(_settle, future, error)


def _settle(future: asyncio.Future[None], error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(RuntimeError(f"{type(error).__name__}: {error}"))
