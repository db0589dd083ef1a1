"""What this client did and what the relay made of it: confirmed + pending, resume, and its own undo.

Rules of this file: pure; messages in, messages out, in whatever pieces the network brings them.

`document` is what the relay confirmed. `pending` are own operations without a verdict; `entries` is the one
with the other laid over it, which is what the hand that draws sees. Nothing leaves `pending` but by a verdict.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from relay.protocol import (
    WINDOW,
    Action,
    Bad,
    Commit,
    Entry,
    History,
    Join,
    Operate,
    Overlay,
    Record,
    Refused,
    Revert,
    Snapshot,
    Welcome,
    apply,
    decode_entries,
    resolve,
)

from .document import Document, unpack
from .history import Stretch

NEWS = 256
"""Changes of which it is known what they touched; who has missed more looks at everything."""


class Lost(NamedTuple):
    """An own operation the relay refused for good; it is kept here, and off the drawing."""

    actions: tuple[Action, ...]
    reason: str


class Sync:
    """One client's side of one room. It works without a relay too: then everything is pending."""

    def __init__(self) -> None:
        self.document = Document()
        self.client = ""
        self.peer = ""
        self.author = ""
        self.pending: dict[int, tuple[Action, ...]] = {}
        self.lost: list[Lost] = []
        self.previous: tuple[Entry, ...] = ()
        self.joined = False
        self.progress: float | None = None
        self.version = 0
        self._news: deque[tuple[int, frozenset[str]]] = deque()
        self._forgotten = 0
        self._resume_key = ""
        self._next = 1
        self._sent = 0
        self._refused = 0
        self._undo: list[int] = []
        self._redo: list[int] = []
        self._records: dict[int, Record] = {}
        self._overlay: Overlay | None = None
        self._overlay_records: dict[int, Record] = {}
        self._overlay_seq = 0
        self._snapshot: tuple[Snapshot, bytearray] | None = None
        self._stretch: Stretch | None = None

    # --- what this client does ----------------------------------------------------------------------------

    def submit(self, actions: Sequence[Action]) -> int:
        """Do `actions`, seen at once and sent when possible; returns the operation's number."""
        op = self._queue(tuple(actions))
        self._undo.append(op)
        self._redo.clear()
        return op

    def undo(self) -> bool:
        """Take back my own last operation that is not undone; False when there is none."""
        return self._turn(self._undo, self._redo)

    def redo(self) -> bool:
        """Take back my own last undo; False when there is none."""
        return self._turn(self._redo, self._undo)

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        return bool(self._redo)

    def _turn(self, source: list[int], target: list[int]) -> bool:
        if not source:
            return False
        target.append(self._queue((Revert(source.pop()),)))
        return True

    def _queue(self, actions: tuple[Action, ...]) -> int:
        op = self._next
        self._next += 1
        self.pending[op] = actions
        self._changed(self._lay(op, actions) if self._overlay is not None else ())
        return op

    # --- what people see ----------------------------------------------------------------------------------

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The drawing with this client's pending operations on it."""
        if not self.pending:
            return self.document.entries
        overlay = self._overlay
        if overlay is None:
            overlay = self._overlay = Overlay(self.document.entries)
            self._overlay_records = dict(self._records)
            self._overlay_seq = self.document.seq
            for op, actions in self.pending.items():
                self._lay(op, actions)
            self._tell(self._laid())
        return overlay

    def touched(self, since: int) -> set[str] | None:
        """The keys whose entries may have changed after `version` was `since`; None when any may. What is pending
        counts once `entries` were asked for."""
        if since < self._forgotten:
            return None
        found: set[str] = set()
        for version, keys in reversed(self._news):
            if version <= since:
                break
            found |= keys
        return found

    def _laid(self) -> frozenset[str]:
        return self._overlay.laid() if self._overlay is not None else frozenset()

    def _tell(self, keys: frozenset[str]) -> None:
        self._news.append((self.version, keys))
        if len(self._news) > NEWS:
            # Not back: after a snapshot anything before it may differ, whatever is still remembered from then.
            self._forgotten = max(self._forgotten, self._news.popleft()[0])

    def _lay(self, op: int, actions: tuple[Action, ...]) -> list[str]:
        """Lay an operation over the rest; the keys it touched."""
        assert self._overlay is not None
        self._overlay_seq += 1
        try:
            changes = resolve(self._overlay, actions, self._overlay_seq, self._overlay_records)
        except Bad:
            return []  # The relay will say why; until then there is nothing to see of it.
        record = apply(self._overlay, changes, self._overlay_seq, self.author, 0.0)
        self._overlay_records[op] = record
        return [touch.key for touch in record]

    def _changed(self, keys: Iterable[str]) -> None:
        """These may have changed, and the overlay stays."""
        self.version += 1
        self._tell(frozenset(keys))

    def _based(self, keys: Iterable[str] | None) -> None:
        """These of the document may have changed, None for all of it: what is pending is laid over it anew."""
        laid, self._overlay = self._laid(), None
        self._changed(laid.union(keys or ()))
        if keys is None:
            self._forgotten = self.version

    # --- towards the relay --------------------------------------------------------------------------------

    def join(self, room: str, *, name: str, color: str, secret: str, token: str) -> Join:
        """The first message of a new connection."""
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
            # A refusal may be heard before the commit of what came before it.
            settled=max(min(self.pending, default=self._next) - 1, self._refused),
            name=name,
            color=color,
            secret=secret,
            token=token,
        )

    def outgoing(self) -> list[Operate[Any]]:
        """Operations to send now; each is given out once in a connection."""
        if not self.joined or not self.pending:
            return []
        limit = min(self.pending) + WINDOW
        ready = [Operate(op, actions) for op, actions in self.pending.items() if self._sent < op < limit]
        if ready:
            self._sent = ready[-1].op
        return ready

    def retry(self) -> None:
        """Send again what the relay could not take the last time."""
        self._sent = min(self.pending, default=self._next) - 1

    # --- from the relay -----------------------------------------------------------------------------------

    def welcome(self, welcome: Welcome) -> None:
        """The relay let us in: with the same log, or openly with another one."""
        self.joined = True
        self.peer, self.author = welcome.peer, welcome.author
        if welcome.reset:
            self._reset(welcome.last)
        elif welcome.client != self.client and self.client:
            self._renumber(0)
        self._sent = max(welcome.last if not welcome.reset else 0, 0)
        self.client, self._resume_key = welcome.client, welcome.resume_key
        self.document.epoch = welcome.epoch
        self._based(None)

    def _reset(self, last: int) -> None:
        self.previous = tuple(self.entries.values())
        self.document.replace((), 0, 0)
        self._records.clear()
        self._renumber(last)

    def _renumber(self, last: int) -> None:
        """A new identity counts from 1: pending operations after `last` are numbered anew, and what reverts
        one that is not among them has nothing left to revert."""
        numbers: dict[int, int] = {}
        pending: dict[int, tuple[Action, ...]] = {}
        for op, actions in self.pending.items():
            renumbered: list[Action] = []
            for action in actions:
                if not isinstance(action, Revert):
                    renumbered.append(action)
                elif action.op in numbers:
                    renumbered.append(Revert(numbers[action.op]))
            if op > last and renumbered:
                numbers[op] = len(pending) + 1
                pending[numbers[op]] = tuple(renumbered)
        self.pending = pending
        self._next = len(pending) + 1
        self._refused = 0
        self._undo = [numbers[op] for op in self._undo if op in numbers]
        self._redo = [numbers[op] for op in self._redo if op in numbers]

    def snapshot(self, snapshot: Snapshot) -> None:
        """A snapshot is announced; its bytes come in `chunk`."""
        self._snapshot = (snapshot, bytearray())
        self.progress = 0.0
        if snapshot.size == 0:
            self._finish(snapshot, b"")

    def history(self, history: History) -> None:
        """A stretch of the past is announced; its bytes come in `chunk`."""
        self._stretch = Stretch(history)

    def chunk(self, data: bytes) -> Stretch | None:
        """A piece of the announced snapshot, or of the past, which is returned once it is whole; raises `Bad` when
        nothing was announced, or it is not what was said."""
        if (stretch := self._stretch) is not None:
            if not stretch.chunk(data):
                return None
            self._stretch = None
            return stretch
        if self._snapshot is None:
            raise Bad("unexpected-binary", "the relay sent a binary frame that it had not announced")
        snapshot, buffer = self._snapshot
        buffer += data
        self.progress = min(1.0, len(buffer) / snapshot.size)
        if len(buffer) >= snapshot.size:
            self._finish(snapshot, bytes(buffer))
        return None

    def _finish(self, snapshot: Snapshot, stream: bytes) -> None:
        data = unpack(stream) if stream else b"[]"
        self._snapshot = None
        self.progress = None
        self.document.replace(decode_entries(data), snapshot.seq, snapshot.mark)
        for op in [op for op in self.pending if op <= snapshot.last]:
            del self.pending[op]  # Its commit is inside the snapshot; a refusal came before it.
        self._based(None)

    def commit(self, commit: Commit) -> Record:
        """An operation became part of the log; returns what it did, and raises `Gap` when one before it is
        missing."""
        record = self.document.apply(commit)
        if commit.client == self.client:
            self.pending.pop(commit.op, None)
            self._records[commit.op] = record
            while len(self._records) > WINDOW:
                old = next(iter(self._records))
                del self._records[old]
        self._based(touch.key for touch in record)
        return record

    def refused(self, refused: Refused) -> Lost | None:
        """An own operation was refused; returns it when that is final. Otherwise `retry` sends it again."""
        if not refused.final:
            return None
        self._refused = max(self._refused, refused.op)
        actions = self.pending.pop(refused.op, None)
        for stack in (self._undo, self._redo):
            if refused.op in stack:
                stack.remove(refused.op)
        self._based(())
        if actions is None:
            return None
        lost = Lost(actions, refused.reason)
        self.lost.append(lost)
        return lost
