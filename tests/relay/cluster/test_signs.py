"""What relays tell each other is believed when somebody with their secret made it, for what it is used for."""

from __future__ import annotations

import pytest

from relay.cluster.signs import (
    Answer,
    Hop,
    Question,
    read_answer,
    read_hop,
    read_question,
    read_reply,
    sign_answer,
    sign_hop,
    sign_question,
    sign_reply,
)

SECRET, OTHER = b"s" * 32, b"t" * 32
HOP = Hop(7, 1000.5, "2001:db8::1", may_go_on=True)
ANSWER = Answer("r 1", 7, is_heard=False)
QUESTION = Question(7, 1000.5, "code", "river stone\r\nX-Other: ü")


def test_a_hop_is_read_as_it_was_signed() -> None:
    assert read_hop(SECRET, sign_hop(SECRET, HOP, "/?room=a"), "/?room=a") == HOP
    assert read_hop(SECRET, sign_hop(SECRET, HOP._replace(may_go_on=False), "/"), "/") == (*HOP[:3], False)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        sign_hop(OTHER, HOP, "/"),
        sign_hop(SECRET, HOP, "/?room=b"),
        sign_hop(SECRET, HOP, "/").replace("2001:db8::1", "10.0.0.1"),
        sign_hop(SECRET, HOP, "/").replace(" 1 2001", " 0 2001"),
        sign_answer(SECRET, ANSWER, "/"),
        "\udcfc 1",
        "ü \udcfc",
    ],
)
def test_what_nobody_with_the_secret_made_is_no_hop(value: str) -> None:
    assert read_hop(SECRET, value, "/") is None


def test_an_answer_is_one_to_its_challenge() -> None:
    text = sign_answer(SECRET, ANSWER, "abc")
    assert read_answer(SECRET, f"{text}\r\n", "abc") == ANSWER
    assert read_answer(SECRET, text, "xyz") is None
    assert read_answer(OTHER, text, "abc") is None
    assert read_answer(SECRET, text.replace(" 0 ", " 1 "), "abc") is None
    assert read_answer(SECRET, "404", "abc") is None


def test_a_question_is_read_as_it_was_signed_and_fits_in_a_header() -> None:
    value = sign_question(SECRET, QUESTION, "abc")
    assert read_question(SECRET, value, "abc") == QUESTION
    assert value.isascii()
    assert value.isprintable()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        sign_question(OTHER, QUESTION, "abc"),
        sign_question(SECRET, QUESTION, "xyz"),
        sign_question(SECRET, QUESTION, "abc").replace(" code ", " guess "),
        sign_hop(SECRET, HOP, "abc"),
        "ü 1",
    ],
)
def test_what_nobody_with_the_secret_made_is_no_question(value: str) -> None:
    assert read_question(SECRET, value, "abc") is None


def test_a_reply_is_one_to_its_challenge() -> None:
    text = sign_reply(SECRET, '["algebra", "token"]', "abc")
    assert read_reply(SECRET, f"{text}\r\n", "abc") == '["algebra", "token"]'
    assert read_reply(SECRET, text, "xyz") is None
    assert read_reply(OTHER, text, "abc") is None
    assert read_reply(SECRET, text.replace("algebra", "botany"), "abc") is None
