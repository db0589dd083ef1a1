"""Make what JavaScript and later versions read of the page's messages: ``python -m tests.contract.make_page_messages``

`page_messages.d.ts` are the structs as types, by which tsc checks what the widget's modules send and read.
`page_messages.json` are the examples of ``docs/reference/page-messages.md`` and what they are decoded to, also when
something in them is missing or is something else; null is a message that is ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import inspect

from ipysketch.widget.frontend import Frontend
from ipysketch.widget.page_decoder import PageDecoder
from ipysketch.widget.page_messages import (
    VERSION,
    ControlState,
    FrameState,
    InkUpdate,
    PageMessage,
    Road,
    SceneUpdate,
)

from .make_messages import altered

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "reference" / "page-messages.md"
TYPES = ROOT / "ipysketch" / "widget" / "static" / "page_messages.d.ts"
VECTORS = HERE / "page_messages.json"
EXAMPLES: list[tuple[str, str]] = re.findall(
    r"^```json (\w+)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL
)
MESSAGES = [message for kind, text in EXAMPLES if kind == "page" for message in json.loads(text)]
HEAD = """// Made by `python -m tests.contract.make_page_messages` from ipysketch/widget/page_messages.py: types alone, which nothing
// loads. docs/reference/page-messages.md says what they mean.
"""
TAIL = """
export type Kind = keyof PageMessages;
/** A kind and its content, which may be left out when nothing in it is needed. */
export type PageReport = {
  [K in Kind]: {} extends PageMessages[K] ? [kind: K, content?: PageMessages[K] | null] : [kind: K, content: PageMessages[K]];
}[Kind];
"""
PLAIN: dict[type[inspect.Type], str] = {
    inspect.StrType: "string",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
    inspect.NoneType: "null",
    inspect.AnyType: "unknown",
}


def typescript(kind: inspect.Type) -> str:
    """Return a type as TypeScript writes it."""
    match kind:
        case inspect.Metadata(type=inner):
            return typescript(inner)
        case inspect.UnionType(types=types):
            return " | ".join(typescript(each) for each in types if not isinstance(each, inspect.CustomType))
        case inspect.LiteralType(values=values):
            return " | ".join(json.dumps(value) for value in values)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            text = typescript(item)
            return f"({text})[]" if " | " in text else f"{text}[]"
        case inspect.TupleType(item_types=items):
            return f"[{', '.join(map(typescript, items))}]"
        case inspect.DictType(value_type=value):
            return f"Record<string, {'number' if isinstance(value, inspect.IntType) else 'any'}>"
        case inspect.StructType(cls=cls):
            return cls.__name__
    return PLAIN[type(kind)]


def structs(kind: inspect.Type) -> Iterator[inspect.StructType]:
    """Yield the structs in the fields of `kind`, and itself, each after those that it has."""
    match kind:
        case (
            inspect.Metadata(type=inner)
            | inspect.ListType(item_type=inner)
            | inspect.VarTupleType(item_type=inner)
        ):
            yield from structs(inner)
        case inspect.UnionType(types=types):
            for each in types:
                yield from structs(each)
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from structs(field.type)
            yield kind


def described(struct: inspect.StructType, *, all_there: bool) -> str:
    """Return a struct's fields as a type; `all_there` where its sender leaves none out."""
    if struct.array_like and not all_there:
        # Samples: numbers, as the modules that collect them have them.
        return "number[]"
    fields = []
    for field in struct.fields:
        union = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
        unset = any(isinstance(each, inspect.CustomType) for each in union)
        optional = "?" if unset or not (field.required or all_there) else ""
        fields.append(f"{field.encode_name}{optional}: {typescript(field.type)}")
    return f"[{', '.join(fields)}]" if struct.array_like else f"{{ {'; '.join(fields)} }}"


def types() -> str:
    """Return the text of `TYPES`."""
    lines = [HEAD, f"export type Version = {VERSION};"]
    sent = inspect.multi_type_info(get_args(PageMessage))
    parts = {part.cls: part for message in sent for part in structs(message) if part not in sent}
    lines += [
        f"export type {cls.__name__} = {described(part, all_there=False)};" for cls, part in parts.items()
    ]
    lines.append("\nexport interface PageMessages {")
    for message in sent:
        assert isinstance(message, inspect.StructType)
        lines.append(
            f"  {json.dumps(message.tag)}: {described(message, all_there=False).replace('{  }', '{}')};"
        )
    lines.append("}" + TAIL)
    states = inspect.multi_type_info([ControlState, FrameState, InkUpdate, SceneUpdate, Road])
    received = {part.cls: part for state in states for part in structs(state)}
    lines += [
        f"export type {cls.__name__} = {described(part, all_there=True)};" for cls, part in received.items()
    ]
    own = [f"{name}: {PYTHON[type(trait.default_value)]}" for name, trait in own_traits().items()]
    lines.append(f"export type State = ControlState & FrameState & {{ {'; '.join(own)} }};")
    return "\n".join(lines) + "\n"


PYTHON = {str: "string", int: "number", dict: "Record<string, any>"}


def own_traits() -> dict[str, Any]:
    """Return the state of the widget that is in no struct."""
    fields = {*ControlState.__struct_fields__, *FrameState.__struct_fields__}
    names = [name for name in ("version", "input_model", "frame", "words") if name not in fields]
    return {name: Frontend.class_traits()[name] for name in names}


def vectors() -> str:
    """Return the text of `VECTORS`."""
    lines: dict[str, None] = {}
    for message in [variant for example in MESSAGES for variant in (example, *altered(example))]:
        decoded = PageDecoder().decode(message)
        entry = [message, None if decoded is None else msgspec.to_builtins(decoded)]
        lines[msgspec.json.encode(entry).decode()] = None
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    TYPES.write_text(types())
    VECTORS.write_text(vectors())
