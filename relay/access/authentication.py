"""Which role a join is granted: by a signed token, by the relay's secret, or as everybody's. Pure.

A client that shares a secret with a relay of its own user challenges it with random hex; the relay answers
with a proof, and only then the client joins, with a proof for the same challenge in place of the token.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable

from ..protocol import RemoteError, prove, vouch
from ..room.permissions import Role
from .tokens import ANY_ROOM, Grant, Tokens

_CHALLENGE = re.compile(r"[0-9a-f]{16,128}")
VOUCHED = (Role.VIEWER, Role.EDITOR)
"""What somebody may be at most whom another program of the relay's user lets through."""


class Authenticator:
    """Grants roles. `shared` is the secret that only the user of the relay can read: who shows to have it owns every
    room. `tokens` reads signed tokens. Everybody else gets the role `everybody`, or is refused when that is None."""

    def __init__(
        self,
        shared: str = "",
        *,
        tokens: Tokens | None = None,
        everybody: Role | None = None,
        revoked: Iterable[str] = (),
    ) -> None:
        self.tokens = tokens
        self.revoked = set(revoked)
        self._shared = shared
        self._everybody = everybody

    def answer(self, challenge: str) -> str:
        """Return the proof for `challenge`; "" unless it is hex, for the proof of "join:…" would let anyone join."""
        return self._proof(challenge) if self._shared and _CHALLENGE.fullmatch(challenge) else ""

    def admit(self, room: str, token: str, authorization: str, challenge: str, now: float) -> Grant:
        """Return what the token of a join, or of an ``Authorization`` header, grants; raises `RemoteError`."""
        vouched = self._vouched(authorization, challenge)
        if vouched is not None:
            own = token.strip()
            if not own or (self.tokens is None and not self._has_secret([own], "")):
                return Grant("", "", room, vouched, "", float("inf"))
            authorization = ""  # A token of one's own says what one may do, and not who let one through.
        presented = [text for text in (token.strip(), authorization.removeprefix("Bearer ").strip()) if text]
        if self._shared and self._has_secret(presented, challenge):
            return Grant("", "", ANY_ROOM, Role.OWNER, "", float("inf"))
        if self.tokens is not None and presented:
            return self.read(room, presented[0], now)
        if self._everybody is None:
            raise RemoteError("token", "the token is wrong or missing; ask who runs the relay for one")
        return Grant("", "", room, self._everybody, "", float("inf"))

    def read(self, room: str, token: str, now: float) -> Grant:
        """Return what a signed token grants in a room; raises `RemoteError`, also where there are none."""
        if self.tokens is None:
            raise RemoteError("no-tokens", "this relay lets people in without tokens")
        grant = self.tokens.read(token, room, now)
        if grant.id in self.revoked:
            raise RemoteError("token-revoked", "the token was taken back; ask who runs the relay for another")
        return grant

    def _vouched(self, authorization: str, challenge: str) -> Role | None:
        """Return the role of somebody whom what runs for this relay's user lets through: their Jupyter server, which
        has asked who they are. None for everybody else."""
        if not self._shared or not _CHALLENGE.fullmatch(challenge):
            return None
        given = authorization.removeprefix("Bearer ").strip().encode(errors="replace")
        for role in VOUCHED:
            if hmac.compare_digest(given, vouch(self._shared, role.word, challenge).encode()):
                return role
        return None

    def _has_secret(self, presented: Iterable[str], challenge: str) -> bool:
        expected = [self._shared]
        if _CHALLENGE.fullmatch(challenge):
            expected.append(self._proof("join:" + challenge))
        pairs = [(text.encode(errors="replace"), good.encode()) for text in presented for good in expected]
        return any([hmac.compare_digest(text, good) for text, good in pairs])

    def _proof(self, text: str) -> str:
        return prove(self._shared, text)
