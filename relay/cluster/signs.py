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
    return f"{_sign(secret, 'hop', said, path)} {said}"


def read_hop(secret: bytes, value: str, path: str) -> Hop | None:
    """Return what `value` says; None when nobody with the secret has made it for `path`."""
    sign, _, said = value.partition(" ")
    words = said.split(" ", 3)
    if len(words) != 4 or not hmac.compare_digest(sign, _sign(secret, "hop", said, path)):
        return None
    return Hop(int(words[0]), float(words[1]), words[3], words[2] == "1")


class Answer(NamedTuple):
    """What a relay answers another one that asks: which life of which relay it is, and whether the store hears it."""

    id: str
    incarnation: int
    is_heard: bool


def sign_answer(secret: bytes, answer: Answer, challenge: str) -> str:
    """Return the text of an answer to who sent `challenge`."""
    said = f"{answer.incarnation} {int(answer.is_heard)} {answer.id}"
    return f"{_sign(secret, 'answer', said, challenge)} {said}"


def read_answer(secret: bytes, text: str, challenge: str) -> Answer | None:
    """Return an answer; None when nobody with the secret has made it for `challenge`."""
    sign, _, said = text.strip().partition(" ")
    words = said.split(" ", 2)
    if len(words) != 3 or not hmac.compare_digest(sign, _sign(secret, "answer", said, challenge)):
        return None
    return Answer(words[2], int(words[0]), words[1] == "1")


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
    return f"{_sign(secret, 'question', said, challenge)} {said}"


def read_question(secret: bytes, value: str, challenge: str) -> Question | None:
    """Return what `value` asks; None when nobody with the secret has made it for `challenge`."""
    sign, _, said = value.partition(" ")
    words = said.split(" ")
    if len(words) != 4 or not hmac.compare_digest(sign, _sign(secret, "question", said, challenge)):
        return None
    return Question(int(words[0]), float(words[1]), words[2], unquote(words[3]))


def sign_reply(secret: bytes, reply: str, challenge: str) -> str:
    """Return the text of a reply to the question that came with `challenge`."""
    return f"{_sign(secret, 'reply', reply, challenge)} {reply}"


def read_reply(secret: bytes, text: str, challenge: str) -> str | None:
    """Return a reply; None when nobody with the secret has made it for `challenge`."""
    sign, _, reply = text.strip().partition(" ")
    return reply if hmac.compare_digest(sign, _sign(secret, "reply", reply, challenge)) else None


def _sign(secret: bytes, *words: str) -> str:
    return hmac.digest(secret, "\n".join(words).encode(), sha256).hex()
