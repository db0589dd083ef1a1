"""What the page about Hubs has to copy, loaded by JupyterHub itself: no trait, role or scope is misspelt."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from jupyterhub.app import JupyterHub
from jupyterhub.scopes import scope_definitions
from jupyterhub.services.service import Service
from jupyterhub.spawner import Spawner
from traitlets.config.loader import PyFileConfigLoader

from relay.hub import SERVICE_SCOPES
from relay.options import parser, read_settings

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "jupyterhub.md").read_text()
SCOPE = re.compile(r"([a-z:-]+?)(![a-z]+(=[a-z~/-]+)?)?")


def blocks(language: str, after: str = "") -> list[str]:
    """The blocks of code on the page in a language, from a heading on."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE[PAGE.index(after) :], re.M | re.S)


def loaded(folder: Path, text: str) -> dict[str, Any]:
    """A Hub's services, roles by their names, and variables, after it has read a configuration file."""
    file = folder / "jupyterhub_config.py"
    file.write_text(text)
    hub = JupyterHub()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Of a trait that there is not.
        hub.update_config(PyFileConfigLoader(str(file)).load_config())
        spawner = Spawner(parent=hub)
    return {
        "services": hub.services,
        "roles": {role["name"]: role for role in hub.load_roles},
        "environment": spawner.environment,
    }


def wrong(made: dict[str, Any]) -> list[str]:
    """What a Hub would not know of a configuration."""
    found = []
    for service in made["services"]:
        known = Service.class_trait_names()
        found += [f"service: {name}" for name in service if name not in known]
    for role in made["roles"].values():
        found += [f"role: {name}" for name in role if name not in ("name", "scopes", "services")]
        for scope in role["scopes"]:
            match = SCOPE.fullmatch(scope)
            if match is None or match[1] not in scope_definitions:
                found.append(f"scope: {scope}")
    return found


def test_the_littlest_hub_loads_its_file(tmp_path: Path) -> None:
    (shell,) = blocks("sh", "## The Littlest JupyterHub")
    text = re.search(r"<<'END'\n(.*?)^END$", shell, re.M | re.S)
    assert text is not None
    made = loaded(tmp_path, text[1])
    assert wrong(made) == []
    (service,) = made["services"]
    assert service["command"][-3:] == ["--hub", "--db", "/opt/tljh/state/ipysketch/relay.sqlite"]
    assert made["environment"]["IPYSKETCH_HUB_URL"].endswith("/services/sketch/")


def test_a_hub_on_one_machine_loads_one_line_and_the_same_by_hand_alike(tmp_path: Path) -> None:
    by_line, by_hand = (loaded(tmp_path, text) for text in blocks("python", "## A Hub on one machine")[:2])
    assert wrong(by_line) == wrong(by_hand) == []
    assert by_line["environment"] == by_hand["environment"]
    for name in ("user", "server"):
        assert by_line["roles"][name] == by_hand["roles"][name]
    (one,), (other,) = by_line["services"], by_hand["services"]
    assert one["url"] == other["url"]
    assert one["command"][3:] == other["command"][1:] == ["--hub", "--db", "/srv/ipysketch/relay.sqlite"]


def test_values_of_the_chart_are_what_a_hub_knows() -> None:
    values = yaml.safe_load(blocks("yaml", "## Zero to JupyterHub")[0])
    services = [{"name": name, **service} for name, service in values["hub"]["services"].items()]
    roles = {name: {"name": name, **role} for name, role in values["hub"]["loadRoles"].items()}
    assert wrong({"services": services, "roles": roles}) == []
    assert set(roles["ipysketch"]["scopes"]) == set(SERVICE_SCOPES)
    hub = JupyterHub(services=services, load_roles=list(roles.values()))
    assert [service["name"] for service in hub.services] == ["sketch"]
    variables = Spawner(environment=values["singleuser"]["extraEnv"]).environment
    assert variables["IPYSKETCH_HUB_URL"] == "ws://ipysketch:8765/services/sketch/"


def test_what_stands_beside_the_chart_fits_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values, beside = blocks("yaml", "## Zero to JupyterHub")[:2]
    deployment, service, claim = yaml.safe_load_all(beside)
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert service["spec"]["selector"].items() <= labels.items()
    egress = yaml.safe_load(values)["singleuser"]["networkPolicy"]["egress"][0]
    assert egress["to"][0]["podSelector"]["matchLabels"].items() <= labels.items()
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    ports = {
        container["ports"][0]["containerPort"],
        service["spec"]["ports"][0]["port"],
        egress["ports"][0]["port"],
    }
    assert ports == {8765}
    (volume,) = deployment["spec"]["template"]["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert container["volumeMounts"][0]["name"] == volume["name"]
    # The relay itself takes its arguments and its environment.
    for each in container["env"]:
        secret = each.get("valueFrom", {}).get("secretKeyRef")
        assert secret is None or secret == {"name": "hub", "key": "hub.services.sketch.apiToken"}
        monkeypatch.setenv(each["name"], each.get("value", "a-token-of-the-secret"))
    options = parser().parse_args([*container["args"], "--db", str(tmp_path / "relay.sqlite")])
    assert read_settings(options).door is not None
    assert read_settings(options).origins.public_url == ""
    # With `subdomain_host` a Hub tells a service its own name, and the relay tells its kernels.
    monkeypatch.setenv("JUPYTERHUB_PUBLIC_URL", "https://sketch--service.hub.example/services/sketch/")
    assert read_settings(options).origins.public_url == "https://sketch--service.hub.example/services/sketch/"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"services": [{"name": "sketch", "oauth_no_confrm": True}], "roles": {}}, "service: oauth_no_confrm"),
        ({"services": [], "roles": {"a": {"scopes": ["read:users:group"]}}}, "scope: read:users:group"),
        ({"services": [], "roles": {"a": {"scopes": [], "service": ["sketch"]}}}, "role: service"),
    ],
)
def test_what_is_misspelt_is_found(made: dict[str, Any], said: str) -> None:
    assert wrong(made) == [said]
