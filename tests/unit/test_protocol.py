"""The contract: every example in docs/protocol.md decodes, what is sent comes back, and bad input is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import msgspec
import pytest

from relay.protocol import (
    Bad,
    Create,
    Delete,
    Entry,
    Operate,
    Presence,
    Touch,
    check_color,
    check_fields,
    check_room,
    check_value,
    decode_client,
    decode_server,
    encode,
)
from relay.protocol.messages import Message

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()
EXAMPLES = re.findall(r"```json (client|server)\n(.*?)```", PAGE, re.S)


def test_the_page_has_examples_of_every_message() -> None:
    from typing import get_args, get_origin

    from relay.protocol.messages import Action, Change, ClientMessage, ServerMessage

    shown = set(re.findall(r'"type": "([\w-]+)"', PAGE)) | set(re.findall(r"^\| `([\w-]+)` \|", PAGE, re.M))
    for union in (ClientMessage, ServerMessage, Action, Change):
        for message in get_args(union):
            assert (get_origin(message) or message).__struct_config__.tag in shown


@pytest.mark.parametrize(("side", "text"), EXAMPLES)
def test_an_example_of_the_page_decodes(side: str, text: str) -> None:
    messages = decode_client(text) if side == "client" else decode_server(text)
    assert messages
    assert not [message for message in messages if isinstance(message, Bad)]


def test_a_frame_comes_back_as_it_was() -> None:
    messages = [Operate(1, (Create("k", {"x": [1, 2.5, "ü"]}), Delete(("a", "b")))), Presence({"name": "Ada"})]
    assert encode(decode_client(encode(messages))) == encode(messages)


def test_one_bad_message_does_not_fail_its_batch() -> None:
    first, second, third = decode_client('[{"type":"leave"},{"type":"from-the-future"},{"type":"leave"}]')
    assert isinstance(second, Bad)
    assert second.code == "bad-message"
    assert not isinstance(first, Bad)
    assert not isinstance(third, Bad)


@pytest.mark.parametrize("frame", ["{}", "nonsense", "", "[" * 100_000, '"\\ud800"', b"\xff\xfe"])
def test_what_is_no_array_is_refused(frame: str | bytes) -> None:
    with pytest.raises(Bad, match="JSON array"):
        decode_client(frame)


@pytest.mark.parametrize("value", ["1e999", "NaN", "Infinity", '"\\ud800"', "[" * 5000 + "]" * 5000])
def test_a_poisonous_value_is_refused(value: str) -> None:
    for within in ("%s", "[1,%s]", '{"v":%s}'):
        frame = '[{"type":"operate","op":1,"actions":[{"type":"create","key":"k","fields":{"v":%s}}]}]'
        try:
            [message] = decode_client(frame % within % value)
        except Bad:
            continue
        if not isinstance(message, Bad):
            with pytest.raises(Bad, match=r"a value could not be read: |nested at most"):
                check_fields(message.actions[0].fields)


def test_values_stay_encoded_as_short_as_they_are_and_are_checked_like_others() -> None:
    """Every text of what numbers are made of, and a few others: as if it had been decoded."""
    chance = Random(3)
    texts = [
        "1e15",
        "-0",
        "[1,-0]",
        '"\\u0041"',
        "1.50",
        "[ 1 , 2 ]",
        '{ "a" : [ ] }',
        ' "x" ',
        "[1,[2]]",
        "[9007199254740992]",
        "[-9007199254740993]",
        "true",
    ]
    texts += [
        "[" + "".join(chance.choices("0123456789,-[]", k=chance.randint(0, 9))) + "]" for _ in range(20_000)
    ]
    texts += [f"[{sign}{chance.randrange(10**digits)},1]" for digits in range(1, 22) for sign in ("", "-")]
    taken = 0
    for text in texts:
        frame = (
            '[{"type":"operate","op":1,"actions":[{"type":"create","key":"k","fields":{"v":' + text + "}}]}]"
        )
        try:
            value = json.loads(text)
            check_value({"v": value})
        except (ValueError, Bad):
            value = Bad
        try:
            [message] = decode_client(frame)
            if isinstance(message, Bad):
                raise message
            check_fields(message.actions[0].fields)
        except Bad:
            assert value is Bad, text
            continue
        assert value is not Bad, text
        encoded = bytes(message.actions[0].fields["v"])
        # As a room has it that was opened again: so a drawing weighs the same then, and looks the same.
        assert encoded == msgspec.json.encode(msgspec.json.decode(text)), text
        taken += 1
    assert taken > 500


def test_the_garbage_collector_has_nothing_to_look_at_in_what_a_relay_keeps() -> None:
    kinds = [Touch, Entry, *kinds_of(Message)]
    assert len(kinds) > 30
    for kind in kinds:
        assert not kind.__struct_config__.gc, kind.__name__


def kinds_of(kind: type[Message]) -> list[type[Message]]:
    return [kind, *(below for each in kind.__subclasses__() for below in kinds_of(each))]


@pytest.mark.parametrize("depth", [16, 17])
def test_nesting_is_limited(depth: int) -> None:
    value: object = 1
    for _ in range(depth):
        value = [value]
    if depth <= 16:
        check_value(value)
    else:
        with pytest.raises(Bad, match="nested"):
            check_value(value)


def test_whole_numbers_stay_exact_in_every_language() -> None:
    check_value({"a": [2**53]})
    for value in (2**53 + 1, [-(2**53) - 1], {"a": {"b": 10**30}}):
        with pytest.raises(Bad, match="whole numbers"):
            check_value(value)


@pytest.mark.parametrize("room", ["", "x" * 65, "x" * 10_000, "a/b", "a\nb", " a", None, 5])
def test_a_room_that_cannot_be_is_refused_in_a_sentence(room: object) -> None:
    with pytest.raises(Bad) as refusal:
        check_room(room)
    assert len(str(refusal.value)) < 200


def test_rooms_may_have_letters_of_any_language() -> None:
    assert check_room("Übung 3") == "Übung 3"


@pytest.mark.parametrize("color", ["red", "#12345", "#1234567", "#GGGGGG", 7, "#123456\n", None])
def test_a_colour_that_is_none_is_refused(color: object) -> None:
    with pytest.raises(Bad, match="colour"):
        check_color(color)
