"""The contract: every example in docs/protocol.md decodes, what is sent comes back, and bad input is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from relay.protocol import (
    MAX_MESSAGE,
    MAX_MESSAGES,
    Create,
    Delete,
    Entry,
    Erase,
    Error,
    Leave,
    Lock,
    Mint,
    Operate,
    Presence,
    Read,
    RemoteError,
    Remove,
    Touch,
    check_room,
    check_value,
    codec,
    decode_client,
    decode_server,
    encode,
    normalize_action,
    normalize_color,
    normalize_fields,
    request_id,
)
from relay.protocol.actions import Message
from relay.protocol.codec import decode_long, without_texts

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text()
EXAMPLES = re.findall(r"```json (client|server)\n(.*?)```", PAGE, re.S)


def test_the_page_has_examples_of_every_message() -> None:
    from typing import get_args, get_origin

    from relay.protocol.actions import Action, Change
    from relay.protocol.messages import ClientMessage, ServerMessage

    shown = set(re.findall(r'"type": "([\w-]+)"', PAGE)) | set(re.findall(r"^\| `([\w-]+)` \|", PAGE, re.M))
    for union in (ClientMessage, ServerMessage, Action, Change):
        for message in get_args(union):
            assert (get_origin(message) or message).__struct_config__.tag in shown


@pytest.mark.parametrize(("side", "text"), EXAMPLES)
def test_an_example_of_the_page_decodes(side: str, text: str) -> None:
    messages = decode_client(text) if side == "client" else decode_server(text)
    assert messages
    assert not [message for message in messages if isinstance(message, RemoteError)]


def test_a_frame_comes_back_as_it_was() -> None:
    messages = [Operate(1, (Create("k", {"x": [1, 2.5, "ü"]}), Delete(("a", "b")))), Presence({"name": "Ada"})]
    back = [message for message in decode_client(encode(messages)) if not isinstance(message, RemoteError)]
    assert encode(back) == encode(messages)


def test_one_bad_message_does_not_fail_its_batch() -> None:
    first, second, third = decode_client('[{"type":"leave"},{"type":"from-the-future"},{"type":"leave"}]')
    assert isinstance(second, RemoteError)
    assert second.code == "bad-message"
    assert not isinstance(first, RemoteError)
    assert not isinstance(third, RemoteError)


def codes(frame: str) -> list[str]:
    """What the messages of `frame` are refused with; "" for those that are not."""
    return [getattr(message, "code", "") for message in decode_client(frame)]


def array(item: str, size: int) -> str:
    return f"[{','.join([item] * (size // (len(item) + 1)))}]"


def test_a_frame_has_so_many_messages_and_no_more() -> None:
    leave = '{"type":"leave"}'
    assert codes(f"[{','.join([leave] * MAX_MESSAGES)}]") == [""] * MAX_MESSAGES
    for count in (MAX_MESSAGES + 1, 3 * MAX_MESSAGES):
        assert codes(f"[{','.join([leave] * count)}]") == [*[""] * MAX_MESSAGES, "too-many-messages"]


@pytest.mark.parametrize("size", [10_000, 1_000_000])
def test_a_frame_of_what_is_no_message_is_hardly_looked_at(size: int) -> None:
    for item in ("0", "[]", '"a"', "null"):
        if size > MAX_MESSAGE:
            with pytest.raises(RemoteError, match="array of messages"):
                decode_client(array(item, size))
        else:
            assert set(codes(array(item, size))) <= {"bad-message", "too-many-messages"}
            assert len(codes(array(item, size))) <= MAX_MESSAGES + 1
    assert len(codes(array("{}", size))) <= MAX_MESSAGES + 1
    # A text without an end, at which one could begin to look again and again.
    endless = "{" * 70_000 + '"' + '\\"' * (size // 3)
    with pytest.raises(RemoteError, match="array of messages"):
        decode_client(endless)
    # Braces in a text are no objects.
    assert codes(f'[{{"type":"operate","op":1,"actions":[],"why":"{"{" * 900_000}"}}]') == [""]


def test_a_long_frame_is_decoded_in_pieces_each_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    event = f'{{"type":"event","name":"e","data":"{"x" * 30_000}"}}'
    leave = '{"type":"leave"}'
    frame = f"[{','.join([event] * 5 + [leave] * 150)}]"
    decoded = 0

    def counted(*arguments: Any) -> Any:
        nonlocal decoded
        decoded += 1
        return one(*arguments)

    one = vars(codec)["_decode_client_one"]
    monkeypatch.setattr(codec, "_decode_client_one", counted)
    pieces = decode_long(frame, 64, 64 << 10)
    assert decoded == 0
    sizes = []
    for piece in pieces:
        sizes.append(len(piece))
        assert decoded == sum(sizes)
    assert sizes == [2, 2, 64, 64, 23]
    assert len(decode_client(frame)) == 155
    large = [event.replace("x" * 30_000, "x" * 60_000)] * 3
    assert [len(piece) for piece in decode_long(f"[{','.join(large)}]", 64, 1000)] == [1, 1, 1]


def test_a_long_operation_is_decoded_a_few_actions_at_a_time() -> None:
    names = ",".join(f'"n{number}":{number}' for number in range(200))
    create = f'{{"type":"create","key":"k","fields":{{{names}}}}}'
    operate = f'{{"type":"operate","op":1,"actions":[{",".join([create] * 400)}]}}'
    pieces = list(decode_long(f'[{{"type":"leave"}},{operate},{{"type":"leave"}}]', 64, 64 << 10))
    assert pieces[0] == [Leave()]
    # Between two pieces of no message no more names are read than fit into one.
    assert len(pieces) >= 1 + len(operate) // (64 << 10)
    assert [len(piece) for piece in pieces[1:]] == [0] * (len(pieces) - 3) + [1, 1]
    [made] = pieces[-2]
    assert isinstance(made, Operate)
    assert made == msgspec.json.decode(operate, type=Operate[msgspec.Raw])
    broken = operate.replace('"create"', '"crate"')
    [wrong] = [one for piece in decode_long(f"[{broken}]", 64, 64 << 10) for one in piece]
    assert isinstance(wrong, RemoteError)
    assert wrong.code == "bad-message"


def test_more_names_than_an_element_has_are_not_built() -> None:
    names = ",".join(f'"n{number}":1' for number in range(90_000))
    create = f'{{"type":"create","key":"k","fields":{{{names}}}}}'
    operate = f'{{"type":"operate","op":1,"actions":[{create}]}}'
    preview = f'{{"type":"preview","key":"k","start":0,"points":[],"fields":{{{names}}}}}'
    assert codes(f"[{operate}]") == ["too-many-fields"]
    assert codes(f"[{preview}]") == ["too-many-fields"]
    # Those in a text are none.
    text = create.replace(names, f'"text":{json.dumps(names)}')
    assert codes(f'[{{"type":"operate","op":1,"actions":[{text}]}}]') == [""]


TEXTS = ("", "{", '"', "\\", '\\"', '"{"', "é", "[1]", "\n", "}" * 5, '{"a":"b"}', "\\\\")


def test_what_stands_outside_texts_is_found_whatever_they_say() -> None:
    chance = Random(3)

    def value(depth: int) -> Any:
        if depth and chance.random() < 0.7:
            items = [value(depth - 1) for _ in range(chance.randrange(5))]
            return {f"{chance.choice(TEXTS)}{n}": item for n, item in enumerate(items)} if depth % 2 else items
        return chance.choice([*TEXTS, 12, 1.5, None])

    def outside(value: Any) -> str:
        """The same, from the values themselves."""
        if isinstance(value, dict):
            return "{" + ",".join(f":{outside(item)}" for item in value.values()) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(outside, value)) + "]"
        return "" if isinstance(value, str) else json.dumps(value)

    for _ in range(500):
        one = value(4)
        assert without_texts(msgspec.json.encode(one)).decode() == outside(one)


def test_a_message_whose_values_are_built_is_small() -> None:
    large = array("[]", 100_000)
    assert codes(f'[{{"type":"event","name":"e","data":{large}}},{{"type":"leave"}}]') == ["too-large", ""]
    assert codes(f'[{{"type":"presence","state":{{"a":{large}}}}}]') == ["too-large"]
    assert codes(f'[{{"type":"from-the-future","a":{large}}}]') == ["too-large"]
    assert codes(f'[{{"type":"leave","why":"{"x" * 70_000}"}}]') == ["too-large"]
    fields = f'{{"a":{large}}}'
    assert codes(
        f'[{{"type":"operate","op":1,"actions":[{{"type":"create","key":"k","fields":{fields}}}]}}]'
    ) == [""]
    assert codes(f'[{{"type":"preview","key":"k","start":0,"points":[],"fields":{fields}}}]') == [""]
    # It is what its first type says, and no larger for being called something else as well.
    for other in ("operate", "preview"):
        [twice] = decode_client(f'[{{"type":"event","type":"{other}","name":"e","data":{large}}}]')
        assert "Invalid value 'event'" in str(twice)
    [refused] = decode_client(f'[{{"type":"mint","role":"{"x" * 70_000}","id":7}}]')
    assert (getattr(refused, "code", ""), request_id(refused)) == ("too-large", 7)


REQUESTS = [
    Read(1, 2, id=7),
    Lock(True, id=7),
    Remove("p", id=7),
    Mint("viewer", id=7),
    Erase("algebra", id=7),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: type(each).__name__)
def test_a_request_has_an_id_that_a_sender_may_leave_out(request_: Any) -> None:
    frame = json.loads(encode([request_]))
    assert frame[0].pop("id") == 7
    [without] = decode_client(json.dumps(frame))
    assert not isinstance(without, RemoteError)
    assert without == msgspec.structs.replace(request_, id=0), "as clients of 0.1.0 send it"
    assert json.loads(encode([without])) == frame, "and it is not sent when it is 0"
    [later] = decode_client(json.dumps([{**frame[0], "id": 7, "from-the-future": [1]}]))
    assert later == request_
    assert request_id(later) == 7
    assert request_id(without) == 0


@pytest.mark.parametrize(
    ("text", "re"),
    [
        ('{"type":"read","first":"one","last":2,"id":7}', 7),
        ('{"type":"from-the-future","id":7}', 7),
        ('{"type":"read","first":"one","last":2}', 0),
        ('{"type":"lock","locked":true,"id":-1}', 0),
        ('{"type":"lock","locked":true,"id":9007199254740993}', 0),
        ('{"type":"lock","locked":true,"id":"seven"}', 0),
        ("7", 0),
    ],
)
def test_a_request_that_cannot_be_read_still_has_its_id(text: str, re: int) -> None:
    [bad, leave] = decode_client(f'[{text},{{"type":"leave"}}]')
    assert isinstance(bad, RemoteError)
    assert bad.code == "bad-message"
    assert request_id(bad) == re
    assert request_id(leave) == 0


def test_an_answer_names_its_request_and_one_of_a_relay_of_0_1_0_none() -> None:
    [named, unnamed] = decode_server(
        '[{"type":"error","code":"busy","reason":"…","re":7},{"type":"error","code":"busy","reason":"…"}]'
    )
    assert named == Error("busy", "…", re=7)
    assert unnamed == Error("busy", "…")


@pytest.mark.parametrize("frame", ["{}", "nonsense", "", "[" * 100_000, '"\\ud800"', b"\xff\xfe"])
def test_what_is_no_array_is_refused(frame: str | bytes) -> None:
    with pytest.raises(RemoteError, match="JSON array"):
        decode_client(frame)


def created_fields(message: object) -> dict[str, msgspec.Raw]:
    """Return the fields of the element that an operation creates."""
    assert isinstance(message, Operate)
    create = message.actions[0]
    assert isinstance(create, Create)
    return create.fields


@pytest.mark.parametrize("value", ["1e999", "NaN", "Infinity", '"\\ud800"', "[" * 5000 + "]" * 5000])
def test_a_poisonous_value_is_refused(value: str) -> None:
    for within in ("%s", "[1,%s]", '{"v":%s}'):
        frame = '[{"type":"operate","op":1,"actions":[{"type":"create","key":"k","fields":{"v":%s}}]}]'
        try:
            [message] = decode_client(frame % within % value)
        except RemoteError:
            continue
        if not isinstance(message, RemoteError):
            with pytest.raises(RemoteError, match=r"a value could not be read: |nested at most"):
                normalize_fields(created_fields(message))


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
        except (ValueError, RemoteError):
            value = RemoteError
        try:
            [message] = decode_client(frame)
            if isinstance(message, RemoteError):
                raise message
            fields = normalize_fields(created_fields(message))
        except RemoteError:
            assert value is RemoteError, text
            continue
        assert value is not RemoteError, text
        encoded = bytes(fields["v"])
        # As a room has it that was opened again: so a drawing weighs the same then, and looks the same.
        assert encoded == msgspec.json.encode(msgspec.json.decode(encoded)), text
        assert json.loads(encoded) == value, text
        taken += 1
    assert taken > 500


def test_an_entry_has_all_versions_and_leaves_alone_what_it_was_made_of() -> None:
    versions = {"a": 7}
    entry = Entry("k", (3, 0), "me", 0.0, "", {"a": 1, "b": 2}, versions)
    assert entry.versions == {"a": 7, "b": 3}
    assert versions == {"a": 7}
    assert msgspec.json.decode(msgspec.json.encode(entry), type=Entry) == entry


def test_an_action_is_normalized_into_another() -> None:
    fields = {"v": msgspec.Raw(b"[ 1 ]")}
    action = Create("k", fields)
    normalized = normalize_action(action)
    assert isinstance(normalized, Create)
    assert bytes(normalized.fields["v"]) == b"[1]"
    assert bytes(fields["v"]) == b"[ 1 ]"


def test_the_garbage_collector_has_nothing_to_look_at_in_what_a_relay_keeps() -> None:
    kinds: list[type[msgspec.Struct]] = [Touch, Entry, *kinds_of(Message)]
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
        with pytest.raises(RemoteError, match="nested"):
            check_value(value)


def test_whole_numbers_stay_exact_in_every_language() -> None:
    check_value({"a": [2**53]})
    for value in (2**53 + 1, [-(2**53) - 1], {"a": {"b": 10**30}}):
        with pytest.raises(RemoteError, match="whole numbers"):
            check_value(value)


@pytest.mark.parametrize("room", ["", "x" * 65, "x" * 10_000, "a/b", "a\nb", " a", None, 5])
def test_a_room_that_cannot_be_is_refused_in_a_sentence(room: object) -> None:
    with pytest.raises(RemoteError) as refusal:
        check_room(room)
    assert len(str(refusal.value)) < 200


def test_rooms_may_have_letters_of_any_language() -> None:
    check_room("Übung 3")


@pytest.mark.parametrize("color", ["red", "#12345", "#1234567", "#GGGGGG", 7, "#123456\n", None])
def test_a_colour_that_is_none_is_refused(color: object) -> None:
    with pytest.raises(RemoteError, match="colour"):
        normalize_color(color)
