"""Whom of the people at an app server a call serves. The servers themselves: tests/browser/test_app_servers.py."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ipysketch.local import app_session

MODULES = (
    "shiny.session",
    "solara.server.kernel_context",
    "bokeh.io.doc",
    "panel.io.state",
    "streamlit.runtime",
)


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delenv("VOILA_REQUEST_URL", raising=False)


def load(monkeypatch: pytest.MonkeyPatch, name: str, **content: Any) -> None:
    module = ModuleType(name)
    vars(module).update(content)
    monkeypatch.setitem(sys.modules, name, module)


def solara(monkeypatch: pytest.MonkeyPatch, kernel: str, *status: str) -> list[Callable[[], None]]:
    ended: list[Callable[[], None]] = []
    pages = {str(number): SimpleNamespace(value=each) for number, each in enumerate(status)}
    context = SimpleNamespace(id=kernel, page_status=pages, on_close=ended.append)
    load(
        monkeypatch,
        "solara.server.kernel_context",
        has_current_context=lambda: True,
        get_current_context=lambda: context,
    )
    return ended


def test_a_notebook_and_a_script_serve_nobody_in_particular() -> None:
    assert app_session.current() is None


def test_a_session_has_a_name_and_a_secret_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for kernel in ("one", "two", "one"):
        ended = solara(monkeypatch, kernel, "connected")
        session = app_session.current()
        assert session is not None
        session.at_end(lambda: None)
        assert len(ended) == 1
        found.append(session)
    first, second, again = found
    assert first.key == again.key != second.key
    assert first.secret == again.secret != second.secret
    assert len(first.secret) == 64
    assert first.name.startswith("guest ")


@pytest.mark.parametrize(
    ("status", "here"),
    [(("connected",), True), (("closed", "connected"), True), (("disconnected", "closed"), False), ((), False)],
)
def test_a_solara_session_is_here_while_a_page_is_connected(
    status: tuple[str, ...], here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    solara(monkeypatch, "one", *status)
    session = app_session.current()
    assert session is not None
    assert session.here is not None
    assert session.here() is here


def test_an_app_that_is_being_loaded_is_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    solara(monkeypatch, "dummy")
    assert app_session.current() is None
    load(monkeypatch, "shiny.session", get_current_session=lambda: None)
    load(monkeypatch, "bokeh.io.doc", curdoc=lambda: SimpleNamespace(session_context=None))
    assert app_session.current() is None


def test_a_panel_session_is_known_by_its_document_and_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[Callable[[object], None]] = []
    server = SimpleNamespace(connection_count=1)
    context = SimpleNamespace(id="abc", session=server)
    document = SimpleNamespace(session_context=context, on_session_destroyed=ended.append)
    load(monkeypatch, "bokeh.io.doc", curdoc=lambda: SimpleNamespace(session_context=None))
    load(monkeypatch, "panel.io.state", state=SimpleNamespace(curdoc=document, user="ada"))
    session = app_session.current()
    assert session is not None
    assert (session.key, session.name) == ("bokeh abc", "ada")
    assert session.here is not None
    assert session.here()
    server.connection_count = 0
    assert not session.here()
    called: list[bool] = []
    session.at_end(lambda: called.append(True))
    ended[0](object())
    assert called == [True]


def test_a_shiny_session_in_a_thread_of_the_app_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    root = SimpleNamespace(id="s1", user=None, on_ended=lambda function: function)
    module = SimpleNamespace(is_stub_session=lambda: False, root_scope=lambda: root)
    load(monkeypatch, "shiny.session", get_current_session=lambda: module)
    load(monkeypatch, "shiny", reactive=None)
    session = app_session.current()
    assert session is not None
    assert session.key == "shiny s1"
    session.sent()


def test_a_streamlit_session_ends_when_the_server_no_longer_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    active = {"s1"}
    load(
        monkeypatch,
        "streamlit.runtime",
        scriptrunner=SimpleNamespace(get_script_run_ctx=lambda **_: SimpleNamespace(session_id="s1")),
        get_instance=lambda: SimpleNamespace(is_active_session=active.__contains__),
    )
    session = app_session.current()
    assert session is not None
    assert session.here is not None
    assert session.here()
    active.clear()
    assert not session.here()


def test_a_kernel_of_voila_has_the_views_of_its_boards_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOILA_REQUEST_URL", "http://127.0.0.1/voila/render/a.ipynb")
    session = app_session.current()
    assert session is not None
    assert session.here is None


def test_a_server_whose_inside_is_another_is_as_if_there_were_none(monkeypatch: pytest.MonkeyPatch) -> None:
    load(monkeypatch, "shiny.session")
    assert app_session.current() is None
