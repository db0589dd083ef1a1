"""Opening the websocket to a relay, and one sentence on why it cannot be: a wrong address, a proxy, a certificate."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI

from relay.protocol import RemoteError

OPEN_TIMEOUT = 10.0
PING_INTERVAL = PING_TIMEOUT = 4.0
"""Seconds between two questions whether the relay is there, and until a connection without an answer is given up."""
MAX_ANSWER = 16 << 20
"""Largest frame that is accepted from a relay, in bytes; one that takes too much decoded is refused too."""


class Stop(Exception):
    """Another try would not help; `code` is the relay's, where it was the relay that refused."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class TurnedAway(Exception):
    """The relay has no room for this connection now."""


async def open_socket(url: str, headers: dict[str, str], query: str = "") -> ClientConnection:
    """Return an open websocket to `url` with this `query` behind it. Raises `Stop` where another try would not help."""
    try:
        return await connect(
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
    except InvalidURI as error:
        if error.uri == url + query:
            raise Stop(f"{url!r} is not the address of a relay; use one like ws://127.0.0.1:8765") from None
        # A proxy answered with the address of a page to go to.
        better = socket_address(error.uri)
        if better.removesuffix(query) == url + "/":
            return await open_socket(url + "/", headers, query)
        raise Stop(f"{url} sends on to {better[:200]}; if that is the relay, connect to it there") from None
    except InvalidMessage as error:
        if isinstance(error.__cause__, EOFError | OSError):
            raise  # It went away in the middle: a relay that restarts does that.
        raise Stop(f"{url} is no ipysketch relay; check the address") from None
    except InvalidStatus as error:
        code = error.response.status_code
        if is_from_relay(error.response.headers):
            said = error.response.body.decode(errors="replace").strip()[:200]
            if code in (429, 503):
                raise TurnedAway(said) from None
            raise Stop(f"{url} turned this connection away: {said}") from None
        if code in (502, 503, 504):
            raise
        raise Stop(f"{url} answered with HTTP {code}, so it is no ipysketch relay; check the address") from None
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.rstrip(".").lower()
        raise Stop(
            f"the certificate of {url} is not trusted here ({why}); have who issued it trusted, "
            "with SSL_CERT_FILE=FILE before the kernel starts, or use one of a public issuer"
        ) from None


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
            return f"{url} does not answer"
        case ConnectionClosed():
            return "the connection to the relay was lost"
        case InvalidHandshake():
            return f"{url} answers, but not as a websocket relay"
        case RemoteError(reason=reason):
            return reason
        case TurnedAway():
            return str(error)
        case ssl.SSLError() | OSError(strerror=str()):
            return _explain_system(error, url)
        case _:
            return f"{url} cannot be reached: {error}"


def _explain_system(error: OSError, url: str) -> str:
    if isinstance(error, ssl.SSLError):
        return f"{url} does not answer encrypted; if the relay does not encrypt, its address begins with ws://"
    return f"{url} cannot be reached: {(error.strerror or '').lower()}"
