"""Codes of words: what they open, for how long, and how many guesses somebody has."""

from __future__ import annotations

import random
import re
from itertools import combinations
from pathlib import Path

import pytest

from relay.access.code_words import WORDS
from relay.access.codes import (
    AT_ONCE,
    AT_ONCE_OF_ALL,
    EVERY,
    EVERY_OF_ALL,
    LENGTH,
    MAX_CODES,
    MAX_IN_ROOM,
    MAX_OF_ONE,
    SECONDS,
    TELLING,
    Codes,
    Opened,
    TooManyGuesses,
    bits,
    spelled,
)
from relay.protocol import RemoteError

DOCS = Path(__file__).parents[3] / "docs"
HERE, THERE = "203.0.113.7", "198.51.100.1"
YEAR = 365 * 24 * 3600.0


@pytest.fixture
def codes() -> Codes:
    return Codes(random.Random(7).choice)


def wrong_guesses(codes: Codes, addresses: list[str], seconds: float, step: float = 1.0) -> int:
    """Return how many guesses are taken from somebody who always guesses."""
    taken = 0
    for tick in range(int(seconds / step) + 1):
        for address in addresses:
            try:
                while True:
                    codes.guess(address, tick * step)
                    taken += 1
            except TooManyGuesses:
                pass
    return taken


def test_a_code_opens_what_its_link_opens_until_it_ends(codes: Codes) -> None:
    words = codes.make("algebra", "a-token", "ada", 100.0)
    assert spelled(words) == words
    assert codes.find(words, 100.0) == Opened("algebra", "a-token")
    assert codes.find(words, 99.0 + SECONDS) == Opened("algebra", "a-token")
    assert codes.find(words, 100.0 + SECONDS) is None
    codes.make("algebra", "", "ada", 100.0 + SECONDS)
    assert len(codes) == 1, "what has ended is forgotten"


def test_no_code_is_there_twice() -> None:
    chosen = iter(["river"] * 3 * LENGTH + ["tiger"] * LENGTH)
    codes = Codes(lambda words: next(chosen))
    assert codes.make("algebra", "", "ada", 0.0) == "river river river river"
    assert codes.make("physics", "", "ada", 0.0) == "tiger tiger tiger tiger"
    assert codes.find("river river river river", 1.0) == Opened("algebra", "")


def test_somebody_has_few_codes_and_takes_no_others_away(codes: Codes) -> None:
    grace = codes.make("algebra", "", "grace", 0.0)
    mine = [codes.make("algebra", "", "ada", float(n)) for n in range(2 * MAX_OF_ONE)]
    assert [codes.find(words, 20.0) is not None for words in mine] == [False] * MAX_OF_ONE + [True] * MAX_OF_ONE
    assert codes.find(grace, 20.0) is not None


def test_a_room_and_a_relay_have_so_many_codes(codes: Codes) -> None:
    for n in range(MAX_IN_ROOM):
        codes.make("algebra", "", f"author {n}", 0.0)
    with pytest.raises(RemoteError, match="this room has all the codes") as refused:
        codes.make("algebra", "", "one more", 0.0)
    assert refused.value.code == "busy"
    for n in range(MAX_CODES - MAX_IN_ROOM):
        codes.make(f"room {n}", "", "ada", 0.0)
    with pytest.raises(RemoteError, match="this relay has all the codes"):
        codes.make("physics", "", "ada", 0.0)
    codes.make("physics", "", "ada", SECONDS)


@pytest.mark.parametrize(
    "typed",
    [
        "river castle tiger lemon",
        "River, Castle; TIGER-lemon!",
        "  rive\tcast tige\nlemo ",
        "rivers castles tigers lemons",
    ],
)
def test_how_a_code_is_typed_does_not_matter(typed: str) -> None:
    assert spelled(typed) == "river castle tiger lemon"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "river castle tiger",
        "river castle tiger lemon lemon",
        "river castle tiger lamon",
        "rivercastletigerlemon",
        "\u03c1iver castle tiger lemon",
        "riv castle tiger lemon",
        "river " * 5_000,
    ],
)
def test_what_cannot_be_a_code_is_no_guess(typed: str) -> None:
    assert spelled(typed) is None


def test_words_are_told_apart() -> None:
    assert len(WORDS) == len(set(WORDS)) == 256
    assert all(re.fullmatch(r"[a-z]{4,9}", word) for word in WORDS)
    assert len({word[:TELLING] for word in WORDS}) == len(WORDS)
    near = [pair for pair in combinations(WORDS, 2) if distance(*pair) < 2]
    assert near == []
    assert distance("alley", "valley") == 1, "the measure finds words that are near"


def test_an_address_has_few_guesses(codes: Codes) -> None:
    assert wrong_guesses(codes, [HERE], 0.0) == AT_ONCE
    codes.guess(THERE, 0.0)
    with pytest.raises(TooManyGuesses):
        codes.guess(HERE, EVERY - 0.1)
    codes.guess(HERE, EVERY)
    with pytest.raises(TooManyGuesses):
        codes.guess(HERE, EVERY)


def test_a_right_guess_costs_nothing(codes: Codes) -> None:
    for _ in range(AT_ONCE_OF_ALL + 1):
        codes.guess(HERE, 0.0)
        codes.was_right(HERE)
    assert wrong_guesses(codes, [HERE], 0.0) == AT_ONCE


def test_a_network_is_one_address(codes: Codes) -> None:
    mine = [f"2001:db8:1:2::{n:x}" for n in range(1, 40)]
    assert wrong_guesses(codes, mine, 0.0) == AT_ONCE
    assert wrong_guesses(codes, ["2001:db8:1:3::1"], 0.0) == AT_ONCE


def test_what_is_remembered_of_addresses_is_bounded(codes: Codes) -> None:
    many = [f"10.0.{n // 250}.{n % 250}" for n in range(5_000)]
    wrong_guesses(codes, many, 60.0)
    assert codes.counted <= AT_ONCE_OF_ALL + AT_ONCE * EVERY / EVERY_OF_ALL + 1


def test_guessing_comes_to_what_the_page_of_threats_says(codes: Codes) -> None:
    assert bits() == 32
    one = wrong_guesses(codes, [HERE], SECONDS)
    assert one == AT_ONCE + SECONDS / EVERY == 110
    crowd = wrong_guesses(Codes(random.Random(7).choice), [f"10.0.0.{n}" for n in range(200)], SECONDS)
    assert crowd == AT_ONCE_OF_ALL + SECONDS / EVERY_OF_ALL == 660
    space = len(WORDS) ** LENGTH
    year = YEAR / EVERY_OF_ALL / space
    said = (DOCS / "security.md").read_text()
    for figure in (
        f"{one} wrong guesses",
        f"{crowd} of all addresses together",
        f"1 in {round(space / one / 1e6):,} million",
        f"1 in {space / crowd / 1e6:.1f} million",
        f"1 in {round(space / (crowd * MAX_CODES), -3):,.0f}",
        f"{year:.1%}",
    ):
        assert figure in said, figure


def distance(one: str, other: str) -> int:
    """Return how many letters must be changed, added or left out to make one word the other."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        following = [number]
        for at, against in enumerate(other):
            following.append(min(row[at] + (letter != against), row[at + 1] + 1, following[at] + 1))
        row = following
    return row[-1]
