"""SVG of other programs looks on a board as it does in Chromium: each feature by a small drawing, compared by pixels.

What a board cannot show is in `TOLD`: there it is enough that it is told, and that something of it is there.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from ipysketch.files.rasterize import raster
from ipysketch.files.read_svg import from_svg

from ..contract.gallery import picture
from .conftest import new_page
from .test_elements import Pixels, difference, keep, on_white

SIZE = (640, 360)
PNG = f"data:image/png;base64,{picture('image/png')}"
MOST = 0.02
"""The share of pixels of ink that may differ in shapes."""
BESIDE = 40
"""Pixels, about a tenth of its width, by which a text may begin or end beside: its width comes from a table, not from the font."""

STAR = "M320 40L420 330L170 150L470 150L220 330Z"
SHAPES = {
    "filled path": f'<path d="{STAR}" fill="#3060c0"/>',
    "even-odd": f'<path d="{STAR}" fill="#3060c0" fill-rule="evenodd" stroke="#802020" stroke-width="6" stroke-linejoin="round"/>',
    "curves": '<path d="M40 300C80 40 200 40 240 300S400 320 440 180Q520 20 600 300" fill="none" stroke="#c03030" stroke-width="9" stroke-linecap="round"/>',
    "arcs": '<path d="M60 200A80 40 30 1 1 220 240Z" fill="#30a060"/><path d="M300 200a90 90 0 0 1 180 0z" fill="#a06030"/>',
    "rounded rectangles": '<rect x="40" y="40" width="200" height="120" rx="30" fill="#ffd070"/><rect x="300" y="60" width="240" height="200" rx="60" ry="20" fill="#d070ff"/>',
    "turned shapes": '<g transform="translate(320 180) rotate(30)"><rect x="-150" y="-40" width="300" height="80" fill="#70b0ff"/>'
    '<ellipse rx="60" ry="100" fill="#ff9070"/></g>',
    "skewed": '<g transform="matrix(1 .3 -.4 1 150 20)"><rect x="20" y="20" width="200" height="160" fill="#60a0a0"/><circle cx="320" cy="60" r="50" fill="#a060a0"/></g>',
    "polygons": '<polygon points="40,300 120,40 200,300" fill="#405060"/><polyline points="260,40 360,300 460,40 560,300" fill="#e0c0a0" stroke="#204060" stroke-width="8" stroke-linejoin="round" stroke-linecap="round"/>',
    "cascade": "<style>g.a rect{fill:#d0e8ff} g.a > ellipse{fill:#ffe0d0} .w.r{fill:#ffb0b0} .l{fill:var(--c) !important} :root{--c:#80d080}</style>"
    '<g class="a"><rect x="20" y="20" width="200" height="120"/><ellipse cx="420" cy="80" rx="160" ry="60"/></g>'
    '<rect class="w r" x="20" y="200" width="200" height="120"/><rect class="l" style="fill:red" x="300" y="200" width="200" height="120"/>',
    "translucent fill": '<rect x="20" y="100" width="600" height="60" fill="#2040c0"/><rect x="120" y="40" width="300" height="240" fill="#f00" fill-opacity=".2" stroke="#000" stroke-width="8" stroke-linejoin="round"/>',
    "opacity": '<circle cx="220" cy="180" r="120" fill="#c02020" opacity=".5"/><g opacity=".4"><rect x="300" y="60" width="260" height="240" fill="#2020c0"/></g>',
    "clip": '<clipPath id="c"><rect x="120" y="80" width="360" height="200"/></clipPath><g clip-path="url(#c)">'
    '<circle cx="140" cy="180" r="120" fill="#50a050"/><path d="M0 100L640 300" stroke="#202020" stroke-width="6"/><path d="M400 0L640 180L400 360Z" fill="#a050a0"/></g>',
    "nested": '<svg x="40" y="40" width="240" height="240" viewBox="0 0 20 10"><rect width="20" height="10" fill="#8090a0"/><circle cx="20" cy="5" r="4" fill="#d04040"/></svg>'
    '<svg x="340" y="40" width="240" height="240" viewBox="0 0 20 10" preserveAspectRatio="xMaxYMin slice"><rect x="10" width="10" height="10" fill="#40a080"/></svg>',
    "symbols": '<symbol id="s" viewBox="0 0 10 10"><path d="M0 10L5 0L10 10Z"/></symbol><use href="#s" x="40" y="40" width="200" height="200" fill="#406080"/>'
    '<use href="#s" width="100" height="100" transform="translate(400 200) scale(1 -1)" fill="#b06020"/>',
    "markers": '<marker id="m" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="6" markerHeight="6" orient="auto-start-reverse"><path d="M0 0L10 5L0 10Z" fill="#c02020"/></marker>'
    '<marker id="d" markerWidth="3" markerHeight="3" refX="1.5" refY="1.5"><circle cx="1.5" cy="1.5" r="1.4" fill="#2060c0"/></marker>'
    '<path d="M80 300L200 80L400 260L560 60" fill="none" stroke="#606060" stroke-width="8" stroke-linejoin="round" marker-start="url(#m)" marker-mid="url(#d)" marker-end="url(#m)"/>',
    "origin": '<rect x="260" y="140" width="200" height="60" fill="#3060c0" transform="rotate(60)" transform-origin="360 170"/>'
    '<rect x="40" y="40" width="40" height="40" fill="#60c030" style="transform:scale(2);transform-origin:60px 60px"/>',
    "hidden": '<rect width="300" height="200" visibility="hidden"/><g display="none"><rect width="640" height="360"/></g>'
    '<rect/><rect width="50"/><g visibility="hidden"><rect x="100" y="100" width="200" height="100" fill="#a0a020" visibility="visible"/></g>',
    "switch": '<switch><rect width="640" height="100" systemLanguage="xx"/><rect x="100" y="100" width="200" height="100" fill="#208080"/><rect width="640" height="360"/></switch>',
    "units": '<rect x="1cm" y="10%" width="25%" height="1in" fill="#808040"/><circle cx="50%" cy="50%" r="3em" fill="#408080"/>',
    "paint order": f'<path d="{STAR}" fill="#f0e0a0" stroke="#303030" stroke-width="20" stroke-linejoin="round" paint-order="stroke"/>',
    "stroke that does not scale": '<g transform="scale(20)"><path d="M2 2L28 16" stroke="#a03060" stroke-width="8" stroke-linecap="round" vector-effect="non-scaling-stroke"/></g>',
    "dots": '<path d="M100 100h0M300 200z" stroke="#c04080" stroke-width="60" stroke-linecap="round"/>',
    "pictures": f'<image x="40" y="40" width="240" height="240" href="{PNG}"/><image x="340" y="40" width="240" height="240" preserveAspectRatio="none" href="{PNG}"/>',
    "moved pictures": f'<image width="240" height="180" transform="translate(160 40) rotate(25)" href="{PNG}"/>'
    f'<image x="400" y="40" width="200" height="200" preserveAspectRatio="xMidYMid slice" href="{PNG}"/>',
    "glyphs": '<style>*{stroke-linejoin:round}</style><defs><path id="A" d="M0 0L30 70L60 0L45 0L38 18H22L15 0ZM30 50L25 30H35Z"/><path id="B"/></defs>'
    '<g transform="translate(60 300) scale(4 -4)"><use href="#A"/><use href="#B" x="40"/><use href="#A" transform="translate(70 0)"/></g>',
    "hsl and named colours": '<rect x="20" y="20" width="120" height="120" fill="hsl(200 60% 50%)"/><rect x="160" y="20" width="120" height="120" fill="rebeccapurple"/><rect x="300" y="20" width="120" height="120" fill="rgb(10%,50%,90%)"/><rect x="440" y="20" width="120" height="120" fill="#08f8"/><rect x="20" y="180" width="120" height="120" fill="rgba(200,30,30,.4)"/>',
    "currentColor": '<g color="#a03060"><rect x="40" y="40" width="200" height="100" fill="currentColor"/><path d="M40 200H300" stroke="currentcolor" stroke-width="20" stroke-linecap="round"/></g>',
    "inherited group styles": '<g fill="#408060" stroke="#204030" stroke-width="8" stroke-linejoin="round"><rect x="40" y="40" width="120" height="90"/><g fill="none"><circle cx="300" cy="120" r="70"/></g><ellipse cx="480" cy="120" rx="80" ry="40" stroke="none"/></g>',
    "use of a group": '<defs><g id="g"><circle r="40"/><rect x="-10" y="40" width="20" height="60"/></g></defs><use href="#g" x="100" y="100" fill="#a04040"/><use href="#g" transform="translate(300 150) scale(1.5)" fill="#4040a0"/><use xmlns:x="http://www.w3.org/1999/xlink" x:href="#g" x="520" y="80" opacity=".5"/>',
    "marker outside defs with a shape before": '<path d="M60 60L300 200" stroke="#333" stroke-width="6" marker-end="url(#a)" stroke-linecap="round"/><marker id="a" markerUnits="userSpaceOnUse" markerWidth="60" markerHeight="60" refX="0" refY="15" orient="auto"><polygon points="0,0 40,15 0,30" fill="#333"/></marker>',
    "dashes": '<path d="M40 60H600" stroke="#a02020" stroke-width="10" stroke-dasharray="40 30" stroke-linecap="round"/><rect x="60" y="120" width="400" height="180" fill="none" stroke="#2040a0" stroke-width="8" stroke-dasharray="32 24" stroke-linecap="round" stroke-linejoin="round"/>',
    "nested clips": '<clipPath id="a"><rect x="80" y="60" width="300" height="240"/></clipPath><clipPath id="b"><rect x="200" y="20" width="400" height="180"/></clipPath><g clip-path="url(#a)"><g clip-path="url(#b)"><rect width="640" height="360" fill="#508050"/></g></g>',
    "relative and smooth path commands": '<path d="m40 300 c30-200 160-200 200 0 s150 150 200 0 q30-120 80 0 t80 0" fill="none" stroke="#306090" stroke-width="8" stroke-linecap="round" stroke-linejoin="round"/><path d="M40 40h100v60h-100zm200 0 60 80-120 0z" fill="#906030"/>',
    "several subpaths with holes": '<path d="M60 40H300V300H60ZM120 100V240H240V100Z" fill="#306080"/><path fill-rule="evenodd" d="M360 40H600V300H360ZM420 100H540V240H420Z" fill="#803060"/>',
    "viewBox of the drawing": '<svg viewBox="-100 -50 200 100" width="640" height="360"><circle r="40" fill="#50a0d0"/><path d="M-90 0H90" stroke="#202020" stroke-width="4" stroke-linecap="round"/></svg>',
    "percent and calc-free units": '<rect x="5%" y="5%" width="40%" height="40%" fill="#d0a040"/><rect x="20pt" y="200px" width="2in" height="30mm" fill="#40a0d0"/><line x1="50%" y1="0" x2="100%" y2="100%" stroke="#503080" stroke-width="1%" stroke-linecap="round"/>',
    "nth-child and attribute selectors": '<style>rect:nth-child(2){fill:#d04040} rect[data-a="x"]{fill:#40d040} rect:first-of-type{fill:#4040d0} rect:not([data-a]):last-child{fill:#d0d040}</style><g><rect x="20" y="40" width="100" height="100"/><rect x="140" y="40" width="100" height="100"/><rect x="260" y="40" width="100" height="100" data-a="x"/><rect x="380" y="40" width="100" height="100"/></g>',
    "translucent strokes and fills apart": '<rect x="60" y="60" width="300" height="200" fill="#c03030" fill-opacity=".5" stroke="#3030c0" stroke-opacity=".5" stroke-width="40" stroke-linejoin="round"/>',
    "rotate about a point": '<rect x="200" y="100" width="200" height="100" fill="#40a080" transform="rotate(40 300 150)"/><rect x="20" y="200" width="100" height="60" transform="skewX(30) translate(20 20) scale(1.2 .8)" fill="#a08040"/>',
    "css transform": '<style>.a{transform:translate(100px,40px) rotate(20deg)} .b{transform-box:fill-box;transform-origin:center;transform:rotate(45deg)}</style><rect class="a" width="200" height="80" fill="#6060c0"/><rect class="b" x="360" y="120" width="120" height="120" fill="#c06060"/>',
    "display of a definition": '<defs><rect width="640" height="360" fill="#f00"/></defs><symbol><circle r="300"/></symbol><clipPath id="q"><circle r="9"/></clipPath><rect x="100" y="100" width="200" height="100" fill="#30a030"/><title>t</title><desc>d</desc><metadata/>',
    "zero and negative sizes": '<circle r="0" cx="50" cy="50"/><circle r="-5" cx="50" cy="50"/><rect x="20" y="20" width="0" height="90" stroke="#f00"/><ellipse cx="90" cy="90" rx="0" ry="30" stroke="#f00"/><polygon points=""/><path d=""/><rect x="100" y="100" width="200" height="100" fill="#30a030"/>',
    "broken path stops at the error": '<path d="M40 40L300 40L300 200 xyz L600 300" fill="none" stroke="#803080" stroke-width="12" stroke-linecap="round" stroke-linejoin="round"/>',
    "odd polygon points": '<polyline points="40 40 300,200 500-10e1 600" fill="none" stroke="#803080" stroke-width="12" stroke-linecap="round" stroke-linejoin="round"/>',
    "arc flags without blanks": '<path d="M100 200a90 60 0 01180 0zM340 200a90 60 20 11180 20" fill="#60a0c0" stroke="#204060" stroke-width="6" stroke-linejoin="round" stroke-linecap="round"/>',
    "stroke width of zero": '<rect x="40" y="40" width="300" height="200" fill="#a0c060" stroke="#000" stroke-width="0"/>',
    "fill of a line": '<line x1="40" y1="40" x2="600" y2="300" fill="#f00" stroke="#204080" stroke-width="10" stroke-linecap="round"/>',
    "style over attribute over sheet": '<style>rect{fill:#c04040}</style><rect x="40" y="40" width="100" height="100" fill="#0f0"/><rect x="200" y="40" width="100" height="100" style="fill:#4040c0"/>',
    "entities": '<rect x="40" y="40" width="100" height="100" fill="&#35;40c040"/>',
}  # fmt: skip
WORDS = {
    "lines": '<text x="40" y="120" font-size="60"><tspan x="40">Upper</tspan><tspan x="40" dy="1.25em" fill="#c02020">lower line</tspan></text>',
    "anchors": '<g font-size="56" font-family="sans-serif"><text x="320" y="120" text-anchor="middle">middle</text><text x="620" y="240" text-anchor="end">end</text></g>',
    "mixed": '<text x="40" y="160" font-size="56">one <tspan fill="#2040c0">two</tspan> three</text>',
}  # fmt: skip
TOLD = {
    "opacity of a group in a group": '<g opacity=".5"><rect x="40" y="40" width="300" height="200" fill="#c03030"/><g opacity=".5"><rect x="200" y="120" width="300" height="200" fill="#3030c0"/></g></g>',
    "a group turned about its box": '<g style="transform-box:fill-box;transform-origin:center;transform:rotate(45deg)"><rect width="90" height="90"/></g>',
    "gradient": '<linearGradient id="g"><stop stop-color="#fff"/><stop offset="1" stop-color="#f00"/></linearGradient><rect width="300" height="300" fill="url(#g)"/>',
    "pattern": '<pattern id="p" width=".2" height=".2"><circle cx="20" cy="20" r="20" fill="#080"/></pattern><rect width="300" height="300" fill="url(#p)"/>',
    "mask": '<mask id="m"><circle cx="150" cy="150" r="100" fill="#fff"/></mask><rect width="300" height="300" fill="#080" mask="url(#m)"/>',
    "filter": '<filter id="f"><feGaussianBlur stdDeviation="9"/></filter><rect width="300" height="300" fill="#080" filter="url(#f)"/>',
    "round clip": '<clipPath id="c"><circle cx="150" cy="150" r="100"/></clipPath><rect width="300" height="300" fill="#080" clip-path="url(#c)"/>',
    "turned text": '<text transform="translate(200 300) rotate(-90)" font-size="60">turned</text>',
    "bold text": '<text x="40" y="160" font-size="60" font-weight="bold">bold</text>',
    "html": '<foreignObject width="300" height="200"><p xmlns="http://www.w3.org/1999/xhtml">some words</p></foreignObject>',
    "square ends": '<path d="M40 40H400V300" fill="none" stroke="#080" stroke-width="40"/>',
    "animation": '<rect width="300" height="300" fill="#080"><animate attributeName="x" to="100" dur="9s"/></rect>',
    "path with a text": '<path id="w" d="M40 200Q320 0 600 200"/><text font-size="40"><textPath href="#w">on a path</textPath></text>',
}  # fmt: skip


def drawing(inside: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360">{inside}</svg>'


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    opened = new_page(browser, viewport={"width": 640, "height": 360})
    yield opened
    opened.context.close()


def pictures(page: Page, name: str, inside: str) -> tuple[Pixels, Pixels]:
    """What Chromium shows, and a board."""
    source = base64.b64encode(drawing(inside).encode()).decode()
    page.goto("about:blank")
    page.set_content(
        f"<style>body{{margin:0}}img{{display:block}}</style><img src='data:image/svg+xml;base64,{source}'>"
    )
    page.wait_for_function("() => document.images[0].complete && document.images[0].naturalWidth === 640")
    theirs = on_white(page.screenshot())
    loaded = from_svg(drawing(inside).encode(), SIZE)
    ours = raster([element for item in loaded.items if (element := item.element)], *SIZE, SIZE)
    keep(f"svg-{name.replace(' ', '-')}", chromium=theirs, board=ours)
    return theirs, ours


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_looks_as_in_chromium(page: Page, name: str) -> None:
    assert not from_svg(drawing(SHAPES[name]).encode(), SIZE).skipped
    assert difference(*pictures(page, name, SHAPES[name])) < MOST


@pytest.mark.parametrize("name", WORDS)
def test_words_are_about_where_they_are_in_chromium(page: Page, name: str) -> None:
    theirs, ours = pictures(page, name, WORDS[name])
    boxes = [np.argwhere((pixels < 200).any(axis=2)) for pixels in (theirs, ours)]
    low, high = ([edge(box, axis=0) for box in boxes] for edge in (np.min, np.max))
    assert np.abs(np.subtract(*low)).max() < BESIDE
    assert np.abs(np.subtract(*high)).max() < BESIDE


@pytest.mark.parametrize("name", TOLD)
def test_what_cannot_be_shown_is_told(name: str) -> None:
    loaded = from_svg(drawing(TOLD[name]).encode(), SIZE)
    assert loaded.skipped
    assert loaded.items


def test_a_drawing_that_lost_a_part_is_caught(page: Page) -> None:
    theirs, _ = pictures(page, "control", SHAPES["clip"])
    _, ours = pictures(page, "control", SHAPES["clip"].replace('clip-path="url(#c)"', ""))
    assert difference(theirs, ours) > 5 * MOST
