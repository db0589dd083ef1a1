"""The relays of one PostgreSQL database: who lives, by the server's clock, and what one has to tell all others.

A relay that lives says so in time: it beats. One whose lease has ended is declared dead by whoever wants one of its
rooms, and then its rooms are free; its beat takes the same row, so that one of both wins. None of this guards what is
written: the fence of each room does.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from .. import __version__
from ..records import Member, StoreError
from .postgres_server import Connection, Server

INCARNATION_BITS = 62
REMEMBERED = 60.0
"""Seconds for which each beat brings a notice: the others are seldom late, and what is older they read at the start."""
DELETED, REVOKED = "deleted", "revoked"
"""Kinds of notices: a room, a token."""
NOTE = "INSERT INTO ipysketch.notices (relay, kind, what) VALUES (%s, %s, %s)"

NOT_AWAITED = "SET LOCAL synchronous_commit = off"
"""What a beat says need not outlive the server."""
BEAT = """
UPDATE ipysketch.relays SET expires = clock_timestamp() + make_interval(secs => %(lease)s), rooms = %(rooms)s,
    peers = %(peers)s, draining = %(draining)s
WHERE id = %(id)s AND incarnation = %(incarnation)s AND NOT dead RETURNING id
"""
ENTER = """
INSERT INTO ipysketch.relays (id, incarnation, address, version, expires)
VALUES (%(id)s, %(incarnation)s, %(address)s, %(version)s, clock_timestamp() + make_interval(secs => %(lease)s))
ON CONFLICT (id) DO UPDATE SET incarnation = excluded.incarnation, address = excluded.address,
    version = excluded.version, expires = excluded.expires, dead = false, draining = false, rooms = 0, peers = 0
"""
NEWS = """
SELECT number, relay, kind, what FROM ipysketch.notices WHERE at > clock_timestamp() - make_interval(secs => %s)
ORDER BY number
"""
OTHERS = """
SELECT id, incarnation, address, draining FROM ipysketch.relays
WHERE NOT dead AND expires > clock_timestamp() AND id <> %s ORDER BY id
"""
TIDY = """
DELETE FROM ipysketch.notices WHERE at < clock_timestamp() - interval '1 hour';
DELETE FROM ipysketch.relays WHERE expires < clock_timestamp() - interval '30 days'
"""


class Notice(NamedTuple):
    """What `relay` tells all others."""

    number: int
    relay: str
    kind: str
    what: str


class Beat(NamedTuple):
    """What a beat brought: the others that live, those of them that take rooms, and the notices of the last minute."""

    others: Sequence[Member]
    takers: Sequence[Member]
    notices: Sequence[Notice]


class Directory:
    """The relays of the database at `address`. Raises `StoreError` when that cannot be used. One thread at a time calls
    it, another one than the store's: a beat waits for no commit."""

    def __init__(self, address: str) -> None:
        self._server = Server(address, 1, shared=True)

    def check_secret(self, name: str, secret: bytes) -> None:
        """Raise `StoreError` unless the relays of this database have the same secret of this `name`."""
        told = hmac.digest(secret, f"ipysketch {name}".encode(), sha256).hex()
        key = f"secret of {name}"

        def work(connection: Connection) -> str:
            connection.execute(
                "INSERT INTO ipysketch.meta VALUES (%s, %s) ON CONFLICT (name) DO NOTHING", (key, told)
            )
            row = connection.execute("SELECT value FROM ipysketch.meta WHERE name = %s", (key,)).fetchone()
            assert row is not None
            return str(row[0])

        if not hmac.compare_digest(self._server.do(work, repeatable=True), told):
            raise StoreError(
                f"the relays of {self._server.shown} have another secret for {name}; give this one the same file, or "
                "another database"
            )

    def holder(self, id: str) -> Member | None:
        """Return the relay that lives under this name; None when none does."""
        query = (
            "SELECT id, incarnation, address FROM ipysketch.relays "
            "WHERE id = %s AND NOT dead AND expires > clock_timestamp()"
        )
        row = self._server.do(lambda connection: connection.execute(query, (id,)).fetchone(), writes=False)
        return None if row is None else Member(*row)

    def enter(self, id: str, address: str, lease: float) -> Member:
        """Begin to live, for `lease` seconds from now, under this name: whoever had it before is dead with that."""
        member = Member(id, secrets.randbits(INCARNATION_BITS), address)
        given: dict[str, Any] = {**member._asdict(), "version": __version__, "lease": lease}

        def work(connection: Connection) -> None:
            for statement in TIDY.split(";"):
                connection.execute(statement)
            connection.execute(ENTER, given)

        self._server.do(work, repeatable=True)
        return member

    def beat(self, member: Member, lease: float, rooms: int, peers: int, *, draining: bool) -> Beat | None:
        """Live for `lease` seconds from now, with so many rooms held and peers, `draining` or not; None when this
        member is dead."""
        given = {
            "id": member.id,
            "incarnation": member.incarnation,
            "lease": lease,
            "rooms": rooms,
            "peers": peers,
            "draining": draining,
        }

        def work(connection: Connection) -> Beat | None:
            connection.execute(NOT_AWAITED)
            if connection.execute(BEAT, given).fetchone() is None:
                return None
            found = [(Member(*row), drains) for *row, drains in connection.execute(OTHERS, (member.id,))]
            others = [other for other, _ in found]
            takers = [other for other, drains in found if not drains]
            return Beat(others, takers, [Notice(*row) for row in connection.execute(NEWS, (REMEMBERED,))])

        return self._server.do(work, repeatable=True)

    def declare_dead(self, member: Member) -> bool:
        """Free the rooms of a relay that is gone; returns whether it had not been declared dead before. It is safe when
        it is not gone: it is told so by its next beat, and its fences are lost when another relay takes its rooms."""
        put = "UPDATE ipysketch.relays SET dead = true WHERE id = %s AND incarnation = %s AND NOT dead RETURNING id"

        def work(connection: Connection) -> bool:
            connection.execute(NOT_AWAITED)
            return connection.execute(put, (member.id, member.incarnation)).fetchone() is not None

        return self._server.do(work, repeatable=True)

    def close(self) -> None:
        """Close the connection; calling it twice is fine."""
        self._server.close()
