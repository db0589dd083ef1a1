"""A Hub with `subdomain_host`: each server and service has a name of its own, and the relay's page opens at its."""

from __future__ import annotations

from pathlib import Path

from jupyterhub.utils import subdomain_hook_idna
from playwright.sync_api import Browser, expect

from ..support.hub import HubProcess
from .conftest import new_page
from .islands import JOINED, people_list
from .test_hub import log_in

MORE = """
c.JupyterHub.subdomain_host = said["address"].replace("127.0.0.1", "localhost")
c.JupyterHub.public_url = c.JupyterHub.subdomain_host
"""


def test_a_page_opens_at_the_name_of_the_service(browser: Browser, tmp_path: Path) -> None:
    hub = HubProcess(tmp_path, {"algebra-students": ["ada"]}, more=MORE)
    try:
        name = subdomain_hook_idna("sketch", "localhost", "service")
        page = new_page(browser)
        log_in(page, hub, "ada", f"http://{name}:{hub.port}/services/sketch/r/lesson1")
        page.wait_for_url(f"http://{name}:{hub.port}/services/sketch/r/algebra.lesson1")
        page.wait_for_function(JOINED, arg=1)
        expect(people_list(page)).to_contain_text("ada (you)")
        page.context.close()
    finally:
        hub.stop()
