"""For the configuration of a JupyterHub: one line that gives all its users one relay.

```python
from relay.hub import configure

configure(c)
```
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PORT = 8766
USER_SCOPES = ("self",)
SERVER_SCOPES = ("users:activity!user", "access:servers!server")
"""The scopes that the roles of these names have at a Hub that does not say otherwise."""
SERVICE_SCOPES = ("read:users:name", "read:users:groups", "list:groups")


def configure(
    config: Any,
    *,
    name: str = "sketch",
    port: int = PORT,
    database: str | Path = "ipysketch.sqlite",
    address: str = "",
    command: Sequence[str] = (sys.executable, "-m", "relay"),
    options: Sequence[str] = (),
    user: str = "",
    api_token: str = "",
) -> None:
    """Have a Hub run a relay for all its users, and their notebooks find it.

    It adds to the configuration and takes nothing away: services, roles and variables that are there stay. Call it
    last.

    Args:
        config: the configuration of the Hub, ``c`` in ``jupyterhub_config.py``.
        name: the name of the service; people reach the relay at ``/services/NAME/``.
        port: where the relay listens, on the Hub's machine.
        database: the file of the drawings; a relative path is in the directory that the Hub runs in.
        address: where kernels reach the relay, such as ``ws://hub.internal:8000``: without a path, the address of the
            relay or of the Hub's proxy as it is seen from a notebook. If "", the relay on this machine.
        command: what runs a relay.
        options: more options of ``ipysketch-relay``, such as ``("--hub-recheck", "20")``.
        user: the system user that the relay runs as, if not the Hub's own, which is often root.
        api_token: of a relay that runs by itself, somewhere else: the token that it has in ``JUPYTERHUB_API_TOKEN``.
            The Hub does not start it then, and looks for it at `address`, which must be given.

    Raises:
        ValueError: with `api_token`, `address` is missing.
    """
    path = f"{_base_url(config)}services/{name}/"
    service: dict[str, Any] = {"name": name, "oauth_no_confirm": True, "display": False}
    if api_token:
        if not address:
            raise ValueError("a relay that runs by itself has an address; give it to configure, as address=")
        service |= {"url": address.replace("ws", "http", 1), "api_token": api_token}
    else:
        file = str(Path(database).absolute())
        service |= {
            "url": f"http://127.0.0.1:{port}",
            "command": [*command, "--hub", "--db", file, *options],
            **({"user": user} if user else {}),
        }
    address = address or f"ws://127.0.0.1:{port}"
    _add(config.JupyterHub, "services", [service])
    access = f"access:services!service={name}"
    _grant(config, "user", USER_SCOPES, access)
    _grant(config, "server", SERVER_SCOPES, access)
    _add(
        config.JupyterHub,
        "load_roles",
        [{"name": f"ipysketch-{name}", "services": [name], "scopes": list(SERVICE_SCOPES)}],
    )
    url = address.rstrip("/") + path
    if "environment" in config.Spawner:
        config.Spawner.environment.update({"IPYSKETCH_HUB_URL": url})
    else:
        config.Spawner.environment = {"IPYSKETCH_HUB_URL": url}


def _base_url(config: Any) -> str:
    section = config.JupyterHub
    said = section.get("base_url") or urlsplit(section.get("bind_url") or "").path
    return "/" + "".join(part + "/" for part in said.split("/") if part)


def _grant(config: Any, role: str, usual: Sequence[str], scope: str) -> None:
    """Add a scope to a role of the Hub's own, which is what it usually is unless it was configured."""
    for known in _items(config.JupyterHub, "load_roles"):
        if known["name"] == role:
            known["scopes"] = [*known.get("scopes", usual), scope]
            return
    _add(config.JupyterHub, "load_roles", [{"name": role, "scopes": [*usual, scope]}])


def _add(section: Any, name: str, items: list[Any]) -> None:
    if name in section:
        section[name].extend(items)
    else:
        section[name] = items


def _items(section: Any, name: str) -> Iterable[Any]:
    """Return the items of a list of the configuration. One that was only added to is no list yet, but says by what."""
    value = section.get(name, [])
    items: Iterable[Any] = value.to_dict().get("extend", []) if hasattr(value, "to_dict") else value
    return items
