"""Make ``messages.json``: what frames say, for every language to read alike. ``python -m tests.contract.make_messages``

First every example of ``docs/protocol.md``, then what its messages from the relay become when something in them is
missing or is something else. A message that cannot be read is null; so is a frame that is no array.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from relay.protocol import RemoteError, decode_client, decode_server

HERE = Path(__file__).parent
FILE = HERE / "messages.json"
PAGE = HERE.parents[1] / "docs" / "protocol.md"
INSTEAD: tuple[object, ...] = (None, True, 7, 1.5, "word", [1], {})
NO_FRAMES = ("{}", "nonsense", "", "null", '"text"', "[1,2", "[NaN]", "[]]")


def plain(value: object) -> object:
    """A message with every field, those too that it left to their default."""
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag
        fields = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        return {"type": tag, **fields} if tag else fields
    if isinstance(value, msgspec.Raw):
        return msgspec.json.decode(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def read(side: str, frame: str) -> dict[str, Any]:
    """A frame and what it says."""
    try:
        messages = decode_client(frame) if side == "client" else decode_server(frame)
    except RemoteError:
        return {"side": side, "frame": frame, "messages": None}
    said = [None if isinstance(message, RemoteError) else plain(message) for message in messages]
    return {"side": side, "frame": frame, "messages": said}


def altered(value: Any) -> Iterator[Any]:
    """`value` with one thing in it left out, or something else, or one too many."""
    inner: list[Any] = list(value) if isinstance(value, dict) else []
    if isinstance(value, list):
        inner = list(range(len(value)))
    for name in inner:
        less = copy.copy(value)
        del less[name]
        yield less
        for other in INSTEAD:
            if other != value[name] or type(other) is not type(value[name]):
                yield replaced(value, name, other)
        for other in altered(value[name]):
            yield replaced(value, name, other)
    if isinstance(value, dict):
        yield {**value, "from-the-future": [1]}
        yield {**value, "__proto__": {"locked": True}}


def replaced(value: Any, name: Any, other: Any) -> Any:
    new = copy.copy(value)
    new[name] = other
    return new


def make() -> str:
    """The text of the file."""
    vectors = []
    for side, text in re.findall(r"```json (client|server)\n(.*?)```", PAGE.read_text(), re.S):
        vectors.append(read(side, json.dumps(json.loads(text), ensure_ascii=False)))
        if side == "server":
            for message in json.loads(text):
                frames = {json.dumps([new], ensure_ascii=False) for new in altered(message)}
                vectors += [read(side, frame) for frame in sorted(frames)]
    vectors += [read("server", frame) for frame in NO_FRAMES]
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    FILE.write_text(make())
