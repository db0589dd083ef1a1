"""How boards leave their rooms that nobody has leave: as garbage, with a visitor's page, with the process."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import sys
import weakref
from collections.abc import Callable

from ..client.attendance import Attendance
from ..client.loop_thread import LoopThread, OnLoop
from ..client.session import Session
from ..local.app_session import AppSession

EXIT_FLUSH = 1.0
"""Seconds that the end of the process waits for pending operations to become durable."""

_living: weakref.WeakSet[OnLoop[Session]] = weakref.WeakSet()


def watch(board: object, session: OnLoop[Session]) -> None:
    """Have the session of a board leave its room when the board is garbage, and at the end of the process.

    Nobody can use a board that nobody has: its peer would be somebody who is not there.
    """
    weakref.finalize(board, _left_behind, session.thread, weakref.ref(session.object)).atexit = False
    _living.add(session)


def _left_behind(thread: LoopThread, session: weakref.ref[Session]) -> None:
    """Leave the room of a board that was garbage, unless functions wait for something to happen there.

    A session that is in no room may be garbage too; one that is in a room is kept by its connection.
    """

    def leave() -> None:
        if (left := session()) is not None and not left.callbacks.any:
            left.leave_soon()

    if thread.pid == os.getpid():
        thread.post(leave)


def attend(
    session: OnLoop[Session],
    visit: AppSession,
    in_view: weakref.WeakMethod[Callable[[], bool]],
    ended: weakref.WeakMethod[Callable[[], None]],
) -> None:
    """Have a session in its room only while the page of its visitor is there, and no longer than their visit.

    Two methods of its board, which this does not keep: `in_view` returns whether a page shows it, for app servers that
    do not know; `ended` is called when the visit is over.
    """

    def is_in_view() -> bool:
        return (look := in_view()) is not None and look()

    def end() -> None:
        if session.lost:
            return

        async def leave() -> None:
            attendance.end()
            await session.object.disconnect()

        asyncio.run_coroutine_threadsafe(leave(), session.thread.loop)
        if (tell := ended()) is not None:
            tell()

    here = visit.here or is_in_view
    attendance = session.call(lambda attending: Attendance(attending, here, end))
    visit.at_end(end)


def _leave_all() -> None:
    """Leave all rooms at the interpreter's end, together; say what could not be stored in time."""
    joined = [session for session in _living if not session.lost and session.object.joining]
    if not joined:
        return

    async def leave() -> None:
        await asyncio.gather(*(session.object.disconnect(EXIT_FLUSH) for session in joined))

    with contextlib.suppress(TimeoutError):  # The process may not wait longer for a relay that does not answer.
        joined[0].thread.run(leave(), EXIT_FLUSH + 1.0)
    if waiting := sum(len(session.object.sync.pending) for session in joined):
        what = f"{waiting} stroke was" if waiting == 1 else f"{waiting} strokes were"
        print(f"ipysketch: {what} not stored: no relay answered before this process ended", file=sys.stderr)


atexit.register(_leave_all)
