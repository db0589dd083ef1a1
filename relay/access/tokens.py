"""Signed tokens: each grants a role in a room until it expires.

A token is a JWT signed with the relay's secret by one algorithm; only the claims in `Grant` are read. The secret is in
a file that only its owner reads. No token is ever logged or shown again; its id, `Grant.id`, may be.
"""

from __future__ import annotations

import math
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import jwt

from ..protocol import RemoteError, check_room, normalize_name
from ..room.permissions import Role, role

ALGORITHM = "HS256"
AUDIENCE = "ipysketch-relay"
REQUIRED = ("exp", "aud", "sub", "room", "role", "jti")
MAX_SECONDS = 366 * 24 * 3600.0
MIN_SECRET = 32
ANY_ROOM = "*"


@dataclass(frozen=True)
class Grant:
    """The claims of a token: `subject` may be `role` in `room` until `expires` (seconds since 1970), called `name`.

    `verified`: the subject is an identity by the word of somebody whom the relay trusts, such as a JupyterHub; no
    token's is."""

    id: str
    subject: str
    room: str
    role: Role
    name: str
    expires: float
    verified: bool = False


class Tokens:
    """Mints and reads the tokens of one relay, whose secret is `secret`."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def mint(self, *, room: str, role: Role, name: str, seconds: float, now: float) -> tuple[str, Grant]:
        """Return a token for `name` in `room` (``*``: every room), and its claims; raises `RemoteError`."""
        if room != ANY_ROOM:
            check_room(room)
        name = normalize_name(name)
        if not 0 < seconds <= MAX_SECONDS:
            raise RemoteError("bad-expiry", "a token must expire within 366 days")
        grant = Grant(secrets.token_hex(8), name or secrets.token_hex(8), room, role, name, now + seconds)
        claims = {
            "exp": int(grant.expires),
            "aud": AUDIENCE,
            "sub": grant.subject,
            "room": room,
            "role": role.word,
            "jti": grant.id,
            "name": name,
        }
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM), grant

    def read(self, token: str, room: str, now: float) -> Grant:
        """Return the claims of `token` if it is valid for `room` at `now`; raises `RemoteError`."""
        try:
            # `now` is the caller's clock, so the library's own check of the expiry is off.
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                options={"require": list(REQUIRED), "verify_exp": False},
            )
            expires = float(claims["exp"])
            if not math.isfinite(expires):
                raise ValueError("exp")
            grant = Grant(
                _text(claims, "jti"),
                _text(claims, "sub"),
                _text(claims, "room"),
                role(_text(claims, "role")),
                normalize_name(claims.get("name", "")),
                expires,
            )
        except (jwt.InvalidTokenError, TypeError, ValueError, OverflowError, RecursionError):
            raise RemoteError(
                "token", "the token is not one of this relay; ask who runs it for another"
            ) from None
        if expires <= now:
            clock = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M} UTC"
            raise RemoteError(
                "token-expired",
                f"the token has expired by the relay's clock, which says {clock}; ask who runs the relay for another",
            )
        if grant.room not in (room, ANY_ROOM):
            raise RemoteError(
                "token", "the token is for another room; ask who runs the relay for one for this room"
            )
        return grant


def _text(claims: dict[str, object], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str) or not 0 < len(value) <= 256:
        raise ValueError(name)
    return value


def read_secret(path: Path) -> bytes:
    """Return the secret in the file `path`, which is created, for its owner only, if it is not there. Raises
    `ValueError` with a sentence when it cannot be used."""
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if path.stat().st_mode & 0o077:
                raise ValueError(
                    f"the secret {path} can be read by others; make it yours alone (chmod 600)"
                ) from None
            secret = path.read_bytes().strip()
        else:
            secret = secrets.token_hex(32).encode()
            with os.fdopen(descriptor, "wb") as file:
                file.write(secret)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ValueError(f"the secret {path} cannot be read ({reason}); choose another --secret-file") from None
    if len(secret) < MIN_SECRET:
        raise ValueError(
            f"the secret {path} is shorter than {MIN_SECRET} bytes; delete it to have a new one made"
        )
    return secret
