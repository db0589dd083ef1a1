"""The presence of a room: its peers' states and previews, and the changes since a version.

Rules of this file: pure; nothing here is stored, ordered across peers, or part of the log.

Every change gets the next version number. A peer has the version that it was sent; `since` returns the changes after
it, coalesced: the latest state of each peer, and each preview's points from where that peer left off.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..protocol import (
    MAX_PRESENCE,
    MAX_PREVIEW,
    MAX_STROKES,
    SAFE_INTEGER,
    PeerCancel,
    PeerLeft,
    PeerPreview,
    PeerState,
    Preview,
    RemoteError,
    check_value,
    encode_message,
    normalize_color,
    normalize_name,
)

REMEMBERED_ENDS = 256
TEXT_OF_NUMBER, STATE_BYTES = 8, 200
"""Bytes of a number in a frame at most, or nearly, and of a state without its fields."""
WEIGHED = 128 << 10
"""Bytes of all that there is up to which nobody asks how much of it has changed."""
NUMBER_BYTES, PEER_BYTES = 24, 24 << 10
"""Bytes of memory that a number of a preview takes at most, and a peer with its connection, roughly."""
ROOM_NUMBERS = 1 << 18
"""Numbers in all previews of a room, beyond which each peer has only its share: who joins is sent all of them."""

Update = PeerState | PeerLeft | PeerPreview | PeerCancel


def _numbers() -> array[int]:
    """A list of whole numbers that takes a quarter of the memory."""
    return array("q")


@dataclass(slots=True)
class _PeerPresence:
    stamp: int
    author: str
    state: dict[str, Any]
    role: str
    limit: int
    verified: bool = False
    size: int = STATE_BYTES
    """Its bytes, roughly."""


@dataclass(slots=True)
class _Stroke:
    begun: int
    stamp: int
    fields: dict[str, Any] | None
    sender: str = ""
    """The line of the companion that draws it; "" for the peer itself."""
    points: array[int] = field(default_factory=_numbers)
    # Parallel: after version stamps[i] the stroke had lengths[i] numbers.
    stamps: array[int] = field(default_factory=_numbers)
    lengths: array[int] = field(default_factory=_numbers)

    def length(self, version: int) -> int:
        """Return how many numbers it had at `version`."""
        index = bisect_right(self.stamps, version)
        return self.lengths[index - 1] if index else 0


class Presence:
    """The presence of one room. `version` grows with every change."""

    def __init__(self) -> None:
        self.version = 0
        self._states: OrderedDict[str, _PeerPresence] = OrderedDict()
        self._strokes: OrderedDict[tuple[str, str], _Stroke] = OrderedDict()
        self._numbers = 0
        self._state_bytes = 0
        self._departures: deque[tuple[int, PeerLeft | PeerCancel]] = deque()
        self._ended: dict[str, OrderedDict[str, None]] = {}

    def _next(self) -> int:
        self.version += 1
        return self.version

    def arrive(
        self,
        peer: str,
        author: str,
        state: dict[str, Any],
        role: str = "",
        limit: int = SAFE_INTEGER,
        *,
        verified: bool = False,
    ) -> None:
        """Add `peer`, whose state may have `limit` bytes as JSON."""
        self._states[peer] = _PeerPresence(self._next(), author, state, role, limit, verified)
        self._state_bytes += STATE_BYTES
        self._ended[peer] = OrderedDict()

    def update(self, peer: str, state: dict[str, Any]) -> None:
        """Set some fields of `peer`; None removes a field. Raises `RemoteError` and changes nothing."""
        own = self._states[peer]
        merged = {**own.state, **normalize_state(state)}
        merged = {name: value for name, value in merged.items() if value is not None}
        if len(merged) > MAX_PRESENCE:
            raise RemoteError("bad-presence", f"presence may have at most {MAX_PRESENCE} fields")
        size = len(bytes(encode_message(merged)))
        if size > own.limit:
            raise RemoteError("bad-presence", f"your presence may have at most {own.limit} bytes")
        size += STATE_BYTES
        self._state_bytes += size - own.size
        own.state, own.size = merged, size
        own.stamp = self._next()
        self._states.move_to_end(peer)

    def withdraw(self, peer: str, names: Iterable[str]) -> None:
        """Remove fields of `peer`, where they are set."""
        if found := [name for name in names if name in self._states[peer].state]:
            self.update(peer, dict.fromkeys(found))

    def draw(self, peer: str, preview: Preview[Any], sender: str = "") -> None:
        """Append to a preview. A part that does not fit what is there, or whose preview has ended, is ignored.

        `sender` is the line of a companion of `peer`, "" for the peer itself. What a companion draws, its peer does
        not: that came late, by a longer way.

        Raises `RemoteError`, and changes nothing, when there are too many previews or the preview is too long."""
        key, start, points = preview.key, preview.start, preview.points
        if key in self._ended[peer]:
            return
        name = (peer, key)
        ink = self._strokes.get(name)
        if ink is not None and ink.sender and not sender:
            return
        if start == 0:
            if ink is None and sum(1 for owner, _ in self._strokes if owner == peer) >= MAX_STROKES:
                raise RemoteError(
                    "too-many-strokes", f"at most {MAX_STROKES} strokes may be under way at a time"
                )
        elif ink is None or start != len(ink.points):
            return
        length = start + len(points)
        if length > MAX_PREVIEW:
            raise RemoteError(
                "preview-too-long", f"a stroke under the hand may have at most {MAX_PREVIEW // 2} points"
            )
        self._check_share(peer, ink, length)
        if ink is None or start == 0:
            self._drop_stroke(name)
            version = self._next()
            ink = self._strokes[name] = _Stroke(version, version, preview.fields, sender)
        ink.points.extend(points)
        self._numbers += len(points)
        self.version = stamp = self.version + 1
        ink.stamp = stamp
        ink.stamps.append(stamp)
        ink.lengths.append(length)
        self._strokes.move_to_end(name)

    def _check_share(self, peer: str, ink: _Stroke | None, length: int) -> None:
        """Raise `RemoteError` when all strokes have too many numbers, and those of `peer` more than its share."""
        more = length - len(ink.points if ink else ())
        if more <= 0 or self._numbers + more <= ROOM_NUMBERS:
            return
        own = sum(len(ink.points) for (owner, _), ink in self._strokes.items() if owner == peer)
        if own + more > ROOM_NUMBERS // len(self._states):
            raise RemoteError("too-many-strokes", "too many points are under way in this room; lift the pen")

    def release(self, peer: str, sender: str) -> dict[str, int]:
        """Let `peer` itself draw what its companion `sender` drew, which has gone. Returns the versions by key at which
        those previews began, for `end_orphans`."""
        found = {}
        for (owner, key), ink in self._strokes.items():
            if owner == peer and ink.sender == sender:
                ink.sender = ""
                found[key] = ink.begun
        return found

    def end_orphans(self, peer: str, orphans: Mapping[str, int]) -> None:
        """End the previews that nobody has begun anew since `release`."""
        for key, begun in orphans.items():
            if (ink := self._strokes.get((peer, key))) is not None and ink.begun == begun:
                self.end(peer, key)

    def sender(self, peer: str, key: str) -> str:
        """Return the line of the connection that draws a preview."""
        ink = self._strokes.get((peer, key))
        return (ink.sender if ink is not None else "") or peer

    def end(self, peer: str, key: str, seq: int = 0) -> None:
        """End the preview `key`, which was committed by the entry `seq`, or refused or cancelled; later parts of it are
        ignored."""
        ended = self._ended.get(peer)
        if ended is None:
            return
        ended[key] = None
        while len(ended) > REMEMBERED_ENDS:
            ended.popitem(last=False)
        if self._drop_stroke((peer, key)):
            self._departures.append((self._next(), PeerCancel(peer, key, seq)))

    def _drop_stroke(self, name: tuple[str, str]) -> bool:
        """Remove a stroke; returns whether it was there."""
        if (ink := self._strokes.pop(name, None)) is None:
            return False
        self._numbers -= len(ink.points)
        return True

    def drop(self, peer: str) -> None:
        """End all previews of `peer`."""
        for key in [key for owner, key in self._strokes if owner == peer]:
            self.end(peer, key)

    def depart(self, peer: str) -> None:
        """Remove `peer` and its previews."""
        self._state_bytes -= self._states.pop(peer).size
        del self._ended[peer]
        for name in [name for name in self._strokes if name[0] == peer]:
            self._drop_stroke(name)
        self._departures.append((self._next(), PeerLeft(peer)))

    @property
    def memory(self) -> int:
        """Bytes of all that is kept here, roughly."""
        return NUMBER_BYTES * self._numbers + 2 * self._state_bytes + PEER_BYTES * len(self._states)

    @property
    def size(self) -> int:
        """Bytes of all states and previews in frames, roughly."""
        return self._numbers * TEXT_OF_NUMBER + self._state_bytes

    @property
    def remembers(self) -> bool:
        """Whether there are departures or ends that some peer may lack."""
        return bool(self._departures)

    def forget(self, version: int) -> None:
        """Drop departures and ends up to `version`, which every peer has been sent."""
        while self._departures and self._departures[0][0] <= version:
            self._departures.popleft()

    def since(self, version: int, *, previews: bool = True) -> list[Update]:
        """Return the changes after `version`."""
        return list(self.updates(version, previews=previews))

    def weight(self, version: int, *, previews: bool = True) -> int:
        """Return the bytes of the changes after `version`, roughly."""
        if self.size <= WEIGHED:
            return 0
        strokes, states = self._changed(version, previews=previews)
        numbers = sum(len(ink.points) - ink.length(version) for ink in map(self._strokes.__getitem__, strokes))
        return numbers * TEXT_OF_NUMBER + sum(self._states[peer].size for peer in states)

    def updates(self, version: int, *, previews: bool = True) -> Iterator[Update]:
        """Return the changes after `version`, up to now, one by one: departures, then states, then previews where those
        are wanted; each from the oldest to the newest. What changes meanwhile is not in them: it is after the version
        that it was now."""
        now = self.version
        strokes, states = self._changed(version, previews=previews)
        departures: list[Update] = []
        for stamp, update in reversed(self._departures):
            if stamp <= version:
                break
            departures.append(update)
        yield from reversed(departures)
        for peer in states:
            own = self._states.get(peer)
            if own is not None and own.stamp <= now:
                yield PeerState(peer, own.author, own.state, own.role, own.verified)
        for name in strokes:
            ink = self._strokes.get(name)
            if ink is None or ink.begun > now:
                continue
            end = ink.length(now)
            if ink.begun > version:
                yield PeerPreview(*name, 0, tuple(ink.points[:end]), ink.fields)
            else:
                start = ink.length(version)
                yield PeerPreview(*name, start, tuple(ink.points[start:end]))

    def _changed(self, version: int, *, previews: bool) -> tuple[list[tuple[str, str]], list[str]]:
        """Return the strokes, where `previews` are wanted, and the peers whose states changed after `version`, from the
        oldest to the newest."""
        strokes: list[tuple[str, str]] = []
        for name, ink in reversed(self._strokes.items()):
            if ink.stamp <= version or not previews:
                break
            strokes.append(name)
        states: list[str] = []
        for peer, own in reversed(self._states.items()):
            if own.stamp <= version:
                break
            states.append(peer)
        return strokes[::-1], states[::-1]


def normalize_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return `state` with its name and colour normalized; raises `RemoteError`."""
    check_value(state)
    if len(state) > MAX_PRESENCE:
        raise RemoteError("bad-presence", f"presence may have at most {MAX_PRESENCE} fields")
    tidy = dict(state)
    if tidy.get("name") is not None:
        tidy["name"] = normalize_name(tidy["name"])
    if tidy.get("color") is not None:
        tidy["color"] = normalize_color(tidy["color"])
    return tidy
