"""The frames of each peer of a room, pulled one by one when its socket has room. Pure.

Each peer has a cursor into the log and a version of the presence: to a slow one, frames go less often, not later and
later. A frame is encoded once for all peers at the same cursor and version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import is_
from typing import NamedTuple

import msgspec

from ..protocol import (
    CLOSE_SLOW,
    WINDOW,
    Done,
    Error,
    Event,
    PeerEvent,
    PeerPreview,
    RemoteError,
    Snapshot,
    encode,
    encode_message,
)
from .compact import EncodedEntries
from .events import ALL, FRAME_BYTES, OTHERS, RoomEvents
from .log import EncodedSnapshot, RoomLog
from .peer import JOINED, Peer, Stream
from .presence import Presence, Update

SNAPSHOT_BYTES = 32 << 20
"""Bytes of the snapshots of one room that are being sent; more, if three of the latest are more."""
DIRECT_BYTES = 300
"""Bytes of a message for one peer alone, roughly."""
AT_ONCE = WINDOW
"""Messages for one peer alone in one frame."""


class _Frame(NamedTuple):
    """The last frame encoded: it takes a peer from `where` (cursor, version) to `reached`, the room being at `now`. If
    it has nothing but previews of one connection, that is its `owner`, which does not need it."""

    where: tuple[int, int]
    now: tuple[int, int]
    text: str | None
    reached: tuple[int, int]
    owner: str


class Delivery:
    """Sends the peers of one room its log and presence, and each what is for it alone."""

    def __init__(
        self,
        log: RoomLog,
        presence: Presence,
        peers: Mapping[str, Peer],
        companions: Mapping[str, Peer],
    ) -> None:
        self._log = log
        self._presence = presence
        self._peers = peers
        self._companions = companions
        self.events = RoomEvents()
        self._frame: _Frame | None = None
        self._live_frame: _Frame | None = None
        """The same of companions, which are sent no commits."""
        self._bare_frame: _Frame | None = None
        """The same of peers whose companions receive others' previews."""
        self._events: tuple[list[msgspec.Raw], str] = ([], "")
        """The last frame of events that was encoded, and the events in it."""
        self._weighed: tuple[object, bool] = (None, False)
        """The presence of which it was last asked whether it is too much, and the answer."""

    def collect(self, peer: Peer) -> str | bytes | None:
        """Return the next frame for `peer`: text, or a binary piece of a zlib stream; None when it is up to
        date, or waits for a snapshot that is being made."""
        if peer.life is not JOINED:
            return None
        if (own := self._collect_own(peer)) is not None:
            return own
        if peer.lead is not None:
            peer.cursor, peer.heard = self._log.seq, self.events.last
            return self._catch_up(peer)
        if peer.cursor != self._log.seq and peer.cursor < self._log.tail_start:
            return self._begin_snapshot(peer)
        if peer.heard != self.events.last and (frame := self._pass_on(peer)) is not None:
            return frame
        if peer.following and peer.following[0][0] <= peer.cursor:
            return encode([peer.following.pop(0)[1]]).decode()
        return self._catch_up(peer)

    def _collect_own(self, peer: Peer) -> str | bytes | None:
        """Return the next frame of what is for `peer` alone, or was begun; None when there is nothing."""
        if peer.direct:
            direct, peer.direct = peer.direct[:AT_ONCE], peer.direct[AT_ONCE:]
            return encode(direct).decode()
        if (piece := _go_on(peer)) is not None:
            return piece
        if peer.history is not None:
            (announced, stream), peer.history = peer.history, None
            peer.stream = Stream(stream)
            return encode([announced]).decode()
        if peer.wants and peer.seen:
            wants, peer.wants = peer.wants, []
            return encode([Done(re=id) for id in wants]).decode()
        return None

    def is_up_to_date(self, peer: Peer) -> bool:
        """Return whether `collect` has nothing for `peer`; cheaper than `collect`."""
        return (
            peer.cursor == self._log.seq
            and peer.seen == self._presence.version
            and peer.heard == self.events.last
            and not (peer.direct or peer.following or peer.wants)
            and peer.rest is None
            and peer.history is None
            and peer.stream is None
        )

    def forward(self, sender: Peer, event: Event) -> None:
        """Send a named event to those it is for; raises `RemoteError`, and sends it to none, when that cannot be."""
        guest = self._companions.get(event.to)
        to = guest.id if guest is not None else event.to  # Their kernel reads events.
        if to not in (ALL, OTHERS) and to not in self._peers:
            raise RemoteError("no-such-peer", "the peer this event was for is no longer here")
        self.post(to, PeerEvent(sender.id, event.name, event.data))

    def post(self, to: str, event: PeerEvent) -> None:
        """Let an event wait for the peer `to`, or for those that an `Event` names like that; raises `RemoteError` when
        too many wait."""
        self.events.post(event.peer, to, encode_message(event))

    def _pass_on(self, peer: Peer) -> str | None:
        """Return the next events for `peer`, after a notice if it lacks some before them."""
        if self.events.lost(peer.heard):
            peer.heard = self.events.last
            return encode(
                [Error("events-lost", "this connection took events too slowly; those that waited are lost")]
            ).decode()
        events, peer.heard = self.events.after(peer.heard, peer.id)
        if not events:
            return None
        last, text = self._events
        if len(last) != len(events) or not all(map(is_, last, events)):
            text = encode(events).decode()
            self._events = (events, text)
        return text

    def _catch_up(self, peer: Peer) -> str | None:
        """Return the commits and the presence that `peer` lacks; encoded once for all that lack the same."""
        where, now = (peer.cursor, peer.seen), (self._log.seq, self._presence.version)
        if where == now:
            return None
        previews = peer.previews
        if peer.cursor == self._log.seq and self._is_much(peer.seen, previews):
            peer.rest, peer.seen = self._presence_frames(peer.seen, previews), self._presence.version
            return next(peer.rest, None)
        if previews:
            frame = self._known(self._frame, where, now) or self._known(self._live_frame, where, now)
        else:
            frame = self._known(self._bare_frame, where, now)
        if frame is None:
            frame = self._encode_from(where, now, previews)
            if not previews:
                self._bare_frame = frame
            elif peer.lead is None:
                self._frame = frame
            else:
                self._live_frame = frame
        peer.cursor, peer.seen = frame.reached
        return None if frame.owner == peer.line else frame.text

    @staticmethod
    def _known(frame: _Frame | None, where: tuple[int, int], now: tuple[int, int]) -> _Frame | None:
        return frame if frame is not None and frame.where == where and frame.now == now else None

    def _encode_from(self, where: tuple[int, int], now: tuple[int, int], previews: bool) -> _Frame:
        cursor, seen = where
        messages: list[msgspec.Raw | Update] = []
        size = 0
        if cursor != self._log.seq:
            for raw in self._log.after(cursor):
                size += len(bytes(raw))
                if messages and size > FRAME_BYTES:
                    break
                messages.append(raw)
                cursor += 1
        owner = ""
        if cursor == self._log.seq and not self._is_much(seen, previews):
            # Presence comes after every commit it may refer to, or a stroke would blink.
            news = self._presence.since(seen, previews=previews)
            seen = self._presence.version
            if not messages and all(isinstance(update, PeerPreview) for update in news):
                ink = (update for update in news if isinstance(update, PeerPreview))
                owners = {self._presence.sender(update.peer, update.key) for update in ink}
                owner = owners.pop() if len(owners) == 1 else ""
            messages += news
        if self._presence.remembers:
            everybody = (*self._peers.values(), *self._companions.values())
            self._presence.forget(min(other.seen for other in everybody))
        return _Frame(where, now, encode(messages).decode() if messages else None, (cursor, seen), owner)

    def _is_much(self, seen: int, previews: bool) -> bool:
        """Return whether the presence after `seen`, with or without previews, is too much for one frame."""
        asked = (seen, self._presence.version, previews)
        if self._weighed[0] != asked:
            self._weighed = (asked, self._presence.weight(seen, previews=previews) > FRAME_BYTES)
        return self._weighed[1]

    def _presence_frames(self, seen: int, previews: bool) -> Iterator[str]:
        """Return the frames of the presence after `seen`, each made when the peer takes it: who takes nothing has no
        more of it waiting than one of them."""
        batch: list[msgspec.Raw] = []
        size = 0
        for update in self._presence.updates(seen, previews=previews):
            raw = encode_message(update)
            if batch and size + len(bytes(raw)) > FRAME_BYTES:
                yield encode(batch).decode()
                batch, size = [], 0
            batch.append(raw)
            size += len(bytes(raw))
        if batch:
            yield encode(batch).decode()

    @property
    def memory(self) -> int:
        """Bytes of what waits for peers, roughly: streams are counted once, however many peers share them."""
        streams = {id(peer.stream.data): len(peer.stream.data) for peer in self._peers.values() if peer.stream}
        histories = sum(len(peer.history[1]) for peer in self._peers.values() if peer.history)
        direct = sum(len(peer.direct) for peer in (*self._peers.values(), *self._companions.values()))
        return self.events.size + sum(streams.values()) + histories + DIRECT_BYTES * direct

    def _end_slow_readers(self, size: int) -> None:
        """End peers that read older snapshots while newer ones are made, when those take too much besides one of
        `size` bytes: each is kept as long as somebody reads it."""
        readers = [peer for peer in self._peers.values() if peer.stream and not peer.stream.is_history]
        readers.sort(key=_snapshot_read, reverse=True)
        kept: set[int] = set()
        total = 0
        for peer in readers:
            assert peer.stream is not None
            if id(peer.stream.data) not in kept:
                total += len(peer.stream.data)
                if total > max(SNAPSHOT_BYTES, 3 * size):
                    peer.close(
                        CLOSE_SLOW, "this connection takes the drawing too slowly; it will be tried again"
                    )
                    peer.stream = None
                    continue
                kept.add(id(peer.stream.data))

    def begin_snapshot(self) -> tuple[EncodedSnapshot, EncodedEntries]:
        """Begin the snapshot that is wanted: see `RoomLog.begin_snapshot`."""
        return self._log.begin_snapshot({peer.id: peer.client.last for peer in self._peers.values()})

    def _begin_snapshot(self, peer: Peer) -> str | None:
        client = peer.client
        snapshot = self._log.recent_snapshot(client.committed, peer.id)
        if snapshot is None:
            return None
        # What the peer committed since comes as commits, after the snapshot.
        last = client.last if snapshot.seq >= client.committed else snapshot.lasts[peer.id]
        peer.cursor = snapshot.seq
        peer.stream = Stream(snapshot.stream, snapshot.seq)
        self._end_slow_readers(len(snapshot.stream))
        mark, size = self._log.mark(snapshot.seq), len(snapshot.stream)
        return encode([Snapshot(snapshot.seq, mark, size, snapshot.entries, last)]).decode()


def _go_on(peer: Peer) -> str | bytes | None:
    """Return the next piece of what `peer` was sent a part of; None when that was all."""
    if peer.rest is not None:
        if (text := next(peer.rest, None)) is not None:
            return text
        peer.rest = None
    if peer.stream is None:
        return None
    chunk = peer.stream.cut()
    if peer.stream.is_over:
        peer.stream = None
    return chunk


def _snapshot_read(peer: Peer) -> int:
    return -1 if peer.stream is None or peer.stream.seq is None else peer.stream.seq
