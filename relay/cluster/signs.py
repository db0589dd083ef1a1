"""How relays of one deployment recognise each other: by what only somebody with their secret can have made. Pure."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote, unquote

HOP = "X-Ipysketch-Hop"
"""The header of a connection that another relay passes on."""
QUESTION = "X-Ipysketch-Question"
"""The header of a question of another relay."""
FRESH = 60.0
"""Seconds, by the store's clock, for which either is believed."""


class Hop(NamedTuple):
    """What a relay says of a connection that it passes on: for which life of which relay it is, when, by the store's
    clock, from which address it came, and whether it may be passed on once more."""

    incarnation: int
    at: float
    address: str
    may_go_on: bool


def sign_hop(secret: bytes, hop: Hop, path: str) -> str:
    """Return the value of `HOP` for a connection that asks for `path`."""
    said = f"{hop.incarnation} {hop.at:.3f} {int(hop.may_go_on)} {hop.address}"
    return _signed(secret, "hop", said, path)


def read_hop(secret: bytes, value: str, path: str) -> Hop | None:
    """Return what `value` says; None when nobody with the secret has made it for `path`."""
    said = _read(secret, "hop", value, path)
    if said is None:
        return None
    incarnation, at, may_go_on, address = said.split(" ", 3)
    return Hop(int(incarnation), float(at), address, may_go_on == "1")


class Answer(NamedTuple):
    """What a relay answers another one that asks: which life of which relay it is, and whether the store hears it."""

    id: str
    incarnation: int
    is_heard: bool


def sign_answer(secret: bytes, answer: Answer, challenge: str) -> str:
    """Return the text of an answer to who sent `challenge`."""
    said = f"{answer.incarnation} {int(answer.is_heard)} {answer.id}"
    return _signed(secret, "answer", said, challenge)


def read_answer(secret: bytes, text: str, challenge: str) -> Answer | None:
    """Return an answer; None when nobody with the secret has made it for `challenge`."""
    said = _read(secret, "answer", text, challenge)
    if said is None:
        return None
    incarnation, is_heard, id = said.split(" ", 2)
    return Answer(id, int(incarnation), is_heard == "1")


class Question(NamedTuple):
    """What a relay asks another one about word codes: for which life of it, when, by the store's clock, what (see
    `CodePage.of_a_fellow`), and of which words or address."""

    incarnation: int
    at: float
    command: str
    subject: str


def sign_question(secret: bytes, question: Question, challenge: str) -> str:
    """Return the value of `QUESTION`."""
    said = f"{question.incarnation} {question.at:.3f} {question.command} {quote(question.subject)}"
    return _signed(secret, "question", said, challenge)


def read_question(secret: bytes, value: str, challenge: str) -> Question | None:
    """Return what `value` asks; None when nobody with the secret has made it for `challenge`."""
    said = _read(secret, "question", value, challenge)
    if said is None:
        return None
    incarnation, at, command, subject = said.split(" ")
    return Question(int(incarnation), float(at), command, unquote(subject))


def sign_reply(secret: bytes, reply: str, challenge: str) -> str:
    """Return the text of a reply to the question that came with `challenge`."""
    return _signed(secret, "reply", reply, challenge)


def read_reply(secret: bytes, text: str, challenge: str) -> str | None:
    """Return a reply; None when nobody with the secret has made it for `challenge`."""
    return _read(secret, "reply", text, challenge)


def _signed(secret: bytes, kind: str, said: str, about: str) -> str:
    """Return `said` with a sign that only somebody with the secret can make, for what it is `about`."""
    text = f"{kind}\n{said}\n{about}".encode(errors="surrogateescape")
    return f"{hmac.digest(secret, text, sha256).hex()} {said}"


def _read(secret: bytes, kind: str, value: str, about: str) -> str | None:
    """Return what was said in a value of `_signed`, whatever characters it has; None for any other."""
    value = value.strip()
    said = value.partition(" ")[2]
    expected = _signed(secret, kind, said, about)
    same = hmac.compare_digest(
        value.encode(errors="surrogateescape"), expected.encode(errors="surrogateescape")
    )
    return said if same else None
