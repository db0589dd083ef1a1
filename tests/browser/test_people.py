"""A class comes in while somebody draws: the board stays where it is."""

from __future__ import annotations

from playwright.sync_api import expect

import ipysketch

from ..support.processes import RelayProcess
from .conftest import Lab, at_rest
from .islands import people_list

SIDEWAYS = """() => {
    const wide = [];
    for (let node = document.querySelector('.ipysketch-board'); node; node = node.parentElement) {
        const scrolls = ['auto', 'scroll'].includes(getComputedStyle(node).overflowX);
        if (scrolls && node.scrollWidth > node.clientWidth) wide.push(`${node.className}: ${node.scrollWidth} in ${node.clientWidth}`);
    }
    return wide;
}"""
"""What around a board is scrolled sideways."""


def test_the_board_stays_where_it_is_when_a_class_comes(lab: Lab, relay: RelayProcess) -> None:
    cells = ["%load_ext ipysketch", "%sketch connect --room lesson --name Teacher"]
    teacher = lab.notebook("lesson", cells)
    teacher.execute(0)
    teacher.execute(1)
    teacher.connected()
    teacher.show()
    alone = at_rest(teacher.page)
    assert teacher.page.evaluate(SIDEWAYS) == [], (
        "with scrollbars shown, as the browser of these tests has them"
    )
    students = [ipysketch.Sketch(name=f"Student {number}") for number in range(42)]
    for student in students:
        student.connect(relay.url, "lesson")
    expect(teacher.page.get_by_role("button", name="lesson · 43 people")).to_contain_text("+41")
    assert at_rest(teacher.page) == alone
    names = people_list(teacher.page).get_by_role("listitem")
    expect(names).to_have_count(43)
    names.last.scroll_into_view_if_needed()
    expect(names.last).to_be_visible()
    colors = teacher.page.evaluate(
        "() => [...document.querySelectorAll('.ipysketch-rows .ipysketch-avatar')]"
        ".map(avatar => avatar.style.getPropertyValue('--ink'))"
    )
    assert len(set(colors)) >= 40, "a colour is given twice only when none is left"
    teacher.screenshot("class")
    for student in students:
        student.disconnect()
    assert not teacher.errors
