"""How a connection joins a room: under which name, and as which client. Pure.

| its log is this one | its client is known | it joins as |
|---|---|---|
| yes | yes, by the same author | `Continue`: that client |
| yes | no, but it names a client | `Renew`: a client of the name it had |
| otherwise | | `Begin`: a new client |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..limits import Limits
from ..protocol import MAX_KEY, Join, RemoteError, normalize_color, normalize_name
from ..records import ResumeFacts
from .clients import Client, digest
from .log import RoomLog

NO_FACTS = ResumeFacts()
"""The facts about a client and an entry that no store has."""
MIN_ID = 16
"""Characters of a client's id and resume key at least, for they must not be guessed."""
AUTHOR = 16
"""Characters of an author: the beginning of a hash of the proof, and of which kind it is."""


class Applicant(NamedTuple):
    """A connection that wants to join, as its `Join` and its token introduce it. `author` is "" without proof; such a
    client is an author of its own. `subject` is that of its token, "" without one. `verified`: see `introduce`."""

    name: str
    color: str
    author: str
    subject: str
    named_by_token: bool
    verified: bool = False

    def key_hash(self, resume_key: str) -> str:
        """Return what is kept of the resume key of its client: who has the key alone is not the token's subject."""
        return digest("key", f"{resume_key}\0{self.subject}" if self.subject else resume_key)

    def client(self, id: str, resume_key: str) -> Client:
        """Return a client without operations for it. What others are told of a client, its id and its author, says
        nothing by which they could become either."""
        author = self.author or digest("author of a client", resume_key)[:AUTHOR]
        return Client(id, self.key_hash(resume_key), author)


@dataclass(frozen=True, slots=True)
class Continue:
    """It goes on as `client`; its next operation is the one after the last."""

    client: Client


@dataclass(frozen=True, slots=True)
class Renew:
    """It joined before and committed nothing, so that no store has its client: it keeps its id and resume key."""


@dataclass(frozen=True, slots=True)
class Begin:
    """It gets a new client. With `reset`, its document is of another log, and it drops that."""

    reset: bool


Identity = Continue | Renew | Begin


def introduce(
    join: Join, limits: Limits, subject: str, token_name: str, *, verified: bool = False
) -> Applicant:
    """Return the applicant that `join` introduces; raises `RemoteError` for an invalid name or colour.

    The `subject` of a token determines the author, and its `token_name` is the only name that the peer may have.
    With `verified`, the subject is who this is by somebody else's word, such as ``hub:ada``: it is the author itself,
    and has a colon, which no hash has. Who has a `token_name` is verified too, by the word of whoever made the token.
    """
    name, color = normalize_name(token_name or join.name) or "guest", normalize_color(join.color)
    if len(name) > limits.max_name:
        raise RemoteError("bad-name", f"a name must be text of at most {limits.max_name} characters")
    author = ""
    if verified:
        author = subject
    elif subject:
        author = digest("subject", subject)[:AUTHOR]
    elif join.secret:
        author = digest("author", join.secret)[:AUTHOR]
    return Applicant(name, color, author, subject, bool(token_name), verified or bool(token_name))


def identify(join: Join, applicant: Applicant, client: Client | None, *, same_log: bool) -> Identity:
    """Return as which client an applicant joins. `client` is the one that `join` names, None if it is not known.

    `same_log`: see `is_same_log`. Raises `RemoteError` for a wrong resume key.
    """
    if client is not None:
        # Keys of subjects were once kept like those of anybody.
        if client.key_hash not in (applicant.key_hash(join.resume_key), digest("key", join.resume_key)):
            raise RemoteError("bad-key", "this client's resume key is wrong; run %sketch connect again")
        if applicant.author and client.author != applicant.author:
            same_log = False  # Another author now, by another token: its operations are not the old client's.
    match client:
        case Client() if same_log:
            return Continue(client)
        case None if same_log and MIN_ID <= len(join.client) <= MAX_KEY and len(join.resume_key) >= MIN_ID:
            return Renew()
        case _:
            return Begin(reset=bool(join.epoch) and not same_log)


def is_same_log(join: Join, epoch: str, log: RoomLog, last: int, facts: ResumeFacts) -> bool:
    """Return whether `join` holds a prefix of this log, in which the last verdict of its client is `last`."""
    seq = join.seq
    if join.epoch != epoch or not 0 <= seq <= log.seq:
        return False
    if join.settled > last:
        return False  # An older store came back, from before a refusal: its numbers are not the client's.
    return join.mark == (log.mark(seq) if log.remembers(seq) else facts.mark)
