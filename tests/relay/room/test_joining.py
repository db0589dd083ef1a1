"""As which client somebody joins: every row of the table, with each thing that may differ."""

from __future__ import annotations

import msgspec
import pytest

from relay.limits import Limits
from relay.protocol import Join, RemoteError
from relay.records import LoadedRoom, LogRow, ResumeFacts
from relay.room.clients import Client, digest
from relay.room.joining import NO_FACTS, Begin, Continue, Renew, identify, introduce, is_same_log
from relay.room.log import RoomLog

ID, KEY = "c" * 16, "k" * 16
JOIN = Join("algebra", name="Ada", secret="ada", client=ID, resume_key=KEY, epoch="e", seq=1, mark=7)
ADA = introduce(JOIN, Limits(), "", "")
CLIENT = ADA.client(ID, KEY)
FRESH = Join("algebra", secret="ada")


def identity(join: Join, client: Client | None, *, same_log: bool) -> object:
    return identify(join, introduce(join, Limits(), "", ""), client, same_log=same_log)


def other(**fields: object) -> Join:
    return msgspec.structs.replace(JOIN, **fields)


@pytest.mark.parametrize(
    ("join", "client", "same_log", "expected"),
    [
        (JOIN, CLIENT, True, Continue(CLIENT)),
        (JOIN, None, True, Renew()),
        (other(client="short"), None, True, Begin(reset=False)),
        (other(client="c" * 65), None, True, Begin(reset=False)),
        (other(resume_key="short"), None, True, Begin(reset=False)),
        (JOIN, CLIENT, False, Begin(reset=True)),
        (JOIN, None, False, Begin(reset=True)),
        (other(secret="mallory"), CLIENT, True, Begin(reset=True)),
        (other(secret=""), CLIENT, True, Continue(CLIENT)),
        (FRESH, None, False, Begin(reset=False)),
    ],
)
def test_a_row_of_the_table(join: Join, client: Client | None, same_log: bool, expected: object) -> None:
    assert identity(join, client, same_log=same_log) == expected


@pytest.mark.parametrize("same_log", [False, True])
def test_a_wrong_resume_key_is_refused(same_log: bool) -> None:
    with pytest.raises(RemoteError) as caught:
        identity(other(resume_key="x" * 16), CLIENT, same_log=same_log)
    assert caught.value.code == "bad-key"


def test_a_token_says_who_somebody_is_and_a_secret_only_without() -> None:
    by_token = introduce(JOIN, Limits(), "subject", "Grace")
    assert (by_token.name, by_token.named_by_token) == ("Grace", True)
    assert len({by_token.author, ADA.author, ""}) == 3
    assert introduce(other(secret="another"), Limits(), "subject", "").author == by_token.author
    assert introduce(other(secret=""), Limits(), "", "").author == ""
    assert introduce(other(name=" \n"), Limits(), "", "").name == "guest"


def test_a_client_without_proof_is_an_author_that_nothing_others_are_told_leads_to() -> None:
    nobody = introduce(other(secret=""), Limits(), "", "")
    one = nobody.client(ID, KEY)
    assert one.author == nobody.client("d" * 16, KEY).author, "the author is that of the resume key"
    assert one.author != nobody.client(ID, "l" * 16).author
    assert len({one.author, ADA.author, ID[:16]}) == 3
    # Whoever has read the author from the drawing asks for it by every field of a join.
    for field in ("client", "resume_key", "secret", "name"):
        claim = other(**{"secret": "", "resume_key": "m" * 16, field: one.author})
        assert introduce(claim, Limits(), "", "").client(claim.client, claim.resume_key).author != one.author


def test_the_resume_key_of_a_subject_is_of_no_use_without_its_token() -> None:
    by_token = introduce(JOIN, Limits(), "subject", "")
    client = by_token.client(ID, KEY)
    assert identify(JOIN, by_token, client, same_log=True) == Continue(client)
    for anybody in (ADA, introduce(other(secret=""), Limits(), "", ""), introduce(JOIN, Limits(), "else", "")):
        with pytest.raises(RemoteError, match="resume key"):
            identify(JOIN, anybody, client, same_log=True)
    kept_by_an_older_relay = Client(ID, digest("key", KEY), by_token.author)
    assert identify(JOIN, by_token, kept_by_an_older_relay, same_log=True) == Continue(kept_by_an_older_relay)


@pytest.fixture
def log() -> RoomLog:
    """A log of two entries, whose marks are 7 and 8."""
    bodies = [
        f'{{"type":"commit","seq":{seq},"mark":{6 + seq},"at":1.0,"client":"c","op":{seq},"author":"a","changes":[]}}'
        for seq in (1, 2)
    ]
    rows = [LogRow(seq, 6 + seq, 1.0, "c", seq, body.encode()) for seq, body in enumerate(bodies, 1)]
    return RoomLog(LoadedRoom("e", 1, False, None, rows), Limits())


@pytest.mark.parametrize(
    ("join", "last", "expected"),
    [
        (JOIN, 0, True),
        (other(seq=2, mark=8), 0, True),
        (other(seq=0, mark=0), 0, True),
        (other(epoch="f"), 0, False),
        (other(epoch=""), 0, False),
        (other(mark=8), 0, False),
        (other(seq=3, mark=9), 0, False),
        (other(seq=-1), 0, False),
        (other(settled=2), 2, True),
        (other(settled=3), 2, False),
    ],
)
def test_whose_log_is_this_one(log: RoomLog, join: Join, last: int, expected: bool) -> None:
    assert is_same_log(join, "e", log, last, NO_FACTS) is expected


def test_the_mark_of_an_entry_that_is_not_in_memory_is_the_stores(
    log: RoomLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "remembers", lambda seq: False)
    assert is_same_log(JOIN, "e", log, 0, ResumeFacts(7, None, ()))
    assert not is_same_log(JOIN, "e", log, 0, ResumeFacts(8, None, ()))
    assert not is_same_log(JOIN, "e", log, 0, NO_FACTS), "the store has no such entry"


def test_a_name_of_a_token_is_verified_and_its_author_is_no_identity_of_a_hub() -> None:
    ada = introduce(other(name="Mallory"), Limits(), "hub:ada", "hub:ada")
    assert (ada.name, ada.verified) == ("hub:ada", True)
    assert ":" not in ada.author
    chosen = introduce(other(name="hub:ada"), Limits(), "some subject", "")
    assert (chosen.name, chosen.verified) == ("hub:ada", False)
    assert chosen.author != ada.author


def test_a_verified_subject_is_the_author_and_nobody_else_can_be_it() -> None:
    ada = introduce(other(name="Mallory"), Limits(), "hub:ada", "ada", verified=True)
    assert (ada.author, ada.name, ada.named_by_token, ada.verified) == ("hub:ada", "ada", True, True)
    client = ada.client(ID, KEY)
    claims = [
        (other(name="hub:ada", secret="hub:ada"), ""),
        (other(name="ada", secret=""), ""),
        (JOIN, "hub:ada"),  # A token of the relay, for a subject of that name.
    ]
    for join, subject in claims:
        mallory = introduce(join, Limits(), subject, "")
        assert not mallory.verified
        assert ":" not in mallory.client(ID, KEY).author
    with pytest.raises(RemoteError, match="resume key"):
        identify(other(secret=""), introduce(other(secret=""), Limits(), "", ""), client, same_log=True)
