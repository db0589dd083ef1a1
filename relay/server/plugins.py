"""Plugins: an operator's own Python sees, changes, renames, drops or answers the named events of a room.

A plugin is a function that is called with one `PluginEvent` at a time and changes it in place. Each runs on a thread of
its own, so a slow one delays events and nothing else: operations and presence never come here. One that raises changes
nothing; one that takes too long is disabled, and its thread left to itself, for nothing can end it.
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

from ..observability.event_log import event
from ..protocol import Event, RemoteError, decode_event

MAX_WAITING = 1_000
"""Events that may wait for the plugins; further ones are refused."""


@dataclass
class PluginEvent:
    """One event on its way.

    `room` and `sender` (a name) say where and who, `peer` is the sender's id; `name`, `data` (JSON) and `to`
    ("others", "all" or a peer's id) may be changed.
    """

    room: str
    peer: str
    sender: str
    name: str
    data: Any = None
    to: str = "others"
    answers: list[tuple[str, Any]] = field(default_factory=list)
    dropped: bool = False

    def drop(self) -> None:
        """Forward it to nobody."""
        self.dropped = True

    def answer(self, name: str, data: Any = None) -> None:
        """Send an event to its sender alone, from the peer ``""``, the relay."""
        self.answers.append((name, data))


Plugin = Callable[[PluginEvent], object]


def _parts(name: str) -> tuple[str, str]:
    module, colon, function = name.partition(":")
    if not (module and colon and function):
        raise ValueError(f"{name!r} names no plugin; write it as module:function")
    if (here := os.getcwd()) not in sys.path:
        sys.path.insert(0, here)
    return module, function


def plugin_folder(name: str) -> Path:
    """Return the folder of the plugin ``module:function``; raises ValueError with a sentence."""
    module, _ = _parts(name)
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError) as error:
        raise ValueError(f"the plugin {name} cannot be found: {error}") from None
    if spec is None or spec.origin is None:
        raise ValueError(f"the plugin {name} cannot be found: there is no module {module}")
    return Path(spec.origin).parent


def load_plugin(name: str) -> Plugin:
    """Return the function ``module:function``, also of the working directory; raises ValueError with a sentence."""
    module, function = _parts(name)
    try:
        plugin: object = importlib.import_module(module)
        for part in function.split("."):
            plugin = getattr(plugin, part)
    except Exception as error:
        raise ValueError(f"the plugin {name} cannot be loaded: {type(error).__name__}: {error}") from None
    if not callable(plugin):
        raise ValueError(f"the plugin {name} is no function")
    return plugin


class Plugins:
    """Passes events through `functions`, in order; each has `seconds` for one event."""

    def __init__(self, functions: Sequence[Plugin], *, seconds: float, log: logging.Logger) -> None:
        self._seconds = seconds
        self._log = log
        self._workers = [_Worker(function) for function in functions]
        self._waiting: asyncio.Queue[tuple[PluginEvent, Callable[[PluginEvent], None]]] = asyncio.Queue(
            MAX_WAITING
        )
        self._task: asyncio.Task[None] | None = None

    def __bool__(self) -> bool:
        return bool(self._workers)

    def start(self) -> None:
        """Begin to pass events."""
        if self._workers:
            self._task = asyncio.create_task(self._pass())

    def close(self) -> None:
        """Drop the events that still wait, and end the threads."""
        if self._task is not None:
            self._task.cancel()
        for worker in self._workers:
            worker.close()

    def offer(self, passing: PluginEvent, done: Callable[[PluginEvent], None]) -> None:
        """Call `done` later with the event as the plugins left it, in the order of the offers; raises `RemoteError`."""
        try:
            self._waiting.put_nowait((passing, done))
        except asyncio.QueueFull:
            raise RemoteError(
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

    async def _ask(self, worker: _Worker, passing: PluginEvent) -> PluginEvent:
        copied = copy.deepcopy(passing)
        try:
            async with asyncio.timeout(self._seconds):
                await worker.ask(copied)
            return _checked(copied)
        except TimeoutError:
            self._workers.remove(worker)
            worker.close()
            reason = f"took longer than {self._seconds:g} s and is disabled until the relay restarts"
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        event(
            self._log,
            logging.ERROR,
            "plugin",
            source=f"plugin {worker.name}",
            plugin=worker.name,
            named=passing.name,
            reason=reason[:300],
        )
        return passing


def _checked(passing: PluginEvent) -> PluginEvent:
    """Return `passing` as it can be sent; raises `RemoteError` or TypeError when it cannot."""
    decoded = decode_event(Event(passing.name, passing.data, passing.to))
    passing.data = decoded.data
    passing.answers = [(name, decode_event(Event(name, data)).data) for name, data in passing.answers]
    return passing


class _Worker:
    """A plugin and its thread."""

    def __init__(self, function: Plugin) -> None:
        self.name = getattr(function, "__qualname__", repr(function))
        self._function = function
        self._queue: queue.SimpleQueue[tuple[PluginEvent, asyncio.Future[None]] | None] = queue.SimpleQueue()
        threading.Thread(target=self._work, name=f"plugin {self.name}", daemon=True).start()

    def ask(self, passing: PluginEvent) -> asyncio.Future[None]:
        """Return a future that is resolved when the function returns, and fails as it fails."""
        future = asyncio.get_running_loop().create_future()
        self._queue.put((passing, future))
        return future

    def close(self) -> None:
        self._queue.put(None)

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            passing, future = item
            error: BaseException | None = None
            try:
                self._function(passing)
            except BaseException as exception:  # SystemExit ends no relay either.
                error = exception
            with contextlib.suppress(RuntimeError):  # The relay has stopped meanwhile.
                future.get_loop().call_soon_threadsafe(_settle, future, error)


def _settle(future: asyncio.Future[None], error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(RuntimeError(f"{type(error).__name__}: {error}"))
