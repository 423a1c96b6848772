"""What runs where: clients, their signed receipts, a release's progress across all sites."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from common.errors import RefusedError
from common.lenient import text, texts, time_of
from common.spool import Row, Store
from common.wire.signing import verify
from home import ways

# The outcome of an attempt that ended well.
GOOD = "committed"
# It went back because its site let everybody; that blames neither the client nor the attempt.
RETURNED = "returned"

_LATEST = """
    SELECT r.*, s.name AS site_name, COALESCE(c.name, r.client) AS client_name
    FROM receipts r
    JOIN sites s ON s.id = r.site
    LEFT JOIN clients c ON c.site = r.site AND c.client = r.client
"""


def record_clients(
    connection: sqlite3.Connection, site: str, sequence: int, clients: Iterable[dict[str, Any]]
) -> None:
    """Keep what the newest bundle says of each client; a late bundle changes nothing newer."""
    for entry in clients:
        client = text(entry.get("client") or entry.get("name"))
        connection.execute(
            "INSERT INTO clients (site, client, name, public_key, sequence, facts)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (site, client) DO UPDATE SET"
            " name = excluded.name, public_key = COALESCE(excluded.public_key, public_key),"
            " sequence = excluded.sequence, facts = excluded.facts"
            " WHERE excluded.sequence >= clients.sequence",
            [
                site,
                client,
                text(entry.get("name")) or client,
                text(entry.get("public_key")) or None,
                sequence,
                json.dumps(entry),
            ],
        )


def record_receipts(
    connection: sqlite3.Connection,
    site: str,
    bundle: int,
    receipts: Sequence[Any],
    created: str,
) -> None:
    """Keep receipts once each, with a doubt where the client's signature does not fit."""
    for signed in receipts:
        statement = signed.get("statement") if isinstance(signed, dict) else None
        if not isinstance(statement, dict) or not statement.get("id"):
            continue
        client = text(statement.get("client"))
        connection.execute(
            "INSERT OR IGNORE INTO receipts (site, id, client, product, version, digest, outcome,"
            " reason, from_version, at, log_tail, doubt, bundle, way, way_bytes, delta_refused)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                site,
                text(statement.get("id")),
                client,
                text(statement.get("product")),
                text(statement.get("version")),
                text(statement.get("digest")),
                text(statement.get("outcome")),
                text(statement.get("reason")),
                text(statement.get("from_version")) or None,
                time_of(statement.get("at"), created),
                json.dumps(texts(statement.get("log_tail"))),
                _doubt(connection, site, client, signed),
                bundle,
                *ways.read(statement.get("way")),
            ],
        )


def _doubt(connection: sqlite3.Connection, site: str, client: str, signed: Any) -> str:
    row = connection.execute(
        "SELECT public_key FROM clients WHERE site = ? AND client = ?", [site, client]
    ).fetchone()
    if row is None or row["public_key"] is None:
        return "unknown-client"
    try:
        verify(signed, row["public_key"])
    except RefusedError as error:
        return error.kind
    return ""


def receipts(
    store: Store, *, product: str = "", version: str = "", site: str = "", most: int = 200
) -> list[Row]:
    """Receipts, newest first, with ``site_name``, ``client_name`` and ``log_tail`` as a list."""
    rows = store.rows(
        _LATEST + " WHERE (? = '' OR r.product = ?) AND (? = '' OR r.version = ?)"
        " AND (? = '' OR r.site = ?) ORDER BY r.at DESC, r.id LIMIT ?",
        [product, product, version, version, site, site, most],
    )
    return [_with_log(row) for row in rows]


def latest(store: Store, site: str = "") -> list[Row]:
    """The newest receipt of every client and product: what the fleet runs, or failed to run.

    Receipts whose signature does not fit count for nothing here, nor in `progress`.
    """
    rows = store.rows(
        _LATEST  # noqa: S608 - a constant
        + " WHERE (? = '' OR r.site = ?) AND r.doubt = '' AND NOT EXISTS"
        " (SELECT 1 FROM receipts n WHERE n.site = r.site AND n.client = r.client"
        " AND n.product = r.product AND n.doubt = ''"
        " AND (n.at > r.at OR (n.at = r.at AND n.id > r.id)))"
        " ORDER BY site_name, client_name, r.product",
        [site, site],
    )
    return [_with_log(row) for row in rows]


def failures(store: Store, most: int = 200) -> list[Row]:
    """Attempts that no later good one has mended, and receipts whose signature does not fit."""
    rows = store.rows(
        _LATEST  # noqa: S608 - a constant
        + " WHERE r.doubt != '' OR (r.outcome NOT IN (?, ?) AND NOT EXISTS"
        " (SELECT 1 FROM receipts n WHERE n.site = r.site AND n.client = r.client"
        " AND n.product = r.product AND n.at > r.at AND n.outcome = ? AND n.doubt = ''))"
        " ORDER BY r.at DESC LIMIT ?",
        [GOOD, RETURNED, GOOD, most],
    )
    return [_with_log(row) for row in rows]


def progress(store: Store, product: str, version: str) -> dict[str, int]:
    """How many clients' last word on a release is what: ``{outcome: clients}``."""
    rows = store.rows(
        "SELECT outcome, COUNT(*) AS n FROM receipts r WHERE product = ? AND version = ?"
        " AND doubt = '' AND NOT EXISTS (SELECT 1 FROM receipts n WHERE n.site = r.site"
        " AND n.client = r.client AND n.product = r.product AND n.version = r.version"
        " AND n.doubt = '' AND (n.at > r.at OR (n.at = r.at AND n.id > r.id)))"
        " GROUP BY outcome ORDER BY outcome",
        [product, version],
    )
    return {row["outcome"]: row["n"] for row in rows}


def clients(store: Store, site: str = "") -> list[Row]:
    """The clients of a site or of all, ``facts`` as an object."""
    rows = store.rows(
        "SELECT c.*, s.name AS site_name FROM clients c JOIN sites s ON s.id = c.site"
        " WHERE ? = '' OR c.site = ? ORDER BY s.name, c.name",
        [site, site],
    )
    return [{**row, "facts": json.loads(row["facts"])} for row in rows]


def refusals(store: Store, site: str = "", *, since: str = "", most: int = 100) -> list[Row]:
    """What sites refused to take (a tampered release, say), newest first; not before ``since``."""
    return store.rows(
        "SELECT r.*, s.name AS site_name FROM refusals r JOIN sites s ON s.id = r.site"
        " WHERE (? = '' OR r.site = ?) AND r.at >= ? ORDER BY r.at DESC LIMIT ?",
        [site, site, since, most],
    )


def alarms(store: Store, site: str = "", *, since: str = "", most: int = 100) -> list[Row]:
    """What befell sites' communications servers, newest first; not before ``since``."""
    return store.rows(
        "SELECT a.*, s.name AS site_name FROM alarms a JOIN sites s ON s.id = a.site"
        " WHERE (? = '' OR a.site = ?) AND a.at >= ? ORDER BY a.at DESC LIMIT ?",
        [site, site, since, most],
    )


def _with_log(row: Row) -> Row:
    return {**row, "log_tail": json.loads(row["log_tail"])}
