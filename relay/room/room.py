"""One room: it receives the messages of its peers, and orders their operations.

Rules of this file: pure; it knows no socket, no clock and no store; ids, marks and `now` are arguments.

Operations wait in `queue` for their verdict. `members` lets peers in and out, `joining` decides as which client, and
each peer's frames are pulled from `delivery`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ..limits import Limits
from ..protocol import (
    CLOSE_ERASED,
    CLOSE_REMOVED,
    CLOSE_RESTART,
    HEIGHT,
    MAX_MESSAGE,
    MAX_READ,
    PROTOCOL_VERSION,
    SAFE_INTEGER,
    TICKET_SECONDS,
    WIDTH,
    Accompanied,
    Accompany,
    Cancel,
    ClientMessage,
    Done,
    Error,
    Event,
    Goodbye,
    History,
    Join,
    Leave,
    Operate,
    PeerEvent,
    Preview,
    Refused,
    RemoteError,
    Remove,
    RoomState,
    Ticket,
    Welcome,
    check_event_name,
    check_key,
    check_value,
    normalize_fields,
)
from ..protocol import Presence as PresenceMessage
from ..records import Checkpoint, LoadedRoom, LogRange, ResumeFacts, Trim
from .compact import EncodedEntries
from .delivery import Delivery
from .joining import NO_FACTS, Begin, identify, introduce, is_same_log
from .log import RoomLog
from .members import Members
from .operation_queue import OperationQueue
from .peer import JOINED, Peer
from .permissions import DRAWN, Role, check_companion, check_message, check_presence, may_look_back
from .presence import PEER_BYTES, Presence

ROOM_BYTES = 8 << 10
"""Bytes of a room in which nothing is, roughly."""
MAX_PENS = 64
"""Peers that may draw in a locked room beside its moderators."""


class Room:
    """One shared drawing. `new_id` returns unguessable text, `new_mark` random whole numbers."""

    def __init__(
        self,
        name: str,
        loaded: LoadedRoom,
        new_id: Callable[[], str],
        new_mark: Callable[[], int],
        limits: Limits | None = None,
    ) -> None:
        self.name = name
        self.epoch = loaded.epoch
        self.oldest = loaded.first
        self._limits = limits or Limits()
        self.log = RoomLog(loaded, self._limits)
        self._presence = Presence()
        self._members = Members(self._presence, self._limits, new_id)
        companions = self._members.companions.lines
        self.delivery = Delivery(self.log, self._presence, self._members.peers, companions)
        self.queue = OperationQueue(
            name, self.log, self._presence, self._members, new_mark, locked=loaded.locked
        )
        for commit, record in self.log.replayed:
            self._members.clients.add_record(commit.client, commit.op, record)
        self.log.replayed.clear()
        self._members.clients.shed_records()

    @property
    def seq(self) -> int:
        """The number of the latest entry of the log."""
        return self.log.seq

    @property
    def memory(self) -> int:
        """Bytes that the room has in memory, roughly."""
        return (
            ROOM_BYTES
            + self.log.memory
            + self._presence.memory
            + self._members.clients.memory
            + self.delivery.memory
            + PEER_BYTES * len(self._members.companions.lines)
        )

    @property
    def presence_bytes(self) -> int:
        """Bytes of what a peer is sent of everybody's presence when it joins, roughly."""
        return self._presence.size

    @property
    def locked(self) -> bool:
        """Whether only moderators may draw now."""
        return self.queue.locked

    @property
    def peers(self) -> Mapping[str, Peer]:
        """The peers in the room by their ids, with those that are leaving and wait for a verdict."""
        return self._members.peers

    # --- joining and leaving ------------------------------------------------------------------------------

    def needs_store_lookup(self, join: Join) -> bool:
        """Return whether `join` names a client or an entry that is not in memory, so that it needs `Store.find`."""
        if join.epoch != self.epoch:
            return False
        return join.client not in self._members.clients or not self.log.remembers(join.seq)

    def join(
        self,
        join: Join,
        facts: ResumeFacts = NO_FACTS,
        *,
        role: Role = Role.MODERATOR,
        subject: str = "",
        token_name: str = "",
        verified: bool = False,
    ) -> Peer:
        """Let a connection join, and return its peer, whose first frames wait in `delivery`. Raises `RemoteError`.

        `facts`: the result of `Store.find`, see `needs_store_lookup`. `subject`, `token_name` and `verified`: see
        `introduce`.
        """
        check_message(role, self.locked, join)
        applicant = introduce(join, self._limits, subject, token_name, verified=verified)
        client = self._members.clients.find(join.client, facts, self.seq)
        last = client.last if client else 0
        same_log = is_same_log(join, self.epoch, self.log, last, facts)
        identity = identify(join, applicant, client, same_log=same_log)
        reset = isinstance(identity, Begin) and identity.reset
        peer, resume_key = self._members.admit(join, applicant, client, identity, role)
        if not join.epoch:
            peer.cursor = 0 if self.seq == 0 else -1
        elif reset or join.seq < self.log.tail_start:
            peer.cursor = -1
        else:
            # What happened since may have been erased; the drawing has what was not.
            told_all = join.seq == self.seq or may_look_back(role, self.locked)
            peer.cursor = join.seq if told_all else -1
        peer.heard = self.delivery.events.last
        peer.direct.append(
            Welcome(
                version=min(join.version, PROTOCOL_VERSION),
                room=self.name,
                peer=peer.id,
                client=peer.client.id,
                resume_key=resume_key,
                author=peer.client.author,
                epoch=self.epoch,
                seq=self.seq,
                last=last,
                reset=reset,
                width=WIDTH,
                height=HEIGHT,
                role=role.word,
                locked=self.locked,
                oldest=self.oldest,
                request_ids=True,
                max_message=self._limits.max_message,
                max_elements=self._limits.max_elements,
                max_drawing=self._limits.max_drawing,
                companions=True,
                codes=True,
            )
        )
        for op, (code, reason) in peer.client.refusals.items():
            if op > join.settled:
                peer.direct.append(Refused(op, code, reason, final=True))
        if self.queue.pens:
            # A pen is its author's, who may have come again; so others may see that too.
            state = (self.seq, self._state())
            for each in self.peers.values() if peer.client.author in self.queue.pens else (peer,):
                each.following.append(state)
        return peer

    def invite(self, peer: Peer, now: float, re: int = 0) -> None:
        """Send `peer` a ticket for a companion, as it asked in its request `re`; `now` is a time in seconds."""
        peer.direct.append(Ticket(self._members.companions.invite(peer, now), TICKET_SECONDS, re=re))

    def want(self, peer: Peer, previews: bool, re: int = 0) -> None:
        """Send `peer` others' previews or leave them to its companions, as it asked in its request `re`; raises
        `RemoteError`."""
        self._members.companions.want(peer, previews)
        if re:
            peer.wants.append(re)

    def accompany(self, asked: Accompany, now: float) -> Peer:
        """Let a companion join, as it `asked`, and return it; raises `RemoteError`."""
        companion = self._members.companions.admit(asked.ticket, now, asked.name, asked.color)
        companion.direct.append(Accompanied(companion.id, companion.line if companion.is_guest else ""))
        return companion

    def end_orphans(self, companion: Peer) -> None:
        """End the ink that a companion left under way, where nobody has gone on with it."""
        self._presence.end_orphans(companion.id, companion.orphans)

    def leave(self, peer: Peer) -> None:
        """End the connection of `peer`: see `Members.leave`."""
        self._members.leave(peer)

    def goodbye(self, reason: str, retry: float) -> None:
        """Announce to everybody that the relay is going down, and in how many seconds to try again."""
        for peer in (*self.peers.values(), *self._members.companions.lines.values()):
            peer.direct.append(Goodbye(reason, retry))

    def abandon(self, reason: str) -> None:
        """Send everybody on, because the room is no longer this relay's: no operation gets a verdict any more."""
        self.queue.abandon()
        self.goodbye(reason, 0.0)
        for peer in (*self.peers.values(), *self._members.companions.lines.values()):
            peer.close(CLOSE_RESTART, reason)

    # --- receiving ----------------------------------------------------------------------------------------

    def receive(self, peer: Peer, message: ClientMessage | Preview[Any]) -> None:
        """Handle one message. Raises `RemoteError` when it is refused as a whole, and then nothing has changed."""
        if peer.life is not JOINED:
            return
        # An operation of a peer is refused under its number: see `OperationQueue`.
        if not isinstance(message, Operate) or peer.lead is not None:
            self.check_allowed(peer, message)
        match message:
            case Preview():
                sender = "" if peer.lead is None else peer.line
                self._presence.draw(peer.id, _normalize_preview(message), sender)
            case Operate():
                self.queue.add(peer, message)
            case PresenceMessage(state=state):
                self._update_presence(peer, state)
            case Cancel(key=key):
                check_key(key)
                self._presence.end(peer.id, key)
            case Event():
                check_value(message.data)
                check_event_name(message.name)
                self.delivery.forward(peer, message)
            case Leave():
                self.leave(peer)
            case Remove(peer=target, id=id):
                self._remove(peer, target)
                self.send_done(peer, id)
            case Join() | Accompany():
                raise RemoteError("joined-already", "this connection has joined already; open another one")
            case _:
                raise RemoteError("bad-message", "only the relay itself can do that")  # See `check_allowed`.

    def _update_presence(self, peer: Peer, state: dict[str, Any]) -> None:
        if peer.named_by_token and "name" in state and state["name"] != peer.name:
            raise RemoteError("bad-name", "your token says what you are called")
        check_presence(peer.rights, self.queue.locked_for(peer), state)
        self._presence.update(peer.seen_as, state)
        if peer.lead is not None and not peer.is_guest:
            peer.shown.update(state)

    def check_allowed(self, peer: Peer, message: ClientMessage) -> None:
        """Raise `RemoteError` unless `peer` may send `message`, one that the room does not handle itself."""
        if peer.lead is not None:
            check_companion(message, is_guest=peer.is_guest)
        check_message(peer.rights, self.queue.locked_for(peer), message)

    def authors_of(self, peers: Sequence[str]) -> frozenset[str]:
        """Return the authors of those peers that are still here; raises `RemoteError`."""
        if len(peers) > MAX_PENS:
            raise RemoteError("bad-message", f"at most {MAX_PENS} people may have a pen; lend fewer")
        return frozenset(self.peers[peer].client.author for peer in peers if peer in self.peers)

    def _state(self) -> RoomState:
        pens = (peer.id for peer in self.peers.values() if peer.client.author in self.queue.pens)
        return RoomState(self.locked, tuple(pens))

    def lock(
        self, locked: bool, asker: Peer | None = None, re: int = 0, *, pens: frozenset[str] = frozenset()
    ) -> None:
        """Let only moderators and the authors with `pens` draw from now on, or everybody; the previews of peers that
        may not draw end.

        Operations that wait for their verdict are refused, except those on their way to the store: everybody is told
        of the lock after those, and the `asker` that its request `re` was carried out."""
        self.queue.locked, self.queue.pens = locked, pens if locked else frozenset()
        for peer in self.peers.values():
            if self.queue.locked_for(peer) and peer.role < Role.MODERATOR:
                self._presence.drop(peer.id)
                self._presence.withdraw(peer.id, DRAWN)

        def announce() -> None:
            state = (self.seq, self._state())
            for peer in self.peers.values():
                peer.following.append(state)
            if asker is not None and re:
                asker.following.append((self.seq, Done(re=re)))

        self.queue.after_batch(announce)

    def close(self) -> None:
        """End all connections, as the room is deleted."""
        for peer in list(self.peers.values()):
            self._members.dismiss(peer, CLOSE_ERASED, "the room was deleted")

    def _remove(self, peer: Peer, id: str) -> None:
        guest = self._members.companions.lines.get(id)
        # Who comes by a kernel goes with it: its pages would come again.
        target = guest.lead if guest is not None else self.peers.get(id)
        if target is None:
            raise RemoteError("no-such-peer", "the peer to take out is no longer here")
        if target.role > peer.role:
            raise RemoteError("role", f"{peer.role.phrase} may not take {target.role.phrase} out of the room")
        self._members.dismiss(target, CLOSE_REMOVED, "a moderator took you out of the room")

    # --- the store ----------------------------------------------------------------------------------------

    def checkpoint(self) -> tuple[Checkpoint, EncodedEntries] | None:
        """Return the drawing as it is, when a checkpoint is due: see `RoomLog.checkpoint`."""
        return self.log.checkpoint()

    def trim(self) -> Trim:
        """Return how much of the log the store may drop now."""
        return self.log.trim()

    def check_read(self, first: int, last: int) -> None:
        """Raise `RemoteError` unless the entries `first` to `last` can be read."""
        if not self.oldest <= first <= last <= self.seq:
            raise RemoteError("bad-range", f"the past of this room goes from {self.oldest} to {self.seq}")
        if last - first >= MAX_READ:
            raise RemoteError("bad-range", f"at most {MAX_READ} entries can be read at a time")

    # --- sending to one peer ------------------------------------------------------------------------------

    def send_event(self, peer: Peer, name: str, data: Any) -> None:
        """Send a named event to `peer` alone, from the relay itself; raises `RemoteError` when too many wait."""
        self.delivery.post(peer.id, PeerEvent("", name, data))

    def send_history(self, peer: Peer, past: LogRange, last: int, stream: bytes, re: int = 0) -> None:
        """Send `peer` the range of the log that its request `re` asked for; `stream` is from `encode_history`."""
        base = past.checkpoint.seq if past.checkpoint else 0
        peer.history = (History(base, last, self.oldest, len(stream), re=re), stream)

    def send_error(self, peer: Peer, error: RemoteError, re: int = 0) -> None:
        """Send `peer` an error in its request `re`, or with `re` 0 in something that is no request."""
        peer.direct.append(Error(error.code, error.reason, re=re))

    def send_done(self, peer: Peer, re: int) -> None:
        """Send `peer` that its request `re` was carried out; a request without an id gets no such answer."""
        if re:
            peer.direct.append(Done(re=re))


def _normalize_preview(message: Preview[Any]) -> Preview[Any]:
    check_key(message.key)
    for number in message.points:
        if not -SAFE_INTEGER <= number <= SAFE_INTEGER:
            check_value(number)
    if message.fields is None:
        return message
    if sum(len(value) for value in message.fields.values() if isinstance(value, msgspec.Raw)) > MAX_MESSAGE:
        raise RemoteError("too-large", f"the style of a preview may have at most {MAX_MESSAGE >> 10} KiB")
    return Preview(message.key, message.start, message.points, normalize_fields(message.fields))
