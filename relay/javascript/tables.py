"""A module that exports one table of texts, as that table. Pure."""

from __future__ import annotations

import json
from typing import Any

from .tokens import tokens

Words = dict[str, str | dict[str, str]]
"""A language's texts by their keys; one that counts is a table by plural forms."""


def table(source: str) -> Words:
    """Return what a module of words exports: ``export const de = {key: "text", "a key": {one: "text"}};``.

    Raises:
        ValueError, TokenError: it is no such module.
    """
    found = [token for token in tokens(source[source.index("= {") + 2 :]) if token.kind != "end"]
    if found and found[-1].text == ";":
        found.pop()
    parts: list[str] = []
    for token, after in zip(found, [*found[1:], None], strict=True):
        if token.text == "," and after is not None and after.text == "}":
            continue
        parts.append(json.dumps(token.text) if token.kind == "name" else token.text)
    words: Any = json.loads("".join(parts))
    return dict(words)
