"""The addresses at which a kernel's page may reach the relay by itself, for live ink that goes past the kernel."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from .links import is_loopback

SHORT_ROAD = "IPYSKETCH_SHORT_ROAD"
"""Set to 0, live ink goes over the kernel."""


def is_off(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the user, or who runs the Jupyter server, wants live ink to go over the kernel."""
    return environment.get(SHORT_ROAD, "1") == "0"


def addresses(relay: str, *, public: str = "", server: str = "") -> tuple[str, ...]:
    """Return the addresses of the relay at `relay`, the nearest to a page first, as websockets without a query.

    `public` is where the relay says that people reach it, `server` where the Jupyter server carries it to; each ""
    where there is none. An address of loopback is one for pages of this computer alone, which they see for themselves.
    """
    near = [relay] if is_loopback(relay) else []
    far = [public, *([] if near else [relay])]
    found = (_websocket(address) for address in (*near, *far, server) if address)
    return tuple(dict.fromkeys(address for address in found if address))


def _websocket(address: str) -> str:
    """Return an address of a relay as that of a websocket, without user, password and query; "" for others."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in ("ws", "wss") or not parts.netloc:
        return ""
    return urlunsplit((scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/") + "/", "", ""))
