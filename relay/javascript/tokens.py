"""JavaScript as tokens: enough to tell code from strings, templates, regular expressions and comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


class TokenError(Exception):
    """The source has no tokens; the text says where and why."""


@dataclass(slots=True)
class Token:
    kind: str
    """name (also keywords and numbers), string, other (punctuation, expressions between slashes, parts of templates)
    or end."""
    text: str
    gap: str = ""
    """The space and comments before it: nothing, one blank or one line's end."""
    depth: int = 0
    """How many brackets are open around it."""
    line: int = 0
    role: str = ""
    """What it is to `shorten`: "" for what is copied."""
    chunk: int = 0
    """The number of the statement, or the member of a class, that it stands in, counted by `shorten`."""


_LEXEME = re.compile(
    r"""(?P<gap>(?:\s+|//[^\n]*|/\*.*?\*/)*)
    (?:(?P<name>[\w$]+)
    | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<other>=>|\.\.\.|\?\.(?!\d)|\?\?|\+\+|--|.)
    | (?P<end>\Z))""",
    re.VERBOSE | re.DOTALL,
)
_EXPRESSION = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?P<end>`|\$\{)", re.DOTALL)
_WORD = re.compile(r"[\w$]+")
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
_SPECIAL = frozenset("\"'`/([{)]}")


def tokens(source: str) -> Iterator[Token]:
    """Yield the tokens of a module, and one for its end.

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
        """The last token."""
        self._condition = False
        """Whether that is the bracket which closes a condition."""

    def error(self, words: str) -> TokenError:
        return TokenError(f"line {self._line}: {words}")

    def tokens(self) -> Iterator[Token]:
        match, source = _LEXEME.match, self._source
        while True:
            matched = match(source, self._at)
            assert matched is not None
            kind = str(matched.lastgroup)
            gap, text = matched["gap"], matched[kind]
            lines = gap.count("\n")
            self._line += lines
            line, depth = self._line, len(self._open)
            self._at = matched.end()
            if kind == "end":
                break
            if kind == "other" and text in _SPECIAL:
                text = self._special(text)
                depth = min(depth, len(self._open))
                self._line += text.count("\n")
            else:
                self._condition = False
            self._last = text
            yield Token(kind, text, "\n" if lines else " " if gap else "", depth, line)
        if self._open:
            raise self.error(f"{self._open[-1].removesuffix(CONDITION)} is not closed")
        yield Token("end", "", "\n", 0, self._line)

    def _special(self, text: str) -> str:
        """Read a bracket or a slash, or what a quote begins; returns the whole token."""
        condition, self._condition = self._condition, False
        if text in "\"'":
            raise self.error(f"the string that begins with {text} does not end")
        if text == "`":
            return "`" + self._template()
        if text == "/" and self._begins_expression(condition):
            expression = _EXPRESSION.match(self._source, self._at - 1)
            if expression is None:
                raise self.error("the regular expression does not end")
            self._at = expression.end()
            return expression.group()
        if text in "([{":
            self._open.append("(" + CONDITION if text == "(" and self._last in _BEFORE_CONDITION else text)
        elif text in _CLOSING:
            opened = self._open.pop() if self._open else ""
            if opened == "${" and text == "}":
                return text + self._template()
            if opened.removesuffix(CONDITION) != _CLOSING[text]:
                raise self.error(f"{text} closes nothing")
            self._condition = opened == "(" + CONDITION
        return text

    def _template(self) -> str:
        """Read on in a template, to its end or its next expression."""
        part = _TEMPLATE.match(self._source, self._at)
        if part is None:
            raise self.error("the template does not end")
        if part["end"] == "${":
            self._open.append("${")
        self._at = part.end()
        return part.group()

    def _begins_expression(self, condition: bool) -> bool:
        last = self._last
        if last == "}":
            raise self.error("a slash after } may divide or begin a regular expression: write it otherwise")
        if _WORD.fullmatch(last):
            return last in _BEFORE_EXPRESSION
        return condition or not (last in (")", "]") or last[-1:] in ("`", '"', "'") or _is_expression(last))


def _is_expression(token: str) -> bool:
    return len(token) > 1 and token.startswith("/")
