"""By which doors a relay can be reached: its address, the names it answers to, the pages that may use it. Pure.

A browser lets any page open a websocket to any address, also to loopback, and a page's host name can be made to
point there. So an `Origin` must be one that was allowed, and the `Host` one that is ours; kernels send no origin.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Doors:
    """`hosts` are names the relay answers to besides addresses and localhost; `origins` pages' origins that may
    use it, such as ``https://lab.example``; `public_url` where people reach it, which is allowed too. `hops`
    proxies stand in front, and what they say of who is behind them is believed."""

    public_url: str = ""
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    hops: int = 0

    def allows_host(self, host: str) -> bool:
        """Whether a request for `host`, the value of its header, is meant for this relay."""
        name = host_name(host)
        if name is None:
            return False
        known = {"localhost", *(allowed.lower() for allowed in self.hosts)}
        if self.public_url:
            known.add((urlsplit(self.public_url).hostname or "").lower())
        return name in known or _ip(name) is not None

    def allows_origin(self, origin: str | None, host: str = "") -> bool:
        """Whether a page of `origin` may use this relay; None is no page at all. The relay's own pages may: those of
        `host`, the value of the request's header, once `allows_host` has said that it is a name of this relay."""
        if origin is None:
            return True
        if host and origin.lower() in (f"http://{host}".lower(), f"https://{host}".lower()):
            return True
        known = {allowed.rstrip("/").lower() for allowed in self.origins}
        if self.public_url:
            parts = urlsplit(self.public_url)
            scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
            known.add(f"{scheme}://{parts.netloc}".lower())
        return origin.lower() in known

    def address(self, remote: str, forwarded: Iterable[str]) -> str:
        """Who is at the other end: `remote`, or what the proxies in front say in the ``X-Forwarded-For`` headers.
        Each proxy adds whom it saw at the end, so the last `hops` entries are theirs and the rest hearsay."""
        if not self.hops:
            return remote
        said = [part.strip() for header in forwarded for part in header.split(",") if part.strip()]
        if len(said) < self.hops:
            return remote
        text = said[-self.hops]
        return text if _ip(text.strip("[]")) is not None else remote


def host_name(host: str) -> str | None:
    """The name or address in a ``Host`` header, in lower case and without its port; None when it has none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower() or None
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    return host == "localhost" or ((found := _ip(host)) is not None and found.is_loopback)


def bind_refusal(host: str, *, encrypted: bool, tokens: bool, behind_proxy: bool, insecure_lan: bool) -> str:
    """Why a relay may not listen on `host` as it was told to; "" when it may."""
    if is_loopback(host) or behind_proxy:
        return ""
    missing = []
    if not tokens:
        missing.append("it asks nobody who they are (--require-token)")
    if not encrypted and not insecure_lan:
        missing.append(
            "it encrypts nothing (--cert and --key, or --insecure-lan for a room of people you trust)"
        )
    if not missing:
        return ""
    return (
        f"{host} can be reached by others, and {' and '.join(missing)}; say so, put a proxy in front that does and "
        "say --behind-proxy, or listen on loopback"
    )


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
