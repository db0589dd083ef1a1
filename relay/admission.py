"""Who may join: those who know the relay's token, or prove that they do without saying it. Pure.

A client that shares a secret with a relay of its own user challenges it with random hex; the relay answers
with a proof, and only then the client joins, with a proof for the same challenge in place of the token.
"""

from __future__ import annotations

import hashlib
import hmac
import re

_CHALLENGE = re.compile(r"[0-9a-f]{16,128}")


class Admission:
    """Decides by `token`; without one everybody may join."""

    def __init__(self, token: str = "") -> None:
        self._token = token

    def answer(self, challenge: str) -> str:
        """The proof for `challenge`, or nothing: not hex, for an answer to "join:…" would be a way in."""
        return self._proof(challenge) if self._token and _CHALLENGE.fullmatch(challenge) else ""

    def admits(self, token: str, authorization: str, challenge: str) -> bool:
        """Whether the token of a join, or an ``Authorization`` header, is the token or a proof of it."""
        if not self._token:
            return True
        known = [self._token]
        if _CHALLENGE.fullmatch(challenge):
            known.append(self._proof("join:" + challenge))
        said = (token, authorization.removeprefix("Bearer "))
        pairs = [(text.encode(errors="replace"), good.encode()) for text in said for good in known]
        return any([hmac.compare_digest(text, good) for text, good in pairs])

    def _proof(self, text: str) -> str:
        return hmac.new(self._token.encode(), text.encode(), hashlib.sha256).hexdigest()
