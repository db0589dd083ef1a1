"""Fail unless the wheel holds both packages, their data files, and nothing else: ``check_wheel.py WHEEL``."""

import sys
import zipfile

names = zipfile.ZipFile(sys.argv[1]).namelist()
extension = "data/etc/jupyter/jupyter_server_config.d/ipysketch.json"
foreign = [
    name
    for name in names
    if not name.startswith(("ipysketch/", "relay/"))
    and ".dist-info/" not in name
    and not name.endswith(f".data/{extension}")
]
needed = {
    "ipysketch/py.typed",
    "relay/py.typed",
    "ipysketch/front.js",
    "ipysketch/live.js",
    "relay/web/ink.js",
    "relay/web/pen.js",
    "relay/web/page.js",
    "relay/web/page.css",
    "relay/web/room.html",
    "relay/web/ipysketch.js",
    "ipysketch/front.css",
    "relay/__main__.py",
}
missing = sorted(needed - set(names))
if not any(name.endswith(extension) for name in names):
    missing.append(extension)
if foreign or missing:
    sys.exit(f"the wheel is wrong: foreign {foreign}, missing {missing}")
print(f"the wheel holds {len(names)} files, all of them ours")
