"""Whether a relay kept its promises: ``python -m tests.faults.checker JOURNALS DATABASE``.

It compares the clients' journals with the database that the relay left, and asserts

- acknowledged ⊆ log ⊆ attempted; what was attempted is in the log or was refused, never both, never neither, unless
  the relay openly began another log or the client stopped waiting (P2, P8)
- each (client, op) once, each client's in its own order, seq from 1 without a gap, `at` never going back (P1, P3)
- whatever anybody saw, in a commit or a snapshot, is in the log, under the same mark, unless the log was openly
  replaced (P2, P5)
- nothing of one room is in another's log, and each entry is what its operation comes to, worked out here anew (P7)
- every client's document, one that joined late, every snapshot and every checkpoint equal the log replayed (P1, P4)
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ipysketch.model.document import Document, digest
from relay.protocol import Action, Change, Commit, Delete, Record, RemoteError, Restore, decode_entries, resolve

from .journal import read

Operation = tuple[str, int]
Place = tuple[str, int]


@dataclass
class Room:
    """A room as the database has it."""

    epoch: str
    commits: list[Commit] = field(default_factory=list)
    rows: list[tuple[int, int, float, str, int]] = field(default_factory=list)
    checkpoints: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Findings:
    """What is wrong, a sentence each, and how much was looked at."""

    wrong: list[str] = field(default_factory=list)
    operations: int = 0
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    refused: int = 0
    checkpoints: int = 0
    snapshots: int = 0
    documents: int = 0
    equal: int = 0


@dataclass
class Account:
    """What one client's journal comes to: what still stands at its end."""

    attempted: dict[Operation, list[Any]] = field(default_factory=dict)
    waiting: set[Operation] = field(default_factory=set)
    acknowledged: dict[Operation, str] = field(default_factory=dict)
    refused: set[Operation] = field(default_factory=set)
    standing: dict[Place, int] = field(default_factory=dict)
    snapshots: dict[Place, str] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    final: tuple[str, int, str] | None = None


def load(database: Path) -> dict[str, Room]:
    """The rooms in `database`, read with a connection of its own; raises `sqlite3.DatabaseError`."""
    db = sqlite3.connect(database)
    try:
        for (what,) in db.execute("PRAGMA integrity_check").fetchall():
            if what != "ok":
                raise sqlite3.DatabaseError(what)
        rooms = {}
        for id, name, epoch in db.execute("SELECT id, name, epoch FROM rooms").fetchall():
            room = rooms[name] = Room(epoch)
            for *row, body in db.execute(
                "SELECT seq, mark, at, client, op, body FROM log WHERE room = ? ORDER BY seq", (id,)
            ):
                room.rows.append(tuple(row))
                room.commits.append(msgspec.json.decode(body, type=Commit))
            room.checkpoints = dict(db.execute("SELECT seq, body FROM checkpoints WHERE room = ?", (id,)))
        return rooms
    finally:
        db.close()


def check(journals: Path, database: Path, *, rewound: bool = False) -> list[str]:
    """What is wrong; see `examine`."""
    return examine(journals, database, rewound=rewound).wrong


def examine(journals: Path, database: Path, *, rewound: bool = False) -> Findings:
    """Compare. `rewound`: an older copy of the database was put in place of it, so that one epoch has two
    histories; then, and only then, a reset excuses what is missing of the epoch that goes on."""
    findings = Findings()
    try:
        rooms = load(database)
    except (sqlite3.DatabaseError, msgspec.MsgspecError) as error:
        findings.wrong.append(f"the database cannot be read: {error}")
        return findings
    for name, lines in read(journals).items():
        room = rooms.get(name)
        if room is None:
            findings.wrong.append(f"{name}: the room is gone")
            continue
        accounts = {client: account(what, rewound=rewound) for client, what in lines.items()}
        findings.operations += len(room.commits)
        findings.checkpoints += len(room.checkpoints)
        checks = (
            _order(room, findings),
            _promises(room, accounts, findings),
            _same_for_all(accounts) if not rewound else (),
            _replay(room, accounts, findings),
        )
        findings.wrong += [f"{name}: {what}" for found in checks for what in found]
    return findings


def account(lines: Iterable[list[Any]], *, rewound: bool) -> Account:  # noqa: C901  # a case for each line
    """Read one journal."""
    result = Account()
    clients: set[str] = set()
    for kind, *what in lines:
        match kind, what:
            case "attempt", [client, op, actions]:
                clients.add(client)
                result.attempted[client, op] = actions
                result.waiting.add((client, op))
            case "saw", [epoch, seq, mark, client, op]:
                result.standing[epoch, seq] = mark
                if client in clients:
                    result.acknowledged[client, op] = epoch
            case "held", [epoch, seq, mark, held]:
                if seq:
                    result.standing[epoch, seq] = mark
                result.snapshots[epoch, seq] = held
            case "settled", [epoch, client, ops]:
                result.acknowledged.update(((client, op), epoch) for op in ops)
            case "refused", [client, op]:
                result.refused.add((client, op))
            case "reset", [epoch]:
                # What belonged to another log was openly replaced by this one.
                kept = "" if rewound else epoch
                result.standing = {at: mark for at, mark in result.standing.items() if at[0] == kept}
                result.snapshots = {at: held for at, held in result.snapshots.items() if at[0] == kept}
                result.acknowledged = {o: e for o, e in result.acknowledged.items() if e == kept}
                result.waiting.clear()
            case "left", [client, ops]:
                result.waiting -= {(client, op) for op in ops}
            case "gap", [text]:
                result.gaps.append(text)
            case "final", [epoch, seq, ended]:
                result.final = (epoch, seq, ended)
    return result


def _order(room: Room, findings: Findings) -> Iterator[str]:
    seqs = [row[0] for row in room.rows]
    if seqs != list(range(1, len(seqs) + 1)):
        missing = sorted(set(range(1, max(seqs, default=0) + 1)) - set(seqs))
        yield f"the log has a gap: {missing[:5]}"
    twice = [which for which, count in Counter(row[3:] for row in room.rows).items() if count > 1]
    if twice:
        findings.twice += len(twice)
        yield f"{len(twice)} operations are there twice, as {twice[0]}"
    last: dict[str, int] = {}
    authors: dict[str, str] = {}
    at = 0.0
    for row, commit in zip(room.rows, room.commits, strict=True):
        seq, mark, when, client, op = row
        if (commit.seq, commit.mark, commit.at, commit.client, commit.op) != (seq, mark, when, client, op):
            yield f"entry {seq} says something else than its row"
        if op <= last.get(client, 0):
            yield f"entry {seq}: operation {op} of its client came after {last[client]}"
        last[client] = max(op, last.get(client, 0))
        if authors.setdefault(client, commit.author) != commit.author:
            yield f"entry {seq}: its client has become another author"
        if when < at:
            yield f"entry {seq}: time went back"
        at = max(at, when)


def _promises(room: Room, accounts: dict[str, Account], findings: Findings) -> Iterator[str]:
    marks = {row[0]: row[1] for row in room.rows}
    logged = {(row[3], row[4]) for row in room.rows}
    for name, one in accounts.items():
        findings.acknowledged += len(one.acknowledged)
        findings.refused += len(one.refused)
        for gap in one.gaps:
            yield f"{name}: {gap}"
        for _, op in sorted(one.refused & logged):
            yield f"{name}: operation {op} was refused and is in the log"
        for (epoch, seq), mark in one.standing.items():
            if epoch != room.epoch:
                yield f"{name} saw entry {seq} of a log that was never openly replaced"
            elif marks.get(seq) != mark:
                yield f"{name} saw an entry {seq} that is not in the log"
        if lost := one.acknowledged.keys() - logged:
            findings.lost += len(lost)
            yield f"{len(lost)} acknowledged operations of {name} are lost, as {min(lost)}"
        if untold := one.waiting - logged - one.refused:
            yield f"{len(untold)} operations of {name} are neither kept nor refused, as {min(untold)}"


def _same_for_all(accounts: dict[str, Account]) -> Iterator[str]:
    seen: dict[Place, int] = {}
    for name, one in accounts.items():
        for (epoch, seq), mark in one.standing.items():
            if seen.setdefault((epoch, seq), mark) != mark:
                yield f"{name} saw another entry {seq} of the same epoch than somebody else"


def _replay(room: Room, accounts: dict[str, Account], findings: Findings) -> Iterator[str]:
    attempted = {which: actions for one in accounts.values() for which, actions in one.attempted.items()}
    wanted = {*room.checkpoints, *(one.final[1] for one in accounts.values() if one.final)}
    wanted |= {seq for one in accounts.values() for epoch, seq in one.snapshots if epoch == room.epoch}
    document = Document()
    digests = {0: document.digest()}
    records: dict[str, dict[int, Record]] = {}
    for commit in room.commits:
        if commit.seq != document.seq + 1:
            break  # `_order` says so.
        mine = records.setdefault(commit.client, {})
        if (actions := attempted.get((commit.client, commit.op))) is None:
            yield f"entry {commit.seq} was never attempted in this room"
        elif wrong := _deviation(document, commit, actions, mine):
            yield f"entry {commit.seq} {wrong}"
        mine[commit.op] = document.apply(commit)
        if commit.seq in wanted:
            digests[commit.seq] = document.digest()
    for seq, body in room.checkpoints.items():
        entries = decode_entries(zlib.decompress(body))
        if digest({entry.key: entry for entry in entries}) != digests.get(seq):
            yield f"the checkpoint at {seq} is not the log replayed"
    yield from _compare(room, accounts, findings, document.seq, digests)


def _compare(
    room: Room, accounts: dict[str, Account], findings: Findings, last: int, digests: dict[int, str]
) -> Iterator[str]:
    """How what the actors hold differs from the log replayed up to `last`, which has `digests` by seq."""
    for name, one in accounts.items():
        for (epoch, seq), held in one.snapshots.items():
            findings.snapshots += 1
            if epoch == room.epoch and held != digests.get(seq):
                yield f"the snapshot at {seq} that {name} got is not the log replayed"
        findings.documents += 1
        if one.final is None:
            yield f"{name} did not say where it ended"
            continue
        epoch, seq, ended = one.final
        if epoch != room.epoch or seq != last:
            yield f"{name} ended at {seq}, the log at {last}"
        elif ended != digests[seq]:
            yield f"the document of {name} is not the log replayed"
        else:
            findings.equal += 1


def _deviation(document: Document, commit: Commit, actions: list[Any], records: dict[int, Record]) -> str:
    """How `commit`, the next one, differs from what `actions` come to."""
    try:
        meant = resolve(document.entries, msgspec.convert(actions, tuple[Action, ...]), commit.seq, records)
    except RemoteError as bad:
        return f"should have been refused: {bad}"
    same = [*map(_sorted, meant)] == [*map(_sorted, commit.changes)]
    return "" if same else "is not what was attempted"


def _sorted(change: Change) -> Change:
    """`change` with what has no order sorted."""
    match change:
        case Delete(keys=keys):
            return Delete(tuple(sorted(keys)))
        case Restore(entries=entries):
            return Restore(tuple(sorted(entries, key=lambda entry: entry.key)))
        case _:
            return change


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("journals", type=Path)
    parser.add_argument("database", type=Path)
    parser.add_argument(
        "--rewound", action="store_true", help="an older copy of the database was put in its place"
    )
    parser.add_argument("--json", action="store_true", help="say all of it in JSON")
    options = parser.parse_args()
    findings = examine(options.journals, options.database, rewound=options.rewound)
    if options.json:
        print(msgspec.json.encode(findings).decode())
    else:
        for what in findings.wrong[:50]:
            print(what)
        print(f"{len(findings.wrong)} violations")
    return 1 if findings.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
