"""One room: who is in it, the order of what they do, and what each of them has yet to be told.

Rules of this file: pure; it knows no socket, no clock, no store; ids, marks and `now` are given to it.

`receive` only queues operations. `propose` resolves what is queued into one batch for the store, on an overlay
of the entries; the room changes in `committed`, and `failed` leaves it as it was. What a peer is told is pulled
with `collect` when its socket has room: each peer has a cursor into the log and a version of the presence, so a
slow one is told less often, not later and later.
"""

from __future__ import annotations

import hashlib
import zlib
from array import array
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from .log import Batch, ClientRow, Loaded, LogRow, RefusalRow
from .presence import Presence
from .presence import Update as PresenceUpdate
from .protocol import (
    CLOSE_REPLACED,
    MAX_CHUNK,
    MAX_COMMIT,
    MAX_KEY,
    PROTOCOL_VERSION,
    WINDOW,
    Action,
    Bad,
    Cancel,
    Change,
    Clear,
    ClientMessage,
    Commit,
    Create,
    Delete,
    Entry,
    Error,
    Event,
    Goodbye,
    Join,
    Leave,
    Operate,
    Overlay,
    Patch,
    PeerEvent,
    Preview,
    Record,
    Refused,
    Restore,
    Snapshot,
    Welcome,
    apply,
    check_color,
    check_name,
    check_value,
    encode,
    encode_entries,
    encode_message,
    resolve,
)
from .protocol import Presence as PresenceMessage

WIDTH, HEIGHT = 1280, 720
"""The logical size of a room's drawing, in board units."""
TAIL_BYTES = 4 << 20
"""Commits kept encoded in memory for peers a little behind; who is further behind gets a snapshot."""
FRAME_BYTES = 256 << 10
MAX_EVENTS = 256
MAX_ACTIONS = 4096
MAX_DELETES = 100_000


@dataclass(eq=False, slots=True)
class Client:
    """An identity that numbers its operations; it outlives its connections. `committed` is the seq of its last
    commit since the room was loaded."""

    id: str
    key_hash: str
    author: str
    last: int = 0
    accepted: int = 0
    committed: int = 0
    refusals: OrderedDict[int, tuple[str, str]] = field(default_factory=OrderedDict)
    records: OrderedDict[int, Record] = field(default_factory=OrderedDict)
    peer: Peer | None = None

    def remember(self, op: int, record: Record) -> None:
        self.records[op] = record
        while len(self.records) > WINDOW:
            self.records.popitem(last=False)

    def refuse(self, op: int, code: str, reason: str) -> None:
        self.refusals[op] = (code, reason)
        while len(self.refusals) > WINDOW:
            self.refusals.popitem(last=False)


@dataclass(eq=False, slots=True)
class Peer:
    """One connection to the room. `closing` is (close code, reason) once the room wants it gone."""

    id: str
    client: Client
    name: str
    cursor: int = 0
    seen: int = 0
    direct: list[msgspec.Struct] = field(default_factory=list)
    events: deque[msgspec.Raw] = field(default_factory=deque)
    chunks: Iterator[bytes] | None = None
    closing: tuple[int, str] | None = None
    gone: bool = False
    unsettled: int = 0

    @property
    def author(self) -> str:
        return self.client.author


@dataclass(slots=True)
class _Queued:
    peer: Peer
    client: Client
    message: Operate
    bad: Bad | None


@dataclass(slots=True)
class _Proposal:
    """A batch under way: what the room will be when the store says yes."""

    queued: list[_Queued]
    overlay: Overlay
    settled: list[tuple[_Queued, LogRow, Record] | tuple[_Queued, None, Bad]]


class _Frame(NamedTuple):
    """The last frame encoded: what takes a peer from `where` (cursor, version) on, the room being at `now`."""

    where: tuple[int, int]
    now: tuple[int, int]
    text: str | None
    reached: tuple[int, int]


class Room:
    """One shared drawing. `new_id` gives unguessable text, `new_mark` random whole numbers."""

    def __init__(
        self, name: str, loaded: Loaded, new_id: Callable[[], str], new_mark: Callable[[], int]
    ) -> None:
        self.name = name
        self.epoch = loaded.epoch
        self.peers: dict[str, Peer] = {}
        self.seq = 0
        self.at = 0.0
        self._new_id = new_id
        self._new_mark = new_mark
        self._entries: dict[str, Entry] = {}
        self._marks = array("Q")
        self._tail: deque[tuple[int, msgspec.Raw]] = deque()
        self._tail_bytes = 0
        self._clients: dict[str, Client] = {}
        self._presence = Presence()
        self._queue: list[_Queued] = []
        self._proposal: _Proposal | None = None
        self._snapshot: tuple[int, int, bytes] = (-1, 0, b"")
        self._since_snapshot = 0
        self._frame: _Frame | None = None
        self._notices: list[str] = []
        for row in loaded.clients:
            self._clients[row.client] = Client(row.client, row.key_hash, row.author, row.last, row.last)
        for refusal in loaded.refusals:
            self._clients[refusal.client].refuse(refusal.op, refusal.code, refusal.reason)
        for logged in loaded.rows:
            commit = msgspec.json.decode(logged.body, type=Commit)
            changes = [_encoded(change) for change in commit.changes]
            record = apply(self._entries, changes, commit.seq, commit.author, commit.at)
            if (client := self._clients.get(commit.client)) is not None:
                client.remember(commit.op, record)
            self._append(logged)

    # --- coming and going ---------------------------------------------------------------------------------

    def join(self, join: Join, now: float) -> Peer:
        """A connection joins; its first frames are waiting in `collect`. Raises `Bad` when it may not."""
        name, color = check_name(join.name) or "guest", check_color(join.color)
        author = _hash("author", join.secret)[:16] if join.secret else ""
        fresh = not join.epoch
        known = not fresh and self._knows(join.epoch, join.seq, join.mark)
        client = self._clients.get(join.client) if join.client else None
        key_hash = _hash("key", join.resume_key)
        if client is not None and client.key_hash != key_hash:
            raise Bad("bad-key", "this client's resume key is wrong; run %sketch connect again")
        last = client.last if client else 0
        resume_key = join.resume_key
        if client is None or not known:
            if client is not None and (old := client.peer) is not None:
                self._replace(old)
            if known and 16 <= len(join.client) <= MAX_KEY and len(join.resume_key) >= 16:
                # It joined before and committed nothing yet, so no store knows it: it stays who it is.
                client = Client(join.client, key_hash, author)
            else:
                resume_key = self._new_id()
                client = Client(self._new_id(), _hash("key", resume_key), author)
            client.author = client.author or client.id[:16]
            self._clients[client.id] = client
        elif client.peer is not None:
            self._replace(client.peer)
        peer = Peer(id=self._new_id()[:16], client=client, name=name)
        client.peer = peer
        self.peers[peer.id] = peer
        peer.cursor = join.seq if known and join.seq >= self._tail_start() else -1
        if fresh and self.seq == 0:
            peer.cursor = 0
        peer.direct.append(
            Welcome(
                version=min(join.version, PROTOCOL_VERSION),
                room=self.name,
                peer=peer.id,
                client=client.id,
                resume_key=resume_key,
                author=client.author,
                epoch=self.epoch,
                seq=self.seq,
                last=last,
                reset=not fresh and not known,
                width=WIDTH,
                height=HEIGHT,
            )
        )
        for op, (code, reason) in client.refusals.items():
            if op > join.settled:
                peer.direct.append(Refused(op, code, reason, final=True))
        self._presence.arrive(peer.id, client.author, {"name": name, "color": color})
        return peer

    def _knows(self, epoch: str, seq: int, mark: int) -> bool:
        if epoch != self.epoch or not 0 <= seq <= self.seq:
            return False
        return mark == (self._marks[seq - 1] if seq else 0)

    def _replace(self, peer: Peer) -> None:
        peer.closing = (CLOSE_REPLACED, "another connection goes on as this client")
        self.leave(peer)

    def leave(self, peer: Peer) -> None:
        """The connection is gone; the others are told once its last operations have their verdict."""
        if peer.gone:
            return
        peer.gone = True
        if peer.client.peer is peer:
            peer.client.peer = None
        self._depart_if_settled(peer)

    def _depart_if_settled(self, peer: Peer) -> None:
        if peer.gone and not peer.unsettled and self.peers.pop(peer.id, None) is not None:
            self._presence.depart(peer.id)
            if peer.client.peer is None and not peer.client.accepted:
                # It did nothing: if it comes back, it stays who it is all the same (see `join`).
                self._clients.pop(peer.client.id, None)

    def goodbye(self, reason: str, retry: float) -> None:
        """Tell everybody that the relay is going down, and in how many seconds to try again."""
        for peer in self.peers.values():
            peer.direct.append(Goodbye(reason, retry))

    @property
    def busy(self) -> bool:
        """Whether operations wait for their verdict."""
        return bool(self._queue) or self._proposal is not None

    def take_notices(self) -> list[str]:
        """What an operator should read since the last call, a line each."""
        notices, self._notices = self._notices, []
        return notices

    # --- what peers send ----------------------------------------------------------------------------------

    def receive(self, peer: Peer, message: ClientMessage, now: float) -> None:
        """Take one message; raises `Bad` when it is refused as a whole, and then nothing has changed."""
        if peer.gone:
            return
        match message:
            case Operate():
                self._operate(peer, message)
            case PresenceMessage(state=state):
                self._presence.update(peer.id, state)
            case Preview(key=key, points=points, fields=fields):
                _check_key(key)
                check_value(list(points))
                check_value(fields)
                self._presence.draw(peer.id, message)
            case Cancel(key=key):
                self._presence.end(peer.id, _check_key(key))
            case Event():
                self._event(peer, message)
            case Leave():
                self.leave(peer)
            case Join():
                raise Bad("joined-already", "this connection has joined already; open another one")

    def _operate(self, peer: Peer, message: Operate) -> None:
        client, op = peer.client, message.op
        if op <= client.accepted:
            # A retry. It is queued, or its commit is in the log, or its refusal is told again.
            if op in client.refusals:
                code, reason = client.refusals[op]
                peer.direct.append(Refused(op, code, reason, final=True))
            return
        if op != client.accepted + 1:
            reason = f"operation {op} came before operation {client.accepted + 1}; send that one first"
            peer.direct.append(Refused(op, "gap", reason, final=False))
            return
        client.accepted = op
        peer.unsettled += 1
        bad = None
        try:
            for action in message.actions:
                _check_action(action)
            if len(message.actions) > MAX_ACTIONS:
                raise Bad("too-many-actions", f"an operation may have at most {MAX_ACTIONS} actions")
        except Bad as error:
            bad = error
        self._queue.append(_Queued(peer, client, message, bad))

    def _event(self, peer: Peer, event: Event) -> None:
        check_value(event.data)
        if not 0 < len(event.name) <= MAX_KEY:
            raise Bad("bad-event", f"an event's name must have 1 to {MAX_KEY} characters")
        if event.to == "others":
            targets = [other for other in self.peers.values() if other is not peer]
        elif event.to == "all":
            targets = list(self.peers.values())
        elif event.to in self.peers:
            targets = [self.peers[event.to]]
        else:
            raise Bad("no-such-peer", "the peer this event was for is no longer here")
        if any(len(target.events) >= MAX_EVENTS for target in targets):
            raise Bad("too-many-events", "events came faster than they could be passed on; send fewer")
        heard = encode_message(PeerEvent(peer.id, event.name, event.data))
        for target in targets:
            target.events.append(heard)

    # --- committing ---------------------------------------------------------------------------------------

    def propose(self, now: float) -> Batch | None:
        """Resolve what is queued into one batch for the store, or None. One batch is under way at a time."""
        if self._proposal is not None or not self._queue:
            return None
        queued, self._queue = self._queue, []
        overlay = Overlay(self._entries)
        proposal = self._proposal = _Proposal(queued, overlay, [])
        rows: list[LogRow] = []
        refusals: list[RefusalRow] = []
        records: dict[str, dict[int, Record]] = {}
        self_at = max(now, self.at)
        for item in queued:
            client, op = item.client, item.message.op
            mine = records.setdefault(client.id, {})
            seq = self.seq + len(rows) + 1
            try:
                if item.bad is not None:
                    raise item.bad
                known = {**client.records, **mine} if mine else client.records
                resolved = resolve(overlay, item.message.actions, seq, known)
            except Bad as error:
                refusals.append(RefusalRow(client.id, op, error.code, error.reason))
                proposal.settled.append((item, None, error))
                continue
            changes = tuple(_encoded(change) for change in resolved)
            record = mine[op] = apply(overlay, changes, seq, client.author, self_at)
            mark = self._new_mark()
            commit = Commit(seq, mark, self_at, client.id, op, client.author, changes)
            row = LogRow(seq, mark, self_at, client.id, op, bytes(encode_message(commit)))
            rows.append(row)
            proposal.settled.append((item, row, record))
        last = {item.client.id: (item.client, item.message.op) for item in queued}
        clients = [ClientRow(c.id, c.key_hash, c.author, op) for c, op in last.values()]
        return Batch(self.name, rows, clients, refusals)

    def committed(self) -> None:
        """The batch under way is durable: the room takes it over, and everybody may see it."""
        proposal = self._take()
        for item, row, outcome in proposal.settled:
            client, op = item.client, item.message.op
            client.last = op
            if row is not None and not isinstance(outcome, Bad):
                for key, _, after in outcome:
                    if after is None:
                        self._entries.pop(key, None)
                    else:
                        self._entries[key] = after
                client.remember(op, outcome)
                client.committed = row.seq
                self._append(row)
            elif isinstance(outcome, Bad):
                client.refuse(op, outcome.code, outcome.reason)
                self._tell_refused(item, outcome.code, outcome.reason, final=True)
            self._settle(item)

    def failed(self, reason: str) -> None:
        """The store took nothing of the batch: nobody sees any of it, and its senders may send it again."""
        proposal = self._take()
        waiting = self._queue
        self._queue = []
        for item in [*proposal.queued, *waiting]:
            item.client.accepted = item.client.last
            self._tell_refused(item, "store", reason, final=False)
            self._settle(item, keep_ink=True)

    def _take(self) -> _Proposal:
        proposal, self._proposal = self._proposal, None
        if proposal is None:
            raise RuntimeError("no batch is under way")
        return proposal

    def _append(self, row: LogRow) -> None:
        self.seq, self.at = row.seq, row.at
        self._marks.append(row.mark)
        self._tail.append((row.seq, msgspec.Raw(row.body)))
        self._tail_bytes += len(row.body)
        self._since_snapshot += len(row.body)
        if len(row.body) > MAX_COMMIT:
            # Undoing a large clear, say: everybody gets it as a snapshot, in chunks that let others' ink by.
            self._tail.clear()
            self._tail_bytes = 0
        while self._tail_bytes > TAIL_BYTES and len(self._tail) > 1:
            self._tail_bytes -= len(bytes(self._tail.popleft()[1]))

    def _tell_refused(self, item: _Queued, code: str, reason: str, *, final: bool) -> None:
        if (peer := item.client.peer) is not None:
            peer.direct.append(Refused(item.message.op, code, reason, final))
        self._notices.append(
            f"refused room={self.name} name={item.peer.name!r} op={item.message.op} "
            f"code={code} reason={reason!r}"
        )

    def _settle(self, item: _Queued, *, keep_ink: bool = False) -> None:
        item.peer.unsettled -= 1
        for action in item.message.actions:
            if isinstance(action, Create) and not keep_ink:
                self._presence.end(item.peer.id, action.key)
        self._depart_if_settled(item.peer)

    # --- what peers are told ------------------------------------------------------------------------------

    def collect(self, peer: Peer) -> str | bytes | None:
        """The next frame for `peer`: text, or a binary piece of a snapshot; None when it knows everything."""
        if peer.gone:
            return None
        if peer.direct:
            direct, peer.direct = peer.direct, []
            return encode(direct).decode()
        if peer.chunks is not None:
            if (chunk := next(peer.chunks, None)) is not None:
                return chunk
            peer.chunks = None
        if peer.cursor < self._tail_start():
            return self._begin_snapshot(peer)
        if peer.events:
            events = list(peer.events)
            peer.events.clear()
            return encode(events).decode()
        return self._catch_up(peer)

    def _catch_up(self, peer: Peer) -> str | None:
        """Commits and presence after what `peer` knows; encoded once for all who know the same."""
        where = (peer.cursor, peer.seen)
        now = (self.seq, self._presence.version)
        if where == now:
            return None
        if self._frame is not None and (self._frame.where, self._frame.now) == (where, now):
            frame, reached = self._frame.text, self._frame.reached
        else:
            messages: list[msgspec.Raw | PresenceUpdate] = []
            cursor, size = peer.cursor, 0
            for offset in range(peer.cursor - self._tail_start(), len(self._tail)):
                raw = self._tail[offset][1]
                size += len(bytes(raw))
                if messages and size > FRAME_BYTES:
                    break
                messages.append(raw)
                cursor += 1
            seen = peer.seen
            if cursor == self.seq:
                # Presence comes after every commit it may refer to, or a stroke would blink.
                messages += self._presence.since(peer.seen)
                seen = self._presence.version
            frame = encode(messages).decode() if messages else None
            reached = (cursor, seen)
            self._frame = _Frame(where, now, frame, reached)
        peer.cursor, peer.seen = reached
        self._presence.forget(min(other.seen for other in self.peers.values()))
        return frame if frame is not None else self._catch_up(peer)

    def _tail_start(self) -> int:
        """The lowest cursor that the commits in memory can serve."""
        return self._tail[0][0] - 1 if self._tail else self.seq

    def _begin_snapshot(self, peer: Peer) -> str:
        if not self._snapshot_serves(peer):
            entries = list(self._entries.values())
            self._snapshot = (self.seq, len(entries), zlib.compress(encode_entries(entries), 1))
            self._since_snapshot = 0
        seq, count, stream = self._snapshot
        peer.cursor = seq
        peer.chunks = (stream[i : i + MAX_CHUNK] for i in range(0, len(stream), MAX_CHUNK))
        mark = self._marks[seq - 1] if seq else 0
        return encode([Snapshot(seq, mark, len(stream), count, peer.client.last)]).decode()

    def _snapshot_serves(self, peer: Peer) -> bool:
        """Whether the last snapshot will do for `peer`: what came after it is in memory and little, and none of
        it is the peer's own, or the snapshot would not hold what `last` says."""
        seq = self._snapshot[0]
        return (
            self._tail_start() <= seq and self._since_snapshot <= FRAME_BYTES and peer.client.committed <= seq
        )

    def error(self, peer: Peer, bad: Bad) -> None:
        """Tell `peer` what was wrong with something it sent."""
        peer.direct.append(Error(bad.code, bad.reason))


def _hash(purpose: str, secret: str) -> str:
    return hashlib.sha256(f"ipysketch {purpose}\0{secret}".encode()).hexdigest()


def _check_key(key: str) -> str:
    if not 0 < len(key) <= MAX_KEY:
        raise Bad("bad-key-name", f"an element's key must have 1 to {MAX_KEY} characters")
    return key


def _check_action(action: Action) -> None:
    match action:
        case Create(key=key, fields=fields, page=page):
            _check_key(key)
            check_value(fields)
            if len(page) > MAX_KEY:
                raise Bad("bad-page", f"a page's name may have at most {MAX_KEY} characters")
        case Patch(key=key, fields=fields):
            _check_key(key)
            check_value(fields)
        case Delete(keys=keys):
            if len(keys) > MAX_DELETES:
                raise Bad("too-many-keys", f"an operation may delete at most {MAX_DELETES} elements")
        case Clear(page=page):
            if len(page) > MAX_KEY:
                raise Bad("bad-page", f"a page's name may have at most {MAX_KEY} characters")


def _encoded(change: Change) -> Change:
    """`change` with its field values as encoded JSON: opaque, compact, and encoded once."""
    match change:
        case Create(key=key, fields=fields, page=page):
            return Create(key, {name: _raw(value) for name, value in fields.items()}, page)
        case Patch(key=key, fields=fields):
            return Patch(key, {name: _raw(value) for name, value in fields.items()})
        case Restore(entries=entries):
            return Restore(
                tuple(
                    msgspec.structs.replace(
                        entry, fields={name: _raw(value) for name, value in entry.fields.items()}
                    )
                    for entry in entries
                )
            )
        case _:
            return change


def _raw(value: object) -> msgspec.Raw:
    return value if isinstance(value, msgspec.Raw) else msgspec.Raw(msgspec.json.encode(value))
