"""One client's replica of a room: what the relay confirmed, what is pending, how to resume, and its own undo.

Rules of this file: pure; messages in, messages out, in whatever pieces the network brings them.

`document` is what the relay confirmed. `pending` are own operations without a verdict. `entries` is the document with
the pending operations laid over it, which is what this client sees. An operation leaves `pending` by a verdict only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from relay.protocol import (
    WINDOW,
    Action,
    Change,
    Clear,
    Commit,
    Create,
    Entry,
    History,
    Join,
    Operate,
    Overlay,
    Patch,
    Record,
    Refused,
    RemoteError,
    Revert,
    Snapshot,
    Touch,
    Welcome,
    apply,
    decode_entries,
    resolve,
)

from ..model.document import Document, check_announced, check_chunk, unpack
from ..model.history import HistoryRange
from .cutting import SendLimits, cut
from .lost import Lost
from .renumbering import renumber
from .steps import NOBODY, Steps

NEWS = 256
"""Changes whose touched keys are remembered; a reader that has missed more of them looks at everything."""


LARGE = 16 << 20
"""Bytes of a snapshot for which the drawing of before makes room, before it is decoded."""
UNHEARD = 3
"""Times that an operation is sent without a verdict, those after it being refused for that, until it is given up."""


class Sync:
    """One client's side of one room. Without a relay it works too: then everything is pending."""

    def __init__(self) -> None:
        self.document = Document()
        self.client = ""
        self.peer = ""
        self.author = ""
        self.pending: dict[int, tuple[Action, ...]] = {}
        self.lost: list[Lost] = []
        self.cleared = ("", "", 0)
        """The page that was cleared or deleted last, by which author, and the seq of that."""
        self.turned: tuple[str, ...] = ()
        """The pages that the last own undo or redo changed."""
        self.previous: tuple[Entry, ...] = ()
        self.joined = False
        self.progress: float | None = None
        self.version = 0
        self.limits = SendLimits()
        self._news: deque[tuple[int, frozenset[str]]] = deque()
        self._forgotten = 0
        self._resume_key = ""
        self._next = 1
        self._sent = 0
        self._refused = 0
        self._steps = Steps()
        self._unheard = (0, 0)
        self._records: dict[int, Record] = {}
        self._overlay: Overlay | None = None
        self._overlay_records: dict[int, Record] = {}
        self._overlay_seq = 0
        self._snapshot: tuple[Snapshot, bytearray] | None = None
        self._stretch: HistoryRange | None = None

    # --- what this client does ----------------------------------------------------------------------------

    def submit(self, actions: Sequence[Action], tab: str = "", others: Set[str] = NOBODY) -> int:
        """Queue `actions` as one operation, which is seen at once and sent when possible; return its number.

        What is larger than the relay takes becomes several, which are undone together; the number is that of the last.
        Raises `RemoteError`, and queues nothing, when an action alone is too large. `tab` and `others`: see `Steps`.
        """
        ops = tuple([self._queue(part) for part in cut(actions, self.limits)])
        self._steps.add(ops, tab, others)
        return ops[-1]

    def undo(self, others: Set[str] = NOBODY) -> bool:
        """Revert what was last submitted and is not undone; False when there is none."""
        return self._steps.undo(self._revert, others)

    def redo(self, others: Set[str] = NOBODY) -> bool:
        """Revert the last own undo; False when there is none."""
        return self._steps.redo(self._revert, others)

    def turns(self, others: Set[str] = NOBODY) -> tuple[bool, bool]:
        """Return whether there is something to undo, and to redo."""
        return self._steps.can_undo(others), self._steps.can_redo(others)

    @property
    def can_undo(self) -> bool:
        return self._steps.can_undo()

    @property
    def can_redo(self) -> bool:
        return self._steps.can_redo()

    def _revert(self, op: int) -> int:
        return self._queue((Revert(op),))

    def _queue(self, actions: tuple[Action, ...]) -> int:
        op = self._next
        self._next += 1
        self.pending[op] = actions
        self._changed(self._lay(op, actions) if self._overlay is not None else ())
        return op

    # --- what people see ----------------------------------------------------------------------------------

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The drawing with this client's pending operations laid over it."""
        if not self.pending:
            return self.document.entries
        overlay = self._overlay
        if overlay is None:
            overlay = self._overlay = Overlay(self.document.entries)
            self._overlay_records = dict(self._records)
            self._overlay_seq = self.document.seq
            for op, actions in self.pending.items():
                self._lay(op, actions)
            self._note(self._laid())
        return overlay

    def touched(self, since: int) -> set[str] | None:
        """Return the keys whose entries may have changed after `version` was `since`; None when any may. Pending
        operations count once `entries` were read."""
        if since < self._forgotten:
            return None
        touched: set[str] = set()
        for version, keys in reversed(self._news):
            if version <= since:
                break
            touched |= keys
        return touched

    def _laid(self) -> frozenset[str]:
        return self._overlay.keys_laid_over() if self._overlay is not None else frozenset()

    def _note(self, keys: frozenset[str]) -> None:
        self._news.append((self.version, keys))
        if len(self._news) > NEWS:
            # Never backwards: after a snapshot anything may differ from before, whatever is remembered of then.
            self._forgotten = max(self._forgotten, self._news.popleft()[0])

    def _lay(self, op: int, actions: tuple[Action, ...]) -> list[str]:
        """Lay an operation over the rest; return the keys that it touched."""
        assert self._overlay is not None
        self._overlay_seq += 1
        try:
            changes = resolve(self._overlay, actions, self._overlay_seq, self._overlay_records)
        except RemoteError:
            return []  # The relay will say why; until then nothing of it is seen.
        record = apply(self._overlay, changes, self._overlay_seq, self.author, 0.0)
        self._overlay_records[op] = record
        return [touch.key for touch in record]

    def _changed(self, keys: Iterable[str]) -> None:
        """Note that the entries of `keys` may have changed; the overlay stays."""
        self.version += 1
        self._note(frozenset(keys))

    def _based(self, keys: Iterable[str] | None) -> None:
        """Note that the entries of `keys` of the document may have changed, None for all: the overlay is made anew."""
        laid, self._overlay = self._laid(), None
        self._changed(laid.union(keys or ()))
        if keys is None:
            self._forgotten = self.version

    # --- towards the relay --------------------------------------------------------------------------------

    def join(self, room: str, *, name: str, color: str, secret: str, token: str) -> Join:
        """Return the first message of a new connection."""
        self.joined = False
        self._snapshot = None
        self._stretch = None
        self.progress = None
        return Join(
            room=room,
            client=self.client,
            resume_key=self._resume_key,
            epoch=self.document.epoch,
            seq=self.document.seq,
            mark=self.document.mark,
            # A refusal may arrive before the commit of an earlier operation.
            settled=max(min(self.pending, default=self._next) - 1, self._refused),
            name=name,
            color=color,
            secret=secret,
            token=token,
        )

    def outgoing(self) -> list[Operate[Any]]:
        """Return the operations to send now; each is returned once in a connection."""
        if not self.joined or not self.pending:
            return []
        limit = min(self.pending) + WINDOW
        ready = [Operate(op, actions) for op, actions in self.pending.items() if self._sent < op < limit]
        if ready:
            self._sent = ready[-1].op
        return ready

    def retry(self) -> Lost | None:
        """Send all pending operations again: the relay could not store them.

        The first one is given up, and returned, when the relay never has a verdict on it and refuses those after it.
        """
        first = min(self.pending, default=self._next)
        self._sent = first - 1
        if first not in self.pending or self._unheard[0] != first or self._unheard[1] < UNHEARD:
            return None
        reason = "the relay cannot read it; a newer relay may"
        lost = Lost(self.pending.pop(first), reason)
        self.lost.append(lost)
        self._unheard = (0, 0)
        self._renumber(first - 1, keep=True, start=first)
        self._based(None)
        return lost

    # --- from the relay -----------------------------------------------------------------------------------

    def welcome(self, welcome: Welcome) -> list[Lost]:
        """Handle the answer to `join`: the log is the same, or it says that it is another one.

        Pending operations that are larger than this relay takes are cut; those that cannot be are given up, and
        returned.
        """
        self.joined = True
        self.peer, self.author = welcome.peer, welcome.author
        known = len(self.lost)
        limits = SendLimits(welcome.max_message, max(1, welcome.max_actions))
        smaller, self.limits = limits != self.limits, limits
        if welcome.reset:
            self._reset(welcome.last)
        elif welcome.client != self.client and self.client:
            self._renumber(0)
        elif smaller:
            self._renumber(welcome.last, keep=True, start=welcome.last + 1)
        self._sent = max(welcome.last if not welcome.reset else 0, 0)
        self.client, self._resume_key = welcome.client, welcome.resume_key
        self.document.epoch = welcome.epoch
        self._based(None)
        return self.lost[known:]

    def _reset(self, last: int) -> None:
        self.previous = tuple(self.entries.values())
        self.document.replace((), 0, 0)
        self._records.clear()
        self._renumber(last)

    def _renumber(self, last: int, *, keep: bool = False, start: int = 1) -> None:
        """Give the pending operations after `last` other numbers: see `renumber`."""
        done = renumber(self.pending, last, self.limits, keep=keep, start=start)
        self.pending, self._next = done.pending, done.following
        self.lost += done.lost
        if not keep:
            self._refused = 0
        self._steps.map(done.now)

    def snapshot(self, snapshot: Snapshot) -> None:
        """Handle the announcement of a snapshot, whose bytes follow in `chunk`."""
        check_announced(snapshot.size)
        self._snapshot = (snapshot, bytearray())
        self.progress = 0.0
        if snapshot.size == 0:
            self._finish(snapshot, b"")

    def history(self, history: History) -> None:
        """Handle the announcement of a part of the log, whose bytes follow in `chunk`."""
        self._stretch = HistoryRange(history)

    def chunk(self, data: bytes) -> HistoryRange | None:
        """Handle a piece of what was announced. A part of the log is returned when it is complete.

        Raises `RemoteError` when nothing was announced, or it is not what was announced.
        """
        if (stretch := self._stretch) is not None:
            if not stretch.chunk(data):
                return None
            self._stretch = None
            return stretch
        if self._snapshot is None:
            raise RemoteError("unexpected-binary", "the relay sent a binary frame that it had not announced")
        snapshot, buffer = self._snapshot
        check_chunk(data, len(buffer), snapshot.size)
        buffer += data
        self.progress = min(1.0, len(buffer) / snapshot.size)
        if len(buffer) >= snapshot.size:
            self._finish(snapshot, bytes(buffer))
        return None

    def _finish(self, snapshot: Snapshot, stream: bytes) -> None:
        data: bytes | bytearray = unpack(stream) if stream else b"[]"
        self._snapshot = None
        self.progress = None
        if len(data) > LARGE:
            self.document.replace((), 0, 0)  # There is no room for both.
        self.document.replace(decode_entries(data), snapshot.seq, snapshot.mark)
        for op in [op for op in self.pending if op <= snapshot.last]:
            del self.pending[op]  # Its commit is inside the snapshot; a refusal came before it.
        self._based(None)

    def commit(self, commit: Commit) -> Record:
        """Handle an operation that became part of the log; return what it did. Raises `Gap` when one before it is
        missing."""
        record = self.document.apply(commit)
        for change in commit.changes:
            if isinstance(change, Clear):
                self.cleared = (change.page, commit.author, commit.seq)
        if commit.client == self.client:
            mine = self.pending.pop(commit.op, None)
            if mine and any(isinstance(action, Revert) for action in mine):
                self.turned = tuple(dict.fromkeys(_page(touch) for touch in record))
            if mine is not None and not _is_outcome(mine, commit.changes):
                self._forget(commit.op)
                self.lost.append(Lost(mine, "another copy of this client drew in its place; draw it again"))
            self._records[commit.op] = record
            while len(self._records) > WINDOW:
                old = next(iter(self._records))
                del self._records[old]
        self._based(touch.key for touch in record)
        return record

    def _forget(self, op: int) -> None:
        """Take an operation out of what can be undone."""
        self._steps.map(lambda each: () if each == op else (each,))

    def refused(self, refused: Refused) -> Lost | None:
        """Handle a refusal; return the operation when it is final. Otherwise `retry` sends it again."""
        if not refused.final:
            first = min(self.pending, default=0)
            if refused.op == first:
                self._unheard = (first, 0)
            elif refused.op == first + 1 and refused.code == "gap":
                # Each time that it was sent after the first one: so the relay has not read that.
                self._unheard = (first, self._unheard[1] + 1 if self._unheard[0] == first else 1)
            return None
        self._refused = max(self._refused, refused.op)
        actions = self.pending.pop(refused.op, None)
        self._forget(refused.op)
        self._based(())
        if actions is None:
            return None
        lost = Lost(actions, refused.reason)
        self.lost.append(lost)
        return lost


def _is_outcome(actions: Sequence[Action], changes: Sequence[Change]) -> bool:
    """Return whether a commit of `changes` can be that of `actions`: two copies of a client use the same numbers."""
    if any(isinstance(action, Revert) for action in actions):
        return True  # What it comes to is the relay's.
    return [_named(action) for action in actions] == [_named(change) for change in changes]


def _named(action: Action | Change) -> tuple[type, str]:
    return type(action), action.key if isinstance(action, Create | Patch) else ""


def _page(touch: Touch) -> str:
    entry = touch.after or touch.before
    return "" if entry is None else entry.page
