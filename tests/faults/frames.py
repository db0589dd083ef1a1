"""Frames that no good client sends, from three sources, all of them repeatable from a seed.

`Grammar` knows the message types themselves: it makes messages of the right shape with values at and beyond
every edge. `from_hypothesis` has the library make them from the same types. `mutated` breaks recorded traffic.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from msgspec import inspect

from relay.protocol import MAX_FRAME, SAFE_INTEGER, ClientMessage, Leave, Operate, RemoteError, decode_client

RAW = {"@1e999@": "1e999", "@-1e999@": "-1e999", "@1e-999@": "1e-999", "@-0@": "-0", "@01@": "01", "@.5@": ".5"}
"""Numbers that Python would not write, by the text that stands for them until the frame is made."""

INTEGERS = [0, 1, -1, 2, 3, 7, 255, 2**31, 2**32, -(2**31), 10**6]
EDGES = [
    *(sign * (SAFE_INTEGER + by) for sign in (1, -1) for by in (-1, 0, 1)),
    *(2**63 - 1, 2**63, -(2**63) - 1, 2**64 - 1, 2**64, 10**40, -(10**40)),
]
TEXTS = [
    *("", " ", "a", "\0", "\x1b[31m", "\n\r\t", "é", "日本", "🙂", "\u202e", "\ufeff", "\u2028", "\x7f\x80"),
    *("'; DROP TABLE log; --", "%s%n{}", "../../etc", "-" * 65, "x" * 64, "null", "NaN", "#12345", "#zzzzzz"),
    *("\ud800", "a\udfffb", "\udc00\ud800", "front", "others", "all", "type", "e\u0301" * 40),
]
KEYS = [f"k{number}" for number in range(12)]
ROOMS = ["fuzz", "fuzz 2", "fuzz.3", ".", "a/b", ""]


class Grammar:
    """Messages from the types of `ClientMessage`; about one value in `hostility` is at or beyond an edge."""

    def __init__(self, chance: random.Random, hostility: int = 12) -> None:
        self.op = 0
        self._chance = chance
        self._hostility = hostility
        union = inspect.type_info(ClientMessage)
        assert isinstance(union, inspect.UnionType)
        self._kinds = {kind.tag: kind for kind in union.types if isinstance(kind, inspect.StructType)}
        weights = {"operate": 5, "presence": 4, "preview": 6, "cancel": 2, "event": 3, "join": 1}
        self._tags = [tag for tag, weight in weights.items() for _ in range(weight)]

    def frame(self) -> str:
        """One frame of a few messages."""
        chance = self._chance
        if chance.randrange(4000) == 0:
            return self._text([self._message("event", data="x" * chance.choice([10_000, 700_000, MAX_FRAME]))])
        count = 1 if chance.random() < 0.7 else chance.randrange(0, 5)
        messages: list[Any] = [self._message(chance.choice(self._tags)) for _ in range(count)]
        if chance.randrange(60) == 0:
            messages.append(self._hostile(0))
        if chance.randrange(400) == 0:
            messages.append({"type": "leave", "why": self._hostile(0)})
        return self._text(messages)

    def join(self) -> str:
        """A first frame, more often wrong than not."""
        usual, self._hostility = self._hostility, 4
        try:
            return self._text([self._message("join")])
        finally:
            self._hostility = usual

    def _text(self, messages: object) -> str:
        text = json.dumps(messages)
        for mark, number in RAW.items():
            text = text.replace(f'"{mark}"', number)
        return text

    def _message(self, tag: str, **given: object) -> dict[str, Any]:
        message = self._of(self._kinds[tag], tag)
        assert isinstance(message, dict)
        message.update(given)
        if tag == "operate" and self._chance.random() < 0.9:
            self.op += 1
            message["op"] = self.op
        return message

    def _of(self, info: object, name: str) -> Any:  # noqa: PLR0911  # a case for each type
        chance = self._chance
        if name not in self._kinds and chance.randrange(self._hostility * 3) == 0:
            return self._hostile(0)
        match info:
            case inspect.StructType(fields=fields, tag=tag):
                made: dict[str, Any] = {"type": tag}
                for part in fields:
                    if (part.required and chance.randrange(150)) or (
                        not part.required and chance.random() < 0.5
                    ):
                        made[part.encode_name] = self._of(part.type, part.encode_name)
                if chance.randrange(20) == 0:
                    made[chance.choice(TEXTS)] = self._hostile(0)
                return made
            case inspect.UnionType(types=types):
                return self._of(chance.choice(types), name)
            case inspect.VarTupleType(item_type=item):
                length = chance.choice([0, 1, 1, 2, 3, 8]) if chance.randrange(500) else 5000
                return [self._of(item, name) for _ in range(length)]
            case inspect.DictType():
                names = ["kind", "points", "color", "width", "place", "cursor", "name", "tool"]
                return {
                    chance.choice([*names, *names, *TEXTS]): self._any(name) for _ in range(chance.randrange(5))
                }
            case inspect.IntType():
                hostile = chance.randrange(self._hostility) == 0
                return chance.choice(EDGES if hostile else INTEGERS)
            case inspect.StrType():
                return self._string(name)
            case inspect.NoneType():
                return None
            case _:
                return self._any(name)

    def _string(self, name: str) -> str:
        chance = self._chance
        if chance.randrange(self._hostility) == 0:
            return chance.choice(TEXTS) if chance.randrange(30) else "y" * chance.choice([65, 4096, 60_000])
        match name:
            case "key" | "keys":
                return chance.choice(KEYS)
            case "color":
                return f"#{chance.randrange(1 << 24):06x}"
            case "room":
                return chance.choice(ROOMS)
            case "page":
                return chance.choice(["", "p"])
            case "to":
                return chance.choice(["others", "all", "nobody"])
            case _:
                return chance.choice(["", "a name", "pen", "0123456789abcdef"])

    def _any(self, name: str) -> Any:
        chance = self._chance
        if chance.randrange(self._hostility) == 0:
            return self._hostile(0)
        return chance.choice(
            [1, 0.5, True, None, "front", "#d1495b", [8, 8, 16, 16], {"a": [1.5, {"b": None}]}, name]
        )

    def _hostile(self, depth: int) -> Any:  # noqa: PLR0911  # a case for each sort
        chance = self._chance
        match chance.randrange(11):
            case 0:
                return chance.choice(EDGES)
            case 1:
                return chance.choice([float("nan"), float("inf"), float("-inf"), 1e308, 5e-324, -0.0])
            case 2:
                return chance.choice(list(RAW))
            case 3:
                return chance.choice(TEXTS)
            case 4:
                return chance.choice([True, False, None, [], {}, [[]], [None]])
            case 5 | 6:
                value: Any = chance.choice([1, "x", None, 2**53 + 1])
                for _ in range(chance.choice([3, 14, 15, 16, 17, 18, 40, 200])):
                    value = [value] if chance.random() < 0.5 else {chance.choice(TEXTS): value}
                return value
            case 7 if depth < 3:
                return [self._hostile(depth + 1) for _ in range(chance.randrange(4))]
            case 8 if depth < 3:
                return {chance.choice(TEXTS): self._hostile(depth + 1) for _ in range(chance.randrange(4))}
            case _:
                return chance.choice(INTEGERS)


def from_hypothesis(number: int, count: int) -> list[str]:
    """Frames of one message that the library makes from the message types in `count` examples, for a seed."""
    integers = st.integers() | st.sampled_from(EDGES)
    anything: st.SearchStrategy[Any] = st.recursive(
        st.none() | st.booleans() | integers | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=8,
    )

    def of(info: object) -> st.SearchStrategy[Any]:
        match info:
            case inspect.StructType(fields=fields, tag=tag):
                required = {part.encode_name: of(part.type) for part in fields if part.required}
                optional = {part.encode_name: of(part.type) for part in fields if not part.required}
                return st.fixed_dictionaries({"type": st.just(tag), **required}, optional=optional)
            case inspect.UnionType(types=types):
                return st.one_of([of(one) for one in types])
            case inspect.VarTupleType(item_type=item):
                return st.lists(of(item), max_size=6)
            case inspect.DictType(value_type=value):
                return st.dictionaries(
                    st.text(max_size=8) | st.sampled_from(["place", "color"]), of(value), max_size=4
                )
            case inspect.IntType():
                return st.integers(-2, 20) | integers
            case inspect.StrType():
                return st.sampled_from(KEYS) | st.text(max_size=80)
            case inspect.NoneType():
                return st.none()
            case _:
                return anything

    union = inspect.type_info(ClientMessage)
    assert isinstance(union, inspect.UnionType)
    kinds = [one for one in union.types if isinstance(one, inspect.StructType) and one.tag != "leave"]
    made: list[str] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.one_of([of(kind) for kind in kinds]), min_size=3, max_size=6))
    def collect(messages: list[Any]) -> None:
        made.extend(json.dumps([message]) for message in messages)

    collect()
    return made


def mutated(chance: random.Random, recorded: Sequence[str]) -> str | bytes:
    """Recorded traffic with bytes or tokens exchanged, dropped, doubled or cut; bytes where it is no UTF-8."""
    text = chance.choice(recorded)
    if chance.random() < 0.5:
        return _mutate_tokens(chance, text)
    data = bytearray(text.encode())
    for _ in range(chance.choice([1, 1, 2, 5])):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data[at : at + 1] = bytes((chance.randrange(256),))
            case 1:
                del data[at : at + chance.choice([1, 1, 4, 50])]
            case 2:
                data[at:at] = data[at : at + chance.randrange(40)]
            case _:
                data[at : at + 1] = bytes((chance.choice(b'{}[]",:0-9eE\\u.n'),))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return bytes(data)


def _mutate_tokens(chance: random.Random, text: str) -> str:
    messages = json.loads(text)
    for _ in range(chance.choice([1, 1, 2, 4])):
        places: list[tuple[Any, Any]] = []
        pending: list[Any] = [messages]
        while pending:
            inside = pending.pop()
            for key, value in list(inside.items()) if isinstance(inside, dict) else list(enumerate(inside)):
                places.append((inside, key))
                if isinstance(value, dict | list):
                    pending.append(value)
        if not places:
            break
        inside, key = chance.choice(places)
        other, other_key = chance.choice(places)
        match chance.randrange(4):
            case 0:
                del inside[key]
            case 1:
                inside[key] = json.loads(json.dumps(other[other_key]))
            case 2:
                inside[key] = chance.choice([*EDGES, *TEXTS, None, True, [], {}, 0.1, float("nan"), *RAW])
            case _ if isinstance(inside, list):
                inside.insert(key, inside[key])
            case _:
                inside[chance.choice(TEXTS)] = inside.pop(key)
    made = json.dumps(messages)
    for mark, number in RAW.items():
        made = made.replace(f'"{mark}"', number)
    return made


Frame = str | bytes
"""Text; or bytes, which go out as a text frame that is no UTF-8."""


def ends(frame: Frame) -> bool:
    """Whether a relay must close the connection after `frame`."""
    if isinstance(frame, bytes) or len(frame.encode()) > MAX_FRAME:
        return True
    try:
        return any(isinstance(message, Leave) for message in decode_client(frame))
    except RemoteError:
        return True


def accepted(frame: Frame, last: int) -> int:
    """The highest operation number taken from a connection that had `last`, after `frame`."""
    if isinstance(frame, str) and '"operate"' in frame:
        for message in decode_client(frame):
            if isinstance(message, Operate) and message.op == last + 1:
                last = message.op
    return last
