"""A board whose kernel is gone says so at once and takes no ink, however the kernel went."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from ..support.processes import RelayProcess
from ..support.waiting import DEADLINE, wait_until
from .conftest import FRAME, Lab, Notebook, at_rest

CELLS = ["%load_ext ipysketch", "%sketch connect --room gone --name Ada"]
GONE = "The kernel stopped."
INTERRUPTED = "The kernel cannot be reached right now."
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
WET = """() => [...document.querySelectorAll('.ipysketch-desk canvas')].some(canvas => {
    if (canvas.classList.contains('ipysketch-paper') || !canvas.width) return false;
    const data = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
    data.drawImage(canvas, 0, 0);
    return data.getImageData(0, 0, canvas.width, canvas.height).data.some(value => value);
})"""
"""Whether any canvas above the paper has ink."""


def delete(lab: Lab, notebook: Notebook) -> None:
    """Shut the kernel down from elsewhere, as the list of running kernels in another page does."""
    kernel = notebook.page.evaluate(f"() => {KERNEL}.id")
    request = urllib.request.Request(f"{lab.address}/api/kernels/{kernel}", method="DELETE")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=DEADLINE):
        pass


ENDS: dict[str, Callable[[Lab, Notebook], object]] = {
    "shut down": lambda _, notebook: notebook.page.evaluate(f"() => {KERNEL}.shutdown()"),
    "shut down with its session": lambda _, notebook: notebook.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
    ),
    "restarted": lambda _, notebook: notebook.restart_kernel(),
    "died": lambda _, notebook: notebook.page.evaluate(
        f"() => {{ {KERNEL}.requestExecute({{ code: 'import os; os._exit(1)' }}); }}"
    ),
}


@pytest.fixture
def notebook(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    name = "".join(letter for letter in request.node.name if letter.isalnum())
    opened = lab.notebook(name, CELLS)
    opened.run()
    yield opened
    opened.page.context.close()


BROKEN = """() => [...document.querySelectorAll('.ipysketch-sketch, .ipysketch-sketch *')]
    .filter(node => !['none', 'normal', '""'].includes(getComputedStyle(node, '::before').content))
    .map(node => node.className)"""
"""What has something before it, such as the icon of a widget without its kernel."""


def check_gone(notebook: Notebook, words: str = GONE) -> None:
    notebook.page.get_by_text(words).wait_for()
    assert notebook.page.locator(".ipysketch-board.ipysketch-gone").count() == 1
    notebook.press(200, 200)
    notebook.drag(600, 400)
    notebook.page.evaluate(FRAME)
    notebook.page.evaluate(FRAME)
    assert not notebook.page.evaluate(WET), "ink that nobody would get"
    notebook.release()


@pytest.mark.parametrize("end", ENDS)
def test_a_board_without_its_kernel_takes_no_ink(lab: Lab, notebook: Notebook, end: str) -> None:
    notebook.press(100, 100)
    notebook.drag(150, 150)
    assert notebook.page.evaluate(WET), "while it lives, ink is seen at once"
    before = at_rest(notebook.page)
    ENDS[end](lab, notebook)
    check_gone(notebook)
    assert notebook.page.evaluate(BROKEN) == [], "a sentence says it, and no icon"
    assert at_rest(notebook.page) == before, "the board lies where it lay"


def test_a_board_whose_kernel_was_shut_down_elsewhere_takes_no_ink(lab: Lab, notebook: Notebook) -> None:
    delete(lab, notebook)
    check_gone(notebook, "The kernel")


def test_a_board_whose_jupyter_server_is_gone_takes_no_ink(
    home_of_another: Lab,
) -> None:
    notebook = home_of_another.notebook("server", CELLS)
    notebook.run()
    home_of_another.process.kill()
    check_gone(notebook, INTERRUPTED)


@pytest.fixture
def home_of_another(
    tmp_path_factory: pytest.TempPathFactory, relay: RelayProcess, browser: Browser
) -> Iterator[Lab]:
    running = Lab(tmp_path_factory.mktemp("another"), relay, browser)
    yield running
    running.close()


def test_a_board_goes_on_when_the_connection_to_its_kernel_comes_back(notebook: Notebook) -> None:
    notebook.page.evaluate(f"() => {{ {KERNEL}._ws?.close(); }}")
    wait_until(
        lambda: notebook.page.evaluate(f"() => {KERNEL}.connectionStatus") == "connected",
        "it is connected again",
        lambda: notebook.page.evaluate(FRAME),
    )
    notebook.page.get_by_text(INTERRUPTED).wait_for(state="hidden")
    notebook.stroke((200, 200), (600, 400))
    notebook.page.wait_for_function("() => !document.querySelector('.ipysketch-gone')")
