"""What is generated from the contract is as the contract is now."""

from __future__ import annotations

from pathlib import Path
from typing import get_args, get_origin

import msgspec.inspect as types
import pytest

from relay.protocol import generate, limits
from relay.protocol.actions import Action, Change
from relay.protocol.messages import ClientMessage, ServerMessage


def test_the_generated_files_are_what_the_contract_says() -> None:
    assert generate.stale() == [], f"run {generate.COMMAND}"


@pytest.mark.parametrize("path", generate.generate())
def test_a_stale_or_missing_file_is_noticed(tmp_path: Path, path: str) -> None:
    for name, text in generate.generate().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert generate.stale(tmp_path) == []
    (tmp_path / path).write_text((tmp_path / path).read_text() + "\n")
    assert generate.stale(tmp_path) == [path]
    (tmp_path / path).unlink()
    assert generate.stale(tmp_path) == [path]


def test_another_limit_makes_the_files_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_STROKES", 9)
    assert generate.stale() == ["relay/web/model/limits.js", "docs/reference/limits.md"]


def test_another_message_makes_the_table_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "ServerMessage", ServerMessage.__args__[0] | ServerMessage.__args__[1])
    assert generate.stale() == ["relay/web/model/message_table.js"]


def test_every_limit_is_in_the_files_and_says_what_it_means() -> None:
    found = {constant.name for _, section in generate.constants() for constant in section}
    assert found == {name for name in vars(limits) if name.isupper()}
    for name in found:
        assert f"export const {name} = " in generate.limits_js()
        assert f"| `{name}` |" in generate.limits_md()


def test_every_message_is_in_the_table() -> None:
    table = generate.message_table_js()
    for union in (Action, Change, ServerMessage):
        for kind in get_args(union):
            tag = (get_origin(kind) or kind).__struct_config__.tag
            assert f"\n  {tag}: {{" in table or f'\n  "{tag}": {{' in table
    for kind in get_args(ClientMessage):
        assert f'@typedef {{{{type: "{(get_origin(kind) or kind).__struct_config__.tag}"' in table


def test_a_field_that_javascript_has_no_shape_for_is_noticed() -> None:
    with pytest.raises(ValueError, match="no shape"):
        generate._shape(types.type_info(bytes))  # noqa: SLF001  # no message has bytes


def test_the_command_writes_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    for name in generate.generate():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    generate.main()
    assert generate.stale(tmp_path) == []


def test_a_limit_without_its_meaning_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspect.getsource", lambda module: '"""Limits."""\n\nMOST = 1\nLEAST = 2\n')
    with pytest.raises(ValueError, match=r"line 3 of limits\.py is no constant"):
        list(generate.constants())


def test_a_union_without_a_name_is_noticed() -> None:
    kinds = types.multi_type_info([Action, get_args(ServerMessage)[0] | get_args(ServerMessage)[1]])
    assert generate._shape(kinds[0]) == "action"  # noqa: SLF001
    with pytest.raises(ValueError, match="no name for a union"):
        generate._shape(kinds[1])  # noqa: SLF001


def test_a_field_that_a_client_has_no_type_for_is_noticed() -> None:
    assert generate._type(types.type_info(str | None)) == "string | null"  # noqa: SLF001
    with pytest.raises(ValueError, match="no type"):
        generate._type(types.type_info(bytes))  # noqa: SLF001
