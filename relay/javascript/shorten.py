"""Finds the names of a module that nobody else sees, and writes it with short ones and without space. Pure.

Little is known of scopes. A name that is declared outside of all brackets has one short name everywhere. Any other has
one in the statement that it stands in, or in the member of a class. Within these no two names get the same, so none can
hide another. What has to be known is which words are names: not the ones after a dot, not the keys of objects, not the
members of classes. A name that is declared nowhere belongs to the browser, and stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, groupby, product
from typing import TypeVar

from .tokens import Token

_RESERVED = """
break case catch class const continue debugger default delete do else export extends false finally for function if
import in instanceof new null return super switch this throw true try typeof var void while with yield let await enum
implements interface package private protected public static async get set of arguments eval undefined NaN Infinity
"""
_KEYWORDS = frozenset(_RESERVED.split())
"""Words that are never given another name, nor are another's."""
_DECLARING = ("const", "let", "var")
_BEFORE_BLOCK = frozenset([")", "=>", "else", "try", "finally", "do", "catch", "static"])
_CONDITIONS = frozenset(["if", "for", "while", "switch", "with"])
_HEADS = _CONDITIONS | {"await"}
"""What stands before round brackets that a statement follows."""
_MODIFIERS = frozenset(["get", "set", "async", "static"])
_LETTERS = "etnaoirsuclhdpmfgvbywxkjqzETNAOIRSUCLHDPMFGVBYWXKJQZ"
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")

Named = TypeVar("Named", bound=Hashable)

BLOCK, OBJECT, CLASS, OTHER = "block", "object", "class", "other"
NAME, SHORTHAND, PRIVATE, CONSTANT = "name", "shorthand", "private", "constant"


@dataclass(slots=True)
class _Bracket:
    """What stands between two brackets."""

    kind: str
    outer: bool = False
    """Whether a name that is declared here is seen in all of the module."""
    binds: bool = False
    """Whether names are bound here: the parameters of a function, or a pattern."""
    key: bool = False
    """Whether a key, or a class's member, comes next."""
    declares: bool = False
    """Whether a declaration goes on."""
    class_begins: bool = False
    questions: int = 0
    label: bool = False
    """Whether the last colon ended a key, a label or a case, and was none of a condition's."""


class Names:
    """The words of a module, and whose names they are.

    `imported` are bound by imports. Names that are declared outside of all brackets are `outer`; those that are
    declared nowhere are `free`.
    """

    def __init__(self, tokens: Sequence[Token], imported: Collection[str]) -> None:
        self._words = tokens
        self._needless = _needless(tokens)
        reader = _Reader(self._words)
        reader.read()
        self.outer = (reader.outer | set(imported)) - _KEYWORDS
        self._local = {chunk: names - self.outer - _KEYWORDS for chunk, names in reader.local.items()}
        self.counts: Counter[str] = Counter()
        """How often each outer name stands in the module."""
        self._uses: dict[int, Counter[str]] = {}
        self.free: set[str] = set()
        self.declarations = _declarations(tokens)
        """The names of functions and plain values by the statements that only declare them."""
        for word in self._words:
            if word.role in (NAME, SHORTHAND):
                name = word.text
                if name in self.outer:
                    self.counts[name] += 1
                elif name not in self._local.get(word.chunk, ()):
                    self.free.add(name)
                self._uses.setdefault(word.chunk, Counter())[name] += 1

    def uses(self, chunk: int) -> Collection[str]:
        """Return the names in a statement, or in a member of a class."""
        return self._uses.get(chunk, ())

    @property
    def chunks(self) -> Collection[int]:
        """The statements and members that have names."""
        return self._uses

    def written(self, names: Mapping[str, str], dropped: Collection[int] = ()) -> str:
        """Return the module's text without the statements `dropped`; `names` has the short name of each outer one."""
        short: dict[int, Mapping[str, str]] = {}
        for chunk, uses in self._uses.items():
            local = self._local.get(chunk, set())
            kept = {names.get(name, name) for name in uses if name not in local}
            ordered = [name for name in uses if name in local]
            short[chunk] = {**names, **short_names(ordered, kept)}
        privates = Counter(word.text for word in self._words if word.role == PRIVATE)
        private = short_names([name for name, _ in privates.most_common()], ["constructor"])
        return "".join(self._texts(short, private, dropped))

    def _texts(
        self, short: Mapping[int, Mapping[str, str]], private: Mapping[str, str], dropped: Collection[int]
    ) -> Iterator[str]:
        before = ""
        for at, word in enumerate(self._words):
            text = word.text
            if at in self._needless or word.chunk in dropped:
                continue
            if word.role == NAME:
                text = short[word.chunk].get(text, text)
            elif word.role == SHORTHAND and text in (names := short[word.chunk]):
                text = f"{text}:{names[text]}"
            elif word.role == PRIVATE:
                text = private[text]
            elif word.role == CONSTANT:
                text = "let"  # Who assigns to a constant is found when the modules are apart.
            if word.gap and before and (gap := _gap(before, text, word.gap)):
                yield gap
            yield text
            before = text


def short_names(names: Iterable[Named], kept: Collection[str]) -> dict[Named, str]:
    """Return a short name for each of `names`, the first of which are the shortest: none of `kept`, and no keyword."""
    letters = chain.from_iterable(product(_LETTERS, repeat=size) for size in count(1))
    found = (name for each in letters if (name := "".join(each)) not in kept and name not in _KEYWORDS)
    return dict(zip(names, found, strict=False))


def _gap(before: str, after: str, gap: str) -> str:
    """Return as much of the space between two tokens as they need."""
    last, first = before[-1], after[0]
    if gap == "\n" and not (last in "([{,;:?=&|<>!." or first in ")]},;.:?=&|<>"):
        return "\n"
    word = (last.isalnum() or last in "_$") and (first.isalnum() or first in "_$")
    return " " if word or (last == first and first in "+-/") or (last.isdigit() and first == ".") else ""


class _Reader:
    """Says of each word what it is."""

    def __init__(self, words: Sequence[Token]) -> None:
        self._words = words
        self._stack = [_Bracket(BLOCK, outer=True)]
        self._chunk = 0
        self.outer: set[str] = set()
        self.local: dict[int, set[str]] = {}
        self._closing = _closing(words)

    def read(self) -> None:
        """Set the role and the chunk of each word, and collect the names that are declared."""
        before = ""
        for at, word in enumerate(self._words):
            if self._begins_chunk(word, before):
                self._chunk += 1
            word.chunk = self._chunk
            if word.kind == "name" and not word.text[0].isdigit():
                self._name(at, word, before)
            elif word.kind == "other":
                self._punctuation(at, word.text, before)
            else:
                self._stack[-1].key = False
            before = word.text

    def _begins_chunk(self, word: Token, before: str) -> bool:
        depth = len(self._stack)
        if depth == 1:
            return before == ";" or (before == "}" and word.gap == "\n" and word.kind == "name")
        return depth == 2 and self._stack[-1].kind == CLASS and self._stack[-1].key and before in (";", "}")

    def _declare(self, name: str, *, outer: bool) -> None:
        (self.outer if outer else self.local.setdefault(self._chunk, set())).add(name)

    def _next(self, at: int) -> str:
        return self._words[at + 1].text if at + 1 < len(self._words) else ""

    def _name(self, at: int, word: Token, before: str) -> None:
        here, text, after = self._stack[-1], word.text, self._next(at)
        if before == "#":
            word.role = PRIVATE
            here.key = False
        elif before in (".", "?."):
            return
        elif here.key and before != "...":
            if not (text in _MODIFIERS and after not in (":", "(", ",", "}", "=", ";")):
                here.key = False
                if here.kind == OBJECT and after in (",", "}", "="):
                    word.role = SHORTHAND
                    if here.binds:
                        self._declare(text, outer=here.outer)
        elif text in _KEYWORDS:
            if text == "const":
                word.role = CONSTANT
            self._keyword(here, text)
        else:
            word.role = NAME
            here.key = False
            if self._is_bound(here, at, before, after):
                self._declare(text, outer=here.outer)

    def _keyword(self, here: _Bracket, text: str) -> None:
        if text in _DECLARING:
            here.declares = True
        elif text in ("of", "in"):
            here.declares = False
        elif text == "class":
            here.class_begins = True

    def _is_bound(self, here: _Bracket, at: int, before: str, after: str) -> bool:
        if before in ("function", "class") or after == "=>":
            return True
        if before == "*" and at > 1 and self._words[at - 2].text == "function":
            return True
        return self._binds_next(here, before)

    def _binds_next(self, here: _Bracket, before: str) -> bool:
        """Return whether the name or pattern that follows `before` is bound."""
        if here.binds and here.kind == OBJECT:
            return before == "..." or (here.kind == BLOCK and before == ":" and here.label)
        if here.binds:
            return before in ("(", "[", ",", "...")
        return before in _DECLARING or (here.declares and before == ",")

    def _punctuation(self, at: int, text: str, before: str) -> None:
        here = self._stack[-1]
        if text[0] == "}" and len(text) > 1:  # The rest of a template.
            if not text.endswith("${"):
                self._stack.pop()
        elif text[0] == "`":
            here.key = False
            if text.endswith("${"):
                self._stack.append(_Bracket(OTHER))
        elif text in _OPEN:
            self._open(at, text, before)
        elif text in _CLOSE:
            closed = self._stack.pop()
            self._stack[-1].key = self._stack[-1].kind == CLASS and closed.kind == BLOCK
        elif text == ",":
            here.key = here.kind == OBJECT
        elif text == ";":
            here.key = here.kind == CLASS
            here.declares = False
        elif text == "?":
            here.questions += 1
        elif text == ":":
            here.label = not here.questions
            here.questions = max(0, here.questions - 1)
        elif text not in ("#", "*", "..."):
            here.key = False

    def _open(self, at: int, text: str, before: str) -> None:
        here = self._stack[-1]
        binds = self._binds_next(here, before)
        outer = binds and here.outer
        if text == "(":
            self._stack.append(_Bracket(OTHER, binds=self._are_parameters(at, before)))
        elif text == "[":
            self._stack.append(_Bracket(OTHER, outer, binds))
        elif here.class_begins:
            here.class_begins = False
            self._stack.append(_Bracket(CLASS, key=True))
        elif (
            before in _BEFORE_BLOCK
            or (here.kind == BLOCK and before in ("", ";", "{", "}"))
            or (here.kind == BLOCK and before == ":" and here.label)
        ):
            self._stack.append(_Bracket(BLOCK))
        else:
            self._stack.append(_Bracket(OBJECT, outer, binds, key=True))
        here.key = False

    def _are_parameters(self, at: int, before: str) -> bool:
        after = self._next(self._closing[at])
        return after == "=>" or (after == "{" and before not in _CONDITIONS)


def _declarations(words: Sequence[Token]) -> dict[int, str]:
    """Return the name of each statement that declares one, and does nothing else when it is run."""
    found = {}
    for chunk, some in groupby(words, key=lambda word: word.chunk):
        statement = list(some)
        texts = [word.text for word in statement if word.text not in ("async", "*")]
        ends = "".join(word.text for word in statement if word.depth == 0 and word.text in (";", "}", ","))
        if statement[0].depth or len(texts) < 4:
            continue
        if (texts[0] == "function" and ends == texts[-1] == "}") or (
            texts[0] == "const"
            and texts[2] == "="
            and texts[-1] == ";"
            and ends in (";", "};")
            and _does_nothing(statement[3:-1])
        ):
            found[chunk] = texts[1]
    return found


def _does_nothing(value: Sequence[Token]) -> bool:
    """Return whether a value is plain, or a function."""
    if len(value) == 1:
        return value[0].kind == "string" or value[0].text[0].isdigit()
    texts = [word.text for word in value]
    return "=>" in texts and (texts[1] == "=>" or (texts[0] == "(" and texts[_closing(value)[0] + 1] == "=>"))


def _needless(words: Sequence[Token]) -> set[int]:
    """Return where the semicolons are that a closing bracket stands for, and the commas before one."""
    conditions = {close for begin, close in _closing(words).items() if words[begin - 1].text in _HEADS}
    semicolons = {
        at
        for at, word in enumerate(words[:-1])
        if word.text == ";" and words[at + 1].text == "}" and at > 0
        # A statement that is empty needs its own.
        if at - 1 not in conditions and words[at - 1].text not in ("else", "do")
    }
    # In square brackets it may stand for an element.
    commas = {
        at
        for at, word in enumerate(words[:-1])
        if word.kind == "other" and word.text == "," and words[at + 1].text in (")", "}")
    }
    return semicolons | commas


def _closing(words: Sequence[Token]) -> dict[int, int]:
    """Return where each round bracket is closed."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for at, word in enumerate(words):
        if word.kind == "other":
            if word.text == "(":
                opened.append(at)
            elif word.text == ")":
                found[opened.pop()] = at
    return found
