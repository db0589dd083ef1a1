"""This client's colour: the one that its user chose, or one that nobody else in the room has."""

from __future__ import annotations

from dataclasses import replace

from ..editing.gestures import Gestures
from ..model.palette import free_color
from .own_presence import OwnPresence
from .peers import Peers
from .presenter import Presenter
from .projection import Projection


class OwnColor:
    """Takes another colour after joining, if nobody `chose` this one and somebody here has it."""

    def __init__(
        self,
        peers: Peers,
        gestures: Gestures,
        presence: OwnPresence,
        projection: Projection,
        presenter: Presenter,
        *,
        chosen: bool,
    ) -> None:
        self._peers = peers
        self._gestures = gestures
        self._presence = presence
        self._projection = projection
        self._presenter = presenter
        self._chosen = chosen
        self._may_be_alike = False
        """Whether this client has joined, and has not looked yet whether somebody has its colour."""

    def rename(self, name: str, color: str, *, chosen: bool = True) -> None:
        """Be shown under another name and colour; one that nobody chose may become another.

        The pen keeps what was chosen for it, unless the colour is a new one.
        """
        self._chosen = chosen
        if color != self._presence.color:
            self._gestures.style = replace(self._gestures.style, color=color)
        self._presence.rename(name, color)
        self._presenter.refresh()

    def joined(self) -> None:
        """Take account of a room that was joined: who is there is told after that."""
        self._may_be_alike = True

    def differ(self) -> None:
        """Take a colour that nobody else here has, once it is known who is here, where this user chose none."""
        if not self._may_be_alike or self._peers.me not in self._peers.peers:
            return
        self._may_be_alike = False
        if self._chosen:
            return
        presence, gestures = self._presence, self._gestures
        others = (person.color for person in self._projection.people() if not person.me)
        color = free_color(presence.color, others)
        if color != presence.color:
            if gestures.style.color == presence.color:
                gestures.style = replace(gestures.style, color=color)
            presence.rename(presence.name, color)
