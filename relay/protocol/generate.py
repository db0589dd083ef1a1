"""Write what follows from the contract elsewhere: ``python -m relay.protocol.generate``.

`limits.js` and the table of messages for JavaScript, and ``docs/reference/limits.md``. A test fails when one of them
is not what this module makes. All but `main` is pure.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

import msgspec.inspect as types

from . import limits
from .actions import Action, Change, Entry, Message
from .messages import ClientMessage, ServerMessage

ROOT = Path(__file__).parents[2]
COMMAND = "python -m relay.protocol.generate"
LINE = 112
"""Characters of a generated line at most, where it can be broken."""


class Constant(NamedTuple):
    """One number of `limits`, with the sentence below it."""

    name: str
    value: int | str | frozenset[int]
    meaning: str


def generate() -> dict[str, str]:
    """Return the text of each generated file, by its path below the root of the repository."""
    return {
        "relay/web/model/limits.js": limits_js(),
        "relay/web/model/message_table.js": message_table_js(),
        "docs/reference/limits.md": limits_md(),
    }


def stale(root: Path = ROOT) -> list[str]:
    """Return the paths of the generated files that are missing below `root`, or not what they should be."""
    files = generate().items()
    return [path for path, text in files if not (root / path).is_file() or (root / path).read_text() != text]


# --- limits -----------------------------------------------------------------------------------------------


def constants() -> Iterator[tuple[str, list[Constant]]]:
    """Yield each section of `limits` with its constants: a section is what a comment on a line of its own begins."""
    source = inspect.getsource(limits)
    comments = {n: line[2:] for n, line in enumerate(source.splitlines(), 1) if line.startswith("# ")}
    statements = ast.parse(source).body[1:]
    title, section = "The protocol.", list[Constant]()
    for statement, meaning in zip(statements[::2], statements[1::2], strict=True):
        if comment := comments.get(statement.lineno - 1):
            yield title, section
            title, section = comment, []
        match statement, meaning:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                section.append(Constant(name, getattr(limits, name), " ".join(text.split())))
            case _:
                raise ValueError(
                    f"line {statement.lineno} of limits.py is no constant with its meaning below it"
                )
    yield title, section


def limits_js() -> str:
    """Return the constants as a module of JavaScript."""
    lines = _header("relay/protocol/limits.py")
    for title, section in constants():
        lines += [f"// {title}", ""]
        for name, value, meaning in section:
            numbers = f"Object.freeze({sorted(value)})" if isinstance(value, frozenset) else json.dumps(value)
            lines += [f"/** {meaning} */", f"export const {name} = {numbers};"]
        lines.append("")
    return "\n".join(lines)


def limits_md() -> str:
    """Return the constants as a page of the documentation."""
    lines = [
        "# Limits of the protocol",
        "",
        f"Generated from `relay/protocol/limits.py` by `{COMMAND}`. An operator can set lower limits, and",
        "others, for one relay: see [how to operate a relay](../how-to/operate.md).",
    ]
    for title, section in constants():
        lines += [
            "",
            f"## {title.partition('.')[0].partition(',')[0]}",
            "",
            "| name | value | meaning |",
            "|---|---|---|",
        ]
        for name, value, meaning in section:
            lines.append(f"| `{name}` | {_shown(value)} | {meaning} |")
    return "\n".join(lines) + "\n"


def _shown(value: int | str | frozenset[int]) -> str:
    if isinstance(value, frozenset):
        return ", ".join(map(str, sorted(value)))
    if isinstance(value, str):
        return f"`{value}`"
    for unit, shift in (("MiB", 20), ("KiB", 10)):
        if (
            value >= 1 << shift
            and value % (1 << shift) == 0
            and value < limits.SAFE_INTEGER
            and value >= 60 << 10
        ):
            return f"{value >> shift} {unit}"
    return "2^53" if value == limits.SAFE_INTEGER else f"{value:,}" if value >= 10_000 else str(value)


# --- messages ---------------------------------------------------------------------------------------------

NAMED: dict[Any, str] = {Entry: "entry", Action: "action", Change: "change"}
"""Types that have a shape of their own in the table."""


def message_table_js() -> str:
    """Return the shapes of all messages as a module of JavaScript, and the types of those that a client sends."""
    shapes = "allVersions any flag list nothingOr number numbered object or pair struct text union whole wholes"
    lines = _header("relay/protocol/messages.py")
    lines += ["import {", *(f"  {name}," for name in shapes.split()), '} from "./shapes.js";', ""]
    lines += ["/** @typedef {{[name: string]: any}} Fields */", ""]
    lines += ["export const entry = allVersions(", f"  struct({_fields(Entry, '  ')}),", ");", ""]
    for name, union in (("action", Action), ("change", Change), ("server", ServerMessage)):
        lines.append(f"export const {name} = union({{")
        for kind in get_args(union):
            lines.append(f"  {_key(_tag(kind))}: {_fields(kind, '  ')},")
        lines += ["});", ""]
    lines += [
        "/**",
        " * @typedef {ReturnType<typeof entry>} Entry",
        " * @typedef {ReturnType<typeof action>} Action",
    ]
    lines += [
        " * @typedef {ReturnType<typeof change>} Change",
        " * @typedef {ReturnType<typeof server>} ServerMessage",
    ]
    lines += [" *", " * What a client sends; a field that has a default may be left out."]
    for kind in get_args(ClientMessage):
        lines += _typedef(kind)
    names = " | ".join((get_origin(kind) or kind).__name__ for kind in get_args(ClientMessage))
    lines += [f" * @typedef {{{names}}} ClientMessage", " */", ""]
    return "\n".join(lines)


def _header(source: str) -> list[str]:
    return ["// @ts-check", f"// Generated from {source} by `{COMMAND}`: change that instead.", ""]


def _wrapped(words: list[str], indent: str = "  ") -> list[str]:
    lines = [indent]
    for word in words:
        if len(lines[-1]) + len(word) > LINE:
            lines.append(indent)
        lines[-1] += word if lines[-1] == indent else f" {word}"
    return lines


def _tag(kind: Any) -> str:
    tag = (get_origin(kind) or kind).__struct_config__.tag
    assert isinstance(tag, str)
    return tag


def _key(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name)


def _inspected(kind: Any) -> types.StructType:
    found = types.type_info(kind)
    assert isinstance(found, types.StructType)
    return found


def _fields(kind: Any, indent: str) -> str:
    """Return the shapes of a struct's fields, as an object of JavaScript."""
    parts = []
    for field in _inspected(kind).fields:
        shape = _shape(field.type)
        parts.append(
            f"{field.name}: {shape if field.required else f'or({shape}, {json.dumps(field.default)})'}"
        )
    line = f"{{ {', '.join(parts)} }}" if parts else "{}"
    if len(line) + len(indent) + 16 <= LINE:
        return line
    return "{\n" + "".join(f"{indent}  {part},\n" for part in parts) + indent + "}"


def _shape(kind: types.Type) -> str:  # noqa: C901, PLR0911, PLR0912  # a case for each type
    """Return the shape of a value in JavaScript: see `shapes.js`."""
    match kind:
        case types.AnyType():
            return "any"
        case types.StrType():
            return "text"
        case types.BoolType():
            return "flag"
        case types.IntType():
            return "whole"
        case types.FloatType():
            return "number"
        case types.DictType(value_type=types.IntType()):
            return "numbered"
        case types.DictType():
            return "object"
        case types.VarTupleType(item_type=types.IntType()):
            return "wholes"
        case types.VarTupleType(item_type=item):
            return f"list({_shape(item)})"
        case types.TupleType(item_types=(types.IntType(), types.IntType())):
            return "pair"
        case types.StructType(cls=struct) if struct in NAMED:
            return NAMED[struct]
        case types.UnionType(types=(other, types.NoneType())):
            return f"nothingOr({_shape(other)})"
        case types.UnionType(types=members):
            return NAMED[_union_of(members)]
    raise ValueError(f"there is no shape for {kind}")


def _union_of(members: tuple[types.Type, ...]) -> Any:
    structs = [member.cls for member in members if isinstance(member, types.StructType)]
    classes = {get_origin(struct) or struct for struct in structs}
    for union in NAMED:
        if classes == {get_origin(kind) or kind for kind in get_args(union)}:
            return union
    raise ValueError(f"there is no name for a union of {classes}")


def _typedef(kind: type[Message]) -> list[str]:
    """Return the type of what a client sends, as the lines of a comment."""
    words = [f"@typedef {{{{type: {json.dumps(_tag(kind))}"]
    for field in _inspected(kind).fields:
        words[-1] += ","
        words.append(f"{field.name}{'' if field.required else '?'}: {_type(field.type)}")
    words[-1] += f"}}}} {(get_origin(kind) or kind).__name__}"
    first, *rest = _wrapped(words, " * ")
    return [first, *(line.replace(" * ", " *   ", 1) for line in rest)]


def _type(kind: types.Type) -> str:  # noqa: PLR0911  # a case for each type
    match kind:
        case types.AnyType():
            return "any"
        case types.StrType():
            return "string"
        case types.BoolType():
            return "boolean"
        case types.IntType() | types.FloatType():
            return "number"
        case types.DictType():
            return "Fields"
        case types.VarTupleType(item_type=types.IntType()):
            return "number[]"
        case types.VarTupleType(item_type=types.StrType()):
            return "string[]"
        case types.VarTupleType(item_type=types.UnionType(types=members)):
            return f"{NAMED[_union_of(members)].capitalize()}[]"
        case types.UnionType(types=(other, types.NoneType())):
            return f"{_type(other)} | null"
    raise ValueError(f"there is no type for {kind}")


def main() -> None:
    """Write the generated files."""
    for path, text in generate().items():
        (ROOT / path).write_text(text)


if __name__ == "__main__":
    main()
