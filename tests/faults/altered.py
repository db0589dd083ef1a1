"""A relay with alterations, for tests only: ``python -m tests.faults.altered A+B ARGUMENT…``. In all of them everybody is
a moderator: otherwise attacks without the right to do something would only be refused.

A harness that cannot fail shows nothing: with the alterations that break a rule, it must. ``counted`` breaks
nothing; it logs each snapshot that is built.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import relay.__main__
import relay.cluster.membership
import relay.protocol.codec
import relay.room.clients
import relay.room.events
import relay.room.operation_queue
import relay.room.presence
import relay.room.room
import relay.server.committer
import relay.server.connection
import relay.server.draining
import relay.server.pieces
import relay.server.rooms
from relay.access.authentication import Authenticator
from relay.cluster.membership import Membership
from relay.limits import Limits
from relay.protocol import ClientMessage, RemoteError, check_value, decode_client, normalize_action
from relay.room.log import EncodedSnapshot, RoomLog
from relay.room.permissions import Role
from relay.server.accepting import Gate
from relay.server.memory import Memory
from relay.server.pieces import Pieces, decode_frame
from relay.server.relay import Relay
from relay.server.rooms import Rooms

from ..support.patching import replace

BUILT = "snapshot built"
LONGEST = "longest step"
HOLD = 0.5
"""CPU seconds of a planted hold, `HOLDS` of them, over frames of more than `LONG_FRAME` bytes."""
HOLDS = 3
LONG_FRAME = 20_000
FEW = 128
"""The descriptors of a relay with few of them."""


def unaltered() -> None:
    """The relay as it is."""


def quiet() -> None:
    """Only warnings and errors are logged, and the line with the address."""
    logging.getLogger("relay").addFilter(
        lambda record: record.levelno >= logging.WARNING or str(record.msg).startswith("listening")
    )


def no_watchdog() -> None:
    """No peer is aborted for reading nothing."""
    relay.server.connection.NO_PROGRESS = 1e9


def counted() -> None:
    """Each snapshot that is built is logged."""
    keep = RoomLog.keep_snapshot

    def keep_and_tell(log: RoomLog, snapshot: EncodedSnapshot, *made: Any) -> None:
        keep(log, snapshot, *made)
        logging.getLogger("relay").warning("%s seq=%d", BUILT, snapshot.seq)

    replace(RoomLog, "keep_snapshot", keep_and_tell)


def stepped() -> None:
    """Each step of the event loop that is longer than all before is logged, in CPU time of its thread, so that other
    processes do not count."""
    run = asyncio.Handle._run
    longest = 0.0

    def measured(handle: asyncio.Handle) -> None:
        nonlocal longest
        before = time.thread_time()
        run(handle)
        if (spent := time.thread_time() - before) > longest:
            longest = spent
            logging.getLogger("relay").warning("%s %.6f %.200r", LONGEST, spent, handle)

    replace(asyncio.Handle, "_run", measured)


def moderators() -> None:
    """Everybody may clear, and change the elements of others."""
    begin = Authenticator.__init__

    def grant(authenticator: Authenticator, *given: Any, **named: Any) -> None:
        begin(authenticator, *given, **{**named, "everybody": Role.MODERATOR})

    replace(Authenticator, "__init__", grant)


def all_on_the_loop() -> None:
    """Everything is computed on the event loop, however expensive."""
    relay.server.committer.AT_ONCE = float("inf")
    relay.server.rooms.SNAPSHOT_AT_ONCE = 1 << 60


def all_at_once() -> None:
    """A frame is handled in one piece, whatever its content."""
    for name in ("MAX_MESSAGES", "MAX_OBJECTS"):
        replace(relay.protocol.codec, name, 1 << 60)
    vars(relay.server.connection).update(LONG=1 << 60, PIECE=1 << 60)
    relay.server.pieces.PIECE = relay.server.pieces.PIECE_BYTES = 1 << 60


def held() -> None:
    """The loop stands still for `HOLD` CPU seconds over some of what comes in long frames."""
    left = HOLDS

    def hold(frame: str | bytes) -> Pieces:
        nonlocal left
        if len(frame) > LONG_FRAME and left:
            left -= 1
            until = time.thread_time() + HOLD
            while time.thread_time() < until:
                pass
        return decode_frame(frame)

    replace(relay.server.connection, "decode_frame", hold)


def free_of_charge() -> None:
    """No operation costs anything."""
    replace(relay.room.operation_queue, "price", lambda *_: 0.0)


def no_sharing() -> None:
    """No snapshot is used for a second join."""
    replace(RoomLog, "recent_snapshot", lambda log, seq, peer: log.snapshot())


def no_value_check() -> None:
    """Values are not checked."""
    replace(relay.room.room, "check_value", lambda value, depth=0: None)
    replace(relay.room.operation_queue, "normalize_action", lambda action: action)
    replace(relay.room.presence, "check_value", lambda value, depth=0: None)


def decoding_raises() -> None:
    """A message that cannot be decoded raises an unexpected error."""

    def decode_or_raise(frame: str | bytes) -> list[ClientMessage | RemoteError]:
        messages = decode_client(frame)
        for message in messages:
            if isinstance(message, RemoteError):
                raise KeyError(message.reason)
        return messages

    replace(relay.server.connection, "decode_client", decode_or_raise)
    replace(relay.server.pieces, "decode_client", decode_or_raise)


def undocumented_code() -> None:
    """One error has a code that no document names."""

    def renamed(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def check_and_rename(value: Any) -> Any:
            try:
                return check(value)
            except RemoteError as bad:
                raise RemoteError("surprise", bad.reason) from None

        return check_and_rename

    replace(relay.room.room, "check_value", renamed(check_value))
    replace(relay.room.operation_queue, "normalize_action", renamed(normalize_action))


def few_descriptors() -> None:
    """The process may have only `FEW` descriptors."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))


def open_gate() -> None:
    """Idle connections are not counted, and limits are not adapted to the descriptors."""
    replace(Gate, "let_in", lambda gate, accepted: None)
    replace(Limits, "within", lambda limits, descriptors: limits)


def no_budget() -> None:
    """Events and undo records have no limit."""
    relay.room.events.EVENT_BYTES = 1 << 40
    replace(relay.room.events, "MAX_EVENTS", 1 << 40)
    relay.room.clients.ROOM_RECORDS = 1 << 40


def no_account() -> None:
    """All rooms together have no limit of memory."""
    replace(relay.server.rooms, "Memory", lambda limit: Memory(1 << 40))


def unaware() -> None:
    """A relay that was declared dead goes on as if it were not."""
    replace(Membership, "_begin_anew", _nothing)
    replace(Rooms, "lose_all", lambda _rooms, _why: None)


async def _nothing(_membership: Membership) -> None:
    """Do nothing."""


def no_fence() -> None:
    """Whoever writes is believed to hold the room, and to know its log."""
    found = " AND r.fence = g.fence\n"
    compared = "r.fence = g.fence AND (g.expected IS NULL OR r.last = g.expected)"
    inserted = "FROM g JOIN mine USING (name) WHERE g.expected IS NOT NULL"
    put = (
        "ON CONFLICT (room, first) DO UPDATE SET last = excluded.last, body = excluded.body, crc = excluded.crc"
    )
    # Only here: it is a quarter of the start of each of the hundreds of relays that are killed.
    import relay.store.postgres
    import relay.store.postgres_schema

    append = relay.store.postgres_schema.APPEND
    assert found in append
    assert compared in append
    assert inserted in append
    altered = append.replace(found, "\n").replace(compared, "true").replace(inserted, f"{inserted} {put}")
    vars(relay.store.postgres)["APPEND"] = altered


def endless_notice() -> None:
    """A relay that is drained says so, and keeps its rooms."""
    relay.server.draining.NOTICE = 1e9


def patient() -> None:
    """People stay with a relay that the store does not hear, however long that takes."""
    relay.cluster.membership.PATIENCE = 1e9


def unready() -> None:
    """A relay that the store does not hear says that nobody may come."""
    why: Callable[[Relay], str] = vars(Relay)["_unready"]

    def unheard(asked: Relay) -> str:
        membership: Membership = vars(asked)["_membership"]
        return why(asked) or ("" if membership.is_heard else "the store is away")

    replace(Relay, "_unready", unheard)


ALTERATIONS: dict[str, Callable[[], None]] = {
    alter.__name__: alter
    for alter in (
        unaltered,
        quiet,
        no_watchdog,
        counted,
        no_sharing,
        no_value_check,
        decoding_raises,
        undocumented_code,
        few_descriptors,
        open_gate,
        no_budget,
        no_account,
        stepped,
        all_on_the_loop,
        all_at_once,
        free_of_charge,
        held,
        unaware,
        no_fence,
        endless_notice,
        patient,
        unready,
    )
}


if __name__ == "__main__":
    moderators()
    for name in sys.argv[1].split("+"):
        ALTERATIONS[name]()
    sys.exit(relay.__main__.main(sys.argv[2:]))
