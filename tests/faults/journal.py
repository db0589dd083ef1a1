"""What one client did and saw, written as it happens: the checker believes this and the database, and no relay.

One file a client, a JSON array a line, flushed at once:

- ``["attempt", client, op, actions]``: about to send an operation
- ``["saw", epoch, seq, mark, client, op]``: a commit arrived; it is acknowledged to its client, if that is this one
- ``["held", epoch, seq, mark, digest]``: a snapshot arrived, and this is the document that it made
- ``["settled", epoch, client, ops]``: that snapshot was said to hold these: they are acknowledged
- ``["refused", client, op]``: it will never be
- ``["reset", epoch]``: the relay said openly that its log is another one than was known
- ``["left", client, ops]``: this client is somebody else from now on, and does not wait for the verdicts of `ops`
- ``["gap", what]``: a commit came that does not follow
- ``["final", epoch, seq, digest]``: the document at the end
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec


class Journal:
    """The journal of the client `name` in `room`, in `directory`."""

    def __init__(self, directory: Path, room: str, name: str) -> None:
        self.lines = 0
        self._file = (directory / f"{room}.{name}.jsonl").open("ab")

    def write(self, *line: Any) -> None:
        self.lines += 1
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read(directory: Path) -> dict[str, dict[str, list[list[Any]]]]:
    """The lines of every journal, by room and by client's name."""
    journals: dict[str, dict[str, list[list[Any]]]] = {}
    for path in sorted(directory.glob("*.jsonl")):
        room, name, _ = path.name.split(".")
        lines = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
        journals.setdefault(room, {})[name] = lines
    return journals
