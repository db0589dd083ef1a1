"""The tables of the relay's database, and the upgrade of an older relay's.

Rules of this file: statements only; every row carries `crc`, the CRC-32 of its other columns, for SQLite does not
notice a byte that changed on the disk. A room's row says how many entries, clients and refusals it has, so that a
row which an index no longer leads to is missed; the file's application id is the check sum of the definitions.
"""

from __future__ import annotations

import sqlite3
import zlib

SCHEMA_VERSION = 2

ROOMS = """
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    epoch TEXT NOT NULL,
    first INTEGER NOT NULL DEFAULT 1,
    locked INTEGER NOT NULL DEFAULT 0,
    last INTEGER NOT NULL DEFAULT 0,
    clients INTEGER NOT NULL DEFAULT 0,
    refusals INTEGER NOT NULL DEFAULT 0,
    crc INTEGER NOT NULL DEFAULT 0
)"""
LOG = """
CREATE TABLE log (
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    at REAL NOT NULL,
    client TEXT NOT NULL,
    op INTEGER NOT NULL,
    body BLOB NOT NULL CHECK (typeof(body) = 'blob'),
    crc INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, seq)
)"""
CLIENTS = """
CREATE TABLE clients (
    room INTEGER NOT NULL REFERENCES rooms (id),
    client TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    author TEXT NOT NULL,
    last INTEGER NOT NULL,
    crc INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, client)
) WITHOUT ROWID"""
REFUSALS = """
CREATE TABLE refusals (
    room INTEGER NOT NULL REFERENCES rooms (id),
    client TEXT NOT NULL,
    op INTEGER NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    crc INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, client, op)
) WITHOUT ROWID"""
CHECKPOINTS = """
CREATE TABLE checkpoints (
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    at REAL NOT NULL,
    entries INTEGER NOT NULL,
    logged INTEGER NOT NULL,
    body BLOB NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (room, seq)
)"""
REVOKED = """
CREATE TABLE revoked (
    token TEXT PRIMARY KEY,
    until REAL NOT NULL,
    crc INTEGER NOT NULL
) WITHOUT ROWID"""
PROBE = "CREATE TABLE probe (written INTEGER NOT NULL)"

TABLES = (ROOMS, LOG, CLIENTS, REFUSALS, CHECKPOINTS, REVOKED, PROBE)


def crc(*columns: object) -> int:
    """Return the CRC-32 of a row's columns."""
    value = 0
    for column in columns:
        value = zlib.crc32(column if isinstance(column, bytes) else repr(column).encode() + b"\0", value)
    return value


def seal(db: sqlite3.Connection) -> int:
    """Return the check sum of all definitions in the database; it ought to equal `PRAGMA application_id`."""
    rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
    return crc(*(column for row in rows for column in row)) & 0x7FFFFFFF


def create(db: sqlite3.Connection) -> None:
    """Create the tables; inside the caller's transaction."""
    for statement in TABLES:
        db.execute(statement)
    _finish(db)


def upgrade(db: sqlite3.Connection) -> None:
    """Upgrade a database of version 1, which the first relays wrote, without checkpoints or check sums; inside the
    caller's transaction."""
    for column in ("first INTEGER NOT NULL DEFAULT 1", "locked INTEGER NOT NULL DEFAULT 0"):
        db.execute(f"ALTER TABLE rooms ADD COLUMN {column}")
    for column in ("last", "clients", "refusals"):
        db.execute(f"ALTER TABLE rooms ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
    for table in ("rooms", "log", "clients", "refusals"):
        db.execute(f"ALTER TABLE {table} ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
    for statement in (CHECKPOINTS, REVOKED, PROBE):
        db.execute(statement)
    db.create_function("crc", -1, crc, deterministic=True)
    db.execute(
        "UPDATE rooms SET last = (SELECT coalesce(max(seq), 0) FROM log WHERE room = rooms.id), "
        "clients = (SELECT count(*) FROM clients WHERE room = rooms.id), "
        "refusals = (SELECT count(*) FROM refusals WHERE room = rooms.id)"
    )
    db.execute("UPDATE rooms SET crc = crc(id, name, epoch, first, locked, last, clients, refusals)")
    db.execute("UPDATE log SET crc = crc(room, seq, mark, at, client, op, body)")
    db.execute("UPDATE clients SET crc = crc(room, client, key_hash, author, last)")
    db.execute("UPDATE refusals SET crc = crc(room, client, op, code, reason)")
    _finish(db)


def _finish(db: sqlite3.Connection) -> None:
    db.execute(f"PRAGMA application_id={seal(db)}")
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
