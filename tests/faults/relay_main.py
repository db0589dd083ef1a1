"""A relay that dies at a named point, or has a planted bug: ``python -m tests.faults.relay_main POINT N BUG …``.

`POINT` is ``none`` or a key of `POINTS`, reached for the `N`-th time; `BUG` is ``none`` or a key of `bugs.BUGS` or
`bugs.HARMLESS`; what follows are the relay's own arguments. Everybody is a moderator. For tests only: nothing of the relay knows of it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import relay.__main__
from relay.protocol import Operate
from relay.room.delivery import Delivery
from relay.room.operation_queue import OperationQueue
from relay.room.room import Room
from relay.store import SqliteStore
from relay.store.rows import Rows

from .altered import moderators


def die() -> NoReturn:
    """As `kill -9` does: no handler, no flush."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a process cannot survive this")


class Fuse:
    """Burns down after `count` times."""

    def __init__(self, count: int) -> None:
        self._left = count

    def burn(self) -> None:
        self._left -= 1
        if self._left == 0:
            die()


def wrap(
    owner: type,
    name: str,
    fuse: Fuse,
    *,
    before: bool = False,
    when: Callable[..., bool] = lambda *_: True,
) -> None:
    """Have `fuse` burn before or after each call of a method for which `when` (arguments, result) holds."""
    original = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if before and when(*arguments, None):
            fuse.burn()
        result = original(*arguments, **named)
        if not before and when(*arguments, result):
            fuse.burn()
        return result

    setattr(owner, name, wrapped)


POINTS: dict[str, Callable[[Fuse], None]] = {
    "after-receive": lambda fuse: wrap(
        Room, "receive", fuse, when=lambda _room, _peer, message, *_: isinstance(message, Operate)
    ),
    "before-commit": lambda fuse: wrap(SqliteStore, "append", fuse, before=True),
    "within-commit": lambda fuse: wrap(SqliteStore, "_put_clients", fuse),
    "after-commit": lambda fuse: wrap(SqliteStore, "append", fuse),
    "before-broadcast": lambda fuse: wrap(OperationQueue, "committed", fuse),
    "during-snapshot": lambda fuse: wrap(
        Delivery, "collect", fuse, when=lambda _delivery, _peer, frame: isinstance(frame, bytes)
    ),
    "within-checkpoint": lambda fuse: wrap(
        Rows, "insert", fuse, when=lambda _rows, table, *_: table == "checkpoints"
    ),
}


if __name__ == "__main__":
    moderators()
    point, count, bug, *arguments = sys.argv[1:]
    if point != "none":
        POINTS[point](Fuse(int(count)))
    if bug != "none":
        from .bugs import BUGS, HARMLESS

        {**BUGS, **HARMLESS}[bug]()
    sys.exit(relay.__main__.main(arguments))
