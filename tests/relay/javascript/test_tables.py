"""A language's words, as Python reads them of their module: what JavaScript has."""

from __future__ import annotations

import json

import pytest

from relay.javascript import TokenError, read_module, table

from ...support.node import WEB, says

LANGUAGES = ("ar", "de", "en", "es", "fr", "ja")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_is_that_of_its_module(language: str) -> None:
    script = f"""
    const words = await import({json.dumps((WEB / "surface" / "words" / f"{language}.js").as_uri())});
    process.stdout.write(JSON.stringify(words.{language}));
    """
    assert table(read_module(f"relay/web/surface/words/{language}.js")) == json.loads(says(script=script))


@pytest.mark.parametrize("source", ["export const one = 1;", "export const de = {a: 1,"])
def test_another_module_is_an_error(source: str) -> None:
    with pytest.raises((ValueError, TokenError)):
        table(source)


def test_keys_may_be_quoted_and_a_text_may_count() -> None:
    source = 'export const de = {\n  here: { one: "{n} Person", other: "{n} Personen" },\n  "name.join": "Beitreten",\n}'
    assert table(source) == {"here": {"one": "{n} Person", "other": "{n} Personen"}, "name.join": "Beitreten"}
