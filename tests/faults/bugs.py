"""Relays with a planted bug, each of which the checker must catch: a check that cannot fail shows nothing.

A bug is a function that alters classes of the relay in its own process; `relay_main` applies it by name.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

import relay.room.log
import relay.room.operation_queue
import relay.room.room
import relay.server.rooms
import relay.store.sqlite
from relay.protocol import (
    Change,
    Commit,
    Delete,
    Join,
    Operate,
    Overlay,
    Record,
    Revert,
    apply,
    encode_entries,
    encode_message,
    resolve,
)
from relay.records import Batch, Checkpoint, Hold, LogRow, ResumeFacts
from relay.room.clients import Client
from relay.room.compact import CompactEntries, EncodedEntries
from relay.room.joining import NO_FACTS
from relay.room.log import Draft, EncodedSnapshot, RoomLog
from relay.room.operation_queue import OperationQueue
from relay.room.peer import Peer
from relay.room.room import Room
from relay.server.committer import Committer
from relay.server.open_room import OpenRoom
from relay.store import SqliteStore

from ..support.patching import replace

Writes = Sequence[tuple[Hold, Batch]]


def acknowledge_before_commit() -> None:
    """What was acknowledged becomes durable only with what comes next."""
    append = SqliteStore.append
    waiting: list[Writes] = []

    def late(store: SqliteStore, writes: Writes) -> Mapping[str, str]:
        waiting.append(writes)
        if len(waiting) > 3:
            append(store, waiting.pop(0))
        return {}

    replace(SqliteStore, "append", late)


def broadcast_before_commit() -> None:
    """Everybody sees a batch while it is on its way to the disk."""
    propose, committed = Committer.propose, OperationQueue.committed

    def early(committer: Committer) -> list[tuple[OpenRoom, Batch]]:
        group = propose(committer)
        for opened, _ in group:
            committed(opened.room.queue)
            committer._touch(opened)
        return group

    replace(Committer, "propose", early)
    replace(OperationQueue, "committed", lambda queue: None)
    _slow_disk()


def _slow_disk() -> None:
    """The disk takes so long that what is sent meanwhile has left, however busy the machine is."""
    propose, append = Committer.propose, SqliteStore.append
    loops: list[asyncio.AbstractEventLoop] = []

    def noted(committer: Committer) -> list[tuple[OpenRoom, Batch]]:
        loops[:] = [asyncio.get_running_loop()]
        return propose(committer)

    def slow(store: SqliteStore, writes: Writes) -> Mapping[str, str]:
        time.sleep(0.03)  # What waits for a beat is due by then.
        passed = threading.Event()

        def turn(more: int) -> None:
            if more:
                loops[0].call_soon(turn, more - 1)
            else:
                passed.set()

        loops[0].call_soon_threadsafe(turn, PASSES)
        passed.wait()
        return append(store, writes)

    replace(Committer, "propose", noted)
    replace(SqliteStore, "append", slow)


PASSES = 10
"""Turns of the relay's loop in which it sends what is due."""


def skip_deduplication() -> None:
    """Who resumes is believed to have done only what it knows the verdict of."""
    join = Room.join

    def gullible(room: Room, message: Join, found: ResumeFacts = NO_FACTS, **named: Any) -> Peer:
        if found.client is not None and message.settled < found.client.last:
            found = found._replace(client=found.client._replace(last=message.settled))
        return join(room, message, found, **named)

    replace(Room, "join", gullible)


def forget_clients() -> None:
    """How far each client came is not kept."""

    def careless(batch: Batch) -> Batch:
        return batch._replace(clients=[row._replace(last=max(0, row.last - 2)) for row in batch.clients])

    _alter_batches(careless)


def _alter_batches(alter: Callable[[Batch], Batch]) -> None:
    """The store is given something else than the room has."""
    append = SqliteStore.append

    def altered(store: SqliteStore, writes: Writes) -> Mapping[str, str]:
        return append(store, [(hold, alter(batch)) for hold, batch in writes])

    replace(SqliteStore, "append", altered)


def _resume(step: int) -> None:
    join = Room.join

    def joined(room: Room, message: Join, *arguments: Any, **named: Any) -> Peer:
        peer = join(room, message, *arguments, **named)
        if message.epoch and 0 < peer.cursor < room.seq:
            peer.cursor += step
        return peer

    replace(Room, "join", joined)


def resume_one_too_far() -> None:
    """The first entry that somebody missed is left out."""
    _resume(1)


def resume_one_too_early() -> None:
    """The last entry that somebody had comes again."""
    _resume(-1)


def serve_twice() -> None:
    """Now and then an entry is sent twice."""
    after = RoomLog.after
    turn = itertools.count()

    def stutter(drawing: RoomLog, seq: int) -> Any:
        rows = list(after(drawing, seq))
        return iter(rows + rows[-1:] if next(turn) % 5 == 4 else rows)

    replace(RoomLog, "after", stutter)


def reuse_epoch() -> None:
    """A log that was lost begins again under the name of the old one, and nobody looks at marks."""
    replace(relay.server.rooms, "secrets", _Constant())
    ignore_marks()


class _Constant:
    """Hands out the same epoch every time, and real ids."""

    def __init__(self) -> None:
        import secrets

        self._secrets = secrets

    def token_hex(self, count: int) -> str:
        return "e" * 16 if count == 8 else self._secrets.token_hex(count)

    def randbits(self, count: int) -> int:
        return self._secrets.randbits(count)


def ignore_marks() -> None:
    """An epoch's name is enough to believe that somebody has a prefix of this log."""

    def gullible(join: Join, epoch: str, log: RoomLog, last: int, found: ResumeFacts) -> bool:
        return join.epoch == epoch and 0 <= join.seq <= log.seq

    replace(relay.room.room, "is_same_log", gullible)


def drop_tombstones() -> None:
    """Deleting is forgotten when a log is opened again."""

    def forgetful(entries: Any, changes: Any, seq: int, author: str, at: float) -> Record:
        kept: list[Change] = [change for change in changes if not isinstance(change, Delete)]
        return apply(entries, kept, seq, author, at)

    draw = RoomLog.__init__

    def opened(drawing: RoomLog, *arguments: Any) -> None:
        replace(relay.room.log, "apply", forgetful)
        try:
            draw(drawing, *arguments)
        finally:
            replace(relay.room.log, "apply", apply)

    replace(RoomLog, "__init__", opened)


def snapshot_misses_one() -> None:
    """The element drawn last is not in a snapshot."""
    kept = CompactEntries.encoded
    replace(CompactEntries, "encoded", lambda packed: dict(list(kept(packed).items())[:-1]))


def snapshot_of_another_moment() -> None:
    """A snapshot says that it holds more than it does."""

    def stale(drawing: RoomLog, seq: int, peer: str) -> EncodedSnapshot:
        snapshot = drawing._snapshot if drawing._snapshot.seq >= 0 else drawing.snapshot()
        return snapshot._replace(seq=drawing.seq)

    replace(RoomLog, "recent_snapshot", stale)


def wrong_author() -> None:
    """Opened again, a drawing is somebody else's."""
    decode = msgspec.json.decode

    class Json:
        """`msgspec.json`, but for the author."""

        encode = staticmethod(msgspec.json.encode)

        @staticmethod
        def decode(data: bytes, type: Any = Any) -> Any:
            decoded = decode(data, type=type)
            if isinstance(decoded, Commit):
                decoded = msgspec.structs.replace(decoded, author="0" * 16)
            return decoded

    class Module:
        json = Json
        Raw = msgspec.Raw
        structs = msgspec.structs

    replace(relay.room.log, "msgspec", Module)


def _altered_rows(alter: Callable[[Sequence[LogRow]], Sequence[LogRow]]) -> None:
    _alter_batches(lambda batch: batch._replace(rows=alter(batch.rows)))


def time_goes_back() -> None:
    """Entries are stamped by a clock that was set back."""
    _altered_rows(
        lambda rows: [
            row._replace(at=row.at - 1e6, body=_with(row, at=row.at - 1e6)) if row.seq % 7 == 0 else row
            for row in rows
        ]
    )


def another_stroke_is_kept() -> None:
    """What is kept is not what was sent."""

    def other(row: LogRow) -> LogRow:
        return row._replace(body=row.body.replace(b'"kind":"stroke"', b'"kind":"strike"'))

    _altered_rows(lambda rows: [other(row) if row.seq % 7 == 0 else row for row in rows])


def _with(row: LogRow, **fields: Any) -> bytes:
    commit = msgspec.json.decode(row.body, type=Commit)
    return msgspec.json.encode(msgspec.structs.replace(commit, **fields))


def leave_a_gap() -> None:
    """An entry in the middle is lost."""
    close = SqliteStore.close

    def losing(store: SqliteStore) -> None:
        store._db.execute("DELETE FROM log WHERE seq = 5")
        close(store)

    replace(SqliteStore, "close", losing)


def order_swapped() -> None:
    """The operations of a client are committed in another order."""
    begin = OperationQueue.begin

    def swapped(queue: OperationQueue, now: float) -> float:
        queue._queue.reverse()
        return begin(queue, now)

    replace(OperationQueue, "begin", swapped)


def cross_rooms() -> None:
    """Now and then a room's operations also end in another one's log."""
    append = SqliteStore.append
    turn = itertools.count()

    def crossing(store: SqliteStore, writes: Writes) -> Mapping[str, str]:
        for _, batch in writes:
            others = [Hold(*held) for held in store._fences._fences.items() if held[0] != batch.room]
            if others and batch.rows and next(turn) == 3:
                last = store._rows.room(others[0].room).last
                row = batch.rows[0]
                row = row._replace(seq=last + 1, body=_with(row, seq=last + 1))
                append(store, [(others[0], Batch(others[0].room, [row], [], []))])
        return append(store, writes)

    replace(SqliteStore, "append", crossing)


def swallow_operations() -> None:
    """Now and then an operation is taken for done and is not, and snapshots say that they hold it."""
    relay.room.log.TAIL_BYTES = 0
    add = OperationQueue.add
    turn = itertools.count()

    def swallow(queue: OperationQueue, peer: Peer, message: Operate[Any]) -> None:
        if message.op == peer.client.accepted + 1 and next(turn) % 15 == 7:
            peer.client.accepted = peer.client.last = message.op
        else:
            add(queue, peer, message)

    replace(OperationQueue, "add", swallow)


def lose_refusals() -> None:
    """Who was refused never hears of it."""
    _alter_batches(lambda batch: batch._replace(refusals=()))
    replace(Client, "refuse", lambda client, op, code, reason: None)
    replace(OperationQueue, "_send_refusal", lambda queue, item, code, reason, *, final: None)


def refuse_what_is_kept() -> None:
    """Now and then somebody is told that an operation will never be, and it is."""
    committed = OperationQueue.committed
    turn = itertools.count()

    def mean(queue: OperationQueue) -> None:
        settled = queue._proposal.outcomes if queue._proposal else []
        committed(queue)
        for item, row, *_ in settled:
            if row is not None and next(turn) % 20 == 19:
                queue._send_refusal(item, "store", "a bug", final=True)

    replace(OperationQueue, "committed", mean)


def resolve_reverts_twice() -> None:
    """An undo is worked out once more where it has happened already, and comes to nothing."""

    def twice(entries: Any, actions: Any, seq: int, records: Any) -> list[Change]:
        changes = resolve(entries, actions, seq, records)
        if not any(isinstance(action, Revert) for action in actions):
            return changes
        after = Overlay(entries)
        apply(after, changes, seq, "", 0.0)
        return resolve(after, actions, seq, records)

    replace(relay.room.operation_queue, "resolve", twice)


def deliver_another_room() -> None:
    """Now and then peers get an entry of another room, under the number of their own."""
    after = RoomLog.after
    drawings: list[RoomLog] = []
    turn = itertools.count()

    def stray(drawing: RoomLog, seq: int) -> Any:
        if drawing not in drawings:
            drawings.append(drawing)
        rows = list(after(drawing, seq))
        others = [other for other in drawings if other is not drawing and other._tail]
        if rows and others and next(turn) % 2:
            commit = msgspec.json.decode(others[0]._tail[-1][1], type=Commit)
            rows[-1] = encode_message(msgspec.structs.replace(commit, seq=drawing.seq))
        return iter(rows)

    replace(RoomLog, "after", stray)


def checkpoint_misses_one() -> None:
    """The element drawn last is not in a checkpoint."""
    relay.room.log.CHECKPOINT_ENTRIES = 16
    checkpoint = RoomLog.checkpoint

    def short(drawing: RoomLog) -> tuple[Checkpoint, EncodedEntries] | None:
        due = checkpoint(drawing)
        if due is None:
            return None
        point, entries = due
        return point._replace(entries=len(entries) - 1), dict(list(entries.items())[:-1])

    replace(RoomLog, "checkpoint", short)


def snapshot_before_commit() -> None:
    """A snapshot already shows what is only on its way to the disk."""
    relay.room.log.TAIL_BYTES = relay.room.log.FRESH_BYTES = 0
    draft, snapshot = RoomLog.draft, RoomLog.snapshot
    drafts: dict[int, Draft] = {}

    def drafting(drawing: RoomLog) -> Draft:
        drafts[id(drawing)] = draft(drawing)
        return drafts[id(drawing)]

    def hasty(drawing: RoomLog) -> EncodedSnapshot:
        ahead = drafts.get(id(drawing))
        if ahead is None or ahead.seq <= drawing.seq:
            return snapshot(drawing)
        entries = list(ahead.overlay.values())
        return EncodedSnapshot(drawing.seq, len(entries), zlib.compress(encode_entries(entries)))

    replace(RoomLog, "draft", drafting)
    replace(RoomLog, "snapshot", hasty)
    _slow_disk()


def short_memory() -> None:
    """No bug: what is kept in memory is next to nothing, so that snapshots and checkpoints are made all the time."""
    relay.room.log.TAIL_BYTES = relay.room.log.FRESH_BYTES = 0
    relay.room.log.CHECKPOINT_ENTRIES = 16


HARMLESS: dict[str, Callable[[], None]] = {"short_memory": short_memory}
BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (
        acknowledge_before_commit,
        broadcast_before_commit,
        skip_deduplication,
        forget_clients,
        resume_one_too_far,
        resume_one_too_early,
        serve_twice,
        reuse_epoch,
        ignore_marks,
        drop_tombstones,
        snapshot_misses_one,
        snapshot_of_another_moment,
        wrong_author,
        time_goes_back,
        another_stroke_is_kept,
        leave_a_gap,
        order_swapped,
        cross_rooms,
        swallow_operations,
        lose_refusals,
        refuse_what_is_kept,
        resolve_reverts_twice,
        deliver_another_room,
        checkpoint_misses_one,
        snapshot_before_commit,
    )
}
