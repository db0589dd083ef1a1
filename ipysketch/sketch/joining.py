"""What somebody gives who joins a room: who they are, the room, a token, the address of a relay."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

from relay.protocol import RemoteError, check_room, normalize_name

from .. import arguments
from ..errors import ArgumentError, ArgumentTypeError
from ..local import doors
from ..local.identity import default_color, default_name

TOKEN = re.compile(r"[!-~]{0,4096}")


def identity(name: str | None, color: str | None) -> tuple[str, str]:
    """Return a name and a colour as others see them; for each that is not given, this user's own.

    Raises `ArgumentError`.
    """
    if name is not None:
        _check_text(name, "a name")
    color = arguments.color(color) if color else ""
    try:
        name = normalize_name(name) if name else default_name()
    except RemoteError as bad:
        raise ArgumentError(bad.reason, bad.code) from None
    return name, color or default_color(name)


def _check_text(value: object, what: str) -> None:
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{what} must be text, not {value!r:.40}")


def check_room_name(room: str) -> None:
    """Raise `ArgumentError` unless `room` may be the name of one."""
    _check_text(room, "the name of a room")
    try:
        check_room(room)
    except RemoteError as bad:
        raise ArgumentError(bad.reason, bad.code) from None


def normalize_token(token: str) -> str:
    """Return `token` without the blanks and newlines around it, as a file or the clipboard may have them.

    Raises `ArgumentError`.
    """
    _check_text(token, "a token")
    token = token.strip()
    if not TOKEN.fullmatch(token):
        raise ArgumentError(
            "this is no token: it has blanks, line breaks or other characters that no token has; copy it again",
            "token",
        )
    return token


def named_relay(url: str | None) -> doors.Named | None:
    """Return the relay that was named, as `doors.named` does, with its address as ws or wss.

    Raises `ArgumentError` unless that is the address of a relay; it may have http or https.
    """
    if url is not None:
        _check_text(url, "the address of a relay")
    if (named := doors.named(url)) is None:
        return None
    by = "" if url else f" (in {named.by})"
    wrong = ArgumentError(f"{named.url!r}{by} is not the address of a relay; use one like ws://127.0.0.1:8765")
    try:
        parts = urlsplit(named.url)
        parts.port  # noqa: B018  # raises for a port that is no number
    except ValueError:
        raise wrong from None
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in ("ws", "wss") or not parts.hostname:
        raise wrong
    if scheme == parts.scheme:
        return named
    address, page, room = urlunsplit((scheme, parts.netloc, parts.path, "", "")).rpartition("/r/")
    if page:
        raise ArgumentError(
            f"this is the address of the web page of the room {unquote(room)!r:.80}; "
            f"connect to {address} with the room {unquote(room)!r:.80}"
        )
    return named._replace(url=room.rstrip("/"))
