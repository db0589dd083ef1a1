"""Ink under a hand looks in every frame as it does when it is dry, pixel by pixel, whatever the pen."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from ..support.node import WEB
from ..support.processes import RelayProcess
from .conftest import FRAME, Lab, Notebook, new_page, until_in_page
from .islands import AT
from .test_elements import keep, on_white, unmatched

SAME = 0.01
"""The share of the ink that may differ beyond anti-aliasing."""

EDGE = 2.5
"""Pixels between paper and ink, where the ink is sharp."""

FRAMES = """async ([tool, style, samples, step, width]) => {
    const { WetLayer } = await import('/canvas/wet_layer.js');
    const { createWet, growWet, wetFields } = await import('/canvas/live_ink.js');
    const { paint } = await import('/canvas/painter.js');
    const { decode } = await import('/model/elements.js');
    const height = width * 720 / 1280;
    const canvasOf = () => Object.assign(document.createElement('canvas'), { width, height });
    const [paper, whole] = [canvasOf(), canvasOf()];
    const scaled = canvas => {
        const context = canvas.getContext('2d');
        context.setTransform(width / 1280, 0, 0, width / 1280, 0, 0);
        return context;
    };
    const below = tool !== 'highlighter' ? [] : [decode('a', { kind: 'line', points: [0, 1600, 10240, 800], color: '#000000', width: 160 })];
    paint(scaled(paper), below);
    const desk = document.createElement('div');
    desk.style.cssText = `position: relative; width: ${width}px; height: ${height}px`;
    document.body.replaceChildren(desk);
    const seen = { paper, zoom: 1, across: width, box: [0, 0, 1280, 720] };
    const layer = new WetLayer(desk, 'v', seen);
    await new Promise(requestAnimationFrame);
    const dry = createWet(tool, style);
    layer.begin(1, tool, style);
    const found = [];
    const png = canvas => canvas.toDataURL('image/png').split(',')[1];
    for (const [i, sample] of samples.entries()) {
        layer.grow(1, sample);
        growWet(dry, sample);
        if (i % step && i < samples.length - 1) continue;
        layer.paint();
        if (i % (6 * step) && i < samples.length - 1) continue;
        const wet = canvasOf().getContext('2d');
        wet.drawImage(paper, 0, 0);
        wet.drawImage(desk.querySelector('canvas'), 0, 0, width, height);
        const context = scaled(whole);
        context.clearRect(0, 0, 1280, 720);
        paint(context, [...below, decode('k', wetFields(dry))]);
        found.push([png(wet.canvas), png(whole)]);
    }
    return found;
}"""


LIVE = """async ([fields, below, width]) => {
    const { LiveLayer } = await import('/canvas/live_layer.js');
    const { paint } = await import('/canvas/painter.js');
    const { decode } = await import('/model/elements.js');
    const height = width * 720 / 1280;
    const canvasOf = () => Object.assign(document.createElement('canvas'), { width, height });
    const scaled = canvas => {
        const context = canvas.getContext('2d');
        context.setTransform(width / 1280, 0, 0, width / 1280, 0, 0);
        return context;
    };
    const [paper, whole] = [canvasOf(), canvasOf()];
    const [under, mark] = [decode('a', below), decode('k', fields)];
    paint(scaled(paper), [under]);
    paint(scaled(whole), [under, mark]);
    const desk = document.createElement('div');
    desk.style.cssText = `position: relative; width: ${width}px; height: ${height}px`;
    document.body.replaceChildren(desk);
    new LiveLayer(desk, { paper, zoom: 1, across: width, box: [0, 0, 1280, 720] }).show([mark]);
    const seen = canvasOf().getContext('2d');
    seen.drawImage(paper, 0, 0);
    seen.drawImage(desk.querySelector('canvas'), 0, 0, width, height);
    return [seen.canvas, whole].map(canvas => canvas.toDataURL('image/png').split(',')[1]);
}"""


@pytest.mark.parametrize("opacity", [0, 70])
@pytest.mark.parametrize("width", [494, 1280])
def test_others_highlighter_darkens_what_is_under_it_while_it_is_drawn(
    blank: Page, width: int, opacity: int
) -> None:
    mark = {"kind": "highlighter", "points": [1600, 2400, 6000, 900], "color": "#ffd400", "width": 400}
    below = {"kind": "line", "points": [0, 1600, 10240, 2400], "color": "#203040", "width": 160}
    pictures = blank.evaluate(LIVE, [mark | ({"opacity": opacity} if opacity else {}), below, width])
    live, dry = (on_white(base64.b64decode(picture)) for picture in pictures)
    keep(f"live-highlighter-{width}-{opacity}", live=live, dry=dry)
    ink = (dry < 250).any(axis=2)
    off = unmatched(live, dry) | unmatched(dry, live)
    assert ink.mean() > 0.05
    assert off.sum() <= SAME * ink.sum()


def hand(count: int, pressure: bool) -> list[list[float]]:
    """Samples x, y, milliseconds and perhaps pressure of loops, a straight line and sharp corners."""
    samples: list[list[float]] = []
    for n in range(count):
        turn = n / 9
        x, y = 200 + 5 * n + 90 * math.cos(turn), 340 + 120 * math.sin(turn) + (60 if n % 40 > 37 else 0)
        more = [round(255 * (0.5 + 0.5 * math.sin(n / 11))) / 255] if pressure else []
        samples.append([round(8 * x) / 8, round(8 * y) / 8, 8 * n + (n % 13), *more])
    return samples


@pytest.fixture(scope="module")
def blank(browser: Browser, relay: RelayProcess) -> Page:
    page = new_page(browser, viewport={"width": 1280, "height": 800})
    page.goto(f"{relay.url.replace('ws', 'http', 1)}/")
    return page


STYLE: dict[str, Any] = {"color": "#d62728", "width": 6, "fill": "", "dash": "", "opacity": 0}


@pytest.mark.parametrize(
    ("name", "tool", "style", "pressure"),
    [
        ("flow", "pen", {}, False),
        ("pressure", "pen", {}, True),
        ("even", "pen", {"even": True}, False),
        ("broad and translucent", "pen", {"width": 24, "opacity": 40}, False),
        ("highlighter", "highlighter", {"color": "#ffd400"}, False),
    ],
)
@pytest.mark.parametrize("width", [494, 1280])
def test_wet_ink_is_in_every_frame_as_it_will_be_when_it_is_dry(
    blank: Page, name: str, tool: str, style: dict[str, Any], pressure: bool, width: int
) -> None:
    share = worst(blank, name, [tool, {**STYLE, **style}, hand(150, pressure), 3, width])
    print(f"{name} at {width}: at most {share:.2%} of the ink differs")
    assert share <= SAME


def worst(page: Page, name: str, given: list[Any]) -> float:
    """The share of the ink that differs in the worst frame."""
    frames = page.evaluate(FRAMES, given)
    assert len(frames) > 8
    shares = []
    for wet, dry in frames:
        ours, theirs = (on_white(base64.b64decode(picture)) for picture in (wet, dry))
        ink = (ours < 250).any(axis=2) | (theirs < 250).any(axis=2)
        off = unmatched(ours, theirs) | unmatched(theirs, ours)
        # The first frames have hardly any ink.
        shares.append(float(off.sum() / (ink.sum() + 300)))
    keep(f"wet-{name}-{given[-1]}", wet=ours, dry=theirs)
    return max(shares)


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        ("canvas/growing_ink.js", "const SHARED = 2", "const SHARED = 0"),
        ("canvas/wet_layer.js", "    context.clearRect(left, top, width, height);", ""),
        ("canvas/growing_ink.js", "(context, line, from, to)", "(context, line, from, to - 1)"),
    ],
    ids=["a gap between parts", "an end that stays", "a line that lags"],
)
def test_a_wrong_line_is_seen(
    browser: Browser, relay: RelayProcess, module: str, right: str, wrong: str
) -> None:
    text = (WEB / module).read_text()
    assert text.count(right) == 1
    page = new_page(browser, viewport={"width": 1280, "height": 800})
    page.route(
        f"**/{module}",
        lambda route: route.fulfill(body=text.replace(right, wrong), content_type="text/javascript"),
    )
    page.goto(f"{relay.url.replace('ws', 'http', 1)}/")
    assert worst(page, "wrong", ["pen", {**STYLE, "even": "line" in wrong}, hand(150, False), 3, 1280]) > SAME
    page.context.close()


PAPER = """() => {
    const canvas = document.querySelector('.ipysketch-desk canvas.ipysketch-paper');
    return [canvas.width, Math.round(canvas.clientWidth * devicePixelRatio)];
}"""
ZOOM = "() => Number(document.querySelector('.ipysketch-overlay').style.getPropertyValue('--zoom') || 1)"
DETAIL = "() => getComputedStyle(document.querySelector('.ipysketch-detail')).display !== 'none'"


@pytest.fixture(scope="module")
def dora(lab: Lab) -> Iterator[Notebook]:
    cells = ["import ipysketch\nboard = ipysketch.connect(room='sharp', name='Dora', color='#000000')\nboard"]
    notebook = lab.notebook("dora", cells, device_scale_factor=2)
    notebook.run()
    yield notebook
    notebook.page.context.close()


def edge(notebook: Notebook, x: float, y: float) -> float:
    """Pixels that are neither paper nor ink where a horizontal line of 64 pixels around (x, y) crosses one edge."""
    left, top = notebook.place(x, y)
    shot = notebook.page.screenshot(clip={"x": left - 16, "y": top, "width": 32, "height": 1})
    row = on_white(shot)[0].mean(axis=1)
    assert row.min() < 20, row
    assert row.max() > 235, row
    return float(((row > 20) & (row < 235)).sum())


def test_the_paper_has_the_pixels_of_the_screen_and_what_is_enlarged_is_sharp(dora: Notebook) -> None:
    page = dora.page
    until_in_page(page, f"() => {{ const [has, shown] = ({PAPER})(); return has === shown; }}")
    # A line that leans a little, as broad as lets one edge be looked at.
    dora.button("Width: Extra thick")
    dora.stroke((600, 300), (610, 420))
    dora.sees(605, 360, "#000000")
    while page.evaluate(ZOOM) < 8:
        page.mouse.move(*dora.place(597, 360))
        page.keyboard.down("Control")
        page.mouse.wheel(0, -120)
        page.keyboard.up("Control")
        page.evaluate(FRAME)
    until_in_page(page, DETAIL)
    places = np.linspace(594, 602, 17)
    found = [crossing for x in places if (crossing := _crossing(dora, float(x))) is not None]
    assert found, "the edge of the ink is in sight"
    assert min(found) <= EDGE
    # The paper below has a quarter of the pixels: without what covers it, the edge is soft.
    page.evaluate("() => { document.querySelector('.ipysketch-detail').style.visibility = 'hidden'; }")
    page.evaluate(FRAME)
    soft = [crossing for x in places if (crossing := _crossing(dora, float(x))) is not None]
    assert min(soft) > EDGE
    page.evaluate("() => { document.querySelector('.ipysketch-detail').style.visibility = ''; }")
    page.keyboard.press("0")
    assert not dora.errors


def _crossing(notebook: Notebook, x: float) -> float | None:
    try:
        return edge(notebook, x, 360)
    except AssertionError:
        return None


WATCH = """async ([x, y]) => {
    const desk = document.querySelector('.ipysketch-desk');
    const sheet = desk.querySelector('.ipysketch-sheet');
    const path = new OffscreenCanvas(1, 1).getContext('2d');
    const covered = (canvas) => {
        const cover = sheet.style.display !== 'none' && sheet.style.clipPath.match(/"(.*)"/)?.[1];
        const place = [x * canvas.clientWidth / 1280, y * canvas.clientHeight / 720];
        return cover && path.isPointInPath(new Path2D(cover), ...place);
    };
    const shade = () => {
        const probe = new OffscreenCanvas(1, 1).getContext('2d');
        probe.fillStyle = '#fff';
        probe.fillRect(0, 0, 1, 1);
        for (const canvas of desk.querySelectorAll('canvas')) {
            const style = getComputedStyle(canvas);
            if (style.visibility === 'hidden' || !canvas.width || !canvas.getClientRects().length) continue;
            if (canvas.className === 'ipysketch-patch' && covered(canvas)) probe.fillRect(0, 0, 1, 1);
            probe.drawImage(canvas, ...AT(canvas, x, y), 1, 1, 0, 0, 1, 1);
        }
        return probe.getImageData(0, 0, 1, 1).data[2];
    };
    const seen = [];
    window.shades = new Promise(done => {
        const look = () => {
            seen.push(shade());
            if (seen.length < 90) requestAnimationFrame(look);
            else done(seen);
        };
        requestAnimationFrame(look);
    });
}""".replace("AT(", f"{AT}(")


def test_a_translucent_stroke_is_never_darker_than_it_is(dora: Notebook) -> None:
    page = dora.page
    dora.button("Highlighter")
    dora.press(200, 600)
    dora.drag(500, 600)
    page.evaluate(WATCH, [300, 600])
    dora.release()
    shades = page.evaluate("() => window.shades")
    assert len(set(shades)) == 1, f"one shade of yellow in every frame, not {shades}"
    assert 100 < shades[0] < 200
