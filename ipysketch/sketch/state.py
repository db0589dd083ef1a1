"""What a board knows: the connection, the people, the drawing. Reading asks the loop thread."""

from __future__ import annotations

from relay.protocol import Entry

from ..client.connection_state import Connected
from ..client.loop_thread import OnLoop
from ..client.lost import Lost
from ..client.session import Session
from ..client.view import Person
from ..errors import ArgumentError
from ..model.elements import Element, Stroke

WIDTH, HEIGHT = 1280, 720
"""The logical size of a board, in board units."""


class State:
    """The state of one session, which lives on the loop thread."""

    _session: OnLoop[Session]

    def _state(self) -> object:
        return self._session.call(lambda session: session.membership.connection)

    @property
    def connected(self) -> bool:
        """Whether the room is joined now."""
        return isinstance(self._state(), Connected)

    @property
    def started_relay(self) -> str:
        """One sentence about the relay that this board started for its user; "" when it started none."""
        return self._session.call(lambda session: session.membership.relay_note)

    @property
    def relay(self) -> str:
        """Which relay this board goes through, and who is probably not in it, in words; "" before `connect`."""
        which, apart = self._session.call(lambda session: (session.membership.which, session.membership.apart))
        return f"{which}; {apart}" if apart else which

    @property
    def status(self) -> str:
        """The state of the connection in words."""
        return self._session.call(lambda session: session.projection.status())

    @property
    def role(self) -> str:
        """This user's role in the room: "viewer", "editor", "moderator" or "owner"."""
        return self._session.call(lambda session: session.membership.role)

    @property
    def locked(self) -> bool:
        """Whether only moderators and owners may draw in the room now."""
        return self._session.call(lambda session: session.membership.locked)

    @property
    def room(self) -> str:
        """The name of the room; "" before the first `connect`."""
        return self._session.call(lambda session: session.membership.room)

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody in the room, this user first."""
        return self._session.call(lambda session: session.projection.people())

    @property
    def elements(self) -> tuple[Element, ...]:
        """The elements of the page, bottom first, with own operations that are still pending."""
        return self._session.call(lambda session: session.drawing.elements())

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """The strokes of the page, bottom first.

        Each has `points`, shape (n, 2), in board units; `t`, shape (n,), in seconds since it began; `pressure`,
        shape (n,), from 0 to 1, or None where it was not measured; `author`, `color` and `seq`.
        """
        return tuple(element for element in self.elements if isinstance(element, Stroke))

    @property
    def seq(self) -> int:
        """The number of the latest entry of the room's log that has arrived."""
        return self._session.call(lambda session: session.sync.document.seq)

    @property
    def pending(self) -> int:
        """The number of own operations that the relay has not confirmed yet."""
        return self._session.call(lambda session: len(session.sync.pending))

    @property
    def lost(self) -> tuple[Lost, ...]:
        """Own operations that the relay refused for good, each with the reason."""
        return self._session.call(lambda session: tuple(session.sync.lost))

    @property
    def previous(self) -> tuple[Entry, ...]:
        """The drawing from before the relay's log was replaced by another one, if that happened."""
        return self._session.call(lambda session: session.sync.previous)

    def _find_people(self, who: Person | str) -> list[Person]:
        people = [who] if isinstance(who, Person) else [each for each in self.people if each.name == who]
        if not people:
            raise ArgumentError(f"nobody here is called {who!r:.60}; see %sketch who")
        return people
