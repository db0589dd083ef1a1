"""JavaScript as tokens: enough to tell code from strings, templates, regular expressions and comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class TokenError(Exception):
    """The source has no tokens; the text says where and why."""


class Token(NamedTuple):
    kind: str
    """name (also keywords and numbers), string, other (punctuation, expressions between slashes, parts of templates),
    space or end."""
    text: str
    depth: int
    """How many brackets are open around it."""
    line: int


_LEXEME = re.compile(
    r"""(?P<space>\s+)
    | (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<name>[\w$]+)
    | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_EXPRESSION = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?P<end>`|\$\{)", re.DOTALL)
_BEFORE_EXPRESSION = frozenset(
    {
        *("return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "await"),
        *("yield", "instanceof"),
    }
)
"""Keywords after which a slash begins a regular expression."""
_BEFORE_CONDITION = frozenset(["if", "while", "for", "with"])
CONDITION = "condition"
_CLOSING = {")": "(", "]": "[", "}": "{"}


def tokens(source: str) -> Iterator[Token]:
    """Yield the tokens of a module. Space is one blank or one line's end, and comments are space.

    Raises:
        TokenError: a bracket, string, template or regular expression does not end, or a slash could be either of two.
    """
    return _Lexer(source).tokens()


class _Lexer:
    """Reads one source from its begin to its end."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at, self._line = 0, 1
        self._open: list[str] = []
        self._last = ""
        """The last token that is not space."""
        self._condition = False
        """Whether that is the bracket which closes a condition."""

    def error(self, words: str) -> TokenError:
        return TokenError(f"line {self._line}: {words}")

    def tokens(self) -> Iterator[Token]:
        while self._at < len(self._source):
            yield self._next()
        if self._open:
            raise self.error(f"{self._open[-1].removesuffix(CONDITION)} is not closed")
        yield Token("end", "", 0, self._line)

    def _next(self) -> Token:
        line, depth = self._line, len(self._open)
        matched = _LEXEME.match(self._source, self._at)
        assert matched is not None
        kind, text = str(matched.lastgroup), matched.group()
        if kind in ("space", "comment"):
            self._advance(text)
            return Token("space", "\n" if "\n" in text else " ", depth, line)
        if kind == "other":
            text = self._other(text)
            depth = min(depth, len(self._open))
        else:
            self._condition = False
            self._advance(text)
        self._last = text
        return Token(kind, text, depth, line)

    def _other(self, text: str) -> str:
        """Read punctuation, or what begins with it."""
        condition, self._condition = self._condition, False
        if text in "\"'":
            raise self.error(f"the string that begins with {text} does not end")
        if text == "`":
            return self._advance("`") + self._template()
        if text == "/" and self._begins_expression(condition):
            expression = _EXPRESSION.match(self._source, self._at)
            if expression is None:
                raise self.error("the regular expression does not end")
            return self._advance(expression.group())
        if text in "([{":
            self._open.append("(" + CONDITION if text == "(" and self._last in _BEFORE_CONDITION else text)
        elif text in _CLOSING:
            opened = self._open.pop() if self._open else ""
            if opened == "${" and text == "}":
                return self._advance(text) + self._template()
            if opened.removesuffix(CONDITION) != _CLOSING[text]:
                raise self.error(f"{text} closes nothing")
            self._condition = opened == "(" + CONDITION
        return self._advance(text)

    def _template(self) -> str:
        """Read on in a template, to its end or its next expression."""
        part = _TEMPLATE.match(self._source, self._at)
        if part is None:
            raise self.error("the template does not end")
        if part["end"] == "${":
            self._open.append("${")
        return self._advance(part.group())

    def _begins_expression(self, condition: bool) -> bool:
        last = self._last
        if last == "}":
            raise self.error("a slash after } may divide or begin a regular expression: write it otherwise")
        if re.fullmatch(r"[\w$]+", last):
            return last in _BEFORE_EXPRESSION
        return condition or not (last in (")", "]") or last[-1:] in ("`", '"', "'") or _is_expression(last))

    def _advance(self, text: str) -> str:
        self._at += len(text)
        self._line += text.count("\n")
        return text


def _is_expression(token: str) -> bool:
    return len(token) > 1 and token.startswith("/")
