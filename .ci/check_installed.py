"""Install the wheel as its users do, in two clean environments, and use it there: ``check_installed.py WHEEL``.

With ``[relay]`` no notebook library comes along, the relay runs, SIGTERM ends it with 0, and `ipysketch` says in one
sentence what is missing. With ``[notebook]`` a board can be made and drawn on.
"""

import signal
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HEAVY = ["ipycanvas", "ipywidgets", "anywidget", "IPython", "numpy", "PIL", "pandas", "jupyterlab"]
ABSENT = f"""
import importlib.util
came = [name for name in {HEAVY!r} if importlib.util.find_spec(name)]
raise SystemExit(f"came along with [relay]: {{came}}" if came else 0)
"""
MISSING = """
import ipysketch
try:
    ipysketch.Sketch()
except ipysketch.SketchError as error:
    assert "pip install 'ipysketch-live[notebook]'" in str(error), error
else:
    raise SystemExit("a board without notebook libraries")
"""
DRAW = """
import ipysketch
board = ipysketch.Sketch()
board.stroke([(100, 100), (300, 200)])
assert len(board.strokes) == 1
import ipysketch.widget.board
"""


def install(wheel: Path, extra: str, where: Path) -> Path:
    """Make an environment with the wheel and one extra; return its `bin`."""
    venv.create(where, with_pip=True)
    bin_ = where / "bin"
    requirement = f"ipysketch-live[{extra}] @ {wheel.as_uri()}"
    subprocess.run([bin_ / "pip", "install", "--quiet", "--disable-pip-version-check", requirement], check=True)
    return bin_


def run(python: Path, script: str, cwd: Path) -> None:
    """Run a script away from the source tree; exit when it fails."""
    if subprocess.run([python, "-W", "error", "-c", script], cwd=cwd, check=False).returncode:
        sys.exit(f"failed with the installed wheel:\n{script}")


def check_relay(bin_: Path, cwd: Path) -> None:
    """Start the console script on a free port, and end it with SIGTERM."""
    command = [bin_ / "ipysketch-relay", "--port", "0", "--db", ":memory:"]
    relay = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=cwd)
    try:
        assert relay.stderr is not None
        line = relay.stderr.readline()
        if "listening on ws://127.0.0.1:" not in line:
            relay.kill()
            sys.exit(f"the relay did not start: {line}{relay.stderr.read()}")
        relay.send_signal(signal.SIGTERM)
        if relay.wait(10) != 0:
            sys.exit(f"the relay ended with {relay.returncode}: {relay.stderr.read()}")
    finally:
        relay.kill()


def main(wheel: Path) -> None:
    """Check both extras."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        bin_ = install(wheel, "relay", work / "relay")
        run(bin_ / "python", ABSENT, work)
        run(bin_ / "python", MISSING, work)
        check_relay(bin_, work)
        print("ipysketch-live[relay]: no notebook library, the relay runs, and SIGTERM ends it with 0")
        bin_ = install(wheel, "notebook", work / "notebook")
        run(bin_ / "python", DRAW, work)
        print("ipysketch-live[notebook]: a board can be drawn on")


main(Path(sys.argv[1]).resolve())
