"""DSNs: each names one program on one machine, and lets it write reports.

That of the appliance also lets it read how the site stands (`comm_server.console.site_report`).
"""

from __future__ import annotations

import hmac
import secrets
import sqlite3

from common.clock import Clock, stamp
from common.spool import Store

_MOST_ID = 2**63 - 1  # what SQLite can look up


def ensure_dsn(store: Store, program: str, machine: str, clock: Clock) -> tuple[int, str]:
    """The DSN's number and key for ``program`` on ``machine``; the same one each time."""
    return _ensure(store, program, machine, stamp(clock.now()))


def dsn_of_source(store: Store, program: str, machine: str, most: int, seen_at: str) -> int | None:
    """The DSN of who tells its own name; None: it is new, and there are ``most`` already."""
    known = store.value("SELECT id FROM dsns WHERE program = ? AND machine = ?", (program, machine))
    if known is not None:
        return int(known)
    if store.value("SELECT count(*) FROM dsns") >= most:
        return None
    return _ensure(store, program, machine, seen_at)[0]


def _ensure(store: Store, program: str, machine: str, made_at: str) -> tuple[int, str]:
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


def dsn_with(store: Store, dsn: int | None, key: str | None) -> int | None:
    """The DSN's number when ``key`` is its key; both may be anything.

    ``dsn`` is None where an address has no room for it: then the key alone tells.
    """
    if key is None or (dsn is not None and dsn > _MOST_ID):
        return None
    shown = key.encode("utf-8", "replace")
    if dsn is None:
        row = store.row("SELECT id, key FROM dsns WHERE key = ?", (shown.decode(),))
    else:
        row = store.row("SELECT id, key FROM dsns WHERE id = ?", (dsn,))
    if row is None or not hmac.compare_digest(str(row["key"]).encode(), shown):
        return None
    return int(row["id"])


def program_of(store: Store, dsn: int) -> str:
    """Whose DSN it is."""
    return str(store.value("SELECT program FROM dsns WHERE id = ?", (dsn,)) or "")


def dsn_url(number: int, key: str, scheme: str, host: str, port: int) -> str:
    """As an SDK wants it."""
    return f"{scheme}://{key}@{host}:{port}/{number}"
