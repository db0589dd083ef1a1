"""Which relay a kernel takes, what is said of it, and who is probably not in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipysketch.local import doctor, doors, host, hub, relay_process

OWN = relay_process.LocalRelay("ws://127.0.0.1:4711", "secret", 1, Path("relay.log"))
NAMED, SERVER, HUB = (
    "wss://named.example/draw",
    "wss://server.example",
    "ws://hub.internal:8081/services/sketch/",
)


@pytest.fixture(autouse=True)
def no_other_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_process, "ensure", lambda: (OWN, True))
    monkeypatch.setattr(host, "_CONTAINER_FILES", ())


@pytest.mark.parametrize(
    ("url", "environment", "address", "token", "which"),
    [
        (NAMED, {doors.URL: SERVER, doors.HUB_URL: HUB}, NAMED, "mine", "named by this cell"),
        (None, {doors.URL: NAMED, doors.SERVER_URL: SERVER}, NAMED, "mine", "named by IPYSKETCH_URL"),
        (None, {doors.SERVER_URL: SERVER, doors.HUB_URL: HUB}, SERVER, "mine", "configuration of this Jupyter"),
        (None, {doors.HUB_URL: HUB, hub.TOKEN: "hub's"}, HUB, "hub's", "this Hub's relay"),
        (None, {}, OWN.url, OWN.token, "your own relay"),
        (None, {doors.URL: "", doors.SERVER_URL: "", doors.HUB_URL: ""}, OWN.url, OWN.token, "your own relay"),
    ],
)
def test_the_first_relay_that_there_is_is_taken(
    url: str | None, environment: dict[str, str], address: str, token: str, which: str
) -> None:
    named = doors.named(url, environment)
    door = doors.find(named, "mine", environment)
    assert (door.url, door.token, door.proof) == (address, token, address == OWN.url)
    assert which in door.which
    assert address in door.which
    assert bool(door.note) is (address == OWN.url)
    reasons = doors.reasons(named, environment)
    [taken] = [way for way, why_not in reasons if not why_not]
    assert taken == reasons[0 if address in (NAMED, SERVER) else 1 if address == HUB else 2][0]


def test_the_hubs_token_goes_to_no_other_relay_that_was_named_nor_into_words() -> None:
    environment = {doors.HUB_URL: HUB, hub.TOKEN: "hub's-secret", "JUPYTERHUB_API_URL": "http://hub/api"}
    for url in (NAMED, HUB + "x", HUB.rstrip("/"), HUB.replace("hub.", "hub.evil.")):
        for given, more in ((url, {}), (None, {doors.URL: url}), (None, {doors.SERVER_URL: url})):
            door = doors.find(doors.named(given, {**environment, **more}), "", {**environment, **more})
            assert "hub's-secret" not in repr(door)
    door = doors.find(None, "", environment)
    assert "hub's-secret" not in door.which
    assert door.header_only
    assert (
        doors.find(doors.named(HUB, environment), "", environment) == door
    )  # Named by a cell, and the Hub's all the same.


def test_an_address_that_a_cell_calls_the_hubs_gets_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    started = {doors.HUB_URL: HUB, hub.TOKEN: "hub's-secret"}
    monkeypatch.setattr(hub, "_at_start", lambda: started)
    for name, value in started.items():
        monkeypatch.setenv(name, value)
    assert doors.find(None).token == "hub's-secret"
    monkeypatch.setenv(doors.HUB_URL, "ws://evil.example/services/sketch/")
    assert "hub's-secret" not in repr(doors.find(None))


def test_what_is_shown_of_an_address_holds_no_secret() -> None:
    assert doors.shown("wss://ada:pw@lab.example:8443/draw/?token=t#f") == "wss://lab.example:8443/draw/"
    assert "pw" not in doors.find(doors.Named("wss://ada:pw@lab.example/?token=t", "this cell")).which


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"JUPYTERHUB_API_URL": "http://hub/api", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "Hub has no relay"),
        ({"COLAB_RELEASE_TAG": "release-colab"}, "Colab gives this notebook a machine"),
        ({"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}, "Kaggle"),
        ({"BINDER_LAUNCH_HOST": "https://mybinder.org/", "JUPYTERHUB_API_URL": "http://hub/api"}, "Binder"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "runs in a container"),
    ],
)
def test_where_others_are_elsewhere_the_door_says_so_and_what_to_do(
    environment: dict[str, str], said: str
) -> None:
    door = doors.find(None, "", environment)
    assert said in door.apart
    assert "%sketch connect wss://" in door.apart
    assert doors.find(doors.named(NAMED, environment), "", environment).apart == ""
    finding = doctor.route(f"{door.which}; {door.apart}")
    assert not finding.well
    assert said in finding.advice


def test_on_ones_own_computer_nothing_is_said_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doors.find(None, "", {}).apart == ""
    assert doctor.route("your own relay, ws://127.0.0.1:4711").well
    (tmp_path / ".dockerenv").touch()
    monkeypatch.setattr(host, "_CONTAINER_FILES", (str(tmp_path / ".dockerenv"),))
    assert "a container" in doors.find(None, "", {}).apart


def test_the_doctor_says_why_not_the_others() -> None:
    lines = "\n".join(doctor.routes(doors.reasons(None, {"JUPYTERHUB_API_URL": "http://hub/api"})))
    assert "1. a relay that is named: neither a cell nor IPYSKETCH_URL" in lines
    assert "2. the Hub's relay: this Hub names none" in lines
    assert "3. your own relay: this one" in lines
    assert "no Hub started this kernel" in "\n".join(doctor.routes(doors.reasons(None, {})))


@pytest.mark.parametrize("changed", ["name", "boot", "network"])
def test_hosts_that_differ_in_one_thing_have_other_ids(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def use(name: str, boot: str, network: str) -> str:
        (tmp_path / "boot").write_text(boot + "\n")
        (tmp_path / "net").unlink(missing_ok=True)
        (tmp_path / "net").symlink_to(f"net:[{network}]")
        monkeypatch.setattr(host, "_BOOT", tmp_path / "boot")
        monkeypatch.setattr(host, "_NETWORK", tmp_path / "net")
        monkeypatch.setattr(host, "host_name", lambda: name)
        return host.host_id()

    one = {"name": "jupyter-ada", "boot": "b1", "network": "1"}
    first = use(**one)
    assert use(**one) == first
    assert first.startswith("jupyter_ada-")
    assert use(**{**one, changed: "other"}) != first
    assert "/" not in use("../../etc/passwd", "b", "n")


def test_a_system_without_proc_has_an_id_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_BOOT", Path("/nowhere/boot"))
    monkeypatch.setattr(host, "_NETWORK", Path("/nowhere/net"))
    assert host.host_id() == host.host_id()
