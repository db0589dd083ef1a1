"""Who is in the room of a board: who may draw, and who gets in by a token, a link or a code."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from .. import arguments
from ..client.session import Session
from ..client.view import Person
from ..errors import ArgumentTypeError, SketchError
from ..local.lan import lan_address
from ..local.links import (
    NO_TOKEN,
    SHARED_ROLES,
    Link,
    code_way,
    hub_link,
    is_loopback,
    open_terms,
    place_of,
    room_link,
    token_terms,
)
from ..local.page_address import hub_address, server_address
from .state import State

T = TypeVar("T")

HOURS = 8 * 3600
"""How long a token lasts, in seconds, unless it is said."""
REQUEST_WAIT = 120.0
"""Seconds for one request and those before it; each has a shorter limit of its own."""


class Sharing(State):
    """The people of one room: what moderators and owners do with them, and ways in for others."""

    def lock(self, *pens: Person | str) -> None:
        """Let only moderators and owners draw from now on, and the people who are lent a pen.

        Args:
            pens: some of `people`, or names. They may draw until this is called again, and after they join again.

        Raises:
            SketchError: nobody of that name is here, this user is neither moderator nor owner, or the board is not
                connected.
        """
        peers = [person.peer for who in pens for person in self._find_people(who)]
        self._request(lambda session: session.requests.lock(True, peers))

    def unlock(self) -> None:
        """Let everybody draw again.

        Raises:
            SketchError: this user is neither moderator nor owner, or the board is not connected.
        """
        self._request(lambda session: session.requests.lock(False))

    def remove(self, who: Person | str) -> None:
        """End the connection of one person, or of everybody of a name.

        Args:
            who: one of `people`, or a name.

        Raises:
            SketchError: nobody of that name is here, this user is neither moderator nor owner, or the board is not
                connected.
        """
        peers = [person.peer for person in self._find_people(who)]
        self._request(lambda session: session.requests.remove(*peers))

    def invite(self, name: str = "", *, role: str = "editor", seconds: float = HOURS) -> str:
        """Make a token for this room; owners only.

        Args:
            name: of the person who joins with it; "" lets them choose.
            role: "viewer", "editor", "moderator" or "owner".
            seconds: how long the token lasts, at most 366 days.

        Returns:
            The token.

        Raises:
            SketchError: an argument is not allowed, this user is no owner, the relay needs no tokens, or the board is
                not connected.
        """
        for text, what in ((name, "a name"), (role, "a role")):
            if not isinstance(text, str):
                raise ArgumentTypeError(f"{what} must be text, not {text!r:.40}")
        lasts = arguments.number(seconds, "seconds")
        return self._request(lambda session: session.requests.mint(role, name, lasts))

    def share(self, *, role: str | None = None, seconds: float = HOURS, lan: bool = False) -> Link:
        """Make a link to this room's web page, for a phone or a projector; a cell shows it with a QR code.

        It opens where people are: where the relay says that it is reached (its ``--public-url``), else through the
        Jupyter server of this notebook, behind its login, else at the relay itself. Its note says whom it lets in and
        for how long. Where the relay asks for tokens and this user is an owner, the link has one. Whoever opens a link
        without a token gets the role that everybody has there. At a Hub's relay it has none: the Hub says who may come
        in.

        Its `code` is for people who cannot scan: some words that lead to the same for ten minutes, typed on the start
        page of the relay. A link that opens on this computer alone has neither a QR code nor words.

        Args:
            role: of the token: "viewer", "editor" or "moderator"; None is "viewer".
            seconds: how long the token lasts.
            lan: for people in the network of this computer, whose relay listens there too.

        Returns:
            The link.

        Raises:
            SketchError: an argument is not allowed, the board is not connected, or the relay listens on this computer
                alone and the link is for a network.
        """
        if role is not None and role not in SHARED_ROLES:
            raise SketchError(f"a link gives no role {role!r}; the roles are {', '.join(SHARED_ROLES)}")
        if not self.connected:
            raise SketchError("the board is not connected; begin with %sketch connect")
        relay, room, public, admitted = self._session.call(
            lambda session: (
                session.membership.url,
                session.membership.room,
                session.membership.public_url,
                session.membership.admitted,
            )
        )
        if address := hub_address(relay, public):
            return self._with_code(hub_link(address, room), f"{address.rstrip('/')}/", "")
        place = place_of(
            relay, public=public, server=server_address(relay), lan=lan_address(relay) if lan else ""
        )
        token, refusal = "", ""
        try:
            token = self.invite(role=role or SHARED_ROLES[0], seconds=seconds)
        except SketchError as error:
            if error.code not in NO_TOKEN:
                raise
            refusal = error.code
        if token:
            terms = token_terms(role or SHARED_ROLES[0], seconds)
        else:
            # Who has shown something is more than everybody may be.
            everybody = "editor" if admitted else self.role
            terms = open_terms(everybody, role or "", asks=admitted and refusal != "no-tokens")
        return self._with_code(room_link(place, room, token=token, terms=terms), place.address, token)

    def _with_code(self, link: Link, start: str, token: str) -> Link:
        """Return a link with words that open the same on the start page at the address `start`, if the relay has any.

        There are none for an address that people of this computer alone can open. Where the relay refuses them, the
        note says so: the link is of use without them.
        """
        if is_loopback(start) or not self._session.call(lambda session: session.membership.codes):
            return link
        try:
            code = self._request(lambda session: session.requests.share(token))
        except SketchError as error:
            return replace(link, note=f"{link.note} It has no code: {error}.".strip())
        return replace(link, code=code.words, way=code_way(start, code.seconds))

    def _request(self, request: Callable[[Session], Coroutine[Any, Any, T]]) -> T:
        try:
            return self._session.run(request, REQUEST_WAIT)
        except TimeoutError:
            raise SketchError("the relay did not answer in time; try again") from None
