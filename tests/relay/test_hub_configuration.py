"""`configure` adds to a Hub's configuration, however that was written, and takes nothing away."""

from __future__ import annotations

from typing import Any

import pytest
from traitlets.config import Config

from relay.hub import configure

ACCESS = "access:services!service=sketch"


def configured(config: Config, **arguments: Any) -> dict[str, Any]:
    """What a Hub reads: a section's lists with what was only added to them."""
    configure(config, **arguments)

    def plain(value: Any) -> Any:
        said = value.to_dict() if hasattr(value, "to_dict") else value
        return said.get("extend") or said.get("update") if said is not value else value

    return {
        "services": plain(config.JupyterHub.services),
        "roles": {role["name"]: role for role in plain(config.JupyterHub.load_roles)},
        "environment": plain(config.Spawner.environment),
    }


def test_an_empty_configuration_gets_a_service_roles_and_a_variable() -> None:
    made = configured(Config(), port=9000, database="/srv/drawings.sqlite", user="sketch")
    [service] = made["services"]
    assert service["url"] == "http://127.0.0.1:9000"
    assert service["command"][-3:] == ["--hub", "--db", "/srv/drawings.sqlite"]
    assert (service["user"], service["oauth_no_confirm"]) == ("sketch", True)
    assert made["roles"]["user"]["scopes"] == ["self", ACCESS]
    assert made["roles"]["server"]["scopes"] == ["users:activity!user", "access:servers!server", ACCESS]
    assert made["roles"]["ipysketch-sketch"]["services"] == ["sketch"]
    assert made["environment"] == {"IPYSKETCH_HUB_URL": "ws://127.0.0.1:9000/services/sketch/"}


@pytest.mark.parametrize("lazy", [False, True], ids=["assigned", "added-to"])
def test_what_is_there_stays(lazy: bool) -> None:
    config = Config()
    role = {"name": "server", "scopes": ["mine"]}
    if lazy:
        config.JupyterHub.services.append({"name": "culler"})
        config.JupyterHub.load_roles.append(role)
        config.Spawner.environment.update({"A": "b"})
    else:
        config.JupyterHub.services = [{"name": "culler"}]
        config.JupyterHub.load_roles = [role]
        config.Spawner.environment = {"A": "b"}
    config.JupyterHub.base_url = "/hubs/one"
    made = configured(config)
    assert [service["name"] for service in made["services"]] == ["culler", "sketch"]
    assert made["roles"]["server"]["scopes"] == ["mine", ACCESS]
    assert made["roles"]["user"]["scopes"] == ["self", ACCESS]
    assert made["environment"] == {
        "A": "b",
        "IPYSKETCH_HUB_URL": "ws://127.0.0.1:8766/hubs/one/services/sketch/",
    }


def test_the_path_of_the_hub_may_be_in_the_address_that_it_listens_on() -> None:
    config = Config()
    config.JupyterHub.bind_url = "https://:443/hubs/two/"
    made = configured(config)
    assert made["environment"]["IPYSKETCH_HUB_URL"] == "ws://127.0.0.1:8766/hubs/two/services/sketch/"


def test_a_relay_that_runs_by_itself_is_named_and_not_started() -> None:
    made = configured(Config(), api_token="t", address="ws://ipysketch:8765")
    [service] = made["services"]
    assert (service["url"], service["api_token"], "command" in service) == ("http://ipysketch:8765", "t", False)
    assert made["environment"] == {"IPYSKETCH_HUB_URL": "ws://ipysketch:8765/services/sketch/"}
    with pytest.raises(ValueError, match="address="):
        configure(Config(), api_token="t")
