"""DSNs: each names one program on one machine, and lets it write reports, nothing else."""

from __future__ import annotations

import hmac
import secrets
import sqlite3

from common.clock import Clock, stamp
from common.spool import Store

_MOST_ID = 2**63 - 1  # what SQLite can look up


def ensure_dsn(store: Store, program: str, machine: str, clock: Clock) -> tuple[int, str]:
    """The DSN's number and key for ``program`` on ``machine``; the same one each time."""
    made_at = stamp(clock.now())

    def work(connection: sqlite3.Connection) -> tuple[int, str]:
        connection.execute(
            "INSERT INTO dsns (key, program, machine, made_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (program, machine) DO NOTHING",
            (secrets.token_hex(16), program, machine, made_at),
        )
        row = connection.execute(
            "SELECT id, key FROM dsns WHERE program = ? AND machine = ?", (program, machine)
        ).fetchone()
        return int(row["id"]), str(row["key"])

    return store.write(work)


def dsn_matches(store: Store, dsn: int, key: str) -> bool:
    """Whether ``key`` belongs to the DSN with this number; both may be anything."""
    if dsn > _MOST_ID:
        return False
    known = store.value("SELECT key FROM dsns WHERE id = ?", (dsn,))
    return known is not None and hmac.compare_digest(
        str(known).encode(), key.encode("utf-8", "replace")
    )


def dsn_url(number: int, key: str, scheme: str, host: str, port: int) -> str:
    """As an SDK wants it."""
    return f"{scheme}://{key}@{host}:{port}/{number}"
