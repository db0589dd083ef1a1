"""Who may join, and as what: those with a signed token, those who know the relay's secret, or everybody. Pure.

A client that shares a secret with a relay of its own user challenges it with random hex; the relay answers
with a proof, and only then the client joins, with a proof for the same challenge in place of the token.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from .protocol import Bad
from .roles import Role
from .tokens import ANY_ROOM, Grant, Tokens

_CHALLENGE = re.compile(r"[0-9a-f]{16,128}")


class Admission:
    """`shared` is the secret of a user's own relay: who proves it owns every room. `tokens` reads what was signed.
    Who has neither is `everybody`, or stays outside when that is None."""

    def __init__(
        self,
        shared: str = "",
        *,
        tokens: Tokens | None = None,
        everybody: Role | None = Role.MODERATOR,
        revoked: Iterable[str] = (),
    ) -> None:
        self.tokens = tokens
        self.revoked = set(revoked)
        self._shared = shared
        self._everybody = None if shared else everybody

    def answer(self, challenge: str) -> str:
        """The proof for `challenge`, or nothing: not hex, for an answer to "join:…" would be a way in."""
        return self._proof(challenge) if self._shared and _CHALLENGE.fullmatch(challenge) else ""

    def admit(self, room: str, token: str, authorization: str, challenge: str, now: float) -> Grant:
        """What somebody may do who brings the token of a join, or an ``Authorization`` header; raises `Bad`."""
        said = [text for text in (token, authorization.removeprefix("Bearer ").strip()) if text]
        if self._shared and self._knows(said, challenge):
            return Grant("", "", ANY_ROOM, Role.OWNER, "", float("inf"))
        if self.tokens is not None and said:
            grant = self.tokens.read(said[0], room, now)
            if grant.id in self.revoked:
                raise Bad("token-revoked", "the token was taken back; ask who runs the relay for another")
            return grant
        if self._everybody is None:
            raise Bad("token", "the token is wrong or missing; ask who runs the relay for one")
        return Grant("", "", room, self._everybody, "", float("inf"))

    def _knows(self, said: Iterable[str], challenge: str) -> bool:
        known = [self._shared]
        if _CHALLENGE.fullmatch(challenge):
            known.append(self._proof("join:" + challenge))
        pairs = [(text.encode(errors="replace"), good.encode()) for text in said for good in known]
        return any([hmac.compare_digest(text, good) for text, good in pairs])

    def _proof(self, text: str) -> str:
        return hmac.new(self._shared.encode(), text.encode(), hashlib.sha256).hexdigest()
