"""The handlers by which a Jupyter server carries ``{base_url}ipysketch/`` to the relay of its own user.

Whoever asks has been let in by the server, by its own rules: its login, its authorizer, its rule of origins. Where a
request goes depends on nothing in it. What somebody may do there: decision 24.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.httpclient import HTTPError as FetchError
from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.iostream import StreamClosedError
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.websocket import WebSocketClosedError, WebSocketHandler
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.frames import CloseCode
from websockets.typing import Subprotocol

from relay.protocol import prove, vouch

from .local.page_address import carried_relay
from .local.relay_process import find_at

PATH = "ipysketch/"
NO_RELAY = (
    "No relay of yours runs here. Open a board in a notebook (%sketch connect), and load this page again. "
    "A relay elsewhere has pages of its own."
)
PASSED_ON = (
    *(
        "Content-Type",
        "Content-Encoding",
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "Referrer-Policy",
    ),
    *("Cross-Origin-Resource-Policy", "Cache-Control", "ETag", "Vary", "Location", "X-Ipysketch-Relay"),
)
"""Headers of a relay's answer that a browser needs."""
FIELDS = {"r/": "room", "code": "words"}
"""What a form of the start page asks for, by where it leads."""
ASKED_ON = ("Accept-Encoding", "If-None-Match", "Sec-Fetch-Site")
"""Headers of a request that a relay needs: no cookie, no token of the server."""
MAX_BODY = 4 << 20
MAX_FROM_PAGE = 4 << 20
MAX_FROM_RELAY = 16 << 20
"""Bytes of one answer, of one message of a page, and of one of the relay."""
MAX_QUEUE = 4
"""Messages of the relay that wait here for a slow page; then the relay is read no more."""
OPEN_TIMEOUT = 10.0
KNOWN_FOR = 2.0
"""Seconds for which a relay that was found is not looked for again."""
SENDABLE = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


@dataclass
class Destination:
    """The relay to which a server carries requests: its own user's, or the one that is `trusted`."""

    trusted: str = ""
    found: tuple[str, str] = ("", "")
    until: float = 0.0

    async def relay(self) -> tuple[str, str]:
        """Return the address (ws or wss, ending in a slash) and the user's secret, each "" where there is none."""
        if time.monotonic() > self.until:
            self.found = await asyncio.to_thread(self._look)
            self.until = time.monotonic() + KNOWN_FOR
        return self.found

    def forget(self) -> None:
        """Look again at the next request: what was found does not answer."""
        self.until = 0.0

    def _look(self) -> tuple[str, str]:
        own = find_at(self.trusted) if self.trusted else carried_relay()
        if own is not None:
            return own.url.rstrip("/") + "/", own.token
        return (self.trusted.rstrip("/") + "/", "") if self.trusted else ("", "")


class RelayHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """Carries one request, or one websocket, to the relay."""

    auth_resource = "ipysketch"

    def initialize(self, destination: Destination) -> None:
        self.destination = destination
        self._upstream: ClientConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def prepare(self) -> None:  # type: ignore[override]
        if self._is_websocket():
            await super().prepare()
            if self.current_user is None:
                raise web.HTTPError(403)  # A login page would be of no use to it.
        else:
            await JupyterHandler.prepare(self)  # Sends a browser to the login.

    def _is_websocket(self) -> bool:
        return bool(self.request.headers.get("Upgrade", "").lower() == "websocket")

    async def _may(self, action: str, resource: str) -> bool:
        return bool(
            await ensure_async(self.authorizer.is_authorized(self, self.current_user, action, resource))
        )

    @web.authenticated
    async def get(self, path: str | None = "") -> None:  # type: ignore[override]
        """Answer with what the relay has at a path, or open a websocket to it."""
        if path is None and not self._is_websocket():
            self.redirect(self.request.path + "/")  # Addresses on a page are relative.
            return
        path = path or ""
        # Whoever may run code here may do all that this user may; whoever may read their files, may look.
        may_execute = await self._may("execute", "kernels")
        if not may_execute and not await self._may("read", "contents"):
            raise web.HTTPError(403)
        url, secret = await self.destination.relay()
        if not url:
            self._say(503, NO_RELAY)
        elif self._is_websocket():
            await self._join_to(url, secret, "editor" if may_execute else "viewer", path)
        else:
            await self._fetch(url, path)

    head = get

    def _say(self, status: int, text: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(text + "\n")

    # --- pages and their files ------------------------------------------------------------------------------

    async def _fetch(self, url: str, path: str) -> None:
        if path.strip("/") == "metrics":
            return self._say(404, "The relay's figures are for its own machine.")
        # A query may hold a token of this server.
        field = FIELDS.get(path, "")
        value = self.get_query_argument(field, "") if field else ""
        target = quote(path) + (f"?{field}={quote(value, safe='')}" if value else "")
        headers = {name: self.request.headers[name] for name in ASKED_ON if name in self.request.headers}
        client = SimpleAsyncHTTPClient(force_instance=True, max_body_size=MAX_BODY)
        try:
            answer: HTTPResponse = await client.fetch(
                HTTPRequest(
                    "http" + url.removeprefix("ws") + target,
                    headers=headers,
                    follow_redirects=False,
                    decompress_response=False,
                    connect_timeout=OPEN_TIMEOUT,
                    request_timeout=2 * OPEN_TIMEOUT,
                ),
                raise_error=False,
            )
        except (OSError, FetchError) as error:
            self.destination.forget()
            return self._say(502, f"The relay does not answer ({error}); load this page again.")
        finally:
            client.close()
        if answer.code == 599:
            self.destination.forget()
            return self._say(502, "The relay does not answer; load this page again.")
        self.set_status(answer.code, answer.reason)
        for name in PASSED_ON:
            if name in answer.headers:
                self.set_header(name, answer.headers[name])
        if answer.code == 304:
            self.clear_header("Content-Type")
        self.finish(answer.body if answer.code != 304 else None)
        return None

    # --- websockets -----------------------------------------------------------------------------------------

    async def _join_to(self, url: str, secret: str, role: str, path: str) -> None:
        """Open one to the relay, and then the one that was asked for: a refusal of the relay is the answer here."""
        if path:
            return self._say(404, "The relay's websocket is at ipysketch/.")
        challenge = secrets.token_hex(16)
        headers = (
            {
                "X-Ipysketch-Challenge": challenge,
                "Authorization": f"Bearer {vouch(secret, role, challenge)}",
            }
            if secret
            else {}
        )
        offered = [
            Subprotocol(name.strip())
            for name in self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
            if name.strip()
        ]
        try:
            upstream = await connect(
                url + self._what_for(),
                subprotocols=offered or None,
                additional_headers=headers,
                compression=None,
                proxy=None if urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1") else True,
                max_size=MAX_FROM_RELAY,
                max_queue=MAX_QUEUE,
                open_timeout=OPEN_TIMEOUT,
                close_timeout=1.0,
            )
        except InvalidStatus as error:
            said = error.response.body.decode(errors="replace").strip()[:300]
            return self._say(error.response.status_code, said)
        except (OSError, TimeoutError, InvalidHandshake):
            self.destination.forget()
            return self._say(502, "The relay does not answer.")
        proof = upstream.response.headers.get("X-Ipysketch-Proof", "") if upstream.response else ""
        if secret and not hmac.compare_digest(proof.encode(), prove(secret, challenge).encode()):
            self.destination.forget()
            upstream.transport.abort()
            return self._say(502, "What answers at the relay's port is not this user's relay.")
        self._upstream = upstream
        try:
            await super().get()
        finally:
            # The request was no websocket after all, or of a foreign page: it has been answered.
            if self.ws_connection is None:
                await upstream.close()
        return None

    def _what_for(self) -> str:
        """Return the query of the relay's address: the room, and whether a page's companion comes. No more of what a
        page asks is passed on, as in `_fetch`."""
        room = self.get_query_argument("room", "")
        parts = (
            f"room={quote(room, safe='')}" if room else "",
            "companion" if "companion" in self.request.query_arguments else "",
        )
        query = "&".join(filter(None, parts))
        return f"?{query}" if query else ""

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Return what the relay has selected."""
        assert self._upstream is not None
        selected = self._upstream.subprotocol
        return selected if selected in subprotocols else None

    @property
    def max_message_size(self) -> int:
        """The bytes of a message of a page, at most; the relay's own limit is lower."""
        return MAX_FROM_PAGE

    def get_compression_options(self) -> None:
        """Compress nothing: frames are small and many."""

    def open(self, *arguments: Any, **named: Any) -> None:
        """Begin to carry what the relay sends."""
        super().open(*arguments, **named)
        self.set_nodelay(True)
        self._spawn(self._carry_to_page())

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_to_page(self) -> None:
        """Send the page one message after another; while it takes none, the relay is not read."""
        assert self._upstream is not None
        try:
            async for message in self._upstream:
                await self.write_message(message, binary=isinstance(message, bytes))
        except (ConnectionClosed, WebSocketClosedError, StreamClosedError):
            pass
        code, reason = self._upstream.close_code, self._upstream.close_reason
        if _is_sendable(code):
            self.close(code, reason)
        else:
            self.close(CloseCode.SERVICE_RESTART, "the connection to the relay was lost")

    async def on_message(self, message: str | bytes) -> None:
        """Send the relay a message of the page; the next is read when this one is on its way."""
        assert self._upstream is not None
        try:
            await self._upstream.send(message)
        except ConnectionClosed:
            pass  # `_carry_to_page` closes, with the relay's code.

    def on_close(self) -> None:
        """Close the relay's side as the page has closed."""
        super().on_close()
        if self._upstream is not None:
            code = self.close_code
            self._spawn(
                self._upstream.close(code, self.close_reason or "")
                if code is not None and _is_sendable(code)
                else self._upstream.close(CloseCode.GOING_AWAY)
            )


def _is_sendable(code: int | None) -> bool:
    return code is not None and (code in SENDABLE or 3000 <= code < 5000)
