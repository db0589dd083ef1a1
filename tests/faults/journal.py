"""What one client did and saw, written as it happens: the checker believes this and the database, and no relay.

One file a client, a JSON array a line, flushed at once:

- ``["attempt", client, op, creates]``: about to send an operation; `creates` are the fields of what it makes, by key
- ``["saw", epoch, seq, mark, client, op]``: a commit arrived; it is acknowledged to its client, if that is this one
- ``["refused", client, op]``: it will never be
- ``["reset", epoch]``: the relay said openly that its log is another one than was known
- ``["gap", what]``: a commit came that does not follow
- ``["final", epoch, seq, digest]``: the document at the end
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Journal:
    """The journal of the client `name` in `room`, in `directory`."""

    def __init__(self, directory: Path, room: str, name: str) -> None:
        self._file = (directory / f"{room}.{name}.jsonl").open("a")

    def write(self, *line: Any) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read(directory: Path) -> dict[str, dict[str, list[list[Any]]]]:
    """The lines of every journal, by room and by client's name."""
    journals: dict[str, dict[str, list[list[Any]]]] = {}
    for path in sorted(directory.glob("*.jsonl")):
        room, name, _ = path.name.split(".")
        journals.setdefault(room, {})[name] = [json.loads(line) for line in path.read_text().splitlines()]
    return journals
