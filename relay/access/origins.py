"""How a relay may be reached: the address it listens on, its names, the pages that may use it. Pure.

A browser lets any page open a websocket to any address, also to loopback, and a page's host name can be made to
point there. So an `Origin` must be one that was allowed, and the `Host` one that is ours; kernels send no origin.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from .base_path import ROOT, BasePath

_PLAIN_NETLOC = re.compile(r"(?:\*\.)?[A-Za-z0-9.\-]+(?::\d+)?|\[[0-9A-Fa-f:.]+\](?::\d+)?")


@dataclass(frozen=True)
class OriginPolicy:
    """Names and pages that are allowed. `hosts` are names of the relay besides addresses and localhost; `origins` are
    origins of pages that may use it, such as ``https://lab.example``; those of `public_url` are allowed too. So many
    proxies as `hops` stand in front; the client addresses they report are believed.

    `base` is the path of the relay. Pages of the origins `frame_ancestors` may show the relay's pages in a frame. With
    `any_name` the relay answers to every name: it lets nobody in without a token, and a page that has made its own name
    point here has none."""

    public_url: str = ""
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    hops: int = 0
    base: BasePath = ROOT
    frame_ancestors: tuple[str, ...] = ()
    any_name: bool = False

    def allows_host(self, host: str) -> bool:
        """Return whether a request for `host`, the value of its header, is meant for this relay."""
        name = host_name(host)
        if name is None:
            return False
        names = {"localhost", *(allowed.lower() for allowed in self.hosts)}
        if self.public_url:
            names.add((urlsplit(self.public_url).hostname or "").lower())
        return self.any_name or name in names or _ip(name) is not None

    def allows_origin(self, origin: str | None, host: str = "") -> bool:
        """Return whether a page of `origin` may use this relay; None is no page at all. The relay's own pages
        may: those of `host`, the request's header, once `allows_host` has said that it is a name of this relay."""
        if origin is None:
            return True
        if host and origin.lower() in (f"http://{host}".lower(), f"https://{host}".lower()):
            return True
        origins = {allowed.rstrip("/").lower() for allowed in self.origins}
        if self.public_url:
            parts = urlsplit(self.public_url)
            scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
            origins.add(f"{scheme}://{parts.netloc}".lower())
        return origin.lower() in origins

    def address(self, remote: str, forwarded: Iterable[str]) -> str:
        """Return the client's address: `remote`, or what the proxies in front report in ``X-Forwarded-For`` headers.
        Each proxy appends the address it saw, so the last `hops` entries are theirs and the rest is hearsay."""
        if not self.hops:
            return remote
        reported = [part.strip() for header in forwarded for part in header.split(",") if part.strip()]
        if len(reported) < self.hops:
            return remote
        address = _ip(reported[-self.hops].strip("[]"))
        if address is None:
            return remote
        # One address has many spellings, and the scope of one can be any text.
        if isinstance(address, ipaddress.IPv6Address):
            return str(address.ipv4_mapped or ipaddress.IPv6Address(int(address)))
        return str(address)


def frame_ancestor(text: str) -> str:
    """Return the origin `text` as a policy of frames has it; raises ValueError with a sentence."""
    try:
        parts = urlsplit(text)
        origin = f"{parts.scheme}://{parts.netloc}"
        valid = parts.scheme in ("http", "https") and parts.hostname and _PLAIN_NETLOC.fullmatch(parts.netloc)
    except ValueError:
        valid = None
    if not valid or text.rstrip("/") != origin:
        raise ValueError(f"--frame-ancestors takes an origin such as https://lms.example, not {text!r}")
    return origin


def host_name(host: str) -> str | None:
    """Return the name or address in a ``Host`` header, in lower case and without its port; None when it has none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower() or None
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`."""
    return host == "localhost" or ((address := _ip(host)) is not None and address.is_loopback)


def bind_refusal(host: str, *, encrypted: bool, tokens: bool, behind_proxy: bool, insecure_lan: bool) -> str:
    """Return why a relay with these options may not listen on `host`; "" when it may."""
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
