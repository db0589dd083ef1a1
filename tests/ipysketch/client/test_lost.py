"""What people are told of operations that came to nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ipysketch.client.lost import Lost, lost_in_words
from relay.protocol import Clear, Create, Delete, Patch


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ([(Create("a", {}),)], "A stroke was refused: full. It is kept in board.lost."),
        ([(Create("a", {}), Create("b", {}))], "2 elements were refused: full. They are kept in board.lost."),
        (
            [(Create("a", {}),), (Create("b", {}),)],
            "2 elements were refused: full. They are kept in board.lost.",
        ),
        ([(Patch("a", {}),)], "A stroke was refused: full. It is kept in board.lost."),
        ([(Delete(("a",)), Clear())], "2 changes were refused: full. They are kept in board.lost."),
    ],
)
def test_what_was_lost_is_one_sentence(lost: list[tuple[Any, ...]], words: str) -> None:
    before = Lost((Create("z", {}), Create("y", {}), Create("x", {})), "another reason")
    assert lost_in_words([before, *(Lost(actions, "full") for actions in lost)]) == words
