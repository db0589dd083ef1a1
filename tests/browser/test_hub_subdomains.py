"""A Hub with `subdomain_host`: each server and service has a name of its own, and the relay's page opens at its."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from jupyterhub.utils import subdomain_hook_idna
from playwright.sync_api import Browser, expect

from ..support.hub import HubProcess
from .conftest import Notebook, new_page, quiet
from .islands import JOINED, ink_color, people_list
from .test_hub import SOCKETS, lesson, log_in
from .test_short_road import LISTEN, UP

MORE = """
c.JupyterHub.subdomain_host = said["address"].replace("127.0.0.1", "localhost")
c.JupyterHub.public_url = c.JupyterHub.subdomain_host
"""
USERS = ("ada", "grace")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    home = tmp_path_factory.mktemp("names")
    running = HubProcess(home, {"algebra-students": list(USERS)}, more=MORE)
    for user in USERS:
        quiet(home / user / ".jupyter")
        (home / user / "lesson.ipynb").write_text(json.dumps(lesson()))
        running.start_server(user)
    yield running
    running.stop()


def name(what: str, kind: str) -> str:
    """The name that the Hub gives to a user's servers, or to a service."""
    given: str = subdomain_hook_idna(what, "localhost", kind)
    return given


def test_a_page_opens_at_the_name_of_the_service(browser: Browser, hub: HubProcess) -> None:
    page = new_page(browser)
    address = f"http://{name('sketch', 'service')}:{hub.port}/services/sketch/r"
    log_in(page, hub, "ada", f"{address}/page")
    page.wait_for_url(f"{address}/algebra.page")
    page.wait_for_function(JOINED, arg=1)
    expect(people_list(page)).to_contain_text("ada (you)")
    page.context.close()


def test_notebooks_at_names_of_their_own_draw_with_each_other_by_the_short_road(
    browser: Browser, hub: HubProcess
) -> None:
    notebooks = []
    for user in USERS:
        hub.server(user)
        page = new_page(browser, viewport={"width": 1100, "height": 900})
        page.add_init_script(LISTEN)
        own = f"http://{name(user, 'user')}:{hub.port}/user/{user}"
        log_in(page, hub, user, f"http://localhost:{hub.port}/hub/token")  # A page that loads little.
        page.wait_for_url("**/hub/token")
        notebooks.append(Notebook(page, f"{own}/lab/tree/lesson.ipynb"))
    for notebook in notebooks:
        notebook.execute(0)
    for notebook in notebooks:
        notebook.connected(here=2)
    ada, grace = notebooks
    for one, other, y in ((ada, grace, 200), (grace, ada, 300)):
        one.button("Width: Extra thick")  # Fast ink is thin, and pale where a pixel is not covered.
        one.stroke((200, y), (500, y))
        other.sees(350, y, ink_color(one.page))
    service = f"ws://{name('sketch', 'service')}:{hub.port}/services/sketch/"
    for notebook in notebooks:
        notebook.page.wait_for_function(UP)
        sockets = notebook.page.evaluate(SOCKETS)
        assert [url.partition("?")[0] for url in sockets] == [service]
        assert not notebook.errors
    ada.screenshot("hub-subdomains")
