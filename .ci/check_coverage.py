"""Fail where something pure is covered less than its floor: ``check_coverage.py COVERAGE_JSON``.

What is pure is what the import contract of that name lists in ``pyproject.toml``.
"""

import json
import sys
import tomllib
from pathlib import Path

FLOOR = 98.0
"""Percent of statements and branches."""

contracts = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
[pure] = [contract["source_modules"] for contract in contracts if contract["name"].startswith("Pure")]
files = json.loads(Path(sys.argv[1]).read_text())["files"]
low = []
for module in pure:
    place = module.replace(".", "/")
    counts = [
        of["summary"] for name, of in files.items() if name == f"{place}.py" or name.startswith(f"{place}/")
    ]
    if not counts:
        sys.exit(f"{module} is not in the report: it has moved, or no test imports it")
    total = sum(of["num_statements"] + of["num_branches"] for of in counts)
    covered = sum(of["covered_lines"] + of["covered_branches"] for of in counts)
    percent = 100 * covered / total if total else 100.0
    print(f"{module:40}{percent:6.1f} %   {total - covered} missing")
    if percent < FLOOR:
        low.append(module)
if low:
    sys.exit(f"below {FLOOR} %: {', '.join(low)}")
