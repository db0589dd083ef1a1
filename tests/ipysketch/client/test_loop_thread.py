"""The seam between the loop thread and all other threads."""

from __future__ import annotations

import asyncio
import threading

import pytest

from ipysketch.client.loop_thread import OnLoop, loop_thread


class Resident:
    """Notes on which thread it is used."""

    def __init__(self) -> None:
        self.threads = {threading.current_thread()}
        self.cancelled = asyncio.Event()

    def touch(self) -> int:
        self.threads.add(threading.current_thread())
        return len(self.threads)

    async def answer(self) -> int:
        return self.touch()

    async def never(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()

    async def until_cancelled(self) -> bool:
        return await self.cancelled.wait()


def test_everything_runs_on_the_loop_thread() -> None:
    resident = OnLoop(loop_thread(), Resident)
    resident.post(Resident.touch)
    assert resident.call(Resident.touch) == 1
    assert resident.run(Resident.answer, 20) == 1
    assert resident.call(lambda it: resident.call(Resident.touch)) == 1, "from the loop thread too"
    assert resident.object.threads == {resident.thread.thread}
    assert not resident.lost


def test_an_error_is_the_callers() -> None:
    resident = OnLoop(loop_thread(), Resident)
    with pytest.raises(ZeroDivisionError):
        resident.call(lambda it: 1 // 0)
    assert resident.call(Resident.touch) == 1


def test_what_nobody_waits_for_any_more_is_cancelled() -> None:
    resident = OnLoop(loop_thread(), Resident)
    with pytest.raises(TimeoutError):
        resident.run(Resident.never, 0.01)
    assert resident.run(Resident.until_cancelled, 20)
