"""Which host this is, and what sort of place: whether other people's kernels are likely to be somewhere else.

A host is what has one loopback: a machine, or a container on it. Two of them may share a home directory, and then what
one writes there of its ports means nothing to the other.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_BOOT, _NETWORK = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/net")
_CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv")


class Place(NamedTuple):
    """A sort of place: `name` for people, and whether it is a `hosted` service, where nobody chooses the machine."""

    name: str
    hosted: bool


_HOSTED = {
    "COLAB_RELEASE_TAG": "Colab",
    "KAGGLE_KERNEL_RUN_TYPE": "Kaggle",
    "BINDER_LAUNCH_HOST": "Binder",
    "DATABRICKS_RUNTIME_VERSION": "Databricks",
    "DEEPNOTE_PROJECT_ID": "Deepnote",
    "SAGEMAKER_APP_TYPE": "SageMaker",
    "CODESPACES": "Codespaces",
}
"""Services that give each user a machine, by a variable that they set for kernels."""


def host_name() -> str:
    """Return this host's name, for people."""
    return socket.gethostname() or "unknown"


def host_id() -> str:
    """Return what no other host has: its name, in letters that any file system takes, and a hash.

    The hash is of the name, of the boot and of the network namespace, as far as the system tells them: two containers
    of one machine have one boot, and two machines may have one name.
    """
    name = host_name()
    boot = network = ""
    try:
        boot = _BOOT.read_text().strip()
        network = os.readlink(_NETWORK)
    except OSError:
        pass  # No Linux: the name has to do.
    # A zero byte is in none of them.
    digest = hashlib.sha256("\0".join((name, boot, network)).encode()).hexdigest()[:12]
    return f"{re.sub(r'[^A-Za-z0-9.]+', '_', name)[:40]}-{digest}"


def place(environment: Mapping[str, str]) -> Place | None:
    """Return the sort of place that this is, if others' kernels are likely not to share its loopback; else None."""
    for variable, name in _HOSTED.items():
        if environment.get(variable):
            return Place(name, hosted=True)
    if environment.get("JUPYTERHUB_API_URL") or environment.get("JUPYTERHUB_USER"):
        return Place("JupyterHub", hosted=False)
    if environment.get("KUBERNETES_SERVICE_HOST") or any(Path(file).exists() for file in _CONTAINER_FILES):
        return Place("a container", hosted=False)
    return None
