"""Pending operations under other numbers: of a client that the relay does not know any more, or cut to what it takes.

Pure. An operation that is cut becomes several, and a revert of it several reverts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from relay.protocol import Action, RemoteError, Revert

from .cutting import SendLimits, cut, fits
from .lost import Lost

Actions = tuple[Action, ...]


class Renumbered(NamedTuple):
    """The `pending` operations by their new numbers, and the `following` one; `lost` are those that cannot be sent.

    `now` returns the numbers that an operation has, by the one that it had; none when it is gone.
    """

    pending: dict[int, Actions]
    following: int
    lost: list[Lost]
    now: Callable[[int], tuple[int, ...]]


def renumber(
    pending: Mapping[int, Actions], last: int, limits: SendLimits, *, keep: bool = False, start: int = 1
) -> Renumbered:
    """Number the `pending` operations after `last` from `start`, each cut to `limits`, or given up.

    With `keep` the client goes on: those up to `last` stay. Else it has a new identity, and they are dropped, with
    each revert of an operation that is not pending.
    """
    numbers: dict[int, tuple[int, ...]] = {}
    renumbered = {op: actions for op, actions in pending.items() if keep and op <= last}
    lost: list[Lost] = []

    def now(op: int) -> tuple[int, ...]:
        return numbers.get(op, (op,) if keep and op <= last else ())

    following = start
    for op, actions in pending.items():
        if op <= last:
            continue
        try:
            parts = _parts(actions, now, limits)
        except RemoteError as error:
            lost.append(Lost(actions, error.reason))
            continue
        renumbered.update(enumerate(parts, following))
        if parts:
            numbers[op] = tuple(range(following, following + len(parts)))
        following += len(parts)
    return Renumbered(renumbered, following, lost, now)


def _parts(actions: Actions, now: Callable[[int], tuple[int, ...]], limits: SendLimits) -> list[Actions]:
    """Return `actions` as the operations that they become, what they revert as `now` has it."""
    if len(actions) == 1 and isinstance(actions[0], Revert):
        return [(Revert(op),) for op in reversed(now(actions[0].op))]
    renumbered: list[Action] = []
    for action in actions:
        renumbered += [Revert(op) for op in now(action.op)] if isinstance(action, Revert) else [action]
    if not renumbered or fits(renumbered, limits):
        return [tuple(renumbered)] if renumbered else []
    return cut(renumbered, limits)
