"""What was known of the others when a connection was lost, shown until they are back. Pure.

Another relay, or the same one, tells everything anew: first that somebody is there, then where their cursor is, then
the ink under their hands. Each of these replaces what was known of it; what nothing replaces is over in
`GHOST_SECONDS`. `relay/web/client/ghosts.js` does the same, held to it by `tests/contract/ghosts.json`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from relay.protocol import PeerState

from .wet_ink import Ink

GHOST_SECONDS = 3.0
"""Seconds after the loss of a connection for which others are shown as they were."""
MOST, MOST_NUMBERS = 256, 1 << 18
"""People and strokes that are kept, at most, and numbers in these strokes: a broken relay may have told of far more."""
LENT = ("cursor", "page", "view", "moving")
"""What somebody who has come back is shown with until they say it themselves."""


class _Lent(NamedTuple):
    fields: dict[str, Any]
    until: float


class Ghosts:
    """People who were there and are not back, and ink of theirs; `until` is when each is over.

    Ink is kept under the id of whoever left, from when they are back under their new one.
    """

    def __init__(self) -> None:
        self._people: dict[str, tuple[PeerState, float]] = {}
        self._lent: dict[str, _Lent] = {}
        self._ink: dict[str, tuple[Ink, float]] = {}
        """By key: no two hands have one."""

    def __bool__(self) -> bool:
        return bool(self._people or self._lent or self._ink)

    # --- what comes and goes ------------------------------------------------------------------------------

    def lose(self, people: Iterable[PeerState], ink: Iterable[Ink], now: float) -> None:
        """Keep those people and that ink: the connection that told of them is lost at `now`."""
        until = now + GHOST_SECONDS
        for state in islice(people, MOST):
            lent = self._lent.get(state.peer)
            borrows = lent is not None and lent.fields.keys() - state.state.keys()
            self._people[state.peer] = (self.lend(state), lent.until if lent and borrows else until)
        self._lent.clear()
        left = MOST_NUMBERS - sum(len(each.points) for each, _ in self._ink.values())
        for each in ink:
            if len(self._ink) < MOST and len(each.points) <= left:
                self._ink[each.key] = (each, until)
                left -= len(each.points)

    def arrive(self, state: PeerState) -> None:
        """Take account of somebody of whom the relay tells."""
        peer = state.peer
        if peer in self._people:  # It is the same room as before, which knows all about them.
            del self._people[peer]
        elif peer in self._lent:
            self._borrow(peer, self._lent.pop(peer), state)
        elif (old := self._before(state)) is not None:
            known, until = self._people.pop(old)
            fields = {name: value for name, value in known.state.items() if name in LENT}
            self._borrow(peer, _Lent(fields, until), state)
            for key, (each, end) in self._ink.items():
                if each.peer == old:
                    self._ink[key] = (replace(each, peer=peer), end)

    def _before(self, state: PeerState) -> str | None:
        """Return the id that somebody had who has come back: the first of that author and name who is missing."""
        for peer, (known, _) in self._people.items():
            if known.author == state.author and known.state.get("name") == state.state.get("name"):
                return peer
        return None

    def _borrow(self, peer: str, lent: _Lent, state: PeerState) -> None:
        """Lend somebody what they have not said yet; what they say once is theirs, and so is that they take it back."""
        fields = {name: value for name, value in lent.fields.items() if name not in state.state}
        if fields:
            self._lent[peer] = _Lent(fields, lent.until)

    def leave(self, peer: str) -> None:
        """Forget somebody who has left."""
        self._people.pop(peer, None)
        self._lent.pop(peer, None)
        for key in [key for key, (each, _) in self._ink.items() if each.peer == peer]:
            del self._ink[key]

    def end(self, key: str) -> None:
        """Forget ink that has become an element or nothing, or of which the relay tells itself."""
        self._ink.pop(key, None)

    def dry(self, entries: Container[str]) -> None:
        """Forget the ink whose elements are in a drawing, for good: they may be deleted there."""
        for key in [key for key in self._ink if key in entries]:
            del self._ink[key]

    def expire(self, now: float) -> bool:
        """Forget what is over at `now`; return whether that is anything."""
        counts = len(self._people), len(self._lent), len(self._ink)
        self._people = {peer: each for peer, each in self._people.items() if each[1] > now}
        self._lent = {peer: each for peer, each in self._lent.items() if each.until > now}
        self._ink = {key: each for key, each in self._ink.items() if each[1] > now}
        return counts != (len(self._people), len(self._lent), len(self._ink))

    def clear(self) -> None:
        """Forget all."""
        self._people.clear()
        self._lent.clear()
        self._ink.clear()

    # --- what is seen -------------------------------------------------------------------------------------

    @property
    def due(self) -> float | None:
        """When something is over next; None when there is nothing."""
        people = (until for _, until in self._people.values())
        lent = (each.until for each in self._lent.values())
        ink = (until for _, until in self._ink.values())
        return min((*people, *lent, *ink), default=None)

    def lend(self, state: PeerState) -> PeerState:
        """Return somebody who is there as they are shown."""
        lent = self._lent.get(state.peer)
        return msgspec.structs.replace(state, state={**lent.fields, **state.state}) if lent else state

    def state(self, peer: str) -> PeerState | None:
        """Return somebody who was there, by the id that they had; None when they are back or forgotten."""
        known = self._people.get(peer)
        return known[0] if known is not None else None

    @property
    def people(self) -> Iterator[PeerState]:
        """Those who were there and are not back."""
        return (state for state, _ in self._people.values())

    @property
    def ink(self) -> Iterator[Ink]:
        """Their ink."""
        return (each for each, _ in self._ink.values())
