"""The rules for values and names, at their edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.protocol import (
    MAX_DELETES,
    MAX_DEPTH,
    MAX_FIELDS,
    MAX_KEY,
    MAX_NAME,
    SAFE_INTEGER,
    Action,
    Clear,
    Create,
    Delete,
    Event,
    Patch,
    RemoteError,
    Revert,
    check_event_name,
    check_key,
    check_value,
    decode_event,
    normalize_action,
    normalize_color,
    normalize_fields,
    normalize_name,
)
from relay.protocol.validation import check_page


def nested(depth: int) -> Any:
    """A value that is nested `depth` deep, by turns in lists and objects."""
    value: Any = 1
    for level in range(depth):
        value = {"in": value} if level % 2 else [value]
    return value


def code_of(call: Callable[[], object]) -> str:
    """The code of the refusal; "" when there is none."""
    try:
        call()
    except RemoteError as refusal:
        return refusal.code
    return ""


def test_values_may_be_nested_to_their_limit() -> None:
    assert code_of(lambda: check_value(nested(MAX_DEPTH))) == ""
    assert code_of(lambda: check_value(nested(MAX_DEPTH + 1))) == "too-deep"
    assert code_of(lambda: normalize_fields({"a": nested(MAX_DEPTH - 1)})) == ""
    assert code_of(lambda: normalize_fields({"a": nested(MAX_DEPTH)})) == "too-deep", "fields are an object"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        *(("1.0", "1"), ("-0.0", "0"), ("-0", "0"), ("1e5", "100000"), ("[2.50, 1E1]", "[2.5,10]")),
        *(('{"a": [-3.0]}', '{"a":[-3]}'), ("9007199254740992.0", "9007199254740992"), ("1e-400", "0")),
        *(('"1.0"', '"1.0"'), ("1.5e-7", "1.5e-7"), ("[1.0,2.0]", "[1,2]")),
    ],
)
def test_a_number_is_kept_as_all_languages_write_it(written: str, kept: str) -> None:
    fields = normalize_fields({"a": msgspec.Raw(written.encode())})
    assert bytes(fields["a"]).decode() == kept


@pytest.mark.parametrize("number", ["1e16", "9007199254740994.0", "-1e300", "1e400", "[-1e400]", "9" * 400])
def test_a_number_beyond_what_all_languages_hold_is_refused(number: str) -> None:
    assert code_of(lambda: normalize_fields({"a": msgspec.Raw(number.encode())})) == "bad-value"


def is_allowed(value: object, depth: int) -> bool:
    """What `check_value` must find, value by value."""
    if isinstance(value, list | dict):
        items = value if isinstance(value, list) else list(value.values())
        return depth > 0 and all(is_allowed(item, depth - 1) for item in items)
    return not isinstance(value, int) or -SAFE_INTEGER <= value <= SAFE_INTEGER


def floats(value: object) -> list[float]:
    """The floats in a value."""
    if isinstance(value, list | dict):
        return [
            found for item in (value if isinstance(value, list) else value.values()) for found in floats(item)
        ]
    return [value] if isinstance(value, float) else []


tricky = st.text(st.sampled_from('[]{}"\\\n0123456789é'), max_size=30)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.floats(allow_nan=False, allow_infinity=False)
        | tricky
        # At the edge, and beyond what msgspec calls a whole number.
        | st.integers(-20, 20)
        | st.sampled_from([s * (SAFE_INTEGER + n) for s in (1, -1) for n in (-1, 0, 1)]),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(tricky, inner, max_size=3),
    ),
    st.integers(0, 8),
    st.booleans(),
)
def test_a_look_at_the_text_finds_what_a_look_at_each_value_does(value: Any, levels: int, listed: bool) -> None:
    for _ in range(levels):
        value = [value] if listed else {"a]": value}
    for depth in (4, MAX_DEPTH):
        assert (code_of(lambda depth=depth: check_value(value, depth)) == "") is is_allowed(value, depth)  # type: ignore[misc]
    encoded = msgspec.Raw(msgspec.json.encode(value))
    # A float as large as that is a whole number, too, once it is written.
    allowed = is_allowed(value, MAX_DEPTH - 1) and all(abs(number) <= SAFE_INTEGER for number in floats(value))
    assert (code_of(lambda: normalize_fields({"a": encoded})) == "") is allowed


@pytest.mark.parametrize("wrap", [lambda n: n, lambda n: [n], lambda n: [[1, n]], lambda n: {"a": ["b", n]}])
@pytest.mark.parametrize("sign", [1, -1])
def test_whole_numbers_are_limited_wherever_they_are(wrap: Callable[[int], object], sign: int) -> None:
    assert code_of(lambda: check_value(wrap(sign * SAFE_INTEGER))) == ""
    assert code_of(lambda: check_value(wrap(sign * (SAFE_INTEGER + 1)))) == "bad-value"


@pytest.mark.parametrize(
    ("check", "shortest", "longest", "code"),
    [
        (check_key, 1, MAX_KEY, "bad-key-name"),
        (check_page, 0, MAX_KEY, "bad-page"),
        (check_event_name, 1, MAX_KEY, "bad-event"),
    ],
)
def test_names_have_a_length(check: Callable[[str], None], shortest: int, longest: int, code: str) -> None:
    lengths = range(longest + 2)
    refused = {length: code_of(lambda length=length: check("ä" * length)) for length in lengths}  # type: ignore[misc]
    assert refused == {length: "" if shortest <= length <= longest else code for length in lengths}


@pytest.mark.parametrize("name", [None, 7, ["mouse"]])
def test_an_event_has_a_name_that_is_text(name: object) -> None:
    assert code_of(lambda: check_event_name(name)) == "bad-event"


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (Create("", {}), "bad-key-name"),
        (Create("k", {"a": 2**60}), "bad-value"),
        (Create("k", dict.fromkeys(map(str, range(MAX_FIELDS + 1)))), "too-many-fields"),
        (Patch("k", dict.fromkeys(map(str, range(MAX_FIELDS + 1)))), "too-many-fields"),
        (Create("k", {}, "p" * (MAX_KEY + 1)), "bad-page"),
        (Patch("", {}), "bad-key-name"),
        (Patch("k", {"a": 2**60}), "bad-value"),
        (Delete(("k",) * (MAX_DELETES + 1)), "too-many-keys"),
        (Clear("p" * (MAX_KEY + 1)), "bad-page"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_action_that_breaks_a_rule_is_refused(action: Action, code: str) -> None:
    assert code_of(lambda: normalize_action(action)) == code


@pytest.mark.parametrize(
    "action",
    [
        Create("k" * MAX_KEY, {"a": SAFE_INTEGER}, "p" * MAX_KEY),
        Patch("k", {}),
        Delete(("k",) * MAX_DELETES),
        Clear("p" * MAX_KEY),
        Revert(1),
    ],
    ids=lambda action: type(action).__name__,
)
def test_an_action_at_the_limits_stays_as_it_is(action: Action) -> None:
    assert normalize_action(action) == action


def test_an_event_is_what_a_peer_will_decode() -> None:
    assert decode_event(Event("mouse", {"at": (1, 2)}, "all")) == Event("mouse", {"at": [1, 2]}, "all")


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (Event("", 1), "bad-event"),
        (Event("mouse", object()), "bad-event"),
        (Event("mouse", {"a": {1j}}), "bad-event"),
        (Event("mouse", nested(500)), "too-deep"),
        (Event("mouse", nested(5000)), "too-deep"),
        (Event("mouse", [2**60]), "bad-value"),
        (Event("mouse", None, 7), "bad-message"),  # type: ignore[arg-type]
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_event_that_cannot_be_sent_is_refused(event: Event, code: str) -> None:
    assert code_of(lambda: decode_event(event)) == code


def test_names_and_colours_are_normalized() -> None:
    assert normalize_name(" Ada\n\t L.\u200b ") == "Ada L."
    assert normalize_color("#ABCdef") == "#abcdef"


@pytest.mark.parametrize("name", ["x" * (MAX_NAME + 1), None, 7, ["Ada"]])
def test_a_name_that_is_no_short_text_is_refused(name: object) -> None:
    assert code_of(lambda: normalize_name("x" * MAX_NAME)) == ""
    assert code_of(lambda: normalize_name(name)) == "bad-name"
