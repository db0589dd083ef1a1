"""HTTP requests before they become websockets: static files, health, metrics, and which connections are refused.

Requests for another name, from pages that may not use this relay, and connections beyond a limit are refused here,
with a sentence.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import parse_qs, unquote

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from ..access.authentication import Authenticator
from ..access.origins import OriginPolicy
from ..cluster import asking
from ..limits import Limits
from ..observability.event_log import event
from ..observability.metrics import Metrics
from . import code_page, static_files, tunnel
from .crossing import Crossings
from .hub_door import HubDoor

PROBE_INTERVAL = 1.0
"""Seconds for which the outcome of one write to the store answers all requests for the relay's health."""


HEALTH = ("/healthz", "/livez", "/readyz")
"""Whether all is well, whether the process lives, and whether connections may come."""
STOPPING, DRAINING = "this relay is stopping", "this relay is draining"
"""Why connections may not come."""
NOT_UPGRADED = (
    "this websocket lost its Upgrade header on the way: the proxy in front of the relay must pass it on, "
    "see docs/how-to/proxies.md"
)
FIRST_PRINTABLE, DELETE = 0x20, 0x7F


class HttpEndpoint:
    """Answers requests for one relay. `probe` returns what keeps the store from being written, or ""; `unready`
    why connections may not come, or ""; `figures` what `/metrics` shows. `door` is asked first who may see a page or
    open a websocket; `crossings` know what comes from other relays, and `codes` what somebody types."""

    def __init__(
        self,
        origins: OriginPolicy,
        limits: Limits,
        authenticator: Authenticator,
        metrics: Metrics,
        log: logging.Logger,
        *,
        probe: Callable[[], Awaitable[str]],
        unready: Callable[[], str],
        figures: Callable[[], Awaitable[str]],
        door: HubDoor | None = None,
        crossings: Crossings | None = None,
        codes: code_page.CodePage,
    ) -> None:
        self._origins = origins
        self._limits = limits
        self._authenticator = authenticator
        self._metrics = metrics
        self._log = log
        self._ask_store = probe
        self._unready = unready
        self._figures = figures
        self._door = door
        self._crossings = crossings
        self._codes = codes
        self._addresses: Counter[str] = Counter()
        self._probed: asyncio.Future[str] | None = None
        self._probed_at = 0.0

    def __len__(self) -> int:
        """The number of addresses that have connections."""
        return len(self._addresses)

    def count_in(self, socket: ServerConnection) -> str:
        """Count a connection that is open; returns its address, for `count_out`."""
        address = self.address(socket)
        self._addresses[address] += 1
        return address

    def count_out(self, address: str) -> None:
        """Count a connection that is closed."""
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    async def request(self, socket: ServerConnection, request: Request) -> Response | None:
        """Return the answer to a request; None lets it become a websocket."""
        if any(ord(c) < FIRST_PRINTABLE or ord(c) == DELETE for c in unquote(request.path)):
            return self._refuse(
                socket, request, HTTPStatus.BAD_REQUEST, "an address has no control characters in it"
            )
        if (
            self._crossings is not None
            and self.is_inner(socket)
            and (answer := self._answer_relay(self._crossings, socket, request))
        ):
            return answer
        host = header(request, "Host")
        if not self._origins.allows_host(host):
            return self._refuse(
                socket,
                request,
                HTTPStatus.MISDIRECTED_REQUEST,
                f"{host[:80]!r} is not a name of this relay; who runs it can say so with --public-url or --allow-host",
            )
        if _is_websocket(request):
            refused = self._refuse_connection(socket, request, host)
            if for_companion(request):
                return refused  # A ticket opens, which no page has but the one that a kernel gave it to.
            if refused is None and self._door is not None and (refusal := await self._door.refusal(request)):
                return self._refuse(socket, request, *refusal)
            return refused
        return await self._answer(socket, request)

    def is_inner(self, socket: ServerConnection) -> bool:
        """Whether a connection came where other relays come."""
        local = socket.local_address
        return self._crossings is not None and isinstance(local, tuple) and local[1] == self._crossings.port

    def _answer_relay(
        self, crossings: Crossings, socket: ServerConnection, request: Request
    ) -> Response | None:
        """Return the answer to what came where other relays come; None lets it go on like any connection."""
        path, _, challenge = request.path.partition("?")
        if path == asking.PATH:
            asked = crossings.question(request, challenge)
            if asked is None:
                return socket.respond(HTTPStatus.OK, crossings.answer(challenge))
            found = self._codes.of_a_fellow(asked.command, asked.subject)
            return socket.respond(HTTPStatus.OK, crossings.reply(json.dumps(found), challenge))
        if not _is_websocket(request):
            return self._refuse(socket, request, HTTPStatus.NOT_FOUND, "only relays connect here")
        if self._unready() == STOPPING:
            return self._refuse(socket, request, HTTPStatus.MISDIRECTED_REQUEST, STOPPING)
        if (refusal := crossings.refusal(request)) is not None:
            return self._refuse(socket, request, HTTPStatus(refusal[0]), refusal[1])
        return None

    async def _answer(self, socket: ServerConnection, request: Request) -> Response:
        """Return the answer to a request that is for no websocket."""
        target = self._origins.base.below(request.path)
        path = target.partition("?")[0]
        if self._door is not None:
            answer = await self._door.answer(request, target, self._origins.frame_ancestors)
            if answer is not None:
                return answer
        if path in HEALTH:
            problem = await self._problem(path)
            status = HTTPStatus.SERVICE_UNAVAILABLE if problem else HTTPStatus.OK
            well = "ok" if self._crossings is None or path != HEALTH[0] else f"ok, {self._crossings.shown}"
            return socket.respond(status, f"{problem or well}\n")
        if path == "/metrics":
            response = socket.respond(HTTPStatus.OK, await self._figures())
            del response.headers["Content-Type"]
            response.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        if request.headers.get_all("Sec-WebSocket-Key"):
            return self._refuse(socket, request, HTTPStatus.UPGRADE_REQUIRED, NOT_UPGRADED)
        if not path:
            return self._add_slash(socket)
        await static_files.prepare(target)
        if path == code_page.PATH and method_of(request) == "GET":
            return await self._open_code(socket, request, target.partition("?")[2])
        return self._static_file(request, target)

    async def _open_code(self, socket: ServerConnection, request: Request, query: str) -> Response:
        page = await self._codes.answer(
            query,
            self.address(socket, request),
            foreign=header(request, "Sec-Fetch-Site") in ("cross-site", "same-site"),
            frame_ancestors=self._origins.frame_ancestors,
        )
        return _response(page, page.body)

    def _add_slash(self, socket: ServerConnection) -> Response:
        """Return the answer to the relay's path without its last slash, for addresses on a page are relative."""
        response = socket.respond(HTTPStatus.FOUND, "")
        response.headers["Location"] = self._origins.base.path.rstrip("/").rpartition("/")[2] + "/"
        return response

    async def _problem(self, path: str) -> str:
        """Return what is wrong with the relay, or ""."""
        match path:
            case "/healthz":
                return await self._probe()
            case "/readyz":  # Whatever the store does: people draw on, and it is kept later.
                return self._unready()
            case _:
                return ""

    def _refuse_connection(self, socket: ServerConnection, request: Request, host: str) -> Response | None:
        """Return the answer to a connection that may not be; None when it may."""
        if not self._origins.base.is_socket(request.path):
            reason = f"the relay is at {self._origins.base.path}, and this address goes on behind that"
            return self._refuse(socket, request, HTTPStatus.NOT_FOUND, reason)
        origin = _origin(request)
        if not self._origins.allows_origin(origin, host) and not for_companion(request):
            assert origin is not None
            return self._refuse(
                socket, request, HTTPStatus.FORBIDDEN, f"pages of {origin[:80]!r} may not use this relay"
            )
        if self._addresses.total() >= self._limits.max_connections:
            return self._refuse(
                socket,
                request,
                HTTPStatus.SERVICE_UNAVAILABLE,
                "this relay has all the connections it can hold; try again later",
            )
        if self._addresses[self.address(socket, request)] >= self._limits.max_connections_per_address:
            return self._refuse(
                socket,
                request,
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many connections from this address; close some",
            )
        return None

    def _static_file(self, request: Request, target: str) -> Response:
        """Return a web page, or one of its files."""
        method = method_of(request)
        gzipped = "gzip" in header(request, "Accept-Encoding")
        page = static_files.answer(
            target,
            method,
            cached_tag=header(request, "If-None-Match"),
            gzipped=gzipped,
            frame_ancestors=self._origins.frame_ancestors,
        )
        response = _response(page, b"" if method == "HEAD" else page.body)
        origin = _origin(request)
        if origin is not None and self._origins.allows_origin(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
        return response

    def _refuse(self, socket: ServerConnection, request: Request, status: HTTPStatus, reason: str) -> Response:
        self._metrics.refusals.labels(f"http-{status.value}").inc()
        event(
            self._log,
            logging.INFO,
            "refused",
            source=self.address(socket, request),
            address=self.address(socket, request),
            code=status.value,
            reason=reason,
        )
        return socket.respond(status, reason + "\n")

    def address(self, socket: ServerConnection, request: Request | None = None) -> str:
        """Return the address at the other end."""
        remote = socket.remote_address
        request = request or socket.request
        headers = request.headers if request is not None else Headers()
        # Without an address it came from another worker, by a socket that nobody else can use.
        address = str(remote[0]) if isinstance(remote, tuple) else headers.get(tunnel.ADDRESS, "?")
        if request is not None and self._crossings is not None and self.is_inner(socket):
            hop = self._crossings.hop(request)
            address = hop.address if hop is not None else address
        return self._origins.address(address, headers.get_all("X-Forwarded-For"))

    async def _probe(self) -> str:
        """Return what keeps the store from being written, or ""; asks the store once in `PROBE_INTERVAL`."""
        now = asyncio.get_running_loop().time()
        if self._probed is None or (self._probed.done() and now - self._probed_at > PROBE_INTERVAL):
            self._probed, self._probed_at = asyncio.ensure_future(self._ask_store()), now
        return await asyncio.shield(self._probed)

    def response(self, _socket: ServerConnection, request: Request, response: Response) -> Response:
        """Return the answer with the relay's proof, if it was challenged."""
        if answer := self._authenticator.answer(header(request, "X-Ipysketch-Challenge")):
            response.headers["X-Ipysketch-Proof"] = answer
        if self._origins.public_url and "Sec-WebSocket-Accept" in response.headers:
            response.headers["X-Ipysketch-Public-Url"] = self._origins.public_url
        return response


def _response(page: static_files.StaticResponse, body: bytes) -> Response:
    """Return what is sent: `body` is that of the page, or nothing where only its headers were asked for."""
    headers = Headers(page.headers)
    headers["Content-Length"] = str(len(page.body))
    headers["Connection"] = "close"
    return Response(page.status, HTTPStatus(page.status).phrase, headers, body)


def method_of(request: Request) -> str:
    """Return a request's method. Older releases of websockets let no other than GET come this far, and do not tell
    it."""
    return str(getattr(request, "method", "GET"))


def _is_websocket(request: Request) -> bool:
    """Return whether a request asks for a websocket. `Connection` alone does not say so: proxies send ``upgrade`` there
    with whatever they pass on."""
    return "websocket" in ",".join(request.headers.get_all("Upgrade")).lower()


def _origin(request: Request) -> str | None:
    """Return the origin of the page that asks: None when it is none, "" when there are several."""
    return header(request, "Origin") if request.headers.get_all("Origin") else None


def room_in(path: str) -> str:
    """Return the room that the address of a websocket names; "" when it names none."""
    rooms = parse_qs(path.partition("?")[2]).get("room", [])
    return rooms[0] if len(rooms) == 1 else ""


def for_companion(request: Request) -> bool:
    """Return whether a request says that what it opens is for a companion: see `Accompany`."""
    return "companion" in parse_qs(request.path.partition("?")[2], keep_blank_values=True)


def header(request: Request, name: str) -> str:
    """Return the header's value; "" if it is missing or there twice."""
    values = request.headers.get_all(name)
    return values[0] if len(values) == 1 else ""
