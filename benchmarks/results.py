"""What a row came to, and the file that keeps it."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FILE = HERE / "results.json"
PACKAGES = ("websockets", "msgspec", "python-socketio", "aiohttp", "numpy")


@dataclass
class Result:
    """One row of the table. `figure` is ours, `reference` what others had in the same run, `target` what was to be
    reached; `short` says what is in the way where it was not. `samples` are the figures behind it."""

    row: str
    what: str
    reference: str
    figure: str
    target: str
    reached: bool
    short: str = ""
    samples: list[dict[str, Any]] = field(default_factory=list)
    date: str = ""
    load: float = 0.0


def machine() -> dict[str, Any]:
    """What the figures were measured on, and with which versions."""
    model = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    memory = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.M)
    lock = json.loads((HERE / "peers" / "package-lock.json").read_text())["packages"]
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {
        "cpu": model[1] if model else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory[1]) / (1 << 20), 1) if memory else 0,
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "node": node.removeprefix("v"),
        **{name: metadata.version(name) for name in PACKAGES},
        **{name: lock[f"node_modules/{name}"]["version"] for name in ("ws", "socket.io", "yjs", "y-websocket")},
    }


def load(path: Path = FILE) -> dict[str, Any]:
    """What was measured before; empty when nothing was."""
    return json.loads(path.read_text()) if path.exists() else {"machine": {}, "rows": {}}


def save(result: Result, path: Path = FILE) -> None:
    """Put a row in the place of its older self."""
    kept = load(path)
    kept["machine"] = machine()
    kept["rows"][result.row] = asdict(result)
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
