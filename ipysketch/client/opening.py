"""Opening the websocket to a relay, and one sentence on why it cannot be: a wrong address, a proxy, a certificate."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI
from websockets.http11 import Response

from relay.protocol import RemoteError

from ..errors import SketchError

OPEN_TIMEOUT = 10.0
PING_INTERVAL = PING_TIMEOUT = 4.0
"""Seconds between two questions whether the relay is there, and until a connection without an answer is given up."""
MAX_ANSWER = 16 << 20
"""Largest frame that is accepted from a relay, in bytes; one that takes too much decoded is refused too."""
CHECK = "check the address: the name, the port, and the path behind it"
PROXIES = "it must pass on Upgrade and Connection, see docs/how-to/proxies.md"


class Stop(Exception):
    """Another try would not help; `code` is the relay's, where it was the relay that refused."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class TurnedAway(Exception):
    """The relay has no room for this connection now."""


class _Direct(connect):
    """A websocket to the address that was named, and to no other: what is shown there is shown nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follow nowhere."""
        return exc


async def open_socket(url: str, headers: dict[str, str], query: str = "") -> ClientConnection:
    """Return an open websocket to `url` with this `query` behind it. Raises `Stop` where another try would not help."""
    try:
        return await _Direct(
            url + query,
            compression=None,
            proxy=None if is_loopback(url) else True,
            max_size=MAX_ANSWER,
            additional_headers=headers,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=1.0,
            ping_interval=PING_INTERVAL,
            ping_timeout=PING_TIMEOUT,
        )
    except InvalidURI:
        raise Stop(f"{url!r} is not the address of a relay; use one like ws://127.0.0.1:8765") from None
    except InvalidMessage as error:
        if isinstance(error.__cause__, EOFError | OSError):
            raise  # It went away in the middle: a relay that restarts does that.
        raise Stop(f"{url} is no ipysketch relay: what answers there is no web server; {CHECK}") from None
    except InvalidStatus as error:
        better = _sent_on(error.response, url + query).removesuffix(query)
        if better == url + "/":
            return await open_socket(better, headers, query)
        _refuse(error.response, url, better)
        raise
    except ssl.SSLCertVerificationError as error:
        raise Stop(_distrusted(error, url)) from None


def _sent_on(response: Response, asked: str) -> str:
    """Return the address at which one should ask instead, by an answer that says so; "" otherwise."""
    location = response.headers.get_all("Location")
    return socket_address(urljoin(asked, location[0])) if location and 300 <= response.status_code < 400 else ""


def _refuse(response: Response, url: str, better: str) -> None:
    """Raise `Stop`, or `TurnedAway`, for an answer that opens no websocket; return where it may soon be another.
    `better` is where the answer sends on to, or ""."""
    code = response.status_code
    if is_from_relay(response.headers):
        said = response.body.decode(errors="replace").strip()[:300]
        if code in (429, 503):
            raise TurnedAway(said)
        # A page of the relay: nothing told it that a websocket was asked for.
        if said.startswith("<"):
            said = (
                f"it got a plain request, so the proxy in front takes the websocket's headers away; {PROXIES}"
            )
        raise Stop(f"{url} turned this connection away: {said}")
    if better:
        raise Stop(
            f"{url} sends on to {better[:200]}; if that is the relay, connect to it there; if it is a login, what "
            "asks for it must let the relay's address through"
        )
    match code:
        case 502 | 503 | 504:
            return
        case 401 | 403 | 407:
            why = (
                "so what is in front of the relay asks for a login, which a kernel cannot do; have it let the "
            )
            raise Stop(f"{url} answered with HTTP {code}, {why}relay's address through, or {CHECK}")
        case 400 if url.startswith("ws:"):
            why = "so it is no ipysketch relay, or one that encrypts; its address begins with wss:// then, else"
            raise Stop(f"{url} answered with HTTP {code}, {why} {CHECK}")
    raise Stop(f"{url} answered with HTTP {code}, so it is no ipysketch relay; {CHECK}")


def _distrusted(error: ssl.SSLCertVerificationError, url: str) -> str:
    """Return why a certificate is not trusted, and what helps against that."""
    why = error.verify_message.rstrip(".").lower()
    match error.verify_code:
        case 9 | 10:  # Not yet valid, or not any more.
            now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            helps = f"set this computer's clock if it is wrong (it says {now}), else the relay needs a new certificate"
        case 62 | 64:  # For another name, or for another address.
            helps = "connect to a name that is in the certificate, or have this one added to it"
        case _:
            helps = (
                "have who issued it trusted, with SSL_CERT_FILE=FILE before the kernel starts, or use one of a "
                "public issuer"
            )
    return f"the certificate of {url} is not trusted here ({why}); {helps}"


def is_from_relay(headers: Mapping[str, str]) -> bool:
    """Return whether an answer is a relay's, and not that of a proxy in front; most proxies replace ``Server``."""
    return "X-Ipysketch-Relay" in headers or headers.get("Server", "").startswith("ipysketch-relay/")


def socket_address(url: str) -> str:
    """Return the address of a websocket for that of a page (http or https)."""
    return "ws" + url.removeprefix("http") if url.startswith("http") else url


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine, which no proxy may stand between."""
    host = url.split("://", 1)[-1].split("/", 1)[0]
    host = host[1 : host.index("]")] if host.startswith("[") and "]" in host else host.rsplit(":", 1)[0]
    return host in ("localhost", "::1") or host.startswith("127.")


def explain(error: Exception, url: str) -> str:
    """Return one sentence for people about a connection that failed."""
    match error:
        case ConnectionRefusedError():
            return f"no relay answers at {url}; is it running?"
        case TimeoutError():
            return f"{url} does not answer: it is another address, or a firewall stands between; ask who runs the relay"
        case ConnectionClosed():
            return "the connection to the relay was lost"
        case InvalidHandshake():
            return _explain_answer(error, url)
        case RemoteError(reason=reason):
            return reason
        case TurnedAway() | SketchError():
            return str(error)
        case ssl.SSLError() | OSError(strerror=str()):
            return _explain_system(error, url)
        case _:
            return f"{url} cannot be reached: {error}; {CHECK}"


def _explain_answer(error: InvalidHandshake, url: str) -> str:
    match error:
        case InvalidStatus(response=response):
            why = f"a proxy answers at {url}, and no relay behind it (HTTP {response.status_code})"
            return f"{why}: it starts, or is down; ask who runs it if it stays so"
        case InvalidMessage():
            why = f"{url} closed the connection without an answer"
            return f"{why}: it restarts, or it encrypts, and its address begins with wss://"
    return f"{url} answers, but not as a websocket relay; {CHECK}"


def _explain_system(error: OSError, url: str) -> str:
    if isinstance(error, ssl.SSLError):
        return f"{url} does not answer encrypted; if the relay does not encrypt, its address begins with ws://"
    if isinstance(error, socket.gaierror):
        name = urlsplit(url).hostname
        return f"no computer is called {name} as seen from here; check the address, and this computer's network"
    return f"{url} cannot be reached: {(error.strerror or '').lower()}; check the address, and this computer's network"
