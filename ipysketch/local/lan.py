"""The address of a relay of this computer in its network, for phones beside it."""

from __future__ import annotations

import contextlib
import http.client
import socket
from urllib.parse import urlsplit

from ..errors import SketchError
from .links import host_of, is_loopback

PROBE_TIMEOUT = 2.0
SOMEWHERE = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Addresses that nobody has. Nothing is sent there; the system says by which of its own it would be."""


def lan_address(relay: str) -> str:
    """Return the address of the relay at `relay` as others in this computer's network reach it.

    Raises `SketchError` when they do not.
    """
    if not is_loopback(relay) and host_of(relay) not in own_addresses():
        return relay  # It is another computer's, and this one reaches it by its network.
    parts = urlsplit(relay)
    for own in own_addresses():
        host = f"[{own}]" if ":" in own else own
        if _is_relay(own, parts.port, encrypted=parts.scheme == "wss"):
            return f"{parts.scheme}://{host}:{parts.port}{parts.path}"
    raise SketchError(
        "the relay listens on this computer alone, so nobody in its network reaches it; start one that does, "
        "ipysketch-relay --host 0.0.0.0 --require-token --insecure-lan, and connect to that"
    )


def own_addresses() -> list[str]:
    """Return the addresses of this computer in the networks that it is in, the one most used first."""
    found = []
    for somewhere, family in SOMEWHERE:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((somewhere, 9))
            found.append(str(probe.getsockname()[0]))
    return found


def _is_relay(host: str, port: int | None, *, encrypted: bool) -> bool:
    """Return whether a relay answers there. One that encrypts has a name, and is reached by that."""
    if encrypted or port is None:
        return False
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_TIMEOUT)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().headers.get("X-Ipysketch-Relay") is not None
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
