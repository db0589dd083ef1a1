"""Nothing that peers say is code: not in the page of a real JupyterLab, not in the relay's log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from relay.protocol import Error, Event, Join, PeerState, Presence, Welcome, decode_server, encode

from ..support.processes import RelayProcess
from ..support.waiting import DEADLINE, wait_until
from .conftest import Lab, Notebook
from .islands import people_list

HOSTILE = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "<svg onload=window.pwned=1>",
    '"><script>pwned=1</script>',
    "'><b onclick=pwned=1>",
    "<iframe src=javascript:pwned=1>",
    "javascript:window.pwned=1",
    "<a href=javascript:pwned=1>x</a>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//x>",
    "<base href=//evil.example>",
    "<form><input autofocus onfocus=pwned=1>",
    "<details open ontoggle=pwned=1>",
    "<marquee onstart=pwned=1>",
    "<math><mtext></mtext></math>",
    "<template><script>pwned=1</script>",
    "<!--<script>pwned=1//-->",
    "<![CDATA[<script>pwned=1]]>",
    "</ul></div><h1>broken</h1>",
    "</script><script>pwned=1</script>",
    "${window.pwned=1}",
    "{{constructor.constructor('pwned=1')()}}",
    "#{7*7}",
    "<%= 7*7 %>",
    "`;window.pwned=1;`",
    '\\"};pwned=1;//',
    "%3Cscript%3Epwned=1%3C/script%3E",
    "&lt;script&gt;pwned=1&lt;/script&gt;",
    "&#60;script&#62;",
    "\\u003cscript\\u003e",
    "$(rm -rf ~)",
    "`reboot`",
    "; DROP TABLE log; --",
    "' OR 1=1 --",
    "%s%n%x%d",
    "{0.__class__}",
    "../../etc/passwd",
    "CON",
    "null",
    "__proto__",
    "constructor",
    "\x1b[31mred\x1b[0m",
    "\x07bell",
    "line\nINFO join room=other",
    "carriage\rreturn",
    "tab\tand\x0bmore",
    "\u202egnp.exe",
    "\u200bzero\ufeffwidth",
    "\u2028separator",
    "𝕬𝖉𝖆 🖊️ Z̷̀a̷l̷g̷o",
]


def test_there_are_fifty() -> None:
    assert len(set(HOSTILE)) == 50


@contextmanager
def peer(relay: RelayProcess, room: str, **fields: Any) -> Iterator[tuple[ClientConnection, list[Any]]]:
    """A raw peer, and the messages that answer its join."""
    with connect(relay.url, proxy=None, open_timeout=DEADLINE) as socket:
        socket.send(encode([Join(room, **fields)]).decode())
        heard: list[Any] = []
        while not any(isinstance(message, Welcome | Error) for message in heard):
            heard.extend(decode_server(socket.recv(timeout=DEADLINE)))
        yield socket, heard


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Notebook:
    made = lab.notebook(
        "words", ["%load_ext ipysketch", "%sketch connect --room words --name Ada --color '#d1495b'", "1 + 1"]
    )
    made.run()
    return made


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_shown_as_text(notebook: Notebook, relay: RelayProcess, text: str) -> None:
    with peer(relay, "words", name=text) as (socket, heard):
        me = next(message for message in heard if isinstance(message, Welcome)).peer
        while not any(isinstance(message, PeerState) and message.peer == me for message in heard):
            heard.extend(decode_server(socket.recv(timeout=DEADLINE)))
        states = [message for message in heard if isinstance(message, PeerState) and message.peer == me]
        name = states[-1].state["name"]
        assert name.isprintable()
        people_list(notebook.page)
        # A cursor shows the name on the board too; an event of that name does nothing.
        moved = Presence({"cursor": [2000, 2000], "tool": text, "n": [text]})
        socket.send(encode([moved, Event(text[:64], {"text": text})]).decode())
        notebook.page.wait_for_function(
            """name => {
                const shown = selector => Array.from(document.querySelectorAll(selector), node => node.textContent);
                return shown('.ipysketch-rows .ipysketch-words').includes(name)
                    && shown('.ipysketch-name').includes(name);
            }""",
            arg=name,
        )
        assert notebook.page.evaluate("() => window.pwned") is None
        inside = ".ipysketch-name *, .ipysketch-words *, .ipysketch-surface script"
        assert notebook.page.locator(inside).count() == 0, "a name is never markup"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_room_or_colour_is_refused_in_a_sentence(relay: RelayProcess, text: str) -> None:
    with peer(relay, "words", color=text) as (_, heard):
        assert [message.code for message in heard if isinstance(message, Error)] == ["bad-color"]
    with peer(relay, text) as (_, heard):
        if isinstance(heard[0], Error):
            assert heard[0].code == "bad-room"
        else:
            assert text in ("CON", "null", "__proto__", "constructor"), "words, and nothing but words"


def test_nothing_of_it_ran_and_the_board_is_whole(notebook: Notebook, relay: RelayProcess) -> None:
    notebook.connected(here=1)
    notebook.stroke((300, 300), (400, 300))
    notebook.sees(350, 300, "#d1495b")
    notebook.screenshot("words")
    # What an image or a frame of theirs would have done has had its turn by now.
    assert notebook.page.evaluate("() => window.pwned") is None
    assert notebook.errors == []
    wait_until(lambda: sum("words" in line for line in relay.log) > 100, "the relay's log names the room")
    for line in relay.log:
        assert line.isprintable(), line
        assert line[:2] == "20", f"every line is the relay's own: {line}"
