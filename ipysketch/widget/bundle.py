"""Joins ES modules into one. Pure.

A widget's module has to be one: front ends load it from a blob, from which nothing can be imported. This is no bundler
for everybody's JavaScript: it follows relative imports without cycles, and raises `BundleError` for what it does not
support, so that nothing is joined wrongly in silence. Each module becomes a function that is called once, after the
modules that it imports, and returns its exports. Comments and indentation are left out.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from .javascript_tokens import Token, TokenError, tokens

Read = Callable[[str], str]
"""Returns the source of the module of that path, "folder/name.js"; raises OSError where there is none."""


class BundleError(Exception):
    """The modules cannot be joined; the text says where and why."""


def bundle(entry: str, read: Read) -> str:
    """Return one module that exports what the module `entry` does.

    Raises:
        BundleError: a module is missing, has a cycle, or uses syntax that is not supported.
    """
    modules = _modules(entry, read)
    parts = [module.joined(modules) for module in modules.values()]
    names = sorted(modules[entry].export_names(modules))
    result = f"${modules[entry].number}"
    if "default" in names:
        parts.append(f"export default {result}.default;")
    if named := [name for name in names if name != "default"]:
        parts.append(f"export const {{ {', '.join(named)} }} = {result};")
    return "\n".join(parts) + "\n"


def _modules(entry: str, read: Read) -> dict[str, _Module]:
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
        module = _Parser(path, source).module()
        for target in module.imports:
            load(target)
        importing.pop()
        module.number = len(modules)
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
    number: int = 0
    imports: dict[str, None] = field(default_factory=dict)
    """The paths of the modules that this one needs, in order."""
    needed: list[tuple[str, str]] = field(default_factory=list)
    """Path and name of each export of another module that this one uses."""
    exports: dict[str, str | tuple[str, str]] = field(default_factory=dict)
    """What each export is: a name of this module, or path and export of another; "*" all of that one."""
    stars: list[str] = field(default_factory=list)
    """The modules of which everything but the default is exported."""
    bindings: list[tuple[str, str]] = field(default_factory=list)
    """What imports bind: path, and a pattern of names."""
    body: list[str] = field(default_factory=list)
    """The text without imports and the keywords of exports."""

    def export_names(self, modules: dict[str, _Module]) -> set[str]:
        passed_on = (modules[star].export_names(modules) for star in self.stars)
        return set(self.exports).union(*passed_on) - (set() if "default" in self.exports else {"default"})

    def joined(self, modules: dict[str, _Module]) -> str:
        """Return this module as a constant that holds its exports."""

        def constant(path: str) -> str:
            return f"${modules[path].number}"

        # Imports count from the begin of a module, wherever they are written.
        bindings = [f"const {pattern} = {constant(path)};" for path, pattern in self.bindings]
        text = "".join(self.body).strip()
        values: dict[str, str] = {}
        for star in self.stars:
            values |= {name: f"{constant(star)}.{name}" for name in modules[star].export_names(modules)}
        values.pop("default", None)
        for name, value in self.exports.items():
            if isinstance(value, str):
                values[name] = value
            else:
                values[name] = constant(value[0]) + ("" if value[1] == "*" else f".{value[1]}")
        exports = ", ".join(
            name if name == value else f"{name}: {value}" for name, value in sorted(values.items())
        )
        lines = [
            f"// {self.path}",
            f"const ${self.number} = (() => {{",
            *bindings,
            text,
            f"return {{ {exports} }};",
        ]
        return "\n".join([*lines, "})();"])


# --- statements -------------------------------------------------------------------------------------------------------

_DECLARED = ("function", "class")


class _Parser:
    """Takes imports and exports out of a module, and copies everything else."""

    def __init__(self, path: str, source: str) -> None:
        try:
            self._tokens = list(tokens(source))
        except TokenError as error:
            raise BundleError(f"{path}, {error}") from error
        self._at = 0
        self._last = ""
        self._result = _Module(path)

    def module(self) -> _Module:
        while self._tokens[self._at].kind != "end":
            token = self._tokens[self._at]
            if token.kind == "name" and self._last != ".":
                self._check(token)
                if token.depth == 0 and token.text in ("import", "export"):
                    self._statement(self._word())
                    continue
            self._copy()
        return self._result

    def _check(self, token: Token) -> None:
        if token.text == "import" and (following := self._peek(1).text) in ("(", "."):
            raise self._error(f"import{following} is not supported")
        if token.text == "await" and token.depth == 0:
            raise self._error("await outside of functions is not supported")
        if token.text[0] == "$" and (token.text == "$default" or token.text[1:].isdecimal()):
            raise self._error(f"{token.text} is a name of the joined module's own")

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
        patterns: list[str] = []
        names: list[str] = []
        if self._peek().text not in ("{", "*"):
            patterns.append(f"{{ default: {self._word()} }}")
            names.append("default")
            if self._peek().text == ",":
                self._expect(",")
        if self._peek().text == "*":
            self._expect("*", "as")
            patterns.append(self._word())
        elif self._peek().text == "{":
            pairs = self._names()
            names += [name for name, _ in pairs]
            patterns.append(
                "{ " + ", ".join(name if name == to else f"{name}: {to}" for name, to in pairs) + " }"
            )
        self._expect("from")
        target = self._target()
        self._end()
        self._result.needed += [(target, name) for name in names]
        self._result.bindings += [(target, pattern) for pattern in patterns]

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
            self._export("default", "$default")
            self._result.body.append("const $default = ")

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
        line_begins = False
        for token in self._tokens[self._at + 1 :]:
            if token.depth:
                continue
            if token.text == ";" or token.kind == "end":
                return
            if token.text == ",":
                raise self._error("export const takes one name: no comma")
            if line_begins and token.text in ("import", "export", "const", "let", "var", *_DECLARED):
                return
            line_begins = token.text == "\n" or (line_begins and token.kind == "space")

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
        """Return a token that is not space, counted from the next one."""
        for token in self._tokens[self._at :]:
            if token.kind != "space":
                if not ahead:
                    return token
                ahead -= 1
        return self._tokens[-1]

    def _skip(self) -> None:
        while self._tokens[self._at].kind == "space":
            self._at += 1
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

    def _copy(self) -> None:
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "space":
            # Of several spaces a line's end counts most: it may end a statement.
            body = self._result.body
            last = body[-1] if body else "\n"
            if last in (" ", "\n"):
                if token.text == "\n" and last == " ":
                    body[-1] = "\n"
                return
        else:
            self._last = token.text
        self._result.body.append(token.text)

    def _error(self, words: str) -> BundleError:
        return BundleError(f"{self._result.path}, line {self._tokens[self._at].line}: {words}")
