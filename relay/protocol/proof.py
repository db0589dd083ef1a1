"""The proofs by which a relay and what runs for the same user recognise each other. Pure."""

from __future__ import annotations

import hashlib
import hmac


def prove(secret: str, challenge: str) -> str:
    """Return what shows that one knows `secret`, and does not tell it: an HMAC of `challenge`, in hex."""
    return hmac.new(secret.encode(), challenge.encode(), hashlib.sha256).hexdigest()


def vouch(secret: str, role: str, challenge: str) -> str:
    """Return what shows that one knows `secret` and lets somebody else in, as a viewer or an editor: `role`.

    It is no proof of being the user oneself, whatever the challenge is.
    """
    return prove(secret, f"vouch {role} {challenge}")
