"""Fail unless the wheel holds every tracked file of both packages and the joined modules, and nothing else:
``check_wheel.py WHEEL``."""

import subprocess
import sys
import zipfile

from relay.javascript import built

tracked = subprocess.run(
    ["git", "ls-files", "-z", "ipysketch", "relay"], capture_output=True, text=True, check=True
)
expected = {name for name in tracked.stdout.split("\0") if name}
expected.remove("ipysketch/server_extension.json")
expected |= {f"{built.MADE}/{built.tag(entry)}.js.gz" for entry in (built.PAGE, built.WIDGET)}
data = "data/etc/jupyter/jupyter_server_config.d/ipysketch.json"

names = {name for name in zipfile.ZipFile(sys.argv[1]).namelist() if ".dist-info/" not in name}
extension = {name for name in names if name.endswith(f".data/{data}")}
# The source of the shared data may lie in the package too.
foreign = sorted(names - expected - extension - {"ipysketch/server_extension.json"})
missing = sorted(expected - names) + ([] if extension else [data])
if foreign or missing:
    sys.exit(f"the wheel is wrong: foreign {foreign}, missing {missing}")
print(f"the wheel holds {len(names)} files, all of them ours, none is missing")
