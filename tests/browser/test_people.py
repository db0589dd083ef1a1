"""A class comes in while somebody draws: the board stays where it is."""

from __future__ import annotations

import ipysketch

from ..processes import RelayProcess
from .conftest import WHERE, Lab


def test_the_board_stays_where_it_is_when_a_class_comes(lab: Lab, relay: RelayProcess) -> None:
    cells = ["%load_ext ipysketch", "%sketch connect --room lesson --name Teacher"]
    teacher = lab.notebook("lesson", cells)
    teacher.execute(0)
    teacher.execute(1)
    teacher.connected()
    teacher.show()
    alone = teacher.page.evaluate(WHERE)
    students = [ipysketch.Sketch(name=f"Student {number}") for number in range(40)]
    for student in students:
        student.connect(relay.url, "lesson")
    names = teacher.page.locator(".ipysketch-person")
    teacher.page.wait_for_function("() => document.querySelectorAll('.ipysketch-person').length === 41")
    assert teacher.page.evaluate(WHERE) == alone
    names.last.scroll_into_view_if_needed()
    assert names.last.is_visible()
    teacher.screenshot("class")
    for student in students:
        student.disconnect()
    assert not teacher.errors
