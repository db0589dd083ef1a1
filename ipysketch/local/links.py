"""The link to a room's web page, for a phone or a projector: as text, and as a QR code."""

from __future__ import annotations

import html
import ipaddress
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit


@dataclass(frozen=True)
class Link:
    """The address `url` of a room's web page, shown as a link and, where a phone may open it, as a QR code; `note` says
    who can open it.

    `code` are words that lead there too, in the `way` that says where they are typed and for how long; "" where there
    are none."""

    url: str
    note: str = ""
    code: str = ""
    way: str = ""

    def __str__(self) -> str:
        return self.url

    def __repr__(self) -> str:
        return "\n".join(filter(None, (self.url, self.note, self.code and f"{self.way} {self.code}")))

    def _repr_html_(self) -> str:
        import segno

        shown = html.escape(self.url)
        # Dark on white with its quiet zone, in the dark theme too: not every camera reads anything else.
        squares = (
            ""  # A phone has a loopback of its own, and no page that the address could be relative to.
            if is_loopback(self.url)
            else segno.make(self.url, micro=False).svg_inline(
                scale=4, border=4, dark="#000000", light="#ffffff"
            )
        )
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        words = (
            f'<p>{html.escape(self.way)} <strong style="font-size: 1.3em">{html.escape(self.code)}</strong></p>'
            if self.code
            else ""
        )
        return (
            f'<div role="group" aria-label="Link to the page of this room">{squares}'
            f'<p><a href="{shown}" target="_blank" rel="noopener noreferrer">{shown}</a></p>{words}{note}</div>'
        )


NO_TOKEN = ("role", "no-tokens")
"""The codes with which a relay refuses a token for a link: only owners get one, or none is needed there."""
SHARED_ROLES = ("viewer", "editor", "moderator")
"""What a link can make of somebody; who owns a room is not given away by a link."""


class Place(NamedTuple):
    """Where a room's page is opened: the `address` of a relay's pages, ending in a slash, and a sentence that says who
    can open it; "" when everybody can."""

    address: str
    note: str = ""


def place_of(relay: str, *, public: str = "", server: str = "", lan: str = "") -> Place:
    """Return the best place to open a page of the relay at `relay` (ws or wss).

    `public` is where it says that people reach it, `server` where a Jupyter server carries it to, `lan` its address in
    the network of this computer; each "" where there is none.
    """
    if lan:
        return Place(pages(lan), f"Whoever is in the network of {host_of(lan)} can open it. {NOT_ENCRYPTED}")
    if public and not is_loopback(public):
        return Place(pages(public))
    if not is_loopback(relay):
        return Place(pages(relay))
    if server and not is_loopback(server):
        who = f"Whoever may log in to the Jupyter server at {host_of(server)} can open it, and may draw there anyway."
        return Place(pages(server), who)
    return Place(
        pages(relay),
        "Only browsers on the computer of this kernel can open it, no phone: its relay listens there alone.",
    )


NOT_ENCRYPTED = "Nothing is encrypted: who listens on that network sees the drawing and the token."


def token_terms(role: str, seconds: float) -> str:
    """Return the sentence about a link whose token is for `role` and lasts `seconds`."""
    return f"It opens the room for {seconds / 3600:g} hours, in the role of {role}."


def open_terms(everybody: str, wanted: str, *, asks: bool) -> str:
    """Return the sentence about a link without a token.

    `everybody` is the role of who shows nothing, `wanted` the one that the link was meant for; `asks` says that the
    relay lets in nobody who shows nothing, as far as is known.
    """
    if asks:
        return "Who opens it is asked for a token, which an owner of the room can give."
    who = f"It asks for no token: whoever opens it is {everybody}, for as long as the relay runs."
    return f"{who} It makes nobody {wanted}." if wanted and wanted != everybody else who


def room_link(place: Place, room: str, *, token: str = "", terms: str = "") -> Link:
    """Return the link to the page of `room` at a place, with what is to be known of it: `terms`. The token is in the
    fragment, and browsers send that to nobody."""
    fragment = f"#token={quote(token, safe='')}" if token else ""
    return Link(
        f"{place.address}r/{quote(room, safe='')}{fragment}", " ".join(filter(None, (place.note, terms)))
    )


def code_way(start: str, seconds: float) -> str:
    """Return the sentence in front of a code that is typed at the address `start`, and there for `seconds`."""
    return f"Who cannot scan this opens {start} and types, within {seconds / 60:g} minutes:"


def hub_link(relay: str, room: str) -> Link:
    """Return the link to the web page of `room` at the relay of a Hub. `relay` is its address as browsers have it: a
    path alone where the Hub does not say at which address people reach it."""
    missing = "" if urlsplit(relay).netloc else "Put the address of this Hub in front of it. "
    note = f"{missing}It asks for the Hub's login, and the Hub says who may come in."
    return Link(f"{relay.rstrip('/')}/r/{quote(room, safe='')}", note)


def pages(address: str) -> str:
    """Return the address of a relay's pages, ending in a slash, for an address of it: ws, wss, http or https."""
    parts = urlsplit(address)
    scheme = "https" if parts.scheme in ("wss", "https") else "http"
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + "/", "", ""))


def host_of(address: str) -> str:
    """Return the name or number in an address; "" when it has none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def is_loopback(address: str) -> bool:
    """Return whether only the computer itself reaches an address."""
    host = host_of(address)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "")
