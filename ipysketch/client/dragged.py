"""Elements where others are dragging them, with the lines that are bound to them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from relay.protocol import PeerState

from ..model.connector import followed
from ..model.elements import Element, Line, decode
from .membership import Membership
from .peers import Moved, Peers
from .scenes import Scenes


class Dragged:
    """What is shown of elements while `peers` drag them who may."""

    def __init__(self, scenes: Scenes, peers: Peers, membership: Membership) -> None:
        self._scenes = scenes
        self._peers = peers
        self._membership = membership
        self._shown: dict[str, tuple[Element, Moved, Element]] = {}

    def shown(self, elements: Sequence[Element]) -> Sequence[Element]:
        """Return `elements`, those that are being dragged where they are."""
        offsets = self._peers.moving(self.may_move)
        if not offsets:
            self._shown.clear()
            return elements
        shown = [self._moved(element, offsets.get(element.key)) for element in elements]
        return self._followed(shown, offsets)

    def _followed(self, elements: list[Element], moved: Collection[str]) -> list[Element]:
        """Return `elements` with the lines that are bound to one of `moved` where that is."""
        ends = {
            n: {end.key for end in element.ends if end is not None}
            for n, element in enumerate(elements)
            if isinstance(element, Line) and element.ends != (None, None)
        }
        if not any(keys.intersection(moved) for keys in ends.values()):
            return elements
        of = {element.key: element for element in elements}.get
        for n, keys in ends.items():
            entry = self._scenes.entry(elements[n].key) if keys.intersection(moved) else None
            if entry is not None:
                before = elements[n]
                there = decode(before.key, followed(entry[0], of), before.author, before.seq)
                elements[n] = there or before
        return elements

    def may_move(self, peer: PeerState, key: str) -> bool:
        """Return whether another peer may move an element."""
        may = self._membership.capabilities_of(peer.role, peer.peer)
        return may.draw and (may.erase_others or self._scenes.author(key) == peer.author)

    def _moved(self, element: Element, moved: Moved | None) -> Element:
        """Return `element` as it is shown while it is dragged; the same object as long as it rests there."""
        if moved is None:
            return element
        before = self._shown.get(element.key)
        if before is not None and before[0] is element and before[1] == moved:
            return before[2]
        entry = self._scenes.entry(element.key)
        there = decode(
            element.key, {**(entry[0] if entry else {}), **moved.fields}, element.author, element.seq
        )
        self._shown[element.key] = (element, moved, there or element)
        return there or element
