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
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
METHODS = ("GET", "HEAD")
NOTHING = "There is nothing here. The rooms of this relay are at /, and a room's page at /r/ROOM."
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


def answer(target: str, method: str = "GET", *, known: str = "", packed: bool = False) -> Page:
    """What to say to a request for `target`, its path and query. To a HEAD it is the same; who answers keeps the body.

    `known` is the tag of what the browser has already, `packed` whether it takes gzip.
    """
    if method not in METHODS:
        return _words(
            405, "Nothing here can be changed; it can be looked at with GET.", ("Allow", ", ".join(METHODS))
        )
    path, _, query = target.partition("?")
    if path == "/":
        return _page(_site()["index.html"], known, packed)
    if path == "/r/":
        return _to_room(parse_qs(query).get("room", ["main"])[0])
    if path.startswith("/r/"):
        if _is_room(_unquoted(path.removeprefix("/r/"))):
            return _page(_site()["room.html"], known, packed)
        return _words(404, NOTHING)
    file = _site().get(path.removeprefix("/"))
    if file is None or file.name.endswith(".html"):
        return _words(404, NOTHING)
    return _page(file, known, packed)


def _unquoted(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeError:
        return ""


def _is_room(name: str) -> bool:
    try:
        check_room(name)
    except Bad:
        return False
    return True


def _to_room(room: str) -> Page:
    return Page(303, b"", (("Location", quote(room, safe="")),)) if _is_room(room) else _words(404, NOTHING)


def _words(status: int, text: str, *headers: tuple[str, str]) -> Page:
    """A sentence in which nothing of the request is said again."""
    kind = ("Content-Type", "text/plain; charset=utf-8")
    return Page(status, f"{text}\n".encode(), (kind, ("X-Content-Type-Options", "nosniff"), *headers))


def _page(file: _File, known: str, packed: bool) -> Page:
    headers = [
        ("Content-Type", file.kind),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        # Other origins read a file by the way of Access-Control-Allow-Origin, or not at all.
        ("Cross-Origin-Resource-Policy", "same-origin"),
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
