"""With only the wheel installed: the relay runs with the notebook libraries blocked, and ends well."""

import signal
import subprocess
import sys

BLOCKED = ["ipycanvas", "ipywidgets", "IPython", "anywidget", "jupyterlab", "numpy", "ipysketch"]
RUN = f"""
import sys
for name in {BLOCKED!r}:
    sys.modules[name] = None  # An import of it raises ImportError.
from relay.__main__ import main
sys.exit(main(["--port", "0", "--db", ":memory:"]))
"""

version = subprocess.run(
    [sys.executable, "-m", "relay", "--version"], capture_output=True, text=True, check=True
)
print(version.stdout.strip())
relay = subprocess.Popen([sys.executable, "-c", RUN], stderr=subprocess.PIPE, text=True)
assert relay.stderr is not None
line = relay.stderr.readline()
if "listening on ws://127.0.0.1:" not in line:
    sys.exit(f"the relay did not start: {line}{relay.stderr.read()}")
relay.send_signal(signal.SIGTERM)
if relay.wait(10) != 0:
    sys.exit(f"the relay ended with {relay.returncode}: {relay.stderr.read()}")
print("the installed relay runs with the notebook libraries blocked, and SIGTERM ends it with 0")
