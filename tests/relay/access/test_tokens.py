"""Tokens: what they must say, and that nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jwt
import pytest

from relay.access.authentication import Authenticator
from relay.access.tokens import ALGORITHM, AUDIENCE, REQUIRED, Tokens, read_secret
from relay.protocol import RemoteError
from relay.room.permissions import Role

SECRET = b"s" * 64
TOKENS = Tokens(SECRET)
NOW = 1_800_000_000.0


def claims(**changed: Any) -> dict[str, Any]:
    whole = {"exp": NOW + 60, "aud": AUDIENCE, "sub": "Ada", "room": "algebra", "role": "editor", "jti": "1"}
    return {name: value for name, value in {**whole, **changed}.items() if value is not None}


def test_what_was_minted_is_read_back() -> None:
    token, grant = TOKENS.mint(room="algebra", role=Role.EDITOR, name="Ada", seconds=60, now=NOW)
    read = TOKENS.read(token, "algebra", NOW + 59)
    assert read == grant
    assert (read.role, read.subject, read.name, read.expires) == (Role.EDITOR, "Ada", "Ada", NOW + 60)


def test_a_token_of_every_room_opens_every_room() -> None:
    token, _ = TOKENS.mint(room="*", role=Role.OWNER, name="", seconds=60, now=NOW)
    assert TOKENS.read(token, "algebra", NOW).role is Role.OWNER


@pytest.mark.parametrize(("after", "good"), [(59.9, True), (60.0, False), (61.0, False)])
def test_it_ends_when_it_says(after: float, good: bool) -> None:
    token, _ = TOKENS.mint(room="algebra", role=Role.EDITOR, name="Ada", seconds=60, now=NOW)
    if good:
        TOKENS.read(token, "algebra", NOW + after)
    else:
        with pytest.raises(RemoteError) as caught:
            TOKENS.read(token, "algebra", NOW + after)
        assert caught.value.code == "token-expired"


@pytest.mark.parametrize("missing", REQUIRED)
def test_each_claim_is_required(missing: str) -> None:
    with pytest.raises(RemoteError) as caught:
        TOKENS.read(jwt.encode(claims(**{missing: None}), SECRET, ALGORITHM), "algebra", NOW)
    assert caught.value.code == "token"


@pytest.mark.parametrize(
    "token",
    [
        jwt.encode(claims(), b"another secret, as long as it has to be", ALGORITHM),
        jwt.encode(claims(), SECRET, "HS512"),
        jwt.encode(claims(), "", "none"),
        jwt.encode(claims(aud="elsewhere"), SECRET, ALGORITHM),
        jwt.encode(claims(room="geometry"), SECRET, ALGORITHM),
        jwt.encode(claims(role="king"), SECRET, ALGORITHM),
        jwt.encode(claims(sub=7), SECRET, ALGORITHM),
        jwt.encode(claims(jti=""), SECRET, ALGORITHM),
        jwt.encode(claims(exp="soon"), SECRET, ALGORITHM),
        jwt.encode(claims(exp=1e400), SECRET, ALGORITHM),
        jwt.encode(claims(name="n" * 65), SECRET, ALGORITHM),
        jwt.encode(claims(), SECRET, ALGORITHM)[:-2],
        "not a token",
        "",
        "a.b.c",
        "é.ü.\ud800",
    ],
    ids=range(16),
)
def test_what_is_none_is_refused_in_a_sentence(token: str) -> None:
    with pytest.raises(RemoteError) as caught:
        TOKENS.read(token, "algebra", NOW)
    assert caught.value.code == "token"
    assert "ask who runs" in caught.value.reason


@pytest.mark.parametrize("seconds", [0, -1, 400 * 24 * 3600, float("nan"), float("inf")])
def test_a_token_must_end(seconds: float) -> None:
    with pytest.raises(RemoteError):
        TOKENS.mint(room="algebra", role=Role.EDITOR, name="", seconds=seconds, now=NOW)


def test_admission_by_token_header_or_first_message() -> None:
    admission = Authenticator(tokens=TOKENS, everybody=None)
    token, grant = TOKENS.mint(room="algebra", role=Role.VIEWER, name="Ada", seconds=60, now=NOW)
    assert admission.admit("algebra", token, "", "", NOW) == grant
    assert admission.admit("algebra", "", f"Bearer {token}", "", NOW) == grant
    assert admission.admit("algebra", f" {token}\n", "", "", NOW) == grant, "as it was pasted"
    with pytest.raises(RemoteError, match="missing"):
        admission.admit("algebra", "", "", "", NOW)
    admission.revoked.add(grant.id)
    with pytest.raises(RemoteError) as caught:
        admission.admit("algebra", token, "", "", NOW)
    assert caught.value.code == "token-revoked"


def test_without_tokens_everybody_is_what_the_relay_says() -> None:
    with pytest.raises(RemoteError, match="missing"):
        Authenticator().admit("algebra", "", "", "", NOW)
    assert Authenticator(everybody=Role.EDITOR).admit("algebra", "x", "", "", NOW).role is Role.EDITOR
    assert Authenticator("shared").admit("algebra", "shared", "", "", NOW).role is Role.OWNER
    open_to_all = Authenticator("shared", everybody=Role.EDITOR)
    assert open_to_all.admit("algebra", "shared", "", "", NOW).role is Role.OWNER
    assert open_to_all.admit("algebra", "guessed", "", "", NOW).role is Role.EDITOR
    with pytest.raises(RemoteError):
        Authenticator("shared").admit("algebra", "", "", "", NOW)


def test_a_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    secret = read_secret(path)
    assert len(secret) >= 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_secret(path) == secret
    path.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        read_secret(path)
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(ValueError, match="shorter than 32"):
        read_secret(path)
    with pytest.raises(ValueError, match="cannot be read"):
        read_secret(tmp_path / "no" / "where")
