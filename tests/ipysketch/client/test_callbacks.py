"""The user's functions run on a thread of their own, as where they were registered, and end with their board."""

from __future__ import annotations

import gc
import threading
from contextvars import ContextVar, copy_context

from ipysketch.client.callbacks import Callbacks

from ...support.waiting import DEADLINE, wait_until

CELL: ContextVar[str] = ContextVar("CELL", default="nowhere")


def test_a_function_runs_in_the_context_that_registered_it() -> None:
    """So what it prints goes below that cell, whatever the kernel handled since."""
    heard: list[str] = []
    done = threading.Event()
    callbacks = Callbacks(heard.append)

    def register() -> None:
        CELL.set("the cell that registers")
        callbacks.on("stroke", lambda: heard.append(CELL.get()), copy_context())
        callbacks.on("stroke", done.set, copy_context())

    copy_context().run(register)
    CELL.set("another cell")
    callbacks.fire("stroke")
    assert done.wait(DEADLINE)
    assert heard == ["the cell that registers"]


def test_one_that_fails_is_reported_and_the_next_runs() -> None:
    said: list[str] = []
    done = threading.Event()
    callbacks = Callbacks(said.append)
    callbacks.on("stroke", lambda: 1 / 0)
    callbacks.on("stroke", done.set)
    callbacks.fire("stroke")
    assert done.wait(DEADLINE)
    assert said == ["your function for 'stroke' failed: ZeroDivisionError: division by zero"]


def test_the_thread_ends_with_the_board() -> None:
    before = set(threading.enumerate())
    callbacks = Callbacks(lambda _: None)
    callbacks.on("stroke", lambda: None)
    [thread] = set(threading.enumerate()) - before
    callbacks.on("delete", lambda kept=callbacks: kept)
    del callbacks
    wait_until(lambda: gc.collect() + 1 and not thread.is_alive(), "the thread ends")
