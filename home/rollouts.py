"""How each release spreads over each site, as the sites tell it in their bundles."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from common.lenient import objects, text, time_of
from common.spool import Row, Store

# How a client stands with a release, in the order of the bar; the words are those of the wire.
STANDS = ("installed", "going", "missing", "failed", "returned", "silent", "before")
STATES = ("going", "approval", "held", "halted", "done", "superseded")
_MOST_CLIENTS = 1_000_000


@dataclass(frozen=True)
class Spread:
    """One release on one site.

    Attributes:
        site: its id.
        site_name: its name.
        channel: on which it spreads there.
        state: one of `STATES`; empty when the site told none.
        sentence: the site's own, in English; ``sentence_zh`` the same in Chinese.
        began_at: stamp, or empty.
        counts: clients by their stand.
        rings: as the site told them: ``{ring, open, clients, installed …}``.
    """

    site: str
    site_name: str
    channel: str
    state: str
    sentence: str
    sentence_zh: str
    began_at: str
    counts: dict[str, int]
    rings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def clients(self) -> int:
        """How many the release is for."""
        return sum(self.counts.values())


def add_table(db: Database) -> None:
    """A step of the home's migrations."""
    # `facts` is the manifest's whole entry, `sequence` that of the bundle which said so.
    db.execute(
        """CREATE TABLE rollouts (
            site TEXT NOT NULL REFERENCES sites (id), product TEXT NOT NULL,
            channel TEXT NOT NULL, version TEXT NOT NULL, sequence INTEGER NOT NULL,
            facts TEXT NOT NULL, PRIMARY KEY (site, product, channel, version)) WITHOUT ROWID"""
    )


def record(
    connection: sqlite3.Connection, site: str, sequence: int, told: Iterable[dict[str, Any]]
) -> None:
    """Keep what the newest bundle says; a late one changes nothing newer."""
    for entry in told:
        about = [text(entry.get(name)) for name in ("product", "channel", "version")]
        if not all(about):
            continue
        connection.execute(
            "INSERT INTO rollouts (site, product, channel, version, sequence, facts)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (site, product, channel, version) DO UPDATE"
            " SET sequence = excluded.sequence, facts = excluded.facts"
            " WHERE excluded.sequence >= rollouts.sequence",
            [site, *about, sequence, json.dumps(entry)],
        )


def spreads(store: Store, product: str = "", version: str = "", site: str = "") -> list[Spread]:
    """Each release on each site, by site; the latest begun first."""
    rows = store.rows(
        "SELECT r.*, s.name AS site_name FROM rollouts r JOIN sites s ON s.id = r.site"
        " WHERE (? = '' OR r.product = ?) AND (? = '' OR r.version = ?) AND (? = '' OR r.site = ?)"
        " ORDER BY s.name, r.site, r.product, r.version, r.channel",
        [product, product, version, version, site, site],
    )
    return [_spread(row) for row in rows]


def by_release(store: Store) -> dict[tuple[str, str], dict[str, int]]:
    """Clients by their stand, of all sites together, for each product and version."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in store.rows("SELECT product, version, facts FROM rollouts"):
        totals = found.setdefault((row["product"], row["version"]), dict.fromkeys(STANDS, 0))
        for stand, count in _counts(json.loads(row["facts"])).items():
            totals[stand] += count
    return found


def of_site(store: Store, site: str) -> list[tuple[str, Spread]]:
    """``("companion 1.0.2", its spread)`` of one site, those that go on first."""
    rows = store.rows(
        "SELECT r.*, s.name AS site_name FROM rollouts r JOIN sites s ON s.id = r.site"
        " WHERE r.site = ?",
        [site],
    )
    named = [(f"{row['product']} {row['version']}", _spread(row)) for row in rows]
    over = {"done", "superseded"}
    named.sort(key=lambda one: one[1].began_at, reverse=True)
    return sorted(named, key=lambda one: one[1].state in over)


def _spread(row: Row) -> Spread:
    facts = json.loads(row["facts"])
    state = text(facts.get("state"))
    return Spread(
        site=row["site"],
        site_name=row["site_name"],
        channel=row["channel"],
        state=state if state in STATES else "",
        sentence=text(facts.get("sentence")),
        sentence_zh=text(facts.get("sentence_zh")) or text(facts.get("sentence")),
        began_at=time_of(facts.get("began_at"), ""),
        counts=_counts(facts),
        rings=[_ring(ring) for ring in objects(facts.get("rings"))],
    )


def _ring(told: dict[str, Any]) -> dict[str, Any]:
    counted = {stand: _number(told.get(stand)) for stand in STANDS}
    return {"ring": text(told.get("ring")), "open": told.get("open") is True,
            "clients": sum(counted.values()), **counted}  # fmt: skip


def _counts(facts: dict[str, Any]) -> dict[str, int]:
    rings = objects(facts.get("rings"))
    return {stand: sum(_number(ring.get(stand)) for ring in rings) for stand in STANDS}


def _number(value: Any) -> int:
    return min(value, _MOST_CLIENTS) if isinstance(value, int) and value > 0 else 0
