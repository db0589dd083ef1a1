"""The states of a connection: a union, so that a field exists only where it means something. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Offline:
    """No room is to be joined."""


@dataclass(frozen=True)
class Connecting:
    """Connecting to `url`."""

    url: str


@dataclass(frozen=True)
class Connected:
    """Joined, at `url`; `public_url` is where people reach that relay, as far as it tells."""

    url: str
    public_url: str = ""


@dataclass(frozen=True)
class Waiting:
    """The next try is at `until` (loop time, seconds); `reason` says in words why it is needed."""

    until: float
    reason: str


@dataclass(frozen=True)
class Ended:
    """It will not come back by itself; `reason` says why and what to do, `code` is the relay's word for it."""

    reason: str
    code: str = ""


State = Offline | Connecting | Connected | Waiting | Ended
