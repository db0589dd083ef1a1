"""Whether a relay kept its promises: ``python -m tests.faults.checker JOURNALS DATABASE``.

It compares the clients' journals with the database that the relay left, and asserts

- acknowledged ⊆ log ⊆ attempted, and nothing that was refused is in the log (P2, P8)
- each (client, op) once, each client's in its own order, seq from 1 without a gap, `at` never going back (P1, P3)
- whatever anybody saw is in the log, under the same mark, unless the log was openly replaced (P2, P5)
- nothing of one room is in another's log, and what was created is as it was attempted (P7)
- every client's document, one that joined late, and every checkpoint equal the log replayed (P1, P4)
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ipysketch.document import Document, digest
from relay.protocol import Commit, Create, decode_entries

from .journal import read


@dataclass
class Room:
    """A room as the database has it."""

    epoch: str
    commits: list[Commit] = field(default_factory=list)
    rows: list[tuple[int, int, float, str, int]] = field(default_factory=list)
    checkpoints: dict[int, bytes] = field(default_factory=dict)


def load(database: Path) -> dict[str, Room]:
    """The rooms in `database`, read with a connection of its own."""
    db = sqlite3.connect(database)
    try:
        rooms = {}
        for id, name, epoch in db.execute("SELECT id, name, epoch FROM rooms").fetchall():
            room = rooms[name] = Room(epoch)
            for *row, body in db.execute(
                "SELECT seq, mark, at, client, op, body FROM log WHERE room = ? ORDER BY seq", (id,)
            ):
                room.rows.append(tuple(row))  # type: ignore[arg-type]
                room.commits.append(msgspec.json.decode(body, type=Commit))
            room.checkpoints = dict(db.execute("SELECT seq, body FROM checkpoints WHERE room = ?", (id,)))
        return rooms
    finally:
        db.close()


def check(journals: Path, database: Path, *, rewound: bool = False) -> list[str]:
    """What is wrong, a sentence each. `rewound`: an older copy of the database was put in place of it, so that one
    epoch has two histories; then, and only then, a reset excuses what is missing."""
    written = read(journals)
    rooms = load(database)
    wrong: list[str] = []
    for name, clients in written.items():
        room = rooms.get(name)
        if room is None:
            wrong.append(f"{name}: the room is gone")
            continue
        wrong += [f"{name}: {what}" for what in _order(room)]
        wrong += [f"{name}: {what}" for what in _journals(room, clients, rewound=rewound)]
        wrong += [f"{name}: {what}" for what in _documents(room, clients)]
    return wrong


def _order(room: Room) -> list[str]:
    wrong = []
    seqs = [row[0] for row in room.rows]
    if seqs != list(range(1, len(seqs) + 1)):
        missing = sorted(set(range(1, max(seqs, default=0) + 1)) - set(seqs))
        wrong.append(f"the log has a gap: {missing[:5]}")
    twice = [name for name, count in Counter((row[3], row[4]) for row in room.rows).items() if count > 1]
    if twice:
        wrong.append(f"{len(twice)} operations are there twice, as {twice[0]}")
    last: dict[str, int] = {}
    at = 0.0
    for row, commit in zip(room.rows, room.commits, strict=True):
        seq, mark, when, client, op = row
        if (commit.seq, commit.mark, commit.at, commit.client, commit.op) != (seq, mark, when, client, op):
            wrong.append(f"entry {seq} says something else than its row")
        if op <= last.get(client, 0):
            wrong.append(f"entry {seq}: operation {op} of its client came after {last[client]}")
        last[client] = max(op, last.get(client, 0))
        if when < at:
            wrong.append(f"entry {seq}: time went back")
        at = max(at, when)
    return wrong


def _journals(room: Room, clients: dict[str, list[list[Any]]], *, rewound: bool) -> list[str]:
    wrong = []
    marks = {row[0]: row[1] for row in room.rows}
    logged = {(row[3], row[4]): commit for row, commit in zip(room.rows, room.commits, strict=True)}
    attempted: dict[tuple[str, int], dict[str, Any]] = {}
    seen: dict[tuple[str, int], int] = {}
    for name, lines in clients.items():
        standing: dict[tuple[str, int], int] = {}
        acknowledged: dict[tuple[str, int], str] = {}
        mine: set[str] = set()
        for kind, *what in lines:
            match kind, what:
                case "attempt", [client, op, creates]:
                    mine.add(client)
                    attempted[client, op] = creates
                case "saw", [epoch, seq, mark, client, op]:
                    standing[epoch, seq] = mark
                    if not rewound and seen.setdefault((epoch, seq), mark) != mark:
                        wrong.append(f"{name} saw another entry {seq} of the same epoch than somebody else")
                    if client in mine:
                        acknowledged[client, op] = epoch
                case "refused", [client, op]:
                    if (client, op) in logged:
                        wrong.append(f"{name}: operation {op} was refused and is in the log")
                case "reset", [epoch]:
                    # What belonged to another log was openly replaced by this one.
                    standing = {} if rewound else {at: m for at, m in standing.items() if at[0] == epoch}
                    acknowledged = (
                        {} if rewound else {which: e for which, e in acknowledged.items() if e == epoch}
                    )
                case "gap", [text]:
                    wrong.append(f"{name}: {text}")
        for (epoch, seq), mark in standing.items():
            if epoch != room.epoch:
                wrong.append(f"{name} saw entry {seq} of a log that was never openly replaced")
            elif marks.get(seq) != mark:
                wrong.append(f"{name} saw an entry {seq} that is not in the log")
        lost = acknowledged.keys() - logged.keys()
        if lost:
            wrong.append(f"{len(lost)} acknowledged operations of {name} are lost, as {min(lost)}")
    for which, commit in logged.items():
        if which not in attempted:
            wrong.append(f"entry {commit.seq} was never attempted in this room")
            continue
        made = {change.key: change.fields for change in commit.changes if isinstance(change, Create)}
        if made != attempted[which]:
            wrong.append(f"entry {commit.seq} is not what was attempted")
    return wrong


def _documents(room: Room, clients: dict[str, list[list[Any]]]) -> list[str]:
    wrong = []
    document = Document()
    digests = {0: document.digest()}
    wanted = {
        seq for lines in clients.values() for kind, *what in lines if kind == "final" for seq in what[1:2]
    }
    for commit in room.commits:
        if commit.seq != document.seq + 1:
            break  # `_order` says so.
        document.apply(commit)
        if commit.seq in wanted or commit.seq in room.checkpoints:
            digests[commit.seq] = document.digest()
    for seq, body in room.checkpoints.items():
        entries = decode_entries(zlib.decompress(body))
        if digest({entry.key: entry for entry in entries}) != digests.get(seq):
            wrong.append(f"the checkpoint at {seq} is not the log replayed")
    for name, lines in clients.items():
        finals = [what for kind, *what in lines if kind == "final"]
        if not finals:
            wrong.append(f"{name} did not say where it ended")
            continue
        epoch, seq, ended = finals[-1]
        if epoch != room.epoch or seq != document.seq:
            wrong.append(f"{name} ended at {seq}, the log at {document.seq}")
        elif ended != digests[seq]:
            wrong.append(f"the document of {name} is not the log replayed")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("journals", type=Path)
    parser.add_argument("database", type=Path)
    parser.add_argument("--rewound", action="store_true")
    options = parser.parse_args()
    wrong = check(options.journals, options.database, rewound=options.rewound)
    for what in wrong[:50]:
        print(what)
    print(f"{len(wrong)} violations")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
