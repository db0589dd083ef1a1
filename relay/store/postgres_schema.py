"""The tables of a relay in PostgreSQL, and what a server must be for them.

Rules of this file: statements, and the settings that they rest on. All is in a schema of its own, so that the database
may have other tables too.
"""

from __future__ import annotations

from typing import Any

from ..records import StoreError

SCHEMA_VERSION = 1
OLDEST_SERVER = 140000
"""The number of the oldest release that is known to work: 14."""

TABLES = """
CREATE SCHEMA IF NOT EXISTS ipysketch;
CREATE TABLE ipysketch.meta (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE ipysketch.rooms (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    epoch text NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    locked boolean NOT NULL DEFAULT false,
    fence bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE ipysketch.log (
    room bigint NOT NULL, first bigint NOT NULL, last bigint NOT NULL,
    size bigint NOT NULL, body bytea NOT NULL, crc bigint NOT NULL,
    PRIMARY KEY (room, first)
);
ALTER TABLE ipysketch.log ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE ipysketch.clients (
    room bigint NOT NULL, client text COLLATE "C" NOT NULL,
    key_hash text NOT NULL, author text NOT NULL, last bigint NOT NULL,
    PRIMARY KEY (room, client)
) WITH (fillfactor = 50);
CREATE TABLE ipysketch.refusals (
    room bigint NOT NULL, client text COLLATE "C" NOT NULL, op bigint NOT NULL,
    code text NOT NULL, reason text NOT NULL,
    PRIMARY KEY (room, client, op)
);
CREATE TABLE ipysketch.checkpoints (
    room bigint NOT NULL, seq bigint NOT NULL, mark bigint NOT NULL, at double precision NOT NULL,
    entries bigint NOT NULL, logged bigint NOT NULL, body bytea NOT NULL, crc bigint NOT NULL,
    PRIMARY KEY (room, seq)
);
ALTER TABLE ipysketch.checkpoints ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE ipysketch.revoked (token text PRIMARY KEY, until double precision NOT NULL);
"""
"""A row of the log has what one group appended to one room: a segment. It is written once and never changed;
`rooms.first` says where in it the readable log begins."""

RELAYS = """
ALTER TABLE ipysketch.rooms ADD COLUMN owner text, ADD COLUMN incarnation bigint;
CREATE TABLE ipysketch.relays (
    id text PRIMARY KEY, incarnation bigint NOT NULL, address text NOT NULL, version text NOT NULL,
    expires timestamptz NOT NULL, dead boolean NOT NULL DEFAULT false, draining boolean NOT NULL DEFAULT false,
    rooms bigint NOT NULL DEFAULT 0, peers bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE TABLE ipysketch.notices (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
    relay text NOT NULL, kind text NOT NULL, what text NOT NULL
);
"""
"""What several relays need besides: who they are, which rooms each holds, and what one has to tell all others. A relay
that knows nothing of it can use the other tables: so this is no other version of them."""

BURY = """
UPDATE ipysketch.relays l SET dead = true FROM ipysketch.rooms r
WHERE r.name = %(room)s AND l.id = r.owner AND l.incarnation = r.incarnation AND NOT l.dead
    AND l.expires < clock_timestamp()
"""
"""Declares the holder of a room dead whose lease has ended. Its beat takes the same row, so that one of both wins."""

TAKE = """
WITH before AS (SELECT owner FROM ipysketch.rooms WHERE name = %(room)s)
UPDATE ipysketch.rooms r SET fence = %(fence)s, owner = %(id)s, incarnation = %(incarnation)s
WHERE r.name = %(room)s AND EXISTS (
    SELECT 1 FROM ipysketch.relays me WHERE me.id = %(id)s AND me.incarnation = %(incarnation)s AND NOT me.dead
) AND (r.owner IS NULL OR (r.owner = %(id)s AND r.incarnation = %(incarnation)s) OR NOT EXISTS (
    SELECT 1 FROM ipysketch.relays l WHERE l.id = r.owner AND l.incarnation = r.incarnation AND NOT l.dead
))
"""
"""Holds a room that nobody who lives holds."""

APPEND = """
WITH g AS (
    SELECT * FROM unnest(%(rooms)s::text[], %(fences)s::bigint[], %(expected)s::bigint[], %(lasts)s::bigint[],
        %(sizes)s::bigint[], %(bodies)s::bytea[], %(crcs)s::bigint[])
        AS g (name, fence, expected, last, size, body, crc)
), free AS (
    SELECT r.name FROM ipysketch.rooms r JOIN g ON r.name = g.name AND r.fence = g.fence
    FOR NO KEY UPDATE OF r SKIP LOCKED
), mine AS (
    UPDATE ipysketch.rooms r SET last = coalesce(g.last, r.last) FROM g JOIN free USING (name)
    WHERE r.name = g.name AND r.fence = g.fence AND (g.expected IS NULL OR r.last = g.expected) RETURNING r.id, r.name
), logged AS (
    INSERT INTO ipysketch.log SELECT mine.id, g.expected + 1, g.last, g.size, g.body, g.crc
    FROM g JOIN mine USING (name) WHERE g.expected IS NOT NULL
), c AS (
    SELECT mine.id, c.client, c.key_hash, c.author, c.last
    FROM unnest(%(c_rooms)s::text[], %(c_ids)s::text[], %(c_hashes)s::text[], %(c_authors)s::text[],
        %(c_lasts)s::bigint[]) AS c (name, client, key_hash, author, last) JOIN mine USING (name)
), known AS (
    INSERT INTO ipysketch.clients SELECT * FROM c ON CONFLICT (room, client)
    DO UPDATE SET key_hash = excluded.key_hash, author = excluded.author, last = excluded.last
), refused AS (
    INSERT INTO ipysketch.refusals SELECT mine.id, f.client, f.op, f.code, f.reason
    FROM unnest(%(f_rooms)s::text[], %(f_ids)s::text[], %(f_ops)s::bigint[], %(f_codes)s::text[],
        %(f_reasons)s::text[]) AS f (name, client, op, code, reason) JOIN mine USING (name)
    ON CONFLICT (room, client, op) DO UPDATE SET code = excluded.code, reason = excluded.reason
), forgotten AS (
    DELETE FROM ipysketch.refusals old USING c
    WHERE old.room = c.id AND old.client = c.client AND old.op <= c.last - %(window)s
)
SELECT name FROM mine
"""
"""Appends to all rooms of a group that are held, and returns their names: the fence is compared in the statement that
advances the room. It waits for no row, so a room that another session has locked is left out."""
HERE = """
UPDATE ipysketch.rooms SET fence = fence
WHERE id = (SELECT id FROM ipysketch.rooms WHERE name = %s FOR NO KEY UPDATE SKIP LOCKED)
"""
"""Writes a room as it is, unless another session has locked it."""

SETTINGS = """
SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby,
    current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit,
    CASE WHEN current_setting('synchronous_standby_names') = '' THEN 0 ELSE
        (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) END AS standbys
"""


def check_settings(found: dict[str, Any], copies: int) -> None:
    """Raise `StoreError` unless what `SETTINGS` found keeps what it acknowledges, in so many `copies`."""
    if found["version"] < OLDEST_SERVER:
        raise StoreError(f"PostgreSQL {found['version'] // 10000} is too old for the relay; use 14 or newer")
    if found["standby"]:
        raise StoreError("this PostgreSQL is a standby, which cannot be written; name the primary")
    for setting in ("fsync", "full_page_writes"):
        if found[setting] != "on":
            raise StoreError(
                f"PostgreSQL runs with {setting}={found[setting]} and may lose what it acknowledged; turn it on"
            )
    if found["synchronous_commit"] not in ("on", "remote_apply"):
        raise StoreError(
            f"PostgreSQL commits with synchronous_commit={found['synchronous_commit']}; the relay needs on"
        )
    if 1 + found["standbys"] < copies:
        raise StoreError(
            f"PostgreSQL has {1 + found['standbys']} of {copies} synchronous copies; start a standby, or ask for "
            "fewer with --copies"
        )
