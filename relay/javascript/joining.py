"""Joins ES modules into one. Pure.

A widget's module has to be one: front ends load it from a blob, from which nothing can be imported. This is no bundler
for everybody's JavaScript: it follows relative imports without cycles, and raises `BundleError` for what it does not
support, so that nothing is joined wrongly in silence. Each module becomes a function that is called once, after the
modules that it imports, and returns its exports. Comments and space are left out, and functions and plain
values that nobody needs; names are made short.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from .shorten import Names, short_names
from .tokens import Token, TokenError, tokens

Read = Callable[[str], str]
"""Returns the source of the module of that path, "folder/name.js"; raises OSError where there is none."""


_Name = tuple[str, str]
"""The path of a module, and a name in it."""


class BundleError(Exception):
    """The modules cannot be joined; the text says where and why."""


def bundle(entry: str, read: Read, *, meta: bool = False) -> str:
    """Return one module that exports what the module `entry` does.

    With `meta`, modules may ask for ``import.meta``, which is then that of the joined one.

    Raises:
        BundleError: a module is missing, has a cycle, or uses syntax that is not supported.
    """
    modules = _modules(entry, read, meta)
    short = _short_names(modules)
    dropped = _dropped(modules, entry)
    parts = [module.written(modules, short, dropped[module.path]) for module in modules.values()]
    exports = [
        f"{short[modules[entry].export(name, modules)]} as {name}"
        for name in sorted(modules[entry].export_names(modules))
    ]
    return "\n".join([*filter(None, parts), f"export{{{','.join(exports)}}};"]) + "\n"


def paths(entry: str, read: Read, *, meta: bool = False) -> list[str]:
    """Return the paths of the modules that `bundle` joins, in their order: each after those that it imports."""
    return list(_modules(entry, read, meta))


def _short_names(modules: Mapping[str, _Module]) -> dict[_Name, str]:
    """Return a name for each that is seen in all of a module: the same for whoever imports it, and nobody else's."""
    counts: Counter[_Name] = Counter()
    kept: set[str] = set()
    for module in modules.values():
        kept |= module.names.free
        for name, count in module.names.counts.items():
            counts[module.binding(name, modules)] += count
        counts.update(module.export(name, modules) for name in module.exports)
    return short_names([name for name, _ in counts.most_common()], kept)


def _dropped(modules: Mapping[str, _Module], entry: str) -> dict[str, set[int]]:
    """Return the statements of each module that only declare what nobody needs."""
    declared = {
        (module.path, name): (module.path, chunk)
        for module in modules.values()
        for chunk, name in module.names.declarations.items()
    }
    uses = {
        (module.path, chunk): {module.binding(name, modules) for name in module.names.uses(chunk)}
        for module in modules.values()
        for chunk in module.names.chunks
    }
    kept = [modules[entry].export(name, modules) for name in modules[entry].export_names(modules)]
    # What else does something when it is run needs what it names, and so on.
    needed = set(kept).union(*(found for place, found in uses.items() if place not in declared.values()))
    waiting = [*needed]
    while waiting:
        name = waiting.pop()
        more = uses.get(declared[name], set()) if name in declared else set()
        if name[1] == "*":
            more = {modules[name[0]].export(one, modules) for one in modules[name[0]].export_names(modules)}
        waiting += more - needed
        needed |= more
    dropped: dict[str, set[int]] = {path: set() for path in modules}
    for name, (path, chunk) in declared.items():
        if name not in needed:
            dropped[path].add(chunk)
    return dropped


def _modules(entry: str, read: Read, meta: bool) -> dict[str, _Module]:
    """Return the modules that `entry` needs by path, each after those that it imports."""
    modules: dict[str, _Module] = {}
    importing: list[str] = []

    def load(path: str) -> None:
        if path in importing:
            raise BundleError(" imports ".join([*importing[importing.index(path) :], path]))
        if path in modules:
            return
        importing.append(path)
        try:
            source = read(path)
        except OSError as error:
            raise BundleError(f"{' imports '.join(importing)}, which cannot be read") from error
        module = _Parser(path, source, meta).module()
        for target in module.imports:
            load(target)
        importing.pop()
        modules[path] = module

    load(entry)
    for module in modules.values():
        for target, name in module.needed:
            if name not in modules[target].export_names(modules):
                raise BundleError(f"{module.path} imports {name}, which {target} does not export")
    return modules


# --- one module -------------------------------------------------------------------------------------------------------


@dataclass
class _Module:
    path: str
    imports: dict[str, None] = field(default_factory=dict)
    """The paths of the modules that this one needs, in order."""
    needed: list[tuple[str, str]] = field(default_factory=list)
    """Path and name of each export of another module that this one uses."""
    exports: dict[str, str | tuple[str, str]] = field(default_factory=dict)
    """What each export is: a name of this module, or path and export of another; "*" all of that one."""
    stars: list[str] = field(default_factory=list)
    """The modules of which everything but the default is exported."""
    bindings: dict[str, _Name] = field(default_factory=dict)
    """What the names that imports bind are: path, and export of that module or "*" for all."""
    body: list[Token] = field(default_factory=list)
    """The module without imports and the keywords of exports."""

    def export_names(self, modules: Mapping[str, _Module]) -> set[str]:
        passed_on = (modules[star].export_names(modules) for star in self.stars)
        return set(self.exports).union(*passed_on) - (set() if "default" in self.exports else {"default"})

    @cached_property
    def names(self) -> Names:
        return Names(self.body, self.bindings)

    def binding(self, name: str, modules: Mapping[str, _Module]) -> _Name:
        """Return where the name of this module is declared, and its name there."""
        if name not in self.bindings:
            return self.path, name
        path, export = self.bindings[name]
        return (path, "*") if export == "*" else modules[path].export(export, modules)

    def export(self, name: str, modules: Mapping[str, _Module]) -> _Name:
        """Return where the export `name` is declared, and its name there; "*" for all exports of a module."""
        value = self.exports.get(name)
        if value is None:
            star = next(star for star in self.stars if name in modules[star].export_names(modules))
            return modules[star].export(name, modules)
        if isinstance(value, str):
            return self.binding(value, modules)
        path, there = value
        return (path, "*") if there == "*" else modules[path].export(there, modules)

    def written(
        self, modules: Mapping[str, _Module], short: Mapping[_Name, str], dropped: Collection[int]
    ) -> str:
        """Return the text of this module among the others, without the statements `dropped`."""
        names = {name: short[self.binding(name, modules)] for name in self.names.counts}
        text = self.names.written(names, dropped)
        if all_of_it := short.get((self.path, "*")):
            exports = [
                f"{name}:{short[self.export(name, modules)]}" for name in sorted(self.export_names(modules))
            ]
            text += f"\nconst {all_of_it}={{{','.join(exports)}}};"
        return text


# --- statements -------------------------------------------------------------------------------------------------------

_DECLARED = ("function", "class")
_DEFAULT = "*default"
"""The name of a value that is exported without one."""


class _Parser:
    """Takes imports and exports out of a module, and copies everything else."""

    def __init__(self, path: str, source: str, meta: bool) -> None:
        try:
            self._tokens = list(tokens(source))
        except TokenError as error:
            raise BundleError(f"{path}, {error}") from error
        self._meta = meta
        self._at = 0
        self._last = ""
        self._result = _Module(path)

    def module(self) -> _Module:
        while self._tokens[self._at].kind != "end":
            token = self._tokens[self._at]
            if token.kind == "name" and self._last != ".":
                self._check(token)
                if token.depth == 0 and self._begins_statement(token):
                    self._statement(self._word())
                    if token.gap == "\n":
                        self._tokens[self._at].gap = "\n"
                    continue
            self._last = token.text
            self._result.body.append(token)
            self._at += 1
        return self._result

    def _begins_statement(self, token: Token) -> bool:
        return token.text == "export" or (token.text == "import" and self._peek(1).text not in ("(", "."))

    def _check(self, token: Token) -> None:
        following = self._peek(1)
        if token.text == "import" and (
            (following.text == "." and not self._meta)
            or (following.text == "(" and self._peek(2).kind == "string")
        ):
            raise self._error(f"import{following.text} is not supported")

    def _statement(self, keyword: str) -> None:
        if keyword == "import":
            self._import()
        elif (begin := self._peek().text) == "{":
            self._export_list()
        elif begin == "*":
            self._export_all()
        elif begin == "default":
            self._export_default()
        else:
            self._export_declaration()
        self._last = ";"

    def _import(self) -> None:
        if self._peek().kind == "string":
            self._target()
            self._end()
            return
        bound: list[tuple[str, str]] = []
        if self._peek().text not in ("{", "*"):
            bound.append(("default", self._word()))
            if self._peek().text == ",":
                self._expect(",")
        if self._peek().text == "*":
            self._expect("*", "as")
            bound.append(("*", self._word()))
        elif self._peek().text == "{":
            bound += self._names()
        self._expect("from")
        target = self._target()
        self._end()
        self._result.needed += [(target, export) for export, _ in bound if export != "*"]
        self._result.bindings |= {name: (target, export) for export, name in bound}

    def _export_list(self) -> None:
        pairs = self._names()
        target = None
        if self._peek().text == "from":
            self._expect("from")
            target = self._target()
            self._result.needed += [(target, name) for name, _ in pairs]
        self._end()
        for name, to in pairs:
            self._export(to, name if target is None else (target, name))

    def _export_all(self) -> None:
        self._expect("*")
        name = None
        if self._peek().text == "as":
            self._expect("as")
            name = self._word()
        self._expect("from")
        target = self._target()
        self._end()
        if name is None:
            self._result.stars.append(target)
        else:
            self._export(name, (target, "*"))

    def _export_default(self) -> None:
        self._expect("default")
        ahead = 1 if self._peek().text == "async" else 0
        if self._peek(ahead).text in _DECLARED:
            self._export("default", self._declared_name(ahead))
        else:
            self._export("default", _DEFAULT)
            self._result.body += [
                Token("name", "const", "\n"),
                Token("name", _DEFAULT, " "),
                Token("other", "="),
            ]

    def _export_declaration(self) -> None:
        begin = self._peek()
        ahead = 1 if begin.text == "async" else 0
        if begin.text == "const":
            name = self._peek(1)
            if name.kind != "name":
                raise self._error("export const takes one name: no pattern")
            self._check_single()
            self._export(name.text, name.text)
        elif self._peek(ahead).text in _DECLARED:
            name_text = self._declared_name(ahead)
            self._export(name_text, name_text)
        else:
            # An importer has the value at the time of its import, so it must not change.
            raise self._error(f"export {begin.text} is not supported: export a const, function or class")

    def _declared_name(self, ahead: int) -> str:
        following = self._peek(ahead + 1)
        if following.text == "*":
            following = self._peek(ahead + 2)
        if following.kind != "name" or following.text == "extends":
            raise self._error("an exported function or class needs a name")
        return following.text

    def _check_single(self) -> None:
        """Raise where the declaration that follows has a second name."""
        for token in self._tokens[self._at + 1 :]:
            if token.depth:
                continue
            if token.text == ";" or token.kind == "end":
                return
            if token.text == ",":
                raise self._error("export const takes one name: no comma")
            if token.gap == "\n" and token.text in ("import", "export", "const", "let", "var", *_DECLARED):
                return

    def _names(self) -> list[tuple[str, str]]:
        """Read ``{ name, name as other }``: pairs of a name and the other."""
        pairs: list[tuple[str, str]] = []
        self._expect("{")
        while self._peek().text != "}":
            name = other = self._word()
            if self._peek().text == "as":
                self._expect("as")
                other = self._word()
            pairs.append((name, other))
            if self._peek().text != "}":
                self._expect(",")
        self._expect("}")
        return pairs

    def _target(self) -> str:
        token = self._peek()
        if token.kind != "string":
            raise self._error("the path of a module is expected")
        self._skip()
        path = token.text[1:-1]
        if not path.startswith(("./", "../")):
            raise self._error(f"{path} is not a relative path: only those can be joined")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(self._result.path), path))
        self._result.imports[target] = None
        return target

    def _export(self, name: str, value: str | tuple[str, str]) -> None:
        if name in self._result.exports:
            raise self._error(f"{name} is exported twice")
        self._result.exports[name] = value

    # --- steps ---

    def _peek(self, ahead: int = 0) -> Token:
        """Return a token, counted from the next one."""
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def _skip(self) -> None:
        self._at += 1

    def _word(self) -> str:
        token = self._peek()
        if token.kind != "name":
            raise self._error(f"a name is expected, not {token.text or 'the end'}")
        self._skip()
        return token.text

    def _expect(self, *texts: str) -> None:
        for text in texts:
            if (following := self._peek()).text != text:
                raise self._error(f"{text} is expected, not {following.text or 'the end'}")
            self._skip()

    def _end(self) -> None:
        following = self._peek()
        if following.text == ";":
            self._skip()
        elif following.kind != "end" and following.line == self._tokens[self._at - 1].line:
            raise self._error(f"the end of the statement is expected, not {following.text}")

    def _error(self, words: str) -> BundleError:
        return BundleError(f"{self._result.path}, line {self._tokens[self._at].line}: {words}")
