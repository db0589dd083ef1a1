"""Arguments of the public API: what is refused, by which error and in which sentence, and what is returned."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from ipysketch import SketchError, arguments
from ipysketch.errors import ArgumentError, ArgumentTypeError


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (
            lambda: arguments.points([(0, 0), (math.nan, 1)]),
            ValueError,
            "finite numbers within ±100000 board units",
        ),
        (
            lambda: arguments.points([(1, 2, 3)]),
            ValueError,
            r"shape \(n, 2\) with 1 to 20000 rows, not \(1, 3\)",
        ),
        (lambda: arguments.points("ab"), ValueError, "numbers of shape"),
        (lambda: arguments.points(cast(Any, [object()])), TypeError, "numbers of shape"),
        (lambda: arguments.points([(1, 2)], least=2), ValueError, "2 to"),
        (
            lambda: arguments.times([0, 1, 2], 2),
            ValueError,
            "t must be a finite number for each of the 2 points",
        ),
        (lambda: arguments.times(cast(Any, [0, {}]), 2), TypeError, "t must be numbers, one for each point"),
        (lambda: arguments.times([1, 0], 2), ValueError, "back in time"),
        (lambda: arguments.pressure([0, 1.5], 2), ValueError, "between 0 and 1"),
        (lambda: arguments.pressure([0, math.inf], 2), ValueError, "pressure must be a finite number"),
        (lambda: arguments.number("1", "dx"), TypeError, "dx must be a finite number, not '1'"),
        (lambda: arguments.number(math.inf, "dx"), ValueError, "dx must be a finite number, not inf"),
        (lambda: arguments.color("reddish"), ValueError, "'reddish' is not a colour; use #rrggbb"),
        (lambda: arguments.color("rgb(255 0 0 / 50%)"), ValueError, "is not a colour"),
        (lambda: arguments.color("currentColor"), ValueError, "is not a colour"),
        (lambda: arguments.color(0xFF0000), TypeError, "a colour must be text, not 16711680"),
        (lambda: arguments.text("a" * 1_000_000), ValueError, "at most 10000 characters, not 1000000"),
        (lambda: arguments.text(""), ValueError, "at least one character"),
        (lambda: arguments.text(b"a"), TypeError, "must be a string, not bytes"),
        (lambda: arguments.text("\ud800"), ValueError, "half a character"),
        (lambda: arguments.width(0), ValueError, "must lie between 0.125 and 200 board units, not 0"),
        (lambda: arguments.width(math.nan), ValueError, "must lie between"),
        (lambda: arguments.width(True), TypeError, "must lie between"),
        (lambda: arguments.size("big"), ValueError, "is a number, or S, M, L or XL, not 'big'"),
        (lambda: arguments.size(b"big"), TypeError, "must lie between 0.125 and 1000 board units"),
        (lambda: arguments.opacity(2), ValueError, "must lie between 0.01 and 1, not 2"),
        (lambda: arguments.dash("wavy"), ValueError, "'dashed' or 'dotted' or neither"),
        (lambda: arguments.dash(1), TypeError, "'dashed' or 'dotted' or neither"),
        (lambda: arguments.box((1, 2)), ValueError, "four numbers"),
        (lambda: arguments.box((1, 2, 3, None)), TypeError, "four numbers"),
        (lambda: arguments.box((0, 0, math.inf, 1)), ValueError, "finite"),
        (lambda: arguments.box((0, 0, 1, 100_001)), ValueError, "within ±100000"),
        (lambda: arguments.group(""), ValueError, "1 to 64 characters"),
        (lambda: arguments.group(None), TypeError, "must be a string, not NoneType"),
    ],
)
def test_an_argument_is_refused_in_a_sentence(
    call: Callable[[], object], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as caught:
        call()
    assert isinstance(caught.value, SketchError)
    assert "\n" not in str(caught.value)


def test_an_argument_is_returned_in_one_form() -> None:
    assert arguments.points([(0, 0)]).shape == (1, 2)
    assert arguments.times([1, 2], 2).tolist() == [1, 2]
    assert arguments.pressure(np.array([0, 0.5]), 2).tolist() == [0, 0.5]
    assert (arguments.color("#ABCDEF"), arguments.width(3), arguments.size(0.5)) == ("#abcdef", 3, 0.5)
    assert (arguments.opacity(1), arguments.number(np.int64(3), "dx")) == (1, 3)
    assert (arguments.dash(None), arguments.dash("dotted")) == ("", "dotted")
    assert (arguments.text("a"), arguments.group("g")) == ("a", "g")
    assert arguments.box((1, 2, 3, 4)).x1 == 4


def test_an_argument_error_is_what_people_catch() -> None:
    for error, builtin in ((ArgumentError, ValueError), (ArgumentTypeError, TypeError)):
        with pytest.raises(builtin, match="why") as caught:
            raise error("why")
        assert isinstance(caught.value, SketchError)
        assert caught.value.code == ""
        assert caught.value._render_traceback_() == ["ipysketch: why"]
