"""The relay's reception: what is said before a websocket is one, and how many come from where.

Requests for another name, from pages that may not use this relay, and connections beyond a limit are turned away
here, with a sentence; health and figures are answered here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from . import website
from .admission import Admission
from .doors import Doors
from .limits import Limits
from .logs import event
from .metrics import Metrics

PROBE_INTERVAL = 1.0
"""Seconds for which one look at the store answers all who ask how the relay is."""


class Reception:
    """Answers requests for one relay. `probe` says what keeps the store from being written, or ""."""

    def __init__(
        self,
        doors: Doors,
        limits: Limits,
        admission: Admission,
        metrics: Metrics,
        log: logging.Logger,
        probe: Callable[[], Awaitable[str]],
    ) -> None:
        self._doors = doors
        self._limits = limits
        self._admission = admission
        self._metrics = metrics
        self._log = log
        self._look = probe
        self._addresses: Counter[str] = Counter()
        self._probed: asyncio.Future[str] | None = None
        self._probed_at = 0.0

    def __len__(self) -> int:
        """From how many addresses there are connections."""
        return len(self._addresses)

    def arrive(self, socket: ServerConnection) -> str:
        """A connection is open; returns its address, for `depart`."""
        address = self.address(socket)
        self._addresses[address] += 1
        return address

    def depart(self, address: str) -> None:
        """It is no longer."""
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    async def request(self, socket: ServerConnection, request: Request) -> Response | None:
        host = header(request, "Host")
        if not self._doors.allows_host(host):
            return self._turn_away(
                socket, request, HTTPStatus.MISDIRECTED_REQUEST, f"{host[:80]!r} is not a name of this relay"
            )
        path = request.path.partition("?")[0]
        if path == "/healthz":
            wrong = await self._probe()
            status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
            return socket.respond(status, f"{wrong or 'ok'}\n")
        if path == "/metrics":
            response = socket.respond(HTTPStatus.OK, self._metrics.text().decode())
            response.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        if "upgrade" not in request.headers.get("Connection", "").lower():
            return self._show(request)
        if not self._doors.allows_origin(request.headers.get("Origin"), host):
            origin = request.headers["Origin"]
            return self._turn_away(
                socket, request, HTTPStatus.FORBIDDEN, f"pages of {origin[:80]!r} may not use this relay"
            )
        if self._addresses.total() >= self._limits.max_connections:
            return self._turn_away(
                socket,
                request,
                HTTPStatus.SERVICE_UNAVAILABLE,
                "this relay has all the connections it can hold; try again later",
            )
        if self._addresses[self.address(socket, request)] >= self._limits.max_connections_per_address:
            return self._turn_away(
                socket,
                request,
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many connections from this address; close some",
            )
        return None

    def _show(self, request: Request) -> Response:
        """A page, or one of its files."""
        # Older releases of websockets let no other method than GET come this far, and do not tell it.
        method = getattr(request, "method", "GET")
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        page = website.answer(request.path, method, known=header(request, "If-None-Match"), packed=packed)
        headers = Headers(page.headers)
        headers["Content-Length"] = str(len(page.body))
        headers["Connection"] = "close"
        origin = request.headers.get("Origin")
        if origin is not None and self._doors.allows_origin(origin):
            headers["Access-Control-Allow-Origin"] = origin
        body = b"" if method == "HEAD" else page.body
        return Response(page.status, HTTPStatus(page.status).phrase, headers, body)

    def _turn_away(
        self, socket: ServerConnection, request: Request, status: HTTPStatus, reason: str
    ) -> Response:
        self._metrics.refusals.labels(f"http-{status.value}").inc()
        event(
            self._log,
            logging.INFO,
            "refused",
            address=self.address(socket, request),
            code=status.value,
            reason=reason,
        )
        return socket.respond(status, reason + "\n")

    def address(self, socket: ServerConnection, request: Request | None = None) -> str:
        """The address at the other end."""
        remote = socket.remote_address
        request = request or socket.request
        headers = request.headers if request is not None else Headers()
        address = str(remote[0]) if isinstance(remote, tuple) else "?"
        return self._doors.address(address, headers.get_all("X-Forwarded-For"))

    async def _probe(self) -> str:
        """What keeps the store from being written; "" when nothing does. Asked often, it looks seldom."""
        now = asyncio.get_running_loop().time()
        if self._probed is None or (self._probed.done() and now - self._probed_at > PROBE_INTERVAL):
            self._probed, self._probed_at = asyncio.ensure_future(self._look()), now
        return await asyncio.shield(self._probed)

    def response(self, socket: ServerConnection, request: Request, response: Response) -> Response:
        if answer := self._admission.answer(header(request, "X-Ipysketch-Challenge")):
            response.headers["X-Ipysketch-Proof"] = answer
        return response


def header(request: Request, name: str) -> str:
    """The header's value; nothing if it is missing or there twice."""
    values = request.headers.get_all(name)
    return values[0] if len(values) == 1 else ""
