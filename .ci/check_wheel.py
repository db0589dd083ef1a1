"""Fail unless the wheel holds both packages, their data files, and nothing else: ``check_wheel.py WHEEL``."""

import sys
import zipfile

names = zipfile.ZipFile(sys.argv[1]).namelist()
foreign = [
    name for name in names if not name.startswith(("ipysketch/", "relay/")) and ".dist-info/" not in name
]
needed = {
    "ipysketch/py.typed",
    "relay/py.typed",
    "ipysketch/front.js",
    "relay/web/ink.js",
    "relay/web/pen.js",
    "relay/web/page.js",
    "relay/web/page.css",
    "relay/web/room.html",
    "relay/web/ipysketch.js",
    "ipysketch/front.css",
    "relay/__main__.py",
}
if foreign or needed - set(names):
    sys.exit(f"the wheel is wrong: foreign {foreign}, missing {sorted(needed - set(names))}")
print(f"the wheel holds {len(names)} files, all of them ours")
