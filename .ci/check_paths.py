"""Fail where a page or a docstring names a file of this repository that is not there: ``check_paths.py``."""

import re
import subprocess
import sys
from pathlib import Path

ROOTS = r"(?:ipysketch|relay|tests|benchmarks|docs|notebooks|\.ci|\.github)"
PATH = re.compile(rf"`+({ROOTS}/[\w./-]+\.\w+|{ROOTS}(?:/[\w-]+)+)/?`+")
"""A path between backquotes, with an ending or without."""

listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True)
tracked = {name for name in listed.stdout.split("\0") if name}
places = tracked | {str(parent) for name in tracked for parent in Path(name).parents}
stale = [
    f"{name}:{number}: {path}"
    for name in sorted(tracked)
    if name.endswith((".md", ".py", ".js", ".mjs"))
    for number, line in enumerate(Path(name).read_text().splitlines(), 1)
    for path in PATH.findall(line)
    if path not in places and f"{path}.py" not in places
]
if stale:
    sys.exit("there is no such file:\n" + "\n".join(stale))
