"""Short scenes in which a relay's bugs show: kills, a lost database, an older copy put back.

Each goes as far as it gets: a relay with a planted bug may leave its clients waiting for ever, and then the checker
has what it needs anyway.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from ..support.waiting import DEADLINE
from .actors import Actor, Budget, Progress
from .bugs import BUGS
from .checker import check
from .crash import Mortal, at_rest

LOOK = 0.3
QUIET = 20
"""Looks, so many seconds apart, at which no journal has grown and the relay has answered: then nobody waits any more for
a relay that has a bug."""
PATIENCE = DEADLINE
"""Seconds for a scene whose relay keeps its clients busy for ever."""


class Scene:
    """A relay, two clients in each of two rooms, and what they share."""

    def __init__(self, directory: Path, bug: str = "none") -> None:
        self.directory = directory
        self.journals = directory / "journals"
        self.journals.mkdir(parents=True)
        self.relay = Mortal(directory / "relay.sqlite", bug=bug)
        self.settled = Progress()
        self.budget = Budget()
        self.actors = [self.actor(name, room) for room in ("left", "right") for name in ("ada", "grace")]

    def actor(self, name: str, room: str) -> Actor:
        return Actor(
            name,
            room,
            self.relay.url,
            self.journals,
            up=self.relay.up,
            budget=self.budget,
            settled=self.settled,
        )

    async def work(self, count: int, *actors: Actor) -> None:
        """Have `actors` (all, if none) draw `count` operations, and wait until most have their verdict."""
        aim = self.settled.count + count * 2 // 3
        self.budget.left = count
        for actor in actors or self.actors:
            await actor.draw()
        await self.settled.reach(aim)

    async def kill(self, point: str = "none", count: int = 0) -> None:
        """Kill the relay at once, and start another, which dies at `point` by itself."""
        await self.relay.end(signal.SIGKILL)
        await self.relay.start(point, count)

    async def die(self) -> None:
        """Have people draw until the relay dies at its point; start another."""
        death = asyncio.create_task(self.relay.died())
        while not death.done():
            working = asyncio.create_task(self.work(40))
            await asyncio.wait({death, working}, return_when=asyncio.FIRST_COMPLETED)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        await self.relay.start()

    async def end(self) -> None:
        """Everybody comes to rest, and one more comes late into each room."""
        async with at_rest(self.actors):
            late = [self.actor("late", room) for room in ("left", "right")]
            self.actors += late
            for actor in late:
                actor.drawing = False
                actor.start()
                last = max(other.sync.document.seq for other in self.actors if other.room == actor.room)
                await actor.caught_up(last)

    async def close(self) -> None:
        for actor in self.actors:
            await actor.leave()
            actor.finish()
        if self.relay.up.is_set():
            await self.relay.end(signal.SIGTERM)
        await self.relay.close()

    def lines(self) -> int:
        """How much has been written in all journals."""
        return sum(actor.journal.lines for actor in self.actors)


async def killed(scene: Scene) -> None:
    """Kills at random and at the points where something is half done."""
    await scene.relay.start()
    for actor in scene.actors:
        actor.start()
    await scene.work(120)
    await scene.kill()
    await scene.work(120)
    await scene.kill("after-commit", 2)
    await scene.die()
    # Somebody was away while the others went on.
    away = scene.actors[0]
    await away.leave()
    await scene.work(60)
    away.start()
    await scene.work(60)
    await scene.kill("before-commit", 4)
    await scene.die()
    # Somebody comes as new, and gets a snapshot.
    scene.actors[1].forget()
    await scene.actors[1].until(lambda sync: sync.joined)
    await scene.work(60)
    await scene.end()


async def lost(scene: Scene) -> None:
    """The database is lost while somebody is away, and the others have gone on when they come back."""

    def lose() -> None:
        for path in _files(scene):
            path.unlink()

    await _rewound(scene, lose)


async def copied_back(scene: Scene) -> None:
    """The same, but an older copy of the database is put in its place."""
    older = scene.directory / "older"

    def put_back() -> None:
        for path in _files(scene):
            path.unlink()
        for path in older.iterdir():
            shutil.copy(path, scene.directory)

    def copy() -> None:
        older.mkdir()
        for path in _files(scene):
            shutil.copy(path, older)

    await _rewound(scene, put_back, copy)


async def _rewound(
    scene: Scene, replace: Callable[[], object], copy: Callable[[], object] = lambda: None
) -> None:
    await scene.relay.start()
    for actor in scene.actors:
        actor.start()
    await scene.work(40)
    await scene.relay.end(signal.SIGTERM)
    copy()
    await scene.relay.start()
    await scene.work(60)
    async with at_rest(scene.actors):
        away = [scene.actors[0], scene.actors[2]]
        for actor in away:
            await actor.leave()
    await scene.relay.end(signal.SIGTERM)
    replace()
    await scene.relay.start()
    here = [actor for actor in scene.actors if actor not in away]
    for actor in here:
        await actor.until(lambda sync: sync.joined)
        actor.drawing = True
    ahead = max(actor.sync.document.seq for actor in away)
    while min(actor.sync.document.seq for actor in here) < ahead + 20:
        await scene.work(60, *here)
    for actor in away:
        actor.start()
    await scene.end()


def _files(scene: Scene) -> list[Path]:
    return list(scene.directory.glob("relay.sqlite*"))


Act = Callable[[Scene], Awaitable[None]]


async def play(directory: Path, act: Act, bug: str = "none") -> list[str]:
    """Play `act` with a relay that has `bug`; what the checker finds wrong."""
    scene = Scene(directory, bug)
    playing = asyncio.ensure_future(act(scene))
    try:
        async with asyncio.timeout(PATIENCE if bug in BUGS else 2 * PATIENCE):
            quiet, lines = 0, -1
            while quiet < QUIET:
                done, _ = await asyncio.wait({playing}, timeout=LOOK)
                if done:
                    break
                quiet = (
                    quiet + 1 if bug in BUGS and lines == scene.lines() and await scene.relay.answers() else 0
                )
                lines = scene.lines()
    except TimeoutError:
        pass  # The checker says what keeps them busy.
    finally:
        playing.cancel()
        [failure] = await asyncio.gather(playing, return_exceptions=True)
        await scene.close()
    if isinstance(failure, Exception) and not isinstance(failure, AssertionError | IndexError):
        raise failure
    rewound = act is copied_back
    wrong = await asyncio.to_thread(check, scene.journals, directory / "relay.sqlite", rewound=rewound)
    if failure is not None and not wrong:
        wrong = [f"the scene did not come to its end: {failure!r}"]
    return wrong
