"""The tables of the relay's database, and how one of an older relay becomes one of this.

Rules of this file: statements only; every row of a drawing carries `crc`, the CRC-32 of its other columns, for
SQLite does not notice a byte that changed on the disk.
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
REVOKED = "CREATE TABLE revoked (token TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID"
PROBE = "CREATE TABLE probe (written INTEGER NOT NULL)"

TABLES = (ROOMS, LOG, CLIENTS, REFUSALS, CHECKPOINTS, REVOKED, PROBE)


def crc(*columns: object) -> int:
    """The CRC-32 of a row's columns."""
    value = 0
    for column in columns:
        value = zlib.crc32(column if isinstance(column, bytes) else repr(column).encode() + b"\0", value)
    return value


def create(db: sqlite3.Connection) -> None:
    """Make the tables; inside the caller's transaction."""
    for statement in TABLES:
        db.execute(statement)
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def upgrade(db: sqlite3.Connection, version: int) -> None:
    """Bring a database of `version` up to this one; inside the caller's transaction."""
    if version == 1:
        # The first relays kept neither checkpoints nor check sums.
        db.execute("ALTER TABLE rooms ADD COLUMN first INTEGER NOT NULL DEFAULT 1")
        db.execute("ALTER TABLE rooms ADD COLUMN locked INTEGER NOT NULL DEFAULT 0")
        for table in ("rooms", "log", "clients", "refusals"):
            db.execute(f"ALTER TABLE {table} ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
        for statement in (CHECKPOINTS, REVOKED, PROBE):
            db.execute(statement)
        db.create_function("crc", -1, crc, deterministic=True)
        db.execute("UPDATE rooms SET crc = crc(name, epoch, first, locked)")
        db.execute("UPDATE log SET crc = crc(room, seq, mark, at, client, op, body)")
        db.execute("UPDATE clients SET crc = crc(room, client, key_hash, author, last)")
        db.execute("UPDATE refusals SET crc = crc(room, client, op, code, reason)")
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
