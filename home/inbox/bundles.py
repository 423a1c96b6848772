"""Bundles as lists and pages show them."""

from __future__ import annotations

import json
from typing import Any

from common.spool import Row, Store
from home.inbox.chain import chain

_COLUMNS = (
    "b.id, b.site, s.name AS site_name, b.sequence, b.sha256, b.previous, b.created, b.received_at,"
    " b.heard_again_at, b.reason, b.size, b.message_id, b.reports, b.problems"
)


def list_bundles(store: Store, site: str = "", most: int = 200) -> list[Row]:
    """Bundles of a site or of all, newest first, each with its ``chain`` state."""
    rows = store.rows(
        f"SELECT {_COLUMNS} FROM bundles b JOIN sites s ON s.id = b.site"  # noqa: S608 - a constant
        " WHERE ? = '' OR b.site = ? ORDER BY b.received_at DESC, b.id DESC LIMIT ?",
        [site, site, most],
    )
    states = chain(store, [row["id"] for row in rows])
    return [{**row, "chain": states[row["id"]]} for row in rows]


def bundle(store: Store, number: int) -> Row | None:
    """One bundle with its ``manifest``, ``environment`` and ``reports_in`` it."""
    row = store.row(
        f"SELECT {_COLUMNS}, b.manifest, b.environment FROM bundles b"  # noqa: S608 - a constant
        " JOIN sites s ON s.id = b.site WHERE b.id = ?",
        [number],
    )
    if row is None:
        return None
    reports = store.rows(
        "SELECT r.id, r.machine, r.received_at, r.problem, p.title, r.raw IS NOT NULL AS unparsed"
        " FROM reports r LEFT JOIN problems p ON p.id = r.problem WHERE r.bundle = ?"
        " ORDER BY r.received_at, r.id LIMIT 500",
        [number],
    )
    return {
        **row,
        "chain": chain(store, [number])[number],
        "manifest": _object(row["manifest"]),
        "environment": _object(row["environment"]),
        "reports_in": reports,
    }


def _object(written: str) -> dict[str, Any]:
    value = json.loads(written)
    return value if isinstance(value, dict) else {}
