"""How a browser logs in by a JupyterHub: what it is sent to the Hub with, and what it keeps afterwards. Pure but for
random numbers.

The Hub's OAuth with a state and a code verifier (PKCE): who ends a login has begun it, in the same browser. A browser
keeps its **session**, the token that the Hub gave for it, in a cookie that no script reads. A page is told a **ticket**
besides, which belongs to the session and is in the page alone: who has only made a browser send its cookie has none.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import jwt

from .hub import HubService
from .tokens import ALGORITHM

LOGIN_SECONDS = 600.0
SESSION_SECONDS = 14 * 24 * 3600.0
"""As long as a Hub's own cookie; the Hub may end it at any time before."""
SESSION_COOKIE = "ipysketch-session"
LOGIN_COOKIE = "ipysketch-login-"
"""The name goes on with the beginning of the state: two tabs may log in at a time."""


@dataclass(frozen=True)
class Begun:
    """A login that has begun: where to send the browser, and the cookie that it keeps until it is back."""

    location: str
    cookie: str


@dataclass(frozen=True)
class Returned:
    """A login whose browser is back: `next` is the page that was asked for, `cookie` the name of what it kept."""

    verifier: str
    next: str
    cookie: str


@dataclass(frozen=True)
class Session:
    """A browser that has logged in: the Hub's token, and an id that is in its tickets."""

    id: str
    token: str


class HubLogin:
    """Logins at the Hub of `service`; what browsers keep is signed with `secret`."""

    def __init__(self, service: HubService, secret: bytes) -> None:
        self._service = service
        self._secret = secret

    # --- logging in -----------------------------------------------------------------------------------------

    def begin(self, target: str, now: float, *, encrypted: bool) -> Begun:
        """Return a new login that leads to `target`, a path and query of this relay."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        kept = self._sign("login", now + LOGIN_SECONDS, state=state, verifier=verifier, next=target)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "client_id": self._service.client_id,
            "redirect_uri": self._service.callback,
            "response_type": "code",
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        cookie = self._cookie(LOGIN_COOKIE + state[:8], kept, encrypted=encrypted, seconds=int(LOGIN_SECONDS))
        return Begun(f"{self._service.login}?{urlencode(query)}", cookie)

    def end(self, cookies: Mapping[str, str], state: str, now: float) -> Returned | None:
        """Return the login that `state` belongs to; None unless this browser has begun it, and lately."""
        name = LOGIN_COOKIE + state[:8]
        kept = self._read("login", cookies.get(name, ""), now)
        if kept is None or not state or not secrets.compare_digest(kept["state"].encode(), state.encode()):
            return None
        return Returned(kept["verifier"], kept["next"], name)

    def forget(self, cookie: str) -> str:
        """Return the header that ends a cookie."""
        return self._cookie(cookie, "", encrypted=False, seconds=0)

    # --- sessions and tickets -------------------------------------------------------------------------------

    def admit(self, token: str, now: float, *, encrypted: bool) -> str:
        """Return the cookie of a new session for a token of the Hub."""
        kept = self._sign("session", now + SESSION_SECONDS, id=secrets.token_hex(16), token=token)
        return self._cookie(SESSION_COOKIE, kept, encrypted=encrypted)

    def session(self, cookies: Mapping[str, str], now: float) -> Session | None:
        """Return the session of a browser, by its cookies; None when it has none."""
        kept = self._read("session", cookies.get(SESSION_COOKIE, ""), now)
        return None if kept is None else Session(kept["id"], kept["token"])

    def ticket(self, session: Session, now: float) -> str:
        """Return the ticket of a page."""
        return self._sign("ticket", now + SESSION_SECONDS, id=session.id)

    def is_ticket(self, ticket: str, session: Session, now: float) -> bool:
        """Return whether `ticket` is one of that session."""
        kept = self._read("ticket", ticket, now)
        return kept is not None and secrets.compare_digest(kept["id"].encode(), session.id.encode())

    # --- signing --------------------------------------------------------------------------------------------

    def _sign(self, purpose: str, expires: float, **claims: str) -> str:
        named = {**claims, "aud": f"ipysketch-hub-{purpose}", "exp": int(expires)}
        return jwt.encode(named, self._secret, algorithm=ALGORITHM)

    def _read(self, purpose: str, text: str, now: float) -> dict[str, str] | None:
        """Return the claims of what was signed for `purpose`; None when it was not, or is too old."""
        try:
            claims: dict[str, Any] = jwt.decode(
                text,
                self._secret,
                algorithms=[ALGORITHM],
                audience=f"ipysketch-hub-{purpose}",
                options={"require": ["aud", "exp"], "verify_exp": False},
            )
            return {name: str(value) for name, value in claims.items()} if claims["exp"] > now else None
        except (jwt.InvalidTokenError, TypeError, ValueError, RecursionError):
            return None

    def _cookie(self, name: str, value: str, *, encrypted: bool, seconds: int | None = None) -> str:
        parts = [f"{name}={value}", f"Path={self._service.prefix}", "HttpOnly", "SameSite=Lax"]
        if seconds is not None:
            parts.append(f"Max-Age={seconds}")
        if encrypted:
            parts.append("Secure")
        return "; ".join(parts)
