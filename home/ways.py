"""How a release's bytes came to the clients: by delta or the full pack, and which deltas failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from common.lenient import text
from common.spool import Store

_MOST_BYTES = 2**50
_MOST_REASONS = 5


@dataclass
class FromBase:
    """The clients that came from one release.

    Attributes:
        base: its version; empty: nothing ran there before.
        by_delta: how many took a delta.
        by_full: how many took the full pack.
        bytes: that all of them fetched together.
        unfit: on how many of them a delta failed; the full pack came then.
        reasons: why, and how often, the most frequent first.
    """

    base: str
    by_delta: int
    by_full: int
    bytes: int
    unfit: int
    reasons: list[tuple[str, int]] = field(default_factory=list)


def add_columns(db: Database) -> None:
    """A step of the home's migrations."""
    for column in ("way TEXT", "way_bytes INTEGER", "delta_refused TEXT"):
        db.execute(f"ALTER TABLE receipts ADD COLUMN {column}")


def read(told: Any) -> tuple[str, int, str]:
    """What a receipt says of its way: delta or full, bytes, why no delta; empty when nothing."""
    told = told if isinstance(told, dict) else {}
    by, size = text(told.get("by")), told.get("bytes")
    known = isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= _MOST_BYTES
    return (
        by if by in {"delta", "full"} else "",
        size if known else 0,
        text(told.get("delta_refused")),
    )


def ways(store: Store, product: str, version: str) -> list[FromBase]:
    """Of all sites together, by the release before; receipts of doubt count for nothing."""
    about = [product, version]
    counted = store.rows(
        "SELECT COALESCE(from_version, '') AS base, SUM(way = 'delta') AS by_delta,"
        " SUM(way = 'full') AS by_full, SUM(way_bytes) AS bytes, SUM(delta_refused != '') AS unfit"
        " FROM receipts WHERE product = ? AND version = ? AND doubt = '' AND way != ''"
        " GROUP BY base ORDER BY unfit DESC, COUNT(*) DESC, base",
        about,
    )
    found = {row["base"]: FromBase(**row) for row in counted}
    for row in store.rows(
        "SELECT COALESCE(from_version, '') AS base, delta_refused AS why, COUNT(*) AS n"
        " FROM receipts WHERE product = ? AND version = ? AND doubt = '' AND way != ''"
        " AND delta_refused != '' GROUP BY base, why ORDER BY n DESC, why",
        about,
    ):
        reasons = found[row["base"]].reasons
        if len(reasons) < _MOST_REASONS:
            reasons.append((row["why"], row["n"]))
    return list(found.values())
