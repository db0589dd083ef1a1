"""What one client can undo and redo, step by step, and in which browser tab each step was done. Pure.

Several tabs may show one board: each undoes what was not done in another one that is there. So a single tab undoes all
that its client did, code too, and two tabs undo none of each other's.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import NamedTuple

NOBODY: frozenset[str] = frozenset()


class Step(NamedTuple):
    """What was done as one and is undone as one: the numbers of its operations, and the `tab`; "" for code."""

    ops: tuple[int, ...]
    tab: str


class Steps:
    """The steps of one client. Where `others` are given, those are the other tabs that are there."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []

    def add(self, ops: tuple[int, ...], tab: str = "", others: Set[str] = NOBODY) -> None:
        """Note what was done in `tab`; what it has undone cannot be redone any more."""
        self._done.append(Step(ops, tab))
        self._undone = [step for step in self._undone if step.tab in others]

    def can_undo(self, others: Set[str] = NOBODY) -> bool:
        """Return whether there is a step to undo."""
        return any(step.tab not in others for step in self._done)

    def can_redo(self, others: Set[str] = NOBODY) -> bool:
        """Return whether there is a step to redo."""
        return any(step.tab not in others for step in self._undone)

    def undo(self, revert: Callable[[int], int], others: Set[str] = NOBODY) -> bool:
        """Undo the last step that can be; `revert` reverts an operation and returns the number of that. Returns False
        when there is none."""
        return _turn_back(self._done, self._undone, revert, others)

    def redo(self, revert: Callable[[int], int], others: Set[str] = NOBODY) -> bool:
        """Undo the last undo."""
        return _turn_back(self._undone, self._done, revert, others)

    def map(self, now: Callable[[int], tuple[int, ...]]) -> None:
        """Have the operations of all steps as `now` has them; steps that have none left are gone."""
        self._done, self._undone = _mapped(self._done, now), _mapped(self._undone, now)


def _turn_back(source: list[Step], target: list[Step], revert: Callable[[int], int], others: Set[str]) -> bool:
    for at in reversed(range(len(source))):
        if source[at].tab not in others:
            step = source.pop(at)
            # The last first: each finds the drawing as it left it.
            target.append(Step(tuple([revert(op) for op in reversed(step.ops)]), step.tab))
            return True
    return False


def _mapped(steps: list[Step], now: Callable[[int], tuple[int, ...]]) -> list[Step]:
    found = (Step(tuple([number for op in step.ops for number in now(op)]), step.tab) for step in steps)
    return [step for step in found if step.ops]
