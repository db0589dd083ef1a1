"""One PostgreSQL server: connecting to it, as one relay or with others, transactions, and what an error of it means.

A connection that breaks before it answered leaves the outcome unknown; the next call connects anew. A wait for the
standbys that was cancelled is unknown too, although the server says that all went well. No request is ever cancelled.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from ..records import BUSY, StoreError, UnknownOutcomeError
from .database import StoreInUse
from .postgres_schema import RELAYS, SCHEMA_VERSION, SETTINGS, TABLES, check_settings

Connection = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")

CONNECT = 3
"""Seconds in which a server must answer, and in which a silent one is given up."""
CANCELLED_WAIT = "01000"
"""The state of the warning that a commit no longer waits for the standbys: it may yet be lost."""
ONE_RELAY = 0x6970_7973
"""The advisory lock that a relay has: two would take each other's rooms. Relays that know of each other share it. What
is written is guarded by fences alone."""
APPENDS = 0x6970_7973_0001
"""The same lock of the connection that a relay has for appends."""
ROW_WAITS = "1s"
"""How long anything but an append waits for what another session has locked."""
SLEEPS = "6s"
"""How long a relay of several may do nothing in the midst of a transaction: what it has locked there, others want."""
MAKING = 0x6970_797A
"""The advisory lock under which tables are made: several relays may be started at once."""


class Server:
    """The database at `address`. Raises `StoreInUse` when another relay has it, `StoreError` when it cannot be used, or
    has fewer than `copies` synchronous copies. Relays that know of each other have it `shared`; each has a connection
    for `appends`, and another one for all else."""

    def __init__(self, address: str, copies: int, *, shared: bool = False, appends: bool = False) -> None:
        try:
            given = conninfo_to_dict(address)
        except psycopg.Error as error:
            raise StoreError(
                f"this is no address of PostgreSQL ({said(error)}); write postgresql://…"
            ) from None
        options = [str(given.get("options") or ""), "-c synchronous_commit=on"]
        if not appends:
            options.append(f"-c lock_timeout={ROW_WAITS}")
        if shared:
            options.append(f"-c idle_in_transaction_session_timeout={SLEEPS}")
        given["options"] = " ".join(options).strip()
        self._address = make_conninfo(
            "",
            **{
                "connect_timeout": CONNECT,
                "application_name": "ipysketch-relay",
                "keepalives_idle": CONNECT,
                "keepalives_interval": 1,
                "keepalives_count": CONNECT,
                "tcp_user_timeout": 1000 * CONNECT,
                **given,
            },
        )
        self.shown = f"postgresql://{given.get('host') or ''}/{given.get('dbname') or ''}"
        """The address without its password."""
        self._copies = copies
        self._try_lock = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
        self._lock = APPENDS if appends else ONE_RELAY
        self.suspended = ""
        """Why nothing is written; "" when it is."""
        self._cancelled = False
        self._connection: Connection | None = None
        self._closed = False
        try:
            self._prepare(self._connected())
        except psycopg.Error as error:
            self.close()
            raise StoreError(
                f"PostgreSQL at {self.shown} cannot be used ({said(error)}); look at its log"
            ) from None
        except StoreError:
            self.close()
            raise

    def _connected(self) -> Connection:
        """Return the connection, a new one where the last one broke. Raises `StoreError`."""
        if self._closed:
            raise StoreError("the store is closed")
        if self._connection is not None and not self._connection.closed:
            return self._connection
        try:
            connection = psycopg.connect(self._address, autocommit=True)
        except psycopg.Error as error:
            raise StoreError(f"PostgreSQL at {self.shown} does not answer ({said(error)})") from None
        connection.add_notice_handler(self._note)
        self._connection = connection
        try:
            self._check_settings(connection)
            taken = connection.execute(f"SELECT {self._try_lock}(%s)", (self._lock,)).fetchone()
            if taken != (True,):
                raise StoreInUse(
                    f"the database {self.shown} is in use by another relay; stop that one, or give all of them a "
                    "--relay-id"
                )
        except BaseException:
            connection.close()
            raise
        return connection

    def _note(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.sqlstate == CANCELLED_WAIT:
            self._cancelled = True

    def _check_settings(self, connection: Connection) -> None:
        with connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(SETTINGS).fetchone()
        assert found is not None
        check_settings(found, self._copies)

    def _prepare(self, connection: Connection) -> None:
        """Make the tables, where they are not there."""
        for table, statements in (("meta", TABLES), ("relays", RELAYS)):
            with connection.transaction():
                connection.execute("SET LOCAL lock_timeout = 0")
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (MAKING,))
                if connection.execute("SELECT to_regclass(%s)", (f"ipysketch.{table}",)).fetchone() != (None,):
                    continue
                connection.execute(statements)
                if table == "meta":
                    connection.execute(
                        "INSERT INTO ipysketch.meta VALUES ('schema_version', %s)", (str(SCHEMA_VERSION),)
                    )
        row = connection.execute("SELECT value FROM ipysketch.meta WHERE name = 'schema_version'").fetchone()
        if row is None or int(row[0]) > SCHEMA_VERSION:
            raise StoreError(f"the database {self.shown} was written by a newer relay; update this one")

    def do(
        self,
        work: Callable[[Connection], T],
        *,
        writes: bool = True,
        single: bool = False,
        repeatable: bool = False,
    ) -> T:
        """Return what `work` returns, in one transaction; `single` is one statement, which is a transaction. Raises
        `UnknownOutcomeError` when it may or may not have been committed, `StoreError` when it was not.

        What reads, or is `repeatable` because a second time changes nothing, is done once more by a new connection when
        the old one has ended, as it has after each restart of the server.
        """
        try:
            return self._do(work, writes=writes, single=single)
        except UnknownOutcomeError:
            if writes and not repeatable:
                raise
        try:
            return self._do(work, writes=writes, single=single)
        except UnknownOutcomeError as error:
            if writes:
                raise
            raise StoreError(str(error)) from None

    def _do(self, work: Callable[[Connection], T], *, writes: bool, single: bool) -> T:
        connection = self._connected()
        if writes and self.suspended:
            raise StoreError(self.suspended)
        self._cancelled = False
        try:
            with contextlib.nullcontext() if single else connection.transaction():
                result = work(connection)
        except (psycopg.Error, UnicodeError) as error:
            if connection.closed or connection.broken:
                connection.close()
                raise UnknownOutcomeError(f"PostgreSQL at {self.shown} ended before it answered") from None
            if isinstance(error, psycopg.errors.LockNotAvailable):
                raise StoreError(f"{BUSY}; try again") from None
            raise StoreError(f"PostgreSQL at {self.shown} refused ({said(error)}); look at its log") from None
        if self._cancelled and writes:
            raise UnknownOutcomeError("PostgreSQL gave up waiting for its standbys")
        return result

    def close(self) -> None:
        """Close the connection; calling it twice is fine."""
        self._closed = True
        if self._connection is not None:
            self._connection.close()

    def check(self) -> None:
        """Raise when the server is not what it must be: its settings, its standbys. Nothing is written until it is."""
        try:
            self._check_settings(self._connected())
        except psycopg.Error as error:
            raise StoreError(f"PostgreSQL at {self.shown} does not answer ({said(error)})") from None
        except StoreError as error:
            self.suspended = str(error)
            raise
        self.suspended = ""


def said(error: Exception) -> str:
    """Return the first line of what a server or the library said."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
