"""What a join is granted: by the secret, by a token, by somebody who vouches, or as everybody."""

from __future__ import annotations

from itertools import product

import pytest

from relay.access.authentication import Authenticator
from relay.access.tokens import Tokens
from relay.protocol import RemoteError, prove, vouch
from relay.room.permissions import Role

SECRET, CHALLENGE, NOW = "s" * 64, "0123456789abcdef0123456789abcdef", 1000.0
TOKENS = Tokens(b"t" * 32)


def token(role: Role, room: str = "main") -> str:
    return TOKENS.mint(room=room, role=role, name="", seconds=60, now=NOW)[0]


def role(relay: Authenticator, given: str = "", bearer: str = "", challenge: str = CHALLENGE) -> str:
    try:
        return relay.admit("main", given, f"Bearer {bearer}", challenge, NOW).role.word
    except RemoteError as error:
        return error.code


CLOSED = Authenticator(SECRET, tokens=TOKENS)
OPEN = Authenticator(SECRET, everybody=Role.EDITOR)


@pytest.mark.parametrize("relay", [CLOSED, OPEN], ids=["closed", "open"])
@pytest.mark.parametrize("vouched", ["viewer", "editor"])
def test_somebody_who_is_vouched_for_is_that(relay: Authenticator, vouched: str) -> None:
    """Also where everybody else is more."""
    assert role(relay, bearer=vouch(SECRET, vouched, CHALLENGE)) == vouched


@pytest.mark.parametrize("relay", [CLOSED, OPEN], ids=["closed", "open"])
@pytest.mark.parametrize("more", ["moderator", "owner", ""])
def test_nobody_is_vouched_to_be_more(relay: Authenticator, more: str) -> None:
    assert role(relay, bearer=vouch(SECRET, more, CHALLENGE)) == role(relay, bearer="nonsense")


def test_a_token_of_ones_own_counts() -> None:
    let_through = vouch(SECRET, "viewer", CHALLENGE)
    assert role(CLOSED, token(Role.MODERATOR), let_through) == "moderator"
    assert role(CLOSED, token(Role.EDITOR, "other"), let_through) == "token"
    assert role(CLOSED, "nonsense", let_through) == "token"
    # A relay that reads no tokens makes nobody more for showing something.
    assert role(OPEN, "nonsense", let_through) == "viewer"
    assert role(OPEN, SECRET, let_through) == "owner"


def test_a_proof_is_good_for_its_challenge_and_its_purpose() -> None:
    other = CHALLENGE[::-1]
    assert role(CLOSED, bearer=vouch(SECRET, "editor", other)) == "token"
    assert role(CLOSED, bearer=vouch("x" * 64, "editor", CHALLENGE)) == "token"
    assert role(CLOSED, bearer=vouch(SECRET, "editor", ""), challenge="") == "token"
    assert role(CLOSED, given=vouch(SECRET, "editor", CHALLENGE)) == "token", "a page cannot vouch for itself"
    # What the relay proves to whoever asks is neither of the proofs that admit.
    answers = {CLOSED.answer(text) for text in (CHALLENGE, f"join:{CHALLENGE}", f"vouch editor {CHALLENGE}")}
    proofs = {prove(SECRET, "join:" + CHALLENGE), *(vouch(SECRET, who.word, CHALLENGE) for who in Role)}
    assert not answers & proofs


def test_the_users_own_proof_makes_an_owner_and_no_secret_makes_nothing() -> None:
    assert role(CLOSED, prove(SECRET, "join:" + CHALLENGE)) == "owner"
    bare = Authenticator(tokens=TOKENS)
    for who, secret in product(("viewer", "editor"), ("", SECRET)):
        assert role(bare, bearer=vouch(secret, who, CHALLENGE)) == "token"
