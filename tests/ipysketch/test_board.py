"""Arguments of a board: what is refused, by which error and in which sentence, before anything has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from ipysketch import Sketch, SketchError

BOARD_CALLS: list[tuple[Callable[[Any], object], type[Exception], str]] = [
    (lambda board: Sketch(name=cast(Any, 7)), TypeError, "a name must be text, not 7"),
    (lambda board: Sketch(name="n" * 65), ValueError, "at most 64 characters"),
    (lambda board: Sketch(color="reddish"), ValueError, "#rrggbb"),
    (lambda board: board.rename(color=0xFF0000), TypeError, "a colour must be text, not 16711680"),
    (lambda board: board.connect(7), TypeError, "the address of a relay must be text"),
    (lambda board: board.connect("relay:8765"), ValueError, "'relay:8765' is not the address of a relay"),
    (lambda board: board.connect("ftp://relay"), ValueError, "'ftp://relay' is not the address of a relay"),
    (
        lambda board: board.connect("https://relay/r/algebra#token=x"),
        ValueError,
        r"web page of the room 'algebra'.*connect to wss://relay with the room 'algebra'",
    ),
    (lambda board: board.connect(room=b"main"), TypeError, "the name of a room must be text"),
    (lambda board: board.connect(room="a/b"), ValueError, "'a/b' cannot be used"),
    (lambda board: board.turn(3), ValueError, "no page 3; this board has 1, numbered from 0"),
    (lambda board: board.add_page("n" * 81), ValueError, "at most 80 characters"),
    (lambda board: board.rename_page(0, None), TypeError, "a page's name must be text, not None"),
    (lambda board: board.rename_page(0, "x"), ValueError, "the first page has no name"),
    (lambda board: board.follow("Grace"), ValueError, "nobody here is called 'Grace'"),
    (lambda board: board.remove("Grace"), ValueError, "nobody here is called 'Grace'"),
    (lambda board: board.on("lunch"), ValueError, "nothing is called 'lunch'"),
    (lambda board: board.on("stroke", 7), TypeError, "not 7"),
    (lambda board: board.on_event("mouse", "f"), TypeError, "not 'f'"),
    (lambda board: board.emit(""), ValueError, "an event's name"),
    (lambda board: board.emit("mouse", object()), ValueError, "what JSON can hold"),
    (lambda board: board.connect(token="two words"), ValueError, "this is no token"),
    (lambda board: board.connect(token="two\nlines"), ValueError, "this is no token"),
    (lambda board: board.connect(token="näh"), ValueError, "this is no token"),
    (lambda board: board.connect(token="x" * 5000), ValueError, "this is no token"),
    (lambda board: board.connect(token=b"bytes"), TypeError, "a token must be text"),
    (lambda board: board.invite(None), TypeError, "a name must be text"),
    (lambda board: board.invite(seconds="long"), TypeError, "seconds must be a finite number"),
    (lambda board: board.at("noon"), TypeError, "the number of an entry of the log, or a datetime, not 'noon'"),
    (lambda board: board.replay(0), ValueError, "between 0.01 and 1000"),
    (lambda board: board.replay("fast"), TypeError, "speed must be a finite number"),
]


@pytest.mark.parametrize(("call", "error", "sentence"), BOARD_CALLS)
def test_an_argument_that_is_not_allowed(
    call: Callable[[Any], object], error: type[Exception], sentence: str
) -> None:
    board = Sketch(name="Ada")
    with pytest.raises(SketchError, match=sentence) as refused:
        call(board)
    assert isinstance(refused.value, error)
    assert (board.elements, board.pending, len(board.pages)) == ((), 0, 1)


def test_what_needs_a_relay_says_so_without_one() -> None:
    board = Sketch(name="Ada")
    for call in (board.lock, board.unlock, board.invite, board.share, lambda: board.emit("mouse", 1)):
        with pytest.raises(SketchError, match="not connected"):
            call()
    with pytest.raises(SketchError, match="nothing has been drawn"):
        board.film()


def test_one_page_is_shown_at_a_time() -> None:
    board = Sketch(name="Ada")
    board.stroke([(0, 0), (9, 9)])
    draft = board.add_page("Draft")
    assert (board.page, board.elements) == (draft, ())
    board.delete_page("Draft")
    assert board.page == board.pages[0]
    assert len(board.elements) == 1
