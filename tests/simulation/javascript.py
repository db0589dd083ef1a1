"""Clients in JavaScript on the in-memory network: what they are asked goes to one node process, line by line.

Each has a twin in Python that does and hears the same. What the two say to the relay must be equal at once, and what
they know whenever somebody compares them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ipysketch.client.sync import Sync
from ipysketch.model.document import digest
from relay.protocol import (
    Action,
    Commit,
    Entry,
    Join,
    Operate,
    Refused,
    Snapshot,
    Welcome,
    decode_client,
    decode_server,
    encode,
)

from ..contract.make_messages import plain
from ..support.node import WEB, Different, Script
from .network import Client, World

ACTOR = Path(__file__).parent / "replicas.mjs"


class Replicas(Script):
    """The node process, which holds any number of replicas."""

    def __init__(self, web: Path = WEB) -> None:
        super().__init__(str(ACTOR), str(web))
        self._count = 0

    def make(self) -> str:
        """Make a replica and return its name."""
        self._count += 1
        self.ask([str(self._count), "new", None])
        return str(self._count)


class ScriptSync(Sync):
    """What looks like a `Sync` is one in JavaScript, beside the twin this class is."""

    def __init__(self, replicas: Replicas) -> None:
        self._replicas = replicas
        self._name = replicas.make()
        super().__init__()

    def ask(self, what: str, argument: object = None) -> Any:
        return self._replicas.ask([self._name, what, argument])

    def _same(self, what: str, said: object, twin: object) -> None:
        if said != twin:
            raise Different(f"{what}: {said!r} in JavaScript, {twin!r} in Python")

    def submit(self, actions: Sequence[Action], *_: object) -> int:
        op = super().submit(actions)
        self._same("submit", self.ask("submit", msgspec.to_builtins(actions)), op)
        return op

    def undo(self, *_: object) -> bool:
        done = super().undo()
        self._same("undo", self.ask("undo"), done)
        return done

    def redo(self, *_: object) -> bool:
        done = super().redo()
        self._same("redo", self.ask("redo"), done)
        return done

    def join(self, room: str, *, name: str, color: str, secret: str, token: str) -> Join:
        twin = super().join(room, name=name, color=color, secret=secret, token=token)
        who = {"room": room, "name": name, "color": color, "secret": secret, "token": token}
        self._same("join", _decoded(self.ask("join", who)), [twin])
        return twin

    def outgoing(self) -> list[Operate[Any]]:
        twin = super().outgoing()
        said = _decoded(self.ask("outgoing"))
        self._same("outgoing", said, twin)
        return [message for message in said if isinstance(message, Operate)]

    def compare(self) -> None:
        """Raise `Different` unless the two know the same."""
        look = self.ask("look")
        document = self.document
        self._same(
            "place", [look["seq"], look["mark"], look["epoch"]], [document.seq, document.mark, document.epoch]
        )
        self._same("confirmed", digest(_entries(look["confirmed"])), document.digest())
        self._same("entries", digest(_entries(look["entries"])), digest(self.entries))
        self._same("pending", look["pending"], [[op, plain(does)] for op, does in self.pending.items()])
        self._same("lost", look["lost"], [[plain(lost.actions), lost.reason] for lost in self.lost])
        self._same("previous", look["previous"], len(self.previous))
        self._same("turns", look["turns"], [self.can_undo, self.can_redo])


class ScriptClient(Client):
    """A page's side."""

    def __init__(self, world: World, name: str, replicas: Replicas) -> None:
        super().__init__(world, name)
        self.sync: ScriptSync = ScriptSync(replicas)

    def cut(self) -> None:
        super().cut()
        self.sync.ask("cut")

    def deliver_down(self) -> bool:
        if not self.down:
            return False
        frame = self.down.popleft()
        if isinstance(frame, bytes):
            self.sync.chunk(frame)
            self.sync.ask("chunk", base64.b64encode(frame).decode())
            return True
        # It may have been told of the presence, too, which is nothing to its document.
        self.sync.ask("frame", frame)
        messages = [
            message
            for message in decode_server(frame)
            if isinstance(message, Welcome | Snapshot | Commit | Refused)
        ]
        self.down.appendleft(encode(messages).decode())
        return super().deliver_down()


def _decoded(frames: Iterable[str]) -> list[Any]:
    """The messages in `frames`, with values as a client has them: a relay leaves them encoded."""
    messages = [message for frame in frames for message in decode_client(frame)]
    return [
        msgspec.json.decode(msgspec.json.encode(message), type=Operate[Any])
        if isinstance(message, Operate)
        else message
        for message in messages
    ]


def _entries(entries: Sequence[dict[str, Any]]) -> dict[str, Entry]:
    return {entry["key"]: msgspec.convert(entry, Entry) for entry in entries}
