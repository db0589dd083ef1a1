"""Modules joined into one export what they export apart, and what cannot be joined is said with its place."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from ipysketch.widget.frontend import Frontend
from relay import javascript
from relay.javascript import BundleError, bundle, compressed, read_module
from relay.javascript.joining import paths

from ...support.node import says

COMPARE = str(Path(__file__).with_name("compare.cjs"))
SHOW = """
const [, , path] = process.argv;
const module = await import(path);
process.stdout.write(JSON.stringify(Object.fromEntries(Object.entries(module).sort(([a], [b]) => (a < b ? -1 : 1)))));
"""


def joined(modules: dict[str, str], entry: str = "a.js") -> str:
    def read(path: str) -> str:
        if path not in modules:
            raise FileNotFoundError(path)
        return modules[path]

    return bundle(entry, read)


def shown(folder: Path, path: str) -> str:
    """The exports of a module, as Node has them."""
    (folder / "show.mjs").write_text(SHOW)
    return says(str(folder / "show.mjs"), str(folder / path))


def alike(folder: Path, modules: dict[str, str]) -> dict[str, object]:
    """The exports of `a.js`, which are the same when the modules are apart and joined."""
    (folder / "package.json").write_text('{"type": "module"}')
    for path, source in modules.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(source)
    (folder / "joined.mjs").write_text(joined(modules))
    apart, together = shown(folder, "a.js"), shown(folder, "joined.mjs")
    assert together == apart
    exports: dict[str, object] = json.loads(together)
    return exports


B = """
export const one = 1;
export function two() { return 2; }
export async function later() {}
export class Three { value = 3; }
const four = 4;
export { four, four as vier };
export default function five() { return 5; }
"""
STATEMENTS = {
    "names": 'import { one, two } from "./b.js";\nexport const x = [one, two()];',
    "over lines": 'import {\n  one, // the first\n  two,\n} from "./b.js";\nexport const x = [one, two()];',
    "as": 'import { one as a, Three as B } from "./b.js";\nexport const x = [a, new B().value];',
    "default": 'import five from "./b.js";\nexport const x = five();',
    "default and names": 'import five, { one } from "./b.js";\nexport const x = five() + one;',
    "default by name": 'import { default as five } from "./b.js";\nexport const x = five();',
    "all": 'import * as b from "./b.js";\nexport const x = Object.keys(b).sort().concat(b.default());',
    "default and all": 'import five, * as b from "./b.js";\nexport const x = [five(), b.one];',
    "late": 'export const x = one;\nimport { one } from "./b.js";',
    "single quotes, no semicolon": "import { one } from './b.js'\nexport const x = one",
    "one line": 'import{one}from"./b.js";export const x=one;export const y=two();import{two}from"./b.js"',
    "passed on": 'export { one, four as y } from "./b.js";',
    "all passed on": 'export * from "./b.js";',
    "all passed on but one": 'export * from "./b.js";\nexport const one = "mine";',
    "all passed on by name": 'export * as b from "./b.js";\nexport default 1;',
    "default passed on": 'export { default } from "./b.js";\nexport { default as five } from "./b.js";',
    "a default value": "export default { a: [1, 2] };",
    "a default function": "export default async (a, b) => a + b;\nexport const x = 1;",
    "a default class": "export default class A {}\nexport const x = new A() instanceof A;",
    "an empty list": "export {};\nexport const x = 1;",
    "generators": "export function* numbers() { yield 1; }\nexport const x = [...numbers()];",
    "commas inside": "export const x = ((a, b) => [a, b])(1, 2);",
    "without a semicolon": "export const x = [1, 2]\nexport const y = 3\nconst z = 4, w = 5\n",
}


@pytest.mark.parametrize("statements", STATEMENTS.values(), ids=STATEMENTS)
def test_joined_modules_export_what_they_export_apart(tmp_path: Path, statements: str) -> None:
    alike(tmp_path, {"a.js": statements, "b.js": B})


# What looks like an import, an export, a bracket or a comment, and is none.
TEXTS = {
    "strings": r"""export const x = ['import { a } from "./c.js"', "export const y = 1; // }", '\'{', "\\"];""",
    "templates": "export const y = 1;\nexport const x = `import ${`{${[1, 2].map((n) => `}${n}`)}`} \\` \\${ $ export`;",
    "regular expressions": r"""export const x = [/["'`{(/]/.source, "a/b".replace(/\//g, "{"), [/}/].length, /[/]\/*/.source];""",
    "after a condition": "let y = 0;\nif (true) /[{]/.exec('{') && y++;\nexport const x = [y, (6) / 2 / 1, [8][0] / 2, `8` / 4];",
    "after a keyword": "const f = () => { return /'/.source; };\nexport const x = [f(), typeof /`/];",
    "divisions": "const a = 8;\nconst o = { b: 2, return: 2 };\nexport const x = a / o.b / 2 + ' / ';",
    "comments": "// import { a } from './c.js'; `\n/* export const z = '\n*/ export const x = 1; /* } */",
    "an end of line in a comment": "const f = () => { return /*\n*/ 1; };\nexport const x = [f() ?? null];",
    "words": "const o = { import: 1, export: 2, default: 3, from: 4, as: 5 };\nexport const x = [o.import, o.export, o];",
    "names": "const from = 1, as = 2;\nexport { from, as };",
    "commas": "const f = (a, b,) => ({ a, b, });\nexport const x = [f(1, 2,), [1, , 2, ,].length, `${1},}`, `,${2},)`, '(,)', /[,)]/.source];",
}


@pytest.mark.parametrize("source", TEXTS.values(), ids=TEXTS)
def test_what_only_looks_like_syntax_is_copied(tmp_path: Path, source: str) -> None:
    alike(tmp_path, {"a.js": source})


def test_no_comma_is_sent_before_the_end_of_a_list() -> None:
    written = {"a.js": "const f = (a, b,) => ({ a, b, });\nexport const x = [f(1, 2,), [1, , ], '(,)'];"}
    sent = bundle("a.js", written.__getitem__)
    assert ",)" not in sent.replace("'(,)'", "")
    assert ",}" not in sent
    assert "[1,,]" in sent, "there it stands for an element"


def test_modules_run_once_and_in_the_order_of_their_imports(tmp_path: Path) -> None:
    log = "globalThis.log = [...(globalThis.log ?? []), '{}'];\n"
    exports = alike(
        tmp_path,
        {
            "a.js": log.format("a") + 'import "./x/c.js";\nimport "./b.js";\nexport const x = globalThis.log;',
            "b.js": log.format("b")
            + 'import "./x/c.js";\nimport { y } from "./x/../d.js";\nexport const z = y;',
            "x/c.js": 'import "../d.js";\n' + log.format("c"),
            "d.js": log.format("d") + "export const y = 1;",
        },
    )
    assert exports == {"x": ["d", "c", "b", "a"]}


def test_names_of_modules_do_not_meet(tmp_path: Path) -> None:
    modules = {
        "a.js": 'import { x as y } from "./p/m.js";\nimport { x as z } from "./q/m.js";\nconst b = 1;\nexport const x = [y, z, b];',
        "p/m.js": "const b = 2;\nexport const x = b;",
        "q/m.js": "const b = 3;\nexport const x = b;",
    }
    assert alike(tmp_path, modules) == {"x": [2, 3, 1]}


WRONG = {
    'import { a } from "./none.js";': "a.js imports none.js, which cannot be read",
    'import { a } from "./b.js";': "a.js imports a, which b.js does not export",
    'import a from "./c.js";': "a.js imports default, which c.js does not export",
    'export { a } from "./b.js";': "a.js imports a, which b.js does not export",
    'import { a } from "lodash";': "a.js, line 1: lodash is not a relative path",
    'import { a } from "https://example.org/a.js";': "is not a relative path",
    'import a from "./c.js" with { type: "json" };': "the end of the statement is expected, not with",
    'const a = import("./b.js");': "import( is not supported",
    "\nconst a = import.meta.url;": "a.js, line 2: import. is not supported",
    "export let a = 1;": "export let is not supported",
    "export var a = 1;": "export var is not supported",
    "export const { a } = 1;": "export const takes one name: no pattern",
    "export const a = 1, b = 2;": "export const takes one name: no comma",
    "export const a = 1;\nexport { a };": "a is exported twice",
    "export default function () {}": "needs a name",
    "export default class extends Object {}": "needs a name",
    'import { a b } from "./b.js";': ", is expected, not b",
    "const a = (1": "( is not closed",
    "const a = 1);": ") closes nothing",
    "const a = [1);": ") closes nothing",
    "const a = `1": "the template does not end",
    "const a = `${1": "${ is not closed",
    "const a = 'b\n';": "the string that begins with ' does not end",
    "const a = /b": "the regular expression does not end",
    "{}\n/a/.test('a');": "a.js, line 2: a slash after }",
}


@pytest.mark.parametrize(("source", "words"), WRONG.items(), ids=WRONG)
def test_what_is_not_supported_is_an_error_that_says_where(source: str, words: str) -> None:
    with pytest.raises(BundleError) as error:
        joined({"a.js": source, "b.js": "export const one = 1;", "c.js": ""})
    assert words in str(error.value)


def test_a_circle_is_an_error_that_names_it() -> None:
    modules = {"a.js": 'import "./b.js";', "b.js": 'import "./c.js";', "c.js": 'import "./b.js";'}
    with pytest.raises(BundleError, match=r"^b\.js imports c\.js imports b\.js$"):
        joined(modules)


def test_the_comparison_notices_a_wrong_join(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    modules = {"a.js": 'import { one } from "./b.js";\nexport const x = one;', "b.js": B}
    for path, source in modules.items():
        (tmp_path / path).write_text(source)
    wrong = joined(modules).replace("=1;", "=2;")
    (tmp_path / "joined.mjs").write_text(wrong)
    assert shown(tmp_path, "joined.mjs") != shown(tmp_path, "a.js")


def test_the_widgets_module_is_one_module_for_front_ends(tmp_path: Path) -> None:
    module = gzip.decompress(Frontend().code).decode()
    assert "import(" not in module
    assert "import.meta" not in module
    (tmp_path / "check.mjs").write_text(
        "const { default: widget } = await import(process.argv[2]);\nprocess.stdout.write(typeof widget.render);"
    )
    (tmp_path / "module.mjs").write_text(module)
    assert says(str(tmp_path / "check.mjs"), str(tmp_path / "module.mjs")) == "function"


def compared(modules: dict[str, str], order: list[str], together: str) -> str:
    """What differs between modules apart and joined, or how many names were compared."""
    given = json.dumps({"joined": together, "modules": [[path, modules[path]] for path in order]})
    return says("--expose-internals", COMPARE, given=given)


@pytest.mark.parametrize("entry", [javascript.PAGE, javascript.WIDGET])
def test_what_is_sent_is_our_modules_name_by_name(entry: str) -> None:
    order = paths(entry, read_module, meta=True)
    together = gzip.decompress(compressed(entry)).decode()
    assert int(compared({path: read_module(path) for path in order}, order, together)) > 10_000


NAMES = """
import { one as first, Shape } from "./b.js";
const outer = 1;
const fields = { outer, first, inner: 2, async get() {}, [outer]: outer };
export function f({ outer: a = outer, ...rest }, [b, c = first], ...more) {
  const inner = (b) => ({ b, c, outer: rest.outer ? { a } : { more } });
  for (const [key, { value: v }] of Object.entries(fields)) label: for (;;) { if (v) break label; inner(key, window.inner); }
  try { return `${inner(a)} ${`${c}`}`; } catch (error) { throw error; }
}
export default class Mine extends Shape {
  #size = outer; static made = 0; size = (b) => this.#size + b;
  get inner() { return this.#grow(outer) + name; }
  #grow(by) { switch (by) { case outer: { return by / 2; } default: return #size in this ? +by + +outer - -by : by++ + ++by; } }
}
export let_ as default_;
""".replace(
    "export let_ as default_;", "const let_ = f, of_ = async (x) => await x;\nexport { let_, of_, fields };"
)
SHAPES = (
    "export const one = 1;\nexport class Shape { one = one; static of(a, b = a) { return new Shape(a, b); } }"
)


SPARE = """
import { half, unused } from "./b.js";
import * as all from "./c.js";
export const size = half(8);
export const found = all.here;
const kept = "kept";
const shown = (value) => { unused(value); };
"""
HALVES = """
const TWO = 2;
const third = (value) => { return value / 3; };
export const half = (value) => value / TWO;
export async function unused(value) { return third(value) + (await idle()); }
async function idle() { return "idle"; }
export function alone() { return alone; }
const quiet = /quiet/;
"""


def test_what_only_declares_what_nobody_needs_is_left_out(tmp_path: Path) -> None:
    modules = {
        "a.js": SPARE,
        "b.js": HALVES,
        "c.js": "export const here = 1;\nexport const there = 7;",
    }
    assert alike(tmp_path, modules) == {"found": 1, "size": 4}
    together = joined(modules)
    assert not re.search("kept|idle|return", together)
    assert "quiet" in together, "what is no number, text or function may do something"
    assert "7" in together, "all exports of that module are one object"
    more = {**modules, "a.js": SPARE + "shown(globalThis);\n"}
    assert {"idle", "return"} <= set(re.findall("kept|idle|return", joined(more)))
    assert "kept" not in joined(more)


def test_names_are_told_from_keys_members_and_what_belongs_to_the_browser() -> None:
    modules = {"a.js": NAMES, "b.js": SHAPES}
    together = joined(modules)
    assert int(compared(modules, ["b.js", "a.js"], together)) > 60
    assert not re.search(r"\b(rest|more|error|by|first)\b(?!:)", together), "names that were not made short"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (("window", "t"), "declared nowhere"),
        ((".inner", ".i"), ": inner and i"),
        (("static made=0", "static made=1"), "0 and 1"),
        (("++", "--"), "and --"),
        (("one=", "two="), ""),
    ],
)
def test_the_comparison_of_names_notices_a_wrong_join(wrong: tuple[str, str], words: str) -> None:
    modules = {"a.js": NAMES, "b.js": SHAPES}
    together = joined(modules)
    assert wrong[0] in together
    said = compared(modules, ["b.js", "a.js"], together.replace(*wrong))
    assert not said.isdecimal()
    assert words in said


UNPACK = """
import { readFileSync } from "node:fs";
const [, , unpack, code] = process.argv;
const { default: widget } = await import(unpack);
// Node imports no blobs: what would be imported is shown.
let shown;
URL.createObjectURL = (blob) => ((shown = blob), "data:text/javascript,export default { render: () => () => {} };");
await widget.render({ model: { get: () => readFileSync(code) } });
process.stdout.write(await shown.text());
"""


def test_the_widgets_module_unpacks_itself(tmp_path: Path) -> None:
    (tmp_path / "check.mjs").write_text(UNPACK)
    (tmp_path / "unpack.mjs").write_text(read_module("ipysketch/widget/static/unpack.js"))
    (tmp_path / "code.gz").write_bytes(Frontend().code)
    paths = [str(tmp_path / name) for name in ("check.mjs", "unpack.mjs", "code.gz")]
    assert says(*paths).encode() == gzip.decompress(Frontend().code)


def test_the_modules_of_the_relay_are_found() -> None:
    assert "export" in read_module("relay/web/canvas/palette.js")
    with pytest.raises(OSError):
        read_module("ipysketch/widget/static/none.js")
