"""The other peers of a room: who they are, where their cursors are, and the ink under their hands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.protocol import PeerCancel, PeerLeft, PeerPreview, PeerState

from .elements import Element, decode


@dataclass(slots=True)
class _Ink:
    fields: dict[str, object]
    points: list[int] = field(default_factory=list)
    element: Element | None = None


class Others:
    """What is known of everybody in the room; `me` is this client's own peer id, left out of the ink."""

    def __init__(self) -> None:
        self.me = ""
        self.peers: dict[str, PeerState] = {}
        self._ink: dict[tuple[str, str], _Ink] = {}

    def forget(self) -> None:
        """The connection is gone, and with it all that only the connection told."""
        self.peers.clear()
        self._ink.clear()

    def receive(self, message: PeerState | PeerLeft | PeerPreview | PeerCancel) -> None:
        """Take one message of the relay about another peer."""
        match message:
            case PeerState(peer=peer):
                self.peers[peer] = message
            case PeerLeft(peer=peer):
                self.peers.pop(peer, None)
                for name in [name for name in self._ink if name[0] == peer]:
                    del self._ink[name]
            case PeerPreview(peer=peer) if peer != self.me:
                self._grow(message)
            case PeerCancel(peer=peer, key=key):
                self._ink.pop((peer, key), None)

    def _grow(self, preview: PeerPreview) -> None:
        name = (preview.peer, preview.key)
        if preview.start == 0:
            self._ink[name] = _Ink(dict(preview.fields or {}))
        ink = self._ink.get(name)
        if ink is None or preview.start != len(ink.points):
            return
        ink.points.extend(preview.points)
        ink.element = None

    def ink(self, entries: Mapping[str, object]) -> tuple[Element, ...]:
        """The strokes under others' hands that are not in `entries` yet."""
        strokes: list[Element] = []
        for (peer, key), ink in self._ink.items():
            if key in entries:
                continue
            if ink.element is None:
                state = self.peers.get(peer)
                ink.element = decode(key, whole(ink.fields, ink.points), state.author if state else "")
            if ink.element is not None:
                strokes.append(ink.element)
        return tuple(strokes)


def whole(fields: Mapping[str, object], points: list[int]) -> dict[str, object]:
    """The fields of the element that a preview will be, see "Live" in docs/elements.md; `points` as they came."""
    match fields:
        case {"kind": "rectangle" | "ellipse"}:
            if len(points) != 4:
                return {**fields}
            x0, y0, x1, y1 = points
            return {**fields, "box": [min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)]}
        case {"kind": "stroke", "stride": 3}:
            # A part may end within a point.
            count = len(points) // 3
            places = [value for n in range(count) for value in points[3 * n : 3 * n + 2]]
            return {**fields, "points": deltas(places), "pressure": points[2 : 3 * count : 3]}
        case _:
            return {**fields, "points": deltas(points)}


def deltas(points: list[int]) -> list[int]:
    """Flat absolute x, y as the first point followed by steps, the way elements keep them."""
    return points[:2] + [points[i] - points[i - 2] for i in range(2, len(points))]
