"""Who is here and the ink under their hands, as something each peer can catch up with from where it is.

Rules of this file: pure; nothing here is kept, ordered across peers, or known to the log.

Every change gets the next version number. A peer remembers the version it has seen; `since` gives what changed
after that, coalesced: the latest state of each peer, and each stroke's points from where that peer left off.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

from .protocol import (
    MAX_PREVIEW,
    Bad,
    PeerCancel,
    PeerLeft,
    PeerPreview,
    PeerState,
    Preview,
    check_color,
    check_name,
    check_value,
)

MAX_FIELDS = 32
MAX_STROKES = 8
"""Strokes one peer may have under its hands at a time (a touch screen, two pages)."""
REMEMBERED_ENDS = 256

Update = PeerState | PeerLeft | PeerPreview | PeerCancel


@dataclass(slots=True)
class _Here:
    stamp: int
    author: str
    state: dict[str, Any]


@dataclass(slots=True)
class _Ink:
    begun: int
    stamp: int
    fields: dict[str, Any] | None
    points: list[int] = field(default_factory=list)
    # Parallel lists: after version stamps[i] the stroke had lengths[i] numbers.
    stamps: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)


class Presence:
    """The presence of one room. `version` grows with every change."""

    def __init__(self) -> None:
        self.version = 0
        self._here: OrderedDict[str, _Here] = OrderedDict()
        self._ink: OrderedDict[tuple[str, str], _Ink] = OrderedDict()
        self._gone: deque[tuple[int, PeerLeft | PeerCancel]] = deque()
        self._ended: dict[str, OrderedDict[str, None]] = {}

    def _next(self) -> int:
        self.version += 1
        return self.version

    def arrive(self, peer: str, author: str, state: dict[str, Any]) -> None:
        """`peer` is here from now on."""
        self._here[peer] = _Here(self._next(), author, state)
        self._ended[peer] = OrderedDict()

    def update(self, peer: str, state: dict[str, Any]) -> None:
        """New values for some fields; None takes a field away. Raises `Bad` and changes nothing."""
        here = self._here[peer]
        merged = {**here.state, **check_state(state)}
        merged = {name: value for name, value in merged.items() if value is not None}
        if len(merged) > MAX_FIELDS:
            raise Bad("bad-presence", f"presence may have at most {MAX_FIELDS} fields")
        here.state = merged
        here.stamp = self._next()
        self._here.move_to_end(peer)

    def draw(self, peer: str, preview: Preview) -> None:
        """Ink grows. A part that does not fit what is there, or whose stroke is over, is ignored."""
        key, start, points = preview.key, preview.start, preview.points
        if key in self._ended[peer]:
            return
        name = (peer, key)
        ink = self._ink.get(name)
        if start == 0:
            if ink is None and sum(1 for owner, _ in self._ink if owner == peer) >= MAX_STROKES:
                raise Bad("too-many-strokes", f"at most {MAX_STROKES} strokes may be under way at a time")
            version = self._next()
            ink = _Ink(begun=version, stamp=version, fields=preview.fields)
            self._ink[name] = ink
        elif ink is None or start != len(ink.points):
            return
        length = start + len(points)
        if length > MAX_PREVIEW:
            raise Bad("preview-too-long", f"a stroke under the hand may have at most {MAX_PREVIEW // 2} points")
        ink.points.extend(points)
        self.version = stamp = self.version + 1
        ink.stamp = stamp
        ink.stamps.append(stamp)
        ink.lengths.append(length)
        self._ink.move_to_end(name)

    def end(self, peer: str, key: str) -> None:
        """The stroke `key` is over: committed, refused or cancelled; later previews of it are ignored."""
        ended = self._ended.get(peer)
        if ended is None:
            return
        ended[key] = None
        while len(ended) > REMEMBERED_ENDS:
            ended.popitem(last=False)
        if self._ink.pop((peer, key), None) is not None:
            self._gone.append((self._next(), PeerCancel(peer, key)))

    def drop(self, peer: str) -> None:
        """All strokes under the hands of `peer` are over."""
        for key in [key for owner, key in self._ink if owner == peer]:
            self.end(peer, key)

    def depart(self, peer: str) -> None:
        """`peer` is no longer here, and the ink under its hand neither."""
        del self._here[peer]
        del self._ended[peer]
        for name in [name for name in self._ink if name[0] == peer]:
            del self._ink[name]
        self._gone.append((self._next(), PeerLeft(peer)))

    @property
    def remembers(self) -> bool:
        """Whether there are departures or ends that somebody may still have to be told."""
        return bool(self._gone)

    def forget(self, version: int) -> None:
        """Everybody has seen `version`: departures and ends up to it need not be told any more."""
        while self._gone and self._gone[0][0] <= version:
            self._gone.popleft()

    def since(self, version: int) -> list[Update]:
        """What a peer that has seen `version` needs to be told."""
        inked: list[Update] = []
        for (peer, key), ink in reversed(self._ink.items()):
            if ink.stamp <= version:
                break
            if ink.begun > version:
                inked.append(PeerPreview(peer, key, 0, tuple(ink.points), ink.fields))
            else:
                index = bisect_right(ink.stamps, version)
                start = ink.lengths[index - 1] if index else 0
                inked.append(PeerPreview(peer, key, start, tuple(ink.points[start:])))
        fresh: list[Update] = []
        for peer, here in reversed(self._here.items()):
            if here.stamp <= version:
                break
            fresh.append(PeerState(peer, here.author, here.state))
        gone: list[Update] = []
        for stamp, update in reversed(self._gone):
            if stamp <= version:
                break
            gone.append(update)
        # Who went first, then who is here, then their ink: each from the oldest to the newest.
        return [*reversed(gone), *reversed(fresh), *reversed(inked)]


def check_state(state: dict[str, Any]) -> dict[str, Any]:
    """`state` with its name and colour checked and tidied; raises `Bad`."""
    check_value(state)
    if len(state) > MAX_FIELDS:
        raise Bad("bad-presence", f"presence may have at most {MAX_FIELDS} fields")
    tidy = dict(state)
    if tidy.get("name") is not None:
        tidy["name"] = check_name(tidy["name"])
    if tidy.get("color") is not None:
        tidy["color"] = check_color(tidy["color"])
    return tidy
