"""The operations of a room from when they are received until they have their verdict. Pure.

`add` only queues an operation. `begin` takes those of the queue that their senders can pay for, and `resolve` makes one
batch for the store of them, on an overlay of the entries; the room changes in `committed`, and `failed` leaves it as it
was. `resolve` is what may take long. It reads the room and changes nothing of it, so that it may run in a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from ..protocol import (
    MAX_ACTIONS,
    MAX_KEY,
    WINDOW,
    Action,
    Change,
    Commit,
    Create,
    Entry,
    Operate,
    Refused,
    RemoteError,
    Restore,
    Revert,
    encode_message,
    normalize_action,
    resolve,
)
from ..records import Batch, LogRow, RefusalRow
from .clients import Client
from .compact import pack_record
from .costs import MESSAGE, price
from .log import Packed, RoomLog, encoded, packed
from .members import Members
from .peer import Peer
from .permissions import check_change, check_message
from .presence import Presence


@dataclass(slots=True)
class _Queued:
    """An operation that waits for its verdict. With an `error`, that is a final refusal."""

    peer: Peer
    client: Client
    op: int
    actions: tuple[Action, ...]
    error: RemoteError | None
    passed: bool = False
    """Whether cheaper operations of others went before it."""


@dataclass(slots=True)
class _Proposal:
    """A batch on its way to the store, and the outcome of each of its operations once that has it: a row, what it
    leaves of the drawing and its undo record, or an error."""

    queued: list[_Queued]
    outcomes: list[tuple[_Queued, LogRow, Packed, bytes] | tuple[_Queued, None, RemoteError, bytes]]


DEAR = 5e-3
"""Seconds of work from which on an operation lets the cheaper ones of others go first, once."""
BATCH = 50e-3
"""Seconds of work after which a batch is full."""


class Notice(NamedTuple):
    """A refusal of an operation, for the operator's log."""

    peer: Peer
    op: int
    code: str
    reason: str


class OperationQueue:
    """The operations of one room that wait for their verdict, and the batch that is under way to the store."""

    def __init__(
        self,
        room: str,
        log: RoomLog,
        presence: Presence,
        members: Members,
        new_mark: Callable[[], int],
        *,
        locked: bool,
    ) -> None:
        self.locked = locked
        """Whether only moderators may draw: asked when an operation comes and when it is resolved."""
        self.pens: frozenset[str] = frozenset()
        """Authors who may draw all the same."""
        self._room = room
        self._log = log
        self._presence = presence
        self._members = members
        self._new_mark = new_mark
        self._queue: list[_Queued] = []
        self._proposal: _Proposal | None = None
        self._then: list[Callable[[], None]] = []
        self._notices: list[Notice] = []
        self._is_abandoned = False

    @property
    def busy(self) -> bool:
        """Whether operations wait for their verdict."""
        return bool(self._queue) or self._proposal is not None

    @property
    def has_work(self) -> bool:
        """Whether there is more to do than sending: operations, or refusals for the operator."""
        return bool(self._queue or self._proposal or self._notices)

    @property
    def unsettled(self) -> int:
        """The number of operations that wait for their verdict."""
        return len(self._queue) + (len(self._proposal.queued) if self._proposal else 0)

    def locked_for(self, peer: Peer) -> bool:
        """Whether the room is locked, and `peer` has no pen."""
        return self.locked and peer.client.author not in self.pens

    def take_notices(self) -> list[Notice]:
        """Return the refusals since the last call, for the operator's log."""
        notices, self._notices = self._notices, []
        return notices

    def add(self, peer: Peer, message: Operate[Any]) -> None:
        """Queue an operation, also one that is refused under its number."""
        client, op = peer.client, message.op
        if self._is_abandoned:
            return  # It stays its sender's, who sends it again where the room is now.
        if op <= client.accepted:
            # A retry. It is queued, or its commit is in the log, or its refusal is sent again.
            if op in client.refusals:
                code, reason = client.refusals[op]
                peer.direct.append(Refused(op, code, reason, final=True))
            return
        if op != client.accepted + 1:
            reason = f"operation {op} came before operation {client.accepted + 1}; send that one first"
            peer.direct.append(Refused(op, "gap", reason, final=False))
            return
        if op > client.last + WINDOW:
            reason = (
                f"at most {WINDOW} operations may wait for their verdict; send operation {op} again after that"
            )
            peer.direct.append(Refused(op, "gap", reason, final=False))
            return
        client.accepted = op
        peer.unsettled += 1
        error = None
        try:
            check_message(peer.role, self.locked_for(peer), message)
            if len(message.actions) > MAX_ACTIONS:
                raise RemoteError("too-many-actions", f"an operation may have at most {MAX_ACTIONS} actions")
        except RemoteError as refusal:
            error = refusal
        self._queue.append(_Queued(peer, client, op, message.actions, error))

    def after_batch(self, then: Callable[[], None]) -> None:
        """Call `then` once the batch that is under way has its verdicts; now, when there is none."""
        if self._proposal is None:
            then()
        else:
            self._then.append(then)

    def propose(self, now: float) -> Batch | None:
        """Resolve what can go now into one batch for the store and return it; None when there is nothing to do, or a
        batch under way."""
        return self.resolve(now) if self.begin(now) else None

    def begin(self, now: float) -> float:
        """Take what can go at `now` for the next batch, and charge it to its senders: an operation of a client without
        debt, after all earlier ones of it. Returns what `resolve` will cost, in seconds of work; 0 when there is
        nothing to do, or a batch under way. `now` is of any clock that only goes forward."""
        if self._proposal is not None or not self._queue:
            return 0.0
        self._drop_unpaid(now)
        taken: list[_Queued] = []
        left: list[_Queued] = []
        waiting: set[str] = set()
        under_way: set[str] = set()
        total = 0.0
        for item in self._queue:
            client = item.client
            if client.id in waiting or client.budget.wait(now) > 0.0:
                waiting.add(client.id)
                left.append(item)
                continue
            if client.id in under_way and any(isinstance(action, Revert) for action in item.actions):
                # What is to be undone may be in this batch: then nothing is known of it yet.
                waiting.add(client.id)
                left.append(item)
                continue
            cost = self._price(item)
            if taken and (total > BATCH or (cost > DEAR and not item.passed)):
                item.passed = cost > DEAR
                waiting.add(client.id)
                left.append(item)
                continue
            client.budget.spend(cost, now)
            under_way.add(client.id)
            taken.append(item)
            total += cost
        self._queue = left
        if not taken:
            return 0.0
        self._proposal = _Proposal(taken, [])
        return max(total, MESSAGE)

    def wait(self, now: float) -> float:
        """Return the seconds after `now` at which another operation can go; 0 when none waits, or only for the batch
        under way."""
        if self._proposal is not None or not self._queue:
            return 0.0
        return min(item.client.budget.wait(now) for item in self._queue)

    def _price(self, item: _Queued) -> float:
        if item.error is not None:
            return MESSAGE
        log = self._log
        return price(item.actions, log.entries, log.size, item.client.records, len(self._members.peers))

    def _drop_unpaid(self, now: float) -> None:
        """Drop what clients in debt left behind: they have it, and send it again when they come back."""
        gone = {
            item.client.id: item.client
            for item in self._queue
            if not item.client.peer_id and item.client.budget.wait(now) > 0.0
        }
        if not gone:
            return
        dropped = [item for item in self._queue if item.client.id in gone]
        self._queue = [item for item in self._queue if item.client.id not in gone]
        for client in gone.values():
            client.accepted = client.last
        for item in dropped:
            self._settle(item)

    def resolve(self, now: float) -> Batch:
        """Resolve what `begin` took into one batch for the store, at `now` (seconds since 1970)."""
        proposal = self._proposal
        if proposal is None:
            raise RuntimeError("no batch was begun")
        draft = self._log.draft()
        rows: list[LogRow] = []
        refusals: list[RefusalRow] = []
        at = max(now, self._log.at)
        for item in proposal.queued:
            client, op = item.client, item.op
            seq = draft.seq + 1
            try:
                if item.error is not None:
                    raise item.error
                if self.locked_for(item.peer):  # Perhaps since it was queued.
                    check_message(item.peer.role, locked=True, message=Operate(op, ()))
                actions = [normalize_action(action) for action in item.actions]
                resolved = resolve(draft.overlay, actions, seq, client.records)
                for change in resolved:
                    check_change(item.peer.role, client.author, draft.overlay, change)
                changes = tuple(encoded(change) for change in resolved)
                record = self._log.propose(draft, changes, client.author, at)
            except RemoteError as error:
                refusals.append(RefusalRow(client.id, op, error.code, error.reason))
                proposal.outcomes.append((item, None, error, b""))
                continue
            mark = self._new_mark()
            commit = Commit(seq, mark, at, client.id, op, client.author, _in_pieces(changes))
            row = LogRow(seq, mark, at, client.id, op, bytes(encode_message(commit)))
            rows.append(row)
            proposal.outcomes.append((item, row, packed(record, draft.size), pack_record(record)))
        last = {item.client.id: (item.client, item.op) for item in proposal.queued}
        clients = [client.row(op) for client, op in last.values()]
        return Batch(self._room, rows, clients, refusals)

    def committed(self) -> None:
        """Apply the batch under way, which is durable now; everybody may see it."""
        proposal = self._end_proposal()
        for item, row, outcome, undo in proposal.outcomes:
            client, op = item.client, item.op
            client.last = op
            seq = 0
            if row is not None and not isinstance(outcome, RemoteError):
                self._log.take(row, outcome)
                client.records.put(op, undo)
                client.committed = seq = row.seq
            elif isinstance(outcome, RemoteError):
                client.refuse(op, outcome.code, outcome.reason)
                self._send_refusal(item, outcome.code, outcome.reason, final=True)
            self._settle(item, seq=seq)
        self._members.clients.shed_records()
        self._end_batch()

    def failed(self, reason: str) -> None:
        """Drop the batch under way, of which the store has nothing: its senders may send it again."""
        proposal = self._end_proposal()
        queued, self._queue = self._queue, []
        for item in [*proposal.queued, *queued]:
            item.client.accepted = item.client.last
            self._send_refusal(item, "store", reason, final=False)
            self._settle(item, keep_ink=True)
        self._end_batch()

    def take_no_more(self) -> None:
        """Take no more operations, and drop those that are not under way to the store: they stay their senders', who
        send them again where the room is then. What is under way gets its verdict."""
        self._is_abandoned = True
        waiting, self._queue = self._queue, []
        for item in waiting:
            self._settle(item, keep_ink=True)

    def abandon(self) -> None:
        """Take no more operations, and drop those that wait without a verdict: the room is no longer this relay's, and
        what became of them is told where it is now."""
        self._is_abandoned = True
        waiting, self._queue = self._queue, []
        if self._proposal is not None:
            waiting = [*self._end_proposal().queued, *waiting]
        for item in waiting:
            item.client.accepted = item.client.last
            self._settle(item, keep_ink=True)
        self._then.clear()

    def _end_batch(self) -> None:
        then, self._then = self._then, []
        for call in then:
            call()

    def _end_proposal(self) -> _Proposal:
        proposal, self._proposal = self._proposal, None
        if proposal is None:
            raise RuntimeError("no batch is under way")
        return proposal

    def _send_refusal(self, item: _Queued, code: str, reason: str, *, final: bool) -> None:
        if (peer := self._members.peers.get(item.client.peer_id)) is not None:
            peer.direct.append(Refused(item.op, code, reason, final))
        self._notices.append(Notice(item.peer, item.op, code, reason))

    def _settle(self, item: _Queued, *, seq: int = 0, keep_ink: bool = False) -> None:
        for action in item.actions:
            if isinstance(action, Create) and not keep_ink and len(action.key) <= MAX_KEY:
                self._presence.end(item.peer.id, action.key, seq)
        self._members.settle(item.peer)


def _in_pieces(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return `changes` with the entries of a `Restore` encoded one by one: one call for very many would keep all other
    threads from running."""
    return tuple(
        Restore(tuple(cast("Entry", encode_message(entry)) for entry in change.entries))
        if isinstance(change, Restore)
        else change
        for change in changes
    )
