"""Make ``documents.json``: logs and what they come to, for every language to fold alike.
``python -m tests.contract.make_documents``

A log is a list of operations: who sent which number, its actions, and what the relay made of them: the ``changes`` of a
commit, or the ``code`` of a refusal. After the last one there are ``entries``, by their first seq, and their ``order``.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from relay.protocol import (
    Action,
    Clear,
    Create,
    Delete,
    Entry,
    Patch,
    Record,
    RemoteError,
    Revert,
    apply,
    order,
    resolve,
)

from .make_messages import plain

FILE = Path(__file__).parent / "documents.json"
LOGS = 30
OPERATIONS = 50
NAMES = ("color", "width", "place", "n", "__proto__", "constructor", "toString", "1", "", "größe")
VALUES: tuple[object, ...] = (
    0,
    1,
    -3,
    2.5,
    "front",
    "",
    "#d1495b",
    None,
    True,
    [1, [2, {"a": []}]],
    {"__proto__": 1},
)
PAGES = ("", "", "", "p2")
TURNS: tuple[tuple[Action, ...], ...] = (
    (Create("p", {"n": 1}),),
    (Patch("p", {"__proto__": 5, "constructor": 6}),),
    (Revert(2),),
    (Revert(3),),
    (
        Create("q", {"n": 1}, "p2"),
        Patch("q", {"n": 2, "__proto__": 3}),
        Patch("q", {"m": 4}),
        Clear("p2"),
        Clear("p2"),
    ),
    (Revert(5),),
    (
        Create("q", {"n": 1}, "p2"),
        Patch("p", {"m": 7}),
        Patch("p", {"n": 8, "constructor": 9}),
        Patch("q", {"n": 5}),
    ),
    (
        Clear("p2"),
        Create("q2", {"n": 6}, "p2"),
        Clear("p2"),
        Create("q3", {"n": 7}, "p2"),
        Delete(("q3",)),
        Clear("p2"),
    ),
    (Revert(7), Revert(8), Revert(7), Revert(8)),
    (
        Patch("p", {"n": 10}),
        Delete(("p",)),
        Patch("p", {"n": 11}),
        Create("p2", {"n": 12}),
        Patch("p2", {"n": 13}),
    ),
    (Revert(10), Patch("p", {"n": 14}), Patch("p", {"n": 15})),
)
"""An undo and a redo of fields whose names mean something to a language, and operations that touch one thing often."""


class Log:
    """A log that grows by random operations. Only `random` is asked of the generator: it is the same everywhere."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._keys = 0
        self.entries: dict[str, Entry] = {}
        self.seq = 0
        self.records: dict[str, dict[int, Record]] = {name: {} for name in "abc"}
        self.last = dict.fromkeys("abc", 0)

    def pick(self, things: Any) -> Any:
        return things[int(self._random.random() * len(things))]

    def fields(self) -> dict[str, Any]:
        names = [self.pick(NAMES) for _ in range(int(self._random.random() * 4))]
        found = {name: self.pick(VALUES) for name in names if name != "place"}
        if self._random.random() < 0.3:
            # Most places can be; some are refused.
            found["place"] = self.pick((1, 2.5, "front", "front", "front", 10**6, -7, "back"))
        return found

    def key(self) -> str:
        living = list(self.entries)
        if living and self._random.random() < 0.9:
            return str(self.pick(living))
        return str(self.pick(("never", "__proto__", "k1", "k2")))

    def actions(self, client: str) -> tuple[Action, ...]:
        choice = self._random.random()
        if choice < 0.35:
            actions: list[Action] = []
            for _ in range(self.pick((1, 1, 2, 3))):
                self._keys += 1
                key = f"k{self._keys}" if self._random.random() < 0.95 else self.key()
                actions.append(Create(key, self.fields(), self.pick(PAGES)))
            return tuple(actions)
        if choice < 0.6:
            return tuple(Patch(self.key(), self.fields()) for _ in range(self.pick((1, 1, 2))))
        if choice < 0.7:
            return (Delete((self.key(), self.key())), Patch(self.key(), self.fields()))
        if choice < 0.74:
            return (Clear(self.pick(PAGES)),)
        # Often the last one, and then the revert itself: undo, redo, undo.
        back = int(self._random.random() * self.pick((1, 2, 2, self.last[client] + 1)))
        return (Revert(self.last[client] - back),)

    def step(self) -> dict[str, Any]:
        """One random operation of somebody."""
        client = self.pick("abc")
        return self.operate(client, self.actions(client))

    def operate(self, client: str, actions: tuple[Action, ...]) -> dict[str, Any]:
        """What `actions` of `client` come to."""
        self.last[client] += 1
        op, at = self.last[client], 1790000000 + self.seq / 4
        said = {"client": client, "op": op, "at": at, "actions": plain(actions)}
        try:
            changes = resolve(self.entries, actions, self.seq + 1, self.records[client])
        except RemoteError as bad:
            return {**said, "code": bad.code}
        self.seq += 1
        self.records[client][op] = apply(self.entries, changes, self.seq, f"author-{client}", at)
        return {**said, "changes": plain(changes)}


def make() -> str:
    """The text of the file."""
    lines = []
    for seed in range(LOGS):
        log = Log(seed)
        operations = [log.operate("a", actions) for actions in TURNS] if seed == 0 else []
        operations += [log.step() for _ in range(OPERATIONS)]
        entries = sorted(log.entries.values(), key=lambda entry: entry.first)
        ordered = [entry.key for entry in sorted(log.entries.values(), key=order)]
        vector = {"seed": seed, "operations": operations, "entries": plain(entries), "order": ordered}
        lines.append(json.dumps(vector, ensure_ascii=False, sort_keys=True))
    body = ",\n".join(lines)
    return f"[\n{body}\n]\n"


if __name__ == "__main__":
    FILE.write_text(make())
