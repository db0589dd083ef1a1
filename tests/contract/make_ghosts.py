"""Make ``ghosts.json``: what is seen of others after a connection is lost, for every language alike.
``python -m tests.contract.make_ghosts``

Each vector is a story: what happens at which millisecond, and what is seen then, as the client in Python has it. What
happens is a list of messages of a relay, "lose" for a lost connection, "expire", or "dry" with the keys of a drawing.
The stories at the beginning have names, and a test of their outcome; the others are drawn.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from ipysketch.client.peers import Peers
from relay.protocol import Commit, PeerCancel, PeerLeft, PeerPreview, PeerState, RemoteError, decode_server

FILE = Path(__file__).parent / "ghosts.json"
STYLE = {"kind": "stroke", "color": "#123456", "width": 32}

Step = tuple[int, Any]


def there(peer: str, name: str = "Grace", **state: Any) -> dict[str, Any]:
    """Somebody is there, as the relay tells it."""
    return {"type": "peer", "peer": peer, "author": f"author of {name}", "state": {"name": name, **state}}


def ink(peer: str, key: str, start: int, *points: int) -> dict[str, Any]:
    """Ink grows."""
    fields = {} if start else {"fields": STYLE}
    return {"type": "ink", "peer": peer, "key": key, "start": start, "points": points, **fields}


def created(key: str) -> dict[str, Any]:
    """Somebody's element is part of the log."""
    change = {"type": "create", "key": key, "fields": {}}
    return {
        "type": "commit",
        "seq": 1,
        "mark": 0,
        "author": "a",
        "client": "c",
        "op": 1,
        "at": 0,
        "changes": [change],
    }


BEFORE: list[Step] = [(0, [there("g", cursor=[8, 16]), ink("g", "k", 0, 8, 8, 16, 16)]), (100, "lose")]
STORIES: dict[str, list[Step]] = {
    "nothing vanishes, and nothing stays": [*BEFORE, (200, "expire"), (3099, "expire"), (3100, "expire")],
    "each thing is replaced by its own": [
        *BEFORE,
        (500, [there("g2")]),
        (600, [there("g2", cursor=[24, 24])]),
        (700, [ink("g2", "k", 0, 8, 8, 16, 16, 24, 24)]),
        (3100, "expire"),
    ],
    "who is not back in time is gone": [*BEFORE, (500, [there("a", "Ada")]), (3100, "expire")],
    "who comes back and leaves is gone": [
        *BEFORE,
        (500, [there("g2")]),
        (600, [{"type": "left", "peer": "g2"}]),
    ],
    "a commit ends it, and its undo brings nothing back": [*BEFORE, (500, [created("k")]), (600, "expire")],
    "so does a drawing that came whole": [*BEFORE, (500, {"dry": ["k"]}), (600, "expire")],
    "a cursor that is taken away stays away": [
        *BEFORE,
        (500, [there("g2", cursor=[0, 0])]),
        (600, [there("g2")]),
    ],
    "the same room knows all about them": [*BEFORE, (500, [there("g")]), (600, "expire")],
    "ink is where its hand is": [
        (0, [there("g", page="p", cursor=[8, 8]), ink("g", "k", 0, 8, 8)]),
        (100, "lose"),
        (500, [there("g2")]),
        (600, [there("g2", page="q")]),
    ],
    "two of a name are two": [
        (0, [there("g", cursor=[8, 8]), there("h", cursor=[16, 16])]),
        (100, "lose"),
        (500, [there("g2")]),
        (600, [there("h2")]),
        (3100, "expire"),
    ],
    "a second loss lengthens nothing that was lent": [
        *BEFORE,
        (2000, [there("g2")]),
        (2500, "lose"),
        (3099, [there("g3")]),
        (3100, "expire"),
    ],
    "a second loss keeps what is new": [
        *BEFORE,
        (2000, [there("g2", cursor=[24, 24]), ink("g2", "l", 0, 8, 8)]),
        (2500, "lose"),
        (3100, "expire"),
        (5500, "expire"),
    ],
    "one's own is no ghost": [(0, [there("me", "Ada", cursor=[8, 8]), ink("me", "k", 0, 8, 8)]), (100, "lose")],
}


def happen(peers: Peers, at: int, event: Any) -> None:
    """Have one thing of a story happen."""
    match event:
        case "lose":
            peers.lose(at / 1000)
        case "expire":
            peers.expire(at / 1000)
        case {"dry": keys}:
            peers.dry(keys)
        case _:
            for message in decode_server(json.dumps(event)):
                assert not isinstance(message, RemoteError), message
                if isinstance(message, PeerState | PeerLeft | PeerPreview | PeerCancel):
                    peers.receive(message)
                elif isinstance(message, Commit):
                    peers.committed(message.changes)


def seen(peers: Peers) -> dict[str, Any]:
    """Return what is seen of others: people as they are shown, and ink, of any page."""
    people = {state.peer: state.state for state in peers.seen}
    pages = {
        page: sorted([each.key, each.peer, list(each.points)] for each in peers.ink({}, page))
        for page in ("", "p", "q")
    }
    due = peers.due
    return {"people": people, "ink": pages, "due": None if due is None else round(1000 * due)}


def tell(story: list[Step]) -> list[dict[str, Any]]:
    """Return the steps of a story, each with what is seen then."""
    peers = Peers()
    peers.me = "me"
    steps = []
    for at, event in story:
        happen(peers, at, event)
        steps.append({"at": at, "event": event, "seen": seen(peers)})
    return steps


def drawn(pick: random.Random) -> list[Step]:
    """Draw a story."""
    at, lives, ends = 0, 0, dict.fromkeys("kl", 0)
    story: list[Step] = []
    peers = ["g", "h"]
    for _ in range(24):
        at += pick.choice([1, 200, 900])
        peer = pick.choice(peers)
        match pick.randrange(9):
            case 0:
                story.append((at, "lose"))
                lives += 1
                ends = dict.fromkeys("kl", 0)
                if pick.random() < 0.7:
                    peers = [f"g{lives}", f"h{lives}"]
            case 1:
                story.append((at, "expire"))
            case 2 | 3:
                state = {"cursor": [pick.randrange(99), 8]} if pick.random() < 0.5 else {}
                page = {"page": pick.choice("pq")} if pick.random() < 0.3 else {}
                story.append((at, [there(peer, "Grace" if pick.random() < 0.6 else "Hedy", **state, **page)]))
            case 4 | 5 | 6:
                key = pick.choice("kl")
                start = ends[key] if pick.random() < 0.6 else 0
                ends[key] = start + 2
                story.append((at, [there(peers[0]), ink(peers[0], f"{key}{lives // 2}", start, at, 8)]))
            case 7:
                story.append((at, [{"type": "left", "peer": peer}] if pick.random() < 0.5 else {"dry": ["k0"]}))
            case _:
                story.append((at, "expire"))
    return story


def make() -> str:
    """Return the text of the vectors."""
    pick = random.Random(11)
    stories = {**STORIES, **{f"drawn {number}": drawn(pick) for number in range(12)}}
    vectors = [{"name": name, "steps": tell(story)} for name, story in stories.items()]
    return "[\n" + ",\n".join(json.dumps(vector) for vector in vectors) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(make())
