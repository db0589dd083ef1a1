"""A room with all it has, on its way from one store to another. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..records import Checkpoint, ClientRow, LogRow, RefusalRow


class WholeRoom(NamedTuple):
    """A room whose entries `first` to `last` are readable. What it has is read as it is asked for, once."""

    name: str
    epoch: str
    first: int
    last: int
    locked: bool
    rows: Iterable[LogRow]
    clients: Iterable[ClientRow]
    refusals: Iterable[RefusalRow]
    checkpoints: Iterable[Checkpoint]
