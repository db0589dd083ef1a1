"""Relays with a planted bug, each of which the checker must catch: a check that cannot fail shows nothing.

A bug is a function that alters classes of the relay in its own process; `relay_main` applies it by name.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

import relay.drawing
import relay.room
import relay.rooms
import relay.store.sqlite
from relay.clients import Client
from relay.drawing import Draft, Drawing, Picture
from relay.log import Batch, Checkpoint, Found, LogRow
from relay.packed import Kept, Packed
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
)
from relay.room import UNKNOWN, Peer, Room
from relay.rooms import OpenRoom, Rooms
from relay.store import SqliteStore


def acknowledge_before_commit() -> None:
    """What was acknowledged becomes durable only with what comes next."""
    append = SqliteStore.append
    waiting: list[Sequence[Batch]] = []

    def late(store: SqliteStore, batches: Sequence[Batch]) -> None:
        waiting.append(batches)
        if len(waiting) > 3:
            append(store, waiting.pop(0))

    SqliteStore.append = late  # type: ignore[method-assign]


def broadcast_before_commit() -> None:
    """Everybody sees a batch while it is on its way to the disk."""
    propose, committed = Rooms._propose, Room.committed

    def early(rooms: Rooms) -> list[tuple[OpenRoom, Batch]]:
        group = propose(rooms)
        for opened, _ in group:
            committed(opened.room)
            rooms.touch(opened)
        return group

    Rooms._propose = early  # type: ignore[method-assign]
    Room.committed = lambda room: None  # type: ignore[method-assign]
    _slow_disk()


def _slow_disk() -> None:
    """The disk takes so long that what is sent meanwhile arrives."""
    import time

    append = SqliteStore.append

    def slow(store: SqliteStore, batches: Sequence[Batch]) -> None:
        time.sleep(0.03)
        append(store, batches)

    SqliteStore.append = slow  # type: ignore[method-assign]


def skip_deduplication() -> None:
    """Who resumes is believed to have done only what it knows the verdict of."""
    join = Room.join

    def gullible(room: Room, message: Join, now: float, found: Found = UNKNOWN, **named: Any) -> Peer:
        if found.client is not None and message.settled < found.client.last:
            found = found._replace(client=found.client._replace(last=message.settled))
        return join(room, message, now, found, **named)

    Room.join = gullible  # type: ignore[method-assign]


def forget_clients() -> None:
    """How far each client came is not kept."""

    def careless(batch: Batch) -> Batch:
        return batch._replace(clients=[row._replace(last=max(0, row.last - 2)) for row in batch.clients])

    _alter_batches(careless)


def _alter_batches(alter: Callable[[Batch], Batch]) -> None:
    """The store is given something else than the room has."""
    append = SqliteStore.append

    def altered(store: SqliteStore, batches: Sequence[Batch]) -> None:
        append(store, [alter(batch) for batch in batches])

    SqliteStore.append = altered  # type: ignore[method-assign]


def _resume(step: int) -> None:
    join = Room.join

    def joined(room: Room, message: Join, *arguments: Any, **named: Any) -> Peer:
        peer = join(room, message, *arguments, **named)
        if message.epoch and 0 < peer.cursor < room.seq:
            peer.cursor += step
        return peer

    Room.join = joined  # type: ignore[method-assign]


def resume_one_too_far() -> None:
    """The first entry that somebody missed is left out."""
    _resume(1)


def resume_one_too_early() -> None:
    """The last entry that somebody had comes again."""
    _resume(-1)


def serve_twice() -> None:
    """Now and then an entry is sent twice."""
    after = Drawing.after
    turn = itertools.count()

    def stutter(drawing: Drawing, seq: int) -> Any:
        rows = list(after(drawing, seq))
        return iter(rows + rows[-1:] if next(turn) % 5 == 4 else rows)

    Drawing.after = stutter  # type: ignore[method-assign]


def reuse_epoch() -> None:
    """A log that was lost begins again under the name of the old one, and nobody looks at marks."""
    relay.rooms.secrets = _Constant()  # type: ignore[assignment]
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

    def knows(room: Room, join: Join, last: int, found: Found) -> bool:
        return join.epoch == room.epoch and 0 <= join.seq <= room.seq

    Room._knows = knows  # type: ignore[method-assign]


def drop_tombstones() -> None:
    """Deleting is forgotten when a log is opened again."""

    def forgetful(entries: Any, changes: Any, seq: int, author: str, at: float) -> Record:
        kept: list[Change] = [change for change in changes if not isinstance(change, Delete)]
        return apply(entries, kept, seq, author, at)

    draw = Drawing.__init__

    def opened(drawing: Drawing, *arguments: Any) -> None:
        relay.drawing.apply = forgetful
        try:
            draw(drawing, *arguments)
        finally:
            relay.drawing.apply = apply

    Drawing.__init__ = opened  # type: ignore[method-assign]


def snapshot_misses_one() -> None:
    """The element drawn last is not in a snapshot."""
    kept = Packed.kept
    Packed.kept = lambda packed: dict(list(kept(packed).items())[:-1])  # type: ignore[method-assign]


def snapshot_of_another_moment() -> None:
    """A snapshot says that it holds more than it does."""

    def stale(drawing: Drawing, seq: int) -> Picture:
        picture = drawing._picture if drawing._picture.seq >= 0 else drawing.picture()
        return picture._replace(seq=drawing.seq)

    Drawing.recent_picture = stale  # type: ignore[method-assign]


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

    relay.drawing.msgspec = Module  # type: ignore[assignment]


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

    SqliteStore.close = losing  # type: ignore[method-assign]


def order_swapped() -> None:
    """The operations of a client are committed in another order."""
    propose = Room.propose

    def swapped(room: Room, now: float) -> Batch | None:
        room._queue.reverse()
        return propose(room, now)

    Room.propose = swapped  # type: ignore[method-assign]


def cross_rooms() -> None:
    """Now and then a room's operations also end in another one's log."""
    append = SqliteStore.append
    turn = itertools.count()

    def crossing(store: SqliteStore, batches: Sequence[Batch]) -> None:
        for batch in batches:
            others = [name for (name,) in store._db.execute("SELECT name FROM rooms") if name != batch.room]
            if others and batch.rows and next(turn) == 3:
                last = store._room(others[0]).last
                row = batch.rows[0]
                row = row._replace(seq=last + 1, body=_with(row, seq=last + 1))
                append(store, [Batch(others[0], [row], [], [])])
        append(store, batches)

    SqliteStore.append = crossing  # type: ignore[method-assign]


def swallow_operations() -> None:
    """Now and then an operation is taken for done and is not, and snapshots say that they hold it."""
    relay.drawing.TAIL_BYTES = 0
    operate = Room._operate
    turn = itertools.count()

    def swallow(room: Room, peer: Peer, message: Operate) -> None:
        if message.op == peer.client.accepted + 1 and next(turn) % 15 == 7:
            peer.client.accepted = peer.client.last = message.op
        else:
            operate(room, peer, message)

    Room._operate = swallow  # type: ignore[method-assign]


def lose_refusals() -> None:
    """Who was refused never hears of it."""
    _alter_batches(lambda batch: batch._replace(refusals=()))
    Client.refuse = lambda client, op, code, reason: None  # type: ignore[method-assign]
    Room._tell_refused = lambda room, item, code, reason, *, final: None  # type: ignore[method-assign]


def refuse_what_is_kept() -> None:
    """Now and then somebody is told that an operation will never be, and it is."""
    committed = Room.committed
    turn = itertools.count()

    def mean(room: Room) -> None:
        settled = room._proposal.settled if room._proposal else []
        committed(room)
        for item, row, *_ in settled:
            if row is not None and next(turn) % 20 == 19:
                room._tell_refused(item, "store", "a bug", final=True)

    Room.committed = mean  # type: ignore[method-assign]


def resolve_reverts_twice() -> None:
    """An undo is worked out once more where it has happened already, and comes to nothing."""
    resolve = relay.room.resolve

    def twice(entries: Any, actions: Any, seq: int, records: Any) -> list[Change]:
        changes = resolve(entries, actions, seq, records)
        if not any(isinstance(action, Revert) for action in actions):
            return changes
        after = Overlay(entries)
        apply(after, changes, seq, "", 0.0)
        return resolve(after, actions, seq, records)

    relay.room.resolve = twice


def deliver_another_room() -> None:
    """Now and then peers get an entry of another room, under the number of their own."""
    after = Drawing.after
    drawings: list[Drawing] = []
    turn = itertools.count()

    def stray(drawing: Drawing, seq: int) -> Any:
        if drawing not in drawings:
            drawings.append(drawing)
        rows = list(after(drawing, seq))
        others = [other for other in drawings if other is not drawing and other._tail]
        if rows and others and next(turn) % 2:
            commit = msgspec.json.decode(others[0]._tail[-1][1], type=Commit)
            rows[-1] = encode_message(msgspec.structs.replace(commit, seq=drawing.seq))
        return iter(rows)

    Drawing.after = stray  # type: ignore[method-assign]


def checkpoint_misses_one() -> None:
    """The element drawn last is not in a checkpoint."""
    relay.drawing.CHECKPOINT_ENTRIES = 16
    checkpoint = Drawing.checkpoint

    def short(drawing: Drawing) -> tuple[Checkpoint, Kept] | None:
        due = checkpoint(drawing)
        if due is None:
            return None
        point, entries = due
        return point._replace(entries=len(entries) - 1), dict(list(entries.items())[:-1])

    Drawing.checkpoint = short  # type: ignore[method-assign]


def snapshot_before_commit() -> None:
    """A snapshot already shows what is only on its way to the disk."""
    relay.drawing.TAIL_BYTES = relay.drawing.FRESH_BYTES = 0
    draft, picture = Drawing.draft, Drawing.picture
    drafts: dict[int, Draft] = {}

    def drafting(drawing: Drawing) -> Draft:
        drafts[id(drawing)] = draft(drawing)
        return drafts[id(drawing)]

    def hasty(drawing: Drawing) -> Picture:
        ahead = drafts.get(id(drawing))
        if ahead is None or ahead.seq <= drawing.seq:
            return picture(drawing)
        entries = list(ahead.overlay.values())
        return Picture(drawing.seq, len(entries), zlib.compress(encode_entries(entries)))

    Drawing.draft = drafting  # type: ignore[method-assign]
    Drawing.picture = hasty  # type: ignore[method-assign]
    _slow_disk()


def short_memory() -> None:
    """No bug: what is kept in memory is next to nothing, so that snapshots and checkpoints are made all the time."""
    relay.drawing.TAIL_BYTES = relay.drawing.FRESH_BYTES = 0
    relay.drawing.CHECKPOINT_ENTRIES = 16


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
