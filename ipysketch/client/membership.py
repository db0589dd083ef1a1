"""What this client knows of its place in a room: the connection, its role, and what the role allows. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.protocol import Welcome

from .connection_state import Connected, Offline, State

MODERATORS = ("moderator", "owner")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a role allows in a room, as the relay's table of permissions has it: nothing else derives it from roles.

    `obstacle` says in words why this client may not draw; "" when it may.
    """

    draw: bool
    clear: bool
    erase_others: bool
    obstacle: str = ""

    @classmethod
    def of(cls, role: str, locked: bool) -> Capabilities:
        """Return what `role` may do in a room, which may be locked for it."""
        moderates = role in MODERATORS
        obstacle = ""
        if role == "viewer":
            obstacle = "you are watching"
        elif locked and not moderates:
            obstacle = "locked by a moderator"
        return cls(not obstacle, moderates, moderates, obstacle)


@dataclass(slots=True)
class Membership:
    """The room's name and the relay's address, the state of the connection, and what `welcome` and `room` said.

    `oldest` is the first entry of the log that can be read, `newest` the last one when this client joined;
    `max_elements` and `max_drawing` (bytes) are what the room takes, 0 where that was not said; `notice` is one
    sentence for the people at the board;
    `relay_note` says that a relay was started for this user, until somebody has read it; `which` says which relay this
    is, and `apart` why others are probably not in it. `admitted` says that this client has shown something to be let
    in: a token, a secret, a Hub's user. `companions`: the relay lets pages accompany this client; `codes`: it
    makes codes for links. `peer` is the id of this client in the room, and `pens` are those of the peers that may draw
    while it is locked.
    """

    room: str = ""
    url: str = ""
    connection: State = field(default_factory=Offline)
    role: str = "moderator"
    locked: bool = False
    oldest: int = 1
    newest: int = 0
    max_elements: int = 0
    max_drawing: int = 0
    notice: str = ""
    relay_note: str = ""
    which: str = ""
    apart: str = ""
    admitted: bool = False
    companions: bool = False
    codes: bool = False
    peer: str = ""
    pens: frozenset[str] = frozenset()

    def welcome(self, welcome: Welcome) -> None:
        """Note what is said of a room that was joined."""
        self.room = welcome.room or self.room  # A Hub's relay adds the course.
        self.role, self.locked = welcome.role, welcome.locked
        self.oldest, self.newest = welcome.oldest, welcome.seq
        self.max_elements, self.max_drawing = welcome.max_elements, welcome.max_drawing
        self.companions, self.codes = welcome.companions, welcome.codes
        self.peer, self.pens = welcome.peer, frozenset()
        self.notice = ""

    @property
    def public_url(self) -> str:
        """Where people reach the relay, as far as it tells; "" otherwise."""
        return self.connection.public_url if isinstance(self.connection, Connected) else ""

    @property
    def connected(self) -> bool:
        """Whether the room is joined now."""
        return isinstance(self.connection, Connected)

    @property
    def capabilities(self) -> Capabilities:
        """What this client may do in the room now."""
        return self.capabilities_of(self.role, self.peer)

    def capabilities_of(self, role: str, peer: str) -> Capabilities:
        """Return what a peer may do in the room now. Relays of 0.1.0 tell no roles of others: those are editors."""
        return Capabilities.of(role or "editor", self.locked and peer not in self.pens)
