"""The proof that somebody knows a secret."""

from __future__ import annotations

from relay.protocol.proof import prove


def test_a_proof_is_the_hmac_of_the_challenge() -> None:
    # The first is test case 2 of RFC 4231.
    assert prove("Jefe", "what do ya want for nothing?") == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_another_secret_or_another_challenge_is_another_proof() -> None:
    proofs = {prove(secret, challenge) for secret in ("a", "b") for challenge in ("join:1", "join:2")}
    assert len(proofs) == 4
