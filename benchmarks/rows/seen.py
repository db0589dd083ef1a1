"""Rows about what people see, in a real JupyterLab: from a hand's move to a pixel in a canvas.

The naive way that they are compared with is what one writes first: an ipycanvas canvas whose mouse callbacks draw lines
and send them over a websocket, a plain broadcast, and a thread that draws what comes.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import Notebook

from ..dialects import Committing
from ..load import Crowd
from ..notebooks import LIVE, OVERLAY, PAPER, WET, Scene, cpu, crowd, noted, now, run, scene, seen, still
from ..results import Result
from ..servers import Server
from . import Effort
from .drawing import _say

MOVES = 60
HEIGHT = 640
"""Where hands draw, below what the crowd does."""
RED = "#d1495b"
COLOR = [0xD1, 0x49, 0x5B]
NAIVE = ".jp-OutputArea canvas"
P5 = "canvas"

NAIVE_CELL = """
import json, threading
from ipycanvas import Canvas
from websockets.sync.client import connect
canvas = Canvas(width=1280, height=720)
canvas.line_width = 4
socket = connect("ws://127.0.0.1:{port}/{room}", proxy=None)
canvas.stroke_style = "#d1495b"
last = None
def line(drag):
    canvas.stroke_line(*drag)
def down(x, y):
    global last
    last = (x, y)
def move(x, y):
    global last
    if last is not None:
        drag = (*last, x, y)
        line(drag)
        socket.send(json.dumps({{"key": "", "start": 0, "points": [], "drag": drag}}))
        last = (x, y)
def up(x, y):
    global last
    last = None
canvas.on_mouse_down(down)
canvas.on_mouse_move(move)
canvas.on_mouse_up(up)
def listen():
    before = {{}}
    for text in socket:
        told = json.loads(text)
        if told["key"]:  # One of the crowd.
            points = [value / 8 for value in told["points"]]
            if told["key"] in before:
                line((*before[told["key"]], *points))
            before[told["key"]] = points
        else:
            line(told["drag"])
threading.Thread(target=listen, daemon=True).start()
canvas
"""

PEN_PAGE = """<!doctype html><canvas width="1280" height="720"></canvas>
<script src="http://127.0.0.1:{port}/socket.io/socket.io.js"></script>
<script>
    const context = document.querySelector('canvas').getContext('2d');
    context.strokeStyle = '#d1495b';
    context.lineWidth = 4;
    const socket = io('http://127.0.0.1:{port}', {{ transports: ['websocket'], query: {{ room: 'pages' }} }});
    const line = drag => {{
        context.beginPath();
        context.moveTo(drag[0], drag[1]);
        context.lineTo(drag[2], drag[3]);
        context.stroke();
    }};
    const before = {{}};
    socket.on('draw', said => {{
        if (Array.isArray(said)) {{
            line(said);
            return;
        }}
        const points = said.points.map(value => value / 8);  // One of the crowd.
        if (before[said.key]) line([...before[said.key], ...points.slice(-2)]);
        before[said.key] = points.slice(-2);
    }});
    let last = null;
    const place = event => [event.offsetX, event.offsetY];
    const canvas = document.querySelector('canvas');
    canvas.addEventListener('mousedown', event => {{ last = place(event); }});
    canvas.addEventListener('mouseup', () => {{ last = null; }});
    canvas.addEventListener('mousemove', event => {{
        if (!last) return;
        const drag = [...last, ...place(event)];
        line(drag);
        socket.emit('draw', drag);
        last = place(event);
    }});
    socket.on('connect', () => {{ window.there = true; }});
</script>"""


def line(y: float) -> list[list[float]]:
    return [[60 + 18 * number, y] for number in range(MOVES + 1)]


def eyes(places: Sequence[Sequence[float]]) -> list[list[float]]:
    """Behind each place of a hand: others see a smooth line up to half the way to its last one."""
    return [[x - 12, y] for x, y in places[1:]]


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[int(0.95 * len(ordered))]


def _late(
    hand: Page, target: str, eye: Page, canvas: str, y: float, *, color: list[int] | None = None, **how: object
) -> dict[str, float]:
    """Draw a line on one page; how late its points come on another, or on the same one."""
    places = line(y)
    watch(eye, canvas, eyes(places), color=color)
    moved = hand.evaluate("([...given]) => window.draw(...given)", [target, places, how])
    saw = seen(eye, MOVES)["seen"]
    p50, p95 = _percentiles([came - went for went, came in zip(moved, saw, strict=True)])
    return {"p50_ms": round(p50, 2), "p95_ms": round(p95, 2)}


def watch(page: Page, canvas: str, places: Sequence[Sequence[float]] = (), **how: object) -> None:
    """Have a page's eye watch a canvas; see `watch` in `notebooks`."""
    page.evaluate("([...given]) => window.watch(...given)", [canvas, list(places), how])


def _median(entries: list[dict[str, Any]], figure: str, **where: object) -> float:
    found = [e[figure] for e in entries if all(e.get(name) == value for name, value in where.items())]
    return float(statistics.median(found))


def board(stage: Scene, name: str, room: str, *more: str, before: str = "") -> Notebook:
    """A notebook that has joined a room; what stands `before` is done first."""
    cells = [
        f"{before}\n%load_ext ipysketch",
        f"%sketch connect --room {room} --name {name} --color {RED}",
        *more,
    ]
    notebook = stage.notebook(name, cells)
    for number in range(2):
        run(notebook, number)
    notebook.connected()
    notebook.show()
    return notebook


LONG_ROAD = "%env IPYSKETCH_SHORT_ROAD=0"
ROAD = """
import time
from ipysketch.magics import _connected
sender = _connected(set())[-1]._widget._sender
while not sender._roads.cover(sender._pacer.visible):
    time.sleep(0.05)
print("there")
"""


def _on_the_road(stage: Scene, name: str, room: str, *more: str) -> Notebook:
    """A notebook whose live ink goes past its kernel; `more` are cells from the fourth on."""
    notebook = board(stage, name, room, ROAD, *more)
    run(notebook, 2)
    notebook.page.locator(".jp-OutputArea-output", has_text="there").wait_for()
    notebook.show()
    return notebook


def _naive(stage: Scene, name: str, port: int, room: str = "naive", *more: str) -> Notebook:
    notebook = stage.notebook(name, [NAIVE_CELL.format(port=port, room=room), *more])
    run(notebook, 0)
    notebook.page.locator(NAIVE).first.wait_for()
    notebook.page.locator(NAIVE).first.scroll_into_view_if_needed()
    return notebook


# --- ink on its way ------------------------------------------------------------------------------------------


def local_ink(effort: Effort) -> Result:
    """From a move of the hand to ink under it."""
    entries: list[dict[str, Any]] = []
    with scene() as stage, Server("plain") as plain:
        ours = board(stage, "ada", "local")
        naive = _naive(stage, "naive", plain.port)
        for number in range(effort.rounds):
            y = 100 + 40 * number
            entries.append(_say({"server": "ipysketch", **_late(ours.page, OVERLAY, ours.page, WET, y)}))
            late = _late(naive.page, NAIVE, naive.page, NAIVE, y, pointer=False)
            entries.append(_say({"server": "ipycanvas", **late}))
    (p50, p95), theirs = _both(entries, "ipysketch"), _both(entries, "ipycanvas")
    return Result(
        row="local-ink",
        what="Local ink in JupyterLab: from a move of the hand to the pixel, p50 and p95",
        reference=f"ipycanvas as one writes it first {theirs[0]:.0f} and {theirs[1]:.0f} ms",
        figure=f"{p50:.1f} and {p95:.1f} ms",
        target="≤ 15 and ≤ 30 ms",
        reached=p50 <= 15 and p95 <= 30,
        samples=entries,
    )


def _both(entries: list[dict[str, Any]], server: str, **where: object) -> tuple[float, float]:
    return (
        _median(entries, "p50_ms", server=server, **where),
        _median(entries, "p95_ms", server=server, **where),
    )


SPIN = """
import pathlib
print("begun", flush=True)
while not pathlib.Path("{free}").exists():
    sum(range(1000))
"""
"""A cell that computes until a file is there."""
WITHIN = 1.5
BUSY_SHARE = 0.25
"""Of what ipycanvas takes as one writes it first, where all cores are kept busy."""
PAGES = "two pages with Socket.IO"


@contextmanager
def _two_pages(stage: Scene) -> Iterator[tuple[Page, Page, int]]:
    """Two plain pages that draw for each other, and the port of their server."""
    with Server("socketio") as socketio:
        hand, eye = (stage.page(PEN_PAGE.format(port=socketio.port)) for _ in range(2))
        for page in (hand, eye):
            page.wait_for_function("() => window.there")
        yield hand, eye, socketio.port


def _remote(server: str, hand: Page, eye: Page, y: float) -> dict[str, Any]:
    """How late ink of one page comes on another."""
    if server == PAGES:
        late = _late(hand, P5, eye, P5, y, pointer=False)
    elif server == "ipycanvas":
        late = _late(hand, NAIVE, eye, NAIVE, y, pointer=False)
    else:
        late = _late(hand, OVERLAY, eye, LIVE, y, color=COLOR)
    return _say({"server": server, **late})


def _against_pages(
    row: str, what: str, entries: list[dict[str, Any]], short: str, *, more: str = "", busy: bool = False
) -> Result:
    """The result of a row whose measure are two plain pages, and, with `busy`, ipycanvas."""
    (p50, p95), pages = _both(entries, "ipysketch"), _both(entries, PAGES)
    half, most = p50 / pages[0], p95 / pages[1]
    target, reached = f"≤ {WITHIN} × the pages at p50 and p95", max(half, most) <= WITHIN
    figure = f"{p50:.1f} and {p95:.1f} ms: {half:.2f} and {most:.2f} × the pages"
    if busy:
        naive = _both(entries, "ipycanvas")
        share, late = p50 / naive[0], p95 / naive[1]
        target, reached = f"≤ {BUSY_SHARE} × ipycanvas as one writes it first", max(share, late) <= BUSY_SHARE
        figure += f", {share:.2f} and {late:.2f} × ipycanvas"
    return Result(
        row=row,
        what=f"Remote ink, notebook to notebook{what}: from a move of the hand to the pixel in the other, p50 and p95",
        reference=f"{PAGES} {pages[0]:.1f} and {pages[1]:.1f} ms{more}",
        figure=figure,
        target=target,
        reached=reached,
        short=short,
        samples=entries,
    )


def remote_ink(effort: Effort) -> Result:
    """From a move of the hand in one notebook to ink in another."""
    entries: list[dict[str, Any]] = []
    with scene() as stage, Server("plain") as plain, _two_pages(stage) as (pen, paper, _):
        naive = [_naive(stage, name, plain.port) for name in ("naive", "other")]
        ada, grace = (_on_the_road(stage, name, "remote") for name in ("ada", "grace"))
        long = [board(stage, name, "long", before=LONG_ROAD) for name in ("lin", "mo")]
        for number in range(effort.rounds):
            y = 100 + 40 * number
            entries.append(_remote(PAGES, pen, paper, y))
            entries.append(_remote("ipycanvas", naive[0].page, naive[1].page, y))
            entries.append(_remote("ipysketch", ada.page, grace.page, y))
            entries.append(_remote("ipysketch over the kernels", long[0].page, long[1].page, y))
    kernels, first = _both(entries, "ipysketch over the kernels"), _both(entries, "ipycanvas")
    return _against_pages(
        "remote-ink",
        "",
        entries,
        "two browsers' pages, two kernels, a Jupyter server and the relay share two cores, one of which puts the pages "
        "together, for there is no graphics card",
        more=f", ipycanvas as one writes it first {first[0]:.0f} and {first[1]:.0f}, over the kernels "
        f"{kernels[0]:.0f} and {kernels[1]:.0f}",
        busy=effort.busy,
    )


def remote_ink_crowded(effort: Effort) -> Result:
    """The same while 20 more people draw in the room."""
    entries: list[dict[str, Any]] = []
    with scene() as stage, _two_pages(stage) as (pen, paper, port):
        ada, grace = (_on_the_road(stage, name, "remote") for name in ("ada", "grace"))
        for number in range(effort.rounds):
            y = 600 + 30 * number  # Below what the crowd does.
            with crowd(port, "pages", 20, "socketio"):
                entries.append(_remote(PAGES, pen, paper, y))
            with crowd(stage.relay.port, "remote", 20):
                entries.append(_remote("ipysketch", ada.page, grace.page, y))
    return _against_pages(
        "remote-ink-crowded",
        " with 20 more people drawing",
        entries,
        "the notebooks' pages paint 21 growing strokes by a processor that has all else to do; plain pages paint a "
        "line for each message",
    )


def remote_ink_computing(effort: Effort) -> Result:
    """The same while both kernels compute."""
    entries: list[dict[str, Any]] = []
    with scene() as stage, _two_pages(stage) as (pen, paper, _):
        spin = SPIN.format(free="computed")
        pair = [_on_the_road(stage, name, "remote", spin) for name in ("ada", "grace")]
        for notebook in pair:
            notebook.execute(3)
            notebook.page.locator(".jp-OutputArea-output", has_text="begun").wait_for()
            notebook.show()
        for number in range(effort.rounds):
            y = 100 + 40 * number
            entries.append(_remote(PAGES, pen, paper, y))
            entries.append(_remote("ipysketch", pair[0].page, pair[1].page, y))
        (stage.lab.root / "computed").touch()
    return _against_pages(
        "remote-ink-computing",
        " while both kernels compute",
        entries,
        "two kernels that compute keep both cores busy, of which pages, relay and Jupyter server need some",
    )


# --- frames --------------------------------------------------------------------------------------------------

PID = "import os\nopen('kernel.pid', 'w').write(str(os.getpid()))"
DROPPED = "IOPub message rate exceeded"
LOOP = """
import time
print("begun", flush=True)
end = time.time() + 15
while time.time() < end:
    sum(range(1000))
print("ended", flush=True)
"""
MANY = """
import random
from ipysketch.magics import _connected
board = _connected(set())[-1]
chance = random.Random(1)
for _ in range(100):
    with board.batch():
        for _ in range(100):
            x, y = chance.uniform(0, 1220), chance.uniform(0, 720)
            board.stroke([(x, y), (x + 30, y + chance.uniform(-20, 20)), (x + 60, y)], color="#1b4965")
"""
CLICKED = """() => addEventListener('click', () => { window.clicked = performance.timeOrigin + performance.now(); },
    { capture: true, once: true })"""
REPAINT = """
import time
from ipysketch.magics import _connected
board = _connected(set())[-1]
print(1e3 * time.time())
board._session.thread.call(board._widget._sender._repaint)
"""


def frames(effort: Effort) -> Result:
    """How many frames a second a notebook paints while 20 others draw."""
    entries: list[dict[str, Any]] = []
    with scene() as stage, Server("plain") as plain:
        for number in range(effort.rounds):
            eye = _on_the_road(stage, f"eve-{number}", "frames", PID)
            run(eye, 3)
            with crowd(stage.relay.port, "frames", 20):
                entries.append(_say({"server": "ipysketch", **_painted(stage, eye, LIVE, effort.seconds)}))
            eye.page.context.close()
        eye = _naive(stage, "naive", plain.port, "frames", PID)
        run(eye, 1)
        with crowd(plain.port, "frames", 20, "plain"):
            entries.append(_say({"server": "ipycanvas", **_painted(stage, eye, NAIVE, effort.seconds)}))
    rate = _median(entries, "frames_per_second", server="ipysketch")
    share = _median(entries, "kernel_core_share", server="ipysketch")
    lost = max(entry["dropped"] for entry in entries if entry["server"] == "ipysketch")
    naive = entries[-1]
    over = ", over the IOPub limit: its messages are dropped" if naive["dropped"] else ""
    return Result(
        row="frames",
        what="Frames painted per second in a notebook while 20 others draw at 60 Hz; times that messages were dropped; "
        "CPU of the kernel",
        reference=f"ipycanvas as one writes it first {naive['frames_per_second']:.0f} a second, "
        f"{100 * naive['kernel_core_share']:.0f} % of a core{over}",
        figure=f"{rate:.0f} a second, {lost} dropped, {100 * share:.0f} % of a core",
        target="≥ 30, 0 dropped, ≤ 35 % of a core",
        reached=rate >= 30 and not lost and share <= 0.35,
        short="the page, the kernel, the Jupyter server, the relay and the crowd share two cores",
        samples=entries,
    )


def kernel_cpu(effort: Effort) -> Result:
    """What 20 others who draw cost the kernel of a notebook that shows them."""
    entries: list[dict[str, Any]] = []
    with scene() as stage, Server("plain") as plain:
        ours, port = stage.relay.port, plain.port
        naive = _naive(stage, "naive", port, "cpu", PID)
        # Each in a room of its own: nobody else has anything to do meanwhile.
        eyes = (
            ("ipysketch", _on_the_road(stage, "ada", "short", PID), 3, LIVE, (ours, "short", 20)),
            (
                "ipysketch over the kernel",
                board(stage, "lin", "long", PID, before=LONG_ROAD),
                2,
                LIVE,
                (ours, "long", 20),
            ),
            ("ipycanvas", naive, 1, NAIVE, (port, "cpu", 20, "plain")),
        )
        for _ in range(effort.rounds):
            for server, eye, cell, canvas, where in eyes:
                run(eye, cell)
                with crowd(*where):
                    entries.append(_say({"server": server, **_painted(stage, eye, canvas, effort.seconds)}))
    share, kernel, first = (
        100 * _median(entries, "kernel_core_share", server=server)
        for server in ("ipysketch", "ipysketch over the kernel", "ipycanvas")
    )
    return Result(
        row="kernel-cpu",
        what="CPU of a notebook's kernel while 20 others draw at 60 Hz and commit a stroke each 50 points",
        reference=f"over the kernel {kernel:.0f} %, ipycanvas as one writes it first {first:.0f} %",
        figure=f"{share:.1f} % of a core",
        target="≤ 8 %",
        reached=share <= 8,
        short="24 strokes a second become elements, are painted by ipycanvas and sent to the page",
        samples=entries,
    )


def _painted(stage: Scene, notebook: Notebook, canvas: str, seconds: float) -> dict[str, Any]:
    """What a notebook paints for so long, and what that costs its kernel."""
    pid = int((stage.lab.root / "kernel.pid").read_text())
    notebook.page.wait_for_timeout(1_000)  # The first of it is not what is measured.
    warned = stage.log().count(DROPPED)
    watch(notebook.page, canvas)
    begun, used = now(), cpu(pid)
    notebook.page.wait_for_timeout(1e3 * seconds)
    found = noted(notebook.page)
    spent, used = (now() - begun) / 1e3, cpu(pid) - used
    return {
        "frames_per_second": round(found["frames"] / spent, 1),
        "kernel_core_share": round(used / spent, 3),
        "dropped": stage.log().count(DROPPED) - warned,
    }


# --- a kernel that is busy -----------------------------------------------------------------------------------


def busy_kernel(effort: Effort) -> Result:
    """What is painted while the kernel runs a loop in Python."""
    entries: list[dict[str, Any]] = []
    with scene() as stage, Server("plain") as plain:
        ours = _on_the_road(stage, "ada", "busy", LOOP)
        naive = _naive(stage, "naive", plain.port, "busy", LOOP)
        for number in range(effort.rounds):
            with crowd(stage.relay.port, "busy", 1):
                found = _while_busy(ours, 3, LIVE, effort.seconds)
                entries.append(_say({"server": "ipysketch", "ink": "remote", **found}))
            found = _while_busy(ours, 3, WET, effort.seconds, (OVERLAY, 100 + 40 * number, True))
            entries.append(_say({"server": "ipysketch", "ink": "local", **found}))
            with crowd(plain.port, "busy", 1, "plain"):
                found = _while_busy(naive, 1, NAIVE, effort.seconds)
                entries.append(_say({"server": "ipycanvas", "ink": "remote", **found}))
            found = _while_busy(naive, 1, NAIVE, effort.seconds, (NAIVE, 100 + 40 * number, False))
            entries.append(_say({"server": "ipycanvas", "ink": "local", **found}))
    rates = {
        (server, ink): _median(entries, "frames_per_second", server=server, ink=ink)
        for server in ("ipysketch", "ipycanvas")
        for ink in ("remote", "local")
    }
    return Result(
        row="busy-kernel",
        what="Frames painted per second while the kernel runs a loop in Python: ink of another, ink under the hand",
        reference=f"ipycanvas as one writes it first {rates['ipycanvas', 'remote']:.0f} and "
        f"{rates['ipycanvas', 'local']:.0f}",
        figure=f"{rates['ipysketch', 'remote']:.0f} and {rates['ipysketch', 'local']:.0f}",
        target="≥ 50 and ≥ 50",
        reached=rates["ipysketch", "remote"] >= 50 and rates["ipysketch", "local"] >= 50,
        short="the loop keeps one of two cores busy: pages, servers, crowd and the rest of the kernel have the rest",
        samples=entries,
    )


def _while_busy(
    notebook: Notebook, cell: int, canvas: str, seconds: float, hand: tuple[str, float, bool] | None = None
) -> dict[str, Any]:
    """Frames painted while a cell computes; `hand` draws meanwhile: on what, where, and with which events."""
    page = notebook.page
    page.evaluate(
        """n => {
            const shown = window.jupyterapp.shell.currentWidget.content.widgets[n].outputArea.node;
            window.said = () => shown.innerText;
        }""",
        cell,
    )
    notebook.execute(cell)
    page.wait_for_function("() => window.said().trim() === 'begun'")
    watch(page, canvas)
    begun = now()
    if hand is not None:
        target, y, pointer = hand
        steps = round(60 * min(seconds, 4.0))
        places = [[60 + 1100 * n / steps, y] for n in range(steps + 1)]
        page.evaluate(
            "([...given]) => window.draw(...given)", [target, places, {"pointer": pointer, "pause": 16}]
        )
        spent = (now() - begun) / 1e3 - 0.3  # It rests before it is lifted.
    else:
        page.wait_for_timeout(1e3 * min(seconds, 4.0))
        spent = (now() - begun) / 1e3
    found = noted(page)
    busy = "ended" not in page.evaluate("() => window.said()")
    page.wait_for_function("() => window.said().includes('ended')", timeout=60_000)
    if not busy:
        raise RuntimeError("the kernel was not busy all the time")
    return {"frames_per_second": round(found["frames"] / spent, 1)}


# --- a large board -------------------------------------------------------------------------------------------


def undo(effort: Effort) -> Result:
    """Undo on a board of many strokes, beside painting all of it again."""
    entries: list[dict[str, Any]] = []
    with scene() as stage:
        ours = board(stage, "ada", "undo", MANY, REPAINT)
        page = ours.page
        watch(page, PAPER)
        run(ours, 2)
        still(page, 3_000)
        for number in range(effort.rounds):
            x, y = 200 + 300 * number, 90 + 20 * number
            ours.stroke((x, y), (x + 60, y))
            ours.sees(x + 30, y, RED)
            still(page)
            page.evaluate("() => { window.tasks = []; }")
            watch(page, PAPER, [[x + 30, y]], color=COLOR, gone=True)
            page.evaluate(CLICKED)
            ours.button("Undo")
            gone = seen(page, 1)["seen"][0]
            began = page.evaluate("() => window.clicked")
            still(page)
            longest = max((length for _, length in page.evaluate("() => window.tasks")), default=0.0)
            entries.append(
                _say({"what": "undo", "ms": round(gone - began, 1), "longest_task_ms": round(longest, 1)})
            )
            entries.append(_say({"what": "repaint", "ms": round(_repaint(ours, 3), 1)}))
    mine, all_of_it = (_median(entries, "ms", what=what) for what in ("undo", "repaint"))
    longest = _median(entries, "longest_task_ms", what="undo")
    words = f"longest task {longest:.0f} ms" if longest else "no task over 50 ms"
    return Result(
        row="undo",
        what="Undo on a board of 10,000 strokes of 60 px, from the click to painted; longest task of the page",
        reference=f"all painted again {all_of_it:.0f} ms",
        figure=f"{mine:.0f} ms, {mine / all_of_it:.2f} of it; {words}",
        target="≤ 1/10 of all painted again; longest task ≤ 100 ms",
        reached=mine <= all_of_it / 10 and longest <= 100,
        short="the click itself, the kernel, the relay's commit and back come before the painting",
        samples=entries,
    )


def _repaint(board: Notebook, cell: int) -> float:
    """Have the kernel send everything again; milliseconds until all of it is painted."""
    watch(board.page, PAPER)
    began = float(run(board, cell).strip())
    return float(still(board.page)["ended"] - began)


def late_join_seen(effort: Effort) -> Result:
    """From `%sketch connect` to a large board painted, beside painting alone."""
    entries: list[dict[str, Any]] = []
    count = 10_000
    with scene() as stage:
        with Crowd(partial(Committing, 50), stage.relay.port, ["late"]) as people:
            people.commit(count)
        for number in range(effort.rounds):
            cells = ["%load_ext ipysketch", "%sketch connect --room late --name Late", REPAINT]
            late = stage.notebook(f"late-{number}", cells)
            run(late, 0)
            late.page.evaluate("selector => window.awaitBoard(selector)", PAPER)
            began = now()
            late.execute(1)
            late.page.wait_for_function("() => window.eye?.first", timeout=60_000)
            late.connected()
            found = still(late.page, 1_000)
            entries.append(
                _say(
                    {
                        "what": "join",
                        "first_ink_ms": round(found["first"] - began, 1),
                        "ms": round(found["ended"] - began, 1),
                    }
                )
            )
            late.show()
            entries.append(_say({"what": "repaint", "ms": round(_repaint(late, 2), 1)}))
            late.page.context.close()
    join, alone = (_median(entries, "ms", what=what) for what in ("join", "repaint"))
    first = _median(entries, "first_ink_ms", what="join")
    return Result(
        row="late-join-painted",
        what="A late join to 10,000 strokes of 50 points, from `%sketch connect` to painted",
        reference=f"all painted again, alone {alone:.0f} ms",
        figure=f"{join:.0f} ms, {join / alone:.2f} × that; first ink after {first:.0f} ms",
        target="≤ 1.25 × the painting alone; first ink within 500 ms",
        reached=join <= 1.25 * alone and first <= 500,
        short="before painting: the widget's own messages to the page, half a million points to decode",
        samples=entries,
    )
