"""Computes the style of SVG elements from style sheets, attributes and inheritance. Pure.

Libraries parse selectors and values; this module is the cascade.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

import cssselect2
import tinycss2

from ..model.colors import parsed

Style = dict[str, str]
"""The value of each property that is set, without variables, `inherit` and relative font sizes."""

SIZE = 16.0
"""The default font size, in pixels."""
INHERITED = {
    *("fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray"),
    *("stroke-linecap", "stroke-linejoin", "color", "font-size", "font-weight", "font-style", "text-anchor"),
    *("visibility", "marker-start", "marker-mid", "marker-end", "white-space", "paint-order", "dominant-baseline"),
    *("clip-rule", "text-align", "letter-spacing", "word-spacing", "writing-mode", "text-decoration"),
}  # fmt: skip
OWN = {
    *("opacity", "display", "clip-path", "mask", "filter", "stop-color", "stop-opacity", "overflow", "transform"),
    *("transform-origin", "vector-effect", "mix-blend-mode", "baseline-shift", "x", "y", "width", "height", "r"),
    *("cx", "cy", "rx", "ry", "d", "transform-box"),
}  # fmt: skip
KNOWN = INHERITED | OWN
MOST_MATCHES = 20_000_000
"""The most elements times selectors: more would take minutes."""
MOST_STEPS = 3
"""The most descendant steps in a selector; each multiplies the work by the depth of the tree."""
LONGEST = 10_000
"""The most characters of a value after its variables were replaced."""

_COLORS = ("fill", "stroke", "color", "stop-color")
_DEFAULTS = ("inherit", "unset", "revert", "initial")
_WORDS = ("none", "currentcolor", "context-fill", "context-stroke", *_DEFAULTS)
_URL = re.compile(r"""^url\(\s*["']?#?([^"')]*)["']?\s*\)\s*(.*)$""", re.DOTALL)
_LENGTH = re.compile(
    r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(px|pt|pc|mm|cm|in|q|em|ex|rem|ch|%|)\s*$", re.I
)
_PIXELS = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "pc": 16.0,
    "mm": 96 / 25.4,
    "cm": 96 / 2.54,
    "in": 96.0,
    "q": 96 / 101.6,
}
_FONT = re.compile(r"(?:^|\s)(\d*\.?\d+(?:px|pt|pc|mm|cm|in|em|rem|ex|%))(?:/\S+)?\s")
_SIZES = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0
}  # fmt: skip
_MEDIA = re.compile(r"^\s*(|all|screen|only screen)\s*$", re.I)


def local_name(one: Element[Any]) -> str:
    """Return the tag of an element without its namespace; "" for a comment, whose tag is a function."""
    return one.tag.rpartition("}")[2] if isinstance(one.tag, str) else ""


def length(text: str | None, whole: float, size: float) -> float | None:
    """Return a length in pixels, or None when `text` is not one; `whole` is what 100 % are, `size` the font size."""
    found = _LENGTH.match(text or "")
    if found is None:
        return None
    number, unit = float(found[1]), found[2].lower()
    if not abs(number) < 1e9:
        return None
    relative = {"em": size, "rem": SIZE, "ex": size / 2, "ch": size / 2, "%": whole / 100}
    return number * (relative[unit] if unit in relative else _PIXELS[unit])


def reference(text: str) -> tuple[str, str] | None:
    """Return the id that a value of `url(#id) other` refers to, and the other value."""
    found = _URL.match(text.strip())
    return None if found is None else (found[1], found[2].strip())


class Styles:
    """The style sheets of an SVG, for the elements of its tree `root`."""

    def __init__(self, root: Element[Any]) -> None:
        self._matcher = cssselect2.Matcher()
        self.left_out = 0
        """Rules whose selectors would search too much of the tree for each element."""
        rules = 0
        for sheet in root.iter():
            if local_name(sheet) == "style":
                try:
                    rules += self._add("".join(sheet.itertext()))
                except RecursionError:  # Blocks in blocks, thousands deep.
                    self.left_out += 1
        self.unread = 0
        self._wrappers: dict[int, Any] = {}
        if rules:
            wrappers = list(cssselect2.ElementWrapper.from_xml_root(root).iter_subtree())
            if rules * len(wrappers) <= MOST_MATCHES:
                self._wrappers = {id(one.etree_element): one for one in wrappers}
            else:
                self.unread = rules

    def computed(self, element: Element[Any], parent: Mapping[str, str]) -> Style:
        """Return the style of `element`, which inherits from `parent`."""
        style = {name: value for name, value in parent.items() if name in INHERITED or name.startswith("--")}
        declared: dict[str, str] = {}
        for name, value in self._declared(element):
            if name.startswith("--") or (
                (name in KNOWN or name in ("font", "marker")) and _can_be(name, value)
            ):
                declared[name] = value
        style.update((name, value) for name, value in declared.items() if name.startswith("--"))
        for name, value in declared.items():
            if name.startswith("--"):
                continue
            resolved = _with_variables(value, style) if "var(" in value else value
            for longhand, part in _longhands(name, resolved):
                _set(style, longhand, part, parent)
        return style

    def _add(self, text: str) -> int:
        """Add the rules of one sheet; return their number of selectors."""
        return sum(self._add_rule(rule) for rule in _rules(tinycss2.parse_stylesheet(text, True, True)))

    def _add_rule(self, rule: Any) -> int:
        content = [
            (one.lower_name if not one.name.startswith("--") else one.name, _text(one.value), one.important)
            for one in tinycss2.parse_blocks_contents(rule.content, True, True)
            if one.type == "declaration"
        ]
        try:
            selectors = cssselect2.compile_selector_list(rule.prelude)
        except cssselect2.SelectorError:
            return 0
        if ":has(" in _text(rule.prelude).lower() or _steps(rule.prelude) > MOST_STEPS * len(selectors):
            self.left_out += 1
            return 0
        for selector in selectors:
            if selector.pseudo_element is None:
                self._matcher.add_selector(selector, content)
        return len(selectors)

    def _declared(self, element: Element[Any]) -> Iterator[tuple[str, str]]:
        """Yield the declarations for an element, the weakest first."""
        for name, value in element.attrib.items():
            if name in KNOWN:
                yield name, value
            elif name.endswith("}space") and value == "preserve":
                yield "white-space", "pre"
        found: list[tuple[str, str, bool]] = []
        if (wrapper := self._wrappers.get(id(element))) is not None:
            for *_, content in self._matcher.match(wrapper):
                found += content
        if own := element.get("style"):
            found += [
                (one.lower_name if not one.name.startswith("--") else one.name, _text(one.value), one.important)
                for one in tinycss2.parse_blocks_contents(own, True, True)
                if one.type == "declaration"
            ]
        for wanted in (False, True):
            yield from ((name, value) for name, value, important in found if important is wanted)


def _rules(rules: Sequence[Any]) -> Iterator[Any]:
    """Yield the rules that apply to a screen."""
    for rule in rules:
        if rule.type == "qualified-rule":
            yield rule
        elif rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content is not None:
            if not _MEDIA.match(_text(rule.prelude)):
                continue
            yield from _rules(tinycss2.parse_rule_list(rule.content, True, True))


def _text(tokens: Sequence[Any]) -> str:
    return str(tinycss2.serialize(tokens)).strip()


def _stripped(tokens: Sequence[Any]) -> Sequence[Any]:
    kept = list(tokens)
    while kept and kept[-1].type == "whitespace":
        kept.pop()
    while kept and kept[0].type == "whitespace":
        kept.pop(0)
    return kept


def _steps(tokens: Sequence[Any]) -> int:
    """Return the number of steps of selectors that lead to any element above, or any one before: each is a choice."""
    signs = "".join(
        token.value
        if token.type == "literal" and token.value in ">+~,"
        else " "
        if token.type == "whitespace"
        else "x"
        for token in _stripped(tokens)
    )
    return len(re.findall(r" *~ *|(?<![>+~, ]) +(?![>+~, ])", signs))


def _with_variables(value: str, style: Mapping[str, str], depth: int = 0) -> str:
    """Return `value` with its variables replaced; "" when one has no value."""
    if depth > 8 or len(value) > LONGEST:
        return ""
    parts: list[str] = []
    for token in tinycss2.parse_component_value_list(value):
        if token.type != "function":
            parts.append(token.serialize())
        elif token.lower_name != "var":
            inner = _with_variables(_text(token.arguments), style, depth + 1)
            parts.append(f"{token.name}({inner})")
        else:
            name, comma, otherwise = _text(token.arguments).partition(",")
            found = style.get(name.strip(), otherwise.strip() if comma else "")
            if not (found := _with_variables(found, style, depth + 1)):
                return ""
            parts.append(found)
        if sum(map(len, parts)) > LONGEST:
            return ""
    return "".join(parts)


def _longhands(name: str, value: str) -> Iterator[tuple[str, str]]:
    if name == "marker":
        yield from ((f"marker-{end}", value) for end in ("start", "mid", "end"))
    elif name == "font":
        if (size := _FONT.search(f"{value} ")) is not None:
            yield "font-size", size[1]
        words = value.lower().split()
        yield "font-weight", "bold" if "bold" in words else "normal"
        yield "font-style", "italic" if "italic" in words else "normal"
    else:
        yield name, value


def _set(style: Style, name: str, value: str, parent: Mapping[str, str]) -> None:
    """Set a property, unless it cannot have this value."""
    word = value.strip().lower()
    if word in _DEFAULTS:
        if name in parent and (word == "inherit" or (word != "initial" and name in INHERITED)):
            style[name] = parent[name]
        else:
            style.pop(name, None)
    elif name == "font-size":
        above = float(parent.get("font-size", SIZE))
        size = _SIZES.get(word, {"smaller": above / 1.2, "larger": above * 1.2}.get(word))
        if size is None:
            size = length(value, above, above)
        if size is not None and size >= 0:
            style[name] = str(size)
    elif _can_be(name, value) and (name, word) != ("color", "currentcolor"):
        style[name] = value.strip()


def _can_be(name: str, value: str) -> bool:
    """Return whether the property can have this value: a colour that cannot be parsed is ignored."""
    if name not in _COLORS or "var(" in value:
        return True
    word = value.strip().lower()
    return word in _WORDS or parsed(value.strip()) is not None or reference(value) is not None
