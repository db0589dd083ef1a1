"""The door of a relay that is a service of a JupyterHub: who comes in is somebody whom the Hub knows.

A kernel shows the token of its Jupyter server, in a header. A browser logs in at the Hub: a page is shown to who has,
with a ticket, and the page joins with that; the cookie alone opens nothing. Both are looked at again while they are in.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from ..access.courses import Courses, HubUser
from ..access.hub import Hub, HubService, HubUnavailable
from ..access.hub_login import LOGIN_COOKIE, HubLogin, Session
from ..access.tokens import Grant
from ..observability.event_log import fault
from ..protocol import CLOSE_RESTART, CLOSE_REVOKED, MAX_NAME, Join, RemoteError
from . import code_page, static_files

UNKNOWN = "the Hub does not know you, or does not let you use this relay; log in again, or restart your server"
NO_SCOPE = (
    "the Hub does not let you use this relay: who runs it gives the roles user and server the scope "
    "access:services!service={service}; then restart your server, or log in again"
)
LOGIN_OVER = "your login at the Hub is over; load the page anew"
NO_TICKET = "this page was not opened by way of the Hub; load it anew"
LOGGED_OUT = "the Hub no longer lets you in: your server stopped, or you logged out"
NOT_A_PAGE = "this page is for people: open it in a tab of its own"
TICKS = 4
"""Times that people are looked at in the time within which each is."""
BATCH = 64
"""People who are looked at beside one another."""
MAX_LOGINS = 4
"""Logins that one browser may have begun at a time; with more, a header with all their cookies would be too long."""


class Refusal(NamedTuple):
    """Why a websocket may not be opened."""

    status: HTTPStatus
    reason: str


@dataclass(frozen=True)
class HubGrant(Grant):
    """What somebody of the Hub may do, and the token by which the Hub knows them."""

    token: str = field(default="", repr=False)


class Admitted(Protocol):
    """A connection that has joined."""

    grant: Grant

    def dismiss(self, code: int, reason: str) -> None:
        """Take the peer out of the room now and close with `code` and `reason`."""
        ...


class HubDoor:
    """Lets people of the Hub of `service` in; `secret` signs what browsers keep. Who no longer may be in is out within
    `recheck` seconds, unless the Hub does not answer."""

    def __init__(
        self, service: HubService, hub: Hub, courses: Courses, secret: bytes, *, recheck: float
    ) -> None:
        self._service = service
        self._hub = hub
        self._courses = courses
        self._login = HubLogin(service, secret)
        self._interval = recheck / TICKS
        self._log = logging.getLogger("relay")

    # --- requests -------------------------------------------------------------------------------------------

    async def answer(self, request: Request, target: str, frame_ancestors: Sequence[str]) -> Response | None:
        """Return the answer to a request for `target`, its path below that of the relay; None when it is one for
        anybody: the modules of the pages are no secret."""
        path, _, query = target.partition("?")
        try:
            if path == "/oauth_callback":
                return await self._end_login(request, query)
            if path == "/metrics":
                token = _bearer(request)
                is_allowed = bool(token) and await self._hub.may_read_metrics(token)
                return None if is_allowed else _words(HTTPStatus.FORBIDDEN, "the Hub's read:metrics is needed")
            if path in ("/", code_page.PATH) or path.startswith("/r/"):
                return await self._page(request, target, frame_ancestors)
        except HubUnavailable as error:
            return _words(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        return None

    async def _page(self, request: Request, target: str, frame_ancestors: Sequence[str]) -> Response | None:
        if not _is_navigation(request):
            return _words(HTTPStatus.FORBIDDEN, NOT_A_PAGE)
        session = self._login.session(_cookies(request), time.time())
        user = await self._hub.user(session.token) if session is not None else None
        if session is None or user is None:
            return self._begin_login(request, target)
        if target.partition("?")[0] == code_page.PATH:
            return None  # What a code opens asks who one is too.
        method = getattr(request, "method", "GET")
        await static_files.prepare(target)
        page = static_files.answer(target, method, frame_ancestors=frame_ancestors)
        body = page.body if method != "HEAD" else b""
        if page.status == HTTPStatus.OK:
            body = body.replace(b"</head>", self._introduction(session, user) + b"</head>", 1)
        own = [(name, value) for name, value in page.headers if name not in ("ETag", "Cache-Control", "Vary")]
        return _response(HTTPStatus(page.status), body, [*own, ("Cache-Control", "no-store")])

    def _introduction(self, session: Session, user: HubUser) -> bytes:
        """Return what a page is told: its ticket, and who looks at it."""
        ticket = self._login.ticket(session, time.time())
        return (
            f'<meta name="ipysketch-ticket" content="{escape(ticket)}">'
            f'<meta name="ipysketch-person" content="{escape(user.name)}">'
        ).encode()

    def _begin_login(self, request: Request, target: str) -> Response:
        """Return the way to the Hub's login, and from there to `target`."""
        encrypted = _is_encrypted(request)
        begun = self._login.begin(self._service.prefix + target[1:], time.time(), encrypted=encrypted)
        under_way = [name for name in _cookies(request) if name.startswith(LOGIN_COOKIE)]
        given_up = under_way if len(under_way) >= MAX_LOGINS else []
        return _redirect(begun.location, *map(self._login.forget, given_up), begun.cookie)

    async def _end_login(self, request: Request, query: str) -> Response:
        fields = parse_qs(query)
        code, state = (fields.get(name, [""])[0] for name in ("code", "state"))
        returned = self._login.end(_cookies(request), state, time.time())
        if returned is None:
            return _words(
                HTTPStatus.FORBIDDEN, "this browser has begun no such login; open the room's page again"
            )
        over = self._login.forget(returned.cookie)
        token = await self._hub.token_for(code, returned.verifier) if code else None
        if token is None or await self._hub.user(token) is None:
            return _words(HTTPStatus.FORBIDDEN, self._unknown(token or ""), over)
        session = self._login.admit(token, time.time(), encrypted=_is_encrypted(request))
        return _redirect(returned.next, over, session)

    # --- websockets -----------------------------------------------------------------------------------------

    async def refusal(self, request: Request) -> Refusal | None:
        """Return why a websocket may not be opened; None when somebody of the Hub asks for it."""
        try:
            token = _bearer(request)
            if token:
                if await self._hub.user(token):
                    return None
                return Refusal(HTTPStatus.FORBIDDEN, self._unknown(token))
            session = self._login.session(_cookies(request), time.time())
            if session is None:
                return Refusal(HTTPStatus.FORBIDDEN, UNKNOWN)
            # A page does not see why no websocket was opened. What the Hub says of its login is told at the join.
            await self._hub.user(session.token)
        except HubUnavailable as error:
            return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        return None

    async def admit(self, request: Request, join: Join) -> HubGrant:
        """Return what `join` is granted, over a websocket that was opened by `request`: the room is the one that is
        meant. Raises `RemoteError`."""
        token = _bearer(request) or self._session_token(request, join)
        try:
            user = await self._hub.user(token)
            groups = await self._hub.groups()
        except HubUnavailable as error:
            raise RemoteError("store", str(error)) from None
        if user is None:
            raise RemoteError("token-expired", LOGIN_OVER)
        seat = self._courses.seat(user, join.room, groups)
        name = user.name[:MAX_NAME]
        return HubGrant("", user.author, seat.room, seat.role, name, float("inf"), verified=True, token=token)

    def _session_token(self, request: Request, join: Join) -> str:
        now = time.time()
        session = self._login.session(_cookies(request), now)
        if session is None:
            raise RemoteError("token-expired", LOGIN_OVER)
        if not self._login.is_ticket(join.token, session, now):
            raise RemoteError("token", NO_TICKET)
        return session.token

    def _unknown(self, token: str) -> str:
        """Return why the owner of a token is not let in."""
        return NO_SCOPE.format(service=self._service.name) if self._hub.lacks_scope(token) else UNKNOWN

    # --- those who are in -----------------------------------------------------------------------------------

    async def watch(self, connections: Iterable[Admitted]) -> None:
        """Look again and again at those who are in, and end the connections of those who no longer may be."""
        while True:
            await asyncio.sleep(self._interval)
            for some in batched(connections):
                await asyncio.gather(*(self._look_at(connection, grant) for connection, grant in some))

    async def _look_at(self, connection: Admitted, grant: HubGrant) -> None:
        try:
            user = await self._hub.user(grant.token)
            if user is None:
                connection.dismiss(CLOSE_REVOKED, LOGGED_OUT)
                return
            seat = self._courses.seat(user, grant.room, await self._hub.groups())
        except HubUnavailable:
            return  # Who is in stays in.
        except RemoteError as error:
            connection.dismiss(CLOSE_REVOKED, error.reason)
            return
        except Exception:  # A fault with one person must not leave all others unwatched.
            fault(self._log, "looking at a person failed", author=grant.subject)
            return
        if seat.room != grant.room:
            connection.dismiss(CLOSE_RESTART, "rooms belong to courses from now on")
        elif seat.role is not grant.role:
            connection.dismiss(CLOSE_RESTART, f"you are {seat.role.phrase} here from now on")

    def close(self) -> None:
        """Ask the Hub nothing more."""
        self._hub.close()


def batched(connections: Iterable[Admitted]) -> list[list[tuple[Admitted, HubGrant]]]:
    """Return the people of a Hub among `connections`, in batches that the Hub is asked about at a time."""
    people = [(each, each.grant) for each in list(connections) if isinstance(each.grant, HubGrant)]
    return [people[at : at + BATCH] for at in range(0, len(people), BATCH)]


def _bearer(request: Request) -> str:
    values = request.headers.get_all("Authorization")
    scheme, _, token = (values[0] if len(values) == 1 else "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "token") else ""


def _cookies(request: Request) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in request.headers.get_all("Cookie"):
        for part in value.split(";"):  # One that cannot be read does not spoil the others.
            try:
                found.update({name: morsel.value for name, morsel in SimpleCookie(part.strip()).items()})
            except CookieError:
                continue
    return found


def _is_navigation(request: Request) -> bool:
    """Return whether a person opens a page, as far as the browser says: scripts cannot say so, nor frames."""
    mode, where = (request.headers.get_all(f"Sec-Fetch-{name}") for name in ("Mode", "Dest"))
    return set(mode) <= {"navigate"} and set(where) <= {"document"}


def _is_encrypted(request: Request) -> bool:
    """Return whether the browser came by https, as the proxies in front say."""
    said = ",".join(request.headers.get_all("X-Forwarded-Proto"))
    return said.partition(",")[0].strip().lower() in ("https", "wss")


def _response(status: HTTPStatus, body: bytes, headers: Iterable[tuple[str, str]]) -> Response:
    return Response(
        status.value,
        status.phrase,
        Headers([*headers, ("Content-Length", str(len(body))), ("Connection", "close")]),
        body,
    )


def _redirect(location: str, *cookies: str) -> Response:
    return _response(
        HTTPStatus.FOUND, b"", [("Location", location), *(("Set-Cookie", cookie) for cookie in cookies)]
    )


def _words(status: HTTPStatus, text: str, *cookies: str) -> Response:
    kind = ("Content-Type", "text/plain; charset=utf-8")
    return _response(status, f"{text}\n".encode(), [kind, *(("Set-Cookie", cookie) for cookie in cookies)])
