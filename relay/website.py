"""What the relay shows a browser: the door, the page of a room, and the modules they are made of. Pure but for reading
the package's own files, once.

Everything is from here and nothing else may be: no inline script or style, no other place.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qs, quote, unquote

from .protocol import Bad, check_room

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Page:
    """One answer: `status`, the body, and the headers that belong to it."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _File:
    name: str
    body: bytes
    packed: bytes
    kind: str
    tag: str


@cache
def _site() -> dict[str, _File]:
    """The files that are served, by name."""
    found = {}
    for file in files(__package__).joinpath("web").iterdir():
        suffix = file.name[file.name.rfind(".") :]
        if suffix in KINDS:
            body = file.read_bytes()
            tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
            found[file.name] = _File(file.name, body, gzip.compress(body, mtime=0), KINDS[suffix], tag)
    return found


def answer(target: str, *, known: str = "", packed: bool = False) -> Page | None:
    """What to say to a GET of `target`, the path and query of the request; None when there is no such thing.

    `known` is the tag of what the browser has already, `packed` whether it takes gzip.
    """
    path, _, query = target.partition("?")
    if path == "/":
        return _page(_site()["index.html"], known, packed)
    if path == "/r/":
        return _to_room(parse_qs(query).get("room", ["main"])[0])
    if path.startswith("/r/"):
        try:
            check_room(unquote(path.removeprefix("/r/"), errors="strict"))
        except (Bad, UnicodeError):
            return None
        return _page(_site()["room.html"], known, packed)
    file = _site().get(path.removeprefix("/"))
    return None if file is None or file.name.endswith(".html") else _page(file, known, packed)


def _to_room(room: str) -> Page | None:
    try:
        check_room(room)
    except Bad:
        return None
    return Page(303, b"", (("Location", quote(room, safe="")),))


def _page(file: _File, known: str, packed: bool) -> Page:
    headers = [
        ("Content-Type", file.kind),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("ETag", file.tag),
        # Asked for each time, and not sent again while it is the same: a new relay has new pages at once.
        ("Cache-Control", "no-cache"),
        ("Vary", "Accept-Encoding, Origin"),
    ]
    if known == file.tag:
        return Page(304, b"", tuple(headers[1:]))
    if packed:
        headers.append(("Content-Encoding", "gzip"))
    return Page(200, file.packed if packed else file.body, tuple(headers))
