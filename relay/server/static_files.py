"""What the relay serves a browser: the start page, the page of a room, and their modules. Pure but for reading the
package's own files, once.

A room's page loads one module, joined of those below ``page/page.js``; its address changes with it, so that a browser
keeps it. Each module is there by itself too, for pages of other people.

Pages load everything from the relay and nothing else: no inline script or style, no other origin.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from urllib.parse import parse_qs, quote, unquote

from .. import javascript
from ..protocol import RemoteError, check_room

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors "
)
METHODS = ("GET", "HEAD")
CODE_FORM = '<form action="code"'
NOTHING = "There is nothing here. The rooms of this relay are at /, and a room's page at /r/ROOM."
NO_PREFIX = (
    "There is nothing here: the path in front of /r/ROOM must be told to the relay (--base-url), or taken away by "
    "the proxy in front of it."
)
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class StaticResponse:
    """One answer: `status`, the body, and the headers that belong to it."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _File:
    name: str
    body: bytes
    gzipped: bytes
    kind: str
    tag: str


PAGE_MODULE = "page/page.js"
FOR_EVER = "public, max-age=31536000, immutable"


def _joined() -> str:
    """Return the path of the joined module, beside the one that it begins with: both find others from there."""
    return f"page/page-{javascript.tag(javascript.PAGE)}.js"


@cache
def _joined_file() -> _File:
    name, packed = _joined(), javascript.compressed(javascript.PAGE)
    return _File(name, gzip.decompress(packed), packed, KINDS[".js"], f'"{javascript.tag(javascript.PAGE)}"')


async def prepare(target: str) -> None:
    """Make what `answer` needs for `target`, where that takes long: on another thread, and once."""
    await asyncio.to_thread(_site)
    if target.partition("?")[0] == f"/{_joined()}":
        await asyncio.to_thread(_joined_file)


@cache
def _site() -> dict[str, _File]:
    """Return the files that are served, by their paths below ``relay/web``."""
    served = {}
    for name, file in _walk(files("relay").joinpath("web")):
        suffix = name[name.rfind(".") :]
        if suffix in KINDS:
            body = file.read_bytes()
            if name == "room.html":
                body = body.replace(PAGE_MODULE.encode(), _joined().encode())
            tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
            served[name] = _File(name, body, gzip.compress(body, mtime=0), KINDS[suffix], tag)
    return served


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _walk(item, f"{prefix}{item.name}/")
        else:
            yield prefix + item.name, item


def answer(
    target: str,
    method: str = "GET",
    *,
    cached_tag: str = "",
    gzipped: bool = False,
    frame_ancestors: Sequence[str] = (),
) -> StaticResponse:
    """Return the answer to a request for `target`, its path below that of the relay, and its query. For HEAD it is that
    of GET, body and all.

    `cached_tag` is the ETag of the browser's copy, `gzipped` whether it accepts gzip. Pages of the origins
    `frame_ancestors` may show it in a frame.
    """
    if method not in METHODS:
        return _words(
            405, "Nothing here can be changed; it can be looked at with GET.", ("Allow", ", ".join(METHODS))
        )
    path, _, query = target.partition("?")
    policy = POLICY + (" ".join(frame_ancestors) or "'none'")
    if path == "/":
        return _page(_site()["index.html"], cached_tag, gzipped, policy)
    if path == "/r/":
        return _to_room(parse_qs(query).get("room", ["main"])[0])
    if path.startswith("/r/"):
        if _is_room(_unquoted(path.removeprefix("/r/"))):
            return _page(_site()["room.html"], cached_tag, gzipped, policy)
        return _words(404, NOTHING)
    if path == f"/{_joined()}":
        return _page(_joined_file(), cached_tag, gzipped, policy, kept=FOR_EVER)
    file = _site().get(path.removeprefix("/"))
    if file is None or file.name.endswith(".html"):
        return _words(404, NO_PREFIX if "/r/" in path else NOTHING)
    return _page(file, cached_tag, gzipped, policy)


def start_page(sentence: str, status: int, frame_ancestors: Sequence[str] = ()) -> StaticResponse:
    """Return the start page with a `sentence` of ours on it, which is kept nowhere."""
    said = f'<p class="said" role="alert">{sentence}</p>\n    {CODE_FORM}'
    body = _site()["index.html"].body.replace(CODE_FORM.encode(), said.encode(), 1)
    policy = POLICY + (" ".join(frame_ancestors) or "'none'")
    return StaticResponse(status, body, (*_headers(KINDS[".html"], policy), ("Cache-Control", "no-store")))


def _unquoted(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeError:
        return ""


def _is_room(name: str) -> bool:
    try:
        check_room(name)
    except RemoteError:
        return False
    return True


def _to_room(room: str) -> StaticResponse:
    return (
        StaticResponse(303, b"", (("Location", quote(room, safe="")),))
        if _is_room(room)
        else _words(404, NOTHING)
    )


def _words(status: int, text: str, *headers: tuple[str, str]) -> StaticResponse:
    """Return a sentence that repeats nothing of the request."""
    kind = ("Content-Type", "text/plain; charset=utf-8")
    return StaticResponse(status, f"{text}\n".encode(), (kind, ("X-Content-Type-Options", "nosniff"), *headers))


def _headers(kind: str, policy: str) -> list[tuple[str, str]]:
    return [
        ("Content-Type", kind),
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        # Other origins read a file by the way of Access-Control-Allow-Origin, or not at all.
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]


def _page(
    file: _File, cached_tag: str, gzipped: bool, policy: str, *, kept: str = "no-cache"
) -> StaticResponse:
    headers = [
        *_headers(file.kind, policy),
        ("ETag", file.tag),
        # "no-cache": revalidated, and not sent again while it is the same: a new relay has new pages at once.
        ("Cache-Control", kept),
        ("Vary", "Accept-Encoding, Origin"),
    ]
    if cached_tag == file.tag:
        return StaticResponse(304, b"", tuple(headers[1:]))
    if gzipped:
        headers.append(("Content-Encoding", "gzip"))
    return StaticResponse(200, file.gzipped if gzipped else file.body, tuple(headers))
