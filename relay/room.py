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
from collections import ChainMap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from .clients import Client, Clients
from .drawing import Drawing, encoded
from .limits import Limits
from .log import Batch, Checkpoint, Found, Loaded, LogRow, Past, RefusalRow, Trim
from .packed import Kept
from .presence import Presence
from .presence import Update as PresenceUpdate
from .protocol import (
    CLOSE_ERASED,
    CLOSE_REMOVED,
    CLOSE_REPLACED,
    MAX_CHUNK,
    MAX_KEY,
    PROTOCOL_VERSION,
    SAFE_INTEGER,
    Action,
    Bad,
    Cancel,
    Clear,
    ClientMessage,
    Commit,
    Create,
    Delete,
    Error,
    Event,
    Goodbye,
    History,
    Join,
    Leave,
    Operate,
    Patch,
    PeerEvent,
    PeerPreview,
    Preview,
    Record,
    Refused,
    Remove,
    RoomState,
    Snapshot,
    Welcome,
    check_color,
    check_fields,
    check_name,
    check_value,
    encode,
    encode_message,
    resolve,
)
from .protocol import Presence as PresenceMessage
from .roles import Role, check_change, check_message

WIDTH, HEIGHT = 1280, 720
"""The logical size of a room's drawing, in board units."""
FRAME_BYTES = 256 << 10
MAX_EVENTS = 256
MAX_ACTIONS = 4096
MAX_DELETES = 100_000
MAX_READ = 20_000
"""Entries of the log that one request may read back."""
UNKNOWN = Found(None, None, ())


@dataclass(eq=False, slots=True)
class Peer:
    """One connection to the room. `closing` is (close code, reason) once the room wants it gone."""

    id: str
    client: Client
    name: str
    cursor: int = 0
    seen: int = 0
    direct: list[msgspec.Struct] = field(default_factory=list)
    # Lists: an empty deque weighs ten times as much, and nearly all of these are always empty.
    events: list[msgspec.Raw] = field(default_factory=list)
    chunks: Iterator[bytes] | None = None
    closing: tuple[int, str] | None = None
    gone: bool = False
    unsettled: int = 0
    role: Role = Role.MODERATOR
    named: bool = False
    pasts: list[tuple[History, bytes]] = field(default_factory=list)

    @property
    def author(self) -> str:
        return self.client.author


@dataclass(slots=True)
class _Queued:
    peer: Peer
    client: Client
    message: Operate[Any]
    bad: Bad | None


@dataclass(slots=True)
class _Proposal:
    """A batch under way: what the room will be when the store says yes."""

    queued: list[_Queued]
    settled: list[tuple[_Queued, LogRow, Record, int] | tuple[_Queued, None, Bad, int]]


class Notice(NamedTuple):
    """An operation was refused."""

    peer: Peer
    op: int
    code: str
    reason: str


class _Frame(NamedTuple):
    """The last frame encoded: what takes a peer from `where` (cursor, version) on, the room being at `now`. If it is
    nothing but ink of one peer, that is its `owner`, who need not be told."""

    where: tuple[int, int]
    now: tuple[int, int]
    text: str | None
    reached: tuple[int, int]
    owner: str


class Room:
    """One shared drawing. `new_id` gives unguessable text, `new_mark` random whole numbers."""

    def __init__(
        self,
        name: str,
        loaded: Loaded,
        new_id: Callable[[], str],
        new_mark: Callable[[], int],
        limits: Limits | None = None,
    ) -> None:
        self.name = name
        self.epoch = loaded.epoch
        self.oldest = loaded.first
        self.locked = loaded.locked
        self.peers: dict[str, Peer] = {}
        self._limits = limits or Limits()
        self._new_id = new_id
        self._new_mark = new_mark
        self._drawing = Drawing(loaded, self._limits)
        self._clients = Clients()
        self._presence = Presence()
        self._queue: list[_Queued] = []
        self._proposal: _Proposal | None = None
        self._frame: _Frame | None = None
        self._notices: list[Notice] = []
        for commit, record in self._drawing.replayed:
            self._clients.replayed(commit.client, commit.op, record)
        self._drawing.replayed.clear()

    @property
    def seq(self) -> int:
        """The number of the latest entry of the log."""
        return self._drawing.seq

    # --- coming and going ---------------------------------------------------------------------------------

    def lacks(self, join: Join) -> bool:
        """Whether only the store knows what `join` speaks of; then `join` needs what `Store.find` found."""
        if join.epoch != self.epoch:
            return False
        return join.client not in self._clients or not self._drawing.remembers(join.seq)

    def join(
        self,
        join: Join,
        now: float,
        found: Found = UNKNOWN,
        *,
        role: Role = Role.MODERATOR,
        subject: str = "",
        called: str = "",
    ) -> Peer:
        """A connection joins; its first frames are waiting in `collect`. Raises `Bad` when it may not.

        A token's `subject` is the author of what the peer draws, and its name (`called`) cannot be another.
        """
        check_message(role, self.locked, join)
        name, color = check_name(called or join.name) or "guest", check_color(join.color)
        if len(name) > self._limits.max_name:
            raise Bad("bad-name", f"a name must be text of at most {self._limits.max_name} characters")
        author = _hash("subject", subject)[:16] if subject else ""
        if not author and join.secret:
            author = _hash("author", join.secret)[:16]
        fresh = not join.epoch
        client = self._clients.find(join.client, found, self.seq)
        last = client.last if client else 0
        known = not fresh and self._knows(join, last, found)
        key_hash = _hash("key", join.resume_key)
        if client is not None and client.key_hash != key_hash:
            raise Bad("bad-key", "this client's resume key is wrong; run %sketch connect again")
        if client is not None and author and client.author != author:
            known = False  # Somebody else now, by another token: what they draw is not the old client's.
        if len(self.peers) - (client is not None and client.here != "") >= self._limits.max_peers:
            raise Bad(
                "room-full", f"this room has its {self._limits.max_peers} people; try again when somebody left"
            )
        resume_key = join.resume_key
        if client is None or not known:
            if client is not None:
                self._replace(client)
            if known and 16 <= len(join.client) <= MAX_KEY and len(join.resume_key) >= 16:
                # It joined before and committed nothing yet, so no store knows it: it stays who it is.
                client = Client(join.client, key_hash, author)
            else:
                resume_key = self._new_id()
                client = Client(self._new_id(), _hash("key", resume_key), author)
            client.author = client.author or client.id[:16]
        else:
            self._replace(client)
        self._clients.arrive(client)
        peer = Peer(id=self._new_id()[:16], client=client, name=name, role=role, named=bool(called))
        client.here = peer.id
        self.peers[peer.id] = peer
        peer.cursor = join.seq if known and join.seq >= self._drawing.tail_start else -1
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
                role=role.word,
                locked=self.locked,
                oldest=self.oldest,
            )
        )
        for op, (code, reason) in client.refusals.items():
            if op > join.settled:
                peer.direct.append(Refused(op, code, reason, final=True))
        self._presence.arrive(peer.id, client.author, {"name": name, "color": color})
        return peer

    def _knows(self, join: Join, last: int, found: Found) -> bool:
        """Whether the log is the one that `join` speaks of, and `last` the last verdict it can know of."""
        seq = join.seq
        if join.epoch != self.epoch or not 0 <= seq <= self.seq:
            return False
        if join.settled > last:
            return False  # An older store came back, from before a refusal: its numbers are not the client's.
        return join.mark == (self._drawing.mark(seq) if self._drawing.remembers(seq) else found.mark)

    def _replace(self, client: Client) -> None:
        if (peer := self.peers.get(client.here)) is not None:
            peer.closing = (CLOSE_REPLACED, "another connection goes on as this client")
            self.leave(peer)

    def leave(self, peer: Peer) -> None:
        """The connection is gone; the others are told once its last operations have their verdict."""
        if peer.gone:
            return
        peer.gone = True
        if peer.client.here == peer.id:
            peer.client.here = ""
        self._depart_if_settled(peer)

    def _depart_if_settled(self, peer: Peer) -> None:
        if peer.gone and not peer.unsettled and self.peers.pop(peer.id, None) is not None:
            self._presence.depart(peer.id)
            if not peer.client.here and not self._is_leaving(peer.client):
                self._clients.depart(peer.client)

    def _is_leaving(self, client: Client) -> bool:
        """Whether another connection of `client` still waits for verdicts."""
        return any(other.client is client for other in self.peers.values())

    def goodbye(self, reason: str, retry: float) -> None:
        """Tell everybody that the relay is going down, and in how many seconds to try again."""
        for peer in self.peers.values():
            peer.direct.append(Goodbye(reason, retry))

    @property
    def busy(self) -> bool:
        """Whether operations wait for their verdict."""
        return bool(self._queue) or self._proposal is not None

    @property
    def wants(self) -> bool:
        """Whether there is more to do than telling its peers: operations, or refusals for the operator."""
        return bool(self._queue or self._proposal or self._notices)

    @property
    def waiting(self) -> int:
        """How many operations wait for their verdict."""
        return len(self._queue) + (len(self._proposal.queued) if self._proposal else 0)

    def take_notices(self) -> list[Notice]:
        """The refusals since the last call, for an operator to read."""
        notices, self._notices = self._notices, []
        return notices

    # --- what peers send ----------------------------------------------------------------------------------

    def receive(self, peer: Peer, message: ClientMessage) -> None:
        """Take one message; raises `Bad` when it is refused as a whole, and then nothing has changed."""
        if peer.gone:
            return
        if not isinstance(message, Operate):  # An operation is refused under its number: see `_operate`.
            check_message(peer.role, self.locked, message)
        match message:
            case Preview():
                _check_key(message.key)
                for number in message.points:
                    if not -SAFE_INTEGER <= number <= SAFE_INTEGER:
                        check_value(number)
                if message.fields is not None:
                    check_value(message.fields)
                self._presence.draw(peer.id, message)
            case Operate():
                self._operate(peer, message)
            case PresenceMessage(state=state):
                if peer.named and "name" in state and state["name"] != peer.name:
                    raise Bad("bad-name", "your token says what you are called")
                self._presence.update(peer.id, state)
            case Cancel(key=key):
                self._presence.end(peer.id, _check_key(key))
            case Event():
                self._event(peer, message)
            case Leave():
                self.leave(peer)
            case Remove(peer=id):
                self._remove(peer, id)
            case Join():
                raise Bad("joined-already", "this connection has joined already; open another one")
            case _:
                raise Bad("bad-message", "only the relay itself can do that")  # See `allow`.

    def allow(self, peer: Peer, message: ClientMessage) -> None:
        """Raise `Bad` unless `peer` may send `message`: for those that need the store or the relay's secret."""
        check_message(peer.role, self.locked, message)

    def lock(self, locked: bool) -> None:
        """Let only moderators draw from now on, or everybody; ink under hands that may not draw ends."""
        self.locked = locked
        for peer in self.peers.values():
            peer.direct.append(RoomState(locked))
            if locked and peer.role < Role.MODERATOR:
                self._presence.drop(peer.id)

    def close(self) -> None:
        """The room is deleted: everybody leaves."""
        for peer in list(self.peers.values()):
            peer.closing = (CLOSE_ERASED, "the room was deleted")
            self.leave(peer)

    def _remove(self, peer: Peer, id: str) -> None:
        target = self.peers.get(id)
        if target is None:
            raise Bad("no-such-peer", "the peer to take out is no longer here")
        if target.role > peer.role:
            raise Bad("role", f"a {peer.role.word} may not take a {target.role.word} out of the room")
        target.closing = (CLOSE_REMOVED, "a moderator took you out of the room")
        self.leave(target)

    def _operate(self, peer: Peer, message: Operate[Any]) -> None:
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
            check_message(peer.role, self.locked, message)
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

    def answer(self, peer: Peer, name: str, data: Any) -> None:
        """Say a named event to `peer` alone, from the relay itself; raises `Bad` when too many wait for it."""
        if len(peer.events) >= MAX_EVENTS:
            raise Bad("too-many-events", "events came faster than they could be passed on; send fewer")
        peer.events.append(encode_message(PeerEvent("", name, data)))

    # --- committing ---------------------------------------------------------------------------------------

    def propose(self, now: float) -> Batch | None:
        """Resolve what is queued into one batch for the store, or None. One batch is under way at a time."""
        if self._proposal is not None or not self._queue:
            return None
        queued, self._queue = self._queue, []
        draft = self._drawing.draft()
        proposal = self._proposal = _Proposal(queued, [])
        rows: list[LogRow] = []
        refusals: list[RefusalRow] = []
        # Not copies: there may be a thousand, and few are looked up.
        records: dict[str, ChainMap[int, Record]] = {}
        at = max(now, self._drawing.at)
        for item in queued:
            client, op = item.client, item.message.op
            if (known := records.get(client.id)) is None:
                known = records[client.id] = ChainMap({}, client.records)
            seq = draft.seq + 1
            try:
                if item.bad is not None:
                    raise item.bad
                resolved = resolve(draft.overlay, item.message.actions, seq, known)
                for change in resolved:
                    check_change(item.peer.role, client.author, draft.overlay, change)
                changes = tuple(encoded(change) for change in resolved)
                record = known[op] = self._drawing.propose(draft, changes, client.author, at)
            except Bad as error:
                refusals.append(RefusalRow(client.id, op, error.code, error.reason))
                proposal.settled.append((item, None, error, 0))
                continue
            mark = self._new_mark()
            commit = Commit(seq, mark, at, client.id, op, client.author, changes)
            row = LogRow(seq, mark, at, client.id, op, bytes(encode_message(commit)))
            rows.append(row)
            proposal.settled.append((item, row, record, draft.size))
        last = {item.client.id: (item.client, item.message.op) for item in queued}
        clients = [client.row(op) for client, op in last.values()]
        return Batch(self.name, rows, clients, refusals)

    def committed(self) -> None:
        """The batch under way is durable: the room takes it over, and everybody may see it."""
        proposal = self._take()
        for item, row, outcome, size in proposal.settled:
            client, op = item.client, item.message.op
            client.last = op
            if row is not None and not isinstance(outcome, Bad):
                self._drawing.take(row, outcome, size)
                client.records[op] = outcome
                client.committed = row.seq
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

    def _tell_refused(self, item: _Queued, code: str, reason: str, *, final: bool) -> None:
        if (peer := self.peers.get(item.client.here)) is not None:
            peer.direct.append(Refused(item.message.op, code, reason, final))
        self._notices.append(Notice(item.peer, item.message.op, code, reason))

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
        if peer.pasts:
            announced, stream = peer.pasts.pop(0)
            peer.chunks = _cut(stream)
            return encode([announced]).decode()
        if peer.cursor != self._drawing.seq and peer.cursor < self._drawing.tail_start:
            return self._begin_snapshot(peer)
        if peer.events:
            events, peer.events = peer.events, []
            return encode(events).decode()
        return self._catch_up(peer)

    def has_told(self, peer: Peer) -> bool:
        """Whether `collect` has nothing for `peer`, for sure: sooner known than by asking it."""
        return (
            peer.cursor == self._drawing.seq
            and peer.seen == self._presence.version
            and not (peer.direct or peer.events or peer.pasts)
            and peer.chunks is None
        )

    def _catch_up(self, peer: Peer) -> str | None:
        """Commits and presence after what `peer` knows; encoded once for all who know the same."""
        where, now = (peer.cursor, peer.seen), (self._drawing.seq, self._presence.version)
        if where == now:
            return None
        frame = self._frame
        if frame is None or frame.where != where or frame.now != now:
            frame = self._frame = self._encode_from(where, now)
        peer.cursor, peer.seen = frame.reached
        return None if frame.owner == peer.id else frame.text

    def _encode_from(self, where: tuple[int, int], now: tuple[int, int]) -> _Frame:
        cursor, seen = where
        messages: list[msgspec.Raw | PresenceUpdate] = []
        size = 0
        if cursor != self.seq:
            for raw in self._drawing.after(cursor):
                size += len(bytes(raw))
                if messages and size > FRAME_BYTES:
                    break
                messages.append(raw)
                cursor += 1
        owner = ""
        if cursor == self.seq:
            # Presence comes after every commit it may refer to, or a stroke would blink.
            news = self._presence.since(seen)
            seen = self._presence.version
            if not messages and all(isinstance(update, PeerPreview) for update in news):
                owners = {update.peer for update in news}
                owner = owners.pop() if len(owners) == 1 else ""
            messages += news
        if self._presence.remembers:
            self._presence.forget(min(other.seen for other in self.peers.values()))
        return _Frame(where, now, encode(messages).decode() if messages else None, (cursor, seen), owner)

    def _begin_snapshot(self, peer: Peer) -> str:
        # Not older than what the peer itself committed, or the snapshot would not hold what `last` says.
        picture = self._drawing.recent_picture(peer.client.committed)
        peer.cursor = picture.seq
        peer.chunks = _cut(picture.stream)
        mark, size = self._drawing.mark(picture.seq), len(picture.stream)
        return encode([Snapshot(picture.seq, mark, size, picture.entries, peer.client.last)]).decode()

    # --- the past -----------------------------------------------------------------------------------------

    def checkpoint(self) -> tuple[Checkpoint, Kept] | None:
        """The drawing as it is, when it is time for the store to keep it: see `Drawing.checkpoint`."""
        return self._drawing.checkpoint()

    def trim(self) -> Trim:
        """What of the past the store may forget now."""
        return self._drawing.trim()

    def check_read(self, first: int, last: int) -> None:
        """Raise `Bad` unless the entries `first` to `last` can be read."""
        if not self.oldest <= first <= last <= self.seq:
            raise Bad("bad-range", f"the past of this room goes from {self.oldest} to {self.seq}")
        if last - first >= MAX_READ:
            raise Bad("bad-range", f"at most {MAX_READ} entries can be read at a time")

    def tell_past(self, peer: Peer, past: Past, last: int, stream: bytes) -> None:
        """Send `peer` what it wanted to read, encoded by `encode_past`."""
        base = past.checkpoint.seq if past.checkpoint else 0
        peer.pasts.append((History(base, last, self.oldest, len(stream)), stream))

    def error(self, peer: Peer, bad: Bad) -> None:
        """Tell `peer` what was wrong with something it sent."""
        peer.direct.append(Error(bad.code, bad.reason))


def encode_past(past: Past) -> bytes:
    """The zlib stream of a stretch of the past: a JSON object of the entries it begins from and its commits."""
    entries = zlib.decompress(past.checkpoint.body) if past.checkpoint else b"[]"
    commits = b",".join(row.body for row in past.rows)
    return zlib.compress(b'{"entries":' + entries + b',"commits":[' + commits + b"]}", 1)


def _cut(stream: bytes) -> Iterator[bytes]:
    return (stream[i : i + MAX_CHUNK] for i in range(0, len(stream), MAX_CHUNK))


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
            check_fields(fields)
            if len(page) > MAX_KEY:
                raise Bad("bad-page", f"a page's name may have at most {MAX_KEY} characters")
        case Patch(key=key, fields=fields):
            _check_key(key)
            check_fields(fields)
        case Delete(keys=keys):
            if len(keys) > MAX_DELETES:
                raise Bad("too-many-keys", f"an operation may delete at most {MAX_DELETES} elements")
        case Clear(page=page):
            if len(page) > MAX_KEY:
                raise Bad("bad-page", f"a page's name may have at most {MAX_KEY} characters")
