"""The contract between a relay and its peers: every message.

Rules of this file: it is pure (no I/O, no clock, no randomness); a message that is not here does not exist, but for the
actions of an operation in ``actions.py``; ``docs/protocol.md`` says the same in prose and a test decodes each of its
examples.

A text frame is a JSON array of messages, so that whatever is ready together leaves together. Each message is
an object whose ``type`` names it. A binary frame is a piece of the zlib stream that a `Snapshot` announced.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic

import msgspec

from .actions import Change, Clear, Create, Delete, Message, Patch, Revert, V
from .limits import MAX_ACTIONS, MAX_FRAME, PROTOCOL_VERSION, SAFE_INTEGER

RequestId = Annotated[int, msgspec.Meta(ge=0, le=SAFE_INTEGER)]


class Request(Message, frozen=True, kw_only=True):
    """The base of messages that are answered. The sender chooses `id`, and the answer repeats it; 0: it does not."""

    id: RequestId = 0


class Answer(Message, frozen=True, kw_only=True):
    """The base of answers. `re` is the `id` of the `Request`; 0 when that had none, or when there was no request."""

    re: int = 0


# --- client to relay -------------------------------------------------------------------------------------


class Join(Message, frozen=True, tag="join"):
    """The first message of a connection.

    `client` and `resume_key` continue an earlier identity; `epoch`, `seq`, `mark` say which prefix of the log the
    sender holds. `secret` proves authorship: the relay stores and shows only its hash. `settled` is the highest
    operation number whose verdict the sender knows. Colours are ``#rrggbb``.
    """

    room: str
    version: int = PROTOCOL_VERSION
    name: str = ""
    color: str = "#1f77b4"
    secret: str = ""
    client: str = ""
    resume_key: str = ""
    epoch: str = ""
    seq: int = 0
    mark: int = 0
    settled: int = 0
    token: str = ""


class Accompany(Message, frozen=True, tag="accompany"):
    """The first message of a companion, a page that sends and receives what is live of a peer, and nothing else.

    The peer has asked for the `ticket`. Answered by an `Accompanied`. With a `name` others see somebody of that name
    and `color` at the page, a guest of the peer; without one they see the peer.
    """

    room: str
    ticket: str
    version: int = PROTOCOL_VERSION
    name: str = ""
    color: str = ""


class Operate(Message, Generic[V], frozen=True, tag="operate"):
    """Operation number `op` of this client; the relay accepts exactly the one after the last."""

    op: int
    actions: tuple[Create[V] | Patch[V] | Delete | Clear | Revert, ...]


class Presence(Message, frozen=True, tag="presence"):
    """New values for some fields of the sender's presence: name, color, cursor, tool, viewport."""

    state: dict[str, Any]


class Preview(Message, Generic[V], frozen=True, tag="preview"):
    """A part of a stroke that is not finished.

    `points` (flat x, y in eighths, absolute) follow the first `start` numbers; `start` 0 begins anew. `fields` is its
    style, sent with the first part.
    """

    key: str
    start: int
    points: tuple[int, ...]
    fields: dict[str, V] | None = None


class Cancel(Message, frozen=True, tag="cancel"):
    """End a preview without an element."""

    key: str


class Event(Message, frozen=True, tag="event"):
    """A named message, forwarded and never kept. `to`: ``others``, ``all``, or a peer's id."""

    name: str
    data: Any = None
    to: str = "others"


class Leave(Message, frozen=True, tag="leave"):
    """Leave on purpose, without a wish to resume."""


class Read(Request, frozen=True, tag="read"):
    """Ask for the entries `first` to `last` of the log; answered by a `History`."""

    first: int
    last: int


class Lock(Request, frozen=True, tag="lock"):
    """Let only moderators and the peers with `pens` draw from now on, or everybody again; answered by a `Done`."""

    locked: bool
    pens: tuple[str, ...] = ()


class Invite(Request, frozen=True, tag="invite"):
    """Ask for a ticket with which a page may accompany the sender; answered by a `Ticket`."""


class Want(Request, frozen=True, tag="want"):
    """Ask for others' `previews`, or for none while a companion of the sender receives them; answered by a `Done`.

    Whoever asks for them again is sent all of them from their beginnings, and then the `Done`.
    """

    previews: bool


class Share(Request, frozen=True, tag="share"):
    """Ask for a short code that opens what a link to this room does; answered by a `Code`.

    `token` is that of the link, "" where it has none.
    """

    token: str = ""


class Remove(Request, frozen=True, tag="remove"):
    """End another peer's connection; answered by a `Done`."""

    peer: str


class Mint(Request, frozen=True, tag="mint"):
    """Ask for a token for this room with a `role`, valid for `seconds`; answered by a `Minted`."""

    role: str
    name: str = ""
    seconds: float = 8 * 3600


class Erase(Request, frozen=True, tag="erase"):
    """Delete the room with its log, for good.

    `room` repeats its name. The answer is that every connection to the room closes with `CLOSE_ERASED`.
    """

    room: str


# --- relay to client -------------------------------------------------------------------------------------


class Welcome(Message, frozen=True, tag="welcome"):
    """The answer to `Join`.

    `reset`: the log is not the one that the client had; it replaces its document, drops pending operations up to
    `last`, and takes `client` as a new identity. `role` is the peer's role, `locked` whether only moderators may draw
    now, `oldest` the first entry of the log that can be read. `request_ids`: answers name their requests; a relay of
    0.1.0 leaves it out, and its answers have no `re`. `companions`: the relay answers an `Invite` and a `Want`.
    `codes`: it answers a `Share`.

    What the relay takes, so that a client cuts what is larger before it sends it: bytes of one frame, actions of one
    operation, and, unless 0, living elements and bytes of the drawing.
    """

    version: int
    room: str
    peer: str
    client: str
    resume_key: str
    author: str
    epoch: str
    seq: int
    last: int
    reset: bool
    width: int
    height: int
    role: str = "moderator"
    locked: bool = False
    oldest: int = 1
    request_ids: bool = False
    max_message: int = MAX_FRAME
    max_actions: int = MAX_ACTIONS
    max_elements: int = 0
    max_drawing: int = 0
    companions: bool = False
    codes: bool = False


class Accompanied(Message, frozen=True, tag="accompanied"):
    """The answer to `Accompany`: `peer` is the id of the peer whose companion the connection is now.

    `guest` is the id under which others see a guest; "" when they see the peer.
    """

    peer: str
    guest: str = ""


class Snapshot(Message, frozen=True, tag="snapshot"):
    """The drawing at `seq`, which follows in `size` bytes of binary frames.

    They are one zlib stream of a JSON array of `count` entries. It replaces the client's document, and includes the
    effect of the client's operations up to `last`.
    """

    seq: int
    mark: int
    size: int
    count: int
    last: int


class Commit(Message, frozen=True, tag="commit"):
    """An operation that is part of the log, durably.

    `at` is the relay's time in seconds since 1970, `mark` a random number kept with the entry. `client` and `op`
    identify the operation.
    """

    seq: int
    mark: int
    at: float
    client: str
    op: int
    author: str
    changes: tuple[Change, ...]


class Refused(Message, frozen=True, tag="refused"):
    """A refusal of operation `op`. `final`: its number is consumed; else the same may be sent again."""

    op: int
    code: str
    reason: str
    final: bool


class PeerState(Message, frozen=True, tag="peer"):
    """A peer that is connected, with its whole presence and its role.

    `verified`: the relay knows by somebody else's word who this is, that of a JupyterHub or of whoever made its
    token; its name is the one that it has there, and nobody else has its author. Relays of 0.1.0 leave the role
    out, and this.
    """

    peer: str
    author: str
    state: dict[str, Any]
    role: str = ""
    verified: bool = False


class PeerLeft(Message, frozen=True, tag="left"):
    """A peer that left; its previews end."""

    peer: str


class PeerPreview(Message, frozen=True, tag="ink"):
    """A `Preview` of a peer."""

    peer: str
    key: str
    start: int
    points: tuple[int, ...]
    fields: dict[str, Any] | None = None


class PeerCancel(Message, frozen=True, tag="ink-end"):
    """The end of a peer's preview.

    `seq` is the entry by which it became an element, 0 where it came to nothing; relays before companions leave it out.
    """

    peer: str
    key: str
    seq: int = 0


class PeerEvent(Message, frozen=True, tag="heard"):
    """An `Event` of a peer; of the relay itself if `peer` is ""."""

    peer: str
    name: str
    data: Any = None


class Error(Answer, frozen=True, tag="error"):
    """A fault in something that the client sent.

    If `fatal`, the connection closes after it. `re` is 0 unless it answers a request.
    """

    code: str
    reason: str
    fatal: bool = False


class RoomState(Message, frozen=True, tag="room"):
    """The state of the room for everybody: whether only moderators may draw now, and the peers with `pens`.

    Relays of 0.1.0 leave out the pens.
    """

    locked: bool
    pens: tuple[str, ...] = ()


class History(Answer, frozen=True, tag="history"):
    """The answer to `Read`.

    The next binary frames are pieces of one zlib stream of `size` bytes: a JSON object of ``entries`` (the drawing at
    `base`) and ``commits`` (entries `base` + 1 to `last` of the log). `oldest` is the first entry of the log that can
    still be read.
    """

    base: int
    last: int
    oldest: int
    size: int


class Minted(Answer, frozen=True, tag="minted"):
    """The answer to `Mint`: a token, and the id by which it can be revoked."""

    token: str
    id: str


class Ticket(Answer, frozen=True, tag="ticket"):
    """The answer to `Invite`: what lets one page in as a companion of its peer, once, within so many `seconds`."""

    ticket: str
    seconds: float


class Code(Answer, frozen=True, tag="code"):
    """The answer to `Share`: some words that open the room's page for so many `seconds`."""

    words: str
    seconds: float


class Done(Answer, frozen=True, tag="done"):
    """The answer to a `Lock`, `Remove` or `Want` that was carried out, where that had an id."""


class Goodbye(Message, frozen=True, tag="goodbye"):
    """An announcement that the relay is going down; join again after about `retry` seconds."""

    reason: str
    retry: float


ClientMessage = (
    Join
    | Accompany
    | Operate[msgspec.Raw]
    | Presence
    | Preview[msgspec.Raw]
    | Cancel
    | Event
    | Leave
    | Read
    | Lock
    | Invite
    | Want
    | Share
    | Remove
    | Mint
    | Erase
)
ServerMessage = (
    Welcome
    | Accompanied
    | Snapshot
    | Commit
    | Refused
    | PeerState
    | PeerLeft
    | PeerPreview
    | PeerCancel
    | PeerEvent
    | RoomState
    | History
    | Minted
    | Ticket
    | Code
    | Done
    | Error
    | Goodbye
)


class RemoteError(ValueError):
    """A breach of the contract by the other side.

    `code` is documented in ``docs/protocol.md``; `re` is the id of a message that could not be read.
    """

    def __init__(self, code: str, reason: str, re: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.re = re


def request_id(message: ClientMessage | RemoteError) -> int:
    """Return the id of the request that `message` is, also of one that could not be read; 0 for any other message."""
    if isinstance(message, RemoteError):
        return message.re
    return message.id if isinstance(message, Request) else 0
