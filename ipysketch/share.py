"""The link to a room's own page, for a phone or a projector: as text, and as a code that a camera reads."""

from __future__ import annotations

import html
import ipaddress
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import segno


@dataclass(frozen=True)
class Link:
    """The address `url` of a room's page, which shows itself as a link and a QR code; `note` says who can use it."""

    url: str
    note: str = ""

    def __str__(self) -> str:
        return self.url

    def __repr__(self) -> str:
        return f"{self.url}\n{self.note}".rstrip()

    def _repr_html_(self) -> str:
        shown = html.escape(self.url)
        # Dark on white with its quiet border in the dark theme too: a camera reads nothing else for sure.
        code = segno.make(self.url, micro=False).svg_inline(scale=4, border=4, dark="#000000", light="#ffffff")
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return (
            f'<div role="group" aria-label="Link to the page of this room">{code}'
            f'<p><a href="{shown}" target="_blank" rel="noopener noreferrer">{shown}</a></p>{note}</div>'
        )


def page_address(relay: str, room: str, token: str = "") -> str:
    """The address of the page of `room` at the relay `relay` (ws or wss). The token is in the fragment, which browsers
    send to nobody."""
    parts = urlsplit(relay)
    scheme = "https" if parts.scheme == "wss" else "http"
    path = f"{parts.path.rstrip('/')}/r/{quote(room, safe='')}"
    return urlunsplit((scheme, parts.netloc, path, "", f"token={quote(token, safe='')}" if token else ""))


def reach(relay: str) -> str:
    """Who can open an address at `relay`, when that is not everybody."""
    host = urlsplit(relay).hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return (
        "Only browsers on the computer of this kernel can open it, since its relay listens there alone."
        if loopback
        else ""
    )
